"""What every factor model is to scikit-learn, and the predictions that need nothing but fitted factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from alsatian import _tables
from alsatian._engine.contract import Cells, Floats
from alsatian.models._fit import Alternation, Factors, Side
from alsatian.models._fitted import Array, Attribute, Course, Names, Number, Ridge
from alsatian.models._plots import Plots
from alsatian.models._predict import all_scores, cell_scores, paired_indices
from alsatian.models._sparse import with_dtype

FLOATS = (np.float64, np.float32)  # float32 stays, everything else becomes the first

# What scikit-learn keeps on an estimator while it is fitted, and takes away itself.
_OF_CALLBACKS = frozenset({"_callback_fit_ctx", "_skl_callbacks_to_teardown"})


class FactorModel(Plots, ClassNamePrefixFeaturesOutMixin, CallbackSupportMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Base of the models X ≈ μ + b + d + W Zᵀ: input checks, tags and predictions; subclasses fit and fold in."""

    _fitted_attributes: ClassVar[Mapping[str, Attribute]] = {
        "row_factors_": Array(("rows", "components")),
        "column_factors_": Array(("columns", "components")),
        "row_bias_": Array(("rows",), or_none=True),
        "column_bias_": Array(("columns",), or_none=True),
        "mean_": Number(float),
        "reg_": Ridge(may_be_absent=True),  # in files of the first days
        "history_": Course(),
        "n_iter_": Number(int),
        "converged_": Number(bool),
        "n_features_in_": Number(int, size="columns"),
        "feature_names_in_": Names("columns"),
        "_fitted_full": Number(bool),
        "_fitted_array_zero": Number(bool),
    }

    dtype: Any
    clip: tuple[float | None, float | None] | None
    row_factors_: Floats
    column_factors_: Floats
    row_bias_: Floats | None
    column_bias_: Floats | None
    mean_: float
    n_features_in_: int
    _fitted_full: bool
    _fitted_array_zero: bool

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Have callbacks watch the fits to come, in place of those that did before.

        Parameters
        ----------
        *callbacks : callback
            Of scikit-learn's protocol, such as those in `alsatian.callbacks`. Without any, or with None: none.

        Returns
        -------
        self : estimator

        Raises
        ------
        TypeError
            For what is no callback.

        Examples
        --------
        >>> from alsatian import ALS
        >>> from alsatian.callbacks import ProgressBar
        >>> ALS().set_callbacks(ProgressBar()).set_callbacks()
        ALS()
        """
        given = () if callbacks == (None,) else callbacks
        try:
            super().set_callbacks(*given)
        except TypeError as error:
            told = ", ".join(map(repr, given))
            raise TypeError(
                "set_callbacks takes callbacks, one an argument, each an instance with the methods setup, teardown,"
                f" on_fit_task_begin and on_fit_task_end; without an argument it takes all away. Got {told}."
            ) from error
        return self

    @property
    def components_(self) -> Floats:
        """Zᵀ, the column factors as scikit-learn lays them out: a view of shape (n_components, n_columns)."""
        check_is_fitted(self)  # its error is an AttributeError too, as hasattr needs it
        return self.column_factors_.T

    def inverse_transform(self, W: ArrayLike, row_bias: ArrayLike | None = None) -> Floats:
        """Return the scores of all columns for rows given by their factors, μ + b + d + W Zᵀ, within `clip` as set now.

        Parameters
        ----------
        W : array-like of shape (n, n_components)
            Row factors, as `transform` gives them.
        row_bias : array-like of shape (n,) or None, default=None
            Row biases, from ``transform(X, return_bias=True)``; None is zero.

        Returns
        -------
        ndarray of shape (n, n_columns)

        Raises
        ------
        ValueError
            Where a shape does not fit, a number is not finite, or a bias is given to a model that has none.
        """
        check_is_fitted(self)
        k = self.column_factors_.shape[1]
        self._validate_params()
        rows = check_array(_tables.plain(W, "W"), dtype=self.column_factors_.dtype, input_name="W", order="C")
        if rows.shape[1] != k:
            raise ValueError(f"W has {rows.shape[1]} columns, but the model has {k} components.")
        bias = None if row_bias is None else self._checked_bias(row_bias, rows.shape[0])
        return all_scores(Factors(rows, self.column_factors_, bias, self.column_bias_, self.mean_), self.clip)

    def predict_cells(self, rows: ArrayLike, columns: ArrayLike) -> Floats:
        """Return the scores of chosen cells of the training matrix, s_ij = μ + b_i + d_j + w_i·z_j.

        They are kept within `clip`, as it is set now.

        Parameters
        ----------
        rows, columns : array-like of int
            Indices of the cells, of equal shapes (or shapes that broadcast).

        Returns
        -------
        ndarray
            Of that shape, in the precision of the model.

        Raises
        ------
        IndexError
            For an index out of range; a negative one does not count from the end.
        ValueError
            For a masked index, and for shapes that do not pair up.
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
        check_is_fitted(self)
        self._validate_params()
        i, j = paired_indices(rows, columns, (len(self.row_factors_), len(self.column_factors_)))
        return cell_scores(self._factors, i.reshape(-1), j.reshape(-1), self.clip).reshape(i.shape)

    @property
    def _factors(self) -> Factors:
        return Factors(self.row_factors_, self.column_factors_, self.row_bias_, self.column_bias_, self.mean_)

    @property
    def _n_features_out(self) -> int:
        return int(self.column_factors_.shape[1])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "column_factors_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = (
            [np.dtype(self.dtype).name] if _is_float(self.dtype) else ["float64", "float32"]
        )
        return tags

    def _checked(self, X: Any, dtype: Any, *, reset: bool) -> Any:
        """Return X as a C-contiguous array or a sparse matrix of one of the dtypes; values are checked later on."""
        if not reset:
            self._check_width(X)
        sparse: bool = issparse(X)
        if sparse and X.dtype.kind in "biuf":
            X = with_dtype(X, _working_dtype(X.dtype, dtype))
        with np.errstate(over="ignore"):  # what does not fit comes out as inf, and is named
            return checked_numbers(
                self, X, reset=reset, accept_sparse=("csr", "csc", "coo"), dtype=dtype, order="C"
            )  # fmt: skip

    def _check_width(self, X: Any) -> None:
        shape = _tables.shape_of(X)
        if len(shape) != 2 or shape[1] == self.n_features_in_ or 0 in shape:
            return  # anything else that is wrong is for scikit-learn to say
        transposed = " Is X transposed?" if shape[0] == self.n_features_in_ else ""
        raise ValueError(
            f"X has {shape[1]} features, but {type(self).__name__} is expecting {self.n_features_in_} features as "
            f"input: a row needs one cell for each column that the model was fitted on.{transposed}"
        )

    def _side(self, cells: Cells, which: int) -> Side:
        """Return rows (0) or columns (1) with their own ridge, scaled by count^ν."""
        raise NotImplementedError

    def _checked_bias(self, row_bias: ArrayLike, size: int) -> Floats:
        if self.row_bias_ is None:
            raise ValueError("row_bias is given, but the model was fitted without one: leave it out.")
        with np.errstate(over="ignore"):  # what does not fit comes out as inf, and is named
            bias = np.asarray(_tables.plain(row_bias, "row_bias"), dtype=self.column_factors_.dtype)
        if bias.shape != (size,):
            raise ValueError(f"row_bias has the shape {bias.shape}, but W has {size} rows: give one bias a row.")
        if not np.isfinite(bias).all():
            row = int(np.argmin(np.isfinite(bias)))
            raise ValueError(f"row_bias holds {bias[row]} for row {row} of W: a bias must be a finite {bias.dtype}.")
        return bias


