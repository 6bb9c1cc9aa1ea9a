"""Sparse matrices made canonical: sorted, without duplicates, indices in range, never a change to the caller's own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from alsatian._engine.cells import blocks
from alsatian._engine.mapped import narrowed

Values = NDArray[Any]

MAX_INDEX = np.iinfo(np.int32).max


class Compressed(NamedTuple):
    """The stored cells of a matrix, row by row, sorted and unique in each row."""

    shape: tuple[int, int]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: Values

    @property
    def full(self) -> bool:
        """Whether every cell is stored."""
        return self.data.size == self.shape[0] * self.shape[1]

    def position(self, p: int) -> tuple[int, int]:
        """Return row and column of the p-th stored cell."""
        return int(np.searchsorted(self.indptr, p, side="right")) - 1, int(self.indices[p])

    def keep(self, mask: NDArray[np.bool_], data: Values) -> Compressed:
        """Return only the cells of the mask, with `data` (one for each cell before) as their values."""
        running = np.concatenate(([0], np.cumsum(mask)))
        return Compressed(self.shape, running[self.indptr], self.indices[mask], data[mask])


def check_size(shape: tuple[int, int], name: str = "X") -> None:
    """Refuse a matrix whose indices do not fit into 32 bits, as the engine stores them."""
    for size, what in zip(shape, ("rows", "columns"), strict=True):
        if size > MAX_INDEX:
            raise ValueError(
                f"{name} has {size} {what}, but at most {MAX_INDEX} (2³¹ − 1) are possible. "
                f"Number only the {what} that occur, and keep their original ids beside."
            )


def canonical(matrix: Any, name: str) -> Compressed:
    """Return the stored cells of a scipy.sparse matrix of any layout; shares its memory where it is canonical CSR.

    Entries stored more than once are summed, with a sum that does not depend on the order in which they are stored.
    An index out of range is an error here, not a crash later.
    """
    check_size(matrix.shape, name)
    _check_structure(matrix, name)
    csr = _by_rows(matrix)
    stored = int(csr.indptr[-1])
    cells = Compressed(
        (int(csr.shape[0]), int(csr.shape[1])),
        csr.indptr.astype(np.int64),
        narrowed(csr.indices[:stored]),
        csr.data[:stored],
    )
    return cells if csr.has_canonical_format else _summed(cells)


def with_dtype(matrix: Any, dtype: Any) -> Any:
    """Return a sparse matrix with its values in `dtype` and duplicates left as they are.

    SciPy's ``astype`` sums them on the way, in the order in which they are stored.
    """
    if matrix.dtype == dtype:
        return matrix
    if matrix.format in {"csr", "csc"}:
        return type(matrix)((matrix.data.astype(dtype), matrix.indices, matrix.indptr), shape=matrix.shape)
    if matrix.format == "coo":
        return type(matrix)((matrix.data.astype(dtype), matrix.coords), shape=matrix.shape)
    return matrix.astype(dtype)


def first_not_finite(values: Values) -> int | None:
    """Return the position of the first NaN or infinity of a flat array, looking at a block at a time."""
    for block in blocks(values.size):
        finite = np.isfinite(values[block])
        if not finite.all():
            return int(block.start) + int(np.argmin(finite))
    return None


def first_difference(a: Compressed, b: Compressed) -> int | None:
    """Return the first row in which two matrices of one shape store different columns, or None."""
    if a.data.size == b.data.size and np.array_equal(a.indptr, b.indptr) and np.array_equal(a.indices, b.indices):
        return None
    for row in range(a.shape[0]):
        ours, theirs = (side.indices[side.indptr[row] : side.indptr[row + 1]] for side in (a, b))
        if not np.array_equal(ours, theirs):
            return row
    return None


def _by_rows(matrix: Any) -> Any:
    """Return the matrix as CSR, sorted, duplicates not yet summed, nothing of the caller's changed."""
    if matrix.format == "coo":
        # SciPy sums duplicates on the way to CSR, unless it believes that there are none.
        matrix = coo_array((matrix.data, matrix.coords), shape=matrix.shape, copy=False)
        matrix.has_canonical_format = True
    csr = matrix.tocsr()
    # An object of our own: the flags of the caller's may be stale, and are not ours to set.
    own = csr_array((csr.data, csr.indices, csr.indptr), shape=csr.shape, copy=False)
    return own if own.has_sorted_indices else own.sorted_indices()


def _summed(cells: Compressed) -> Compressed:
    """Sum the entries of each cell, smallest first; cells are sorted, but some are stored more than once."""
    rows = np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
    first = np.ones(cells.data.size, dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]) | (cells.indices[1:] != cells.indices[:-1])
    starts, cell = np.flatnonzero(first), np.cumsum(first)
    lengths = np.diff(starts, append=first.size)
    data, several = cells.data.copy(), np.flatnonzero(np.repeat(lengths > 2, lengths))  # of two, the order is no matter
    data[several] = data[several][np.lexsort((data[several], cell[several]))]
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit comes out as inf or NaN, and is named
        sums = np.add.reduceat(data, starts)
    return Compressed(cells.shape, np.concatenate(([0], cell))[cells.indptr], cells.indices[first], sums)


def _check_structure(matrix: Any, name: str) -> None:
    if matrix.format not in {"csr", "csc"}:
        return  # the other layouts are checked by SciPy when they are made
    minor, major = ("column", "row") if matrix.format == "csr" else ("row", "column")
    length, bound = matrix.shape if matrix.format == "csr" else matrix.shape[::-1]
    if len(matrix.indptr) != length + 1:
        raise ValueError(
            f"{name} is not a valid sparse matrix: its indptr has {len(matrix.indptr)} entries, "
            f"but {length} {major}s need {length + 1}."
        )
    indptr, stored = matrix.indptr, int(matrix.indptr[-1])
    if indptr[0] != 0 or stored > min(matrix.indices.size, matrix.data.size) or (np.diff(indptr) < 0).any():
        raise ValueError(
            f"{name} is not a valid sparse matrix: its indptr does not rise from 0 to the number of cells."
        )
    indices = matrix.indices[:stored]
    if stored and (indices.min() < 0 or indices.max() >= bound):
        p = int(np.argmax((indices < 0) | (indices >= bound)))
        where = int(np.searchsorted(indptr, p, side="right")) - 1
        raise ValueError(
            f"{name} is not a valid sparse matrix: {major} {where} stores {minor} index {indices[p]}, "
            f"but {minor} indices go from 0 to {bound - 1}."
        )
