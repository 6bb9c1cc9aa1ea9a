"""Scores of pairs of which one or both are unknown: what is left of the model then."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.contract import Floats
from alsatian.models._predict import clipped
from alsatian.recommend._ids import as_ids
from alsatian.recommend._state import State


class UnknownIdWarning(UserWarning):
    """Some pairs were predicted without their user, or item, as it is not known."""


def positions_of_pairs(state: State, users: Any, items: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of pairs, −1 for who is not known, which is warned of.

    Raises
    ------
    ValueError
        Where users and items do not pair up.
    """
    rows, columns = state.users.find(as_ids(users)), state.items.find(as_ids(items))
    try:
        rows, columns = np.broadcast_arrays(rows, columns)
    except ValueError:
        raise ValueError(f"users and items must pair up, but are {rows.size} and {columns.size}.") from None
    message = told(rows, columns)
    if message:
        warnings.warn(message, UnknownIdWarning, stacklevel=3)
    return rows, columns


def scores_of_pairs(model: Any, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Floats:
    """Return μ + b_i + d_j + w_i·z_j of pairs, where an unknown row or column (−1) has no bias and no factors."""
    known = (rows >= 0) & (columns >= 0)
    scores: Floats = np.full(rows.shape, model.mean_, dtype=model.column_factors_.dtype)
    for bias, positions in ((model.row_bias_, rows), (model.column_bias_, columns)):
        if bias is not None:
            there = ~known & (positions >= 0)
            scores[there] += bias[positions[there]]
    scores[known] = model.predict_cells(rows[known], columns[known])
    scores[~known] = clipped(scores[~known], model.clip)
    return scores


def told(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> str:
    """Say how many pairs are of an unknown user or item; nothing where there are none."""
    users, items, pairs = int((rows < 0).sum()), int((columns < 0).sum()), rows.size
    if not users and not items:
        return ""
    return (
        f"Of {pairs} pairs {users} {'is' if users == 1 else 'are'} of an unknown user and {items} of an unknown item: "
        "they are predicted from the mean and the biases that are known (0 where the model has none)."
    )
