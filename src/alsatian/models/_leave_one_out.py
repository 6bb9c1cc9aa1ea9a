"""What each cell's score would be had the cell been missing: exact, for a few times the cost of solving the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.cells import places
from alsatian._engine.leverage import Regression
from alsatian._engine.threads import resolve_n_jobs
from alsatian.models._fit import Factors, Side, fixed_scores

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class LeaveOneOut:
    """Scores of cells, each by its row solved without it; made by :meth:`alsatian.ALS.leave_one_out`.

    Attributes
    ----------
    rows, columns : ndarray of int, shape (c,)
        Places of the cells that count, by rows and in each row by columns.
    values : ndarray of shape (c,)
        x, in the working precision of the model.
    weights : ndarray of shape (c,) or None
        c; None where all are one.
    scores : ndarray of float64, shape (c,)
        s₋, the score of the cell where its row is solved without it. `clip` takes no part.
    leverages : ndarray of float64, shape (c,)
        h in [0, 1], how far the row's score of the cell moves with the cell's own value.
    errors : ndarray of float64, shape (c,)
        x − s₋.
    rmse, mae : float
        (Σ c e² / Σ c)^½ and Σ c |e| / Σ c, in the units of X.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.integer]
    values: NDArray[Any]
    weights: NDArray[Any] | None
    scores: Vector
    leverages: Vector

    @property
    def errors(self) -> Vector:
        """Values less scores."""
        difference: Vector = self.values.astype(np.float64) - self.scores
        return difference

    @property
    def rmse(self) -> float:
        """Root of the weighted mean of the squared errors."""
        return float(np.sqrt(np.average(self.errors**2, weights=self.weights)))

    @property
    def mae(self) -> float:
        """Weighted mean of the absolute errors."""
        return float(np.average(np.abs(self.errors), weights=self.weights))

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.values.size

    def __repr__(self) -> str:
        """Return the number of cells and both errors."""
        return f"LeaveOneOut({len(self)} cells, RMSE {self.rmse:.4g}, MAE {self.mae:.4g})"


def regression(side: Side, which: int, factors: Factors, n_jobs: int | None) -> Regression:
    """Return the regressions of rows (0) or columns (1) on the other side of some factors, held as it is."""
    fixed, fixed_bias, own_bias = factors.columns, factors.column_bias, factors.row_bias
    if which == 1:
        fixed, fixed_bias, own_bias = factors.rows, factors.row_bias, factors.column_bias
    return Regression(
        side.cells, fixed, bias=own_bias is not None, ridge=side.ridge, scale=side.scale,
        offset=fixed_scores(fixed_bias, factors.mean, fixed.shape[0], np.float64), n_jobs=resolve_n_jobs(n_jobs),
    )  # fmt: skip


def left_out(side: Side, factors: Factors, n_jobs: int | None) -> LeaveOneOut:
    """Leave each stored cell of some rows out, one at a time, with the columns and Λ_i as they are.

    Raises
    ------
    ValueError
        Where there is none.
    """
    cells = side.cells
    if cells.values.size == 0:
        raise ValueError(f"X of shape {cells.shape} has no observed cell that could be left out.")
    found = regression(side, 0, factors, n_jobs).leave_one_out()
    rows, columns = places(cells)
    values = cells.values.reshape(-1)
    return LeaveOneOut(rows, columns, values, cells.weights, values - found.errors, 1.0 - found.rest)
