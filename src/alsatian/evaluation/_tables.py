"""Results as plain text and as columns of a frame."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from alsatian.console import print_table


def table(header: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> str:
    """Return a plain table without the line end."""
    stream = io.StringIO()
    print_table(header, rows, title=title, stream=stream)
    return stream.getvalue().rstrip("\n")


def number(value: float, digits: int = 4) -> str:
    """Return a number for a table; nothing where there is none."""
    return "" if math.isnan(value) else f"{value:#.{digits}g}"


def span(low: float, high: float) -> str:
    """Return an interval for a table; nothing where there is none."""
    return "" if math.isnan(low) else f"{low:#.4g} … {high:#.4g}"


def count(value: int | None) -> str:
    """Return a number of users for a table; nothing where users are not what a metric is of."""
    return "" if value is None else f"{value:,}"


def shortened(text: str, length: int = 72) -> str:
    """Return a text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
