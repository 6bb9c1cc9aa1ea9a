"""What a report says of items and users: a map, neighbours, lists and their reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.console import counted
from alsatian.data._columns import to_list
from alsatian.plot._canonical import Canonical
from alsatian.recommend.explanation import Explanation
from alsatian.recommend.recommender import Recommender
from alsatian.report._html import column, paragraph, section, table, text
from alsatian.report._names import Names
from alsatian.report._svg import Frame, level

_ON_THE_MAP = 400
_NAMED = 14
_NEIGHBOURS = (10, 5)  # items, and neighbours of each
_EXAMPLES = (0.25, 0.5, 0.75)  # users, by where their number of cells is among all
_LISTED = 6
_REASONS = 2


def map_section(recommender: Recommender, turned: Canonical, names: Names) -> str:
    """Return the map of the best-known items, by the first two singular directions."""
    if turned.columns.shape[1] < 2:
        return section("map", "A map of the items", paragraph("One component is a line, and no map."))
    known = recommender.interactions_
    best = best_known(known)[:_ON_THE_MAP]
    points = turned.columns[best, :2]
    # The origin is on the map, as it is from there that directions are.
    x, y = ((min(float(side.min()), 0.0), max(float(side.max()), 0.0)) for side in points.T)
    margin = [0.05 * (span[1] - span[0]) for span in (x, y)]
    x, y = ((span[0] - edge, span[1] + edge) for span, edge in zip((x, y), margin, strict=True))
    # One scale for both: directions and distances are as they are, and a direction that holds little looks like it.
    x, y, size = level(x, y, 920, (300, 600))
    squares = turned.values**2
    first, second = 100 * squares[:2] / (squares.sum() or 1.0)
    labels = (f"direction 1 ({first:.2g}% of the squares)", f"direction 2 ({second:.2g}%)")
    frame = Frame(x, y, labels, size)
    frame.line(np.array(frame.x), np.zeros(2), "ideal")
    frame.line(np.zeros(2), np.array(frame.y), "ideal")
    for place, (a, b) in zip(best.tolist(), points.tolist(), strict=True):
        frame.dot(a, b, names.plain(known.items[place]), radius=4.5, kind="item")
    for place, (a, b) in zip(best.tolist(), points.tolist(), strict=True):
        name = _short(names.plain(known.items[place]))
        if len(frame.names) < _NAMED and frame.place(a, b, name) is not None:
            frame.write(a, b, name)
    told = (
        f"The {len(best):,} best-known of {counted(known.n_items, 'item')}, by the first two singular directions of"
        " W Zᵀ, both on one scale. Those that lie in the same direction from the origin, where the dashed lines cross,"
        " appeal to the same people."
    )
    chart = frame.svg("Map of the items", told, hint="Point at one for its name.")
    return section("map", "A map of the items", chart)


def neighbours_section(recommender: Recommender, names: Names) -> str:
    """Return the nearest items of the best-known ones."""
    known = recommender.interactions_
    n_items, n = min(_NEIGHBOURS[0], known.n_items), _NEIGHBOURS[1]
    asked = known.items.values[best_known(known)[:n_items]]
    lists = recommender.similar_items(asked, n=n)
    rows = [
        [names.of(item), "<br>".join(f"{names.of(other)} ({score:.2f})" for other, score in pairs)]
        for item, pairs in zip(to_list(asked), lists, strict=True)
    ]
    note = paragraph("The number is the cosine of the angle between factors: 1 is the same direction.")
    return section(
        "neighbours",
        "Neighbours of the best-known items",
        note,
        table("Nearest items", ["item", "nearest"], rows, long=True),
    )


def users_section(recommender: Recommender, names: Names) -> str:
    """Return some users: what they had, what they are shown, and why."""
    known = recommender.interactions_
    examples = {user: _explained(recommender, user) for user in _examples(known)}
    based = any(told.base for lists in examples.values() for _, told in lists)
    parts = []
    for user, lists in examples.items():
        items, values = known.history(user)
        order = np.argsort(-values, kind="stable")[:_LISTED]
        had = [[names.of(items[p]), value] for p, value in zip(order.tolist(), column(values[order]), strict=True)]
        parts.append(
            f"<h3>User {text(user)}, {counted(len(items), 'cell')}</h3>"
            + table(f"What user {user} has had: the largest values", ["item", "value"], had, numeric=(1,))
            + _reasons(f"What user {user} is shown, and what adds most to it", lists, names, based=based)
        )
    base = "the base (the mean of all, and what the item has by itself) plus " if based else ""
    sums = f"A score is {base}the sum of what each of a user's items adds."
    if based and getattr(recommender.model_, "clip", None) is not None:
        sums += " It is then kept within the limits of the model."
    note = paragraph("Users with few, a middling number and many cells.", text(sums))
    return section("users", "Example users", note, *parts)


def _explained(recommender: Recommender, user: Any) -> list[tuple[float, Explanation]]:
    """Return the scores of the items that a user is shown, each with its parts."""
    listed = recommender.recommend(user, n=_LISTED).to_list()[0]
    return [(score, recommender.explain(user, item)) for item, score in listed]


def _reasons(caption: str, lists: list[tuple[float, Explanation]], names: Names, *, based: bool) -> str:
    """Return the table of a list: scores, their base where a model has one, and the largest contributions."""
    scores = column([score for score, _ in lists], 3)
    bases = column([told.base for _, told in lists], 3)
    rows = []
    for (_, told), score, base in zip(lists, scores, bases, strict=True):
        pairs = [(other, share) for other, share in told.to_list() if share > 0][:_REASONS]
        reasons = "; ".join(f"{names.of(other)} (+{share:.2g})" for other, share in pairs)
        rows.append([names.of(told.item), score, *([base] if based else []), reasons or "–"])
    header = ["item", "score", *(["base"] if based else []), "because of"]
    return table(caption, header, rows, numeric=(1, 2) if based else (1,))


def best_known(known: Any) -> NDArray[np.int64]:
    """Return the positions of items, those with the most cells first."""
    counts = np.bincount(known.columns, minlength=known.n_items)
    order = np.argsort(-counts, kind="stable")
    best: NDArray[np.int64] = order[counts[order] > 0]
    return best


def _examples(known: Any) -> list[Any]:
    counts = np.diff(known.csr.indptr)
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > 0]
    places = dict.fromkeys(int(order[int(share * (order.size - 1))]) for share in _EXAMPLES)
    return [known.users[place] for place in places]


def _short(name: str) -> str:
    return name if len(name) <= 30 else name[:29] + "…"
