"""From factors to listings: the native search, between ids on one side and ids on the other."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def ranked(state: State, rows: Folded, who: NDArray[np.bool_], n: int, limits: Candidates) -> TopN:
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
    """
    model = state.model
    found = top_n(
        rows.factors, model.column_factors_, n=n, query_offset=rows.bias, item_offset=model.column_bias_,
        constant=model.mean_, allowed=limits.allowed, exclude=limits.exclude, only=limits.only,
        n_jobs=resolve_n_jobs(model.n_jobs),
    )  # fmt: skip
    if model.column_bias_ is None and not who.all():
        found.indices[~who], found.scores[~who], found.counts[~who] = -1, -np.inf, 0
    there = found.indices >= 0
    found.scores[there] = clipped(found.scores[there], model.clip)
    return found


def similar(space: Space, positions: NDArray[np.int64], metric: str, n: int, limits: Candidates) -> TopN:
    """List the nearest of one side: by the cosine of the angle between factors, or by their inner product."""
    unit, factors = space.unit, space.unit if metric == "cosine" else space.factors
    limits.allowed = limits.allowed & unit.any(axis=1)
    found = top_n(
        factors[positions], factors, n=n, allowed=limits.allowed, exclude=limits.exclude, only=limits.only,
        n_jobs=space.n_jobs,
    )  # fmt: skip
    lost = ~(space.known & unit.any(axis=1))[positions]
    found.indices[lost], found.scores[lost], found.counts[lost] = -1, -np.inf, 0
    if metric == "cosine":
        np.clip(found.scores, -1, 1, out=found.scores, where=found.indices >= 0)
    return found


def warn_of_lost(space: Space, positions: NDArray[np.int64], level: int) -> None:
    """Warn where a query has no factors, which nothing can be compared with."""
    lost = np.flatnonzero(~(space.known & space.unit.any(axis=1))[positions])
    if lost.size:
        first = space.ids[positions[lost[:1]]].tolist()[0]
        warnings.warn(
            f"{lost.size} {space.what}{'' if lost.size == 1 else 's'} (first: {first!r}) of which nothing is known (no "
            "interaction, or zero factors): nothing is similar, and the list is empty.",
            NoEntryWarning,
            stacklevel=level,
        )


def listing(
    found: TopN, queries: NDArray[Any], query: str, ids: Ids, listed: str, *, std: NDArray[Any] | None = None
) -> Listing:
    """Put ids in place of positions."""
    mask = found.indices >= 0
    scores = np.where(mask, found.scores, np.nan).astype(found.scores.dtype)
    return Listing(query, listed, queries, scores, found.indices, ids[found.indices[mask]], std)


def std_of(state: State, found: TopN, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Return the standard deviation of each score that was found for known rows; NaN where there is no entry."""
    there = found.indices >= 0
    std = np.full(found.scores.shape, np.nan, dtype=found.scores.dtype)
    who = np.broadcast_to(rows[:, np.newaxis], there.shape)[there]
    std[there] = state.uncertainty.of_pairs(who, found.indices[there].astype(np.int64))
    return std


def similar_listing(space: Space, asked: Any, n: int, metric: str, limits: tuple[Any, Any]) -> Listing:
    """List the nearest of one side to some of it, which are not in their own lists."""
    if metric not in {"cosine", "dot"}:
        raise ValueError(f"metric must be 'cosine' or 'dot'. Got {metric!r}.")
    n, positions = check_n(n, len(space.ids)), positions_of(space.ids, asked, space.what)
    itself = np.arange(len(positions) + 1, dtype=np.int64), positions.astype(np.int32)
    queries = space.ids[positions]
    allowed = candidates(queries.tolist(), (space.ids, space.what), space.known, itself, limits)
    warn_of_lost(space, positions, 4)
    return listing(similar(space, positions, metric, n, allowed), queries, space.what, space.ids, "similar")


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
