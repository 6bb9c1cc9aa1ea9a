"""The course of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from alsatian.plot._style import (
    ACCENT,
    PARTS,
    SOFT,
    axes_or_new,
    check_fitted,
    legend,
    plain,
    plain_numbers,
    whole_numbers,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

_PARTS = ("fit", "ridge of rows", "ridge of columns")


class HistoryDisplay:
    """The loss of a fit, iteration by iteration.

    Parameters
    ----------
    iterations : array of shape (q,)
        Iterations done, one a record; the last record is that of the closing row half-step.
    loss : array of shape (q,)
    parts : array of shape (q, 3)
        What the loss is made of: fit, ridge of rows, ridge of columns.
    seconds : array of shape (q,)
        Since the fit began.
    name : str
        Of the model.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib artists

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS
    >>> from alsatian.plot import HistoryDisplay
    >>> model = ALS(2, random_state=0).fit(np.eye(6))
    >>> display = HistoryDisplay.from_estimator(model)  # doctest: +SKIP
    """

    ax_: Axes
    figure_: Figure
    lines_: list[Any]

    def __init__(self, *, iterations: Any, loss: Floats, parts: Floats, seconds: Floats, name: str = "") -> None:
        self.iterations, self.loss, self.parts, self.seconds = iterations, loss, parts, seconds
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        x: Literal["iteration", "seconds"] = "iteration",
        kind: Literal["loss", "parts", "excess"] = "loss",
        ax: Axes | None = None,
    ) -> Self:
        """Draw the history of a fitted model.

        Parameters
        ----------
        estimator : ALS or ImplicitALS
        x : {"iteration", "seconds"}, default="iteration"
            What goes to the right.
        kind : {"loss", "parts", "excess"}, default="loss"
            The loss; what it is made of, one on top of another; or by how much it is above the last one, on a
            logarithmic scale, which shows late iterations too.
        ax : matplotlib Axes, default=None
            None makes new ones.

        Returns
        -------
        HistoryDisplay

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        ValueError
            Where `x` or `kind` is none of these.
        """
        check_fitted(estimator, "history_")
        table = estimator.history_.to_dict()
        parts = np.array([table["fit"], table["row_ridge"], table["column_ridge"]], dtype=np.float64).T
        made = cls(
            iterations=np.array(table["iteration"]), loss=estimator.history_.loss, parts=parts.reshape(-1, 3),
            seconds=estimator.history_.seconds, name=type(estimator).__name__,
        )  # fmt: skip
        return made.plot(x=x, kind=kind, ax=ax)

    def plot(
        self,
        *,
        x: Literal["iteration", "seconds"] = "iteration",
        kind: Literal["loss", "parts", "excess"] = "loss",
        ax: Axes | None = None,
    ) -> Self:
        """Draw it; parameters as in `from_estimator`."""
        if x not in ("iteration", "seconds"):
            raise ValueError(f"x must be 'iteration' or 'seconds'. Got {x!r}.")
        if kind not in ("loss", "parts", "excess"):
            raise ValueError(f"kind must be 'loss', 'parts' or 'excess'. Got {kind!r}.")
        if not len(self.loss):
            raise ValueError("The history has no record: nothing was fitted.")
        ax = axes_or_new(ax)
        # The closing half-step belongs to the last iteration, but comes after it.
        steps = self.seconds if x == "seconds" else self._steps()
        if kind == "parts":
            self.lines_ = list(ax.stackplot(steps, self.parts.T, labels=_PARTS, colors=PARTS, alpha=0.85))
            legend(ax, loc="upper right", reverse=True)
            ax.set_ylim(0, 1.3 * float(self.loss.max()))  # with room for the legend
        elif kind == "excess":
            above = self.loss - self.loss[-1]
            shown = above > 0
            self.lines_ = ax.plot(steps[shown], above[shown], color=ACCENT, marker="o", markersize=3.5, linewidth=1.4)
            ax.set_yscale("log")
        else:
            self.lines_ = ax.plot(steps, self.loss, color=ACCENT, marker="o", markersize=3.5, linewidth=1.4)
        if kind == "loss" and self._is_closed():
            ax.annotate(
                "closing rows", (steps[-1], self.loss[-1]), xytext=(0, 7), textcoords="offset points", fontsize=8,
                color=SOFT, ha="right",
            )  # fmt: skip
        if kind != "excess":
            plain_numbers(ax.yaxis)
        ax.margins(x=0.02)
        last = int(self.iterations[-1])
        plain(
            ax,
            title=f"Fit of {self.name}" if self.name else "Fit",
            subtitle=f"{last} iteration{'' if last == 1 else 's'}, {self.seconds[-1]:.2f} s, loss {self.loss[-1]:.6g}",
            x="iteration" if x == "iteration" else "time, seconds",
            y="loss above the last" if kind == "excess" else "loss",
        )
        if x == "iteration":
            whole_numbers(ax)
        self.ax_, self.figure_ = ax, ax.figure  # type: ignore[assignment]
        return self

    def _is_closed(self) -> bool:
        """Return whether the last record is that of the rows that close the fit, after the last iteration."""
        return len(self.iterations) > 1 and bool(self.iterations[-1] == self.iterations[-2])

    def _steps(self) -> Floats:
        steps = np.asarray(self.iterations, dtype=np.float64).copy()
        if self._is_closed():
            steps[-1] += 0.5
        return steps
