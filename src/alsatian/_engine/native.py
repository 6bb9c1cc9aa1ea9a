"""The native half-step, under the contract of :mod:`alsatian._engine.contract`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import _core
from alsatian._engine.contract import Cells, Floats, Form, HalfStepResult, Inexact, Poll, Prepared, Rule
from alsatian._engine.threads import one_blas_thread


def prepare(
    rule: Rule,
    factors: Floats,
    *,
    offset: Floats | None,
    ridge: tuple[float, float],
    bias: bool,
    n_jobs: int = 1,
    form: Form = "auto",
    isa: str = "",
    poll: Poll | None = None,
) -> Prepared:
    """Make what half-steps that begin with Z̃ᵀZ̃ need of the fixed side alone: once, for many small half-steps.

    The arguments are those that the half-steps will get; `bias` says whether the rows have one. The factors and the
    offset must not change in between. `shares_gram` says which half-steps these are.
    """
    values = vectors = None
    if rule.gram_weight > 0 and _core.wants_eigenbasis(factors.shape[1] + bias, bias, ridge[0], ridge[1], form):
        values, vectors = _eigenbasis(factors, ridge, bias, n_jobs, poll)
    make = _core.prepare_float32 if factors.dtype == np.float32 else _core.prepare_float64
    return make(factors, offset, rule, bias, ridge[0], ridge[1], values, vectors, n_jobs, isa, poll)


def _eigenbasis(
    factors: Floats, ridge: tuple[float, float], bias: bool, n_jobs: int, poll: Poll | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues and eigenvectors of D^-½ Z̃ᵀZ̃ D^-½, D the ridge: one basis for the Λ_i of all rows."""
    k = factors.shape[1]
    if 2 * len(factors) < k + bias:
        return _thin_eigenbasis(factors, ridge, bias)
    gram = np.empty((k + bias, k + bias))
    sum_rows = _core.gram_float32 if factors.dtype == np.float32 else _core.gram_float64
    sum_rows(factors, None, bias, gram, n_jobs, poll)
    root = np.full(k + bias, ridge[0] ** -0.5)
    root[k:] = ridge[1] ** -0.5 if bias else 1.0
    with one_blas_thread():
        values, vectors = np.linalg.eigh(root[:, None] * gram * root)
    return values, np.ascontiguousarray(vectors)


def _thin_eigenbasis(
    factors: Floats, ridge: tuple[float, float], bias: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Do what `_eigenbasis` does for n rows, few beside k: of k eigenvalues all but n are zero.

    With D^-½ Z̃ᵀ = QR, Q of shape (k, k) and R = (R₁; 0), the first n columns of Q are turned by the eigenvectors of
    R₁R₁ᵀ, and the others stay: n k² operations in place of some ten k³.
    """
    n = len(factors)
    wide = np.concatenate([factors, np.ones((n, 1))], axis=1) if bias else factors
    root = np.array([ridge[0]] * factors.shape[1] + [ridge[1]] * bias, dtype=np.float64) ** -0.5
    with one_blas_thread():
        q, r = np.linalg.qr((wide * root).T, mode="complete")
        values, vectors = np.linalg.eigh(r[:n] @ r[:n].T)
        basis = np.concatenate([q[:, n:], q[:, :n] @ vectors], axis=1)
    return np.concatenate([np.zeros(len(root) - n), np.maximum(values, 0)]), np.ascontiguousarray(basis)


def counted_half_step(
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
    isa: str = "",
    poll: Poll | None = None,
    prepared: Prepared | None = None,
    inexact: Inexact | None = None,
) -> tuple[HalfStepResult, Mapping[str, int]]:
    """Do one half-step and also say how many rows were solved in each form."""
    rows, columns = cells.shape
    bias = out_bias is not None
    own_systems = cells.weights is not None or cells.rule.alpha > 0  # not one for all rows
    if prepared is None and own_systems and cells.rule.gram_weight > 0 and inexact is None:
        prepared = prepare(
            cells.rule, factors, offset=offset, ridge=ridge, bias=bias, n_jobs=n_jobs, form=form, isa=isa, poll=poll
        )
    fit, penalty = np.empty(rows), np.empty(rows)
    solve = _core.half_step_float32 if factors.dtype == np.float32 else _core.half_step_float64
    counts = solve(
        rows,
        columns,
        cells.indptr,
        cells.indices,
        cells.values,
        cells.weights,
        cells.rule,
        factors,
        offset,
        ridge[0],
        ridge[1],
        np.atleast_1d(np.asarray(scale, dtype=np.float64)),
        prepared,
        out,
        out_bias,
        relaxation,
        fit,
        penalty,
        n_jobs,
        form,
        isa,
        poll,
        ("exact", 0, 0.0, 0) if inexact is None else (inexact.method, inexact.steps, inexact.tolerance, inexact.block),
        None if inexact is None else inexact.typical,
    )
    return HalfStepResult(fit, penalty), counts


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
    """Solve every row of one side with the other side fixed, in native code.

    See :mod:`alsatian._engine.contract` for the arguments, and :mod:`alsatian._engine.reference` for the same in NumPy.
    """
    result, _ = counted_half_step(
        cells,
        factors,
        offset=offset,
        ridge=ridge,
        scale=scale,
        out=out,
        out_bias=out_bias,
        relaxation=relaxation,
        n_jobs=n_jobs,
        form=form,
        poll=poll,
        prepared=prepared,
        inexact=inexact,
    )
    return result
