"""One metric of one model: its value, how sure that is, and of whom."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alsatian.evaluation.metrics import PerUser, Pooled


@dataclass(frozen=True, eq=False, repr=False)
class Score:
    """A metric of a model on a split.

    Attributes
    ----------
    name : str
    source : PerUser, Pooled or float
        What the metric gave: values of users and their mean, a value of all cells together, or a number of the whole.
    greater_is_better : bool
    why_left_out : str
        What a user who is left out lacks.
    """

    name: str
    source: PerUser | Pooled | float
    greater_is_better: bool = True
    why_left_out: str = ""

    @property
    def value(self) -> float:
        """The mean over the users that count; of errors of cells, the value of all cells together."""
        return float(self.source)

    @property
    def stderr(self) -> float:
        """The standard error of the value; NaN for a number of the whole, such as coverage."""
        return math.nan if isinstance(self.source, float) else self.source.stderr

    def interval(
        self, level: float = 0.95, seed: int | np.random.Generator = 0, *, n_resamples: int = 1000
    ) -> tuple[float, float]:
        """Return a bootstrap interval, of users drawn with replacement; see `PerUser.interval`. NaN where stderr is."""
        if isinstance(self.source, float):
            return math.nan, math.nan
        return self.source.interval(level, seed, n_resamples=n_resamples)

    @property
    def per_user(self) -> NDArray[np.float64] | None:
        """A value for each test user, NaN for those who are left out; None for a number of the whole."""
        if isinstance(self.source, float):
            return None
        users = self.source if isinstance(self.source, PerUser) else self.source.per_user
        return users.per_user

    @property
    def n_users(self) -> int | None:
        """Number of users who count; None for a number of the whole."""
        return None if self.per_user is None else int(np.count_nonzero(~np.isnan(self.per_user)))

    @property
    def n_left_out(self) -> int | None:
        """Number of test users who are left out; None for a number of the whole."""
        return None if self.per_user is None else int(np.count_nonzero(np.isnan(self.per_user)))

    def __float__(self) -> float:
        """Return the value."""
        return self.value

    def __repr__(self) -> str:
        """Return name, value ± standard error, and the numbers of users."""
        if self.per_user is None:
            return f"{self.name} {self.value:.4g}"
        told = f"{self.n_users} users, {self.n_left_out} left out"
        return f"{self.name} {self.value:.4g} ± {self.stderr:.4g} ({told})"
