"""`compare`: several models on the same splits, and whether their differences are more than chance."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from alsatian.data._frames import make_frame
from alsatian.evaluation._cross_validate import CrossValidation, evaluated_on, splits_of
from alsatian.evaluation._evaluate import Backend, Given
from alsatian.evaluation._metric import parse_all
from alsatian.evaluation._parameters import inner_share, judging, whole_number
from alsatian.evaluation._resampling import Values, holm, two_sided
from alsatian.evaluation._tables import number, span, table
from alsatian.evaluation.splits import Split

Test = Literal["permutation", "bootstrap"]

_BOOTSTRAPPED = 1000


@dataclass(frozen=True)
class Difference:
    """How two models differ in one metric.

    Attributes
    ----------
    metric, first, second : str
        Names.
    difference : float
        Value of the first minus value of the second.
    low, high : float
        Bootstrap interval of the difference; NaN for a number of the whole, such as coverage.
    p : float
        p-value of there being none; NaN likewise.
    p_adjusted : float
        The same by Holm's method, for all differences of the comparison.
    better : str or None
        The better of the two in this metric, by chance or not; None where they are equal.
    """

    metric: str
    first: str
    second: str
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    better: str | None


@dataclass(eq=False, repr=False)
class Comparison:
    """What `compare` found; ``print`` shows two tables, ``alsatian.plot.ComparisonDisplay`` a picture.

    Attributes
    ----------
    results : dict of str to CrossValidation
        Of each model; with one split it has one fold.
    differences : list of Difference
        One a metric and a pair of models.
    level : float
        Of the intervals.
    test : {"permutation", "bootstrap"}
        Where the p-values are from.
    n_resamples : int
    seed : int
    by : {"user", "cell"}
        What was exchanged and drawn.
    """

    results: dict[str, CrossValidation]
    differences: list[Difference]
    level: float
    test: Test
    n_resamples: int
    seed: int
    by: Literal["user", "cell"] = "user"

    @property
    def models(self) -> list[str]:
        """The names of the models."""
        return list(self.results)

    @property
    def metrics(self) -> list[str]:
        """The names of the metrics."""
        return list(next(iter(self.results.values())))

    def best(self, metric: str) -> str:
        """Return the model of the best value in a metric."""
        scores = {name: result.scores[metric] for name, result in self.results.items()}
        sign = 1 if next(iter(scores.values())).greater_is_better else -1
        return max(scores, key=lambda name: (sign * scores[name].value, -self.models.index(name)))

    def interval(self, model: str, metric: str) -> tuple[float, float]:
        """Return the bootstrap interval of the value of one model, by users."""
        return self.results[model].scores[metric].interval(self.level, self.seed)

    def to_frame(self, backend: Backend = "pandas") -> Any:
        """Return a frame with a row for each metric and pair of models.

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        names = ["metric", "first", "second", "difference", "low", "high", "p", "p_adjusted"]
        return make_frame({name: np.array([getattr(d, name) for d in self.differences]) for name in names}, backend)

    def scores_frame(self, backend: Backend = "pandas") -> Any:
        """Return a frame with a row for each model and metric: value, standard error, interval.

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        pairs = [(metric, model) for metric in self.metrics for model in self.models]
        scores = [self.results[model].scores[metric] for metric, model in pairs]
        intervals = [score.interval(self.level, self.seed) for score in scores]
        columns = {
            "metric": np.array([metric for metric, _ in pairs]),
            "model": np.array([model for _, model in pairs]),
            "value": np.array([score.value for score in scores]),
            "stderr": np.array([score.stderr for score in scores]),
            "low": np.array([low for low, _ in intervals]),
            "high": np.array([high for _, high in intervals]),
        }
        return make_frame(columns, backend)

    def __str__(self) -> str:
        """Return a table of the values, one of the differences, and what the p-values are."""
        best = {metric: self.best(metric) for metric in self.metrics}
        values = [
            [model, *(_marked(result.scores[metric].value, model == best[metric]) for metric in self.metrics)]
            for model, result in self.results.items()
        ]
        folds = len(next(iter(self.results.values())).folds)
        title = f"Values on {'one split' if folds == 1 else f'{folds} splits, means'}; * is best"
        lines = [table(["model", *self.metrics], values, title), ""]
        rows = [
            [d.metric, f"{d.first} − {d.second}", number(d.difference), span(d.low, d.high), _p(d.p), _p(d.p_adjusted)]
            for d in self.differences
        ]
        lines.append(table(["metric", "difference of", "", f"{self.level:.0%} interval", "p", "p (Holm)"], rows))
        tested = sum(not math.isnan(d.p) for d in self.differences)
        lines.append(
            f"p: {_NAMES[self.test]}, by {self.by}, seed {self.seed}. p (Holm): adjusted for {tested} differences."
        )
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the models and the best of each metric."""
        told = ", ".join(f"{metric}: {self.best(metric)} best" for metric in self.metrics)
        return f"Comparison({len(self.models)} models; {told})"


_NAMES = {"permutation": "two-sided paired permutation test", "bootstrap": "two-sided paired bootstrap"}


