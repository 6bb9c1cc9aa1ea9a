"""Which items may be in whose list: what only, exclude and the past of the users leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from alsatian._engine.top_n import ItemLists
from alsatian.data import Ids
from alsatian.recommend._ids import entries, positions_of, positions_of_each

_Side = tuple[Ids, str]


@dataclass
class Candidates:
    """Items that may be listed at all, and per query those that may not, and those that alone may."""

    allowed: NDArray[np.bool_]
    exclude: ItemLists | None = None
    only: ItemLists | None = None

    def of(self, rows: NDArray[np.int64]) -> Candidates:
        """Return what some of the queries may list."""
        return Candidates(self.allowed, _of_rows(self.exclude, rows), _of_rows(self.only, rows))


def candidates(
    queries: NDArray[Any],
    sides: tuple[_Side, _Side],
    listable: NDArray[np.bool_],
    seen: ItemLists | None,
    limits: tuple[Any, Any],
) -> Candidates:
    """Combine all that says what may be listed.

    Parameters
    ----------
    queries : array of ids
        Those that mappings may speak of, under any id that is the same.
    sides : each Ids, and what they are called
        All that are known of those who might ask, and of those that are listed.
    listable : array of bool, shape (n_items,)
        Items that something is known of.
    seen : (indptr, indices) or None
        Per query, sorted: left out.
    limits : (only, exclude), each ids, or mapping from query to ids, or None
        For all queries alike; or for some of them, where one without an entry has no limit. Entries for others that
        are known are passed over.

    Raises
    ------
    UnknownIdError
        Where an item is not known, or a key of a mapping.
    """
    (items, what), (only, exclude) = sides[1], limits
    found = Candidates(listable, seen)
    if isinstance(only, Mapping):
        found.only = _lists(queries, sides, only, np.flatnonzero(listable))
    elif only is not None:
        mask = np.zeros(len(items), dtype=bool)
        mask[positions_of(items, only, what)] = True
        found.allowed = mask & listable
    if isinstance(exclude, Mapping):
        found.exclude = _united(found.exclude, _lists(queries, sides, exclude, None), len(items))
    elif exclude is not None:
        found.allowed = found.allowed.copy()
        found.allowed[positions_of(items, exclude, what)] = False
    return found


def seen_by(matrix: csr_array[Any], rows: NDArray[np.int64]) -> ItemLists:
    """Return the stored columns of some rows of a canonical matrix."""
    part = matrix if np.array_equal(rows, np.arange(matrix.shape[0])) else matrix[rows]
    return part.indptr.astype(np.int64), part.indices.astype(np.int32, copy=False)


def _lists(
    queries: NDArray[Any],
    sides: tuple[_Side, _Side],
    given: Mapping[Any, Any],
    default: NDArray[np.int64] | None,
) -> ItemLists:
    """Return one sorted list for each query, from a mapping that may not have all."""
    (items, what), (own, which) = sides[1], entries(queries, given, sides[0])
    columns, rows = positions_of_each(items, own, what)
    # One row for each entry, and one more for those who have none.
    if default is not None:
        columns, rows = np.concatenate([columns, default]), np.concatenate([rows, np.full(default.size, len(own))])
    ones = np.ones(rows.size, dtype=np.int32)
    lists = coo_array((ones, (rows, columns)), shape=(len(own) + 1, len(items))).tocsr()[which]  # −1 is the last
    lists.sort_indices()
    return lists.indptr.astype(np.int64), lists.indices.astype(np.int32)


def _of_rows(lists: ItemLists | None, rows: NDArray[np.int64]) -> ItemLists | None:
    if lists is None:
        return None
    starts, lengths = lists[0][rows], np.diff(lists[0])[rows]
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return indptr, lists[1][np.repeat(starts - indptr[:-1], lengths) + np.arange(indptr[-1])]


def _united(a: ItemLists | None, b: ItemLists, width: int) -> ItemLists:
    if a is None:
        return b
    shape = (len(b[0]) - 1, width)
    one, other = (csr_array((np.ones(len(x[1]), dtype=np.int8), x[1], x[0]), shape=shape) for x in (a, b))
    both = (one + other).sorted_indices()
    return both.indptr.astype(np.int64), both.indices.astype(np.int32)
