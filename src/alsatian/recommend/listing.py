"""What a recommender answers with: for each query a list of ids and scores, as arrays, a frame or plain dicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alsatian.data import Ids
from alsatian.data._columns import to_list
from alsatian.data._frames import check_backend, make_frame
from alsatian.recommend._ids import Asked, is_visitor

_SHOWN = 5  # queries, and entries of each, that the representation shows

_EMPTY = {"str": "U1", "bytes": "S1"}  # kinds of ids that are kept as objects


@dataclass(frozen=True, eq=False, repr=False)
class Listing:
    """Ranked lists, one for each query: the best first, of equal scores the one that comes first in the map of ids.

    Attributes
    ----------
    query, listed : str
        What the queries are, and what is listed: "user" and "item", or "item" and "similar".
    queries : ndarray of shape (q,)
        Ids of the queries.
    ids : ndarray of shape (q, n)
        Ids, best first. Where there is no entry it is None, and the array is one of objects.
    scores : ndarray of shape (q, n)
        Scores; NaN where there is no entry.
    mask : ndarray of bool, shape (q, n)
        Which entries are there. Lists are shorter than n where fewer than n candidates remained; n itself is at most
        the number of all.
    positions : ndarray of int32, shape (q, n)
        Positions of the ids in their map (`Recommender.items_` or `users_`); −1 where there is no entry.
    std : ndarray of shape (q, n) or None
        Standard deviations of new ratings about the scores, where they were asked for; NaN where there is no entry.

    Notes
    -----
    ``listing[query]`` is one list, ``query in listing`` says whether there is one, and ``dict(listing)`` has all of
    them. Iterating goes through the lists.

    Examples
    --------
    >>> from alsatian import Recommender
    >>> plays = {"user": ["ann", "ann", "bob", "cy", "cy"], "item": ["x", "y", "x", "y", "z"]}
    >>> import pandas as pd
    >>> lists = Recommender().fit(pd.DataFrame(plays)).recommend(["bob", "ann"], n=2)
    >>> [item for item, score in lists["bob"]]
    ['y', 'z']
    >>> lists.mask.sum(axis=1)  # of three items ann has seen two
    array([2, 1])
    """

    query: str
    listed: str
    queries: NDArray[Any]
    scores: NDArray[Any]
    positions: NDArray[np.int32]
    _map: Ids | None  # of those that may be listed; None in a copy that was pickled, which has the names
    _kinds: tuple[str, str] = ("object", "object")  # of the ids of queries and of what is listed
    std: NDArray[Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the ids of the entries, and not the map of all that there are."""
        return vars(self) | {"_map": None, "_names": self._names}

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """Which entries are there."""
        return self.positions >= 0

    @cached_property
    def ids(self) -> NDArray[Any]:
        """The ids; None where there is none."""
        mask = self.mask
        if mask.all():
            return self._names.reshape(mask.shape)
        padded = np.full(mask.shape, None, dtype=object)
        padded[mask] = to_list(self._names) if self._names.dtype.kind == "M" else self._names.astype(object)
        return padded

    @cached_property
    def _names(self) -> NDArray[Any]:
        """The ids of all entries that are there, list after list."""
        assert self._map is not None, "a copy without the map has them"
        names: NDArray[Any] = self._map[self.positions[self.mask]]
        return names

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Where each list ends among all entries, after a 0."""
        return np.concatenate([[0], np.cumsum(self.mask.sum(axis=1))])

    @cached_property
    def _asked(self) -> Asked:
        """The queries by their ids."""
        return Asked.of(self.queries)

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.queries)

    def __iter__(self) -> Iterator[list[tuple[Any, float]]]:
        """Go through the lists, in the order of the queries."""
        return iter(self.to_list())

    def __getitem__(self, query: Any) -> list[tuple[Any, float]]:
        """Return the list of one query, given by its id, or by one that is the same (see `alsatian.data.Ids`).

        Raises
        ------
        KeyError
            Where that was not asked.
        """
        row = self._row(query)
        if row < 0:
            raise KeyError(f"{self.query} {query!r} is not among the {len(self)} that were asked for")
        return self._pairs(row)

    def __contains__(self, query: object) -> bool:
        """Return whether ``listing[query]`` is there."""
        return self._row(query) >= 0

    def keys(self) -> list[Any]:
        """Return the queries, so that ``dict(listing)`` is `to_dict`."""
        return to_list(self.queries)

    def _row(self, query: Any) -> int:
        """Return where a query stands first, or −1."""
        return (0 if query is None else -1) if is_visitor(self.queries) else self._asked.row(query)

    def to_list(self) -> list[list[tuple[Any, float]]]:
        """Return the lists of pairs (id, score), in the order of the queries."""
        pairs = list(zip(to_list(self._names), self.scores[self.mask].tolist(), strict=True))
        return [pairs[start:end] for start, end in pairwise(self._ends.tolist())]

    def to_dict(self) -> dict[Any, list[tuple[Any, float]]]:
        """Return the list of pairs (id, score) of each query, by its id."""
        return dict(zip(to_list(self.queries), self.to_list(), strict=True))

    def to_frame(self, backend: Literal["pandas", "polars", "pyarrow"] = "pandas") -> Any:
        """Return a frame with a row for each entry: the query, its rank from 1, the id, the score, its std (if any).

        A frame without rows has columns of the types that they would have with some.

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        check_backend(backend)
        rows, ranks = np.nonzero(self.mask)
        columns = {
            self.query: _typed(self.queries[rows], self._kinds[0]),
            "rank": ranks + 1,
            self.listed: _typed(self._names, self._kinds[1]),
            "score": self.scores[self.mask],
        }
        if self.std is not None:
            columns["std"] = self.std[self.mask]
        try:
            return make_frame(columns, backend)
        except (TypeError, ValueError, OverflowError) as error:
            told = f"Ids of mixed types, or too large, cannot be a column of {backend}: use to_dict(), or pandas."
            raise TypeError(told) from error

    def __repr__(self) -> str:
        """Return the first lists."""
        lines = [f"Listing of {self.listed}s for {len(self)} {self.query}{'' if len(self) == 1 else 's'}:"]
        for row, query in enumerate(to_list(self.queries[:_SHOWN])):
            pairs = self._pairs(row)
            entries = [f"{id!r} {score:.4g}" for id, score in pairs[:_SHOWN]] + ["…"] * (len(pairs) > _SHOWN)
            lines.append(f"  {query!r}: {', '.join(entries) or 'nothing'}")
        return "\n".join(lines + ["  …"] * (len(self) > _SHOWN))

    def _pairs(self, row: int) -> list[tuple[Any, float]]:
        names = self._names[self._ends[row] : self._ends[row + 1]]
        return list(zip(to_list(names), self.scores[row][self.mask[row]].tolist(), strict=True))


def _typed(ids: NDArray[Any], kind: str) -> NDArray[Any]:
    """Return ids as they are, or where there are none an array that tells their type to a library of frames."""
    return np.empty(0, dtype=_EMPTY[kind]) if not ids.size and kind in _EMPTY else ids
