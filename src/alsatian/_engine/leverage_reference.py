"""Leave-one-out and variances in plain NumPy: each row is solved again without each of its cells, as the words say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.contract import Cells, Floats
from alsatian._engine.leverage import LeftOut
from alsatian._engine.reference import _row, _solve

Matrix = NDArray[np.float64]
_RCOND = float(np.sqrt(np.finfo(np.float64).eps))


def leave_one_out(
    cells: Cells,
    factors: Floats,
    *,
    bias: bool,
    ridge: tuple[float, float],
    scale: float | NDArray[np.float64],
    offset: Floats | None = None,
) -> LeftOut:
    """Return x − s₋ and 1 − h of each stored cell, the first by solving the row without it, Λ_i held fixed.

    Parameters are those of :class:`alsatian._engine.leverage.Regression`.
    """
    z, lambdas, scales = _plain(cells, factors, bias, ridge, scale)
    o = np.zeros(len(z)) if offset is None else offset.astype(np.float64)
    errors, rest = [], []
    for i in range(cells.shape[0]):
        columns, x, c, _ = _row(cells, i)
        inverse = _inverse(z[columns], c, scales[i] * lambdas)
        for j, value in zip(*_stored(cells, i), strict=True):
            kept = columns != j
            w = _solve(z[columns[kept]], c[kept], x[kept] - o[columns[kept]], scales[i] * lambdas, _RCOND)
            errors.append(value - o[j] - z[j] @ w)
            rest.append(1.0 - float(c[~kept].sum()) * float(z[j] @ inverse @ z[j]))
    return LeftOut(np.array(errors), np.array(rest))


def variances(
    cells: Cells, factors: Floats, *, bias: bool, ridge: tuple[float, float], scale: float | NDArray[np.float64]
) -> tuple[Matrix, NDArray[np.float64]]:
    """Return z̃_jᵀ A_i⁻¹ z̃_j for all rows and columns, and tr(A_i⁻¹ (A_i − Λ_i)) for all rows."""
    z, lambdas, scales = _plain(cells, factors, bias, ridge, scale)
    of_all, freedoms = np.empty(cells.shape), np.empty(cells.shape[0])
    for i in range(cells.shape[0]):
        columns, _, c, _ = _row(cells, i)
        inverse = _inverse(z[columns], c, scales[i] * lambdas)
        of_all[i] = np.einsum("jk,kl,jl->j", z, inverse, z)
        freedoms[i] = np.trace(inverse @ (z[columns].T * c) @ z[columns])
    return of_all, freedoms


def _plain(
    cells: Cells, factors: Floats, bias: bool, ridge: tuple[float, float], scale: object
) -> tuple[Matrix, NDArray[np.float64], NDArray[np.float64]]:
    """Return Z̃, λ by column and count^ν by row, in float64."""
    z = factors.astype(np.float64)
    z = np.column_stack([z, np.ones(len(z))]) if bias else z
    lambdas = np.array([ridge[0]] * factors.shape[1] + [ridge[1]] * bias, dtype=np.float64)
    return z, lambdas, np.broadcast_to(np.asarray(scale, dtype=np.float64), (cells.shape[0],))


def _inverse(z: Matrix, c: NDArray[np.float64], lambdas: NDArray[np.float64]) -> Matrix:
    """Return A⁻¹, or A⁺, by the singular values of √C Z̃ over √Λ."""
    root = np.linalg.pinv(np.vstack([z * np.sqrt(c)[:, None], np.diag(np.sqrt(lambdas))]), rcond=_RCOND)
    return np.asarray(root @ root.T, dtype=np.float64)


def _stored(cells: Cells, i: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return columns and values of the stored cells of row i."""
    if cells.indptr is None or cells.indices is None:
        return np.arange(cells.shape[1]), cells.values[i].astype(np.float64)
    span = slice(int(cells.indptr[i]), int(cells.indptr[i + 1]))
    return cells.indices[span].astype(np.intp), cells.values[span].astype(np.float64)
