"""Users drawn again, and labels exchanged: how sure values and differences of values are.

A value is a formula on totals of sums that each user adds to: a mean is Σ value / Σ 1, an RMSE √(Σ error² / Σ weight).
Whole users are drawn, with all their cells and in all folds together, as what one user does is not independent. All
results are those of the users in a sorted order, so the order they come in changes no bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alsatian.evaluation._parameters import generator_of
from alsatian.evaluation.metrics import PerUser, Pooled

Array = NDArray[np.float64]
Formula = Callable[[Array], Array]

_BLOCK = 1 << 22  # drawn labels at a time
_ROUNDING = 1e-12  # of a difference: one that is as large but for rounding is as large


class Terms(NamedTuple):
    """What each user adds to a value.

    Attributes
    ----------
    users : int array of shape (n,)
        Ascending, each once.
    sums : array of shape (n, s)
    formula : callable
        From totals (…, s) to values (…,).
    """

    users: NDArray[np.int64]
    sums: Array
    formula: Formula


def terms_of(source: PerUser | Pooled, users: NDArray[np.int64]) -> Terms:
    """Return the terms of a measured metric; `users` are those of its values."""
    if isinstance(source, Pooled):
        sums, formula = source.natural()
        return Terms(users, sums, formula)
    counted = ~np.isnan(source.per_user)
    return Terms(users, np.column_stack([np.where(counted, source.per_user, 0.0), counted.astype(float)]), _mean)


def _mean(totals: Array) -> Array:
    above, below = totals[..., 0], totals[..., 1]
    mean: Array = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return mean


class Values:
    """The means over folds of the values of several models, which share users and folds.

    Parameters
    ----------
    models : sequence of sequences of Terms
        For each model its terms in each fold.
    """

    def __init__(self, models: Sequence[Sequence[Terms]]) -> None:
        users = np.unique(np.concatenate([terms.users for folds in models for terms in folds]))
        parts = [[_aligned(terms, users) for terms in folds] for folds in models]
        self._formulas = [[terms.formula for terms in folds] for folds in models]
        self._widths = [[part.shape[1] for part in folds] for folds in parts]
        joined = np.hstack([part for folds in parts for part in folds])
        self._sums = joined[np.lexsort(joined.T[::-1])]

    @property
    def n_users(self) -> int:
        """Number of users who add to any of the values."""
        return len(self._sums)

    def at(self, totals: Array) -> Array:
        """Return the value of each model for totals of shape (…, all sums): (…, models)."""
        found = []
        begin = 0
        for formulas, widths in zip(self._formulas, self._widths, strict=True):
            values = []
            for formula, width in zip(formulas, widths, strict=True):
                values.append(formula(np.atleast_2d(totals)[:, begin : begin + width]))
                begin += width
            found.append(np.mean(values, axis=0))
        return np.stack(found, axis=-1)

    def observed(self) -> Array:
        """Return the value of each model, as measured."""
        first: Array = self.at(self._sums.sum(axis=0, keepdims=True))[0]
        return first

    def bootstrap(self, n_resamples: int, seed: int) -> Array:
        """Return the values for users drawn with replacement, shape (n_resamples, models)."""
        rng, size = generator_of(seed), self.n_users
        totals = np.empty((n_resamples, self._sums.shape[1]))
        for i in range(n_resamples):
            totals[i] = np.bincount(rng.integers(0, size, size), minlength=size) @ self._sums
        return self.at(totals)

    def permutation(self, a: int, b: int, n_resamples: int, seed: int) -> tuple[float, int]:
        """Return the p-value of the difference of two models with their labels exchanged at random, user by user.

        Under the hypothesis that it does not matter which of the two a user is given, all exchanges are equally likely.
        p is the share of them, as they are among those counted, with a difference at least as large in size.

        Returns
        -------
        p : float
        n : int
            Number of exchanges; all 2^n of them where these are no more than asked for.
        """
        mine, theirs = self._columns(a), self._columns(b)
        gap = self._sums[:, theirs] - self._sums[:, mine]
        moved = np.flatnonzero((gap != 0).any(axis=1))  # whoever has the same under both makes no difference
        totals, gap = self._sums.sum(axis=0), gap[moved]
        difference = self.observed()[a] - self.observed()[b]
        if math.isnan(difference):
            return math.nan, 0
        bound = abs(difference) * (1 - _ROUNDING)
        hits = done = 0
        exhaustive = 2**moved.size <= n_resamples if moved.size < 64 else False
        for labels in _all_labels(moved.size) if exhaustive else _drawn_labels(moved.size, n_resamples, seed):
            change = labels @ gap
            drawn = np.tile(totals, (len(labels), 1))
            drawn[:, mine] += change
            drawn[:, theirs] -= change
            values = self.at(drawn)
            hits += int(np.count_nonzero(np.abs(values[:, a] - values[:, b]) >= bound))
            done += len(labels)
        return (hits / done if exhaustive else (hits + 1) / (done + 1)), done

    def _columns(self, model: int) -> slice:
        widths = [sum(folds) for folds in self._widths]
        begin = sum(widths[:model])
        return slice(begin, begin + widths[model])


def two_sided(differences: Array) -> float:
    """Return the p-value that resampled differences give to there being none: twice the share beyond 0, at most 1."""
    known = differences[~np.isnan(differences)]
    if not known.size:
        return math.nan
    beyond = min(int(np.count_nonzero(known <= 0)), int(np.count_nonzero(known >= 0)))
    return min(1.0, 2 * (beyond + 1) / (known.size + 1))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number by the step-down method of Holm 1979; NaN stays, and does not count.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [math.nan] * len(p)
    order = sorted((i for i in range(len(p)) if not math.isnan(p[i])), key=lambda i: p[i])
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p[i]))
        adjusted[i] = largest
    return adjusted


def _aligned(terms: Terms, users: NDArray[np.int64]) -> Array:
    """Return the sums of all users, 0 for those who have none."""
    sums = np.zeros((users.size, terms.sums.shape[1]))
    sums[np.searchsorted(users, terms.users)] = terms.sums
    return sums


def _all_labels(size: int) -> Iterator[Array]:
    yield ((np.arange(2**size)[:, np.newaxis] >> np.arange(size)) & 1).astype(np.float64)


def _drawn_labels(size: int, number: int, seed: int) -> Iterator[Array]:
    rng = generator_of(seed)
    step = max(1, _BLOCK // max(1, size))
    for begin in range(0, number, step):
        yield rng.integers(0, 2, (min(step, number - begin), size), dtype=np.int8).astype(np.float64)
