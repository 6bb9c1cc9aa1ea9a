"""What a search has found."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from alsatian.data._frames import make_frame
from alsatian.evaluation._calls import command_of, expression_of
from alsatian.evaluation._evaluate import Backend
from alsatian.evaluation._tables import number, table
from alsatian.evaluation.tuning._space import Point, Space

_SHOWN = 5


@dataclass(frozen=True)
class Trial:
    """One point of a search.

    Attributes
    ----------
    number : int
    parameters : dict
        Parameters of the model.
    value : float
        The metric at the end; of a pruned trial the last that was seen; NaN where it failed.
    state : {"complete", "pruned", "fail"}
    values : list of float
        The metric after each iteration.
    seconds, processor : float
        On the clock, and of all threads together.
    iterations : int
    start : int or None
        Number of the trial that it started from, −1 for the fit before all trials; None: a random start.
    error : str
        Why it failed.
    """

    number: int
    parameters: Point
    value: float
    state: str
    values: list[float]
    seconds: float
    processor: float
    iterations: int
    start: int | None
    error: str = ""


@dataclass(eq=False, repr=False)
class Tuning:
    """What `tune` found; ``print`` shows the best trials, ``alsatian.plot.TuningDisplay`` a picture.

    Attributes
    ----------
    template : ALS or ImplicitALS
        The model whose parameters were searched.
    space : Space
    metric : str
    greater_is_better : bool
    trials : list of Trial
    split_name : str
        What the trials were judged by.
    study : optuna Study
    first_fit : pair of float
        Seconds, and processor seconds, of the fit that was made before all trials, for them to start from.
    confirmed : float
        The metric of the best parameters, fitted anew from a random start to their own end; NaN where that was not
        asked for. Of the two values believe this one: the best of many trials is a little lucky.
    """

    template: Any
    space: Space
    metric: str
    greater_is_better: bool
    trials: list[Trial]
    split_name: str
    study: Any
    first_fit: tuple[float, float]
    confirmed: float = field(default=math.nan)

    @property
    def best(self) -> Trial:
        """The best trial that was not pruned.

        Raises
        ------
        ValueError
            Where there is none.
        """
        complete = [trial for trial in self.trials if trial.state == "complete" and not math.isnan(trial.value)]
        if not self.trials:  # of at least one that was asked for
            raise ValueError("no trial has ended well: the timeout was over before the first began. Give a longer one.")
        if not complete:
            errors = [trial.error for trial in self.trials if trial.error]
            raise ValueError(f"no trial has ended well{f': {errors[-1]}' if errors else ''}".rstrip(".") + ".")
        return min(complete, key=lambda trial: (-trial.value if self.greater_is_better else trial.value, trial.number))

    @property
    def best_value(self) -> float:
        """The metric of the best trial."""
        return self.best.value

    @property
    def best_parameters(self) -> Point:
        """The parameters of the best trial."""
        return self.best.parameters

    @property
    def model(self) -> Any:
        """A new model with the best parameters."""
        return clone(self.template).set_params(**self.best_parameters)

    @property
    def expression(self) -> str:
        """Python that makes the model with the best parameters."""
        return expression_of(self.model)

    def command(self, source: str = "SOURCE") -> str:
        """Return the command that fits the best parameters to a table.

        Parameters
        ----------
        source : str
            The file or the URL.

        Raises
        ------
        ValueError
            Where the model has a parameter that the command has no option for.
        """
        return command_of(self.model, source)

    def course(self, *, processor: bool = False) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the seconds that the fits had taken after each trial, and the best value so far.

        Parameters
        ----------
        processor : bool, default=False
            Whether to count the seconds of all threads, which other work on the machine changes little.

        Returns
        -------
        seconds, best : arrays of shape (trials,)
            `best` is NaN until a trial has ended well.
        """
        taken = [trial.processor if processor else trial.seconds for trial in self.trials]
        seconds = self.first_fit[processor] + np.cumsum([0.0 if math.isnan(s) else s for s in taken])
        best, values = math.nan, []
        for trial in self.trials:
            if trial.state == "complete" and not math.isnan(trial.value):
                pick = max if self.greater_is_better else min
                best = trial.value if math.isnan(best) else pick(best, trial.value)
            values.append(best)
        return seconds, np.array(values)

    def to_frame(self, backend: Backend = "pandas") -> Any:
        """Return a frame with a row for each trial.

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        trials = self.trials
        columns: dict[str, Any] = {
            "trial": np.array([trial.number for trial in trials]),
            "value": np.array([trial.value for trial in trials]),
            "state": np.array([trial.state for trial in trials]),
            "seconds": np.array([trial.seconds for trial in trials]),
            "iterations": np.array([trial.iterations for trial in trials]),
            "start": np.array([-1 if trial.start is None else trial.start for trial in trials]),
        }
        for name in dict.fromkeys(name for trial in trials for name in trial.parameters):
            given = [trial.parameters.get(name) for trial in trials]
            columns |= _columns(name, given)
        return make_frame(columns, backend)

    def __str__(self) -> str:
        """Return a table of the best trials, and the call for the best."""
        complete = [trial for trial in self.trials if trial.state == "complete"]
        complete.sort(key=lambda trial: -trial.value if self.greater_is_better else trial.value)
        names = list(dict.fromkeys(name for trial in complete for name in trial.parameters))
        rows = [
            [str(t.number), number(t.value), *(_told(t.parameters.get(name)) for name in names), str(t.iterations),
             f"{t.seconds:.2f}", _started_from(t.start)]
            for t in complete[:_SHOWN]
        ]  # fmt: skip
        states = [trial.state for trial in self.trials]
        title = (
            f"Best of {len(states)} trials ({states.count('pruned')} pruned, {states.count('fail')} failed) "
            f"by {self.metric} on {self.split_name}"
        )
        lines = [table(["trial", self.metric, *names, "iterations", "s", "started from"], rows, title)]
        if complete:
            again = "" if math.isnan(self.confirmed) else f", fitted anew: {number(self.confirmed)}"
            lines.append(f"{self.expression}\n{self.metric} {number(self.best_value)}{again}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the number of trials and the best."""
        try:
            told = f"best {self.metric} {self.best_value:.4g} by {self.expression}"
        except ValueError as error:
            told = str(error)
        return f"Tuning({len(self.trials)} trials; {told})"


def _started_from(start: int | None) -> str:
    """Say what a trial started from: another trial, the fit before all of them, or at random."""
    if start is None:
        return "–"
    return "first fit" if start < 0 else str(start)


def _told(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_told, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _columns(name: str, given: list[Any]) -> dict[str, Any]:
    """Return the columns of a parameter: two for a pair, in which what is no pair stands for both sides."""
    if any(isinstance(value, tuple) for value in given):
        sides = ("low", "high") if name == "clip" else ("rows", "columns")
        pairs = [value if isinstance(value, tuple) else (value, value) for value in given]
        return {f"{name}_{side}": np.array([pair[i] for pair in pairs]) for i, side in enumerate(sides)}
    return {name: np.array(given)}
