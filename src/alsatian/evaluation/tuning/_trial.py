"""One fit of a search: iteration by iteration, judged on held-out cells after each, and ended early."""

from __future__ import annotations

import copy
import itertools
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.evaluation._evaluate import score_of
from alsatian.evaluation._fit_on import Fitted, train_part
from alsatian.evaluation._metric import Metric
from alsatian.evaluation._outcome import Outcome
from alsatian.evaluation._starts import Start, ladder, resized
from alsatian.evaluation.splits import Split
from alsatian.models import NoEntryWarning
from alsatian.models._base import fitted_attributes
from alsatian.models._fit import Alternation, Factors, auto_relaxation
from alsatian.models._history import History

_PATIENCE = 3  # iterations without anything better, after which a fit ends
_BETWEEN = 1  # iterations at each rank on the way to a larger one


class _EnoughError(Exception):
    """The fit is to end here; without the row half-step that would close it, as only the columns are kept."""


@dataclass(frozen=True)
class Run:
    """What a trial has done.

    Attributes
    ----------
    values : list of float
        The metric after each iteration.
    pruned : bool
    factors : Factors
    seconds, processor : float
        On the clock, and of all threads.
    """

    values: list[float]
    pruned: bool
    factors: Factors
    seconds: float
    processor: float


class HeldOut:
    """Judges factors by the held-out cells of a split.

    Parameters
    ----------
    split : Split
    metric : Metric
    how : dict
        `relevant_from` and `exclude_seen`, as in `evaluate`.
    watched : int or None
        How many users are looked at; None: all. Lists of all users would cost more than an iteration.
    seed : int
        Of the choice of those.
    """

    def __init__(self, split: Split, metric: Metric, how: dict[str, Any], watched: int | None, seed: int) -> None:
        self.metric = metric
        self.train, self._place = train_part(split)
        self._how, self._split = how, _of_some_users(split, watched, seed)
        self._outcome: Outcome | None = None

    def value(self, model: Any, run: Alternation) -> float:
        """Return the metric of the factors as they are, as if the fit had ended there."""
        then = copy.copy(model)
        vars(then).update(fitted_attributes(run))
        fitted = Fitted(then, self.train, self._place, 0.0)
        before = self._outcome
        self._outcome = Outcome(fitted, self._split, **self._how) if before is None else before.with_model(fitted)
        return score_of(self.metric, self._outcome).value


def run_trial(
    model: Any,
    held_out: HeldOut,
    *,
    start: Start | None,
    max_iter: int,
    plateau: float,
    rng: np.random.Generator,
    prune: Callable[[int, float], bool],
) -> Run:
    """Fit until the metric stands still, or the trial is pruned.

    Parameters
    ----------
    model : ALS or ImplicitALS
        With the parameters of the trial.
    held_out : HeldOut
    start : Start or None
        None: the random start of the model.
    max_iter : int
    plateau : float
        The fit ends once an iteration changes the metric by no more than this part of it: see `settled`.
    rng : Generator
        Of components that are added.
    prune : callable
        Is told each iteration, from 1, and its value, and says whether to give up.
    """
    began, busy = time.perf_counter(), time.process_time()
    values: list[float] = []
    before: list[float] = []

    def watch(run: Alternation, history: History) -> None:
        values.append(held_out.value(model, run))
        if prune(len(values), values[-1]):
            raise _PrunedError
        if settled([*before, *values], plateau, held_out.metric.greater_is_better):
            raise _EnoughError

    pruned = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        run = _prepared(_started(model, start, held_out, rng), held_out)
        if start is not None:  # rows that are solved for good columns are a model already: one more iteration may do
            run.after_rows = lambda iteration: None if iteration else before.append(held_out.value(model, run))
        try:
            run.run(max_iter, 0.0, _relaxation(model), _Watcher(run, watch))
        except _PrunedError:
            pruned = True
        except _EnoughError:
            pass
    return Run(values, pruned, run.factors, time.perf_counter() - began, time.process_time() - busy)


def first_fit(model: Any, held_out: HeldOut, iterations: int) -> Run:
    """Fit for a few iterations, without a look at the held-out cells: what trials can start from."""
    began, busy = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        run = _prepared(model, held_out)
        run.run(iterations, 0.0, _relaxation(model), _Watcher(run, lambda run, history: None))
    return Run([], False, run.factors, time.perf_counter() - began, time.process_time() - busy)


def settled(values: list[float], plateau: float, greater_is_better: bool) -> bool:
    """Return whether the last iteration changed next to nothing, or the last three brought nothing better.

    Examples
    --------
    >>> settled([0.9, 0.88, 0.8799], 1e-3, False), settled([0.9, 0.91, 0.92, 0.93], 1e-3, False)
    (True, True)
    """
    if len(values) < 2:
        return False
    if abs(values[-1] - values[-2]) <= plateau * abs(values[-1]):
        return True
    signed = values if greater_is_better else [-value for value in values]
    return len(values) > _PATIENCE and max(signed[-_PATIENCE:]) <= max(signed[:-_PATIENCE])


class _PrunedError(Exception):
    """The trial is not worth going on."""


class _Watcher:
    """The observer of a fit: has a look after each iteration, and ends it by raising."""

    def __init__(self, run: Alternation, look: Callable[[Alternation, History], None]) -> None:
        self._run, self._look = run, look

    def begin(self, iteration: int) -> None:
        """Nothing to note."""

    def poll(self, fraction: float) -> None:
        """Nothing to note."""

    def end(self, history: History) -> bool:
        """Look at what there is."""
        self._look(self._run, history)
        return False


def _started(model: Any, start: Start | None, held_out: HeldOut, rng: np.random.Generator) -> Any:
    """Return the model with the start that it is to have; a much smaller one grows on the way, rank by rank."""
    if start is None:
        return model
    biased = getattr(model, "bias", "none") in ("columns", "both")
    *between, last = ladder(start.columns.shape[1], int(model.n_components))
    columns = resized(start.columns, start.turn, between[0] if between else last, rng)
    bias = start.bias if biased else None
    for k, following in itertools.pairwise([*between, last]):
        smaller = _with(model, columns, bias).set_params(n_components=k)
        run = _prepared(smaller, held_out)
        run.run(_BETWEEN, 0.0, _relaxation(model), _Watcher(run, lambda run, history: None))
        columns, bias = resized(run.factors.columns, None, following, rng), run.factors.column_bias
    return _with(model, columns, bias)


def _with(model: Any, columns: NDArray[Any], bias: NDArray[Any] | None) -> Any:
    started = copy.copy(model)
    started.init = columns if bias is None else (columns, bias)
    return started


def _prepared(model: Any, held_out: HeldOut) -> Alternation:
    """Return the fit of a model to the training part, ready to run."""
    train = held_out.train
    model._validate_params()
    run: Alternation
    if hasattr(model, "absent"):
        run, _ = model._prepared(train.csr, None, train.weights)
    else:
        run, _ = model._prepared(train.csr)
    return run


def _relaxation(model: Any) -> Callable[[int], float]:
    return auto_relaxation if model.relaxation == "auto" else lambda _: float(model.relaxation)


def _of_some_users(split: Split, number: int | None, seed: int) -> Split:
    """Return the split with the test cells of some users only."""
    users = split.test_users
    if number is None or users.size <= number:
        return split
    chosen = np.zeros(split.test.n_users, dtype=bool)
    chosen[np.random.default_rng(seed).permutation(users)[:number]] = True
    return replace(split, test=split.test.select(chosen[split.test.rows]), validation=None)
