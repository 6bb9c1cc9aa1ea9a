"""The half-step in plain NumPy: slow, written as the formulas are, and what the native core is tested against.

Each row is its own weighted ridge regression on the side that is held fixed, solved on its own in float64::

    w̃_i = argmin ½ Σ_j c_ij (x_ij − o_j − w̃·z̃_j)² + ½ w̃ᵀ Λ_i w̃,      z̃_j = (z_j, 1),  w̃ = (w, b)
    A_i w̃_i = r_i,   A_i = Σ_j c_ij z̃_j z̃_jᵀ + Λ_i,   r_i = Σ_j c_ij (x_ij − o_j) z̃_j

where j runs over the observed cells, or over all cells where absent cells take part: a stored cell then has its target
x = p / (q + α₀) and the weight q + α₀ in the sum, an absent one the target 0 and the weight α₀.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.contract import Cells, Floats, Form, HalfStepResult, Inexact, Poll, Prepared
from alsatian._engine.reference_inexact import improved, improves, preconditioner

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_ROWS_BETWEEN_POLLS = 64


def half_step(
    cells: Cells,
    factors: Floats,
    *,
    offset: Floats | None,
    ridge: tuple[float, float],
    scale: float | NDArray[np.float64],
    out: Floats,
    out_bias: Floats | None,
    relaxation: float = 1.0,
    n_jobs: int = 1,
    form: Form = "auto",
    poll: Poll | None = None,
    prepared: Prepared | None = None,
    inexact: Inexact | None = None,
) -> HalfStepResult:
    """Solve every row of one side while the other is held fixed.

    Parameters
    ----------
    cells : Cells
        The m × n matrix, row by row.
    factors : array of shape (n, k)
        Z, the side held fixed.
    offset : array of shape (n,), or None
        o_j = μ + d_j, the fixed part of the scores; None is zero.
    ridge : (λ_w, λ_b)
        Ridge of the factors and of the bias, both >= 0.
    scale : float or array of shape (m,)
        count_i^ν, which multiplies the ridge of row i.
    out : array of shape (m, k)
        W: read as the old rows (unless `relaxation` is 1), overwritten with the new.
    out_bias : array of shape (m,), or None
        The biases, likewise; None where the side has none.
    relaxation : float, default=1.0
        ω in w ← w + ω (w* − w).
    inexact : Inexact or None
        How rows are improved; None solves them.
    form : {"auto", "primal", "dual", "downdate"}
        That of the native core; here it decides only with which rows an `inexact` half-step takes the trouble.
    n_jobs, prepared
        Taken to keep the signature of the native core; they change nothing here.
    poll : callable, or None
        Told the fraction done, now and then; may raise to cancel.

    Returns
    -------
    HalfStepResult
        What each new row, as stored in `out`, adds to the objective.

    Notes
    -----
    With Λ_i > 0 the row system is solved as it stands. Otherwise the row is the minimum-norm solution of the least
    squares problem [√C Z̃; √Λ] w̃ ≈ [√C (x − o); 0], where singular values up to √eps · σ_max (eps of the dtype of
    `out`) count as zero.

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian._engine.contract import Cells
    >>> x = np.array([[2.0, 4.0], [3.0, 6.0]])
    >>> w = np.empty((2, 1))
    >>> result = half_step(
    ...     Cells((2, 2), None, None, x), np.array([[1.0], [2.0]]),
    ...     offset=None, ridge=(0.0, 0.0), scale=1.0, out=w, out_bias=None,
    ... )
    >>> w.round(6).ravel().tolist()
    [2.0, 3.0]
    """
    m, n = cells.shape
    k = factors.shape[1]
    biased = out_bias is not None
    z = factors.astype(np.float64)
    z_tilde = np.column_stack([z, np.ones(n)]) if biased else z
    o = np.zeros(n) if offset is None else offset.astype(np.float64)
    lambdas = np.array([ridge[0]] * k + [ridge[1]] * biased, dtype=np.float64)
    scales = np.broadcast_to(np.asarray(scale, dtype=np.float64), (m,))
    rcond = float(np.sqrt(np.finfo(out.dtype).eps))
    gram = cells.rule.gram_weight * z_tilde.T @ z_tilde
    fit = np.zeros(m)
    penalty = np.zeros(m)

    for i in range(m):
        if poll is not None and i % _ROWS_BETWEEN_POLLS == 0:
            poll(i / m)
        columns, x, c, constant = _row(cells, i)
        if columns.size == 0 and cells.rule.gram_weight == 0:
            new = np.zeros(lambdas.size)  # nothing is known of this row, whatever it was before
        else:
            old = np.append(out[i], out_bias[i]) if out_bias is not None else out[i]
            old = old.astype(np.float64)
            z_i, target, ridges = z_tilde[columns], x - o[columns], scales[i] * lambdas
            if inexact is not None and improves(inexact, cells, i, ridges, form):
                a = (z_i * c[:, None]).T @ z_i + np.diag(ridges)
                m_i = preconditioner(inexact, _total(cells, i), gram + np.diag(ridges))
                new = improved(inexact, (a, z_i.T @ (c * target), m_i), old, relaxation)
            else:
                new = _solve(z_i, c, target, ridges, rcond)
                if relaxation != 1.0:
                    new = old + relaxation * (new - old)
        out[i] = new[:k]
        stored = out[i].astype(np.float64)
        if out_bias is not None:
            out_bias[i] = new[k]
            stored = np.append(stored, np.float64(out_bias[i]))
        residual = x - o[columns] - z_tilde[columns] @ stored
        fit[i] = 0.5 * (np.sum(c * residual**2) + constant)
        penalty[i] = 0.5 * np.sum(scales[i] * lambdas * stored**2)
    if poll is not None:
        poll(1.0)
    return HalfStepResult(fit, penalty)


def _row(cells: Cells, i: int) -> tuple[NDArray[np.intp], Vector, Vector, float]:
    """Give columns, targets x and weights c > 0 of the cells that count in row i, and what κ holds beyond Σ c x²."""
    n = cells.shape[1]
    if cells.indptr is None or cells.indices is None:
        return np.arange(n), cells.values[i].astype(np.float64), np.ones(n), 0.0
    rule = cells.rule
    span = slice(int(cells.indptr[i]), int(cells.indptr[i + 1]))
    columns = cells.indices[span].astype(np.intp)
    c, x = cells.weighed(span)
    if rule.gram_weight > 0:
        # The sum over all cells is laid out: c − less + α₀ is the whole weight of a stored cell, q s² − 2 p s + κ its
        # square around p / q up to a constant.
        p, kappa = (c + rule.more) * x, (c + rule.more) * x * x
        all_x, all_c = np.zeros(n), np.full(n, rule.gram_weight)
        all_c[columns] += c - rule.less
        counts = all_c[columns] > 0
        all_x[columns[counts]] = p[counts] / all_c[columns[counts]]
        constant = float(np.sum(kappa) - np.sum(all_c * all_x**2))
        columns, x, c = np.arange(n), all_x, all_c
    else:
        constant = 0.0
    positive = c > 0
    return columns[positive], x[positive], c[positive], constant


def _total(cells: Cells, i: int) -> float:
    """Return Σ q of the cells of row i."""
    assert cells.indptr is not None
    c, _ = cells.weighed(slice(int(cells.indptr[i]), int(cells.indptr[i + 1])))
    return float(np.sum(c - cells.rule.less))


def _solve(z: Matrix, c: Vector, target: Vector, lambdas: Vector, rcond: float) -> Vector:
    """Minimise ½ Σ c (target − z w)² + ½ Σ λ w²; the solution of least norm where it is not unique."""
    if np.all(lambdas > 0):
        a = (z * c[:, None]).T @ z + np.diag(lambdas)
        return np.asarray(np.linalg.solve(a, z.T @ (c * target)), dtype=np.float64)
    root = np.sqrt(c)
    kept = lambdas > 0  # rows of zeros would add nothing to the system
    stacked = np.vstack([z * root[:, None], np.diag(np.sqrt(lambdas))[kept]])
    right = np.concatenate([root * target, np.zeros(int(kept.sum()))])
    return np.asarray(np.linalg.lstsq(stacked, right, rcond=rcond)[0], dtype=np.float64)
