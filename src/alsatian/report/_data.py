"""What a report says of the data and the fit: sizes, tails, values, the course of the loss, singular values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.console import counted
from alsatian.data._times import told_span
from alsatian.plot._canonical import Canonical
from alsatian.report._html import column, facts, number, paragraph, section, table, text
from alsatian.report._svg import Frame

Ints = NDArray[np.int64]

_BINS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 10_000_000)
_MOST_BARS = 40
_PARTS = ("fit", "ridge of users", "ridge of items")


def data_section(known: Any) -> str:
    """Return the section on the data: how much there is, how uneven, and what is not there."""
    per_user, per_item = np.diff(known.csr.indptr), np.bincount(known.columns, minlength=known.n_items)
    cells = known.n_interactions
    told = facts(
        [
            ("users", number(known.n_users)),
            ("items", number(known.n_items)),
            ("cells", number(cells)),
            ("of all pairs", f"{100 * known.density:.3g}%"),
            (
                "without a cell",
                f"{counted(int((per_user == 0).sum()), 'user')}, {counted(int((per_item == 0).sum()), 'item')}",
            ),
        ]
    )
    head = max(1, known.n_items // 100)
    share = float(np.sort(per_item)[::-1][:head].sum() / cells)
    most = "The best-known item has" if head == 1 else f"The {number(head)} best-known items have"
    uneven = paragraph(
        f"{most} {share:.0%} of all cells. Half of the users have"
        f" {_cells(float(np.median(per_user)))} or fewer, half of the items"
        f" {_cells(float(np.median(per_item)))} or fewer."
    )
    charts = [_tail(per_user, "users"), _tail(per_item, "items"), _values(known.values)]
    when = ""
    if known.timestamps is not None:
        when = paragraph("From {} to {}.".format(*map(text, told_span(known.timestamps))))
    return section("data", "The data", told, uneven, when, f'<div class="row">{"".join(charts)}</div>')


def fit_section(model: Any) -> str:
    """Return the section on the fit: how the loss fell."""
    history = model.history_
    loss, seconds = history.loss, history.seconds
    met = (
        "the tolerance was met"
        if model.converged_
        else "the tolerance was not met: more iterations may lower it further"
    )
    told = facts(
        [
            ("iterations", number(int(model.n_iter_))),
            ("time", f"{seconds[-1]:.2f} s"),
            ("loss at the end", number(float(loss[-1]), 6)),
            ("tolerance", "met" if model.converged_ else "not met"),
        ]
    )
    # The rows that close the fit come after its last iteration, and are none themselves.
    steps = np.array([record.iteration + 0.5 * (record.step != "columns") for record in history])
    frame = Frame(
        (float(steps.min()), float(steps.max())), (float(loss.min()), float(loss.max())), ("iteration", "loss")
    )
    frame.line(steps, loss)
    for record, step in zip(history, steps.tolist(), strict=True):
        place = (
            f"iteration {record.iteration}" if record.step == "columns" else f"{record.step}, after the last iteration"
        )
        frame.dot(step, record.loss, f"{place}: loss {number(record.loss, 6)}")
    if len(history) > 1 and history[-1].step != "columns":
        frame.write(float(steps[-1]), float(loss[-1]), "closing rows")
    first = loss[0] if len(loss) else np.nan
    chart = frame.svg(
        "Loss by iteration",
        f"It falls from {number(float(first), 6)} to {number(float(loss[-1]), 6)}; {met}. The last point is that of the"
        " rows that close the fit.",
        x_ticks=[(step, f"{step:.0f}") for step in steps.tolist() if step % (1 if len(steps) <= 12 else 5) == 0],
    )  # fmt: skip
    last = history[-1]
    values = (last.fit, last.row_ridge, last.column_ridge)
    parts = table(
        "What the loss is made of at the end", ["part", "value", "share"],
        [
            [name, shown, f"{value / last.loss:.1%}" if last.loss else "–"]
            for name, value, shown in zip(_PARTS, values, column(values, 5), strict=True)
        ],
        numeric=(1, 2),
    )  # fmt: skip
    return section("fit", "The fit", told, f'<div class="row">{chart}{parts}</div>')


def spectrum_section(turned: Canonical) -> str:
    """Return the section on the singular values."""
    values = turned.values
    squares = np.cumsum(values**2)
    shares = squares / squares[-1] if squares[-1] > 0 else np.ones_like(squares)
    frame = Frame((0.5, len(values) + 0.5), (0, float(values.max(initial=0.0))), ("component", "singular value"))
    for n, value in enumerate(values.tolist(), 1):
        frame.bar(
            (n - 0.5, n + 0.5), value, f"component {n}: {value:.4g}, {shares[n - 1]:.0%} of the squares up to here"
        )
    enough = min(int(np.searchsorted(shares, 0.9)) + 1, len(values))
    who = "The first has" if enough == 1 else f"The first {enough} of {len(values)} have"
    told = f"{who} {shares[enough - 1]:.0%} of the squares."
    step = max(1, len(values) // 8)
    ticks = [(float(n), str(n)) for n in range(1, len(values) + 1) if n == 1 or n % step == 0]
    note = paragraph(
        "Values that fall slowly to the last say that more components may help; those near zero, that fewer would do."
    )
    return section("spectrum", "Singular values of W Zᵀ", frame.svg("Singular values", told, x_ticks=ticks), note)


def _cells(middle: float) -> str:
    """Return a median, which may be a half, with its noun."""
    return f"{number(middle, 6)} {'cell' if middle == 1 else 'cells'}"


def _tail(counts: Ints, who: str) -> str:
    """Return bars of how many have how many cells."""
    there = counts[counts > 0]
    edges = [edge for edge in _BINS if edge <= there.max()]
    edges.append(next(edge for edge in _BINS if edge > there.max()))
    heights = np.histogram(there, bins=edges)[0]
    a_one = {"users": "a user", "items": "an item"}[who]
    frame = Frame((0, len(heights)), (0, float(heights.max())), (f"cells of {a_one}, from", who))
    for n, height in enumerate(heights.tolist()):
        last = edges[n + 1] - 1
        span = f"{edges[n]:,}" if last == edges[n] else f"{edges[n]:,} to {last:,}"
        frame.bar((n, n + 1), height, f"{counted(height, who[:-1])} with {span}")
    ticks = [(float(n), f"{edges[n]:,}") for n in range(len(heights)) if len(heights) <= 8 or n % 2 == 0]
    return frame.svg(f"Cells of the {who}", f"From {there.min():,} to {there.max():,}.", x_ticks=ticks)


def _values(values: NDArray[Any]) -> str:
    kinds, heights = np.unique(values, return_counts=True)
    low, mean, high = (number(float(value)) for value in (values.min(), values.mean(dtype=float), values.max()))
    told = f"From {low} to {high}, {mean} on average."
    if len(kinds) <= 1:
        return paragraph(f"Every cell has the value {number(float(values[0]))}.")
    if len(kinds) <= _MOST_BARS:
        frame = Frame((0, len(kinds)), (0, float(heights.max())), ("value", "cells"))
        for n, (value, height) in enumerate(zip(kinds.tolist(), heights.tolist(), strict=True)):
            frame.bar((n, n + 1), height, f"{counted(height, 'cell')} of {number(value)}")
        step = max(1, len(kinds) // 10)
        ticks = [(n + 0.5, number(value)) for n, value in enumerate(kinds.tolist()) if n % step == 0]
        return frame.svg("Values", told, x_ticks=ticks)
    positive = bool(values.min() > 0)
    edges = np.geomspace(values.min(), values.max(), 25) if positive else np.linspace(values.min(), values.max(), 25)
    heights = np.histogram(values, bins=edges)[0]
    frame = Frame(
        (0, len(heights)), (0, float(heights.max())), ("value" + (", by powers" if positive else ""), "cells")
    )
    for n, height in enumerate(heights.tolist()):
        frame.bar((n, n + 1), height, f"{counted(height, 'cell')} from {number(edges[n])} to {number(edges[n + 1])}")
    ticks = [(float(n), number(edges[n], 3)) for n in range(0, len(edges), 6)]
    return frame.svg("Values", told, x_ticks=ticks)
