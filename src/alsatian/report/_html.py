"""Pieces of HTML: escaped text, tables, and the page around them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from alsatian.report._css import CSS


def text(value: object) -> str:
    """Return a value as text in HTML."""
    return escape(str(value), quote=True)


def number(value: float, digits: int = 4) -> str:
    """Return a number as the page shows it.

    Examples
    --------
    >>> number(1234567), number(0.123456), number(-2.5)
    ('1,234,567', '0.1235', '−2.5')
    >>> number(1491.27, 6), number(0.00002)
    ('1,491.27', '2e−05')
    """
    if value != value:  # noqa: PLR0124
        return "–"
    whole = isinstance(value, int) or abs(value) >= 1e4
    shown = f"{value:,.0f}" if whole else f"{value:,.{digits}g}"
    return shown.replace("-", "−")


def column(values: Iterable[float], digits: int = 4) -> list[str]:
    """Return the numbers of one column, all with as many decimals: those that the largest needs for `digits` in all.

    Examples
    --------
    >>> column([0.95, -1.25, 0.0316]), column([3.0, 12.0])
    (['0.950', '−1.250', '0.032'], ['3', '12'])
    """
    given = [float(value) for value in values]
    known = [value for value in given if math.isfinite(value)]
    largest = max(map(abs, known), default=0.0)
    whole = all(value.is_integer() for value in known)
    places = 0 if whole or not largest else min(max(digits - 1 - math.floor(math.log10(largest)), 0), 8)
    return [f"{value:,.{places}f}".replace("-", "−") if value == value else "–" for value in given]  # noqa: PLR0124


def paragraph(*sentences: str) -> str:
    """Return a paragraph of sentences that are HTML already."""
    return f"<p>{' '.join(sentences)}</p>"


def lead(words: str, code: str) -> str:
    """Return code with the words before it, which stay with it on paper; both are plain text."""
    return f'<p class="lead">{text(words)}</p><pre>{text(code)}</pre>'


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: Sequence[int] = (),
    head: bool = True,
    long: bool = False,
) -> str:
    """Return a table; its cells are HTML already.

    Parameters
    ----------
    caption : str
        Said aloud, and shown above.
    header : sequence of str
    rows : iterable of sequences of str
    numeric : sequence of int
        Columns that stand to the right.
    head : bool
        Whether the first cell of a row names the row.
    long : bool
        Whether it may go over several pages of paper; others are kept together.
    """
    columns = "".join(
        f'<th scope="col"{_right(n, numeric)}>{text(name)}</th>' for n, name in enumerate(header)
    )  # fmt: skip
    lines = []
    for row in rows:
        first = f'<th scope="row">{row[0]}</th>' if head else f"<td{_right(0, numeric)}>{row[0]}</td>"
        others = "".join(f"<td{_right(n, numeric)}>{cell}</td>" for n, cell in enumerate(row[1:], 1))
        lines.append(f"<tr>{first}{others}</tr>")
    kind, label = "wide long" if long else "wide", text(caption)
    return (
        f'<div class="{kind}" tabindex="0" role="region" aria-label="{label}"><table><caption>{label}</caption>'
        f"<thead><tr>{columns}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a list of names and values, large."""
    items = "".join(f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>" for name, value in pairs)
    return f'<dl class="facts">{items}</dl>'


def section(key: str, title: str, *parts: str) -> str:
    """Return a section with its heading."""
    return f'<section aria-labelledby="{key}"><h2 id="{key}">{text(title)}</h2>{"".join(parts)}</section>'


def page(title: str, subtitle: str, sections: Sequence[tuple[str, str, str]], foot: str) -> str:
    """Return the whole page.

    Parameters
    ----------
    title, subtitle : str
    sections : sequence of (key, title, HTML)
    foot : str
        HTML.
    """
    links = "".join(f'<li><a href="#{key}">{text(name)}</a></li>' for key, name, _ in sections)
    body = "".join(html for _, _, html in sections)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{text(title)}</title>
<style>{CSS}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><h1>{text(title)}</h1><p>{subtitle}</p></header>
<nav aria-label="Sections"><ul>{links}</ul></nav>
<main id="content">{body}</main>
<footer>{foot}</footer>
</body>
</html>
"""


def _right(place: int, numeric: Sequence[int]) -> str:
    return ' class="n"' if place in numeric else ""
