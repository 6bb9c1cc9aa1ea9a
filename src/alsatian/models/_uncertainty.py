"""How far off a prediction may be: the noise of a cell, and what the row and the column of the cell leave open."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsatian._engine.cells import blocks, moments, places, row_counts, take_rows, transpose
from alsatian._engine.contract import Cells, Floats
from alsatian._engine.leverage import Regression, Targets
from alsatian._engine.threads import resolve_n_jobs
from alsatian.models._fit import Factors, Side
from alsatian.models._leave_one_out import regression
from alsatian.models._predict import cell_scores, paired_indices

Vector = NDArray[np.float64]
Index = NDArray[np.int64]


class Uncertainty:
    """Standard deviations of predictions; made by :meth:`alsatian.ALS.uncertainty`.

    Of a new cell (i, j) of weight one, with A_i and B_j the row systems of row i and column j,

        var = σ² (1 + z̃_jᵀ A_i⁻¹ z̃_j + w̃_iᵀ B_j⁻¹ w̃_i),   σ² = Σ c (x − s)² / (N − p_rows − p_columns)

    where N is the number of cells that count and p the number of parameters that they determine, Σ_i tr(A_i⁻¹ (A_i −
    Λ_i)) and likewise for columns. This is the variance of ridge regressions whose prior is the ridge, of the row for
    known columns and of the column for known rows; what both have in common is left out.

    The denominator is no less than half of N (1 − p_rows / N) (1 − p_columns / N), which is above zero where the sum of
    both p exceeds N. A model that takes up that many parameters of its cells is overfitted, and both are too small.

    Attributes
    ----------
    noise_std : float
        σ, the standard deviation of a cell of weight one about its true score; of weight c it is σ / √c.
    degrees_of_freedom : float
        The denominator of σ².
    n_cells : int
        N.
    n_parameters : float
        p_rows + p_columns.
    """

    def __init__(self, rows: Side, factors: Factors, column_side: Any, n_jobs: int | None) -> None:
        columns: Side = column_side(transpose(rows.cells))
        self._sides, self._factors, self._n_jobs = (rows, columns), factors, n_jobs
        cells = rows.cells
        self._cold = tuple(np.broadcast_to(row_counts(s.cells) == 0, s.cells.shape[:1]) for s in self._sides)
        self.n_cells = cells.shape[0] * cells.shape[1] if cells.full or cells.absent_zero else int(cells.values.size)
        if self.n_cells < 2:
            raise ValueError(
                f"X has {self.n_cells} observed cell{'s' * (self.n_cells != 1)}: the noise of cells is told by how "
                "they differ from their scores, so two are the least."
            )
        parameters = [float(regression(side, which, factors, n_jobs).freedoms().sum())
                      for which, side in enumerate(self._sides)]  # fmt: skip
        self.n_parameters = sum(parameters)
        left = [max(0.0, 1.0 - each / self.n_cells) for each in parameters]
        self.degrees_of_freedom = max(self.n_cells - self.n_parameters, self.n_cells * left[0] * left[1] / 2)
        if not self.degrees_of_freedom > 1e-9 * self.n_cells:
            raise ValueError(
                f"The {self.n_cells} observed cells determine {parameters[0]:.6g} parameters of rows and "
                f"{parameters[1]:.6g} of columns: none are left to tell the noise by. Fit with a larger reg, or fewer "
                "components."
            )
        self.noise_std = float(np.sqrt(_squared_residuals(cells, factors) / self.degrees_of_freedom))
        self._blank = _of_nothing(cells, factors)

    def std(self, rows: ArrayLike, columns: ArrayLike) -> Floats:
        """Return the standard deviation of new cells of weight one about their predictions.

        Parameters
        ----------
        rows, columns : array-like of int
            As in `predict_cells`.

        Returns
        -------
        ndarray
            Of that shape, in the precision of the model. A row without an observed cell is predicted without factors:
            its w̃ may be anybody's, and z̃ᵀ A⁻¹ z̃ gives way to the mean of (z̃·w̃)² over all others, over σ²; likewise a
            column. Where neither has a cell it is the standard deviation of all cells about μ.
        """
        i, j = paired_indices(rows, columns, self._sides[0].cells.shape)
        return self.of_pairs(i.reshape(-1), j.reshape(-1)).reshape(i.shape)

    def of_pairs(self, i: Index, j: Index) -> Floats:
        """Return standard deviations of pairs, −1 being a row, or column, that is not known."""
        cold = [(index < 0) | mask[index] for index, mask in zip((i, j), self._cold, strict=True)]
        both = ~cold[0] & ~cold[1]
        variance = np.empty(i.size)
        unit = self.noise_std**2
        variance[both] = unit * (1.0 + self._variances(0, i[both], j[both]) + self._variances(1, j[both], i[both]))
        for which, (lost, known) in enumerate(((cold[0], j), (cold[1], i))):
            some = lost & ~cold[1 - which]
            variance[some] = unit + self._spread_of_others(which, known[some])
        variance[cold[0] & cold[1]] = self._blank
        std: Floats = np.sqrt(variance).astype(self._factors.rows.dtype)
        return std

    def _variances(self, which: int, own: Index, other: Index) -> Vector:
        """Return z̃ᵀ A⁻¹ z̃ of pairs: of rows (0) and columns asked about, or of columns (1) and rows."""
        side = self._sides[which]
        lines, place = np.unique(own, return_inverse=True)
        order = np.argsort(place, kind="stable")
        indptr = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=lines.size))]).astype(np.int64)
        targets = Targets(indptr, other[order].astype(np.int32))
        scale = side.scale if np.ndim(side.scale) == 0 else np.asarray(side.scale)[lines]
        some, fixed, targets = _only_used(take_rows(side.cells, lines), self._fixed(which), targets)
        rows = Regression(
            some, fixed, bias=self._bias(which) is not None, ridge=side.ridge, scale=scale,
            n_jobs=resolve_n_jobs(self._n_jobs),
        )  # fmt: skip
        variances = np.empty(own.size)
        variances[order] = rows.variances(targets)
        return variances

    def _spread_of_others(self, which: int, known: Index) -> Vector:
        """Return the mean of (z̃·w̃)² over all rows (0) that have a cell, for columns; or over all columns (1)."""
        w, b = (self._fixed(1 - which), self._bias(which))
        w = w[~self._cold[which]].astype(np.float64)
        z = self._fixed(which)[known].astype(np.float64)
        if b is not None:
            w = np.column_stack([w, b[~self._cold[which]].astype(np.float64)])
            z = np.column_stack([z, np.ones(len(z))])
        spread: Vector = np.einsum("pk,kl,pl->p", z, w.T @ w / max(len(w), 1), z)
        return spread

    def _fixed(self, which: int) -> Floats:
        return self._factors.columns if which == 0 else self._factors.rows

    def _bias(self, which: int) -> Floats | None:
        return self._factors.row_bias if which == 0 else self._factors.column_bias

    def __repr__(self) -> str:
        """Return σ, and what it rests on."""
        return (
            f"Uncertainty(σ {self.noise_std:.4g} from {self.n_cells} cells, {self.n_parameters:.6g} parameters, "
            f"{self.degrees_of_freedom:.6g} degrees of freedom)"
        )


def _squared_residuals(cells: Cells, factors: Factors) -> float:
    """Return Σ c (x − s)² over all cells that count."""
    total, zeros = 0.0, cells.rule.gram_weight
    rows, columns = places(cells)
    values = cells.values.reshape(-1)
    for part in blocks(values.size):
        s = cell_scores(factors, rows[part], columns[part].astype(np.int64), None).astype(np.float64)
        c = 1.0 if cells.weights is None else cells.weights[part].astype(np.float64)
        total += float(np.sum(c * (values[part] - s) ** 2 - zeros * s**2))
    if zeros:  # Σ_all s² by the Gram matrices of (w, b, 1) and (z, 1, μ + d)
        u, v = (
            _augmented(factors.rows, factors.row_bias, 0.0),
            _augmented(factors.columns, factors.column_bias, factors.mean),
        )
        k = factors.rows.shape[1]
        v[:, [k, k + 1]] = v[:, [k + 1, k]]
        total += zeros * float(np.sum((u.T @ u) * (v.T @ v)))
    return max(0.0, total)


def _augmented(factors: Floats, bias: Floats | None, mean: float) -> Vector:
    """Return (factors, mean + bias, 1)."""
    own = np.zeros(len(factors)) if bias is None else bias.astype(np.float64)
    return np.column_stack([factors.astype(np.float64), mean + own, np.ones(len(factors))])


def _of_nothing(cells: Cells, factors: Factors) -> float:
    """Return the mean square of x − μ, what a prediction is off by that knows neither row nor column."""
    spread = moments(cells)
    return spread.about(factors.mean) / spread.weight


def _only_used(cells: Cells, fixed: Floats, targets: Targets) -> tuple[Cells, Floats, Targets]:
    """Leave out columns that neither a cell nor a target has: few pairs should not cost a copy of all factors."""
    if cells.indices is None or cells.rule.gram_weight > 0:
        return cells, fixed, targets
    used, place = np.unique(np.concatenate([cells.indices, targets.indices]), return_inverse=True)
    if used.size > cells.shape[1] // 2:
        return cells, fixed, targets
    own, asked = np.split(place.astype(np.int32), [cells.indices.size])
    shape = (cells.shape[0], used.size)
    return Cells(shape, cells.indptr, own, cells.values, cells.weights), fixed[used], Targets(targets.indptr, asked)