def compare(
    models: Mapping[str, Any],
    splits: Split | Sequence[Split],
    metrics: Given | list[Given] | tuple[Given, ...],
    *,
    test: Test = "permutation",
    by: Literal["user", "cell"] = "user",
    level: float = 0.95,
    n_resamples: int = 10_000,
    relevant_from: float | None = None,
    exclude_seen: bool = True,
    seed: int = 0,
    n_jobs: int | None = None,
) -> Comparison:
    """Fit models on the same splits, and say whether their differences are more than chance.

    Parameters
    ----------
    models : mapping of str to model
        At least two, each as in `evaluate`, by the name to call it.
    splits : Split or sequence of Split
        As in `cross_validate`. Users are paired, and so are the splits.
    metrics, relevant_from, exclude_seen
        As in `evaluate`.
    test : {"permutation", "bootstrap"}, default="permutation"
        "permutation": p is the share of exchanges of the two models, user by user at random, that make a difference at
        least as large (all exchanges, where these are no more than `n_resamples`). "bootstrap": p is twice the share of
        the differences of users drawn with replacement that lie beyond 0.
    by : {"user", "cell"}, default="user"
        What is exchanged and drawn: whole users; or, in errors of cells, single cells, which takes the cells of a user
        for independent and finds differences too easily. Metrics of lists are always by user.
    level : float, default=0.95
        Of the intervals.
    n_resamples : int, default=10000
        Exchanges, or resamples; intervals are of 1000 resamples at most.
    seed : int, default=0
        The same seed gives the same p-values and intervals. The models have seeds of their own.
    n_jobs : int or None, default=None
        As in `cross_validate`: how many fits at a time.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        For fewer than two models, and as in `evaluate`.

    Notes
    -----
    p-values are two-sided, and adjusted for the number of all differences in the comparison by Holm's method, which
    holds however they depend on each other. No p-value is 0: the least is 1 / (draws + 1), 0.0001 with 10,000, twice
    that by bootstrap, and Holm's method multiplies it by the number of differences. More draws tell smaller ones apart.

    They speak of other users of the same kind, given these fitted models and this training data; not of other data, nor
    of other random starts. Two fits of one model from two starts differ, too, and with many users that may be
    "significant". What a start is worth is seen by several: ``{f"seed {i}": ALS(16, random_state=i) for i in
    range(5)}`` beside each other, for each of the models; a difference that is no larger than those says nothing of the
    models.

    Intervals of few users, less than about 20, are too narrow: `PerUser.interval`.

    References
    ----------
    - Fisher 1935, *The Design of Experiments*, section 21; Smucker, Allan and Carterette 2007, "A comparison of
      statistical significance tests for information retrieval evaluation".
    - Efron and Tibshirani 1993, *An Introduction to the Bootstrap*, chapters 13 and 16.
    - Holm 1979, "A simple sequentially rejective multiple test procedure".

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS, Interactions
    >>> from alsatian.evaluation import compare, splits
    >>> rng = np.random.default_rng(0)
    >>> user, item = np.divmod(rng.permutation(60 * 40)[:1200], 40)
    >>> ratings = Interactions.from_arrays(user, item, 3 + np.sin(user) * np.cos(item))
    >>> models = {"biases": ALS(1, reg=1e3, bias="both", bias_reg=0.01), "ALS": ALS(2, bias="both", reg=0.01)}
    >>> result = compare(models, splits.random_cells(ratings), "rmse")
    >>> result.best("rmse"), result.differences[0].p_adjusted < 0.001
    ('ALS', True)
    """
    if not isinstance(models, Mapping) or len(models) < 2:
        raise ValueError(
            "models must be a mapping of at least two names to models, such as {'a': ALS(8), 'b': ALS(16)}."
        )
    if test not in _NAMES or by not in {"user", "cell"}:
        raise ValueError(f"test must be 'permutation' or 'bootstrap' and by 'user' or 'cell', got {test!r} and {by!r}.")
    level, seed = inner_share(level, "level", "0.95"), whole_number(seed, "seed", least=0)
    n_resamples = whole_number(n_resamples, "n_resamples")
    named = {str(name): model for name, model in models.items()}
    how = judging(relevant_from, exclude_seen)
    results = evaluated_on(
        named, splits_of(None, splits, seed), parse_all(metrics), how | {"by_cell": by == "cell"}, n_jobs
    )
    found = [
        difference
        for metric in next(iter(results.values()))
        for difference in _differences(metric, results, test=test, level=level, n_resamples=n_resamples, seed=seed)
    ]
    adjusted = holm([d.p for d in found])
    final = [Difference(**vars(d) | {"p_adjusted": p}) for d, p in zip(found, adjusted, strict=True)]
    return Comparison(results, final, level, test, n_resamples, seed, by)


def _differences(
    metric: str, results: dict[str, CrossValidation], *, test: Test, level: float, n_resamples: int, seed: int
) -> list[Difference]:
    """Return the differences of all pairs of models in one metric, p-values not yet adjusted."""
    scores = {name: result.scores[metric] for name, result in results.items()}
    terms = [score.cells or score.terms() for score in scores.values()]
    values = Values([folds for folds in terms if folds is not None]) if None not in terms else None
    number = n_resamples if test == "bootstrap" else min(n_resamples, _BOOTSTRAPPED)
    drawn = None if values is None else values.bootstrap(number, seed)
    names, sign = list(scores), 1 if next(iter(scores.values())).greater_is_better else -1
    found = []
    for a, b in itertools.combinations(range(len(names)), 2):
        gap = scores[names[a]].value - scores[names[b]].value
        low = high = p = math.nan
        if values is not None and drawn is not None:
            gaps = drawn[:, a] - drawn[:, b]
            low, high = (float(q) for q in np.nanquantile(gaps, [(1 - level) / 2, (1 + level) / 2]))
            p = two_sided(gaps) if test == "bootstrap" else values.permutation(a, b, n_resamples, seed)[0]
        better = None if gap == 0 or math.isnan(gap) else names[a] if sign * gap > 0 else names[b]
        found.append(Difference(metric, names[a], names[b], gap, low, high, p, math.nan, better))
    return found


def _marked(value: float, best: bool) -> str:
    return f"{number(value)}{'*' if best else ' '}"


def _p(value: float) -> str:
    if math.isnan(value):
        return ""
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"
