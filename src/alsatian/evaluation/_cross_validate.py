"""`cross_validate`: one model on several splits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from alsatian.data._frames import make_frame
from alsatian.data.interactions import Interactions
from alsatian.evaluation._evaluate import Backend, Evaluation, Given, Scores, judged
from alsatian.evaluation._fit_on import check_split, fit_on, unfitted, with_share_of_worker
from alsatian.evaluation._metric import Metric, check_relevant, parse_all
from alsatian.evaluation._parameters import inner_share, judging, whole_number
from alsatian.evaluation._resampling import Terms, Values, terms_of
from alsatian.evaluation._score import Score
from alsatian.evaluation._tables import number, shortened, span, table
from alsatian.evaluation.splits import Split, k_fold

_LEVEL = 0.95


@dataclass(frozen=True, eq=False, repr=False)
class FoldedScore:
    """A metric of a model on several splits.

    Attributes
    ----------
    name : str
    folds : list of Score
        One a split.
    positions : list of int arrays
        The users of each fold, as positions.
    greater_is_better : bool
    cells : list of Terms or None
        What single cells add in each fold, for `compare` by cell.
    """

    name: str
    folds: list[Score]
    positions: list[NDArray[np.int64]]
    greater_is_better: bool = True
    cells: list[Terms] | None = None

    @property
    def values(self) -> NDArray[np.float64]:
        """The value of each fold."""
        return np.array([score.value for score in self.folds])

    @property
    def value(self) -> float:
        """The mean over the folds."""
        return float(self.values.mean())

    @property
    def stderr(self) -> float:
        """The standard deviation over the folds, over the root of their number; NaN for one.

        Folds share training cells, so it is too small, by an amount that nobody can know from one data set (Bengio and
        Grandvalet 2004, "No unbiased estimator of the variance of k-fold cross-validation").
        """
        values = self.values
        return float(values.std(ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan

    def interval(self, level: float = 0.95, seed: int = 0, *, n_resamples: int = 1000) -> tuple[float, float]:
        """Return a bootstrap interval of `value`: users are drawn with replacement, each with all folds.

        Parameters
        ----------
        level : float, default=0.95
        seed : int, default=0
        n_resamples : int, default=1000

        Returns
        -------
        low, high : float
            NaN for a number of the whole, such as coverage.
        """
        level = inner_share(level, "level", "0.95")
        terms = self.terms()
        if terms is None:
            return math.nan, math.nan
        drawn = Values([terms]).bootstrap(whole_number(n_resamples, "n_resamples"), seed)[:, 0]
        low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def terms(self) -> list[Terms] | None:
        """Return what each user adds in each fold; None for a number of the whole."""
        found = [
            terms_of(score.source, users)
            for score, users in zip(self.folds, self.positions, strict=True)
            if not isinstance(score.source, float)
        ]
        return found if len(found) == len(self.folds) else None

    def __float__(self) -> float:
        """Return the mean over the folds."""
        return self.value

    def __repr__(self) -> str:
        """Return name, mean ± standard error, and the values."""
        told = ", ".join(f"{value:.4g}" for value in self.values)
        return f"{self.name} {self.value:.4g} ± {self.stderr:.2g} (folds: {told})"


@dataclass(eq=False, repr=False)
class CrossValidation(Scores):
    """What `cross_validate` found; ``print`` shows a table, and ``result["rmse"]`` is one `FoldedScore`.

    Attributes
    ----------
    scores : dict of str to FoldedScore
    folds : list of Evaluation
        One a split, without the fitted models.
    """

    scores: dict[str, FoldedScore]  # type: ignore[assignment]
    folds: list[Evaluation]

    @property
    def fit_seconds(self) -> float:
        """How long all fits took together."""
        return sum(fold.fit_seconds for fold in self.folds)

    def to_frame(self, backend: Backend = "pandas") -> Any:
        """Return a frame with a row for each metric and fold: the value, its standard error, and numbers of users.

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        rows = [
            (name, fold, score)
            for name, found in self.scores.items()
            for fold, score in enumerate(found.folds, start=1)
        ]
        columns = {
            "metric": np.array([name for name, _, _ in rows]),
            "fold": np.array([fold for _, fold, _ in rows]),
            "value": np.array([score.value for *_, score in rows]),
            "stderr": np.array([score.stderr for *_, score in rows]),
            "users": np.array([-1 if score.n_users is None else score.n_users for *_, score in rows]),
            "left_out": np.array([-1 if score.n_left_out is None else score.n_left_out for *_, score in rows]),
        }
        return make_frame(columns, backend)

    def __str__(self) -> str:
        """Return a table of the scores."""
        header = ["metric", "mean", "± over folds", f"{_LEVEL:.0%} interval (users)", "folds"]
        rows = [
            [
                name, number(score.value), number(score.stderr, 2), span(*score.interval(_LEVEL)),
                " ".join(number(value) for value in score.values),
            ]
            for name, score in self.scores.items()
        ]  # fmt: skip
        first = self.folds[0]
        title = f"{shortened(repr(first.model))}\non {len(self.folds)} splits, the first: {first.split_name}"
        counts = [fold.counts for fold in self.folds]
        cold = [f"{sum(count[f'cold_{what}'] for count in counts):,} cold {what}" for what in ("users", "items")]
        told = f"{sum(count['test_cells'] for count in counts):,} test cells in all; {' and '.join(cold)}, summed."
        return f"{table(header, rows, title)}\n{told}"

    def __repr__(self) -> str:
        """Return the class of the model and the means."""
        told = ", ".join(f"{name} {score.value:.4g}" for name, score in self.scores.items())
        return f"CrossValidation({type(self.folds[0].model).__name__}, {len(self.folds)} splits: {told})"


