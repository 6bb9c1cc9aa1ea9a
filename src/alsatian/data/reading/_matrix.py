"""Matrices in files: MatrixMarket, and the arrays of NumPy and SciPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from alsatian.data.reading._source import Source


class Matrix(NamedTuple):
    """A matrix of users × items, the number of its first row and column, and what it was read as."""

    X: Any
    first: int
    how: str


def matrix_of(source: Source) -> Matrix:
    """Read a matrix.

    Raises
    ------
    ValueError
        Where the file holds none, or one of no numbers.
    """
    assert source.path is not None
    try:
        X, first, how = {"matrixmarket": _market, "npy": _npy, "npz": _npz}[source.kind](source.path)
    except (ValueError, OSError, EOFError, KeyError) as error:
        said = str(error).replace(str(source.path), source.name)  # which may be a temporary file
        raise ValueError(f"{source.name} cannot be read as a matrix: {said}") from error
    if getattr(X, "ndim", 0) != 2 or X.dtype.kind not in "biuf":
        raise ValueError(
            f"{source.name} holds {X.dtype} of shape {X.shape}: a matrix of users × items, in real numbers, is needed."
        )
    return Matrix(X, first, how)


def _market(path: Path) -> tuple[Any, int, str]:
    from scipy.io import mmread

    X = mmread(path, spmatrix=False)
    return X, 1, "MatrixMarket, rows and columns counted from 1"


def _npy(path: Path) -> tuple[Any, int, str]:
    return np.load(path, allow_pickle=False), 0, "an array of NumPy, rows and columns counted from 0, NaN is missing"


def _npz(path: Path) -> tuple[Any, int, str]:
    with np.load(path, allow_pickle=False) as bundle:
        names = list(bundle)
        if len(names) == 1:
            return bundle[names[0]], 0, f"the array {names[0]!r}, rows and columns counted from 0, NaN is missing"
    if "format" not in names:
        told = ", ".join(names[:5])
        raise ValueError(f"it holds {len(names)} arrays, {told}, where one, or a sparse matrix, is needed")
    from scipy.sparse import load_npz

    return load_npz(path), 0, "a sparse matrix of SciPy, rows and columns counted from 0"
