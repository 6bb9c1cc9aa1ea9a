"""`CellRegressor`: a factor model as a regressor on cells, for everything in scikit-learn that splits and searches."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context, clone
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d

from alsatian import _tables
from alsatian._engine.contract import Floats
from alsatian.models._base import checked_numbers
from alsatian.models._inputs import NoEntryWarning
from alsatian.models._predict import clipped
from alsatian.models.als import ALS

Array = NDArray[Any]

_LIMIT = 2**31 - 1  # columns are numbered by 32-bit integers


class CellRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A factor model as a regressor: X is pairs (row, column), y the values of these cells.

    To scikit-learn a matrix with holes is one sample a row of the matrix, so its splitters hold out whole rows. Here
    each observed *cell* is a sample. So every splitter, `cross_val_score`, `learning_curve` and `GridSearchCV` (over
    ``model__reg``, ``model__n_components``, …) holds out cells, and what they score is the error of predicted cells.

    Parameters
    ----------
    model : ALS or None, default=None
        What is fitted; it is cloned, never changed. None is ``ALS(bias="both")``. Absent cells have to be missing: with
        ``absent="zero"`` the cells that are held out would be taught as zeros.
    shape : pair of int or None, default=None
        (number of rows, number of columns) of the matrix. Cells outside are an error. None: any index from 0 up.

    Attributes
    ----------
    model_ : ALS
        The fitted model, which `alsatian.save` can keep.
    shape_ : tuple of int
        Shape of the matrix that it was fitted on: `shape`, or one more than the largest indices.
    mean_ : float
        The weighted mean of the values in `fit`.
    n_features_in_ : int
        2.

    Notes
    -----
    **What has not been seen.** A held-out cell may lie in a row or a column without any cell in the training part. It
    is predicted by what is left of s_ij = μ + b_i + d_j + w_i·z_j: the mean, and the bias of the side that was seen.
    Where the model has no mean of its own (``bias="none"``), μ is `mean_` there. `seen` says which cells are not of
    this kind.

    **Repeated pairs** are taken together: their weighted mean, with the sum of their weights, has the same sum of
    squares but for a constant. They count as one cell where the ridge is multiplied by a number of cells
    (`reg_exponent`).

    **Processors.** Where scikit-learn works in parallel (``GridSearchCV(..., n_jobs=-1)``), a model with
    ``n_jobs=None`` takes only the share of its worker.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from alsatian import ALS, CellRegressor
    >>> rows, columns = np.divmod(np.random.default_rng(0).permutation(600)[:400], 20)
    >>> X, y = np.column_stack([rows, columns]), 3 + np.sin(rows) * np.cos(columns)
    >>> cells = CellRegressor(ALS(2, bias="mean", random_state=0), shape=(30, 20))
    >>> search = GridSearchCV(cells, {"model__reg": [1e-3, 1e-1]}, cv=3).fit(X, y)
    >>> search.best_params_, bool(search.best_score_ > 0.99)
    ({'model__reg': 0.001}, True)
    >>> search.predict([[0, 0], [1, 0]]).round(1)
    array([3. , 3.8])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"model": [None, ALS], "shape": [None, tuple, list]}

    def __init__(self, model: ALS | None = None, shape: tuple[int, int] | None = None) -> None:
        self.model = model
        self.shape = shape

    def set_params(self, **params: Any) -> Self:
        """Set parameters, those of the model as ``model__reg`` and the like: also where it is the default one.

        Returns
        -------
        self : CellRegressor
        """
        if self.model is None and any(name.startswith("model__") for name in params):
            self.model = ALS(bias="both")
        super().set_params(**params)
        return self

    @_fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the model to cells.

        Parameters
        ----------
        X : array-like or data frame of shape (n_cells, 2)
            Row and column of each cell, from 0: whole numbers, in any type.
        y : array-like of shape (n_cells,)
            Values.
        sample_weight : array-like of shape (n_cells,) or None, default=None
            Weights c >= 0 of the cells; 0 leaves a cell out.

        Returns
        -------
        self : CellRegressor

        Raises
        ------
        IndexError
            For a cell outside `shape`.
        ValueError
            For what are no pairs of whole numbers, values that are not finite, and all that `fit` of the model refuses.
        """
        model = ALS(bias="both") if self.model is None else clone(self.model)
        if model.absent != "missing":
            raise ValueError(
                f"model has absent={model.absent!r}: cells that are held out would be fitted as zeros. Use "
                "absent='missing'."
            )
        limits = _checked_shape(self.shape)
        values = _values(y, "y", self)
        rows, columns = self._pairs(X, limits, reset=True)
        check_consistent_length(rows, values)
        weights = None if sample_weight is None else _values(sample_weight, "sample_weight", self)
        check_consistent_length(rows, weights)
        shape = limits or (int(rows.max()) + 1, int(columns.max()) + 1)
        cells, weight_cells = _matrices((rows, columns), values, weights, shape)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NoEntryWarning)  # what the other part of a split has: no news here
            model.fit(cells, weights=weight_cells)
        weight = np.ones(values.size) if weights is None else weights.astype(np.float64)
        counted = np.flatnonzero(weight > 0)
        self.model_, self.shape_ = model, shape
        self.mean_ = float(np.average(values[counted].astype(np.float64), weights=weight[counted]))
        self._seen = tuple(
            np.bincount(index[counted], minlength=size) > 0 for index, size in zip((rows, columns), shape, strict=True)
        )
        return self

    def predict(self, X: Any) -> Floats:
        """Return the scores of cells, within the model's `clip`.

        Parameters
        ----------
        X : array-like or data frame of shape (n_cells, 2)
            Row and column of each cell.

        Returns
        -------
        ndarray of shape (n_cells,)
            In the precision of the model.

        Raises
        ------
        IndexError
            For a cell outside `shape`.
        """
        rows, columns, row_seen, column_seen = self._looked_up(X)
        model, both = self.model_, row_seen & column_seen
        mean = self.mean_ if model.bias == "none" else model.mean_
        scores: Floats = np.full(rows.size, mean, dtype=model.column_factors_.dtype)
        for bias, index, seen in ((model.row_bias_, rows, row_seen), (model.column_bias_, columns, column_seen)):
            if bias is not None:
                scores[seen] += bias[index[seen]]
        scores[both] = model.predict_cells(rows[both], columns[both])
        return clipped(scores, model.clip)

    def seen(self, X: Any) -> NDArray[np.bool_]:
        """Return which cells have both their row and their column in the cells of `fit`.

        The others are predicted by the mean and the biases that are known.

        Parameters
        ----------
        X : array-like or data frame of shape (n_cells, 2)

        Returns
        -------
        ndarray of bool, shape (n_cells,)
        """
        _, _, row_seen, column_seen = self._looked_up(X)
        both: NDArray[np.bool_] = row_seen & column_seen
        return both

    def _looked_up(self, X: Any) -> tuple[Array, Array, Array, Array]:
        """Return rows and columns, and whether each of them was seen."""
        check_is_fitted(self)
        rows, columns = self._pairs(X, _checked_shape(self.shape), reset=False)
        known = []
        for index, mask in zip((rows, columns), self._seen, strict=True):
            inside = index < mask.size
            known.append(inside & mask[np.where(inside, index, 0)])
        return rows, columns, known[0], known[1]

    def _pairs(self, X: Any, limits: tuple[int, int] | None, *, reset: bool) -> tuple[Array, Array]:
        """Return the indices of rows and columns.

        Raises
        ------
        IndexError, ValueError
            Says which pair is wrong.
        """
        pairs = checked_numbers(self, X, reset=reset, dtype="numeric")
        if pairs.shape[1] != 2:
            raise ValueError(
                f"X has {pairs.shape[1]} feature(s) (shape={pairs.shape}), but must have 2, the row and the column of "
                "each cell. A matrix is fitted by ALS itself."
            )
        whole = (
            np.isfinite(pairs) & (pairs == np.floor(pairs)) if pairs.dtype.kind == "f" else np.ones_like(pairs, bool)
        )
        if not whole.all():
            at = int(np.argmin(whole.all(axis=1)))
            raise ValueError(f"X[{at}] is {pairs[at].tolist()}: row and column must be whole numbers.")
        for side, (what, size) in enumerate(zip(("row", "column"), limits or (_LIMIT, _LIMIT), strict=True)):
            outside = (pairs[:, side] < 0) | (pairs[:, side] >= size)
            if outside.any():
                at = int(np.argmax(outside))
                told = (
                    f"shape {limits} has {what}s 0 to {size - 1}" if limits else f"{what}s count from 0 to {size - 1}"
                )
                raise IndexError(
                    f"X[{at}] is {pairs[at].tolist()}: {what} {pairs[at, side]} is out of range, as {told}."
                )
        return pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)


