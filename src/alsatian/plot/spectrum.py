"""The singular values of what was fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from alsatian.plot._canonical import canonical
from alsatian.plot._style import ACCENT, BLUE, INK, SOFT, axes_or_new, check_fitted, plain, plain_numbers, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NAMED = 0.9  # the share of the squares that is pointed out


class SpectrumDisplay:
    """The singular values of W Zᵀ, and the share of their squares that the largest ones have together.

    Values that fall slowly to the last say that more components may help; those near zero, that fewer would do.

    Parameters
    ----------
    values : array of shape (k,)
        Largest first.

    Attributes
    ----------
    ax_ : matplotlib Axes
    share_ax_ : matplotlib Axes
        The axes of the share, to the right.
    figure_ : matplotlib Figure
    """

    ax_: Axes
    share_ax_: Axes
    figure_: Figure

    def __init__(self, *, values: NDArray[np.float64]) -> None:
        self.values = values

    @property
    def shares(self) -> NDArray[np.float64]:
        """Of the sum of the squares, what the largest values have together."""
        squares = self.values**2
        total = squares.sum()
        return np.cumsum(squares) / total if total > 0 else np.ones_like(squares)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None) -> Self:
        """Draw the singular values of a fitted model; biases and mean have no part in them.

        Parameters
        ----------
        estimator : ALS or ImplicitALS
        ax : matplotlib Axes, default=None
            None makes new ones.

        Returns
        -------
        SpectrumDisplay

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        """
        check_fitted(estimator, "column_factors_")
        return cls(values=canonical(estimator.row_factors_, estimator.column_factors_).values).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw it on axes, or on new ones."""
        ax = axes_or_new(ax)
        k = len(self.values)
        place = np.arange(1, k + 1)
        ax.bar(place, self.values, color=BLUE, width=0.8, alpha=0.9)
        right = ax.twinx()
        right.plot(place, self.shares, color=ACCENT, linewidth=1.4, marker="o", markersize=2.5 if k > 40 else 3.5)
        right.set_ylim(0, 1.05)
        right.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        right.set_ylabel("share of the squares, summed up", color=ACCENT)
        right.tick_params(colors=ACCENT, labelsize=9)
        for side in ("top", "left", "bottom"):
            right.spines[side].set_visible(False)
        right.spines["right"].set_color(SOFT)
        enough = int(np.searchsorted(self.shares, _NAMED)) + 1
        plain(
            ax,
            title="Singular values of W Zᵀ",
            subtitle=f"the first {min(enough, k)} of {k} have {self.shares[min(enough, k) - 1]:.0%} of the squares",
            x="component",
            y="singular value",
        )
        ax.tick_params(axis="y", colors=INK)
        plain_numbers(ax.yaxis)
        ax.set_xlim(0.4, k + 0.6)
        whole_numbers(ax)
        self.ax_, self.share_ax_, self.figure_ = ax, right, ax.figure  # type: ignore[assignment]
        return self
