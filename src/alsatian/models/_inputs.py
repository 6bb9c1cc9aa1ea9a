"""From the matrix and the weights that a user has to `Cells`: one form for equal data, whatever they came in.

What comes in here is a two-dimensional C-contiguous array or a scipy.sparse matrix, already of the working dtype.
The rules are: a cell of weight zero is a missing cell; weights that are all one are no weights; a matrix with every
cell observed is full; under ``absent="zero"`` a stored zero of weight one is an absent cell. An array has no absent
cells: where each of its cells counts, its zeros are taken for absent ones all the same, which is the same model and the
same bits as those of the sparse matrix.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from alsatian._engine.cells import blocks, row_counts
from alsatian._engine.contract import OBSERVED, ZERO, Cells
from alsatian._tables import shape_of
from alsatian.models._sparse import Compressed, canonical, check_size, first_difference, first_not_finite, with_dtype

Array = NDArray[Any]


class NoEntryWarning(UserWarning):
    """Some rows or columns have no observed cell: their factors, and biases, are zero."""


class _Names(Protocol):
    def __getitem__(self, position: int, /) -> Any: ...


_called: ContextVar[Mapping[str, tuple[str, _Names]] | None] = ContextVar("_called", default=None)


@contextmanager
def calling(rows: tuple[str, _Names], columns: tuple[str, _Names]) -> Iterator[None]:
    """Have warnings of a fit call rows and columns what those who fit call them: a noun, and the name of each."""
    token = _called.set({"row": rows, "column": columns})
    try:
        yield
    finally:
        _called.reset(token)


def cells_of(
    X: Any, weights: Any = None, *, absent_zero: bool = False, array_zero: bool = True, allow_full: bool = True
) -> Cells:
    """Return the observed cells of X.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (m, n)
        float32 or float64. NaN in an array is missing.
    weights : array or sparse matrix of shape (m, n), or None
        As an array: one weight a cell. Sparse: of the same sparsity as X, duplicates summed as those of X.
    absent_zero : bool
        Whether absent cells are zeros of weight one.
    array_zero : bool
        Whether that may be said of the zeros of an array too. A model fitted on an array with missing cells says no.
    allow_full : bool
        Whether a full matrix may be told as one. A model fitted on an incomplete matrix says no, so that a row is
        solved in the same way whether it comes with the others or alone.

    Raises
    ------
    ValueError
        Where X or the weights hold a value that cannot be used: says where.
    """
    check_size(X.shape)
    if issparse(X):
        return _from_sparse(canonical(X, "X"), weights, absent_zero, allow_full)
    return _from_dense(X, weights, absent_zero and array_zero, allow_full)


def refuse_weights_as_y(X: Any, y: Any) -> None:
    """Refuse a y of the shape of X: these are weights given by position, which would have no say.

    One column passes: scikit-learn hands on targets of that shape, of no meaning here.
    """
    shape = shape_of(y)
    if len(shape) == 2 and shape[1] > 1 and shape == shape_of(X):
        raise ValueError(
            f"y has the shape of X, {shape}, and would be ignored: y is there for scikit-learn's sake alone. If these "
            "are weights, pass weights=... by name; if not, leave them out."
        )


def check_some_cell(cells: Cells) -> None:
    """Refuse to fit a matrix in which nothing is observed."""
    size = cells.shape[0] * cells.shape[1]
    absent = size - cells.values.size if cells.absent_zero else 0
    counts = cells.values.size if cells.weights is None else np.count_nonzero(cells.weights)
    if absent + counts == 0:
        raise ValueError(
            f"X of shape {cells.shape} has no observed cell: every cell is absent, NaN or of weight zero. "
            "There is nothing to fit."
        )


def warn_of_empty(rows: Cells, columns: Cells | None = None) -> None:
    """Warn once, at the line of the user's, where rows, or columns, have no observed cell."""
    sides = [(side, what) for side, what in ((rows, "row"), (columns, "column")) if side is not None]
    found = [_empty(side, what) for side, what in sides]
    told = " and ".join(text for text in found if text)
    if told:
        message = f"{told} without an observed cell: zero factors and zero bias there."
        warnings.warn(message, NoEntryWarning, stacklevel=level_of_the_user())


