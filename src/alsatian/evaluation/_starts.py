"""Where a fit may start: the column factors of another fit, brought to another rank.

With D_w = diag(count^½) and D_z likewise, a solution has D_w W (D_z Z)ᵀ = U S Vᵀ, an SVD that is found from two k × k
matrices. Its first r parts are the best of rank r near this one, in the sense that weights a cell by how well its row
and its column are observed. Each part is divided evenly: D_z Z = V S^½.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.threads import one_blas_thread

Array = NDArray[Any]

_NOTHING = 1e-10  # of the largest eigenvalue: what is less is rounding
_PADDED = 0.3  # size of a component that is added, of the mean of those that are there


class Start(NamedTuple):
    """Column factors of a fit, what brings them to another rank, and the column bias.

    Attributes
    ----------
    columns : array of shape (n, k)
        Z.
    singular_values : float64 array of shape (k,)
        S, falling.
    turn : float64 array of shape (k, k)
        T with D_z Z T = V S^½.
    bias : array of shape (n,) or None
    """

    columns: Array
    singular_values: Array
    turn: Array
    bias: Array | None


def start_of(factors: Any, counts: tuple[Array, Array]) -> Start:
    """Return a copy of what is worth keeping of the factors of a fit."""
    with one_blas_thread():  # the matrices are small, and threads that wait for one another are no help
        row_root, _ = _root(_gram(factors.rows, counts[0]))
        column_root, to_orthogonal = _root(_gram(factors.columns, counts[1]))
        _, s, vt = np.linalg.svd(row_root @ column_root.T)
        turn = to_orthogonal @ (vt.T * np.sqrt(s))
    bias = None if factors.column_bias is None else factors.column_bias.copy()
    return Start(factors.columns.copy(), s, turn, bias)


def resized(columns: Array, turn: Array | None, k: int, rng: np.random.Generator) -> Array:
    """Return column factors of rank k: the first k parts of the SVD, or all there are and small random ones."""
    have = columns.shape[1]
    if k == have:
        return columns
    dtype = columns.dtype
    if k < have:
        assert turn is not None
        with one_blas_thread():
            kept: Array = (columns @ turn[:, :k].astype(dtype)).astype(dtype, copy=False)
        return kept
    size = _PADDED * float(np.sqrt(np.mean(np.square(columns, dtype=np.float64)))) or _PADDED
    added = size * rng.standard_normal((len(columns), k - have))
    return np.hstack([columns, added.astype(dtype)])


def ladder(have: int, k: int) -> list[int]:
    """Return the ranks on the way from one to a larger one, doubled each time, the last one included.

    Examples
    --------
    >>> ladder(8, 40), ladder(8, 12), ladder(40, 8)
    ([16, 32, 40], [12], [8])
    """
    steps = []
    while 2 * have < k:
        have *= 2
        steps.append(have)
    return [*steps, k]


def _gram(side: Array, count: Array) -> Array:
    wide = side.astype(np.float64)
    gram: Array = (wide * count[:, np.newaxis]).T @ wide
    return gram


def _root(gram: Array) -> tuple[Array, Array]:
    """Return B with BᵀB = the matrix, and the pseudo-inverse of B."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > _NOTHING * max(values[-1], 0.0)
    root = np.sqrt(np.where(kept, values, 0.0))
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=kept)
    return root[:, np.newaxis] * vectors.T, vectors * inverse
