"""What a metric gives: a value for each user, and how sure the mean over them is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsatian.evaluation._parameters import generator_of, inner_share, whole_number

Array = NDArray[np.float64]

_RESAMPLES = 1000
_LARGE = 1e300  # sums above are near what a float64 holds
_FEW = 4  # a draw of how often takes about as long as so many draws of a row


@dataclass(frozen=True, eq=False, repr=False)
class PerUser:
    """A metric, user by user.

    Users of whom the metric says nothing (of whom no item is relevant, say) are left out of mean, standard error and
    interval, and counted. None of the three depends on the order of the users, to the bit. An infinite value makes the
    mean infinite; there is no standard error and no interval then (NaN).

    Parameters
    ----------
    name : str
        Such as ``"ndcg@10"``.
    per_user : array-like of shape (n_users,)
        NaN for a user who is left out.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import PerUser
    >>> recall = PerUser("recall@10", [0.5, 1.0, float("nan"), 0.0])
    >>> recall
    recall@10 0.5 ± 0.2887 (3 users, 1 left out)
    >>> recall.n_left_out, float(recall) == recall.mean == 0.5
    (1, True)
    """

    name: str
    per_user: Array

    def __init__(self, name: str, per_user: ArrayLike) -> None:
        try:
            values = np.array(per_user, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(
                f"per_user must be one number a user, NaN for a user who is left out, got {per_user!r:.80}."
            ) from None
        if values.ndim != 1:
            raise ValueError(f"per_user must have one value a user, got an array of shape {values.shape}.")
        values.setflags(write=False)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "per_user", values)

    @property
    def left_out(self) -> NDArray[np.bool_]:
        """Whether each user is left out, shape (n_users,)."""
        return np.isnan(self.per_user)

    @property
    def n_left_out(self) -> int:
        """Number of users that are left out."""
        return int(np.count_nonzero(self.left_out))

    @property
    def n_users(self) -> int:
        """Number of users that count: those that are not left out."""
        return self.per_user.size - self.n_left_out

    @property
    def mean(self) -> float:
        """The mean over the users that count; NaN where there is none."""
        values, unit = self._sorted()
        if not values.size:
            return math.nan
        ends = float(values[0]) + float(values[-1])  # that of infinities, where there are any; NaN of both kinds
        if not math.isfinite(ends):
            return ends
        return unit * float(values.sum() / values.size)

    @property
    def stderr(self) -> float:
        """The standard error of the mean, s/√n with s² = Σ(x − x̄)²/(n − 1); NaN for fewer than two users."""
        values, unit = self._sorted()
        return unit * spread(values) / math.sqrt(values.size) if values.size > 1 else math.nan

    def interval(
        self, level: float = 0.95, seed: int | np.random.Generator = 0, *, n_resamples: int = _RESAMPLES
    ) -> tuple[float, float]:
        """Return a bootstrap interval of the mean.

        Users are drawn with replacement, as many as there are, again and again; the interval holds the middle `level`
        of the means (the percentile method of Efron 1979, "Bootstrap methods: another look at the jackknife").

        Parameters
        ----------
        level : float, default=0.95
            In (0, 1).
        seed : int or Generator, default=0
        n_resamples : int, default=1000

        Returns
        -------
        low, high : float
            NaN for fewer than two users. With fewer than about 20 the interval is too narrow: the users there are
            differ less among each other than those they stand for.
        """
        values, unit = self._sorted()
        sums = np.column_stack([values, np.ones_like(values)])
        low, high = bootstrap_interval(sums, lambda total: total[:, 0] / total[:, 1], level, seed, n_resamples)
        return unit * low, unit * high

    @classmethod
    def joined(cls, parts: Iterable[PerUser]) -> PerUser:
        """Return one result for the users of several, in their order: for users that were measured batch by batch."""
        parts = list(parts)
        names = sorted({part.name for part in parts})
        if len(names) != 1:
            raise ValueError(f"only parts of one metric can be joined, got {names}.")
        return cls(names[0], np.concatenate([part.per_user for part in parts]))

    def _sorted(self) -> tuple[Array, float]:
        """Return the values that count, ascending, and the unit they are in.

        What is made of them cannot depend on the order of the users.
        """
        values = np.sort(self.per_user[~self.left_out])
        unit = unit_of(values, values.size)
        return values / unit, unit

    def __float__(self) -> float:
        """Return the mean."""
        return self.mean

    def __len__(self) -> int:
        """Return the number of users, also of those that are left out."""
        return self.per_user.size

    def __repr__(self) -> str:
        """Return name, mean ± standard error, and the numbers of users."""
        return f"{self.name} {self.mean:.4g} ± {self.stderr:.4g} ({self.n_users} users, {self.n_left_out} left out)"


@dataclass(frozen=True, eq=False, repr=False)
class Pooled:
    """A metric of all cells together, such as the RMSE, with users as what is drawn again for the interval.

    Cells of one user resemble each other, so an interval that draws single cells is too narrow: whole users are drawn.

    Attributes
    ----------
    name : str
    value : float
        Of all cells.
    per_user : PerUser
        The same metric of each user's own cells, in ascending order of the users given; its mean is another number
        than `value`, as each user counts the same there.
    """

    name: str
    value: float
    per_user: PerUser
    _sums: Array = field(repr=False)  # (users, sums): a row a user, which add up
    _formula: Callable[[Array], Array] = field(repr=False)  # totals (…, sums) -> values (…,)
    _natural: tuple[Array, Callable[[Array], Array]] | None = field(default=None, repr=False)

    def natural(self) -> tuple[Array, Callable[[Array], Array]]:
        """Return sums of users, and what makes a value of their totals, in units that do not depend on the model.

        So the sums of one model can take the place of those of another, user by user.
        """
        if self._natural is None:
            return self._sums, self._formula
        units, formula = self._natural
        return self._sums * units, formula

    @property
    def stderr(self) -> float:
        """The standard deviation of the value over 1000 resamples of users with seed 0; NaN for fewer than two."""
        values = _resampled(self._ordered(), self._formula, 0, _RESAMPLES)
        return spread(values) if values.size > 1 else math.nan

    def interval(
        self, level: float = 0.95, seed: int | np.random.Generator = 0, *, n_resamples: int = _RESAMPLES
    ) -> tuple[float, float]:
        """Return a bootstrap interval of the value, of users drawn with replacement; see `PerUser.interval`."""
        return bootstrap_interval(self._ordered(), self._formula, level, seed, n_resamples)

    def _ordered(self) -> Array:
        return self._sums[np.lexsort(self._sums.T)]

    def __float__(self) -> float:
        """Return the value."""
        return self.value

    def __repr__(self) -> str:
        """Return name, value and the number of users."""
        return f"{self.name} {self.value:.4g} ({len(self.per_user)} users)"


def unit_of(values: Array, total: float) -> float:
    """Return a power of two to measure values in, so that no sum of squares overflows; 1 where none would.

    `total` is the sum of the weights of the values, or their number.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if not math.isfinite(largest) or largest * largest * total < _LARGE:
        return 1.0
    return math.ldexp(1.0, math.frexp(largest)[1] - 1)


