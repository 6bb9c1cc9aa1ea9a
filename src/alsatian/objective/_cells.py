"""Reading a matrix, dense or sparse, into the list of its observed cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from alsatian._tables import plain, plain_weights

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Omega:
    """The observed cells Ω of a matrix, row by row, sorted and unique, with the value x and the weight c of each."""

    shape: tuple[int, int]
    indptr: NDArray[np.integer[Any]]
    indices: NDArray[np.integer[Any]]
    x: Vector
    c: Vector

    @property
    def rows(self) -> NDArray[np.intp]:
        """The row of each cell; `indices` is its column."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))

    def place(self, position: int) -> tuple[int, int]:
        """Return row and column of the cell at a position of `x`."""
        return int(np.searchsorted(self.indptr, position, side="right")) - 1, int(self.indices[position])

    def counts(self) -> tuple[Vector, Vector]:
        """Count the cells of positive weight, by row and by column."""
        m, n = self.shape
        counted = self.c > 0
        by_row = np.bincount(self.rows[counted], minlength=m)
        by_column = np.bincount(self.indices[counted], minlength=n)
        return by_row.astype(np.float64), by_column.astype(np.float64)


def read_cells(X: Any, weights: Any, *, implicit: bool, absent_zero: bool) -> Omega:
    """Check X and its weights and list the observed cells, in float64; the inputs are never modified.

    Observed is every cell that is stored (sparse) or not NaN (dense); where `implicit`, every cell that is not zero;
    where `absent_zero`, also every cell that a sparse X does not store but dense weights do not weigh by one.
    """
    weights, X = plain_weights(weights, X), plain(X, "X")
    omega = _read_sparse(X, implicit) if sparse.issparse(X) else _read_dense(X, implicit)
    if weights is None:
        return omega
    if sparse.issparse(weights):
        return replace(omega, c=_sparse_weights(weights, omega))
    c = _dense_weights(weights, omega.shape)
    if absent_zero and sparse.issparse(X):
        omega = _with_zeros(omega, c != 1)
    return replace(omega, c=c[omega.rows, omega.indices])


def _read_dense(X: Any, implicit: bool) -> Omega:
    x = np.asarray(X, dtype=np.float64)
    if x.ndim != 2:
        raise ValueError(f"X must be a matrix of two dimensions; got an array of shape {x.shape}")
    refused = ~np.isfinite(x) if implicit else np.isinf(x)
    if refused.any():
        i, j = np.argwhere(refused)[0]
        _refuse_value(x[i, j], i, j, implicit)
    observed = x != 0 if implicit else ~np.isnan(x)
    return _omega((x.shape[0], x.shape[1]), np.nonzero(observed), x[observed])


def _read_sparse(X: Any, implicit: bool) -> Omega:
    omega = _stored(X, "X")
    bad = np.flatnonzero(~np.isfinite(omega.x))
    if bad.size:
        _refuse_value(omega.x[bad[0]], *omega.place(bad[0]), implicit)
    if not implicit:
        return omega
    kept = omega.x != 0
    return _omega(omega.shape, (omega.rows[kept], omega.indices[kept]), omega.x[kept])


def _with_zeros(omega: Omega, also: NDArray[np.bool_]) -> Omega:
    """Add cells of value zero, wherever `also` says so and no cell is stored."""
    x = np.zeros(omega.shape)
    x[omega.rows, omega.indices] = omega.x
    also[omega.rows, omega.indices] = True
    return _omega(omega.shape, np.nonzero(also), x[also])


def _dense_weights(weights: Any, shape: tuple[int, int]) -> Matrix:
    c = np.asarray(weights, dtype=np.float64)
    if c.shape != shape:
        raise ValueError(f"weights has shape {c.shape}, but X has shape {shape}; give one weight for each cell of X")
    bad = ~(np.isfinite(c) & (c >= 0))
    if bad.any():
        i, j = np.argwhere(bad)[0]
        _refuse_weight(c[i, j], i, j)
    return c


def _sparse_weights(weights: Any, omega: Omega) -> Vector:
    c = _stored(weights, "weights")
    if c.shape != omega.shape:
        raise ValueError(
            f"weights has shape {c.shape}, but X has shape {omega.shape}; give one weight for each cell of X"
        )
    if not (np.array_equal(c.indptr, omega.indptr) and np.array_equal(c.indices, omega.indices)):
        raise ValueError(
            f"weights has another sparsity than X ({c.x.size} stored cells against {omega.x.size} observed ones, or in "
            "other places); store a weight for each observed cell of X and for no other (a weight of zero must be "
            "stored too), or give the weights as a dense array"
        )
    bad = np.flatnonzero(~(np.isfinite(c.x) & (c.x >= 0)))
    if bad.size:
        _refuse_weight(c.x[bad[0]], *c.place(bad[0]))
    return c.x


def _stored(matrix: Any, name: str) -> Omega:
    """List the stored cells of a sparse matrix of any format, in float64, duplicates summed."""
    coo = matrix.tocoo()
    i, j = (index.astype(np.int64) for index in coo.coords)
    x = coo.data.astype(np.float64)  # before the sum, so that duplicates of a narrow type (uint8, bool) cannot overflow
    cell = i * coo.shape[1] + j
    if np.any(cell[1:] <= cell[:-1]):
        # Duplicates are summed from the smallest value up, so that the order in which they are stored does not matter.
        order = np.lexsort((x, cell))
        i, j, x, cell = i[order], j[order], x[order], cell[order]
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        i, j, x = i[first], j[first], np.add.reduceat(x, first)
    return _omega((coo.shape[0], coo.shape[1]), (i, j), x)


def _omega(shape: tuple[int, int], places: tuple[NDArray[Any], ...], x: Vector) -> Omega:
    """Compress the rows of cells, given by their rows and columns and sorted; each has weight one."""
    rows, columns = places
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])
    return Omega(shape, indptr, columns, x, np.ones_like(x))


def _refuse_value(value: float, row: int, column: int, implicit: bool) -> NoReturn:
    advice = (
        "an implicit objective has no missing cells: use 0" if implicit else "use NaN in a dense X, or do not store it"
    )
    raise ValueError(f"X has the value {value} at row {row}, column {column}; for an unknown cell, {advice}")


def _refuse_weight(value: float, row: int, column: int) -> NoReturn:
    raise ValueError(f"weights has the value {value} at row {row}, column {column}; weights must be finite and >= 0")
