"""Random sparse patterns with long tails: which cells of a matrix are observed.

Two steps: how long each row and column is to be (`long_tail`), then distinct cells with those lengths (`draw_cells`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CHUNK = 2_000_000  # draws handled at a time: keeps the working set near 100 MB, whatever the matrix
_GROUPS = 512  # lengths are calibrated in this many groups of equal or near ones


def long_tail(size: int, total: int, *, low: int, median: float, high: int, sharpness: float = 1.0) -> Ints:
    """Lengths in ascending order, long-tailed and adding up to `total` exactly.

    They are the quantiles of a shifted lognormal that bends smoothly under `high`,
    low + y / (1 + (y / (high − low))^p)^(1/p) with y = (median − low) exp(σ z) and p the `sharpness`; σ is found by
    bisection so that the sum is right.

    Parameters
    ----------
    size, total : int
        How many lengths, and their sum.
    low, high : int
        No length is below `low` or above `high`.
    median : float
        About the length of the middle one.
    sharpness : float, default=1.0
        Small bends early (many lengths share the top), large bends late.

    Returns
    -------
    int64 array of shape (size,)
    """
    z = ndtri((np.arange(size) + 0.5) / size)
    room, middle = float(max(high - low, 1)), max(median - low, 1e-3)

    def lengths(sigma: float) -> Floats:
        with np.errstate(over="ignore"):  # an infinite y is at the upper end, which is right
            inverse = np.exp(-sigma * z) / middle
        curve: Floats = low + (inverse**sharpness + room**-sharpness) ** (-1 / sharpness)
        return curve

    # Where even the narrowest or widest curve is off, `_settle` does the rest.
    narrow, wide = 0.0, 30.0
    for _ in range(60):
        sigma = (narrow + wide) / 2
        narrow, wide = (sigma, wide) if lengths(sigma).sum() < total else (narrow, sigma)
    whole = np.clip(np.rint(lengths(narrow)), low, high).astype(np.int64)
    whole[0] = low  # the shortest is the shortest, whatever its quantile
    return _settle(whole, total, low=low, high=high)


def _settle(lengths: Ints, total: int, *, low: int, high: int) -> Ints:
    """Move `lengths` to the wanted total, in proportion to the room that each has, the longest first."""
    while (gap := total - int(lengths.sum())) != 0:
        room = high - lengths if gap > 0 else lengths - low
        step = np.minimum(room, np.floor(room * (abs(gap) / room.sum())).astype(np.int64))
        left = abs(gap) - int(step.sum())
        open_ = np.flatnonzero(room > step)[::-1][:left]
        step[open_] += 1
        lengths = lengths + np.sign(gap) * step
    return np.sort(lengths)


def draw_cells(rng: np.random.Generator, rows: Ints, columns: Ints) -> tuple[Ints, NDArray[np.int32]]:
    """Distinct cells with exactly `rows[i]` in row i and about `columns[j]`, at least one, in column j.

    Each row draws its columns one after the other, in proportion to weights, without replacement. The weights are
    first calibrated so that the expected column lengths are the wanted ones: without this the popular columns, that
    no row can take twice, would come out too short.

    Parameters
    ----------
    rng : numpy.random.Generator
    rows : int64 array of shape (m,)
        From 0 to n each.
    columns : int64 array of shape (n,)
        From 1 to m each, with the same sum as `rows`.

    Returns
    -------
    indptr : int64 array of shape (m + 1,)
    indices : int32 array of shape (nnz,)
        Sorted and distinct within a row.
    """
    m, n = rows.size, columns.size
    weights, effort = _calibrate(rows, columns)
    indptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(rows)])
    indices = np.empty(int(indptr[-1]), dtype=np.int32)
    # Drawing with replacement until enough are distinct is cheap for short rows; a long one races all columns instead.
    draws = np.ceil(effort + 3 * np.sqrt(effort)).astype(np.int64) + 3
    long = draws > n / 4
    cumulative = np.cumsum(weights)
    cumulative /= cumulative[-1]
    short = np.flatnonzero(~long & (rows > 0))
    for part in _chunks(short, draws):
        failed = _draw_short(rng, part, draws=draws, rows=rows, cumulative=cumulative, indptr=indptr, indices=indices)
        long[failed] = True
    pending = np.flatnonzero(long & (rows > 0))
    for part in _chunks(pending, np.full(m, n)):
        _draw_long(rng, part, rows=rows, weights=weights, indptr=indptr, indices=indices)
    _cover(rng, indptr, indices, n)
    return indptr, indices


def _calibrate(rows: Ints, columns: Ints) -> tuple[Floats, Floats]:
    """Weights of the columns (sum one), and the draws each row needs for its number of distinct columns."""
    length, copies, row_group = _group(rows)
    target, width, column_group = _group(columns)
    weights = target / (width @ target)
    draws = length.copy()
    ceiling = 0.999 * columns.size  # the last few columns of a full row would take for ever: it races anyway
    for _ in range(30):
        for _ in range(4):  # Newton on Σ_j (1 − exp(−a_j t)) = length, increasing and concave in t
            miss = np.exp(-np.outer(draws, weights))
            found, slope = (1 - miss) @ width, miss @ (width * weights)
            draws = np.maximum(draws + (np.minimum(length, ceiling) - found) / np.maximum(slope, 1e-12), 0.0)
        expected = copies @ (1 - np.exp(-np.outer(draws, weights)))
        weights = weights * np.clip(target / np.maximum(expected, 1e-12), 0.25, 4.0)  # no wild steps
        weights /= width @ weights
    each = weights[column_group] * (columns / target[column_group])
    return each / each.sum(), np.maximum(draws, length)[row_group] * (rows / np.maximum(length[row_group], 1e-12))


def _group(lengths: Ints) -> tuple[Floats, Floats, Ints]:
    """Up to `_GROUPS` groups of near lengths: the mean length of each, its size, and the group of each length."""
    value, inverse, copies = np.unique(lengths, return_inverse=True, return_counts=True)
    group = np.arange(value.size) * min(_GROUPS, value.size) // value.size
    size = np.bincount(group, weights=copies)
    return np.bincount(group, weights=copies * value) / size, size.astype(np.float64), group[inverse].astype(np.int64)


def _chunks(which: Ints, cost: Ints) -> list[Ints]:
    """Cut a list of rows into runs of about `_CHUNK` draws."""
    if which.size == 0:
        return []
    part = np.cumsum(cost[which]) // _CHUNK
    return np.split(which, np.flatnonzero(np.diff(part)) + 1)


def _draw_short(
    rng: np.random.Generator,
    part: Ints,
    *,
    draws: Ints,
    rows: Ints,
    cumulative: Floats,
    indptr: Ints,
    indices: NDArray[np.int32],
) -> Ints:
    """Keep the first `rows[i]` distinct of `draws[i]` columns drawn with replacement; returns rows that fell short."""
    n, count = cumulative.size, draws[part]
    start = np.cumsum(count) - count
    size = int(count.sum())
    local = np.repeat(np.arange(part.size), count)
    key = local * n + np.minimum(np.searchsorted(cumulative, rng.random(size), side="right"), n - 1)
    # The order of drawing rides in the low digits: after one plain sort, the first of a run is the first drawn.
    packed = key * size + np.arange(size)
    packed.sort()
    cell, order = np.divmod(packed, size)
    fresh = np.zeros(size, dtype=bool)
    fresh[order[np.concatenate([[True], cell[1:] != cell[:-1]])]] = True
    seen = np.cumsum(fresh)
    rank = seen - np.repeat(seen[start] - fresh[start], count)
    distinct = np.add.reduceat(fresh, start, dtype=np.int64)
    enough = distinct >= rows[part]
    keep = fresh & (rank <= rows[part][local]) & enough[local]
    kept = np.sort(key[keep])
    owner, column = np.divmod(kept, n)
    length = np.where(enough, rows[part], 0)
    first = np.cumsum(length) - length
    indices[indptr[part][owner] + np.arange(kept.size) - first[owner]] = column
    return part[~enough]


def _draw_long(
    rng: np.random.Generator, part: Ints, *, rows: Ints, weights: Floats, indptr: Ints, indices: NDArray[np.int32]
) -> None:
    """Weighted draws without replacement: the first `rows[i]` to arrive, arrival times being exponential."""
    arrival = rng.standard_exponential((part.size, weights.size)) / weights
    for i, times in zip(part, arrival, strict=True):
        first = np.argpartition(times, rows[i] - 1)[: rows[i]]
        indices[indptr[i] : indptr[i + 1]] = np.sort(first)


def _cover(rng: np.random.Generator, indptr: Ints, indices: NDArray[np.int32], n: int) -> None:
    """Give every empty column one cell, taken from a row's more popular column, so that no column is empty."""
    counts = np.bincount(indices, minlength=n)
    moved: set[int] = set()
    for column in np.flatnonzero(counts == 0):
        cell = int(rng.integers(indices.size))
        while counts[indices[cell]] < 2 or cell in moved:
            cell = int(rng.integers(indices.size))
        moved.add(cell)
        counts[indices[cell]] -= 1
        counts[column] += 1
        indices[cell] = column
    touched = np.unique(np.searchsorted(indptr, np.fromiter(moved, np.int64, len(moved)), side="right") - 1)
    for i in touched:
        indices[indptr[i] : indptr[i + 1]].sort()
