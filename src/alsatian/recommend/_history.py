"""The interactions of people who ask for themselves, in whatever they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alsatian.data import Interactions
from alsatian.recommend._ids import as_ids, positions_of
from alsatian.recommend._state import State


class Visitors(NamedTuple):
    """Who asks, and their interactions with the known items, row by row."""

    ids: NDArray[Any]
    values: csr_array[Any]
    weights: csr_array[Any] | None


def visitors(given: Any, columns: Mapping[str, Any], state: State, unknown: str) -> Visitors:
    """Read interactions of known items; unknown ones are an error, or with ``unknown="ignore"`` left out.

    Raises
    ------
    UnknownIdError
        For an item that is not known.
    """
    if _is_labelled(given):
        given = given.to_dict()  # a pandas Series: its labels are the items
    if isinstance(given, Mapping):
        return _one(list(given), list(given.values()), state, unknown)
    if not isinstance(given, Interactions) and not hasattr(given, "columns"):
        return _one(as_ids(given), None, state, unknown)
    part = given if isinstance(given, Interactions) else Interactions.from_frame(given, **columns)
    if unknown == "ignore":
        part = part.of_items(part.items.values[state.items.find(part.items) >= 0])
    part = part.with_ids(items=state.items)
    return Visitors(part.users.values, part.csr, part.weights)


def _is_labelled(given: Any) -> bool:
    return hasattr(given, "index") and hasattr(given, "to_dict") and not hasattr(given, "columns")


def _one(items: Any, values: list[Any] | None, state: State, unknown: str) -> Visitors:
    """Read the interactions of one visitor: what is repeated is added up."""
    dtype = state.model.column_factors_.dtype
    data = np.ones(len(items), dtype=dtype) if values is None else np.asarray(values)
    if data.dtype.kind not in "biuf":
        raise TypeError(f"The values of a visitor's items must be numbers; got {data.dtype}.")
    if unknown == "ignore" and len(items):
        columns = state.items.find(items)
        columns, data = columns[columns >= 0], data[columns >= 0]
    else:
        columns = positions_of(state.items, items, "item")
    unique, place = np.unique(columns, return_inverse=True)
    summed = np.zeros(unique.size, dtype=dtype)
    np.add.at(summed, place, data.astype(dtype))
    shape = (1, len(state.items))
    matrix = csr_array((summed, unique.astype(np.int32), np.array([0, unique.size], dtype=np.int32)), shape=shape)
    matrix.has_canonical_format = True
    return Visitors(np.array([None], dtype=object), matrix, None)
