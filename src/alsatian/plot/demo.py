"""The picture of ``alsatian demo``: a year of flight delays, with its holes and without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

# Minutes → colour: early is blue, on time is near white, late runs from sand over red to a deep plum.
_COLOURS = [
    (-40.0, "#1f5a8a"),
    (-15.0, "#8fbfd6"),
    (0.0, "#f4efe3"),
    (20.0, "#f5c26b"),
    (50.0, "#e2703a"),
    (90.0, "#a9213f"),
    (140.0, "#4a0f3c"),
]
_HOLE = "#e6e6ea"
_INK = "#2b2b33"
_SOFT = "#7d7d88"
_ACCENT = "#a9213f"
_STORMS = 5  # days that get a label


def demo_figure(
    *,
    truth: Floats,
    held_out: NDArray[np.bool_],
    completed: Floats,
    interaction: Floats,
    dates: NDArray[np.datetime64],
    rmse: Mapping[str, float],
) -> Figure:
    """Draw what a model saw, what was hidden from it, and what it made of both.

    Parameters
    ----------
    truth : float64 array of shape (m, n)
        Delays in minutes; NaN where missing.
    held_out : bool array of shape (m, n)
        The cells that were hidden from the model.
    completed : float64 array of shape (m, n)
        The model's delay for every cell.
    interaction : float64 array of shape (m, n)
        W Zᵀ; its first left singular vector orders the routes.
    dates : datetime64[D] array of shape (n,)
    rmse : mapping of model name to minutes
        Errors on the held-out cells; the last is the model's.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot, so it touches no global state; save it with ``savefig``.

    Raises
    ------
    ImportError
        Where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "Drawing needs matplotlib, which is not installed: pip install matplotlib, or alsatian with its "
            "extra 'plot' (from a checkout: pip install '.[plot]')."
        ) from error

    order = route_order(interaction)
    train = np.where(held_out, np.nan, truth)
    figure = Figure(figsize=(15, 9.2), dpi=150, facecolor="white")
    grid = figure.add_gridspec(
        2, 4, width_ratios=[1, 1, 1, 0.025], height_ratios=[1, 0.33], left=0.05, right=0.945, top=0.85, bottom=0.045,
        wspace=0.07, hspace=0.27,
    )  # fmt: skip
    hidden = np.where(held_out, truth, np.nan)
    panels = [
        ("What ALS saw", f"{_count(~np.isnan(train))} cells; the others have no flight or are held out", train),
        ("What was hidden from it", f"{_count(held_out)} held-out cells, drawn at random", hidden),
        ("What it made of the year", "its value for every route and day", completed),
    ]
    names = list(rmse)
    image: Any = None
    for column, (title, subtitle, values) in enumerate(panels):
        axes = figure.add_subplot(grid[0, column])
        image = _matrix(axes, values[order], dates)
        _heading(axes, title, subtitle)
        axes.set_ylabel(f"{len(order)} routes, sorted by the first factor" if column == 0 else "", color=_SOFT)
    bar = figure.colorbar(image, cax=figure.add_subplot(grid[0, 3]), extend="both")
    bar.set_label("mean arrival delay, minutes", color=_INK)
    bar.outline.set_visible(False)
    _days(figure.add_subplot(grid[1, :2]), completed.mean(axis=0), dates)
    _errors(figure.add_subplot(grid[1, 2]), rmse)
    gain = 1 - rmse[names[-1]] / rmse[names[-2]]
    figure.text(0.05, 0.95, "A year of flights out of New York, completed", fontsize=22, color=_INK, weight="bold")
    figure.text(
        0.05,
        0.92,
        f"Mean arrival delay of {len(order)} routes on {len(dates)} days of 2013; {np.isnan(truth).mean():.0%} of the"
        f" cells have no flight. On unseen cells {names[-1]} errs {gain:.1%} less than the {names[-2]} model.",
        fontsize=11.5,
        color=_SOFT,
    )
    return figure


def route_order(interaction: Floats) -> NDArray[np.intp]:
    """Order the rows by their first factor: the first left singular vector of W Zᵀ, so that rotations do not matter.

    Examples
    --------
    >>> import numpy as np
    >>> route_order(np.outer([1.0, 3.0, 2.0], [1.0, 1.0])).tolist()
    [1, 2, 0]
    """
    left, _, right = np.linalg.svd(interaction, full_matrices=False)
    sign = 1.0 if right[0].sum() >= 0 else -1.0  # a singular vector's sign is arbitrary; late days shall be up
    return np.argsort(-sign * left[:, 0], kind="stable")


