"""Errors of predicted values, cell by cell: RMSE, MAE, R², and calibration."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsatian.data.ids import Ids
from alsatian.evaluation._parameters import whole_number
from alsatian.evaluation.metrics._inputs import real_numbers, unmasked
from alsatian.evaluation.metrics._results import Array, PerUser, Pooled, unit_of


class _Cells(NamedTuple):
    """What was seen, what was predicted, and how much each cell counts."""

    seen: Array
    predicted: Array
    weight: Array

    @property
    def error(self) -> Array:
        return self.predicted - self.seen


@overload
def rmse(true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> float: ...
@overload
def rmse(true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None, users: ArrayLike) -> Pooled: ...
def rmse(
    true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None, users: ArrayLike | None = None
) -> float | Pooled:
    """Return the root of the mean squared error, √(Σ c (p − x)² / Σ c).

    Divides by the sum of the weights c of the cells: by their number where there are none.

    Parameters
    ----------
    true : array-like of shape (cells,)
        What was seen, x.
    predicted : array-like of shape (cells,)
        What was predicted, p.
    weight : array-like of shape (cells,), optional
        How much each cell counts, ≥ 0, not 0 everywhere. None: 1 each.
    users : array-like of shape (cells,), optional
        The user of each cell: an id, or a position. Then the result knows its standard error and its interval.

    Returns
    -------
    float, or Pooled where `users` is given
        ≥ 0, in the unit of the values.

    Raises
    ------
    ValueError
        Where a value is not finite, there is no cell, or sizes differ.

    References
    ----------
    Herlocker, Konstan, Terveen and Riedl 2004, "Evaluating collaborative filtering recommender systems", section 4.1.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import rmse
    >>> rmse([4.0, 1.0, 5.0], [3.0, 1.0, 3.0], weight=[3, 1, 0])
    0.8660254037844386
    """
    cells = _checked(true, predicted, weight)
    largest = float(np.abs(cells.error).max()) or 1.0  # squares of what is at most 1 are never too large
    natural = np.array([largest * largest, 1.0]), partial(_root_mean, scale=1.0)
    return _mean_error(
        "rmse", cells, (cells.error / largest) ** 2, partial(_root_mean, scale=largest), users, natural=natural
    )


@overload
def mae(true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> float: ...
@overload
def mae(true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None, users: ArrayLike) -> Pooled: ...
def mae(
    true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None, users: ArrayLike | None = None
) -> float | Pooled:
    """Return the mean absolute error, Σ c |p − x| / Σ c.

    Divides by the sum of the weights c of the cells: by their number where there are none.

    Parameters
    ----------
    true, predicted, weight, users
        As in `rmse`.

    Returns
    -------
    float, or Pooled where `users` is given
        ≥ 0, in the unit of the values.

    References
    ----------
    Herlocker, Konstan, Terveen and Riedl 2004, "Evaluating collaborative filtering recommender systems", section 4.1.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import mae
    >>> mae([4.0, 1.0, 5.0], [3.0, 1.0, 3.0])
    1.0
    >>> mae([4.0, 1.0, 5.0], [3.0, 1.0, 3.0], users=["ann", "bob", "bob"]).per_user
    mae 1 ± 0 (2 users, 0 left out)
    """
    cells = _checked(true, predicted, weight)
    unit = unit_of(cells.error, float(cells.weight.sum()))
    natural = None if unit == 1 else (np.array([unit, 1.0]), _mean)
    formula = _mean if unit == 1 else partial(_scaled_mean, scale=unit)
    return _mean_error("mae", cells, np.abs(cells.error) / unit, formula, users, natural=natural)


@overload
def r2(true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None) -> float: ...
@overload
def r2(true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None, users: ArrayLike) -> Pooled: ...
def r2(
    true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None, users: ArrayLike | None = None
) -> float | Pooled:
    """Return the coefficient of determination, R² = 1 − Σ c (p − x)² / Σ c (x − x̄)², x̄ the weighted mean of x.

    Divides by what the mean of the very same cells leaves. Where all x are equal there is nothing to explain, and R²
    is NaN: it is not defined (scikit-learn has 0 or 1 there).

    Parameters
    ----------
    true, predicted, weight, users
        As in `rmse`.

    Returns
    -------
    float, or Pooled where `users` is given
        At most 1; below 0 where the mean would have been better. For the R² of a user x̄ is the mean of the user's own
        cells; those whose x are all equal are left out.

    References
    ----------
    Draper and Smith 1998, *Applied Regression Analysis*, section 1.3.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import r2
    >>> r2([4.0, 1.0, 1.0], [3.0, 2.0, 1.0])
    0.6666666666666667
    """
    x, p, c = cells = _checked(true, predicted, weight)
    _check_squares(cells)
    whole = float(_own_r2(cells, np.zeros(x.size, dtype=np.intp))[0])
    if users is None:
        return whole
    codes = _codes(users, x.size)
    d = x - np.average(x, weights=c)
    sums = _by_group(np.column_stack([c * (p - x) ** 2, c, c * d, c * d**2]), codes)
    return Pooled("r2", whole, PerUser("r2", _own_r2(cells, codes)), sums, _explained)


class Calibration(NamedTuple):
    """Predicted values against those seen, in groups of rising prediction; made by `calibration`.

    Attributes
    ----------
    predicted : array of shape (groups,)
        The mean prediction of each group, rising.
    seen : array of shape (groups,)
        The mean of what was seen there.
    weight : array of shape (groups,)
        The sum of the weights there: the number of cells where there are none.
    """

    predicted: Array
    seen: Array
    weight: Array

    @property
    def error(self) -> float:
        """The mean distance |predicted − seen| of the groups, by their weights; 0 is perfect."""
        return float(np.abs(self.predicted - self.seen) @ (self.weight / self.weight.sum()))


def calibration(
    true: ArrayLike, predicted: ArrayLike, *, weight: ArrayLike | None = None, n_groups: int = 10
) -> Calibration:
    """Compare predictions with what was seen, by deciles of the prediction.

    Cells are sorted by their prediction and cut into groups of about equal numbers. Equal predictions come into one
    group, the lower one, so there may be fewer groups than asked for, and of different sizes. Cells of weight 0 are
    left out.

    Parameters
    ----------
    true, predicted, weight
        As in `rmse`.
    n_groups : int, default=10

    Returns
    -------
    Calibration

    References
    ----------
    DeGroot and Fienberg 1983, "The comparison and evaluation of forecasters"; the mean distance is the expected
    calibration error of Naeini, Cooper and Hauskrecht 2015.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import calibration
    >>> found = calibration([1, 2, 3, 5], [1.5, 1.5, 4.0, 5.0], n_groups=2)
    >>> found.predicted, found.seen, found.error
    (array([1.5, 4.5]), array([1.5, 4. ]), 0.25)
    """
    n_groups = whole_number(n_groups, "n_groups")
    cells = _checked(true, predicted, weight)
    counts = cells.weight > 0
    x, p, c = (column[counts] for column in cells)
    edges = np.quantile(p, np.arange(1, n_groups) / n_groups, method="inverted_cdf")
    group = np.searchsorted(np.unique(edges), p, side="left")
    group = np.unique(group, return_inverse=True)[1]
    unit = unit_of(np.append(p, x), float(c.sum()))
    total, p_sum, x_sum = _by_group(np.column_stack([c, c * (p / unit), c * (x / unit)]), group).T
    return Calibration(unit * (p_sum / total), unit * (x_sum / total), total)


def _checked(true: ArrayLike, predicted: ArrayLike, weight: ArrayLike | None) -> _Cells:
    x = real_numbers(true, "true")
    p = real_numbers(predicted, "predicted", x.size)
    c = np.ones(x.size) if weight is None else real_numbers(weight, "weight", x.size)
    if not x.size:
        raise ValueError("there is no cell: an error has to be that of something.")
    if (c < 0).any():
        at = int(np.argmax(c < 0))
        raise ValueError(f"weight[{at}] is {c[at]}: weights must not be negative.")
    if not c.any():
        raise ValueError("all weights are 0: nothing is left to measure.")
    cells = _Cells(x, p, c)
    with np.errstate(over="ignore"):  # told in a moment, in words
        far, total = ~np.isfinite(cells.error), float(c.sum())
    if far.any():
        at = int(np.argmax(far))
        raise ValueError(
            f"predicted[{at}] = {p[at]} and true[{at}] = {x[at]} are farther apart than a float64 can tell: divide "
            "both by one number."
        )
    if total == np.inf:
        raise ValueError("the weights add up to more than a float64 holds: divide them by the largest.")
    return cells


def _check_squares(cells: _Cells) -> None:
    """Refuse what has a sum of squares beyond float64, of which R² is the ratio of two."""
    far = np.maximum(np.abs(cells.seen), np.abs(cells.predicted))
    if unit_of(far, float(cells.weight.sum())) != 1:
        at = int(np.argmax(far))
        raise ValueError(
            f"true[{at}] = {cells.seen[at]} and predicted[{at}] = {cells.predicted[at]} are too large for sums of "
            "squares, which R² is made of. Divide all values by one number: it changes nothing in R²."
        )


def _mean_error(
    name: str,
    cells: _Cells,
    loss: Array,
    formula: Callable[[Array], Array],
    users: ArrayLike | None,
    *,
    natural: tuple[Array, Callable[[Array], Array]] | None = None,
) -> float | Pooled:
    """Return what the formula makes of the sums of weighted losses and of weights."""
    terms = np.column_stack([cells.weight * loss, cells.weight])
    whole = float(formula(terms.sum(axis=0, keepdims=True))[0])
    if users is None:
        return whole
    sums = _by_group(terms, _codes(users, loss.size))
    return Pooled(name, whole, PerUser(name, formula(sums)), sums, formula, natural)


def _mean(total: Array) -> Array:
    return _quotient(total[:, 0], total[:, 1])


def _scaled_mean(total: Array, scale: float) -> Array:
    mean: Array = scale * _mean(total)
    return mean


def _root_mean(total: Array, scale: float) -> Array:
    root: Array = scale * np.sqrt(_mean(total))
    return root


def _quotient(above: Array, below: Array) -> Array:
    """NaN where nothing counts."""
    with np.errstate(over="ignore"):  # infinitely bad is a number
        found: Array = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return found


def _explained(total: Array) -> Array:
    """R² by the sums of squared errors, weights, values and squared values, each row for itself."""
    scatter = total[:, 3] - _quotient(total[:, 2] ** 2, total[:, 1])
    return 1 - _quotient(total[:, 0], scatter)


def _own_r2(cells: _Cells, codes: NDArray[np.intp]) -> Array:
    """R² of each user, about the mean of the user's own cells."""
    x, _, c = cells
    counts = np.flatnonzero(c > 0)[::-1]
    first = np.zeros(codes.max() + 1)
    first[codes[counts]] = x[counts]  # equal values have differences of 0 exactly, whatever their mean rounds to
    d = x - first[codes]
    error, total, drift = _by_group(np.column_stack([c * cells.error**2, c, c * d]), codes).T
    scatter = _by_group((c * (d - _quotient(drift, total)[codes]) ** 2)[:, np.newaxis], codes)[:, 0]
    return 1 - _quotient(error, scatter)


def _codes(users: ArrayLike, size: int) -> NDArray[np.intp]:
    """Return the number of the user of each cell, from 0, in ascending order of the ids."""
    if isinstance(users, np.ndarray) and users.dtype.kind in "iu":
        ids = unmasked(users, "users")
        found, shape = np.unique(ids, return_inverse=True)[1], ids.shape
    else:  # texts, times, mixtures, and what is missing among them
        found = Ids.of(users, what="an entry of users").positions(users)
        shape = found.shape
    if shape != (size,):
        raise ValueError(f"users must have {size} entries, one a cell, got an array of shape {shape}.")
    return found.astype(np.intp, copy=False)


def _by_group(terms: Array, codes: NDArray[np.intp]) -> Array:
    """Return the sums of the terms of each group of cells, a row each."""
    return np.column_stack([np.bincount(codes, weights=column) for column in terms.T])
