"""Columns of ids in one form, whatever they came in: the one place that decides when two ids are the same.

Two ids are the same where they are equal as numbers, as texts, as bytes or as points in time. A whole float is an
integer (pandas makes floats of integers where one is missing), a date is its midnight, a time with a zone its instant
in UTC. True is not 1, and '5' is not 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Integral
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alsatian.data._series import series_parts
from alsatian.data._times import coarsest

Kind = Literal["int", "float", "bool", "str", "bytes", "time", "object"]
Array = NDArray[Any]

_NULL_TYPES = {"NoneType", "NAType", "NaTType", "float", "float16", "float32", "float64", "longdouble", "Decimal"}
_NULL_TYPES |= {"datetime64", "timedelta64"}
_REACH = {  # from when to when 64 bits of a unit reach
    "ns": (np.datetime64("1678-01-01", "s"), np.datetime64("2262-01-01", "s")),
    "us": (np.datetime64("-290000-01-01", "s"), np.datetime64("290000-01-01", "s")),
}


class Column(NamedTuple):
    """Ids of one kind: row r has ``values[r]``, or ``values[codes[r]]`` where there are codes.

    Integers are int64 (uint64 if they must be), times datetime64 of the coarsest unit that holds them, texts, bytes and
    all else Python objects in an array.
    """

    kind: Kind
    values: Array
    missing: NDArray[np.bool_] | None = None
    codes: NDArray[Any] | None = None

    @property
    def size(self) -> int:
        """The number of rows."""
        return int(self.values.size if self.codes is None else self.codes.size)

    def at(self, row: int) -> Any:
        """Return the id of a row, as a Python object."""
        return as_python(self.values[row if self.codes is None else self.codes[row]])

    def first_missing(self) -> int | None:
        """Return the first row without an id, or None."""
        absent = self.missing if self.codes is None else self.codes < 0
        return int(np.argmax(absent)) if absent is not None and absent.any() else None

    def keys(self) -> list[Any]:
        """Return the values as Python objects that are equal where the ids are the same."""
        if self.kind in ("str", "bytes"):
            keys: list[Any] = self.values.tolist()
            return keys
        return [key_of(value) for value in to_list(self.values)]


class _Truth:
    """What stands for a bool in a dict in which 1 is another key than True."""


_TRUTH = {True: _Truth(), False: _Truth()}


def key_of(value: Any) -> Any:
    """Return what stands for a normal value in a dict."""
    if isinstance(value, tuple):
        return tuple(map(key_of, value))
    return _TRUTH[value] if isinstance(value, bool) else value


def is_float(value: int) -> bool:
    """Return whether there is a float of this value."""
    try:
        return float(value) == value
    except OverflowError:
        return False


def as_python(value: Any) -> Any:
    """Return a value of an array of ids as the Python object that it is."""
    return _normal(value) if isinstance(value, np.generic) else value


def to_list(values: Array) -> list[Any]:
    """Return an array of ids as Python objects; a time finer than microseconds stays a NumPy scalar."""
    return [_normal(value) for value in values] if values.dtype.kind == "M" else values.tolist()


def column_of(values: Any) -> Column:
    """Return a column from an array, a list or other iterable, or a series of pandas, polars or pyarrow.

    Raises
    ------
    TypeError
        Where it is no column, or an element cannot be an id.
    """
    if isinstance(values, np.ndarray):
        return _of_array(values)
    if isinstance(values, (str, bytes, bytearray)) or not isinstance(values, Iterable):
        raise TypeError(f"a list, array or series of ids is needed, got {values!r} of type {type(values).__name__}.")
    if isinstance(values, Mapping):
        raise TypeError(f"a list, array or series of ids is needed, got a {type(values).__name__}.")
    if isinstance(values, (list, tuple)):
        return _of_list(list(values))
    parts = series_parts(values)
    if parts is None:
        return _of_list(values.to_pylist() if hasattr(values, "to_pylist") else list(values))
    column = _of_array(parts.values)
    if parts.codes is not None:
        return column._replace(codes=parts.codes)
    return column if parts.missing is None else _with_missing(column, parts.missing)


def joined(first: Column, second: Column) -> Column:
    """Return two columns without missing ids, one after the other."""
    if not first.size or not second.size:
        return first if first.size else second
    if first.kind == second.kind != "object" and first.values.dtype == second.values.dtype:
        return Column(first.kind, np.concatenate([first.values, second.values]))
    return _of_list(to_list(first.values) + to_list(second.values))


def objects(values: Iterable[Any], size: int) -> Array:
    """Return Python objects as a flat array, also where they are sequences."""
    return np.fromiter(values, dtype=object, count=size)


def _of_array(array: Array) -> Column:
    if array.ndim != 1:
        raise TypeError(f"ids must be one-dimensional, got an array of shape {array.shape}.")
    if isinstance(array, np.ma.MaskedArray):
        return _with_missing(_of_array(array.filled(array.dtype.type())), np.ma.getmaskarray(array))
    kind = array.dtype.kind
    if kind == "b":
        return Column("bool", array)
    if kind in "iu":
        return Column("int", _integers(array))
    if kind == "f":
        return _of_floats(array.astype(np.float64))
    if kind == "M":
        absent = np.isnat(array)
        filled = np.where(absent, np.zeros(1, array.dtype), array) if absent.any() else array
        return Column("time", coarsest(filled), absent if absent.any() else None)
    if kind in "SUTO":
        return _of_list(array.tolist())
    raise TypeError(
        f"ids of the type {array.dtype} are not possible: give numbers, texts, dates or other plain values."
    )


def _integers(array: Array) -> Array:
    if array.dtype == np.uint64 and array.size and int(array.max()) > np.iinfo(np.int64).max:
        return array
    return array.astype(np.int64, copy=False)


def _of_floats(values: Array) -> Column:
    absent = np.isnan(values)
    missing = absent if absent.any() else None
    if missing is not None:
        values = np.where(missing, 0.0, values)
    if np.all(values == np.trunc(values)):
        for dtype, low, high in ((np.int64, -(2.0**63), 2.0**63), (np.uint64, 0.0, 2.0**64)):
            if np.all((values >= low) & (values < high)):
                return Column("int", values.astype(dtype), missing)
    return Column("float", values + 0.0, missing)  # −0 becomes 0


def _with_missing(column: Column, missing: NDArray[np.bool_]) -> Column:
    """Mark rows as missing, or spread the ids of the other rows over the places that are left."""
    if column.size < missing.size:
        filler = column.values[:1] if column.size else np.zeros(1, dtype=column.values.dtype)
        values = np.repeat(filler, missing.size)
        values[~missing] = column.values
        absent = np.zeros(missing.size, dtype=bool)
        absent[~missing] = False if column.missing is None else column.missing
        column = Column(column.kind, values, absent)
    absent = missing if column.missing is None else missing | column.missing
    return column._replace(missing=absent if absent.any() else None)


def _of_list(values: list[Any]) -> Column:
    types = set(map(type, values))
    if types & {float, type(None), Decimal} or any(t.__name__ in _NULL_TYPES for t in types):
        missing = np.fromiter(map(_is_null, values), dtype=bool, count=len(values))
        if missing.any():
            rest = [value for value, absent in zip(values, missing.tolist(), strict=True) if not absent]
            return _with_missing(_of_list(rest), missing)
    plain = _of_plain(values, types)
    if plain is not None:
        return plain
    values = [_normal(value, row) for row, value in enumerate(values)]
    plain = _of_plain(values, set(map(type, values)))
    return Column("object", objects(values, len(values))) if plain is None else plain


def _of_plain(values: list[Any], types: set[type]) -> Column | None:  # noqa: PLR0911
    """Return a column of values that are all of one plain type, or None."""
    if types <= {int}:
        return _of_integers(values)
    if types <= {int, float}:
        exact = all(type(value) is float or is_float(value) for value in values)
        return _of_floats(np.array(values, dtype=np.float64)) if exact else None
    if len(types) == 1 and types <= {str, bytes}:
        return Column("str" if types == {str} else "bytes", objects(values, len(values)))
    if types == {bool}:
        return Column("bool", np.array(values, dtype=bool))
    if types == {datetime} and all(value.tzinfo is None for value in values):
        return Column("time", coarsest(np.array(values, dtype="datetime64[us]")))
    if types in ({np.datetime64}, {datetime, np.datetime64}):
        return _of_times(values)
    return None


def _of_times(values: list[Any]) -> Column | None:
    """Return a column of points in time that are not all of one type, where one unit holds them."""
    if any(getattr(value, "tzinfo", None) is not None for value in values):
        return None
    times = [np.datetime64(value) for value in values]
    seconds = np.array([value.astype("datetime64[s]") for value in times])
    for unit, (low, high) in _REACH.items():
        if np.all((low < seconds) & (seconds < high)):
            column = np.array([value.astype(f"datetime64[{unit}]") for value in times])
            return Column("time", coarsest(column)) if all(map(np.equal, column, times)) else None
    return None


def _of_integers(values: list[int]) -> Column | None:
    try:
        return Column("int", np.array(values, dtype=np.int64))
    except OverflowError:
        if min(values) < 0 or max(values) >= 2**64:
            return None
        return Column("int", np.array(values, dtype=np.uint64))


def _is_null(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating, Decimal, np.datetime64, np.timedelta64)) and bool(value != value)  # noqa: PLR0124


def _normal(value: Any, row: int | None = None) -> Any:  # noqa: PLR0911
    """Return the one Python object that stands for all values that are the same id."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, (float, np.floating, Decimal)):
        return int(value) if np.isfinite(float(value)) and value == int(value) else _plain_number(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, np.datetime64):
        fine = value.astype("datetime64[us]")
        return fine.item() if fine == value and isinstance(fine.item(), datetime) else value
    if isinstance(value, date):
        return _normal_time(value)
    if isinstance(value, tuple):  # what is missing in it is None
        return tuple(None if _is_null(part) else _normal(part, row) for part in value)
    try:
        hash(value)
    except TypeError:
        where = "" if row is None else f" in row {row} (counting from 0)"
        message = f"{value!r} of type {type(value).__name__}{where} cannot be an id: an id must be hashable."
        raise TypeError(message) from None
    return value


def _plain_number(value: Any) -> Any:
    return value if isinstance(value, Decimal) and Decimal(float(value)) != value else float(value)


def _normal_time(value: date) -> Any:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    if getattr(value, "nanosecond", 0):
        exact: Any = value
        return np.datetime64(exact.to_datetime64(), "ns")
    return datetime(*value.timetuple()[:6], value.microsecond)
