"""Where a display draws: on the axes it is given, or on new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SERIES = ("#1f5a8a", "#a9213f", "#e2703a", "#4a8f5b", "#6b4a8f", "#7d7d88")
"""Colours of lines and points, in their order."""

INK, SOFT = "#2b2b33", "#7d7d88"


def axes_or_new(ax: Axes | None, *, width: float = 6.4, height: float = 4.2) -> Axes:
    """Return the axes given, or those of a new figure of pyplot, which notebooks and ``plt.show`` show.

    Raises
    ------
    ImportError
        Where matplotlib is not installed: says how to get it.
    """
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Pictures need matplotlib, which is not installed: pip install matplotlib, or alsatian with its extra "
            "'plot' (from a checkout: pip install '.[plot]')."
        ) from error
    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def plain(ax: Axes) -> None:
    """Take away the lines that say nothing."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(colors=INK)
