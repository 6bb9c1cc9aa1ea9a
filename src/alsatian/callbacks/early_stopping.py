"""Early stopping: end a fit once it no longer gets better on cells that it does not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from alsatian.callbacks._base import Callback
from alsatian.models import ImplicitALS
from alsatian.models._fit import FitState
from alsatian.models._fitting import running_fit

Score = Callable[[Any], float]


class EarlyStopping(Callback):
    """Ends a fit once the error on held-out cells has not fallen for some iterations, and goes back to the best one.

    The model as if it had ended after each iteration is asked, which costs one row half-step each time. With
    ``relaxation=1`` the fit ends exactly as it would with ``max_iter=best_iteration_``.

    Parameters
    ----------
    X_val : array or sparse matrix of shape (n_rows, n_columns), or None, default=None
        Held-out cells of the training matrix, which must be missing in it: NaN is none, or what is not stored. The
        score is the root mean square error of `predict_cells` there, in the units of X.
    score : callable, default=None
        Takes the fitted model and returns a number, in place of `X_val`: a ranking metric for `ImplicitALS`, for
        example.
    greater_is_better : bool, default=False
        Whether a larger score is a better one.
    patience : int, default=3
        Iterations without a better score after which to stop.
    min_delta : float, default=0.0
        By how much a score must be better than the best to count.
    restore_best : bool, default=True
        Whether the model is that of the best iteration, and not of the last one.

    Attributes
    ----------
    scores_ : list of float
        The score after each iteration.
    best_score_ : float
    best_iteration_ : int
        Counted from 1.
    stopped_ : bool
        Whether it ended the fit: else `tol` or `max_iter` did.

    Raises
    ------
    ValueError
        From `fit`: where `X_val` does not fit the data, or the score is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS
    >>> from alsatian.callbacks import EarlyStopping
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 40)) + rng.normal(size=(60, 40))
    >>> held_out = rng.random(X.shape) < 0.2
    >>> stopping = EarlyStopping(np.where(held_out, X, np.nan))
    >>> model = ALS(8, reg=0.01, max_iter=100, tol=0, random_state=0).set_callbacks(stopping)
    >>> model = model.fit(np.where(held_out, np.nan, X))
    >>> stopping.stopped_, model.n_iter_ == stopping.best_iteration_ < 100
    (True, True)
    """

    def __init__(
        self,
        X_val: Any = None,
        *,
        score: Score | None = None,
        greater_is_better: bool = False,
        patience: int = 3,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        if (X_val is None) == (score is None):
            raise ValueError("Give either X_val, the held-out cells, or score, a function of the fitted model.")
        if patience < 1 or not np.isfinite(min_delta) or min_delta < 0:
            raise ValueError(f"patience must be 1 or more and min_delta 0 or more. Got {patience} and {min_delta}.")
        self.X_val, self.score, self.greater_is_better = X_val, score, greater_is_better
        self.patience, self.min_delta, self.restore_best = patience, min_delta, restore_best

    def setup(self, estimator: Any, context: Any) -> None:
        """Begin anew."""
        self.scores_: list[float] = []
        self.best_score_ = -np.inf if self.greater_is_better else np.inf
        self.best_iteration_, self.stopped_ = 0, False
        self._best: FitState | None = None
        self._scorer: Score | None = self.score or self._error(estimator)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Give back the memory of the best iteration, and what cannot be pickled."""
        self._best = self._scorer = None

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any = None) -> bool | None:
        """Score the model; return whether to stop."""
        if context.task_name != "iteration":
            return False
        run = running_fit(estimator)
        assert self._scorer is not None
        score = float(self._scorer(fitted_estimator))
        if not np.isfinite(score):
            raise ValueError(f"The score after iteration {run.n_iter} is {score}: it must be a finite number.")
        self.scores_.append(score)
        gain = score - self.best_score_ if self.greater_is_better else self.best_score_ - score
        if gain > self.min_delta:
            self.best_score_, self.best_iteration_ = score, run.n_iter
            self._best = run.state() if self.restore_best else None
        self.stopped_ = run.n_iter - self.best_iteration_ >= self.patience
        if self._best is not None and (self.stopped_ or run.ending) and run.n_iter > self.best_iteration_:
            run.go_to(self._best)
            estimator.history_ = run.history
        return self.stopped_

    def _error(self, estimator: Any) -> Score:
        if isinstance(estimator, ImplicitALS):
            raise ValueError(
                "Scores of ImplicitALS are no values to compare with X_val: give score=, a function of the model, such "
                "as a ranking metric."
            )
        rows, columns, values = _cells_of(self.X_val)
        shape = np.shape(self.X_val)

        def error(model: Any) -> float:
            expected = (len(model.row_factors_), len(model.column_factors_))
            if shape != expected:
                raise ValueError(f"X_val is of shape {shape}, but the model is fitted to one of shape {expected}.")
            misses = model.predict_cells(rows, columns).astype(np.float64) - values
            return float(np.sqrt(np.mean(misses * misses)))

        return error


def _cells_of(X: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]:
    """Return the rows, columns and values of the cells of X that are there."""
    if issparse(X):
        matrix: Any = X
        cells = matrix.tocoo()
        rows, columns = cells.coords
        values = np.asarray(cells.data, dtype=np.float64)
    else:
        array = np.asarray(X, dtype=np.float64)
        if array.ndim != 2:
            raise ValueError(f"X_val must be a matrix, got an array of shape {array.shape}.")
        rows, columns = np.nonzero(~np.isnan(array))
        values = array[rows, columns]
    if not values.size:
        raise ValueError("X_val has no cell.")
    if not np.isfinite(values).all():
        p = int(np.argmin(np.isfinite(values)))
        raise ValueError(f"X_val holds {values[p]} in row {rows[p]}, column {columns[p]}: it must be a finite number.")
    return rows, columns, values
