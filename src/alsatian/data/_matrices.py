"""The cells of a matrix, dense or sparse, as rows that can be made canonical."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from alsatian.data._cells import MAX_INDEX, Rows, StoredCells, canonical
from alsatian.data._values import numbers

Array = NDArray[Any]


def cells_of_matrix(X: Any, weights: Any, dtype: Any) -> StoredCells:
    """Return the cells of a matrix: those stored if it is sparse, those neither NaN nor masked if it is not.

    Duplicated entries are summed, after their conversion to `dtype`.

    Raises
    ------
    ValueError
        Where X, or the weights, hold what cannot be used: says where.
    """
    rows = _entries(X, "X")
    values = _checked(rows, dtype, "X")
    if weights is None:
        return _summed(rows._replace(values=values))
    if issparse(weights):
        cells = _summed(rows._replace(values=values))
        return cells._replace(weights=_weights_of_sparsity(weights, cells, dtype))
    W = np.ma.filled(np.ma.asanyarray(weights), 0) if isinstance(weights, np.ma.MaskedArray) else np.asarray(weights)
    _check_shape(W.shape, rows.shape)
    cells = _summed(rows._replace(values=values))
    c = W[cells.rows, cells.indices]
    return cells._replace(weights=_checked(rows._replace(values=c, rows=cells.rows, columns=cells.indices), dtype))


def _summed(rows: Rows) -> StoredCells:
    cells = canonical(rows, "sum")
    bad = ~np.isfinite(cells.values)
    if bad.any():
        row, column = cells.position(int(np.argmax(bad)))
        raise ValueError(
            f"the entries of X in row {row}, column {column} sum to more than {cells.values.dtype} can hold."
        )
    return cells


def _checked(rows: Rows, dtype: Any, what: str = "weights") -> Array:
    def place(p: int) -> str:
        return f"row {rows.rows[p]}, column {rows.columns[p]}"

    if what == "weights":
        return numbers(rows.values, dtype, what, place, least=0, cure="Use 0 for a cell that is not to count.")
    return numbers(rows.values, dtype, what, place, cure="A cell whose value is missing is one that is not there.")


def _entries(X: Any, name: str) -> Rows:
    if issparse(X):
        return _stored_entries(X, name)
    missing = np.ma.getmaskarray(X) if isinstance(X, np.ma.MaskedArray) else None
    values = np.asarray(X)
    if values.ndim != 2:
        raise ValueError(f"{name} must have two dimensions, one row a user and one column an item: got {values.shape}.")
    _check_size(values.shape, name)
    if values.dtype.kind == "f":
        missing = np.isnan(values) if missing is None else missing | np.isnan(values)
    present = np.ones(values.shape, dtype=bool) if missing is None else ~missing
    rows, columns = np.nonzero(present)
    return Rows((values.shape[0], values.shape[1]), rows, columns, values[present])


def _stored_entries(X: Any, name: str) -> Rows:
    if X.ndim != 2:
        raise ValueError(f"{name} must have two dimensions, one row a user and one column an item: got {X.shape}.")
    _check_size(X.shape, name)
    if X.format in ("csr", "csc", "bsr"):
        # SciPy trusts index arrays, and reads and writes where they point. On a copy: the check may cut arrays off.
        try:
            X = type(X)((X.data, X.indices, X.indptr), shape=X.shape, copy=False)
            X.check_format(full_check=True)
        except ValueError as error:
            raise ValueError(f"{name} is not a valid sparse matrix: {error}.") from error
    entries = X.tocoo()
    rows, columns = entries.coords if hasattr(entries, "coords") else (entries.row, entries.col)
    for positions, size, what in ((rows, X.shape[0], "row"), (columns, X.shape[1], "column")):
        outside = (positions < 0) | (positions >= size)
        if outside.any():
            bad = positions[int(np.argmax(outside))]
            raise ValueError(f"{name} is not a valid sparse matrix: {what} index {bad} is not in 0 … {size - 1}.")
    return Rows((int(X.shape[0]), int(X.shape[1])), rows, columns, entries.data)


def _check_size(shape: tuple[int, ...], name: str) -> None:
    if max(shape) > MAX_INDEX:
        raise ValueError(
            f"{name} has the shape {shape}, but at most {MAX_INDEX} (2³¹ − 1) rows and columns are possible."
        )


def _check_shape(shape: tuple[int, ...], wanted: tuple[int, int]) -> None:
    if tuple(shape) != wanted:
        raise ValueError(f"weights must have the shape of X, one weight a cell: got {tuple(shape)}, X has {wanted}.")


def _weights_of_sparsity(weights: Any, cells: StoredCells, dtype: Any) -> Array:
    _check_shape(weights.shape, cells.shape)
    rows = _entries(weights, "weights")
    w = canonical(rows._replace(values=_checked(rows, dtype)), "sum")
    if not (np.array_equal(w.indptr, cells.indptr) and np.array_equal(w.indices, cells.indices)):
        ours, theirs = (set(zip(c.rows.tolist(), c.indices.tolist(), strict=True)) for c in (cells, w))
        row, column = min(ours ^ theirs)
        where, lacks = ("X", "weights") if (row, column) in ours else ("weights", "X")
        raise ValueError(
            f"weights must store the same cells as X: {where} stores row {row}, column {column}, {lacks} does not. "
            "Give the weights as an array to weight each cell by its place."
        )
    return w.values
