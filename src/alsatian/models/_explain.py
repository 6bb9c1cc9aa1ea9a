"""Why a score is what it is: a row's solution is linear in its cells, so each cell has its share of every score."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.contract import Cells
from alsatian.models._fit import fixed_scores

Vector = NDArray[np.float64]


class Shares(NamedTuple):
    """A score in parts: ``base + contributions.sum()``."""

    base: float
    columns: NDArray[np.int64]  # of the row's cells
    contributions: Vector  # of these cells


class Explainer:
    """Takes scores of a fitted model apart, for rows given by their cells.

    The row's solution is w̃ = A⁻¹ (Σ_j (p_j − q_j o_j) z̃_j + r₀), with r₀ = −α₀ Σ_all o_j z̃_j and o the fixed part of
    the scores. So with u = A⁻¹ z̃_t the score of column t is

        s_t = o_t + r₀·u + Σ_j (p_j − q_j o_j) (z̃_j·u),

    and cell j contributes its term of the sum, as in Hu, Koren and Volinsky (2008), section 5, for every model here.

    Parameters
    ----------
    model : FactorModel
        Fitted; its factors must not change in between.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        z = model.column_factors_.astype(np.float64)
        self._z = z if model.row_bias_ is None else np.column_stack([z, np.ones(len(z))])
        fixed = fixed_scores(model.column_bias_, model.mean_, len(z), np.float64)
        self._offset = np.zeros(len(z)) if fixed is None else fixed

    def __call__(self, cells: Cells, column: int) -> Shares:
        """Take apart the score of one column for the one row of `cells`."""
        side = self._model._side(cells, 0)
        columns, c, x = _row(cells)
        rule, z, o = cells.rule, self._z[columns], self._offset[columns]
        ridge = np.full(self._z.shape[1], side.ridge[0])
        if self._model.row_bias_ is not None:
            ridge[-1] = side.ridge[1]
        scale = float(np.ravel(side.scale)[0])
        a = (z.T * (c - rule.less)) @ z + np.diag(scale * ridge)
        start = np.zeros(self._z.shape[1])
        if rule.gram_weight > 0:
            gram, pull = self._all
            a += rule.gram_weight * gram
            start = -rule.gram_weight * pull
        target, singular = self._z[column], scale * ridge.min() == 0  # then the row is its solution of least norm
        u = np.linalg.lstsq(a, target, rcond=None)[0] if singular else np.linalg.solve(a, target)
        coefficients = (c + rule.more) * (x - o) + (rule.less + rule.more) * o
        return Shares(float(self._offset[column] + start @ u), columns, coefficients * (z @ u))

    @cached_property
    def _all(self) -> tuple[NDArray[np.float64], Vector]:
        """What all columns have a part in, and no row: Z̃ᵀZ̃ and Z̃ᵀo."""
        return self._z.T @ self._z, self._offset @ self._z


def _row(cells: Cells) -> tuple[NDArray[np.int64], Vector, Vector]:
    """Return columns, weights and targets of the cells of a matrix of one row."""
    if cells.indices is None:
        x = cells.values.reshape(-1).astype(np.float64)
        return np.arange(x.size), np.ones(x.size), x
    return cells.indices.astype(np.int64), *cells.weighed()
