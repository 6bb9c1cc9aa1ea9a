"""Folding in what is new: changed users and items are solved with all else as it is, and nothing is fitted again."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alsatian._engine.contract import Floats
from alsatian.data import Interactions
from alsatian.models._fold import FoldIn
from alsatian.recommend._ids import positions_of
from alsatian.recommend._state import State, cells_of

_Sides = tuple[Any, Any]  # values and weights


_ROUNDS = 3  # of new items and their users by turns, where both are new


def updated(state: State, merged: Interactions) -> State:
    """Return the state after its interactions have become `merged`, which keeps all positions and may append.

    1. The new rows, and those that changed, are solved for the items that were known before.
    2. Those that have none of these, and their items, are solved by turns (`_acquaint`).
    3. The new items, and those with a changed cell, are solved for all users.
    4. All users with one of these items are solved again, so that every row is the solution for the items as they are.
       Where cells that are not stored have a say (α₀ > 0), that is all users.

    Each is an exact half-step on a part of the rows, so the loss of the new data only falls. Where no cell changed,
    nothing does.
    """
    users, items = _changed(state.interactions, merged)
    grown = _resized_model(state.model, [np.arange(size) for size in state.interactions.shape], merged.shape)
    return _settled(grown, merged, users, items, state.interactions.n_items)


def without(state: State, users: Any, items: Any) -> State:
    """Return the state without users and items, given by their ids, and without all that they had to do with.

    Items that lose a cell are solved again for the users that stay, and then the users of these items, as in `updated`.

    Raises
    ------
    UnknownIdError
        Where one is not known.
    ValueError
        Where nobody, or nothing, would be left.
    """
    rows = positions_of(state.users, [] if users is None else users, "user")
    columns = positions_of(state.items, [] if items is None else items, "item")
    if len(np.unique(rows)) == len(state.users) or len(np.unique(columns)) == len(state.items):
        raise ValueError("Nobody, or nothing, would be left: fit a new recommender in place of this.")
    return _removed(state, rows, columns)


def _removed(state: State, users: NDArray[np.int64], items: NDArray[np.int64]) -> State:
    before = state.interactions
    stay = [np.setdiff1d(np.arange(size), gone) for size, gone in zip(before.shape, (users, items), strict=True)]
    kept = before.of_users(state.users.values[stay[0]]).of_items(state.items.values[stay[1]])
    lost = before.csr[users][:, stay[1]], before.csr[stay[0]][:, items]
    touched = np.flatnonzero(np.bincount(lost[0].tocsr().indices, minlength=stay[1].size))
    shorter = np.flatnonzero(np.diff(lost[1].tocsr().indptr))
    model = _resized_model(state.model, stay, kept.shape)
    return _settled(model, kept, shorter, touched, before.n_items)


def _settled(
    model: Any, known: Interactions, users: NDArray[np.int64], items: NDArray[np.int64], items_before: int
) -> State:
    """Solve what changed, in a model that is ours; items from `items_before` on have no factors yet."""
    values, weights = known.csr, known.weights
    if users.size or items.size:
        old = np.arange(min(items_before, known.n_items))
        by_items = values.T.tocsr(), None if weights is None else weights.T.tocsr()
        _solve(model, 0, users, _columns(values, old), _columns(weights, old))
        _acquaint(model, (values, weights), by_items, users, items)
        _solve(model, 1, items, *by_items)
    _solve(model, 0, np.union1d(users, _users_of(model, values, items, items_before)), values, weights)
    return State(model, known)


def _acquaint(
    model: Any, by_users: _Sides, by_items: _Sides, users: NDArray[np.int64], items: NDArray[np.int64]
) -> None:
    """Give users whose items have no factors yet, and these items, factors of their own.

    Neither side can be solved for the other, as both are zero, which is a saddle point: the items start at random, as
    in a fit, and both are solved by turns. The draw is the same each time, so that the same data make the same model.
    """
    rows, factors = by_users[0][users], model.column_factors_
    known = factors.any(axis=1)
    strangers = (np.diff(rows.indptr) > 0) & (np.bincount(_rows(rows), known[rows.indices], users.size) == 0)
    if not strangers.any():
        return
    new = np.unique(rows[strangers].indices)
    size = np.sqrt(np.mean(np.square(factors[known], dtype=np.float64))) if known.any() else factors.shape[1] ** -0.5
    factors[new] = size * np.random.default_rng(0).standard_normal((new.size, factors.shape[1]))
    _solve(model, 0, users[strangers], *by_users)
    for _ in range(_ROUNDS):
        _solve(model, 1, items, *by_items)
        _solve(model, 0, users, *by_users)


def _changed(before: Interactions, after: Interactions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the users and the items with a cell that is not as it was."""
    rows, columns = [], []
    for old, new in ((before.csr, after.csr), (before.weights, after.weights)):
        if new is None:
            continue
        wide = _resized(old if old is not None else _ones(before), new.shape)
        different = _differences(wide, new)
        rows.append(different[0])
        columns.append(different[1])
    return np.unique(np.concatenate(rows)), np.unique(np.concatenate(columns))


