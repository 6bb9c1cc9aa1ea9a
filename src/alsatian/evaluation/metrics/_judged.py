"""Lists of items judged by what was relevant: computed once, and every ranking metric at every K is made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from alsatian._engine.rank_metrics import judge_lists
from alsatian._engine.threads import resolve_n_jobs
from alsatian.evaluation.metrics._inputs import int32_lists, item_lists, matrix_of, rows_of

Array = NDArray[Any]

_BLOCK = 1 << 18  # places of lists that are worked on at a time: what is made of them stays in the cache


@dataclass(frozen=True, eq=False, repr=False)
class Judged:
    """Lists of items, and the relevance of each place; made by `judge`.

    Attributes
    ----------
    lists : int32 array of shape (q, n)
        Positions of items, −1 where a list has ended.
    gains : array of shape (q, n)
        The value of the item at each place, 0 where it is not relevant.
    lengths : int32 array of shape (q,)
        How many items each list has.
    n_relevant : int64 array of shape (q,)
        How many items are relevant.
    relevant : csr_array of shape (q, n_items)
        The relevant items with their values, which are above 0.
    """

    lists: NDArray[np.int32]
    gains: Array
    lengths: NDArray[np.int32]
    n_relevant: NDArray[np.int64]
    relevant: csr_array[Any]

    @property
    def n_items(self) -> int:
        """Number of items that there are."""
        return int(self.relevant.shape[1])

    def ideal_gains(self, k: int, rows: slice = slice(None)) -> Array:
        """Return the k highest values of the relevant items of each user, falling, 0 where there are fewer."""
        part = self.relevant[rows]
        lengths = np.diff(part.indptr)
        row = np.repeat(np.arange(lengths.size), lengths)
        place = np.arange(row.size) - np.repeat(part.indptr[:-1], lengths)
        falling = part.data[np.lexsort((-part.data, row))]
        best = np.zeros((lengths.size, k), dtype=part.dtype)
        kept = place < k
        best[row[kept], place[kept]] = falling[kept]
        return best

    def by_blocks(self, k: int, measure: Callable[[Array, slice], Array]) -> NDArray[np.float64]:
        """Measure blocks of users by the gains at their first k places; NaN for users of whom nothing is relevant."""
        found = np.empty(len(self))
        size = max(1, _BLOCK // min(k, max(1, self.lists.shape[1])))
        for begin in range(0, len(self), size):
            rows = slice(begin, min(len(self), begin + size))
            found[rows] = measure(self.gains[rows, :k], rows)
        found[self.n_relevant == 0] = np.nan
        return found

    def __len__(self) -> int:
        """Return the number of lists."""
        return len(self.lists)

    def __repr__(self) -> str:
        """Return the sizes, and of how many users nothing is relevant."""
        none = int(np.count_nonzero(self.n_relevant == 0))
        return (
            f"Judged({len(self)} lists of up to {self.lists.shape[1]} of {self.n_items} items, "
            f"{none} users without a relevant item)"
        )


def judge(lists: ArrayLike, relevant: Any, *, users: ArrayLike | None = None, n_jobs: int | None = None) -> Judged:
    """Look up which items of each list are relevant.

    Parameters
    ----------
    lists : integer array of shape (q, n)
        Positions of items, the best first; −1 where a list has ended, and only there. A list may be shorter than the
        K of a metric: what it lacks counts as a miss.
    relevant : Interactions, sparse matrix or array of shape (q, n_items)
        An item is relevant for a user where the value is above 0; the value is its grade, which only the graded forms
        of `ndcg` look at. Where only high ratings are to count, say so before:
        ``test.select(test.values >= 4)``. In an array, 0 is not relevant.
    users : integer array of shape (q,), optional
        The row of `relevant` that each list belongs to. None: row by row.
    n_jobs : int, optional
        Number of threads; None is all that are allowed.

    Returns
    -------
    Judged

    Raises
    ------
    IndexError
        Where an item or a user does not exist.
    ValueError
        Where an item is twice in a list, or comes after a −1; where sizes do not fit; where a value is not finite.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import judge, precision
    >>> judged = judge([[2, 0, 3], [1, 0, -1]], [[0, 1, 1, 0], [0, 5, 0, 0]])
    >>> judged.gains
    array([[1., 0., 0.],
           [5., 0., 0.]])
    >>> precision(judged, 2).per_user
    array([0.5, 0.5])
    """
    listed = int32_lists(lists)
    matrix = positive(rows_of(matrix_of(relevant, "relevant"), users, len(listed), "relevant"))
    found = judge_lists(listed, matrix.shape[1], item_lists(matrix), matrix.data, n_jobs=resolve_n_jobs(n_jobs))
    return Judged(listed, found.gains, found.lengths, np.diff(matrix.indptr).astype(np.int64), matrix)


def checked_lists(lists: ArrayLike, n_items: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return lists and their lengths, after the same checks as in `judge`."""
    listed = int32_lists(lists)
    nothing = (np.zeros(len(listed) + 1, dtype=np.int64), np.empty(0, dtype=np.int32))
    found = judge_lists(listed, n_items, nothing, np.empty(0, dtype=np.float32))
    return listed, found.lengths


def positive(matrix: csr_array[Any]) -> csr_array[Any]:
    """Return only the cells of values above 0."""
    kept = matrix.data > 0
    if kept.all():
        return matrix
    indptr = np.concatenate(([0], np.cumsum(kept)))[matrix.indptr]
    return csr_array((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)
