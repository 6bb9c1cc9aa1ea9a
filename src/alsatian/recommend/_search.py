"""From factors to listings: the native search, between ids on one side and ids on the other."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.cells import blocks
from alsatian._engine.contract import Floats
from alsatian._engine.threads import resolve_n_jobs
from alsatian._engine.top_n import TopN, top_n
from alsatian.data import Ids
from alsatian.models import NoEntryWarning
from alsatian.models._fold import Folded
from alsatian.models._predict import clipped
from alsatian.recommend._candidates import Candidates, candidates
from alsatian.recommend._ids import positions_of
from alsatian.recommend._state import Space, State
from alsatian.recommend.listing import Listing

_ENTRIES = 1 << 22  # of full lists at a time


def ranked(
    state: State, rows: Folded, who: NDArray[np.bool_], n: int, limits: Candidates, *, fallback: str | None = None
) -> TopN:
    """List the items of highest score for rows of factors.

    Parameters
    ----------
    state : State
    rows : Folded
        Factors, and biases, of those who ask.
    who : array of bool, one a row
        Of whom something is known. The others get what the model says of everybody, the biases of the items, and where
        it has none, nothing.
    n : int
    limits : Candidates
    fallback : {None, "popular"}
        What those get of whom nothing is known: "popular" is the items that most users have, with that number.

    Raises
    ------
    ValueError
        Where there is no such fallback.
    """
    if fallback not in {None, "popular"}:
        raise ValueError(f"fallback must be None or 'popular'. Got {fallback!r}.")
    model, n_jobs = state.model, resolve_n_jobs(state.model.n_jobs)
    found = top_n(
        rows.factors, model.column_factors_, n=n, query_offset=rows.bias, item_offset=model.column_bias_,
        constant=model.mean_, allowed=limits.allowed, exclude=limits.exclude, only=limits.only,
        n_jobs=n_jobs,
    )  # fmt: skip
    if model.column_bias_ is None and not who.all():
        found.indices[~who], found.scores[~who], found.counts[~who] = -1, -np.inf, 0
    there = found.indices >= 0
    if fallback == "popular" and not who.all():
        nobody = np.flatnonzero(~who)
        part, ones = limits.of(nobody), np.ones((nobody.size, 1))
        popular = top_n(
            ones, state.popularity, n=n, allowed=part.allowed, exclude=part.exclude, only=part.only, n_jobs=n_jobs
        )
        found.indices[nobody], found.scores[nobody], found.counts[nobody] = popular
        there[nobody] = False
    found.scores[there] = clipped(found.scores[there], model.clip)
    return found


def similar(space: Space, positions: NDArray[np.int64], metric: str, n: int, limits: Candidates) -> TopN:
    """List the nearest of one side: by the cosine of the angle between factors, or by their inner product."""
    limits.allowed = limits.allowed & space.there
    if metric == "cosine":
        found = _cosines(space, positions, n, limits)
    else:
        found = _nearest(space.factors[positions], space.factors, n, limits, space.n_jobs)
    lost = ~(space.known & space.there)[positions]
    found.indices[lost], found.scores[lost], found.counts[lost] = -1, -np.inf, 0
    return found


def _cosines(space: Space, positions: NDArray[np.int64], n: int, limits: Candidates) -> TopN:
    """List by the cosine, which rounding may put beyond one: what it puts there is equal, in the order of the ids."""
    unit, n_jobs = space.unit, space.n_jobs
    found = _nearest(unit[positions], unit, n, limits, n_jobs)
    cut = np.flatnonzero((found.scores[:, 0] > 1) & (found.scores[:, -1] >= 1))  # equals may be behind the last place
    for block in blocks(cut.size, max(1, _ENTRIES // len(unit))) if n < len(unit) else ():
        rows = cut[block]
        every = _in_order(_nearest(unit[positions[rows]], unit, len(unit), limits.of(rows), n_jobs))
        found.indices[rows], found.scores[rows] = every.indices[:, :n], every.scores[:, :n]
    return _in_order(found)


def _nearest(queries: Floats, factors: Floats, n: int, limits: Candidates, n_jobs: int) -> TopN:
    """List by the inner product alone."""
    return top_n(
        queries, factors, n=n, allowed=limits.allowed, exclude=limits.exclude, only=limits.only, n_jobs=n_jobs
    )  # fmt: skip


def _in_order(found: TopN) -> TopN:
    """Clip cosines, in place, and order those that are one by their positions."""
    scores, indices = found.scores, found.indices
    beyond = np.flatnonzero(scores[:, 0] > 1)
    np.clip(scores, -1, 1, out=scores, where=indices >= 0)
    order = np.lexsort((indices[beyond], -scores[beyond]))
    indices[beyond] = np.take_along_axis(indices[beyond], order, 1)
    scores[beyond] = np.take_along_axis(scores[beyond], order, 1)
    return found


def warn_of_lost(space: Space, positions: NDArray[np.int64], level: int) -> None:
    """Warn where a query has no factors, which nothing can be compared with."""
    lost = np.flatnonzero(~(space.known & space.there)[positions])
    if lost.size:
        first = space.ids[int(positions[lost[0]])]
        warnings.warn(
            f"{lost.size} {space.what}{'' if lost.size == 1 else 's'} (first: {first!r}) of which nothing is known (no "
            "interaction, or zero factors): nothing is similar, and the list is empty.",
            NoEntryWarning,
            stacklevel=level,
        )


def listing(  # noqa: PLR0917
    found: TopN, queries: NDArray[Any], kind: str, query: str, ids: Ids, listed: str, std: NDArray[Any] | None = None
) -> Listing:
    """Say who asked, by ids of some kind, and what the positions that were found are."""
    mask = found.indices >= 0
    scores = np.where(mask, found.scores, np.nan).astype(found.scores.dtype)
    return Listing(query, listed, queries, scores, found.indices, ids, (kind, ids.kind), std)


def std_of(state: State, found: TopN, rows: NDArray[np.int64], fallback: str | None) -> NDArray[Any]:
    """Return the standard deviation of each score that was found for known rows; NaN where there is none."""
    there = found.indices >= 0
    std = np.full(found.scores.shape, np.nan, dtype=found.scores.dtype)
    who = np.broadcast_to(rows[:, np.newaxis], there.shape)[there]
    std[there] = state.uncertainty.of_pairs(who, found.indices[there].astype(np.int64))
    if fallback is not None:  # which is no prediction
        std[~state.known_users[rows]] = np.nan
    return std


def similar_listing(space: Space, asked: Any, n: int, metric: str, limits: tuple[Any, Any]) -> Listing:
    """List the nearest of one side to some of it, which are not in their own lists."""
    if metric not in {"cosine", "dot"}:
        raise ValueError(f"metric must be 'cosine' or 'dot'. Got {metric!r}.")
    if asked is None:
        raise TypeError(
            f"{space.what}s are needed, got None, which is everybody in recommend alone: give {space.what}s_ of the "
            f"recommender for all {space.what}s."
        )
    n, positions = check_n(n, len(space.ids)), positions_of(space.ids, asked, space.what)
    itself = np.arange(len(positions) + 1, dtype=np.int64), positions.astype(np.int32)
    queries = space.ids[positions]
    side = space.ids, space.what
    allowed = candidates(queries, (side, side), space.known, itself, limits)
    warn_of_lost(space, positions, 4)
    return listing(
        similar(space, positions, metric, n, allowed), queries, space.ids.kind, space.what, space.ids, "similar"
    )


def check_n(n: Any, most: int) -> int:
    """Return the length of lists, which is never more than there is.

    Raises
    ------
    ValueError
        Where it is no integer from 1 up.
    """
    if isinstance(n, bool | np.bool_) or not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"n, the length of the lists, must be an integer >= 1. Got {n!r}.")
    return min(int(n), most)
