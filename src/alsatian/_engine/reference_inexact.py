"""Rows improved instead of solved, in plain NumPy: what native conjugate gradients and subspaces are tested against.

Both begin at the old row w and lower f(w) = ½ wᵀA w − r·w + constant for the A and r of the row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.contract import OBSERVED, Cells, Form, Inexact
from alsatian._engine.forms import takes_downdate

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_DAMPING = 0.1  # of the preconditioner, as a fraction of its mean
_PRIMAL_SPEED = 2.0  # multiply-adds of an exact solution in the time of one of a pass over the cells
_SMALL_WEIGHT = 1 / 16


def improves(inexact: Inexact, cells: Cells, row: int, lambdas: Vector, form: Form = "auto") -> bool:
    """Whether a row is improved: not where it has no cell, where solving it costs less, or without a ridge.

    The native core also solves the rows for which its dual form costs less.
    """
    if cells.indptr is None or (cells.absent_zero and cells.weights is None) or not np.all(lambdas > 0):
        return False
    length, size = int(cells.indptr[row + 1] - cells.indptr[row]), lambdas.size
    if length == 0 or _taken_back(cells, row, length):
        return False
    if inexact.method == "subspace":
        return inexact.block < size
    solved = length * size * (size + 1) / 2 + size**3 / 6
    few_holes = (
        cells.weights is None and cells.rule == OBSERVED and takes_downdate(np.array([length]), cells.shape[1], size)[0]
    )
    if form == "auto" and few_holes:
        holes = cells.shape[1] - length
        solved = holes * size * (size + 1) / 2 + size**3 / 6 + _PRIMAL_SPEED * length * size
    return solved > _PRIMAL_SPEED * length * size * (2 * inexact.steps + 1)


def _taken_back(cells: Cells, row: int, length: int) -> bool:
    """Whether small weights would be lost in c − 1, so that the row is added up cell by cell, and solved."""
    if cells.rule.less == 0 or cells.weights is None or cells.indptr is None or 2 * length <= cells.shape[1]:
        return False
    return bool(cells.weights[cells.indptr[row] : cells.indptr[row + 1]].min() < _SMALL_WEIGHT)


def preconditioner(inexact: Inexact, own: float, shared: Matrix) -> Matrix:
    """Return M: the diagonal of a typical row, damped, with the border of its bias.

    Parameters
    ----------
    inexact : Inexact
    own : float
        Σ q of the row's cells.
    shared : array of shape (k, k) or (k + 1, k + 1)
        What A is without them, α₀ Z̃ᵀZ̃ + Λ_i.
    """
    diagonal, mean = inexact.typical
    k, size = diagonal.size, shared.shape[0]
    own = max(0.0, own)
    m = np.zeros((size, size))
    d = own * diagonal + np.diag(shared)[:k]
    m[range(k), range(k)] = d + _DAMPING * d.mean()
    if size == k:
        return m
    border, corner = own * mean + shared[:k, k], own + shared[k, k]
    m[k, k] = corner
    if corner - np.sum(border**2 / np.diag(m)[:k]) >= 1e-3 * corner:
        m[:k, k] = m[k, :k] = border
    return m


def improved(inexact: Inexact, system: tuple[Matrix, Vector, Matrix], old: Vector, omega: float) -> Vector:
    """Return the row after the steps, moved past where they lead to by ω; the system is A, r and the preconditioner."""
    a, r, _ = system
    if inexact.method == "cg":
        return old + omega * (_conjugate_gradients(inexact, system, old) - old)
    x = old.copy()
    for _ in range(inexact.steps):
        for first in range(0, x.size, inexact.block):
            part = slice(first, min(first + inexact.block, x.size))
            x[part] += omega * np.linalg.solve(a[part, part], (r - a @ x)[part])
    return x


def _conjugate_gradients(inexact: Inexact, system: tuple[Matrix, Vector, Matrix], old: Vector) -> Vector:
    """Take preconditioned steps from `old`, until as many are done or the residual is small beside the first."""
    a, r, m = system
    x, residual = old.copy(), r - a @ old
    direction = np.zeros_like(x)
    before = first = 0.0
    for step in range(inexact.steps):
        conditioned = np.linalg.solve(m, residual)
        rho = float(residual @ conditioned)
        first = rho if step == 0 else first
        if not rho > inexact.tolerance**2 * first:
            break
        direction = conditioned + (0.0 if step == 0 else rho / before) * direction
        before = rho
        along = a @ direction
        alpha = rho / float(direction @ along)
        x += alpha * direction
        residual -= alpha * along
    return x
