"""Interactions as plain arrays and JSON, and back: what comes back is checked, and nothing of it is run."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data._cells import MAX_INDEX, Array, StoredCells
from alsatian.data._times import UNITS
from alsatian.data.ids import Ids

Arrays = dict[str, NDArray[Any]]

_SIDES = ("users", "items")
_WRONG = "the interactions are described wrongly"


def stored(users: Ids, items: Ids, cells: StoredCells) -> tuple[dict[str, Any], Arrays]:
    """Describe interactions; the arrays of the cells are those that they have."""
    header: dict[str, Any] = {"kind": "interactions", "timestamps": None}
    arrays: Arrays = {"indptr": cells.indptr, "indices": cells.indices, "values": cells.values}
    for side, ids in zip(_SIDES, (users, items), strict=True):
        header[side], parts = ids.to_stored()
        arrays |= {f"{side}.{name}": array for name, array in parts.items()}
    if cells.weights is not None:
        arrays["weights"] = cells.weights
    if cells.timestamps is not None:
        times = cells.timestamps
        header["timestamps"] = np.datetime_data(times.dtype)[0] if times.dtype.kind == "M" else times.dtype.name
        arrays["timestamps"] = times.view(np.int64) if times.dtype.kind == "M" else times
    return header, arrays


def restored(header: dict[str, Any], arrays: Arrays) -> tuple[Ids, Ids, StoredCells]:
    """Return what was described; arrays that cannot be written to are used as they are, others are copied.

    Raises
    ------
    ValueError
        Where header and arrays do not describe interactions.
    """
    try:
        users, items = (_ids(side, header, arrays) for side in _SIDES)
        cells = StoredCells(
            (len(users), len(items)),
            _own(arrays["indptr"], "i4", "i8"),
            _own(arrays["indices"], "i4"),
            _own(arrays["values"], "f4", "f8"),
            _own(arrays["weights"], arrays["values"].dtype.str) if "weights" in arrays else None,
            _times(header["timestamps"], arrays),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{_WRONG}: {error!r}.") from error
    _check(cells)
    return users, items, cells


def _ids(side: str, header: dict[str, Any], arrays: Arrays) -> Ids:
    parts = {name.removeprefix(f"{side}."): array for name, array in arrays.items() if name.startswith(f"{side}.")}
    return Ids.from_stored(header[side], parts)


def _own(array: NDArray[Any], *types: str) -> Array:
    if array.ndim != 1 or array.dtype not in [np.dtype(name) for name in types]:
        raise TypeError(f"an array of {array.dtype} and shape {array.shape}")
    return array.copy() if array.flags.writeable else array


def _times(kind: str | None, arrays: Arrays) -> Array | None:
    if kind is None:
        return None
    if kind in UNITS:
        times: Array = _own(arrays["timestamps"], "i8").view(f"datetime64[{kind}]")
        return times
    if kind not in ("int64", "float64"):
        raise KeyError(kind)
    return _own(arrays["timestamps"], kind)


def _check(cells: StoredCells) -> None:
    indptr, indices, n = cells.indptr, cells.indices, cells.indices.size
    _demand(indptr.size == cells.shape[0] + 1, "there is not one row a user")
    _demand(indptr[0] == 0 and indptr[-1] == n and not (np.diff(indptr) < 0).any(), "the rows do not follow each other")
    _demand(indptr.dtype == (np.int32 if n <= MAX_INDEX else np.int64), f"row pointers are {indptr.dtype}")
    _demand(not n or (indices.min() >= 0 and indices.max() < cells.shape[1]), "a column is no item")
    rising = np.ones(n, dtype=bool)
    rising[1:] = indices[1:] > indices[:-1]
    rising[indptr[:-1][np.diff(indptr) > 0]] = True
    _demand(bool(rising.all()), "the columns of a row do not rise")
    _demand(bool(np.isfinite(cells.values).all()), "a value is not finite")
    for name, array in (("weights", cells.weights), ("timestamps", cells.timestamps)):
        if array is not None:
            _demand(array.size == n and bool(np.isfinite(array).all()), f"the {name} do not fit, or are not finite")
    _demand(cells.values.size == n, "there is not one value a cell")
    _demand(cells.weights is None or not (cells.weights < 0).any(), "a weight is negative")


def _demand(condition: bool | np.bool_, told: str) -> None:
    if not condition:
        raise ValueError(f"{_WRONG}: {told}.")