def level_of_the_user() -> int:
    """Count the frames up from our caller to the first that is neither ours nor of scikit-learn, which wraps us."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] in {"alsatian", "sklearn"}:
        level, frame = level + 1, frame.f_back
    return level


def _empty(side: Cells, what: str) -> str:
    counts = row_counts(side)
    if isinstance(counts, int):
        return ""
    empty = np.flatnonzero(counts == 0)
    if empty.size == 0:
        return ""
    first = int(empty[0])
    called = _called.get()
    noun, name = (what, str(first)) if called is None else (called[what][0], repr(called[what][1][first]))
    return f"{empty.size} {noun}{'s' if empty.size > 1 else ''} (first: {noun} {name})"


def _from_sparse(x: Compressed, weights: Any, absent_zero: bool, allow_full: bool) -> Cells:
    check_stored(x)
    if weights is None:
        return _tidy(x, None, absent_zero, allow_full)
    if issparse(weights):
        return _tidy(x, _weights_of_sparsity(weights, x), absent_zero, allow_full)
    W = _dense_weights(weights, x.shape, x.data.dtype)
    if absent_zero:  # then a weight of an absent cell counts too: that cell is an observed zero
        dense = np.zeros(x.shape, dtype=x.data.dtype)
        dense[_rows_of(x), x.indices] = x.data
        x = _gather(dense, False, False)
    return _tidy(x, _weights_at(W, x), absent_zero, allow_full)


def _from_dense(X: Array, weights: Any, absent_zero: bool, allow_full: bool) -> Cells:
    missing = check_dense(X)
    if weights is None:
        absent_zero = absent_zero and not missing
        if allow_full and not missing and not (absent_zero and (X == 0).any()):
            return Cells(X.shape, None, None, X)
        return _tidy(_gather(X, missing, absent_zero), None, absent_zero, allow_full)
    x = _gather(X, missing, False)
    if issparse(weights):
        c = _weights_of_sparsity(weights, x)
    else:
        c = _weights_at(_dense_weights(weights, X.shape, X.dtype), x)
    return _tidy(x, c, absent_zero and not missing and bool(c.all()), allow_full)


def _tidy(x: Compressed, c: Array | None, absent_zero: bool, allow_full: bool) -> Cells:
    """Bring checked cells to the one form that equal data have."""
    if c is not None:
        mask = (x.data != 0) | (c != 1) if absent_zero else c > 0
        if not mask.all():
            x, c = x.keep(mask, x.data), c[mask]
        c = None if (c == 1).all() else c
    elif absent_zero and not x.data.all():
        x = x.keep(x.data != 0, x.data)
    if c is None and x.full and allow_full:
        return Cells(x.shape, None, None, np.ascontiguousarray(x.data).reshape(x.shape))
    return Cells(x.shape, x.indptr, x.indices, x.data, c, ZERO if absent_zero else OBSERVED)


def _gather(X: Array, missing: bool, drop_zeros: bool) -> Compressed:
    """Collect the cells of an array that are not NaN (nor zero, if asked), a block of rows at a time."""
    m, n = X.shape

    def wanted(block: slice) -> NDArray[np.bool_]:
        mask = ~np.isnan(X[block]) if missing else np.ones(X[block].shape, dtype=bool)
        return mask & (X[block] != 0) if drop_zeros else mask

    parts = list(blocks(m, max(1, (1 << 18) // n)))
    counts = np.concatenate([[0], *(wanted(block).sum(axis=1) for block in parts)])
    indptr = np.cumsum(counts, dtype=np.int64)
    indices, data = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=X.dtype)
    for block in parts:
        mask, span = wanted(block), slice(indptr[block.start], indptr[block.stop])
        indices[span], data[span] = np.nonzero(mask)[1], X[block][mask]
    return Compressed((m, n), indptr, indices, data)


def _rows_of(x: Compressed) -> NDArray[np.int64]:
    return np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))


def _weights_at(W: Array, x: Compressed) -> Array:
    c: Array = W[_rows_of(x), x.indices]
    return c


def _weights_of_sparsity(weights: Any, x: Compressed) -> Array:
    _check_weight_shape(weights, x.shape)
    given = canonical(weights, "weights")
    w = given if given.data.dtype == x.data.dtype else canonical(with_dtype(weights, x.data.dtype), "weights")
    row = first_difference(w, x)
    if row is not None:
        raise ValueError(
            f"weights must store the same cells as X: weights has {w.data.size} and X {x.data.size} of them, "
            f"and they first differ in row {row}. Give the weights as an array to weight each cell by its place."
        )
    _check_weight_values(w.data, given.data, w.position)
    return w.data


def _dense_weights(weights: Any, shape: tuple[int, int], dtype: Any) -> Array:
    given = np.ascontiguousarray(weights)
    _check_weight_shape(given, shape)
    with np.errstate(over="ignore"):  # what does not fit comes out as inf, and is named
        W = given.astype(dtype, copy=False)
    _check_weight_values(W.reshape(-1), given.reshape(-1), lambda p: divmod(p, shape[1]))
    return W


def _check_weight_shape(weights: Any, shape: tuple[int, int]) -> None:
    if tuple(weights.shape) != tuple(shape):
        raise ValueError(f"weights must have the shape of X, one weight a cell: got {weights.shape}, X has {shape}.")


def _check_weight_values(flat: Array, given: Array, position: Any) -> None:
    """Check weights in the working precision, which a weight that is finite and positive as given may be lost in."""
    for block in blocks(flat.size):
        good = np.isfinite(flat[block]) & (flat[block] >= 0) & ((flat[block] > 0) | (given[block] == 0))
        if not good.all():
            p = block.start + int(np.argmin(good))
            row, column = position(p)
            what = f"weights holds {given[p]} in row {row}, column {column}"
            if 0 < given[p] < np.inf:
                raise ValueError(
                    f"{what}, which is {flat[p]} in {flat.dtype}. Multiply all weights by one number, and reg too, or "
                    "fit with dtype='float64'."
                )
            raise ValueError(f"{what}: a weight must be a finite number >= 0. Use 0 for a cell that is to be left out.")


def check_stored(x: Compressed, advice: str = "Leave the cell out of a sparse X where its value is missing.") -> None:
    """Refuse a stored value that is not finite; `advice` says what to do about it."""
    p = first_not_finite(x.data)
    if p is not None:
        row, column = x.position(p)
        raise ValueError(
            f"X stores {x.data[p]} in row {row}, column {column}: stored values must be finite (neither NaN nor inf). "
            f"{advice}"
        )


def check_dense(X: Array) -> bool:
    """Return whether any cell is NaN; refuse an infinite one."""
    missing, flat = False, X.reshape(-1)
    for block in blocks(flat.size):
        if np.isfinite(flat[block]).all():
            continue
        missing = True
        infinite = np.isinf(flat[block])
        if infinite.any():
            row, column = divmod(block.start + int(np.argmax(infinite)), X.shape[1])
            raise ValueError(
                f"X holds {X[row, column]} in row {row}, column {column}: values must be finite (not inf), "
                "or NaN where one is missing."
            )
    return missing
