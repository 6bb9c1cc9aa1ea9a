"""What a recommender answers with: for each query a list of ids and scores, as arrays, a frame or plain dicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alsatian.data._frames import make_frame

_SHOWN = 5  # queries, and entries of each, that the representation shows


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
    _names: NDArray[Any]  # ids of all entries that are there, list after list
    std: NDArray[Any] | None = None

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
        padded[mask] = self._names.tolist()
        return padded

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Where each list ends among all entries, after a 0."""
        return np.concatenate([[0], np.cumsum(self.mask.sum(axis=1))])

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.queries)

    def __iter__(self) -> Iterator[list[tuple[Any, float]]]:
        """Go through the lists, in the order of the queries."""
        return (self._pairs(row) for row in range(len(self)))

    def __getitem__(self, query: Any) -> list[tuple[Any, float]]:
        """Return the list of one query, given by its id.

        Raises
        ------
        KeyError
            Where that was not asked.
        """
        for row, asked in enumerate(self.queries.tolist()):
            if type(asked) is type(query) and asked == query:
                return self._pairs(row)
        raise KeyError(f"{self.query} {query!r} is not among the {len(self)} that were asked for")

    def to_list(self) -> list[list[tuple[Any, float]]]:
        """Return the lists of pairs (id, score), in the order of the queries."""
        return list(self)

    def to_dict(self) -> dict[Any, list[tuple[Any, float]]]:
        """Return the list of pairs (id, score) of each query, by its id."""
        return dict(zip(self.queries.tolist(), self, strict=True))

    def to_frame(self, backend: Literal["pandas", "polars", "pyarrow"] = "pandas") -> Any:
        """Return a frame with a row for each entry: the query, its rank from 1, the id, the score, its std (if any).

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        rows, ranks = np.nonzero(self.mask)
        columns = {
            self.query: self.queries[rows],
            "rank": ranks + 1,
            self.listed: self._names,
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
        for row, query in enumerate(self.queries[:_SHOWN].tolist()):
            pairs = self._pairs(row)
            entries = [f"{id!r} {score:.4g}" for id, score in pairs[:_SHOWN]] + ["…"] * (len(pairs) > _SHOWN)
            lines.append(f"  {query!r}: {', '.join(entries) or 'nothing'}")
        return "\n".join(lines + ["  …"] * (len(self) > _SHOWN))

    def _pairs(self, row: int) -> list[tuple[Any, float]]:
        names = self._names[self._ends[row] : self._ends[row + 1]]
        return list(zip(names.tolist(), self.scores[row][self.mask[row]].tolist(), strict=True))
