"""The interactions of people who ask for themselves, in whatever they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alsatian.data import Interactions
from alsatian.recommend._checks import is_empty, observed, refuse_matrix, without_zeros
from alsatian.recommend._ids import as_ids, positions_of
from alsatian.recommend._state import State


class Visitors(NamedTuple):
    """Who asks, and their interactions with the known items, row by row."""

    ids: NDArray[Any]
    values: csr_array[Any]
    weights: csr_array[Any] | None
    kind: str = "object"  # of the ids


def visitors(given: Any, columns: Mapping[str, Any], state: State, unknown: str) -> Visitors:
    """Read interactions of known items; unknown ones are an error, or with ``unknown="ignore"`` left out.

    Parameters
    ----------
    given : frame, Interactions, mapping from item to value, or ids
    columns : mapping
        How a frame is read.

    Raises
    ------
    UnknownIdError
        For an item that is not known.
    ValueError
        For a value that is not finite in the precision of the model.
    TypeError
        For what is none of these.
    """
    refuse_matrix(given)
    _check_series(given)
    if isinstance(given, Mapping):
        return _one(list(given), list(given.values()), state, unknown)
    if not _is_table(given):
        return _one(as_ids(given, state.items), None, state, unknown)
    if not isinstance(given, Interactions) and is_empty(given):
        return Visitors(np.empty(0, dtype=object), csr_array((0, len(state.items)), dtype=_dtype(state)), None)
    part = given if isinstance(given, Interactions) else Interactions.from_frame(given, **columns)
    if unknown == "ignore":
        part = part.of_items(part.items.values[state.items.find(part.items) >= 0])
    part = part.with_ids(items=state.items)
    part = observed(state.model, part)
    return Visitors(part.users.values, part.csr, part.weights, part.users.kind)


def check_columns(given: Any, columns: Mapping[str, Any]) -> None:
    """Refuse keywords of frames, misspelt ones among them, beside what is none.

    Raises
    ------
    TypeError
        Names one.
    """
    if "return_std" in columns:
        raise TypeError("recommend_for has no return_std: only recommend has it, for users that were fitted.")
    if columns and (isinstance(given, Mapping | Interactions) or not _is_table(given)):
        raise TypeError(f"{next(iter(columns))} says how a frame is read, but a {type(given).__name__} is given.")


def _is_table(given: Any) -> bool:
    return isinstance(given, Interactions) or hasattr(given, "columns")


def _check_series(given: Any) -> None:
    """Refuse a pandas Series whose labels may be the items, and the values what was observed: or the other way round.

    Whole numbers without a name are the labels of the rows of a frame; its values are ids then, as everywhere.
    """
    if not (hasattr(given, "index") and hasattr(given, "to_dict")) or hasattr(given, "columns"):
        return
    labels = given.index
    if getattr(labels, "name", None) is not None or getattr(labels.dtype, "kind", "O") not in "iu":
        raise TypeError(
            "a Series with labels of its own can be read in two ways: give series.to_dict() where the labels are items "
            "and the values what was observed, series.to_list() where the values are items."
        )


def _dtype(state: State) -> Any:
    return state.model.column_factors_.dtype


def _one(items: Any, values: list[Any] | None, state: State, unknown: str) -> Visitors:
    """Read the interactions of one visitor: what is repeated is added up."""
    dtype = _dtype(state)
    data = np.ones(len(items), dtype=dtype) if values is None else _numbers(items, values, dtype)
    if unknown == "ignore" and len(items):
        columns = state.items.find(items)
        columns, data = columns[columns >= 0], data[columns >= 0]
    else:
        columns = positions_of(state.items, list(items) if isinstance(items, tuple) else items, "item")
    unique, place = np.unique(columns, return_inverse=True)
    summed = np.zeros(unique.size, dtype=dtype)
    np.add.at(summed, place, data)
    shape = (1, len(state.items))
    matrix = csr_array((summed, unique.astype(np.int32), np.array([0, unique.size], dtype=np.int32)), shape=shape)
    matrix.has_canonical_format = True
    return Visitors(np.array([None], dtype=object), without_zeros(state.model, matrix), None)


def _numbers(items: list[Any], values: list[Any], dtype: Any) -> NDArray[Any]:
    """Return the values of items in the precision of the model."""
    try:
        given = np.asarray(values) if values else np.empty(0)
    except ValueError:  # lists among them
        given = np.empty(0, dtype=object)
    if given.dtype.kind not in "biuf" or given.ndim != 1:
        place = next((p for p, value in enumerate(values) if not _is_number(value)), 0)
        raise TypeError(f"the value of item {items[place]!r} must be a number, got {values[place]!r}.")
    with np.errstate(over="ignore"):
        data: NDArray[Any] = given.astype(dtype)
    if not np.isfinite(data).all():
        place = int(np.argmin(np.isfinite(data)))
        raise ValueError(
            f"the value of item {items[place]!r} is {values[place]}: it must be a finite number that the model's "
            f"{np.dtype(dtype).name} can hold."
        )
    return data


def _is_number(value: Any) -> bool:
    return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "biuf"
