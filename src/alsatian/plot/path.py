"""The picture of a path over the ridge: errors, and how many components live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from alsatian.plot._style import ACCENT, BLUE, INK, SOFT, axes_or_new, legend, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from alsatian.evaluation import ALSPath


class PathDisplay:
    """Held-out and training error over λ, and the rank of each solution.

    Parameters
    ----------
    regs, errors, train_errors, ranks : array-like of shape (points,)
    best : int
        The point of the least held-out error.

    Attributes
    ----------
    ax_ : matplotlib Axes
    rank_ax_ : matplotlib Axes
        The axes of the rank, to the right.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALSPath
    >>> from alsatian.plot import PathDisplay
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(40, 2)) @ rng.normal(size=(2, 30)) + 0.3 * rng.normal(size=(40, 30))
    >>> display = PathDisplay.from_path(ALSPath(n_regs=6).fit(X))
    >>> display.ax_.get_xscale()
    'log'
    """

    ax_: Axes
    rank_ax_: Axes
    figure_: Figure

    def __init__(self, *, regs: Any, errors: Any, train_errors: Any, ranks: Any, best: int) -> None:
        self.regs, self.errors, self.train_errors = np.asarray(regs), np.asarray(errors), np.asarray(train_errors)
        self.ranks, self.best = np.asarray(ranks), best

    @classmethod
    def from_path(cls, path: ALSPath, *, ax: Axes | None = None) -> Self:
        """Draw a fitted path.

        Parameters
        ----------
        path : ALSPath
        ax : matplotlib Axes, default=None
            None makes new ones.

        Returns
        -------
        PathDisplay

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(path, "points_")
        points = path.points_
        return cls(
            regs=path.regs_, errors=path.errors_, train_errors=[point.train_error for point in points],
            ranks=[point.rank for point in points], best=path.best_index_,
        ).plot(ax=ax)  # fmt: skip

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw it on axes, or on new ones."""
        ax = axes_or_new(ax)
        right = ax.twinx()
        right.step(self.regs, self.ranks, where="mid", color=SOFT, linewidth=1, alpha=0.6)
        right.set_ylabel("rank", color=SOFT)
        right.set_ylim(0, max(1, int(self.ranks.max())) * 1.08)
        right.tick_params(colors=SOFT, labelsize=9)
        right.spines["top"].set_visible(False)
        ax.plot(self.regs, self.train_errors, color=BLUE, linewidth=1.2, linestyle="--", label="training cells")
        ax.plot(self.regs, self.errors, color=ACCENT, linewidth=1.8, marker="o", markersize=3.5, label="held-out cells")
        ax.plot(self.regs[self.best], self.errors[self.best], "o", color=ACCENT, markersize=9, fillstyle="none")
        ax.set_xscale("log")
        ax.invert_xaxis()  # as the path goes
        plain(
            ax,
            title="The path over λ",
            subtitle=f"least held-out error {self.errors[self.best]:.4g} at λ = {self.regs[self.best]:.4g}",
            x="λ, falling",
            y="RMSE",
        )
        ax.tick_params(axis="y", colors=INK)
        legend(ax, loc="best")
        self.ax_, self.rank_ax_, self.figure_ = ax, right, ax.figure  # type: ignore[assignment]
        return self
