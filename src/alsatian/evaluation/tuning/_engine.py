"""The search itself: the only file that imports Optuna."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alsatian.evaluation.tuning._result import Trial
from alsatian.evaluation.tuning._space import Axis, Point, Space

_STARTUP = 5  # trials before any is pruned
_WARMUP = 5  # stages before a trial is pruned: a random start has found nothing before
_OTHERS = 4  # trials that have come to a stage, before any is pruned there
_CALLED = {  # what a study is of, as its user says it
    "sums": "other data or another split", "cells": "other data or another split",
    "shape": "data of another shape", "how": "another relevant_from or exclude_seen",
    "fits": "another max_iter or plateau", "users": "another n_users, or another seed of whom it draws",
}  # fmt: skip
_ABOUT, _FIRST = "alsatian", "first fit"  # attributes of the study


def optuna() -> Any:
    """Import Optuna.

    Raises
    ------
    ImportError
        Says how to get it.
    """
    try:
        import optuna as found
    except ImportError as error:
        raise ImportError(
            "tune needs Optuna, which is not installed: pip install optuna, or alsatian with its extra 'tune' (from a "
            "checkout: pip install '.[tune]')."
        ) from error
    return found


class Study:
    """A study of Optuna over a space, new or gone on with.

    Parameters
    ----------
    space : Space
    sampler : optuna sampler or None
    storage, name
        As `optuna.create_study` takes them.
    greater_is_better : bool
    seed : int
    about : str
        What has to be the same for the study to go on.
    prune : bool
    """

    def __init__(
        self, space: Space, sampler: Any, *, storage: Any, name: str, greater_is_better: bool, seed: int, about: str,
        prune: bool,
    ) -> None:  # fmt: skip
        engine = optuna()
        self.space, self._sign = space, greater_is_better
        pruner = (
            engine.pruners.MedianPruner(_STARTUP, _WARMUP, n_min_trials=_OTHERS)
            if prune
            else engine.pruners.NopPruner()
        )
        if sampler is not None and not isinstance(sampler, engine.samplers.BaseSampler):
            raise TypeError(f"sampler must be one of optuna.samplers, or None, got {sampler!r}.")
        _check_storage(engine, storage)
        with _quiet(engine), _told_of_storage(storage):
            self.study = engine.create_study(
                storage=storage, study_name=name, direction="maximize" if greater_is_better else "minimize",
                pruner=pruner, load_if_exists=storage is not None,
            )  # fmt: skip
        before = self.study.user_attrs.get(_ABOUT)
        if before is None and self.study.trials:
            raise ValueError(f"the study {name!r} in this storage is not one of tune: give another study_name.")
        other = "" if before is None else _difference(before, about)
        if other:
            raise ValueError(
                f"the study {name!r} in this storage is of {other}: give another study_name, or the same data, model, "
                "metric and space."
            )
        if before != about:  # a new study, or one whose first run kept less of what it is about
            self.study.set_user_attr(_ABOUT, about)
        self._states = engine.trial.TrialState
        for trial in self.study.trials:
            if trial.state == self._states.RUNNING:  # of a process that was ended
                self.study.tell(trial.number, state=self._states.FAIL)
        # A seed that moves on, so that a search that goes on does not draw the same points again.
        self.study.sampler = sampler or engine.samplers.TPESampler(seed=(seed + len(self.study.trials)) % 2**32)

    @property
    def n_done(self) -> int:
        """Number of trials that have ended, well or not, but for those that were interrupted."""
        return sum(trial.state in (self._states.COMPLETE, self._states.PRUNED) or _broken(trial) for trial in self._all)

    @property
    def _all(self) -> Any:
        return self.study.get_trials(deepcopy=False)

    @property
    def first(self) -> tuple[float, float]:
        """Seconds, and processor seconds, of the fit before all trials; 0 where there was none."""
        told = self.study.user_attrs.get(_FIRST, (0.0, 0.0))
        return float(told[0]), float(told[1])

    def note_first(self, seconds: float, processor: float) -> None:
        """Keep how long the fit before all trials took; a search that goes on may need another."""
        before = self.first
        self.study.set_user_attr(_FIRST, [before[0] + seconds, before[1] + processor])

    def finished_points(self) -> list[tuple[int, Point]]:
        """Return number and point of the trials that have ended well, or were pruned."""
        good = (self._states.COMPLETE, self._states.PRUNED)
        return [(trial.number, self._point(trial)) for trial in self._all if trial.state in good]

    def _point(self, trial: Any) -> Point:
        """Return the values of the model at which a trial was made."""
        return {axis.name: axis.value(trial.params[axis.name]) for axis in self.space.axes if axis.name in trial.params}

    @contextmanager
    def trial(self) -> Iterator[Asked]:
        """Ask for a point, and see that the study is told how it ended."""
        asked = self.study.ask()
        point = {axis.name: _suggest(asked, axis) for axis in self.space.axes}
        trial = Asked(self.study, asked, point, self._states)
        try:
            yield trial
        except (ValueError, MemoryError, ArithmeticError) as error:  # of this point; others may do
            asked.set_user_attr("error", f"{type(error).__name__}: {error}")
            self.study.tell(asked, state=self._states.FAIL)
            if all(not t.state.is_finished() or _broken(t) for t in self._all) and len(self._all) >= _STARTUP:
                raise
        except BaseException:
            self.study.tell(asked, state=self._states.FAIL)
            raise

    def trials(self, model: Any, *, early: bool) -> list[Trial]:
        """Return all trials that have ended; with `early` the number of iterations is one of their parameters."""
        found = []
        for trial in self._all:
            if trial.state not in (self._states.COMPLETE, self._states.PRUNED) and not _broken(trial):
                continue
            told = trial.user_attrs
            point = self._point(trial)
            state = "complete" if trial.state == self._states.COMPLETE else trial.state.name.lower()
            parameters = self.space.parameters(model, point)
            if early and "age" in told:
                parameters |= {"max_iter": int(told["age"]), "tol": 0.0}
            seconds = [float(told.get(name, math.nan)) for name in ("seconds", "processor")]
            value = math.nan if trial.value is None else float(trial.value)
            found.append(
                Trial(
                    trial.number, parameters, value, state, list(told.get("values", [])),
                    seconds[0], seconds[1], int(told.get("iterations", 0)), told.get("start"),
                    str(told.get("error", "")),
                )
            )  # fmt: skip
        return found


class Asked:
    """A trial under way."""

    def __init__(self, study: Any, trial: Any, point: Point, states: Any) -> None:
        self._study, self._trial, self._states = study, trial, states
        self.point, self.number, self.stage = point, int(trial.number), 0

    def report(self, iteration: int, value: float) -> bool:
        """Report a value, and return whether to give up; `stage` is how far on the start was.

        Raises
        ------
        ValueError
            For NaN or an infinity, which Optuna would neither refuse nor count.
        """
        if not math.isfinite(value):
            raise ValueError(
                f"the metric is {value} after iteration {iteration}: nothing in the held-out cells can be judged by it "
                "(for lists: no user has a relevant item there, see relevant_from), or the model is not finite."
            )
        self._trial.report(value, self.stage + iteration)
        return bool(self._trial.should_prune())

    def note(self, **what: Any) -> None:
        """Keep something beside the trial."""
        for name, value in what.items():
            self._trial.set_user_attr(name, value)

    def end(self, values: list[float], *, pruned: bool) -> None:
        """Tell how it ended."""
        self.note(values=values)
        if pruned:
            self._study.tell(self._trial, state=self._states.PRUNED)
        else:
            self._study.tell(self._trial, values[-1])


_STORAGE = "Give the URL of a database, such as 'sqlite:///search.db', or a storage of Optuna."


def _check_storage(engine: Any, storage: Any) -> None:
    """Refuse what is no storage, with what may have been meant."""
    if storage is None or isinstance(storage, engine.storages.BaseStorage):
        return
    if isinstance(storage, Path) or (isinstance(storage, str) and "://" not in storage):
        raise ValueError(
            f"storage = '{storage}' is no URL of a database: one in that file is storage='sqlite:///{storage}'."
        )
    if not isinstance(storage, str):
        raise TypeError(f"storage = {storage!r} is none. {_STORAGE}")


@contextmanager
def _told_of_storage(storage: Any) -> Iterator[None]:
    """Say what cannot be opened in place of what a database has to say of it."""
    try:
        yield
    except ImportError:  # of a driver: it says which
        raise
    except Exception as error:
        if not isinstance(storage, str):
            raise
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(
            f"storage = {storage!r} cannot be opened: {reason}. The folder of a database has to be there. {_STORAGE}"
        ) from error


def _suggest(trial: Any, axis: Axis) -> Any:
    if axis.choices:
        return axis.value(trial.suggest_categorical(axis.name, axis.labels))
    if axis.whole:
        return trial.suggest_int(axis.name, axis.low, axis.high, log=axis.log)
    return trial.suggest_float(axis.name, axis.low, axis.high, log=axis.log)


def _broken(trial: Any) -> bool:
    return "error" in trial.user_attrs


def _without_threads(model: str) -> str:
    """Return the text of a model less what changes no result, which studies of earlier versions have kept."""
    text = re.sub(r"\b(n_jobs|verbose)=-?\w+(, )?", "", " ".join(model.split()))
    return text.replace(", )", ")")


def _difference(before: str, now: str) -> str:
    """Name what is other than it was, as far as it was kept; nothing where the study can go on."""
    old, new = json.loads(before), json.loads(now)
    for about in (old, new):
        about["model"] = _without_threads(about["model"])
    told = [_CALLED.get(name, f"another {name}") for name in new if name in old and old[name] != new[name]]
    return " and ".join(dict.fromkeys(told))


@contextmanager
def _quiet(engine: Any) -> Iterator[None]:
    level = engine.logging.get_verbosity()
    engine.logging.set_verbosity(engine.logging.WARNING)
    try:
        yield
    finally:
        engine.logging.set_verbosity(level)