def _users_of(model: Any, values: csr_array[Any], items: NDArray[np.int64], items_before: int) -> NDArray[np.int64]:
    """Return the users whose solutions depend on some items, or on how many there are."""
    all_count = cells_of(model, values[:1], None).rule.gram_weight > 0
    if all_count and (items.size or values.shape[1] != items_before):
        return np.arange(values.shape[0])
    return np.flatnonzero(np.diff(values[:, items].tocsr().indptr))


def _differences(old: csr_array[Any], new: csr_array[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the cells that only one of two matrices stores, or that differ."""
    keys, data = [], []
    for matrix in (old, new):
        keys.append(_rows(matrix) * matrix.shape[1] + matrix.indices)
        data.append(matrix.data)
    both, a, b = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    changed = both[data[0][a] != data[1][b]]
    cells = np.concatenate([changed, np.setxor1d(keys[0], keys[1], assume_unique=True)])
    return cells // new.shape[1], cells % new.shape[1]


def _solve(model: Any, which: int, lines: NDArray[np.int64], values: Any, weights: Any) -> None:
    """Solve some rows (0) or columns (1) of the model for the other side as it is, in place."""
    if lines.size == 0:
        return
    cells = cells_of(model, values[lines], None if weights is None else weights[lines])
    solved = FoldIn(model, which)(cells)
    factors, bias = (model.row_factors_, model.row_bias_) if which == 0 else (model.column_factors_, model.column_bias_)
    factors[lines] = solved.factors
    if bias is not None:
        bias[lines] = solved.bias


def _resized_model(model: Any, stay: list[NDArray[np.int64]], shape: tuple[int, int]) -> Any:
    """Return a model of its own arrays: those of some rows and columns, and zeros for what is new."""
    resized = copy.copy(model)
    for side, kept, size in zip(("row", "column"), stay, shape, strict=True):
        for kind in ("factors", "bias"):
            array = getattr(model, f"{side}_{kind}_")
            setattr(resized, f"{side}_{kind}_", None if array is None else _longer(array[kept], size))
    resized.n_features_in_ = shape[1]
    resized._fitted_full = False
    return resized


def _longer(array: Floats, size: int) -> Floats:
    longer = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def _columns(matrix: Any, columns: NDArray[np.int64]) -> Any:
    """Leave out all other columns, without a change of the shape."""
    if matrix is None or columns.size == matrix.shape[1]:
        return matrix
    kept = matrix.indices < columns.size
    running = np.concatenate([[0], np.cumsum(kept)])
    return csr_array((matrix.data[kept], matrix.indices[kept], running[matrix.indptr]), shape=matrix.shape)


def _resized(matrix: csr_array[Any], shape: tuple[int, int]) -> csr_array[Any]:
    indptr = np.concatenate([matrix.indptr, np.full(shape[0] - matrix.shape[0], matrix.indptr[-1])])
    return csr_array((matrix.data, matrix.indices, indptr), shape=shape)


def _rows(matrix: csr_array[Any]) -> NDArray[np.int64]:
    """Return the row of each stored cell."""
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))


def _ones(interactions: Interactions) -> csr_array[Any]:
    values = interactions.csr
    return csr_array((np.ones_like(values.data), values.indices, values.indptr), shape=values.shape)
