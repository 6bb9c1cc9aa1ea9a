"""What becomes of a matrix on its way from another library to ours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse


def csr_copy(X: Any) -> csr_array:
    """Return X in CSR form with sorted cells, equal ones summed and stored zeros kept, in arrays of its own."""
    numbers: Any = X if issparse(X) else np.asarray(X)
    if numbers.dtype.kind not in "biuf":
        raise ValueError(f"X must hold numbers, but is of {numbers.dtype}.")
    if numbers.ndim != 2:
        raise ValueError(f"X must have two dimensions, but has the shape {numbers.shape}.")
    dtype: Any = np.float32 if numbers.dtype == np.float32 else np.float64
    cells: csr_array = csr_array(numbers, dtype=dtype, copy=True)
    cells.sum_duplicates()
    return cells


def with_values(cells: csr_array, values: NDArray[Any]) -> csr_array:
    """Return a matrix that stores these values in the same cells."""
    return csr_array((values, cells.indices.copy(), cells.indptr.copy()), shape=cells.shape)


def refuse_where(cells: csr_array, bad: NDArray[np.bool_], why: str) -> None:
    """Raise an error that names the first stored cell that is bad, if one is."""
    if bad.any():
        p = int(np.argmax(bad))
        row = int(np.searchsorted(cells.indptr, p, side="right")) - 1
        raise ValueError(f"X stores {cells.data[p]} in row {row}, column {cells.indices[p]}: {why}")


def unchanged(X: Any) -> tuple[Any, dict[str, Any]]:
    """Return X as it is, and no keywords."""
    return X, {}


def positive_only(X: Any, zeros: str, negatives: str) -> tuple[Any, dict[str, Any]]:
    """Return X as it is, if it is sparse, holds no negative value and stores no zero; refuse it with a reason if not.

    An empty reason lets that kind of value pass.
    """
    cells = csr_copy(X)
    if negatives:
        refuse_where(cells, cells.data < 0, negatives)
    if zeros:
        refuse_where(cells, cells.data == 0, zeros)
    return X, {}
