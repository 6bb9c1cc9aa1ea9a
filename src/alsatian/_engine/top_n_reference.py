"""The lists of :mod:`alsatian._engine.top_n` by full sorting, in NumPy: the plain statement of what they are."""

from __future__ import annotations

import numpy as np

from alsatian._engine.contract import Floats
from alsatian._engine.top_n import Allowed, ItemLists, TopN


def score_matrix(
    queries: Floats,
    items: Floats,
    query_offset: Floats | None = None,
    item_offset: Floats | None = None,
    constant: float = 0.0,
) -> Floats:
    """Return all scores, added up in the order and the dtype of the native ones (but without fused steps)."""
    dtype = queries.dtype.type
    scores: Floats = np.zeros((len(queries), len(items)), dtype=dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # not finite is allowed
        for w, z in zip(queries.T, items.T, strict=True):
            scores += w[:, np.newaxis] * z
        shared = np.float64(constant) if query_offset is None else constant + query_offset.astype(np.float64)
        scores += np.atleast_1d(shared).astype(dtype)[:, np.newaxis]
        if item_offset is not None:
            scores += item_offset
    return scores


def candidates(
    shape: tuple[int, int], allowed: Allowed | None, exclude: ItemLists | None, only: ItemLists | None
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return which items may be in whose list, as a matrix."""
    mask = np.zeros(shape, dtype=bool)
    for query in range(shape[0]):
        mask[query, slice(None) if only is None else _list(only, query)] = True
        if exclude is not None:
            mask[query, _list(exclude, query)] = False
    if allowed is not None:
        mask &= allowed.astype(bool)
    return mask


def top_n(
    queries: Floats,
    items: Floats,
    *,
    n: int,
    query_offset: Floats | None = None,
    item_offset: Floats | None = None,
    constant: float = 0.0,
    allowed: Allowed | None = None,
    exclude: ItemLists | None = None,
    only: ItemLists | None = None,
) -> TopN:
    """List the n best items of each query; the arguments are those of :func:`alsatian._engine.top_n.top_n`."""
    scores = score_matrix(queries, items, query_offset, item_offset, constant)
    mask = candidates(scores.shape, allowed, exclude, only) & ~np.isnan(scores)
    return select(scores, mask, n)


def select(scores: Floats, mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]], n: int) -> TopN:
    """List the n best of the scores where `mask` lets them: highest first, of equal ones the lower index first."""
    rows = len(scores)
    found = TopN(
        np.full((rows, n), -1, dtype=np.int32),
        np.full((rows, n), -np.inf, dtype=scores.dtype),
        np.zeros(rows, dtype=np.int32),
    )
    for i in range(rows):
        left = np.flatnonzero(mask[i])
        best = left[np.argsort(-scores[i, left], kind="stable")][:n]
        found.counts[i] = best.size
        found.indices[i, : best.size] = best
        found.scores[i, : best.size] = scores[i, best]
    return found


def _list(lists: ItemLists, query: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    indptr, indices = lists
    return indices[indptr[query] : indptr[query + 1]]