def spread(values: Array) -> float:
    """Return the standard deviation of two values or more, divided by n − 1; NaN where one is infinite."""
    if not np.isfinite(values).all():
        return math.nan
    unit = unit_of(values, values.size)
    return unit * float((values / unit).std(ddof=1))


def bootstrap_interval(
    sums: Array,
    formula: Callable[[Array], Array],
    level: float,
    seed: int | np.random.Generator,
    n_resamples: int,
) -> tuple[float, float]:
    """Return the middle `level` of what the formula makes of the totals of rows drawn with replacement."""
    level, n_resamples = inner_share(level, "level", "0.95"), whole_number(n_resamples, "n_resamples")
    values = _resampled(sums, formula, seed, n_resamples)
    if not values.size:
        return math.nan, math.nan
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _resampled(
    sums: Array, formula: Callable[[Array], Array], seed: int | np.random.Generator, n_resamples: int
) -> Array:
    """Return the value of each resample; none where there are fewer than two rows to draw from, or infinite ones.

    Rows come sorted. Where few of them differ, how often each distinct one is drawn has a distribution of its own, and
    that is much less to draw.
    """
    size, rng = len(sums), generator_of(seed)
    if size < 2 or not np.isfinite(sums).all():
        return np.empty(0)
    starts = np.flatnonzero(np.append(True, (np.diff(sums, axis=0) != 0).any(axis=1)))
    few = starts.size <= size // _FEW
    source = sums[starts] if few else sums
    shares = np.diff(starts, append=size) / size
    totals = np.empty((n_resamples, sums.shape[1]))
    for i in range(n_resamples):
        times = rng.multinomial(size, shares) if few else np.bincount(rng.integers(0, size, size), minlength=size)
        totals[i] = times @ source
    return formula(totals)
