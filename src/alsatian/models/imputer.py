"""`ALSImputer`: fills missing cells of a table by a low-rank model, as a step of a scikit-learn pipeline."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.impute import MissingIndicator
from sklearn.utils._param_validation import Interval, MissingValues, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from alsatian._engine.contract import Floats
from alsatian._engine.threads import MAX_JOBS
from alsatian.models._base import checked_numbers, put_back
from alsatian.models._constraints import check_random_state_kind, check_ridge
from alsatian.models._fitted import Array, Attribute, Names, Number, Part
from alsatian.models._inputs import NoEntryWarning, check_dense
from alsatian.models._limits import MAX_COMPONENTS
from alsatian.models.als import ALS


class ALSImputer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Completion of missing values by alternating least squares, in the manner of scikit-learn's imputers.

    Columns are standardised by the mean and standard deviation of their observed cells, an `ALS` model is fitted to
    the observed cells, and its scores, scaled back, take the place of missing ones. Rows never seen in `fit` are folded
    in: their factors are solved from their observed cells. A row without any gets the column means.

    Parameters
    ----------
    n_components : int, default=16
        Number of factors. It may exceed the number of columns.
    missing_values : int, float, nan or pandas.NA, default=nan
        What marks a missing cell. Nulls of any kind (NaN, None, pandas.NA) are one: nan and pandas.NA mean the same.
        Where it is a number, a null in X is an error.
    reg : float or pair of float, default=0.05
        Ridge λ of the factors, or the pair for rows and columns, on the scale of standardised columns.
    reg_exponent : float, default=1.0
        Power of the number of observed cells that multiplies λ.
    bias : {"none", "mean", "rows", "columns", "both"}, default="columns"
        Biases of the `ALS` model. Those of columns correct the observed means where cells are not missing at random.
    bias_reg : float, pair of float or None, default=None
        Ridge of the biases; None takes that of the factors.
    scale : bool, default=True
        Whether to standardise columns, as units that differ ask for, and undo it afterwards.
    max_iter : int, default=30
        Largest number of iterations.
    tol : float, default=1e-4
        Stop when an iteration lowers the loss by no more than `tol` times the loss of the column means; 0 does
        all `max_iter` iterations.
    add_indicator : bool, default=False
        Whether to append the columns of a `sklearn.impute.MissingIndicator`, fitted on the same X.
    keep_empty_features : bool, default=False
        Whether to keep columns without any observed cell in `fit`, filled with 0, instead of dropping them.
    copy : bool, default=True
        Whether to leave X as it is. With False it is filled in place where its type allows.
    random_state : int, RandomState instance or None, default=None
        Seed of the random start.
    n_jobs : int or None, default=None
        Number of threads, as in `ALS`.
    verbose : int, default=0
        0 silent, 1 a progress bar for long fits, 2 a line an iteration.

    Attributes
    ----------
    statistics_ : ndarray of shape (n_features,)
        Mean of the observed cells of each column; where there are none, NaN (0 with ``keep_empty_features=True``).
    scale_ : ndarray of shape (n_features,)
        What columns were divided by: the standard deviation of the observed cells; 1 where that is 0, or without
        `scale`.
    model_ : ALS or None
        The factorization of the standardised columns that have observed cells; None where no column has.
    indicator_ : MissingIndicator or None
        None unless ``add_indicator=True``.
    n_iter_ : int
        Number of iterations done.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Column names of X, where it was a data frame with names that are all strings.

    See Also
    --------
    ALS : the model underneath, for sparse matrices, weights and predictions of single cells.

    References
    ----------
    Y. Zhou, D. Wilkinson, R. Schreiber, R. Pan, "Large-scale parallel collaborative filtering for the Netflix prize",
    AAIM 2008, for the objective.

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALSImputer
    >>> X = np.outer([1.0, 2, 3, 4, 5], [1.0, 10, 100])
    >>> X[0, 2] = X[3, 1] = np.nan
    >>> imputer = ALSImputer(n_components=1, reg=1e-3, max_iter=100, random_state=0).fit(X)
    >>> imputer.transform([[2, np.nan, 200]]).round(0)
    array([[  2.,  20., 200.]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, MAX_COMPONENTS, closed="both")],
        "missing_values": [MissingValues(numeric_only=True)],
        "reg": [Interval(Real, 0, None, closed="left"), tuple, list],
        "reg_exponent": [Interval(Real, 0, None, closed="left")],
        "bias": [StrOptions({"none", "mean", "rows", "columns", "both"})],
        "bias_reg": [None, Interval(Real, 0, None, closed="left"), tuple, list],
        "scale": ["boolean"],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "add_indicator": ["boolean"],
        "keep_empty_features": ["boolean"],
        "copy": ["boolean"],
        "random_state": ["random_state"],
        "n_jobs": [None, Interval(Integral, None, -1, closed="right"), Interval(Integral, 1, MAX_JOBS, closed="both")],
        "verbose": ["verbose"],
    }

    _fitted_attributes: ClassVar[Mapping[str, Attribute]] = {
        "statistics_": Array(("columns",), dtype="float64", nan=True),
        "scale_": Array(("columns",), dtype="float64"),
        "_used": Array(("columns",), dtype="bool", true="used"),
        "model_": Part("ALS", columns="used"),
        "indicator_": Part("MissingIndicator", columns="columns", or_none=True),
        "n_iter_": Number(int),
        "n_features_in_": Number(int, size="columns"),
        "feature_names_in_": Names("columns"),
    }

    def __init__(
        self,
        n_components: int = 16,
        *,
        missing_values: float = np.nan,
        reg: float | tuple[float, float] = 0.05,
        reg_exponent: float = 1.0,
        bias: str = "columns",
        bias_reg: float | tuple[float, float] | None = None,
        scale: bool = True,
        max_iter: int = 30,
        tol: float = 1e-4,
        add_indicator: bool = False,
        keep_empty_features: bool = False,
        copy: bool = True,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.missing_values = missing_values
        self.reg = reg
        self.reg_exponent = reg_exponent
        self.bias = bias
        self.bias_reg = bias_reg
        self.scale = scale
        self.max_iter = max_iter
        self.tol = tol
        self.add_indicator = add_indicator
        self.keep_empty_features = keep_empty_features
        self.copy = copy
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the column statistics and the low-rank model to the observed cells of X.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            A masked cell of a masked array is missing, whatever marks the others.
        y : None
            Ignored; here for scikit-learn's sake.

        Returns
        -------
        self : ALSImputer

        Raises
        ------
        ValueError
            For a parameter out of range, a value that is not a number, or an infinite one (told with row and column).
            The imputer is then as it was before, and so it is after Ctrl-C.
        """
        before = dict(vars(self))
        try:
            self._fit(X)
        except BaseException:
            put_back(self, before)
            raise
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Return X with every missing cell filled.

        `missing_values` and `copy` count as they are set now, all else as it was in `fit`.

        Parameters
        ----------
        X : array-like or data frame of shape (n, n_features)
            Any rows, known or new.

        Returns
        -------
        ndarray of shape (n, n_features_out), or what `set_output` asks for
            Observed cells are as they were. Columns that had no observed cell in `fit` are dropped, or 0.
        """
        check_is_fitted(self)
        self._validate_params()
        X, missing = self._checked(X, reset=False, copy=self.copy)
        indicator = None if self.indicator_ is None else self.indicator_.transform(self._marks(missing))
        if self.model_ is not None and missing[:, self._used].any():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NoEntryWarning)
                scores = self.model_.inverse_transform(*self._folded(self._standardised(X, missing)))
            where = np.flatnonzero(self._used)
            rows, columns = np.nonzero(missing[:, where])
            X[rows, where[columns]] = self._scaled_back(scores[rows, columns], where[columns], X.dtype)
        X = self._without_empty(X, missing)
        return X if indicator is None else np.hstack((X, indicator))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns of `transform`'s result.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns of X; None takes those seen in `fit`, or x0, x1, ….

        Returns
        -------
        ndarray of str objects
        """
        check_is_fitted(self)
        input_features = _check_feature_names_in(self, input_features)
        names: NDArray[np.object_] = input_features[self._kept]
        if self.indicator_ is None:
            return names
        return np.concatenate([names, self.indicator_.get_feature_names_out(input_features)])

    def _validate_params(self) -> None:
        check_random_state_kind(self, self.random_state)
        check_ridge(self, "reg", self.reg)
        check_ridge(self, "bias_reg", self.bias_reg, or_none=True)
        super()._validate_params()

    def _fit(self, X: Any) -> None:
        X, missing = self._checked(X, reset=True, copy=False)
        self.indicator_ = None
        if self.add_indicator:
            self.indicator_ = MissingIndicator(missing_values=self._mark, error_on_new=False)
            self.indicator_.fit(self._marks(missing))
        constant = self._fit_statistics(X, missing)
        self.model_, self.n_iter_ = None, 0
        if self._used.any():
            self.model_ = self._new_model()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NoEntryWarning)  # a row without cells gets the column means: no news
                Y = self._standardised(X, missing)
                Y[:, constant[self._used]] *= 0  # what rounding has left there is no data; NaN stays
                self.model_.fit(Y)
            self.n_iter_ = self.model_.n_iter_

    def _new_model(self) -> ALS:
        names = ("n_components", "reg", "reg_exponent", "bias", "bias_reg", "max_iter", "tol", "random_state", "n_jobs")
        return ALS(**{name: getattr(self, name) for name in names}, verbose=self.verbose)

    @property
    def _mark(self) -> float:
        """The number that marks a missing cell; pandas.NA is NaN once a table has become an array."""
        return self.missing_values if isinstance(self.missing_values, Real) else np.nan

    def _checked(self, X: Any, *, reset: bool, copy: bool) -> tuple[Floats, NDArray[np.bool_]]:
        """Return X as a float array and where it is missing."""
        marked_by_nan = bool(np.isnan(self._mark))
        X = checked_numbers(
            self, X, mark=self._mark, reset=reset, dtype=(np.float64, np.float32), copy=copy, force_writeable=not reset
        )
        if check_dense(X) and not marked_by_nan:
            row, column = np.argwhere(np.isnan(X))[0]
            raise ValueError(
                f"X holds NaN in row {row}, column {column}, but missing_values={self.missing_values!r} is what marks "
                "a missing cell: mark this one in the same way."
            )
        return X, np.isnan(X) if marked_by_nan else self._mark == X

    def _marks(self, missing: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return what the indicator takes for this pattern: its own mark, which may not be the one that is set now."""
        assert self.indicator_ is not None
        mark = self.indicator_.missing_values
        return np.where(missing, mark, 1.0 if mark == 0 else 0.0)

    def _fit_statistics(self, X: Floats, missing: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Fit mean and scale of each column, and return which are constant but for rounding."""
        observed = ~missing
        counts = observed.sum(axis=0)
        self._used = counts > 0
        divisor = np.maximum(counts, 1)
        # In units in which the largest value is about 1, no square is too large or too small. The units are powers of
        # two, so that nothing is rounded on the way.
        unit = _power_of_two(np.max(np.abs(X), axis=0, where=observed, initial=0))
        with np.errstate(over="ignore"):  # of what marks a missing cell
            Y = np.where(observed, X / unit, 0.0)
        mean = np.sum(Y, axis=0) / divisor
        spread = np.sqrt(np.sum((Y - mean) ** 2, axis=0, where=observed) / divisor)
        # A deviation that is all rounding would blow up into data: such a column is constant.
        constant: NDArray[np.bool_] = spread <= 10 * np.finfo(X.dtype).eps * np.abs(mean)
        mean, spread = mean * unit, spread * unit
        self.statistics_ = np.where(self._used, mean, 0.0 if self.keep_empty_features else np.nan)
        self.scale_ = np.where(constant, 1.0, spread) if self.scale else np.ones(X.shape[1])
        return constant

    def _standardised(self, X: Floats, missing: NDArray[np.bool_]) -> Floats:
        used = self._used
        unit = _power_of_two(self.scale_[used])  # as above: the difference of two huge values may be too large
        Y = (X[:, used] / unit - self.statistics_[used] / unit) / (self.scale_[used] / unit)
        Y[missing[:, used]] = np.nan
        return np.asarray(Y, dtype=X.dtype)

    def _scaled_back(self, scores: Floats, columns: NDArray[np.intp], dtype: Any) -> Floats:
        """Turn scores of cells of the given columns into values of X."""
        with np.errstate(over="ignore"):
            values = (scores * self.scale_[columns] + self.statistics_[columns]).astype(dtype)
        if not np.isfinite(values).all():
            column = columns[int(np.argmin(np.isfinite(values)))]
            raise ValueError(
                f"A value to fill column {column} with is too large for {dtype}: divide that column by some number."
            )
        return values

    def _folded(self, Y: Floats) -> tuple[Floats, Floats | None]:
        assert self.model_ is not None
        W, row_bias = self.model_.transform(Y, return_bias=True)
        return np.asarray(W), row_bias

    @property
    def _kept(self) -> NDArray[np.bool_]:
        return np.ones_like(self._used) if self.keep_empty_features else self._used

    def _without_empty(self, X: Floats, missing: NDArray[np.bool_]) -> Floats:
        if self._used.all():
            return X
        if self.keep_empty_features:
            empty = ~self._used
            X[:, empty] = np.where(missing[:, empty], 0, X[:, empty])
            return X
        dropped = np.flatnonzero(~self._used)
        names = self.feature_names_in_[dropped] if hasattr(self, "feature_names_in_") else dropped
        warnings.warn(
            f"Skipping features without any observed values: {names}. Use keep_empty_features=True to keep them.",
            stacklevel=4,
        )
        return X[:, self._used]

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what X may hold."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = bool(np.isnan(self._mark))
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _power_of_two(sizes: NDArray[Any]) -> NDArray[np.float64]:
    """Return the power of two that each size is at least one and less than two of; 1 for zero."""
    _, exponents = np.frexp(sizes.astype(np.float64))
    return np.where(sizes > 0, np.ldexp(1.0, exponents - 1), 1.0)
