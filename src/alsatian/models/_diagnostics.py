"""What a fitted explicit model says about its own errors: a part of `ALS`, kept in a file of its own."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from alsatian import _tables
from alsatian.models._base import FactorModel
from alsatian.models._fit import Factors
from alsatian.models._leave_one_out import LeaveOneOut, left_out


class ExplicitModel(FactorModel):
    """A `FactorModel` whose rows are ridge regressions on data with missing cells."""

    n_jobs: int | None

    def leave_one_out(self, X: Any, weights: Any = None) -> LeaveOneOut:
        """Return the score that each observed cell of X gets from a model that has not seen it, in its row.

        Each row is solved as by `transform`, but for each of its cells without that cell, with the columns Z, d and μ,
        and the ridge Λ_i = count^ν λ of the whole row, held fixed. It costs no more than a few times what `transform`
        does: with t = x − o, o = μ + d_j, and the leverage h = c z̃ᵀ A_i⁻¹ z̃ the score is

            s₋ = t − (t − s) / (1 − h)

        (each side less o). Where a row has no more cells than unknowns, both differences are taken from the dual
        system, which loses nothing where h is near 1; where a longer row has a cell with h > 0.999, it is solved once
        more without it. So scores are finite, whatever h; of a row with one cell they are μ + d_j.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n, n_columns)
            Any rows, known or new. **Honest only for rows that took no part in the fit**: the cells of the training
            rows are in Z as well, so that their errors come out too small.
        weights : array-like or sparse matrix of shape (n, n_columns), or None, default=None
            As in `fit`.

        Returns
        -------
        LeaveOneOut
            One entry for each observed cell (of weight above zero), by rows. Under ``absent="zero"`` these are the
            cells that stand for themselves: a zero of weight one is an absent cell, and is not among them; the cell
            left out is then missing, not zero.

        Raises
        ------
        ValueError
            As `transform`; and where X has no observed cell.

        See Also
        --------
        transform : the rows solved with all their cells.

        Notes
        -----
        All is computed in float64, so that scores equal those of the row solved again to 1e-8 or better (and in
        float32, ``values - scores`` is as good as X is). Memory is that of Z in float64, and of a few numbers a cell.

        References
        ----------
        D. M. Allen, "The relationship between variable selection and data augmentation and a method for prediction",
        Technometrics 16(1), 1974 (PRESS); G. H. Golub, M. Heath, G. Wahba, "Generalized cross-validation as a method
        for choosing a good ridge parameter", Technometrics 21(2), 1979, eq. 1.4 and below.

        Examples
        --------
        >>> from alsatian import ALS
        >>> from alsatian.datasets import load_flight_delays
        >>> X = load_flight_delays().X
        >>> model = ALS(8, bias="both", random_state=0).fit(X[::2])
        >>> model.leave_one_out(X[1::2]).rmse > model.leave_one_out(X[::2]).rmse
        True
        """
        check_is_fitted(self)
        self._validate_params()
        weights = _tables.plain_weights(weights, X)
        X = self._checked(X, self.column_factors_.dtype, reset=False)
        cells = self._cells_to_fold(X, weights)
        return left_out(self._side(cells, 0), self._factors, self.n_jobs)

    @property
    def _factors(self) -> Factors:
        return Factors(self.row_factors_, self.column_factors_, self.row_bias_, self.column_bias_, self.mean_)

    def _cells_to_fold(self, X: Any, weights: Any = None) -> Any:
        """Return rows of the training width as cells."""
        raise NotImplementedError
