"""Folding in: rows, or columns, of a fitted model solved with the other side as it is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from alsatian._engine import Prepared, prepare, shares_gram
from alsatian._engine.contract import Cells, Floats
from alsatian._engine.threads import resolve_n_jobs
from alsatian.models._fit import fixed_scores, solve_side


class Folded(NamedTuple):
    """Factors, and biases where the side has them."""

    factors: Floats
    bias: Floats | None


class FoldIn:
    """Solves rows (0) or columns (1) for the other side of a fitted model; what many calls share is made once.

    The factors of the model must not change in between.

    Parameters
    ----------
    model : FactorModel
        Fitted.
    which : {0, 1}
    """

    def __init__(self, model: Any, which: int = 0) -> None:
        rows, columns = (model.row_factors_, model.row_bias_), (model.column_factors_, model.column_bias_)
        self._model, self._which = model, which
        (self._fixed, self._fixed_bias), (_, own_bias) = (columns, rows) if which == 0 else (rows, columns)
        self._has_bias = own_bias is not None
        self._prepared: Prepared | None = None

    def __call__(self, cells: Cells) -> Folded:
        """Solve each row of `cells` exactly; a row without a cell gets zeros."""
        model, dtype = self._model, self._fixed.dtype
        size, k = cells.shape[0], self._fixed.shape[1]
        folded = Folded(np.zeros((size, k), dtype=dtype), np.zeros(size, dtype=dtype) if self._has_bias else None)
        side = model._side(cells, self._which)
        if self._prepared is None and shares_gram(cells, k + self._has_bias, side.ridge[: 1 + self._has_bias]):
            self._prepared = prepare(
                cells.rule, self._fixed, offset=fixed_scores(self._fixed_bias, model.mean_, len(self._fixed), dtype),
                ridge=side.ridge, bias=self._has_bias, n_jobs=resolve_n_jobs(model.n_jobs),
            )  # fmt: skip
        solve_side(
            side, self._fixed, self._fixed_bias, model.mean_, out=folded.factors, out_bias=folded.bias,
            n_jobs=resolve_n_jobs(model.n_jobs), prepared=self._prepared,
        )  # fmt: skip
        return folded