def checked_numbers(estimator: Any, X: Any, *, reset: bool, mark: float = np.nan, **how: Any) -> Any:
    """Check X as `validate_data` does, names and width included, whatever X came in; `mark` is for masked cells."""
    numbers = _tables.plain(X, "X", mark=mark)
    if not _tables.is_frame(X):
        return validate_data(estimator, numbers, reset=reset, ensure_all_finite=False, **how)
    _tables.refuse_equal_names(X)
    validate_data(estimator, _tables.named(X), reset=reset, skip_check_array=True)  # the names are those of the frame
    return check_array(numbers, input_name="X", estimator=estimator, ensure_all_finite=False, **how)


def fitted_attributes(run: Alternation) -> dict[str, Any]:
    """Return what a fit leaves on the estimator, by name."""
    factors, rule = run.factors, run.rows.cells.rule
    of_rule = {"alpha_": rule.alpha} if rule.alpha > 0 else {}
    reg = run.rows.ridge[0], run.columns.ridge[0]
    return of_rule | {
        "row_factors_": factors.rows,
        "column_factors_": factors.columns,
        "row_bias_": factors.row_bias,
        "column_bias_": factors.column_bias,
        "mean_": factors.mean,
        "reg_": reg[0] if reg[0] == reg[1] else reg,
        "history_": run.history,
        "n_iter_": run.n_iter,
        "converged_": run.converged,
        "_fitted_full": run.rows.cells.full,
        "_fitted_array_zero": run.rows.cells.full or run.rows.cells.absent_zero,
    }


def put_back(estimator: BaseEstimator, before: dict[str, Any]) -> None:
    """Undo a fit that failed: the attributes are those of `before`, a copy of ``vars(estimator)``, once more."""
    after = vars(estimator)
    for name in [name for name in after if name not in before and name not in _OF_CALLBACKS]:
        del after[name]
    after.update(before)


def _is_float(dtype: Any) -> bool:
    """Return whether this names one precision; tags are asked for before parameters are checked."""
    return isinstance(dtype, str | type | np.dtype) and dtype in {"float32", "float64", *FLOATS, *map(np.dtype, FLOATS)}


def _working_dtype(given: Any, wanted: Any) -> Any:
    """Choose as `check_array` does: of a list, what is given if it is one of them, else the first."""
    if not isinstance(wanted, list):
        return wanted
    return given if given in wanted else wanted[0]