def cross_validate(
    model: Any,
    data: Interactions | None,
    metrics: Given | list[Given] | tuple[Given, ...],
    *,
    splits: int | Sequence[Split] = 5,
    relevant_from: float | None = None,
    exclude_seen: bool = True,
    seed: int = 0,
    n_jobs: int | None = None,
) -> CrossValidation:
    """Fit and judge a model on several splits.

    Parameters
    ----------
    model
        As in `evaluate`.
    data : Interactions or None
        What is split; None where `splits` are given.
    metrics, relevant_from, exclude_seen
        As in `evaluate`.
    splits : int or sequence of Split, default=5
        A number: so many folds of cells, ``k_fold(data, splits, seed=seed)``. Or any splits with the same users, such
        as ``[random_per_user(data, seed=i) for i in range(5)]``.
    seed : int, default=0
        Of the folds.
    n_jobs : int or None, default=None
        How many splits at a time, in processes (joblib's, as in scikit-learn; -1 is as many as processors). None is one
        after another, each fit with all the processors that its own ``n_jobs`` allows, which is best but for small
        data. With more, each fit has its share of the processors, whatever its own ``n_jobs``. The result is the same.

    Returns
    -------
    CrossValidation

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS, Interactions
    >>> from alsatian.evaluation import cross_validate
    >>> rng = np.random.default_rng(0)
    >>> user, item = np.divmod(rng.permutation(60 * 40)[:1200], 40)
    >>> ratings = Interactions.from_arrays(user, item, 3 + np.sin(user) + np.cos(item))
    >>> result = cross_validate(ALS(2, bias="both", reg=0.01, random_state=0), ratings, "rmse", splits=3)
    >>> result["rmse"].values.shape, result["rmse"].value < 0.1
    ((3,), True)
    """
    parsed, chosen = parse_all(metrics), splits_of(data, splits, seed)
    how = judging(relevant_from, exclude_seen)
    return evaluated_on({"model": model}, chosen, parsed, how, n_jobs)["model"]


def splits_of(data: Interactions | None, splits: Any, seed: int) -> Sequence[Split]:
    """Return the splits that are meant.

    Raises
    ------
    TypeError, ValueError
        For what is no split, no split at all, and splits of other users or items.
    """
    if isinstance(splits, (int, np.integer)) and not isinstance(splits, bool):
        if data is None:
            raise TypeError("data is None, so splits must be given themselves, not their number.")
        return k_fold(data, int(splits), seed=seed)
    if data is not None:
        raise TypeError("data and splits are both given: splits bring their own data, so pass None for data.")
    if isinstance(splits, Interactions | bool) or not isinstance(splits, Split | Iterable):
        raise TypeError(
            f"splits must be a Split, several of them, or a whole number of folds. Got {type(splits).__name__}: split "
            "it first, with alsatian.evaluation.splits.random_cells for instance."
        )
    chosen = [splits] if isinstance(splits, Split) else list(splits)
    if not chosen:
        raise ValueError("splits is empty.")
    for i, split in enumerate(chosen):
        check_split(split)
        if split.train.users != chosen[0].train.users or split.train.items != chosen[0].train.items:
            raise ValueError(f"splits[{i}] has other users or items than the first: split one and the same data.")
    return chosen


def evaluated_on(
    models: dict[str, Any], splits: Sequence[Split], metrics: list[Metric], how: dict[str, Any], n_jobs: int | None
) -> dict[str, CrossValidation]:
    """Evaluate each model on each split."""
    for split in splits:
        check_relevant(metrics, split, how["relevant_from"])
    if n_jobs is not None and (isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer) or n_jobs == 0):
        raise ValueError(f"n_jobs must be None or a whole number other than 0; -1 is all processors. Got {n_jobs!r}.")
    alone = n_jobs is None or n_jobs == 1
    ready = {name: unfitted(model) if alone else with_share_of_worker(model) for name, model in models.items()}
    work = [(name, i) for name in ready for i in range(len(splits))]
    found = Parallel(n_jobs=1 if alone else n_jobs)(
        delayed(_one)(ready[name], splits[i], metrics, how) for name, i in work
    )
    results = {}
    for name in ready:
        folds = [evaluation for (owner, _), evaluation in zip(work, found, strict=True) if owner == name]
        results[name] = CrossValidation({metric.name: _folded(metric, folds) for metric in metrics}, folds)
    return results


def _one(model: Any, split: Split, metrics: list[Metric], how: dict[str, Any]) -> Evaluation:
    evaluation = judged(fit_on(model, split), split, metrics, **how)
    evaluation.model = model  # unfitted: factors of every fold would be much to keep, and to send
    return evaluation


def _folded(metric: Metric, folds: list[Evaluation]) -> FoldedScore:
    scores, positions = [fold[metric.name] for fold in folds], [fold.positions for fold in folds]
    single = [fold.cell_terms[metric.name] for fold in folds if metric.name in fold.cell_terms]
    return FoldedScore(metric.name, scores, positions, metric.greater_is_better, single or None)
