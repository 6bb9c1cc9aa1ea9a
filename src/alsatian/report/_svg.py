"""Charts in SVG: no script, no network, colours of the page, and a text for those who do not see them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from alsatian.report._html import number, text

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]
Span = tuple[float, float]

_WIDTH, _HEIGHT = 460, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 14, 12, 44
_TICKS = 5
_LETTER, _WIDE_LETTER = 7.2, 12.5  # widths of letters, about


def level(x: Span, y: Span, width: int, heights: tuple[int, int]) -> tuple[Span, Span, tuple[int, int]]:
    """Return two ranges, the shorter one opened, and a size, such that a unit is as long on both axes.

    The chart is as high as the ranges ask for, within `heights`.

    Examples
    --------
    >>> level((0, 10), (-1, 1), 192, (156, 656))
    ((0.0, 10.0), (-5.0, 5.0), (192, 156))
    """
    (wide, high), (x, y) = (_opened(span)[1] - _opened(span)[0] for span in (x, y)), (_opened(x), _opened(y))
    across = width - _LEFT - _RIGHT
    height = int(np.clip(across * high / wide + _TOP + _BOTTOM, *heights))
    unit = max(wide / across, high / (height - _TOP - _BOTTOM))
    spans = []
    for (low, top), pixels in ((x, across), (y, height - _TOP - _BOTTOM)):
        more = (unit * pixels - (top - low)) / 2
        spans.append((float(low - more), float(top + more)))
    return spans[0], spans[1], (width, height)


class Frame:
    """A rectangle with two scales; marks are added to it in units of the data.

    Parameters
    ----------
    x, y : (float, float)
        From, to.
    labels : (str, str)
        Of the axes.
    size : (int, int)
    """

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        labels: tuple[str, str],
        size: tuple[int, int] = (_WIDTH, _HEIGHT),
    ) -> None:
        self.x, self.y, self.labels, self.size = _opened(x), _opened(y), labels, size
        self.marks: list[str] = []
        self.names: list[Box] = []

    def right(self, value: float) -> float:
        """Return the place of a value on the horizontal axis."""
        return _LEFT + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.size[0] - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        """Return the place of a value on the vertical axis."""
        height = self.size[1] - _TOP - _BOTTOM
        return _TOP + (1 - (value - self.y[0]) / (self.y[1] - self.y[0])) * height

    def line(self, x: Floats, y: Floats, kind: str = "line") -> None:
        """Add a line through points."""
        points = " ".join(f"{self.right(a):.1f},{self.up(b):.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
        self.marks.append(f'<polyline class="{kind}" points="{points}"/>')

    def dot(self, x: float, y: float, name: str, *, radius: float = 3.5, kind: str = "dot") -> None:
        """Add a point that tells its name to who points at it."""
        self.marks.append(
            f'<circle class="{kind}" cx="{self.right(x):.1f}" cy="{self.up(y):.1f}" r="{radius}">'
            f"<title>{text(name)}</title></circle>"
        )

    def bar(self, x: tuple[float, float], y: float, name: str) -> None:
        """Add a bar from the bottom up."""
        left, right, top = self.right(x[0]), self.right(x[1]), self.up(y)
        self.marks.append(
            f'<rect class="bar" x="{left + 0.5:.1f}" y="{top:.1f}" width="{max(right - left - 1, 0.5):.1f}" '
            f'height="{max(self.up(self.y[0]) - top, 0):.1f}"><title>{text(name)}</title></rect>'
        )

    def write(self, x: float, y: float, name: str) -> None:
        """Add a name beside a point."""
        left, _, right, _ = box = self.place(x, y, name) or self.box(x, y, name)
        anchor, place = ("start", left) if left > self.right(x) else ("end", right)
        self.names.append(box)
        self.marks.append(
            f'<text class="name" x="{place:.1f}" y="{self.up(y) - 5:.1f}" text-anchor="{anchor}" '
            f'aria-hidden="true">{text(name)}</text>'
        )

    def box(self, x: float, y: float, name: str) -> Box:
        """Return about where a name beside a point would be: left, top, right, bottom."""
        here, line, width = self.right(x), self.up(y) - 5, _width_of(name)
        left = here + 6 if here + width + 6 < self.size[0] else here - 6 - width
        return left, line - 12, left + width, line + 3

    def place(self, x: float, y: float, name: str) -> Box | None:
        """Return where a name beside a point would be free, to its right or to its left; None where nowhere."""
        right = self.box(x, y, name)
        here, width = self.right(x), right[2] - right[0]
        left = (here - 6 - width, right[1], here - 6, right[3])
        return next((box for box in (right, left) if self.is_free(box)), None)

    def is_free(self, box: Box) -> bool:
        """Return whether a name would be on the chart, and over no other one."""
        inside = box[0] >= _LEFT and box[1] >= 0 and box[2] <= self.size[0] and box[3] <= self.size[1] - _BOTTOM
        return inside and all(
            box[2] < other[0] or other[2] < box[0] or box[3] < other[1] or other[3] < box[1] for other in self.names
        )

    def svg(
        self,
        title: str,
        told: str,
        *,
        x_ticks: Sequence[tuple[float, str]] | None = None,
        y_form: Callable[[float], str] = number,
        x_form: Callable[[float], str] = number,
        hint: str = "",
    ) -> str:
        """Return the chart as a figure; `told` says in words what is to be seen, `hint` what to do on a screen."""
        width, height = self.size
        bottom = height - _BOTTOM
        marks = []
        for value in _ticks(*self.y):
            y = self.up(value)
            marks.append(f'<line class="grid" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            marks.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text(y_form(value))}</text>')
        for value, name in x_ticks if x_ticks is not None else [(value, x_form(value)) for value in _ticks(*self.x)]:
            marks.append(
                f'<text x="{self.right(value):.1f}" y="{bottom + 16}" text-anchor="middle">{text(name)}</text>'
            )
        middle = (_LEFT + width - _RIGHT) / 2
        below = text(self.labels[0])
        marks.append(f'<text class="below" x="{middle:.0f}" y="{height - 8}" text-anchor="middle">{below}</text>')
        up = (_TOP + bottom) / 2
        marks.append(
            f'<text transform="translate(13 {up:.0f}) rotate(-90)" text-anchor="middle">{text(self.labels[1])}</text>'
        )
        spread = ' class="full"' if width > _WIDTH else ""
        words = f"{text(title)}. {text(told)}"
        on_screen = f' <span class="screen">{text(hint)}</span>' if hint else ""
        return (
            f'<figure{spread}><svg viewBox="0 0 {width} {height}" role="img" aria-label="{words}">'
            f"{''.join(marks)}{''.join(self.marks)}</svg><figcaption>{words}{on_screen}</figcaption></figure>"
        )


def _width_of(name: str) -> float:
    return sum(_WIDE_LETTER if unicodedata.east_asian_width(letter) in "WF" else _LETTER for letter in name)


def _opened(span: tuple[float, float]) -> tuple[float, float]:
    low, high = span
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _ticks(low: float, high: float) -> list[float]:
    """Return round values between two, about five of them.

    Examples
    --------
    >>> _ticks(0, 10)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    rough = (high - low) / _TICKS
    unit = 10.0 ** np.floor(np.log10(rough))
    step = unit * next(factor for factor in (1, 2, 5, 10) if factor * unit >= rough * 0.999)
    first = np.ceil(low / step - 1e-9) * step
    return [float(round(value, 12)) + 0.0 for value in np.arange(first, high + step * 1e-6, step)]  # and no −0
