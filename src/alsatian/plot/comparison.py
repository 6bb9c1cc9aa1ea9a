"""The picture of a comparison of models: values with their intervals, and which differences are more than chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from alsatian.plot._style import BLUE, INK, SOFT, axes_or_new, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from alsatian.evaluation import Comparison


class ComparisonDisplay:
    """Values of models in one metric with their intervals, the best on top.

    Parameters
    ----------
    models : sequence of str
    values : sequence of float
    intervals : sequence of (low, high)
        NaN where there is none.
    p_adjusted : sequence of float
        Of each model against the best; NaN for the best.
    metric : str
    greater_is_better : bool

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS, Interactions
    >>> from alsatian.evaluation import compare, splits
    >>> from alsatian.plot import ComparisonDisplay
    >>> rng = np.random.default_rng(0)
    >>> user, item = np.divmod(rng.permutation(60 * 40)[:1200], 40)
    >>> ratings = Interactions.from_arrays(user, item, 3 + np.sin(user) * np.cos(item))
    >>> models = {"k = 1": ALS(1, random_state=0), "k = 2": ALS(2, random_state=0)}
    >>> display = ComparisonDisplay.from_comparison(compare(models, splits.random_cells(ratings), "rmse"))
    >>> display.ax_.get_xlabel()
    'rmse (smaller is better)'
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self, models: Any, values: Any, intervals: Any, p_adjusted: Any, *, metric: str, greater_is_better: bool
    ) -> None:
        self.models, self.values, self.intervals = list(models), np.asarray(values), np.asarray(intervals)
        self.p_adjusted, self.metric, self.greater_is_better = list(p_adjusted), metric, greater_is_better

    @classmethod
    def from_comparison(cls, comparison: Comparison, metric: str | None = None, *, ax: Axes | None = None) -> Self:
        """Draw one metric of a comparison.

        Parameters
        ----------
        comparison : Comparison
        metric : str, optional
            None: the first.
        ax : Axes, optional
            None: those of a new figure.

        Returns
        -------
        ComparisonDisplay

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        KeyError
            Where the metric was not measured.
        """
        name = comparison.metrics[0] if metric is None else metric
        scores = {model: result[name] for model, result in comparison.results.items()}
        greater = next(iter(scores.values())).greater_is_better
        best = comparison.best(name)
        p = {best: math.nan}
        for d in comparison.differences:
            if d.metric == name and best in (d.first, d.second):
                p[d.second if d.first == best else d.first] = d.p_adjusted
        order = sorted(
            scores, key=lambda model: (model != best, -scores[model].value if greater else scores[model].value)
        )
        intervals = [comparison.interval(model, name) for model in order]
        values, p_of = [scores[model].value for model in order], [p[model] for model in order]
        return cls(order, values, intervals, p_of, metric=name, greater_is_better=greater).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw on axes, or on those of a new figure."""
        ax = axes_or_new(ax, (6.4, 1.5 + 0.45 * len(self.models)))
        place = np.arange(len(self.models))[::-1]
        low, high = self.intervals[:, 0], self.intervals[:, 1]
        known = ~np.isnan(low)
        ax.hlines(place[known], low[known], high[known], color=BLUE, linewidth=3, alpha=0.45)
        ax.plot(self.values, place, "o", color=BLUE, markersize=7)
        ax.axvline(float(self.values[0]), color=SOFT, linewidth=0.8, linestyle=":")
        for y, value, p in zip(place, self.values, self.p_adjusted, strict=True):
            told = f"{value:.4g}" + ("" if math.isnan(p) else f"  (p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})")
            ax.annotate(told, (value, y), (0, 8), textcoords="offset points", ha="center", fontsize=8.5, color=INK)
        ax.set_yticks(place, labels=self.models)
        ax.set_ylim(-0.6, len(self.models) - 0.3)
        better = "greater" if self.greater_is_better else "smaller"
        plain(
            ax,
            title="Models compared",
            subtitle="bars: intervals by users; p against the best, adjusted by Holm's method",
            x=f"{self.metric} ({better} is better)",
            y="",
        )
        self.ax_, self.figure_ = ax, ax.figure  # type: ignore[assignment]
        return self
