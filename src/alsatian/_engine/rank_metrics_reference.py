"""What :mod:`alsatian._engine.rank_metrics` computes, user by user in NumPy: the plain statement of what it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.contract import Floats
from alsatian._engine.rank_metrics import Gains
from alsatian._engine.top_n import ItemLists


def judge_lists(lists: NDArray[np.int32], n_items: int, relevant: ItemLists, values: Floats) -> Gains:
    """Look up each item of each list; the arguments are those of :func:`alsatian._engine.rank_metrics.judge_lists`."""
    gains = np.zeros(lists.shape, dtype=values.dtype)
    lengths = np.zeros(len(lists), dtype=np.int32)
    for row, (begin, end) in enumerate(pairwise(relevant[0])):
        ended = np.append(lists[row], -1) == -1
        length = lengths[row] = int(np.argmax(ended))
        items = lists[row, :length]
        if ((items < 0) | (items >= n_items)).any():
            raise IndexError(f"row {row} has an item out of range for {n_items} items")
        if np.unique(items).size != length or (lists[row, length:] != -1).any():
            raise ValueError(f"row {row} has an item twice, or after its end")
        value_of = np.zeros(n_items, dtype=values.dtype)
        value_of[relevant[1][begin:end]] = values[begin:end]
        gains[row, :length] = value_of[items]
    return Gains(gains, lengths)


def pairs_in_order(scores: Floats, relevant: ItemLists, exclude: ItemLists | None = None) -> NDArray[np.float64]:
    """Count pairs; the arguments are those of :func:`alsatian._engine.rank_metrics.pairs_in_order`."""
    found = np.full(len(scores), np.nan)
    for row, own in enumerate(scores):
        wanted = _mask(relevant, row, own.size)
        candidate = np.ones(own.size, dtype=bool) if exclude is None else ~_mask(exclude, row, own.size)
        if np.isnan(own[candidate]).any():
            raise ValueError(f"row {row} has a score of NaN")
        above = own[candidate & wanted][:, np.newaxis]
        below = own[candidate & ~wanted]
        if above.size and below.size:
            found[row] = ((above > below).mean() + (above >= below).mean()) / 2
    return found


def _mask(lists: ItemLists, row: int, size: int) -> NDArray[np.bool_]:
    indptr, indices = lists
    mask = np.zeros(size, dtype=bool)
    mask[indices[indptr[row] : indptr[row + 1]]] = True
    return mask
