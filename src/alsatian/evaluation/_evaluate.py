"""`evaluate`: one model, one split, any metrics."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alsatian.data._frames import make_frame
from alsatian.evaluation._fit_on import Fitted, check_split, fit_on, taken_as_it_is
from alsatian.evaluation._metric import Metric, check_relevant, parse_all
from alsatian.evaluation._outcome import Outcome
from alsatian.evaluation._parameters import judging
from alsatian.evaluation._resampling import Terms, terms_of
from alsatian.evaluation._score import Score
from alsatian.evaluation._tables import count, number, shortened, span, table
from alsatian.evaluation.metrics import PerUser, Pooled
from alsatian.evaluation.splits import Split

Backend = Literal["pandas", "polars", "pyarrow"]
Given = str | Callable[[Outcome], Any]

_LEVEL = 0.95


class Scores(Mapping[str, Score]):
    """What all results have: scores by the names of their metrics, as a table and as a frame."""

    scores: dict[str, Score]

    def __getitem__(self, metric: str) -> Score:
        """Return the score of one metric.

        Raises
        ------
        KeyError
            Says which there are.
        """
        try:
            return self.scores[metric]
        except KeyError:
            raise KeyError(f"{metric!r} was not measured; there are: {', '.join(self.scores)}") from None

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the metrics."""
        return iter(self.scores)

    def __len__(self) -> int:
        """Return the number of metrics."""
        return len(self.scores)

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same object."""
        return self is other


@dataclass(eq=False, repr=False)
class Evaluation(Scores):
    """What `evaluate` found; ``print`` shows a table, and ``result["ndcg@10"]`` is one `Score`.

    Attributes
    ----------
    scores : dict of str to Score
    users : array of shape (q,)
        The ids of the test users, whom ``Score.per_user`` is of, in that order.
    counts : dict of str to int
        Cells and users of each part, and what is cold; see `Split.report`.
    model : ALS or ImplicitALS
        The fitted model.
    split_name : str
    fit_seconds, judge_seconds : float
        How long fitting took, and how long lists, predictions and metrics.
    positions : int array of shape (q,)
        The positions of the test users.
    cell_terms : dict
        What single cells add to a metric, for `compare` by cell.
    """

    scores: dict[str, Score]
    users: NDArray[Any]
    counts: dict[str, int]
    model: Any
    split_name: str
    fit_seconds: float
    judge_seconds: float
    positions: NDArray[np.int64]
    cell_terms: dict[str, Terms] = field(default_factory=dict)

    def to_frame(self, backend: Backend = "pandas", *, level: float = _LEVEL) -> Any:
        """Return a frame with a row for each metric: its value, standard error, interval, and numbers of users.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default="pandas"
        level : float, default=0.95
            Of the interval.

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        rows = self._rows(level)
        columns = {
            "metric": np.array([name for name, *_ in rows]),
            "value": np.array([value for _, value, *_ in rows]),
            "stderr": np.array([stderr for _, _, stderr, *_ in rows]),
            "low": np.array([low for *_, low, _, _ in rows]),
            "high": np.array([high for *_, high, _ in rows]),
            "users": np.array([-1 if score.n_users is None else score.n_users for *_, score in rows]),
            "left_out": np.array([-1 if score.n_left_out is None else score.n_left_out for *_, score in rows]),
        }
        return make_frame(columns, backend)

    def per_user_frame(self, backend: Backend = "pandas") -> Any:
        """Return a frame with a row for each test user, and a column for each metric of users; NaN: left out.

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        values = {name: score.per_user for name, score in self.scores.items() if score.per_user is not None}
        return make_frame({"user": self.users, **{name: np.asarray(v) for name, v in values.items()}}, backend)

    def _rows(self, level: float) -> list[tuple[str, float, float, float, float, Score]]:
        return [(name, s.value, s.stderr, *s.interval(level), s) for name, s in self.scores.items()]

    def __str__(self) -> str:
        """Return a table of the scores, and what was judged, left out and cold."""
        header = ["metric", "value", "± std. error", f"{_LEVEL:.0%} interval", "users", "left out"]
        rows = [
            [name, number(value), number(stderr, 2), span(low, high), count(score.n_users), count(score.n_left_out)]
            for name, value, stderr, low, high, score in self._rows(_LEVEL)
        ]
        title = f"{shortened(repr(self.model))}\non {self.split_name}"
        return "\n".join([table(header, rows, title), *counted(self.counts, self.scores)])

    def __repr__(self) -> str:
        """Return the class of the model and the values."""
        told = ", ".join(f"{name} {score.value:.4g}" for name, score in self.scores.items())
        return f"Evaluation({type(self.model).__name__}: {told})"


def evaluate(
    model: Any,
    split: Split,
    metrics: Given | list[Given] | tuple[Given, ...],
    *,
    relevant_from: float | None = None,
    exclude_seen: bool = True,
    refit: bool = True,
) -> Evaluation:
    """Fit a model on the training part of a split, and judge it by the test part.

    Parameters
    ----------
    model : ALS, ImplicitALS, Recommender, CellRegressor, "implicit" or "ratings"
        It is cloned and fitted on ``split.train``; whatever it was fitted on before does not count. Names are as in
        `Recommender`.
    split : Split
        Where it has histories to fold in (`strong_generalization`), the model is fitted on the users of ``split.train``
        alone, and is given the histories of the test users when it is judged.
    metrics : str, callable, or list of them
        Of predicted cells: ``"rmse"``, ``"mae"``, ``"r2"``, ``"calibration_error"``. Of the first K places of lists of
        unseen items: ``"precision@K"``, ``"recall@K"``, ``"recall_min@K"`` (over min(K, relevant items)),
        ``"hit_rate@K"``, ``"map@K"``, ``"map_min@K"``, ``"mrr@K"``, ``"ndcg@K"``, ``"ndcg_linear@K"``,
        ``"ndcg_exponential@K"``; of all scores ``"auc"``; of the catalogue ``"coverage@K"``, ``"gini@K"``,
        ``"novelty@K"``, ``"popularity_lift@K"``. `alsatian.evaluation.metrics` says what each divides by. A callable
        gets an `Outcome`, and returns a `PerUser` (of the test users), a `Pooled` or a number; its name is its
        ``__name__``, and with an attribute ``greater_is_better = False`` smaller is better.
    relevant_from : float, optional
        Test cells from this value on are relevant: 4.0 for ratings, say. None: all above 0. It has no say in errors of
        cells.
    exclude_seen : bool, default=True
        Leave out of the lists what is known of the user. Test cells that are known too (`Split.report` counts them as
        repeated) do not count as relevant then.
    refit : bool, default=True
        Whether to fit. False: the model is fitted on ``split.train`` already, and is judged as it is.

    Returns
    -------
    Evaluation

    Raises
    ------
    ValueError
        For an unknown metric (lists those that there are), for errors of cells of a model whose scores are no values,
        and for metrics of relevant items where no test cell is relevant: with `relevant_from` above all values, say.
    TypeError
        For what is no model, or no split.

    Notes
    -----
    Nobody is lost in silence. A user of whom no test item is relevant has no recall, and is left out and counted; where
    that leaves nobody, as all relevant items are known, the value is NaN and a warning says so. A
    cold user, of whom nothing is known, is judged like all others by what the model says of them: the mean and the
    biases of the items, or, where it has none, an empty list, which has 0. `Split.without_cold` leaves them out.

    Cells of unseen rows or columns are predicted by the mean and the biases that are known.

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS, Interactions
    >>> from alsatian.evaluation import evaluate, splits
    >>> rng = np.random.default_rng(0)
    >>> user, item = np.divmod(rng.permutation(60 * 40)[:1200], 40)
    >>> stars = np.clip(np.round(3 + np.sin(user) + np.cos(item)), 1, 5)
    >>> split = splits.random_cells(Interactions.from_arrays(user, item, stars), test=0.2)
    >>> result = evaluate(ALS(2, bias="both", random_state=0), split, ["rmse", "ndcg@5"], relevant_from=4)
    >>> result
    Evaluation(ALS: rmse 0.2621, ndcg@5 0.3268)
    >>> result["rmse"].n_users
    60
    """
    parsed, how = parse_all(metrics), judging(relevant_from, exclude_seen)
    check_split(split)
    check_relevant(parsed, split, relevant_from)
    fitted = fit_on(model, split) if refit else taken_as_it_is(model, split)
    return judged(fitted, split, parsed, **how)


def judged(fitted: Fitted, split: Split, metrics: list[Metric], *, by_cell: bool = False, **how: Any) -> Evaluation:
    """Judge a fitted model by the test part."""
    began = time.perf_counter()
    outcome = Outcome(fitted, split, **how)
    scores = {metric.name: score_of(metric, outcome) for metric in metrics}
    cells = {}
    if by_cell:
        keys = split.test.rows.astype(np.int64) * split.test.n_items + split.test.columns
        single = {metric.name: metric.by_cell(outcome) for metric in metrics if metric.by_cell is not None}
        cells = {name: terms_of(found, keys) for name, found in single.items() if isinstance(found, Pooled)}
    seconds = time.perf_counter() - began
    users = split.test.users[outcome.users]
    return Evaluation(
        scores, users, split.report(), fitted.model, split.name, fitted.seconds, seconds, outcome.users, cells
    )


def score_of(metric: Metric, outcome: Outcome) -> Score:
    """Measure one metric.

    Raises
    ------
    TypeError
        Where a function of the user's own gives something else than a result for each test user, or for all.
    ValueError
        Where a value is infinite.
    """
    found = metric.measure(outcome)
    if isinstance(found, (int, float, np.number)) and not isinstance(found, bool):
        found = float(found)
    if not isinstance(found, (PerUser, Pooled, float)):
        raise TypeError(
            f"the metric {metric.name!r} gave {type(found).__name__}: a PerUser, a Pooled or a number is needed."
        )
    score = Score(metric.name, found, metric.greater_is_better, metric.why_left_out)
    if score.per_user is not None and score.per_user.size != outcome.users.size:
        raise TypeError(
            f"the metric {metric.name!r} gave {score.per_user.size} values for {outcome.users.size} test users: one "
            "for each of outcome.users is needed, NaN for who is left out."
        )
    if isinstance(found, PerUser) and np.isinf(found.per_user).any():
        raise ValueError(
            f"the metric {metric.name!r} is infinite for {np.count_nonzero(np.isinf(found.per_user))} users, whose "
            "mean says nothing. NaN leaves a user out."
        )
    if metric.of_relevant and score.n_users == 0:
        warnings.warn(
            f"{metric.name} is NaN, as it speaks of none of {outcome.users.size} test users: each has "
            f"{metric.why_left_out}. Items that are in what is known do not count, but for exclude_seen=False.",
            UserWarning,
            stacklevel=2,
        )
    return score


def counted(counts: dict[str, int], scores: Mapping[str, Score]) -> list[str]:
    """Say in lines who was judged, who not and why, and what is cold."""
    lines = [
        f"Judged by {counts['test_cells']:,} test cells of {counts['test_users']:,} users; "
        f"{counts['users_without_test']:,} users have no test cell."
    ]
    reasons: dict[str, list[str]] = {}
    for score in scores.values():
        if score.n_left_out:
            reasons.setdefault(f"{score.n_left_out:,} users ({score.why_left_out})", []).append(score.name)
    lines += [f"Left out: {reason} in {', '.join(names)}." for reason, names in reasons.items()]
    cold = [f"{counts[f'cold_{what}']:,} cold {what}" for what in ("users", "items") if counts[f"cold_{what}"]]
    if cold:
        lines.append(f"{' and '.join(cold)}, with {counts['cold_cells']:,} test cells.")
    if counts["repeated_cells"]:
        lines.append(f"{counts['repeated_cells']:,} test cells are in what is known, too.")
    return lines
