"""What a fitted explicit model says about its own errors: a part of `ALS`, kept in a file of its own."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from alsatian import _tables
from alsatian._engine.contract import Cells
from alsatian.models._base import FactorModel
from alsatian.models._leave_one_out import LeaveOneOut, left_out
from alsatian.models._uncertainty import Uncertainty


class ExplicitModel(FactorModel):
    """A `FactorModel` whose rows are ridge regressions on data with missing cells."""

    n_jobs: int | None

    def leave_one_out(self, X: Any, weights: Any = None) -> LeaveOneOut:
        """Return the score that each observed cell of X gets from a model that has not seen it, in its row.

        Each row is solved as by `transform`, but for each of its cells without that cell, with the columns Z, d and μ,
        and the ridge Λ_i = count^ν λ of the whole row, held fixed. It costs a few times what `transform` (in float64)
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
        return left_out(self._side(self._cells_of(X, weights), 0), self._factors, self.n_jobs)

    def uncertainty(self, X: Any, weights: Any = None) -> Uncertainty:
        """Return what tells the standard deviation of any prediction, from the matrix that the model was fitted on.

        A model does not keep X, and no k × k matrix of a row either: these are made again where they are asked for. To
        make this object costs a few iterations of a fit; each `std` after that, the systems of the rows and columns
        that its cells are in.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_rows, n_columns)
            The training matrix; another of that shape gives numbers that mean nothing.
        weights : array-like or sparse matrix of shape (n_rows, n_columns), or None, default=None
            Those of the fit.

        Returns
        -------
        Uncertainty

        Raises
        ------
        ValueError
            Where X has another shape, or where the cells determine as many parameters as there are cells, so that none
            tells of the noise.

        Notes
        -----
        The parameters `reg`, `reg_exponent` and `bias_reg` count as they are set now. Under ``absent="zero"`` all cells
        count, zeros among them, as draws of one noise: which is seldom so.

        With λ = 0, A_i⁺ stands for A_i⁻¹ where A_i is singular: what the cells of a row do not determine is then no
        part of its variance.

        Examples
        --------
        >>> from alsatian import ALS
        >>> from alsatian.datasets import make_ratings
        >>> ratings = make_ratings((300, 200), n_ratings=12_000, n_components=4, noise=0.75, random_state=0)
        >>> model = ALS(4, bias="both", random_state=0).fit(ratings.X)
        >>> 0.7 < model.uncertainty(ratings.X).noise_std < 0.8
        True
        """
        cells = self._cells_of(X, weights)
        if cells.shape[0] != len(self.row_factors_):
            raise ValueError(
                f"X has {cells.shape[0]} rows, but the model was fitted on {len(self.row_factors_)}: give the matrix "
                "that it was fitted on."
            )
        return self._uncertainty_of(cells)

    def predict_cells(
        self, rows: ArrayLike, columns: ArrayLike, *, return_std: bool = False, X: Any = None, weights: Any = None
    ) -> Any:
        """Return the scores of chosen cells of the training matrix, s_ij = μ + b_i + d_j + w_i·z_j.

        They are kept within `clip`, as it is set now.

        Parameters
        ----------
        rows, columns : array-like of int
            Indices of the cells, of equal shapes (or shapes that broadcast).
        return_std : bool, default=False
            Whether to return standard deviations too: ``uncertainty(X, weights).std(rows, columns)``. For many calls,
            make that object once.
        X, weights
            With ``return_std=True``, the training matrix, which the model does not keep, and its weights.

        Returns
        -------
        scores : ndarray
            Of that shape, in the precision of the model.
        std : ndarray
            Only with ``return_std=True``: of a new cell of weight one about its score. `clip` takes no part.

        Raises
        ------
        IndexError
            For an index out of range; a negative one does not count from the end.
        ValueError
            For a masked index, for shapes that do not pair up, and for ``return_std=True`` without X.
        TypeError
            For indices that are not integers.

        Examples
        --------
        >>> import numpy as np
        >>> from alsatian import ALS
        >>> model = ALS(1, reg=1e-6, random_state=0).fit(np.outer([1.0, 2, 3], [1.0, 2]))
        >>> model.predict_cells([0, 2], [1, 1]).round(3)
        array([2., 6.])
        """
        scores = super().predict_cells(rows, columns)
        if not return_std:
            if X is not None or weights is not None:
                raise ValueError("X and weights are for return_std=True alone: scores are those of the fitted factors.")
            return scores
        if X is None:
            raise ValueError(
                "return_std=True needs the training matrix, which the model does not keep: give it as X=..., with "
                "weights=... where it was fitted with weights."
            )
        return scores, self.uncertainty(X, weights).std(rows, columns)

    def _cells_of(self, X: Any, weights: Any) -> Cells:
        """Check rows of the training width, and return their cells."""
        check_is_fitted(self)
        self._validate_params()
        weights = _tables.plain_weights(weights, X)
        return self._cells_to_fold(self._checked(X, self.column_factors_.dtype, reset=False), weights)

    def _uncertainty_of(self, cells: Cells) -> Uncertainty:
        """Return the uncertainty from the training cells."""
        return Uncertainty(self._side(cells, 0), self._factors, lambda columns: self._side(columns, 1), self.n_jobs)

    def _cells_to_fold(self, X: Any, weights: Any = None) -> Cells:
        """Return rows of the training width as cells."""
        raise NotImplementedError
