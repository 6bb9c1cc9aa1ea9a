"""What the displays share: matplotlib where it is installed, axes to draw on, and the colours of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#2b2b33"
SOFT = "#7d7d88"
LINE = "#d8d5cc"
ACCENT = "#a9213f"
BLUE = "#1f5a8a"
SAND = "#f5c26b"
PARTS = ("#1f5a8a", "#e2703a", "#f5c26b")  # of the loss: fit, ridge of rows, ridge of columns


def axes_or_new(ax: Axes | None, size: tuple[float, float] = (6.4, 4.2)) -> Axes:
    """Return axes to draw on: those given, or new ones of pyplot, which notebooks show.

    Raises
    ------
    ImportError
        Where matplotlib is not installed.
    """
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Drawing needs matplotlib, which is not installed: pip install matplotlib, or alsatian with its "
            "extra 'plot' (from a checkout: pip install '.[plot]')."
        ) from error
    _, new = plt.subplots(figsize=size, layout="constrained")
    return new


def plain(ax: Axes, *, title: str, x: str, y: str, subtitle: str = "") -> None:
    """Give axes a title to the left, labels, and no more lines than are needed."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(LINE)
    ax.tick_params(colors=INK, labelsize=9, color=LINE)
    ax.set_title(title, loc="left", color=INK, fontsize=12, fontweight="bold", pad=20 if subtitle else 8)
    if subtitle:
        ax.annotate(
            subtitle,
            (0, 1),
            xytext=(0, 6),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=9,
            color=SOFT,
        )
    ax.set_xlabel(x, color=SOFT)
    ax.set_ylabel(y, color=SOFT)


def plain_numbers(axis: Any) -> None:
    """Write the numbers of an axis out, without a power of ten apart from them."""
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:g}")


def whole_numbers(ax: Axes) -> None:
    """Let the horizontal axis have ticks at whole numbers only."""
    locator: Any = ax.xaxis.get_major_locator()
    locator.set_params(integer=True)


def legend(ax: Axes, **how: Any) -> None:
    """Draw a legend without a frame."""
    ax.legend(frameon=False, fontsize=9, labelcolor=INK, **how)


def check_fitted(model: Any, needed: str) -> None:
    """Refuse what is no fitted model of alsatian."""
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(model)
    if not hasattr(model, needed):
        raise TypeError(f"{type(model).__name__} has no {needed}: a fitted ALS or ImplicitALS is needed.")
