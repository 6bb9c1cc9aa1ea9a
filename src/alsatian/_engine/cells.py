"""What can be said of `Cells` without solving anything: their transpose, their counts and their moments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.contract import Cells, Floats
from alsatian._engine.mapped import empty_like_place, is_mapped

_BLOCK = 1 << 18  # entries summed at a time: temporaries stay at a few megabytes however many cells there are
_AT_ONCE = 1 << 20  # entries of a mapped matrix that are transposed in memory, some sixty bytes for each


class Moments(NamedTuple):
    """Weighted sums over all cells that count, float64: Σ c, Σ c x and Σ c x²."""

    weight: float
    first: float
    second: float

    @property
    def mean(self) -> float:
        """The weighted mean; 0 where nothing has weight."""
        return self.first / self.weight if self.weight > 0 else 0.0

    def about(self, centre: float) -> float:
        """Return Σ c (x − centre)², never below zero."""
        return max(0.0, self.second - centre * (2.0 * self.first - centre * self.weight))


def moments(cells: Cells) -> Moments:
    """Sum over the observed cells, or over all cells where absent ones are zeros.

    The blocks and their order depend on the number of cells alone, so that equal data give equal bits.
    """
    weight = first = second = 0.0
    values = cells.values.reshape(-1)
    for block in blocks(values.size):
        x = values[block].astype(np.float64)
        c = 1.0 if cells.weights is None else cells.weights[block].astype(np.float64)
        weight += float(np.sum(c)) if cells.weights is not None else x.size
        first += float(np.sum(c * x))
        second += float(np.sum(c * x * x))
    if cells.absent_zero:
        rows, columns = cells.shape
        weight += rows * columns - values.size
    return Moments(weight, first, second)


def row_counts(cells: Cells) -> int | NDArray[np.int64]:
    """Return the number of observed cells of each row: one number where it is the same for all by construction."""
    if cells.indptr is None or cells.absent_zero:
        return cells.shape[1]
    if cells.weights is None:
        return np.diff(cells.indptr)
    running = np.concatenate(([0], np.cumsum(cells.weights > 0)))
    counts: NDArray[np.int64] = np.diff(running[cells.indptr])
    return counts


def places(cells: Cells) -> tuple[NDArray[np.int64], NDArray[np.integer]]:
    """Return row and column of each stored cell, row by row."""
    m, n = cells.shape
    if cells.indptr is None or cells.indices is None:
        return np.repeat(np.arange(m), n), np.tile(np.arange(n, dtype=np.int32), m)
    return np.repeat(np.arange(m), np.diff(cells.indptr)), cells.indices


def take_rows(cells: Cells, rows: NDArray[np.integer]) -> Cells:
    """Return some rows, in the order given."""
    shape = (rows.size, cells.shape[1])
    if cells.indptr is None or cells.indices is None:
        return Cells(shape, None, None, np.ascontiguousarray(cells.values[rows]), rule=cells.rule)
    lengths = np.diff(cells.indptr)[rows]
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    at = np.repeat(cells.indptr[rows] - indptr[:-1], lengths) + np.arange(indptr[-1])
    weights = None if cells.weights is None else cells.weights[at]
    return Cells(shape, indptr, cells.indices[at], cells.values[at], weights, cells.rule)


def transpose(cells: Cells) -> Cells:
    """Return the cells of the transposed matrix, columns become rows; everything is copied once.

    Where the cells are mapped from a file, and many, so are those of the transpose: from one without a name.
    """
    m, n = cells.shape
    if cells.indptr is None or cells.indices is None:
        return Cells((n, m), None, None, np.ascontiguousarray(cells.values.T), rule=cells.rule)
    if is_mapped(cells.values):
        return _transposed_by_blocks(cells, _AT_ONCE)
    indptr, indices, values = _compressed_columns(cells, cells.values)
    weights = None if cells.weights is None else _compressed_columns(cells, cells.weights)[2]
    return Cells((n, m), indptr, indices, values, weights, cells.rule)


def blocks(size: int, block: int = _BLOCK) -> Iterator[slice]:
    """Cut ``range(size)`` into consecutive slices."""
    return (slice(start, min(start + block, size)) for start in range(0, size, block))


def _compressed_columns(cells: Cells, values: Floats) -> tuple[NDArray[np.int64], NDArray[np.int32], Floats]:
    from scipy.sparse import csr_array

    assert cells.indptr is not None
    assert cells.indices is not None
    # SciPy wants both index arrays of one type: the short one is narrowed where it can be, the long one is shared.
    narrow = values.size <= np.iinfo(np.int32).max
    indptr = cells.indptr.astype(np.int32) if narrow else cells.indptr
    columns = csr_array((values, cells.indices, indptr), shape=cells.shape, copy=False).tocsc()
    return columns.indptr.astype(np.int64), columns.indices.astype(np.int32, copy=False), columns.data


def _transposed_by_blocks(cells: Cells, block: int) -> Cells:
    """Transpose in memory one block of rows after the other, and put each where it belongs; the same as at once."""
    from scipy.sparse import csr_array

    assert cells.indptr is not None
    assert cells.indices is not None
    m, n = cells.shape
    counts = np.zeros(n, dtype=np.int64)
    for part in blocks(cells.indices.size):
        counts += np.bincount(cells.indices[part], minlength=n)
    indptr = np.concatenate(([0], np.cumsum(counts)))
    indices = empty_like_place(cells.indices.size, np.int32, cells.indices)
    given = [array for array in (cells.values, cells.weights) if array is not None]
    moved = [empty_like_place(array.size, array.dtype, array) for array in given]
    place = indptr[:-1].copy()  # where the next cell of each column goes
    for rows in _row_blocks(cells.indptr, block):
        stored = slice(cells.indptr[rows.start], cells.indptr[rows.stop])
        index, within = cells.indices[stored], cells.indptr[rows.start : rows.stop + 1] - stored.start
        number = np.arange(index.size)
        here = csr_array((number, index, within), shape=(rows.stop - rows.start, n)).tocsc()
        lengths = np.diff(here.indptr)
        to = np.repeat(place - here.indptr[:-1], lengths) + number
        indices[to] = here.indices + rows.start
        for array, out in zip(given, moved, strict=True):
            out[to] = array[stored][here.data]
        place += lengths
    return Cells((n, m), indptr, indices, moved[0], moved[1] if len(moved) > 1 else None, cells.rule)


def _row_blocks(indptr: NDArray[np.int64], block: int) -> Iterator[slice]:
    """Cut rows into consecutive slices of at most `block` cells, but one row at least."""
    start, m = 0, indptr.size - 1
    while start < m:
        stop = max(start + 1, int(np.searchsorted(indptr, indptr[start] + block, side="right")) - 1)
        yield slice(start, min(stop, m))
        start = stop
