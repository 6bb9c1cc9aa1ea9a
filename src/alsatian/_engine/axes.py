"""Turning a model to axes in which row systems are nearly diagonal, for solvers that improve rows.

For an orthogonal V, (W V)(Z V)ᵀ = W Zᵀ, and the lengths of all rows stay what they are: scores, ridges and biases do
not change. Two half-steps in turned axes are the two half-steps, turned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import _core
from alsatian._engine.contract import Cells, Floats
from alsatian._engine.threads import one_blas_thread

_BLOCK = 1 << 20  # cells whose weights are laid out at a time


def cell_weights(cells: Cells) -> NDArray[np.float64]:
    """Return Σ_j max(0, q_ij) of each row: how much its cells weigh in the sums of the other side."""
    rows, columns = cells.shape
    if cells.indptr is None:
        return np.full(rows, float(columns))
    if cells.weights is None and cells.rule.alpha == 0:
        return np.diff(cells.indptr) * max(0.0, 1.0 - cells.rule.less)
    totals = np.zeros(rows)
    lengths = np.diff(cells.indptr)
    for start in range(0, int(cells.indptr[-1]), _BLOCK):
        span = slice(start, min(start + _BLOCK, int(cells.indptr[-1])))
        c, _ = cells.weighed(span)
        first, last = np.searchsorted(cells.indptr, [span.start, span.stop - 1], side="right") - 1
        parts = lengths[first : last + 1].copy()
        parts[0] = min(cells.indptr[first + 1], span.stop) - span.start
        if last > first:
            parts[-1] = span.stop - cells.indptr[last]
        rows_of = np.repeat(np.arange(first, last + 1), parts)
        totals += np.bincount(rows_of, weights=np.maximum(0.0, c - cells.rule.less), minlength=rows)
    return totals


def align(
    fixed: Floats, other: Floats, weights: NDArray[np.float64], *, gram_weight: float, n_jobs: int = 1
) -> NDArray[np.float64]:
    """Turn both sides to the principal axes of the fixed one, in place, and return what its cells are like there.

    With α₀ > 0 these are the eigenvectors of ZᵀZ, so that the part of A that all rows share becomes diagonal; with
    α₀ = 0 those of C̄ = Σ ω_j z_j z_jᵀ / Σ ω_j, so that A does on average.

    Parameters
    ----------
    fixed, other : arrays of shape (n, k) and (m, k)
        Z and W; changed together, so that there is no moment at which they do not fit.
    weights : float64 array of shape (n,)
        ω_j >= 0.
    gram_weight : float
        α₀.
    n_jobs : int, default=1

    Returns
    -------
    float64 array of shape (2, k)
        The diagonal of C̄ and the mean Σ ω_j z_j / Σ ω_j, in the new axes: `Inexact.typical`.
    """
    k = fixed.shape[1]
    float32 = fixed.dtype == np.float32
    gram, turn = (_core.gram_float32, _core.turn_float32) if float32 else (_core.gram_float64, _core.turn_float64)
    sums, plain = np.empty((k + 1, k + 1)), np.empty((k, k))
    with np.errstate(over="ignore", invalid="ignore"):  # a loss that is not finite is told where it is found
        total = max(float(weights.sum()), np.finfo(np.float64).tiny)
        gram(fixed, np.sqrt(weights).astype(fixed.dtype), True, sums, n_jobs, None)
        mean, typical = sums[:k, k] / total, sums[:k, :k] / total
        if gram_weight > 0:
            gram(fixed, None, False, plain, n_jobs, None)
        matrix = plain if gram_weight > 0 else typical
        if not (np.isfinite(matrix).all() and np.isfinite(typical).all()):
            return np.vstack([np.ones(k), np.zeros(k)])
    with one_blas_thread():
        _, axes = np.linalg.eigh(matrix)
        diagonal = np.einsum("ic,ic->c", axes, typical @ axes)
        along = mean @ axes
    turn(fixed, other, np.ascontiguousarray(axes), n_jobs)
    return np.vstack([np.maximum(0.0, diagonal), along])