def _checked_shape(shape: Any) -> tuple[int, int] | None:
    """Return the shape as a pair of integers, or None."""
    if shape is None:
        return None
    whole = [isinstance(n, int | np.integer) and not isinstance(n, bool) and 0 < n <= _LIMIT for n in shape]
    if whole != [True, True]:
        raise ValueError(f"shape must be None or two whole numbers above 0, rows and columns, got {shape!r}.")
    return int(shape[0]), int(shape[1])


def _values(given: Any, name: str, estimator: Any) -> Floats:
    """Return one finite number a cell, in float32 where it is so, else in float64."""
    if given is None:
        raise ValueError("This CellRegressor requires y to be passed, but the target y is None.")
    array = column_or_1d(_tables.plain(given, name), warn=name == "y")
    numbers: Floats = check_array(
        array, ensure_2d=False, dtype=(np.float64, np.float32), input_name=name, estimator=estimator
    )
    return numbers


def _matrices(
    index: tuple[Array, Array], values: Floats, weights: Floats | None, shape: tuple[int, int]
) -> tuple[csr_array[Any], csr_array[Any] | None]:
    """Return the cells as a matrix, and their weights where there are any or pairs come more than once."""
    key = index[0] * shape[1] + index[1]
    pairs, place = np.unique(key, return_inverse=True)
    rows, columns = np.divmod(pairs, shape[1])
    if pairs.size == key.size and weights is None:
        cell = np.empty(pairs.size, dtype=values.dtype)
        cell[place] = values
        return csr_array(coo_array((cell, (rows, columns)), shape=shape)), None
    given = np.ones(values.size) if weights is None else weights.astype(np.float64)
    if (given < 0).any():
        at = int(np.argmax(given < 0))
        raise ValueError(f"sample_weight[{at}] is {given[at]}: a weight must be a finite number >= 0.")
    if not given.any():
        raise ValueError("all sample_weight are zero: there is nothing to fit.")
    weight = np.bincount(place, weights=given, minlength=pairs.size)
    total = np.bincount(place, weights=given * values, minlength=pairs.size)
    keep = weight > 0
    cell = (total[keep] / weight[keep]).astype(values.dtype)
    where = rows[keep], columns[keep]
    return (
        csr_array(coo_array((cell, where), shape=shape)),
        csr_array(coo_array((weight[keep].astype(values.dtype), where), shape=shape)),
    )
