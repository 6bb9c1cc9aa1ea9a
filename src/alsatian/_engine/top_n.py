"""The items of highest score for each query: scores and selection in one native pass.

:mod:`alsatian._engine.top_n_reference` is the same in NumPy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import _core
from alsatian._engine.contract import Floats, Poll

# For each query one sorted list of items, as in a CSR matrix: int64 row pointers and int32 items.
ItemLists = tuple[NDArray[np.int64], NDArray[np.int32]]
Allowed = NDArray[np.bool_] | NDArray[np.uint8]


class TopN(NamedTuple):
    """The lists, one a row: the best first, of equal scores the lower index first.

    Where fewer than n items remain, the rest of the row is index −1 and score −inf.
    """

    indices: NDArray[np.int32]  # (q, n)
    scores: Floats  # (q, n), in the dtype of the factors
    counts: NDArray[np.int32]  # (q,), how many entries of the row are real


def counted_top_n(
    queries: Floats,
    items: Floats,
    *,
    n: int,
    query_offset: Floats | None = None,
    item_offset: Floats | None = None,
    constant: float = 0.0,
    allowed: Allowed | None = None,
    exclude: ItemLists | None = None,
    only: ItemLists | None = None,
    n_jobs: int = 1,
    poll: Poll | None = None,
    isa: str = "",
    prune: bool = True,
) -> tuple[TopN, int]:
    """List as :func:`top_n` does, and also say how many scores were computed; `prune` changes nothing else."""
    rows = len(queries)
    indices = np.empty((rows, n), dtype=np.int32)
    scores = np.empty((rows, n), dtype=queries.dtype)
    counts = np.empty(rows, dtype=np.int32)
    rank = _core.top_n_float32 if queries.dtype == np.float32 else _core.top_n_float64
    scored = rank(
        queries,
        items,
        query_offset,
        item_offset,
        constant,
        None if allowed is None else allowed.view(np.uint8),
        None if exclude is None else exclude[0],
        None if exclude is None else exclude[1],
        None if only is None else only[0],
        None if only is None else only[1],
        indices,
        scores,
        counts,
        prune,
        n_jobs,
        isa,
        poll,
    )
    return TopN(indices, scores, counts), scored


def top_n(
    queries: Floats,
    items: Floats,
    *,
    n: int,
    query_offset: Floats | None = None,
    item_offset: Floats | None = None,
    constant: float = 0.0,
    allowed: Allowed | None = None,
    exclude: ItemLists | None = None,
    only: ItemLists | None = None,
    n_jobs: int = 1,
    poll: Poll | None = None,
    isa: str = "",
) -> TopN:
    """List for each query i the n items j of highest score s_ij = w_i·z_j + constant + query_offset_i + item_offset_j.

    All arrays are C-contiguous; those of floats share one dtype, float32 or float64.

    Parameters
    ----------
    queries : array of shape (q, k)
        The rows w_i.
    items : array of shape (m, k)
        The rows z_j.
    n : int
        Length of the lists, at least 1; it may exceed the number of items.
    query_offset : array of shape (q,), optional
    item_offset : array of shape (m,), optional
    constant : float, default=0.0
    allowed : bool or uint8 array of shape (m,), optional
        Items that may be listed at all; default all.
    exclude : (indptr, indices), optional
        For each query a sorted list of items that may not be in its list, such as those it has seen.
    only : (indptr, indices), optional
        For each query a sorted list of the items that may be in its list.
    n_jobs : int, default=1
        Number of threads, already resolved.
    poll : callable, optional
        Told the fraction done, now and then; may raise to cancel.
    isa : str, optional
        Instruction set to use; default the one in use.

    Returns
    -------
    TopN

    Raises
    ------
    ValueError
        Where shapes do not fit together or lists are not sorted.
    IndexError
        Where a list has an item out of range.

    Notes
    -----
    The products are added up in the order of the components, in the dtype of the factors. So the bits of a score
    depend on w_i, z_j, their offsets, k and the instruction set, and on nothing else: not on `n`, the number of
    threads, the other queries, or what is excluded.

    Scores that are infinite are ranked as the numbers they are; an item whose score is NaN is never listed.

    Items come by falling norm, and a query is done as soon as ‖w_i‖ max ‖z_j‖ over the rest, plus the offsets, cannot
    reach its list (Cauchy–Schwarz, with allowance for rounding): the lists are those of a full search.
    """
    found, _ = counted_top_n(
        queries,
        items,
        n=n,
        query_offset=query_offset,
        item_offset=item_offset,
        constant=constant,
        allowed=allowed,
        exclude=exclude,
        only=only,
        n_jobs=n_jobs,
        poll=poll,
        isa=isa,
    )
    return found
