"""Scores of a fitted model: s_ij = μ + b_i + d_j + w_i·z_j, for chosen cells, for all, or for the missing ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from alsatian._engine.cells import blocks
from alsatian._engine.contract import Floats
from alsatian._engine.threads import one_blas_thread
from alsatian.models._fit import Factors
from alsatian.models._sparse import canonical

Clip = tuple[float | None, float | None] | None

_CELLS = 1 << 20  # scores computed at a time


def clipped(scores: Floats, clip: Clip) -> Floats:
    """Limit scores, in place, to the range that values can have."""
    if clip is not None:
        low, high = (None if end is None else scores.dtype.type(end) for end in clip)
        if low is not None or high is not None:
            np.clip(scores, low, high, out=scores)
    return scores


def all_scores(model: Factors, clip: Clip) -> Floats:
    """Return the m × n matrix of scores."""
    with one_blas_thread():
        scores: Floats = model.rows @ model.columns.T
    if model.mean:
        scores += scores.dtype.type(model.mean)
    if model.row_bias is not None:
        scores += model.row_bias[:, np.newaxis]
    if model.column_bias is not None:
        scores += model.column_bias
    return clipped(scores, clip)


def cell_scores(model: Factors, rows: NDArray[np.int64], columns: NDArray[np.int64], clip: Clip) -> Floats:
    """Return the scores of the cells (rows[p], columns[p]); indices are in range."""
    scores = np.empty(rows.shape, dtype=model.rows.dtype)
    for block in blocks(rows.size, max(1, _CELLS // model.rows.shape[1])):
        i, j = rows[block], columns[block]
        part = np.einsum("pk,pk->p", model.rows[i], model.columns[j])
        if model.mean:
            part += part.dtype.type(model.mean)
        if model.row_bias is not None:
            part += model.row_bias[i]
        if model.column_bias is not None:
            part += model.column_bias[j]
        scores[block] = part
    return clipped(scores, clip)


def fill(X: Floats, model: Factors, clip: Clip) -> Floats:
    """Put scores in place of every NaN of X, in place, a block of rows at a time."""
    for block in blocks(X.shape[0], max(1, _CELLS // X.shape[1])):
        missing = np.isnan(X[block])
        rows = np.flatnonzero(missing.any(axis=1)) + block.start
        if rows.size:
            bias = None if model.row_bias is None else model.row_bias[rows]
            part = Factors(model.rows[rows], model.columns, bias, model.column_bias, model.mean)
            X[block][missing] = all_scores(part, clip)[missing[rows - block.start]]
    return X


def csr_copy(X: Any) -> csr_array:
    """Return a copy of a sparse X as canonical CSR."""
    cells = canonical(X, "X")
    return csr_array((cells.data, cells.indices, cells.indptr), shape=cells.shape, copy=True)


def array_with_nan(X: Any) -> Floats:
    """Return a copy of X as an array, NaN where a sparse one stores nothing."""
    if not issparse(X):
        return np.array(X)
    cells = canonical(X, "X")
    filled = np.full(cells.shape, np.nan, dtype=cells.data.dtype)
    filled[np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr)), cells.indices] = cells.data
    return filled


def paired_indices(rows: Any, columns: Any, shape: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of cells of a matrix, in one shape.

    Raises
    ------
    TypeError, IndexError, ValueError
        As `checked_indices`; and a ValueError where they do not pair up.
    """
    i, j = checked_indices(rows, shape[0], "row"), checked_indices(columns, shape[1], "column")
    try:
        i, j = np.broadcast_arrays(i, j)
    except ValueError:
        raise ValueError(f"rows and columns must pair up, but have the shapes {i.shape} and {j.shape}.") from None
    return i, j


def checked_indices(given: Any, size: int, what: str) -> NDArray[np.int64]:
    """Return indices as int64, each within 0 … size − 1.

    Raises
    ------
    TypeError
        Where they are not integers.
    IndexError
        Where one is out of range: negative indices do not count from the end.
    ValueError
        Where one is masked.
    """
    masked: Any
    if isinstance(given, list | tuple):
        masked = [index is np.ma.masked for index in given]
    else:
        masked = np.ma.getmaskarray(given) if isinstance(given, np.ma.MaskedArray) else []
    hidden = np.flatnonzero(masked)
    if hidden.size:
        raise ValueError(
            f"{what} indices are masked at position {hidden[0]}: give indices of cells only, as by .compressed()."
        )
    indices = np.asarray(given)
    if indices.dtype.kind not in "iu" and indices.size:
        raise TypeError(f"{what} indices must be integers, got dtype {indices.dtype}.")
    outside = (indices < 0) | (indices >= size)
    if outside.any():
        first = int(np.argmax(outside.reshape(-1)))
        raise IndexError(
            f"{what} index {indices.reshape(-1)[first]} (at position {first}) is out of range: "
            f"the fitted model has {what}s 0 to {size - 1}."
        )
    return indices.astype(np.int64)
