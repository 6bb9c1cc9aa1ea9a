"""Rows of (user, item, value) brought to the one canonical CSR that equal content has."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

Array = NDArray[Any]
Duplicates = Literal["sum", "mean", "last", "error"]

MAX_INDEX = int(np.iinfo(np.int32).max)

_FEW = 16  # a counting sort passes over all rows and columns: not worth it for fewer cells than one in so many of them


class StoredCells(NamedTuple):
    """The cells of a matrix by rows, sorted by column in each row, each once; read-only arrays.

    `indices` is int32, `indptr` is too while the number of cells allows it.
    """

    shape: tuple[int, int]
    indptr: Array
    indices: Array
    values: Array
    weights: Array | None = None
    timestamps: Array | None = None

    @property
    def rows(self) -> Array:
        """The row of each cell."""
        return np.repeat(np.arange(self.shape[0], dtype=self.indices.dtype), np.diff(self.indptr))

    def position(self, p: int) -> tuple[int, int]:
        """Return row and column of the p-th cell."""
        return int(np.searchsorted(self.indptr, p, side="right")) - 1, int(self.indices[p])


class Rows(NamedTuple):
    """Cells as they come: in any order, one again and again."""

    shape: tuple[int, int]
    rows: Array
    columns: Array
    values: Array
    weights: Array | None = None
    timestamps: Array | None = None


class RepeatedCellError(ValueError):
    """A cell is there twice where each may be there once: `first` and `second` are the rows that hold it."""

    def __init__(self, row: int, column: int, first: int, second: int) -> None:
        super().__init__(f"row {row}, column {column} is there twice")
        self.row, self.column, self.first, self.second = row, column, first, second


def check_duplicates(duplicates: str) -> None:
    """Refuse a rule that does not exist."""
    if duplicates not in get_args(Duplicates):
        told = ", ".join(map(repr, get_args(Duplicates)))
        raise ValueError(f"duplicates must be one of {told}, got {duplicates!r}.")


def canonical(source: Rows, duplicates: Duplicates) -> StoredCells:
    """Sort the cells, and make one of those that are there more than once.

    ``"sum"`` adds values, and weights, in the working precision from the smallest up, as a sparse matrix with
    duplicates is read by the models: the order of the rows does not matter. ``"mean"`` is the weighted mean of the
    values (the plain one without weights, or where all are 0), and the mean of the weights. ``"last"`` is the row of
    the latest timestamp, of several the last one. Timestamps become the latest, in every case.

    Raises
    ------
    RepeatedCellError
        For ``"error"``, where a cell is there twice.
    """
    indptr, indices, order = _sorted(source)
    first = _first_of_each(indptr, indices)
    values = source.values[order]
    weights = None if source.weights is None else source.weights[order]
    times = None if source.timestamps is None else source.timestamps[order]
    if first.all():
        return frozen(StoredCells(source.shape, indptr, indices, values, weights, times))
    if duplicates == "error":
        p = int(np.argmin(first))
        row = int(np.searchsorted(indptr, p, side="right")) - 1
        raise RepeatedCellError(row, int(indices[p]), int(order[p - 1]), int(order[p]))
    before = np.zeros(first.size + 1, dtype=indptr.dtype)  # cells before each row, without repetitions
    np.cumsum(first, out=before[1:])
    starts = np.flatnonzero(first)
    groups = _Groups(starts, before[1:], np.diff(starts, append=first.size))
    if duplicates == "last":
        chosen = groups.last(times)
        values, weights = values[chosen], None if weights is None else weights[chosen]
    elif duplicates == "sum":
        values, weights = groups.sums(values), None if weights is None else groups.sums(weights)
    else:
        values, weights = groups.means(values, weights)
    if times is not None:
        times = np.maximum.reduceat(times, starts)
    return frozen(StoredCells(source.shape, before[indptr], indices[first], values, weights, times))


def frozen(cells: StoredCells) -> StoredCells:
    """Make the arrays of cells read-only."""
    for array in cells[1:]:
        if array is not None:
            array.setflags(write=False)
    return cells


def _sorted(source: Rows) -> tuple[Array, Array, Array]:
    """Return the index arrays of the sorted cells, duplicates and all, and where each stood.

    Two counting sorts, first by column and then by row, or for few cells in a large matrix two of comparisons: all are
    stable, so that duplicates keep their order. There is no product of row and column that could overflow.
    """
    for positions, size in zip((source.rows, source.columns), source.shape, strict=True):
        assert not positions.size or (positions.min() >= 0 and positions.max() < size), "SciPy does not look"
    number = source.rows.size
    index = np.int32 if number <= MAX_INDEX else np.int64
    if number < sum(source.shape) // _FEW:
        order = np.lexsort((source.columns, source.rows))
        indptr = np.zeros(source.shape[0] + 1, dtype=index)
        np.cumsum(np.bincount(source.rows, minlength=source.shape[0]), out=indptr[1:])
        return indptr, source.columns[order].astype(np.int32, copy=False), order
    places: Any = (source.rows.astype(index, copy=False), source.columns.astype(index, copy=False))
    cells: Any = coo_array((np.arange(number, dtype=index), places), shape=source.shape)
    cells.has_canonical_format = True  # or SciPy would sum what is there twice
    cells = cells.tocsc().tocsr()
    return cells.indptr.astype(index, copy=False), cells.indices.astype(np.int32, copy=False), cells.data


def _first_of_each(indptr: Array, indices: Array) -> NDArray[np.bool_]:
    first = np.ones(indices.size, dtype=bool)
    first[1:] = indices[1:] != indices[:-1]
    first[indptr[:-1][np.diff(indptr) > 0]] = True
    return first


class _Groups(NamedTuple):
    """Sorted rows in groups of the same cell: where each starts, a number that rises with them, the lengths."""

    starts: Array
    group: Array
    lengths: Array

    def sums(self, values: Array) -> Array:
        """Sum each group from the smallest value up, in the type of the values."""
        several = np.flatnonzero(np.repeat(self.lengths > 2, self.lengths))  # of two, the order does not matter
        if several.size:
            values = values.copy()
            values[several] = values[several][np.lexsort((values[several], self.group[several]))]
        with np.errstate(over="ignore", invalid="ignore"):  # the caller names what does not fit
            total: Array = np.add.reduceat(values, self.starts)
        return total

    def means(self, values: Array, weights: Array | None) -> tuple[Array, Array | None]:
        """Return the weighted means of the values and the means of the weights, summed in float64."""
        wide = values.astype(np.float64)
        mean = self._mean(wide)
        if weights is None:
            return mean.astype(values.dtype), None
        c = weights.astype(np.float64)
        total = self.sums(c)
        with np.errstate(over="ignore", invalid="ignore"):
            weighted = np.divide(self.sums(c * wide), total, out=mean, where=total > 0)
        if not (np.isfinite(weighted) & np.isfinite(total)).all():
            c = c / max(c.max(), 1.0)  # the same shares, of a total that can be held
            share = np.divide(c, self._spread(self.sums(c)), out=np.zeros_like(c), where=c > 0)
            weighted = np.where(np.isfinite(weighted) & np.isfinite(total), weighted, self.sums(share * wide))
        return weighted.astype(values.dtype), self._mean(weights.astype(np.float64)).astype(weights.dtype)

    def _mean(self, wide: Array) -> Array:
        """Return plain means, also of what has a sum that is too large."""
        mean: Array = self.sums(wide) / self.lengths
        if not np.isfinite(mean).all():
            mean = np.where(np.isfinite(mean), mean, self.sums(wide / self._spread(self.lengths)))
        return mean

    def _spread(self, each: Array) -> Array:
        """Return for each row what its group has."""
        return np.repeat(each, self.lengths)

    def last(self, times: Array | None) -> Array:
        """Return the row of each group that is the latest, of several the one that came last."""
        end = self.starts + self.lengths - 1
        if times is None:
            return end
        several = np.flatnonzero(np.repeat(self.lengths > 1, self.lengths))
        order = np.arange(self.group.size)
        order[several] = several[np.lexsort((times[several], self.group[several]))]
        chosen: Array = order[end]
        return chosen
