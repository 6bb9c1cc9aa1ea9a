"""The picture of a search: how it came to its best value, or what one parameter did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from alsatian.plot._style import ACCENT, BLUE, SOFT, axes_or_new, legend, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from alsatian.evaluation import Tuning

_STATES = {"complete": ("o", BLUE, 0.9), "pruned": ("x", SOFT, 0.8)}


class TuningDisplay:
    """The values of the trials over time with the best so far, or over one parameter.

    Parameters
    ----------
    places : array-like of shape (trials,)
        Seconds at the end of each trial, or values of the parameter.
    values : array-like of shape (trials,)
    states : list of str
    best : array-like of shape (trials,) or None
        The best so far; None with a parameter.
    metric : str
    greater_is_better : bool
    parameter : str or None

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self,
        *,
        places: Any,
        values: Any,
        states: list[str],
        best: Any,
        metric: str,
        greater_is_better: bool,
        parameter: str | None = None,
    ) -> None:
        self.places, self.values, self.states = list(places), np.asarray(values, dtype=float), list(states)
        self.best = None if best is None else np.asarray(best)
        self.metric, self.greater_is_better, self.parameter = metric, greater_is_better, parameter

    @classmethod
    def from_tuning(cls, tuning: Tuning, parameter: str | None = None, *, ax: Axes | None = None) -> Self:
        """Draw a search.

        Parameters
        ----------
        tuning : Tuning
        parameter : str, optional
            One of those that were searched: the values are drawn over it. None: over time.
        ax : matplotlib Axes, default=None
            None makes new ones.

        Returns
        -------
        TuningDisplay

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        ValueError
            Where the parameter was not searched: says which were.
        """
        trials = tuning.trials
        about: dict[str, Any] = {
            "values": [trial.value for trial in trials],
            "states": [trial.state for trial in trials],
            "metric": tuning.metric,
            "greater_is_better": tuning.greater_is_better,
            "parameter": parameter,
        }
        if parameter is None:
            seconds, best = tuning.course()
            return cls(places=seconds, best=best, **about).plot(ax=ax)
        names = sorted({name for trial in trials for name in trial.parameters})
        if parameter not in names:
            raise ValueError(f"{parameter!r} was not searched; there are: {', '.join(names)}.")
        return cls(places=[trial.parameters[parameter] for trial in trials], best=None, **about).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw it on axes, or on new ones."""
        ax = axes_or_new(ax)
        numbers = all(isinstance(place, int | float | np.number) for place in self.places)
        places = np.array(self.places if numbers else [str(place) for place in self.places])
        beyond = self._focus(ax)
        for state, (marker, colour, alpha) in _STATES.items():
            chosen = np.array([found == state for found in self.states]) & ~beyond
            if chosen.any():
                ax.scatter(
                    places[chosen], self.values[chosen], marker=marker, color=colour, alpha=alpha, s=22, label=state
                )
        if self.best is not None:
            ax.step(places, self.best, where="post", color=ACCENT, linewidth=1.5, label="best so far")
        elif numbers and places.min() > 0 and places.max() / places.min() >= 10:
            ax.set_xscale("log")
        if beyond.any():
            self._draw_beyond(ax, places, beyond)
        better = "greater" if self.greater_is_better else "smaller"
        plain(
            ax,
            title=f"{len(self.states)} trials",
            x="seconds of fitting" if self.parameter is None else self.parameter,
            y=f"{self.metric} ({better} is better)",
        )
        legend(ax, loc="best")
        self.ax_, self.figure_ = ax, ax.figure  # type: ignore[assignment]
        return self

    def _focus(self, ax: Axes) -> NDArray[np.bool_]:
        """Show the better three quarters of the values, as the worst are far away; return which are beyond the axis."""
        known = self.values[~np.isnan(self.values)]
        if not known.size:
            return np.zeros(self.values.shape, dtype=np.bool_)
        low, high = (known.min(), np.quantile(known, 0.75)) if not self.greater_is_better else (
            np.quantile(known, 0.25), known.max()
        )  # fmt: skip
        margin = 0.08 * (high - low) or 0.01 * abs(high) or 1.0
        low, high = low - margin, high + margin
        ax.set_ylim(low, high)
        beyond: NDArray[np.bool_] = (self.values < low) | (self.values > high)
        return beyond

    def _draw_beyond(self, ax: Axes, places: NDArray[Any], beyond: NDArray[np.bool_]) -> None:
        """Put the trials beyond the axis at its edge, and say how far they go."""
        low, high = ax.get_ylim()
        edge, marker = (low, "v") if self.greater_is_better else (high, "^")
        values = self.values[beyond]
        farthest = values.min() if self.greater_is_better else values.max()
        colours = [_STATES[state][1] if state in _STATES else SOFT for state in np.array(self.states)[beyond]]
        ax.scatter(
            places[beyond], np.full(values.shape, edge), marker=marker, c=colours, s=30, clip_on=False, zorder=3,
            label=f"{values.size} beyond the axis, to {farthest:.4g}",
        )  # fmt: skip
