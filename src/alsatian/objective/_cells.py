"""Reading a matrix, dense or sparse, into the list of its observed cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Vector = NDArray[np.float64]


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

    def counts(self) -> tuple[Vector, Vector]:
        """Count the cells of positive weight, by row and by column."""
        m, n = self.shape
        counted = self.c > 0
        by_row = np.bincount(self.rows[counted], minlength=m)
        by_column = np.bincount(self.indices[counted], minlength=n)
        return by_row.astype(np.float64), by_column.astype(np.float64)


def read_cells(X: Any, weights: Any, *, implicit: bool) -> Omega:
    """Check X and its weights and list the observed cells, in float64; the inputs are never modified.

    Observed is every cell that is stored (sparse) or not NaN (dense); where `implicit`, every cell that is not zero.
    """
    if np.iscomplexobj(X):
        raise ValueError("X is complex; the objective is defined for real numbers")
    return _read_sparse(X, weights, implicit) if sparse.issparse(X) else _read_dense(X, weights, implicit)


def _read_dense(X: Any, weights: Any, implicit: bool) -> Omega:
    x = np.asarray(X, dtype=np.float64)
    if x.ndim != 2:
        raise ValueError(f"X must be a matrix of two dimensions; got an array of shape {x.shape}")
    refused = ~np.isfinite(x) if implicit else np.isinf(x)
    if refused.any():
        i, j = np.argwhere(refused)[0]
        _refuse_value(x[i, j], i, j, implicit)
    observed = x != 0 if implicit else ~np.isnan(x)
    c = np.ones_like(x) if weights is None else _dense_weights(weights, x.shape)
    indptr = np.concatenate([[0], np.cumsum(observed.sum(axis=1))])
    return Omega((x.shape[0], x.shape[1]), indptr, np.nonzero(observed)[1], x[observed], c[observed])


def _dense_weights(weights: Any, shape: tuple[int, ...]) -> Vector:
    if sparse.issparse(weights):
        raise ValueError("X is dense but weights is sparse; give weights as a dense array of the shape of X")
    c = np.asarray(weights, dtype=np.float64)
    if c.shape != shape:
        raise ValueError(f"weights has shape {c.shape}, but X has shape {shape}; give one weight for each cell of X")
    bad = ~(np.isfinite(c) & (c >= 0))
    if bad.any():
        i, j = np.argwhere(bad)[0]
        _refuse_weight(c[i, j], i, j)
    return c


def _read_sparse(X: Any, weights: Any, implicit: bool) -> Omega:
    csr = _canonical(X, "X")
    bad = np.flatnonzero(~np.isfinite(csr.data))
    if bad.size:
        _refuse_value(csr.data[bad[0]], *_place(csr, bad[0]), implicit)
    c = np.ones_like(csr.data) if weights is None else _sparse_weights(weights, csr)
    if implicit:  # which takes no weights, so that c stays all ones
        csr.eliminate_zeros()
        c = np.ones_like(csr.data)
    return Omega((csr.shape[0], csr.shape[1]), csr.indptr, csr.indices, csr.data, c)


def _sparse_weights(weights: Any, x: Any) -> Vector:
    if not sparse.issparse(weights):
        raise ValueError("X is sparse but weights is not; give weights as a sparse matrix with the stored cells of X")
    c = _canonical(weights, "weights")
    if c.shape != x.shape:
        raise ValueError(
            f"weights has shape {c.shape}, but X has shape {x.shape}; give one weight for each stored cell"
        )
    if not (np.array_equal(c.indptr, x.indptr) and np.array_equal(c.indices, x.indices)):
        raise ValueError(
            f"weights has another sparsity than X ({c.nnz} stored cells against {x.nnz}, or other places); "
            "store a weight for each stored cell of X and for no other (a weight of zero must be stored too)"
        )
    bad = np.flatnonzero(~(np.isfinite(c.data) & (c.data >= 0)))
    if bad.size:
        _refuse_weight(c.data[bad[0]], *_place(c, bad[0]))
    return np.asarray(c.data, dtype=np.float64)


def _canonical(matrix: Any, name: str) -> Any:
    """Copy a sparse matrix of any format into float64 CSR, sorted and with duplicates summed."""
    if len(matrix.shape) != 2:
        raise ValueError(f"{name} must be a matrix of two dimensions; got a sparse array of shape {matrix.shape}")
    # float64 comes before the sum, so that duplicates of a narrow type (uint8, bool) cannot overflow
    csr = sparse.csr_array(matrix.astype(np.float64), copy=True)
    csr.sum_duplicates()
    return csr


def _place(csr: Any, position: int) -> tuple[int, int]:
    row = int(np.searchsorted(csr.indptr, position, side="right")) - 1
    return row, int(csr.indices[position])


def _refuse_value(value: float, row: int, column: int, implicit: bool) -> NoReturn:
    advice = (
        "an implicit objective has no missing cells: use 0" if implicit else "use NaN in a dense X, or do not store it"
    )
    raise ValueError(f"X has the value {value} at row {row}, column {column}; for an unknown cell, {advice}")


def _refuse_weight(value: float, row: int, column: int) -> NoReturn:
    raise ValueError(f"weights has the value {value} at row {row}, column {column}; weights must be finite and >= 0")
