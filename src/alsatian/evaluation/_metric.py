"""Metrics by name: what each measures of an outcome, which direction is better, and why users may be left out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from alsatian.evaluation import metrics
from alsatian.evaluation._outcome import Outcome
from alsatian.evaluation.metrics import PerUser, Pooled
from alsatian.evaluation.splits import Split

Measured = PerUser | Pooled | float
Measure = Callable[[Outcome], Measured]


@dataclass(frozen=True)
class Metric:
    """A metric as `evaluate` takes it.

    Attributes
    ----------
    name : str
    measure : callable
        From an `Outcome` to a result.
    greater_is_better : bool
    why_left_out : str
        What a user has to lack to be left out.
    by_cell : callable or None
        The same with cells in place of users, for metrics that are of cells.
    of_relevant : bool
        Whether it is of relevant items, and says nothing where nobody has one.
    """

    name: str
    measure: Measure
    greater_is_better: bool = True
    why_left_out: str = "no relevant test item"
    by_cell: Measure | None = None
    of_relevant: bool = False

    @property
    def of_cells(self) -> bool:
        """Whether predicted values are what it is of, and not lists; of a function nobody knows."""
        return self.by_cell is not None or self.name == _CALIBRATION


_CALIBRATION = "calibration_error"


def _of_cells(measure: Callable[..., Any], outcome: Outcome) -> Measured:
    cells = outcome.cells
    found: Measured = measure(cells.true, cells.predicted, weight=cells.weight, users=cells.users)
    return found


def _cell_by_cell(measure: Callable[..., Any], outcome: Outcome) -> Measured:
    cells = outcome.cells
    found: Measured = measure(cells.true, cells.predicted, weight=cells.weight, users=np.arange(cells.true.size))
    return found


def _of_lists(measure: Callable[..., Any], k: int, outcome: Outcome) -> Measured:
    found: Measured = measure(outcome.judged(k), k)
    return found


def _calibration_error(outcome: Outcome) -> float:
    cells = outcome.cells
    return metrics.calibration(cells.true, cells.predicted, weight=cells.weight).error


def _coverage(k: int, outcome: Outcome) -> float:
    return metrics.coverage(outcome.lists(k), outcome.split.train.n_items)


def _gini(k: int, outcome: Outcome) -> float:
    return metrics.gini(outcome.lists(k), outcome.split.train.n_items)


def _novelty(k: int, outcome: Outcome) -> PerUser:
    return metrics.novelty(outcome.lists(k), outcome.split.known)


def _popularity_lift(k: int, outcome: Outcome) -> float:
    return metrics.popularity_bias(outcome.lists(k), outcome.split.known, users=outcome.users).lift


# Of predicted values: name -> (function, whether greater is better).
_CELLS: dict[str, tuple[Callable[..., Any], bool]] = {
    "rmse": (metrics.rmse, False),
    "mae": (metrics.mae, False),
    "r2": (metrics.r2, True),
}
# Of the first K places of a list: name -> function.
_LISTS: dict[str, Callable[..., Any]] = {
    "precision": metrics.precision,
    "recall": metrics.recall,
    "recall_min": metrics.capped_recall,
    "capped_recall": metrics.capped_recall,
    "hit_rate": metrics.hit_rate,
    "map": metrics.average_precision,
    "average_precision": metrics.average_precision,
    "map_min": metrics.capped_average_precision,
    "capped_average_precision": metrics.capped_average_precision,
    "mrr": metrics.reciprocal_rank,
    "reciprocal_rank": metrics.reciprocal_rank,
    "ndcg": metrics.ndcg,
    "ndcg_linear": partial(metrics.ndcg, gain="linear"),
    "ndcg_exponential": partial(metrics.ndcg, gain="exponential"),
}
# Of what lists do to the catalogue: name -> (function of K and outcome, whether greater is better).
_CATALOGUE: dict[str, tuple[Callable[..., Any], bool]] = {
    "coverage": (_coverage, True),
    "gini": (_gini, False),
    "novelty": (_novelty, True),
    "popularity_lift": (_popularity_lift, False),
}
_AT = re.compile(r"(?P<name>[a-z_0-9]+)@(?P<k>[1-9][0-9]{0,8})")


def metric_names() -> list[str]:
    """Return the names that `evaluate` knows; K is any whole number from 1 up."""
    return [*_CELLS, _CALIBRATION, "auc", *(f"{name}@K" for name in (*_LISTS, *_CATALOGUE))]


def parse(metric: str | Callable[..., Any] | Metric) -> Metric:
    """Return the metric that a name, or a function of an `Outcome`, means.

    Raises
    ------
    ValueError
        For an unknown name: lists those that there are.
    TypeError
        For what is neither.

    Examples
    --------
    >>> parse("ndcg@10").name, parse("rmse").greater_is_better
    ('ndcg@10', False)
    """
    if isinstance(metric, Metric):
        return metric
    if callable(metric) and not isinstance(metric, str):
        name = getattr(metric, "__name__", type(metric).__name__)
        return Metric(name, metric, bool(getattr(metric, "greater_is_better", True)), "the function says so")
    if not isinstance(metric, str):
        raise TypeError(f"a metric is a name, such as 'ndcg@10', or a function of an Outcome, got {metric!r}.")
    found = _named(metric)
    if found is None:
        raise ValueError(_unknown(metric))
    return found


def _named(metric: str) -> Metric | None:
    """Return the metric of a name, or None where there is none."""
    if metric in _CELLS:
        measure, greater = _CELLS[metric]
        whole, single = partial(_of_cells, measure), partial(_cell_by_cell, measure)
        return Metric(metric, whole, greater, "no test cell of any weight", single)
    if metric == _CALIBRATION:
        return Metric(metric, _calibration_error, False)
    if metric == "auc":
        return Metric(metric, Outcome.auc, True, "no relevant test item, or no other unseen one", of_relevant=True)
    at = _AT.fullmatch(metric)
    if at is not None and at["name"] in _LISTS:
        return Metric(metric, partial(_of_lists, _LISTS[at["name"]], int(at["k"])), of_relevant=True)
    if at is not None and at["name"] in _CATALOGUE:
        measure, greater = _CATALOGUE[at["name"]]
        return Metric(metric, partial(measure, int(at["k"])), greater, "an empty list")
    return None


def parse_all(given: Any) -> list[Metric]:
    """Return the metrics of one or of several; each name once.

    Raises
    ------
    ValueError
        Where there is none, or one comes twice.
    """
    several: Iterable[Any] = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    found = [parse(metric) for metric in several]
    if not found:
        raise ValueError("metrics is empty: name at least one, such as 'ndcg@10'.")
    names = [metric.name for metric in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"the metric {twice!r} comes twice.")
    return found


def check_relevant(metrics: Sequence[Metric], split: Split, relevant_from: float | None) -> None:
    """Refuse metrics of relevant items on a split whose test has none: before the fit, as it is known by then.

    Raises
    ------
    ValueError
        Says what the test has.
    """
    names = [metric.name for metric in metrics if metric.of_relevant]
    values = split.test.values
    if not names or ((values > 0) & (values >= (-np.inf if relevant_from is None else relevant_from))).any():
        return
    least = "" if relevant_from is None else f" from relevant_from = {relevant_from} on"
    raise ValueError(
        f"no test cell of {split.name} is relevant: values above 0{least} are, and the largest is {values.max():g}. So "
        f"{', '.join(names)} would speak of nobody."
    )


def _unknown(metric: str) -> str:
    name, at, _ = metric.partition("@")
    if name in (*_LISTS, *_CATALOGUE):
        return f"the metric {metric!r} needs K, a whole number from 1 up: {name}@10, say."
    if at and name in (*_CELLS, _CALIBRATION, "auc"):
        return f"the metric {metric!r} has no K: it is {name}."
    near = difflib.get_close_matches(name, [*_CELLS, _CALIBRATION, "auc", *_LISTS, *_CATALOGUE], 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"there is no metric {metric!r}.{hint} There are: {', '.join(metric_names())}."