def _count(mask: NDArray[np.bool_]) -> str:
    return f"{int(mask.sum()):,}"


def _matrix(axes: Axes, values: Floats, dates: NDArray[np.datetime64]) -> Any:
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    low, high = _COLOURS[0][0], _COLOURS[-1][0]
    stops = [((minutes - low) / (high - low), colour) for minutes, colour in _COLOURS]
    colours = LinearSegmentedColormap.from_list("delay", stops, N=512).with_extremes(bad=_HOLE)
    image = axes.imshow(values, aspect="auto", interpolation="none", cmap=colours, norm=Normalize(low, high))
    _months(axes, dates)
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#d8d5cc")
    return image


def _months(axes: Axes, dates: NDArray[np.datetime64]) -> None:
    """Name the months in the middle of theirs, with a tick between two of them."""
    month = dates.astype("datetime64[M]")
    starts = np.flatnonzero(np.concatenate([[True], month[1:] != month[:-1]]))
    middles = (starts + np.append(starts[1:], len(dates)) - 1) / 2
    axes.set_xticks(starts[1:] - 0.5, labels=[])
    axes.tick_params(axis="x", length=4, color=_SOFT)
    axes.set_xticks(middles, labels=[_month_name(day) for day in dates[starts]], minor=True)
    axes.tick_params(axis="x", which="minor", length=0, labelcolor=_INK, labelsize=9)


def _month_name(day: np.datetime64) -> str:
    return str(day.astype(object).strftime("%b"))


def _heading(axes: Axes, title: str, subtitle: str) -> None:
    place: dict[str, Any] = {"xy": (0, 1), "xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(title, xytext=(0, 22), fontsize=13, weight="bold", color=_INK, **place)
    axes.annotate(subtitle, xytext=(0, 8), fontsize=9.5, color=_SOFT, **place)


def _days(axes: Axes, delay: Floats, dates: NDArray[np.datetime64]) -> None:
    """Draw the mean delay of each day, the worst ones named."""
    x = np.arange(len(delay))
    axes.fill_between(x, 0, delay, where=delay > 0, color="#e2703a", alpha=0.35, linewidth=0, interpolate=True)
    axes.fill_between(x, 0, delay, where=delay < 0, color="#8fbfd6", alpha=0.6, linewidth=0, interpolate=True)
    axes.plot(x, delay, color=_ACCENT, linewidth=1)
    axes.axhline(0, color=_SOFT, linewidth=0.6)
    for day in _worst_days(delay):
        label = f"{dates[day].astype(object).day} {_month_name(dates[day])}"
        axes.annotate(
            label,
            (float(day), float(delay[day])),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            color=_INK,
        )
    axes.set_xlim(-0.5, len(delay) - 0.5)
    axes.set_ylim(min(-25.0, float(delay.min()) - 5), float(delay.max()) * 1.2)
    axes.set_ylabel("minutes", color=_SOFT)
    _months(axes, dates)
    _plain(axes)
    _heading(axes, "Mean delay of the day over all routes, completed", "the worst days are named")


def _worst_days(delay: Floats, apart: int = 6) -> list[int]:
    """Pick the worst days, none of them near another, so that their labels do not touch."""
    chosen: list[int] = []
    for day in np.argsort(-delay).tolist():
        if all(abs(day - other) >= apart for other in chosen):
            chosen.append(day)
        if len(chosen) == _STORMS:
            break
    return chosen


def _errors(axes: Axes, rmse: Mapping[str, float]) -> None:
    names = list(rmse)
    values = np.array([rmse[name] for name in names])
    place = np.arange(len(names))[::-1]
    axes.barh(place, values, color=["#d9d5ca"] * (len(names) - 1) + [_ACCENT], height=0.62)
    for y, name, value in zip(place, names, values, strict=True):
        last = name == names[-1]
        weight = "bold" if last else "normal"
        text: dict[str, Any] = {"va": "center", "fontsize": 11.5, "weight": weight}
        axes.text(value * 0.02, y, name, color="white" if last else _INK, **text)
        axes.text(value * 1.015, y, f"{value:.1f}", color=_INK, **text)
    axes.set_yticks([])
    axes.set_xlim(0, float(values.max()) * 1.15)
    axes.set_xticks([])
    _plain(axes)
    axes.spines["bottom"].set_visible(False)
    _heading(axes, "Error on the held-out cells", "root mean square, minutes; lower is better")


def _plain(axes: Axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#d8d5cc")
    axes.tick_params(colors=_INK, labelsize=9)
