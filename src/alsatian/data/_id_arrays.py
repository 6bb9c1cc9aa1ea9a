"""A column of ids as plain arrays and JSON, and back: nothing that is read is run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from alsatian.data._columns import Array, Column, Kind, objects
from alsatian.data._times import UNITS

_NUMBERS: dict[str, tuple[Kind, str]] = {
    "int64": ("int", "i8"),
    "uint64": ("int", "u8"),
    "float64": ("float", "f8"),
    "bool": ("bool", "u1"),
}


class Described(NamedTuple):
    """What `Ids.to_stored` gives away: a header for JSON, and one-dimensional arrays of numbers."""

    header: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def described(column: Column) -> Described:
    """Describe a column that is complete."""
    kind, values = column.kind, column.values
    header: dict[str, Any] = {"kind": kind, "count": int(values.size)}
    if kind in ("str", "bytes"):
        return Described(header, _packed(values, kind))
    if kind == "object":
        return Described(header | {"values": [_tagged(value) for value in values.tolist()]}, {})
    if kind == "time":
        header["unit"] = np.datetime_data(values.dtype)[0]
        return Described(header, {"values": values.astype(np.int64)})
    header["dtype"] = values.dtype.name
    return Described(header, {"values": values.astype(_NUMBERS[values.dtype.name][1])})


def restored(source: Described) -> Column:
    """Return the column that was described; its arrays are our own.

    Raises
    ------
    ValueError
        Where that is not possible.
    """
    header, arrays = source
    try:
        column = _restored(header, arrays)
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"the ids are described wrongly: {error!r} in {_short(header)}.") from error
    if column.values.size != header["count"]:
        raise ValueError(
            f"the ids are described wrongly: {header['count']} are told of, {column.values.size} are there."
        )
    return column


def _restored(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Column:
    kind: Kind = header["kind"]
    if kind in ("str", "bytes"):
        return Column(kind, _unpacked(arrays["offsets"], arrays["bytes"], kind))
    if kind == "object":
        return Column(kind, objects(map(_untagged, header["values"]), len(header["values"])))
    if kind == "time":
        if header["unit"] not in UNITS:
            raise KeyError(header["unit"])
        values = _flat(arrays["values"], np.dtype(np.int64)).astype(f"datetime64[{header['unit']}]")
        if np.isnat(values).any():
            raise ValueError("the ids are described wrongly: a time is missing.")
        return Column(kind, values)
    told, stored = _NUMBERS[header["dtype"]]
    values = _flat(arrays["values"], np.dtype(stored))
    if told != kind or (kind == "float" and np.isnan(values).any()) or (kind == "bool" and (values > 1).any()):
        raise ValueError(f"the ids are described wrongly: no values of kind {kind}.")
    return Column(kind, values.astype(header["dtype"]))


def _flat(array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if array.ndim != 1 or array.dtype != dtype:
        raise ValueError(
            f"the ids are described wrongly: an array is {array.dtype} of shape {array.shape}, not {dtype} of (n,)."
        )
    return np.array(array, copy=True)


def _packed(values: Array, kind: str) -> dict[str, NDArray[Any]]:
    parts = values.tolist()
    if kind == "str":
        parts = [text.encode("utf-8", "surrogatepass") for text in parts]
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, parts), dtype=np.int64, count=len(parts)), out=offsets[1:])
    return {"offsets": offsets, "bytes": np.frombuffer(b"".join(parts), dtype=np.uint8)}


def _unpacked(offsets: NDArray[Any], content: NDArray[Any], kind: str) -> Array:
    offsets, joined = _flat(offsets, np.dtype(np.int64)), _flat(content, np.dtype(np.uint8)).tobytes()
    if not offsets.size or offsets[0] != 0 or offsets[-1] != len(joined) or (np.diff(offsets) < 0).any():
        raise ValueError("the ids are described wrongly: the offsets do not rise from 0 to the number of bytes.")
    ends = offsets.tolist()
    parts: Any = (joined[a:b] for a, b in pairwise(ends))
    if kind == "str":
        parts = (part.decode("utf-8", "surrogatepass") for part in parts)
    return objects(parts, len(ends) - 1)


# How values of a type are written as JSON has it, and read again; the tag is the name of the type, in lower case.
_WRITERS: dict[type, Callable[[Any], Any]] = {
    bool: lambda value: value,
    str: lambda value: value,
    int: str,  # as a text: JSON of others ends at 2⁵³
    float: float.hex,
    bytes: bytes.hex,
    datetime: datetime.isoformat,
    time: time.isoformat,
    timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    np.datetime64: lambda value: [np.datetime_data(value.dtype)[0], str(value.astype(np.int64))],
    Decimal: str,
    UUID: lambda value: value.hex,
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float.fromhex,
    "bytes": bytes.fromhex,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda parts: timedelta(*parts),
    "datetime64": lambda parts: _datetime64(*parts),
    "decimal": Decimal,
    "uuid": UUID,
}


def _tagged(value: Any) -> list[Any]:
    """Return the name of a type, and a value of that type as JSON has it."""
    if type(value) is tuple:
        return ["tuple", [None if part is None else _tagged(part) for part in value]]
    kind = type(value)
    if kind not in _WRITERS:
        raise TypeError(
            f"{value!r} of type {kind.__name__}, an id or a part of one, cannot be kept in a file. int, float, bool, "
            "str, bytes, Decimal, UUID, date, datetime, time, timedelta, those of NumPy that are like them, and tuples "
            "of all these can: give such ids in its place."
        )
    return [kind.__name__.lower(), _WRITERS[kind](value)]


def _untagged(pair: Any) -> Any:
    tag, value = pair
    if tag == "tuple":
        return tuple(None if part is None else _untagged(part) for part in value)
    if tag in ("bool", "str"):
        if type(value).__name__ != tag:
            raise TypeError(f"{value!r} is no {tag}")
        return value
    try:
        return _READERS[tag](value)
    except ValueError as error:
        raise TypeError(f"{value!r} is no {tag}") from error


def _datetime64(unit: str, count: str) -> np.datetime64:
    if unit not in UNITS:
        raise KeyError(unit)
    times = np.array([int(count)], dtype=f"datetime64[{unit}]")
    value: np.datetime64 = times[0]
    return value


def _short(header: object) -> str:
    text = repr(header)
    return text if len(text) <= 80 else text[:77] + "..."
