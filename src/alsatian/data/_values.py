"""Values, weights and timestamps of interactions, checked: what cannot be used is named with its row."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data._columns import column_of
from alsatian.data._series import series_parts
from alsatian.data._times import coarsest

Array = NDArray[Any]
Place = Callable[[int], str]  # names a row for an error message, with its ids

_BLOCK = 1 << 18
_CURE = "Drop such rows, or fill them."


def raw(values: Any) -> Array:
    """Return a column of numbers or times as an array as it is, NaN, NaT or None where one is missing."""
    if isinstance(values, np.ma.MaskedArray):
        return _filled(values.compressed(), np.ma.getmaskarray(values))
    if isinstance(values, np.ndarray):
        return values
    parts = None if isinstance(values, (list, tuple)) else series_parts(values)
    if parts is None:
        return _from_list(list(values))
    if parts.codes is not None:  # texts and categories
        spread: Array = np.append(parts.values, np.array([None]))[parts.codes]
        return spread
    return parts.values if parts.missing is None else _filled(parts.values, parts.missing)


def numbers(
    values: Array, dtype: Any, what: str, place: Place, *, least: float | None = None, cure: str = _CURE
) -> Array:
    """Return finite numbers in a new array of `dtype`, at least `least`; `cure` ends the message if some are not.

    Raises
    ------
    TypeError
        Where they are no numbers.
    ValueError
        Where one is missing, NaN, infinite, too large for the type, or below the least: names it and its row.
    """
    if values.dtype.kind == "O":
        values = _numbers_of_objects(values, what, place)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{what} must be numbers, got {values.dtype}.{_hint(values.dtype)}")
    with np.errstate(over="ignore"):
        result = np.array(values, dtype=dtype)
    for start in range(0, result.size, _BLOCK):
        block = result[start : start + _BLOCK]
        good = np.isfinite(block) if least is None else np.isfinite(block) & (block >= least)
        if not good.all():
            row = start + int(np.argmin(good))
            raise ValueError(_complaint(values[row], result.dtype, what, place(row), least=least, cure=cure))
    return result


def times(values: Array, what: str, place: Place) -> Array:
    """Return timestamps as a new array of datetime64 (of the coarsest unit that holds them), int64 or float64.

    Raises
    ------
    TypeError
        Where they are neither times nor numbers.
    ValueError
        Where one is missing: names its row.
    """
    if values.dtype.kind == "O" or values.dtype.kind in "SU":
        values = _times_of_objects(values, what, place)
    if values.dtype.kind == "M":
        _refuse(np.isnat(values), what, place)
        return np.array(coarsest(values))
    if values.dtype.kind == "f":
        _refuse(~np.isfinite(values), what, place)
        whole = np.all(values == np.trunc(values)) and np.all(np.abs(values) < 2.0**63)
        return values.astype(np.int64 if whole else np.float64)
    if values.dtype.kind not in "iu":
        raise TypeError(f"{what} must be dates, times or numbers, got {values.dtype}.")
    if values.size and int(values.max()) > np.iinfo(np.int64).max:
        raise ValueError(f"{what} holds {values.max()}, which does not fit into 64 bits.")
    return values.astype(np.int64)


def _from_list(values: list[Any]) -> Array:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _filled(values: Array, missing: NDArray[np.bool_]) -> Array:
    """Spread values over the places that are not missing; None in the others."""
    out = np.full(missing.size, None, dtype=object)
    out[~missing] = list(values) if values.dtype.kind == "M" else values.tolist()
    return out


def _refuse(bad: NDArray[np.bool_], what: str, place: Place) -> None:
    if bad.any():
        raise ValueError(
            f"{what} is missing or not finite in {place(int(np.argmax(bad)))}. Drop such rows, or fill them."
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, (Real, Decimal, np.bool_))


def _numbers_of_objects(values: Array, what: str, place: Place) -> Array:
    items = values.tolist()
    for row, value in enumerate(items):
        if value is None or type(value).__name__ in ("NAType", "NaTType"):
            raise ValueError(f"{what} is missing in {place(row)}. Drop such rows, or fill them.")
        if not _is_number(value):
            hint = _hint(np.dtype(np.str_)) if isinstance(value, (str, bytes)) else ""
            message = f"{what} must be numbers, got {value!r} of type {type(value).__name__} in {place(row)}.{hint}"
            raise TypeError(message)
    return np.array([float(value) for value in items], dtype=np.float64)


def _times_of_objects(values: Array, what: str, place: Place) -> Array:
    column = column_of(values)
    row = column.first_missing()
    if row is not None:
        raise ValueError(f"{what} is missing in {place(row)}. Drop such rows, or fill them.")
    if column.kind not in ("time", "int", "float"):
        raise TypeError(
            f"{what} must be dates, times or numbers, got {column.at(0)!r} of type {type(column.at(0)).__name__}. "
            "Parse texts first: pandas.to_datetime(...), or .str.to_datetime() in polars."
        )
    return column.values


def _hint(dtype: np.dtype[Any]) -> str:
    if dtype.kind in "SUTO":
        return " Convert texts first: pandas.to_numeric(...), or .cast(pl.Float64) in polars."
    return " A time of an interaction goes into timestamp=." if dtype.kind in "mM" else ""


def _complaint(value: Any, dtype: np.dtype[Any], what: str, where: str, *, least: float | None, cure: str) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    if np.isfinite(value) and (least is None or value >= least):
        return f"{what} holds {value} in {where}, which is too large for {dtype}: take dtype=numpy.float64."
    bound = "" if least is None else f" >= {least:g}"
    return f"{what} holds {value} in {where}: it must be a finite number{bound}. {cure}"
