"""A map of the items, or of the users, in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from alsatian.plot._canonical import canonical
from alsatian.plot._style import INK, LINE, SOFT, axes_or_new, check_fitted, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Side = Literal["rows", "columns"]

_LONGEST = 32  # characters of a name


def is_position(value: Any, size: int) -> bool:
    """Return whether this is a position among so many: a whole number, not counted from the end."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and 0 <= int(value) < size


def _is_shared(ax: Axes) -> bool:
    """Return whether the limits of the axes are those of others too, so that they cannot be opened for one scale."""
    return any(len(group.get_siblings(ax)) > 1 for group in (ax.get_shared_x_axes(), ax.get_shared_y_axes()))


class FactorsDisplay:
    """The columns (or rows) of a model by two of the singular directions of W Zᵀ, in which factors have a meaning.

    Those that lie in the same direction from the middle behave alike; those far out have the most to say.

    Parameters
    ----------
    coordinates : array of shape (q, 2)
    components : (int, int)
        Which directions they are, from 0; 0 has the largest singular value.
    shares : (float, float)
        Of the sum of the squared singular values.
    sizes : array of shape (q,)
        Lengths of the factors in all directions; they are the colours.
    names : sequence of str, or None
    what : str
        What the points are.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    points_ : matplotlib PathCollection
    texts_ : list of matplotlib Text
    """

    ax_: Axes
    figure_: Figure
    points_: Any
    texts_: list[Any]

    def __init__(
        self,
        *,
        coordinates: Floats,
        components: tuple[int, int],
        shares: tuple[float, float],
        sizes: Floats,
        names: Sequence[str] | None = None,
        what: str = "columns",
    ) -> None:
        self.coordinates, self.components, self.shares = coordinates, components, shares
        self.sizes, self.names, self.what = sizes, names, what

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        side: Side = "columns",
        components: tuple[int, int] = (0, 1),
        names: Sequence[Any] | None = None,
        n_names: int = 15,
        named: Sequence[int] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the map of one side of a fitted model.

        Parameters
        ----------
        estimator : ALS or ImplicitALS
        side : {"rows", "columns"}, default="columns"
        components : (int, int), default=(0, 1)
            Which singular directions, from 0.
        names : sequence of str, default=None
            One a row or column. None takes the names of columns that the model was fitted with, if any.
        n_names : int, default=15
            How many points get their name at most; one that would touch another is left out.
        named : sequence of int, default=None
            Which rows or columns get their name, the most important first: the best-known items, for example. None
            takes those that are farthest out.
        ax : matplotlib Axes, default=None
            None makes new ones.

        Returns
        -------
        FactorsDisplay

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        ValueError
            Where there are no such components, another number of names, or no such rows or columns to name.
        """
        check_fitted(estimator, "column_factors_")
        if side not in ("rows", "columns"):
            raise ValueError(f"side must be 'rows' or 'columns'. Got {side!r}.")
        turned = canonical(estimator.row_factors_, estimator.column_factors_)
        points = turned.rows if side == "rows" else turned.columns
        k = points.shape[1]
        if k < 2:
            raise ValueError("The model has one component, which is a line and no map: fit one of two or more.")
        if len(components) != 2 or not all(is_position(one, k) for one in components):
            raise ValueError(f"components must be two of 0 … {k - 1}. Got {components!r}.")
        if names is None and side == "columns":
            names = getattr(estimator, "feature_names_in_", None)
        if names is not None and len(names) != len(points):
            raise ValueError(f"names has {len(names)} entries, but there are {len(points)} {side}.")
        squares = turned.values**2
        total = squares.sum() or 1.0
        made = cls(
            coordinates=points[:, list(components)], components=(components[0], components[1]),
            shares=(float(squares[components[0]] / total), float(squares[components[1]] / total)),
            sizes=np.linalg.norm(points, axis=1), names=None if names is None else [str(name) for name in names],
            what=side,
        )  # fmt: skip
        return made.plot(n_names=n_names, named=named, ax=ax)

    def plot(self, *, n_names: int = 15, named: Sequence[int] | None = None, ax: Axes | None = None) -> Self:
        """Draw it; parameters as in `from_estimator`."""
        wrong = [place for place in (() if named is None else named) if not is_position(place, len(self.coordinates))]
        if wrong:
            last = len(self.coordinates) - 1
            raise ValueError(f"named must hold positions of {self.what}, from 0 to {last}. Got {wrong[0]!r}.")
        ax = axes_or_new(ax, (6.8, 6.2))
        x, y = self.coordinates.T
        ax.axhline(0, color=LINE, linewidth=0.8, zorder=0)
        ax.axvline(0, color=LINE, linewidth=0.8, zorder=0)
        many = len(x) > 500
        self.points_ = ax.scatter(
            x, y, c=self.sizes, cmap="viridis_r", s=8 if many else 22, alpha=0.6 if many else 0.85, linewidths=0
        )
        bar = ax.figure.colorbar(self.points_, ax=ax, shrink=0.6, pad=0.02)
        bar.set_label("length of the factors in all directions", color=SOFT)
        bar.outline.set_visible(False)
        bar.ax.tick_params(colors=INK, labelsize=8)
        ax.margins(0.08)
        if not _is_shared(ax):  # one scale: angles from the middle, and what a direction holds, are what they look like
            ax.set_aspect("equal", adjustable="datalim")
        labels = [
            f"direction {component + 1} ({share:.0%} of the squares)"
            for component, share in zip(self.components, self.shares, strict=True)
        ]
        plain(
            ax,
            title=f"Map of the {self.what}",
            subtitle=f"{len(x):,} {self.what} by two singular directions of W Zᵀ",
            x=labels[0],
            y=labels[1],
        )
        self.texts_ = self._named(ax, n_names, named)
        self.ax_, self.figure_ = ax, ax.figure  # type: ignore[assignment]
        return self

    def _named(self, ax: Axes, n_names: int, named: Sequence[int] | None) -> list[Any]:
        """Write names, outwards from their points; leave out those that would touch another, or the frame."""
        from matplotlib.patheffects import withStroke

        if self.names is None:
            return []
        figure = ax.figure
        figure.canvas.draw()  # places are known only then
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        frame = ax.get_window_extent(renderer)
        taken: list[Any] = []
        texts: list[Any] = []
        farthest = np.argsort(-np.linalg.norm(self.coordinates, axis=1), kind="stable").tolist()
        for place in farthest if named is None else named:
            if len(texts) >= n_names:
                break
            x, y = self.coordinates[place].tolist()
            text = self.names[place] if len(self.names[place]) <= _LONGEST else self.names[place][: _LONGEST - 1] + "…"
            for side, shift in (("right", -5), ("left", 5)) if x < 0 else (("left", 5), ("right", -5)):
                label = ax.annotate(
                    text, (x, y), xytext=(shift, 4), textcoords="offset points", fontsize=8, color=INK, ha=side,
                    path_effects=[withStroke(linewidth=2, foreground="white")],
                )  # fmt: skip
                box = label.get_window_extent(renderer)
                inside = box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y1 <= frame.y1
                if inside and not any(box.overlaps(other) for other in taken):
                    taken.append(box)
                    texts.append(label)
                    ax.plot(
                        x, y, marker="o", markersize=5, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=0.8
                    )
                    break
                label.remove()
        return texts
