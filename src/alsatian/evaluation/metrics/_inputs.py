"""Lists, relevant items and numbers as they come, checked and in the one form that the metrics read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, issparse

from alsatian.data.interactions import Interactions

Array = NDArray[Any]


def unmasked(values: Any, what: str) -> Array:
    """Return an array; refuse one of which cells are masked, as NumPy would hand on what is under the mask."""
    masked = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    if masked is not None and masked.any():
        at = tuple(int(i) for i in np.argwhere(masked)[0])
        raise ValueError(
            f"{what} is masked at {at[0] if len(at) == 1 else at}, and in {np.count_nonzero(masked)} cells in all: "
            "leave them out, so that it is seen how many are judged."
        )
    try:
        return np.asarray(values)
    except ValueError:  # NumPy speaks of an inhomogeneous shape
        raise ValueError(f"{what} is no array: {_uneven(values, what)}.") from None


def _uneven(values: Any, what: str) -> str:
    """Say where a list of lists has another length than the first."""
    sizes = [len(row) if hasattr(row, "__len__") else None for row in values]
    at = next((i for i, size in enumerate(sizes) if size != sizes[0]), 0)
    told = ["is a single value" if size is None else f"has {size} entries" for size in (sizes[0], sizes[at])]
    if at == 0:
        return "it holds lists of several lengths"
    fill = ". Lists of several lengths are filled up with -1" if what == "lists" else ""
    return f"{what}[0] {told[0]}, and {what}[{at}] {told[1]}{fill}"


def int32_lists(lists: ArrayLike) -> NDArray[np.int32]:
    """Return lists as a C-contiguous int32 array of shape (q, n), with nothing changed on the way."""
    array = unmasked(lists, "lists")
    if array.ndim != 2:
        raise ValueError(
            f"lists must have the shape (users, places), got an array of shape {array.shape}. One list alone is "
            "[list]; lists of several lengths are filled up with -1."
        )
    if array.size == 0:
        return np.empty(array.shape, dtype=np.int32)
    if array.dtype.kind not in "iu":
        raise TypeError(f"lists hold the positions of items, which are integers, got {array.dtype}.")
    limits = np.iinfo(np.int32)
    if array.dtype != np.int32 and (array.min() < limits.min or array.max() > limits.max):
        row, place = np.argwhere((array < limits.min) | (array > limits.max))[0]
        raise IndexError(f"item {array[row, place]} in row {row}, place {place} is out of range.")
    return np.ascontiguousarray(array, dtype=np.int32)


def matrix_of(cells: Any, what: str) -> csr_array[Any]:
    """Return interactions, a sparse matrix or an array as a canonical CSR of finite float32 or float64 values."""
    if isinstance(cells, Interactions):
        return cells.csr
    if not issparse(cells):
        cells = unmasked(cells, what)
        if cells.ndim != 2 or cells.dtype.kind not in "biuf":
            raise TypeError(
                f"{what} must be Interactions, or a matrix of users × items: got an array of {cells.dtype} of shape "
                f"{cells.shape}."
            )
    matrix = csr_array(cells)
    if matrix.dtype not in (np.float32, np.float64):
        matrix = matrix.astype(np.float64)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    if not np.isfinite(matrix.data).all():
        at = int(np.argmin(np.isfinite(matrix.data)))
        row = int(np.searchsorted(matrix.indptr, at, side="right")) - 1
        raise ValueError(f"{what} has the value {matrix.data[at]} in row {row}, column {matrix.indices[at]}.")
    return matrix


def rows_of(matrix: csr_array[Any], users: ArrayLike | None, number: int, what: str) -> csr_array[Any]:
    """Return the rows that belong to `number` lists: those of the positions `users`, or all of them."""
    if users is None:
        if matrix.shape[0] != number:
            raise ValueError(
                f"there are {number} lists, but {what} has {matrix.shape[0]} rows. Where the lists are those of some "
                "users only, users= says whose they are."
            )
        return matrix
    positions = unmasked(users, "users")
    if positions.shape != (number,) or (positions.size and positions.dtype.kind not in "iu"):
        raise ValueError(
            f"users must be the row of {what} for each of the {number} lists, got {positions.dtype} of shape "
            f"{positions.shape}."
        )
    outside = (positions < 0) | (positions >= matrix.shape[0])
    if outside.any():
        at = int(np.argmax(outside))
        raise IndexError(f"users[{at}] = {positions[at]} is out of range: {what} has {matrix.shape[0]} rows.")
    return csr_array(matrix[positions.astype(np.intp)])


def item_lists(matrix: csr_array[Any]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the structure of a canonical CSR as the engine takes it."""
    return matrix.indptr.astype(np.int64, copy=False), matrix.indices.astype(np.int32, copy=False)


def real_numbers(values: ArrayLike, what: str, size: int | None = None) -> NDArray[np.float64]:
    """Return a one-dimensional array of finite numbers in float64."""
    array = unmasked(values, what)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "biuf"):
        raise TypeError(f"{what} must be a one-dimensional array of numbers, got {array.dtype} of shape {array.shape}.")
    if size is not None and array.size != size:
        raise ValueError(f"{what} must have {size} entries, one a cell, got {array.size}.")
    array = array.astype(np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        at = int(np.argmin(finite))
        raise ValueError(
            f"{what}[{at}] is {array[at]}; {np.count_nonzero(~finite)} of {array.size} are not finite. No error can be "
            "computed from them, and leaving them out would make it look smaller than it is."
        )
    return array
