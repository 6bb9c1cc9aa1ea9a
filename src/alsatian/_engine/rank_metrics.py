"""What measures of ranked lists need of many users at once, natively.

:mod:`alsatian._engine.rank_metrics_reference` is the same in NumPy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import _core
from alsatian._engine.contract import Floats, Poll
from alsatian._engine.top_n import ItemLists


class Gains(NamedTuple):
    """The relevance of each place of each list."""

    gains: Floats  # (q, n), in the dtype of the values: that of the item there, 0 where it is not relevant
    lengths: NDArray[np.int32]  # (q,), places before the first −1


def judge_lists(
    lists: NDArray[np.int32],
    n_items: int,
    relevant: ItemLists,
    values: Floats,
    *,
    n_jobs: int = 1,
    poll: Poll | None = None,
) -> Gains:
    """Look up each item of each list among the relevant items of its row.

    All arrays are C-contiguous.

    Parameters
    ----------
    lists : int32 array of shape (q, n)
        Items, filled up with −1 at the end of a row.
    n_items : int
    relevant : (indptr, indices)
        The relevant items of each row, sorted, each once.
    values : array of shape (len(indices),), float32 or float64
        Their values.
    n_jobs : int, default=1
        Number of threads, already resolved.
    poll : callable, optional
        Told the fraction done, now and then; may raise to cancel.

    Raises
    ------
    IndexError
        Where an item of a list is not in 0 … n_items − 1: names row and place.
    ValueError
        Where an item is in a list twice or comes after a −1, and where arrays do not fit together.
    """
    gains = np.empty(lists.shape, dtype=values.dtype)
    lengths = np.empty(len(lists), dtype=np.int32)
    judge = _core.judge_lists_float32 if values.dtype == np.float32 else _core.judge_lists_float64
    judge(lists, n_items, relevant[0], relevant[1], values, gains, lengths, n_jobs, poll)
    return Gains(gains, lengths)


def pairs_in_order(
    scores: Floats,
    relevant: ItemLists,
    exclude: ItemLists | None = None,
    *,
    n_jobs: int = 1,
    poll: Poll | None = None,
) -> NDArray[np.float64]:
    """Return for each row the share of pairs (relevant, other) in which the relevant item has the higher score.

    Equal scores count one half. The pairs are counted in whole numbers, so the share is exact but for one rounding.

    Parameters
    ----------
    scores : C-contiguous array of shape (q, n_items), float32 or float64
    relevant : (indptr, indices)
        For each row the sorted list of its relevant items.
    exclude : (indptr, indices), optional
        For each row a sorted list of items that take no part, relevant or not.
    n_jobs, poll
        As in :func:`judge_lists`.

    Returns
    -------
    array of shape (q,)
        NaN where there is no pair.

    Raises
    ------
    ValueError
        Where a score that takes part is NaN: names its place.
    """
    found = np.empty(len(scores))
    count = _core.pairs_in_order_float32 if scores.dtype == np.float32 else _core.pairs_in_order_float64
    out = (None, None) if exclude is None else exclude
    count(scores, relevant[0], relevant[1], out[0], out[1], found, n_jobs, poll)
    return found
