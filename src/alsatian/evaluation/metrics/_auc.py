"""The area under the ROC curve, user by user, over the items that the user has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from alsatian._engine.rank_metrics import pairs_in_order
from alsatian._engine.threads import resolve_n_jobs
from alsatian.evaluation.metrics._inputs import item_lists, matrix_of, rows_of, unmasked
from alsatian.evaluation.metrics._judged import positive
from alsatian.evaluation.metrics._results import PerUser


def auc(
    scores: ArrayLike, relevant: Any, *, seen: Any = None, users: ArrayLike | None = None, n_jobs: int | None = None
) -> PerUser:
    """Return the area under the ROC curve: the share of pairs (relevant, other) that the scores put in order.

    AUC = (pairs with s(relevant) > s(other) + ½ pairs with equal scores) / (number of pairs), over the items that the
    user has not seen. Divides by R · (number of other unseen items). A user for whom there is no pair, as no unseen
    item is relevant or all are, is left out.

    Parameters
    ----------
    scores : array of shape (q, n_items)
        The score of every item. For many users give some thousand at a time, and put the results together with
        `PerUser.joined`.
    relevant : Interactions, sparse matrix or array of shape (q, n_items)
        As in `judge`: relevant where the value is above 0.
    seen : Interactions, sparse matrix or array of the same shape, optional
        What is stored in it (in an array: what is not 0) takes no part, also where it is relevant.
    users : integer array of shape (q,), optional
        The row of `relevant` and of `seen` that each row of scores belongs to. None: row by row.
    n_jobs : int, optional
        Number of threads; None is all that are allowed.

    Returns
    -------
    PerUser
        In [0, 1]; one half is what scores without sense have, and equal ones.

    Raises
    ------
    ValueError
        Where a score that takes part is NaN: NaN has no place in an order.

    References
    ----------
    Mann and Whitney 1947; Hanley and McNeil 1982, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve".

    Examples
    --------
    >>> from alsatian.evaluation.metrics import auc
    >>> auc([[0.9, 0.2, 0.2, 0.7]], [[0, 1, 0, 1]], seen=[[1, 0, 0, 0]]).mean
    0.75
    """
    given = unmasked(scores, "scores")
    if given.ndim != 2 or given.dtype.kind not in "biuf":
        raise TypeError(f"scores must be numbers of shape (users, items), got {given.dtype} of shape {given.shape}.")
    given = np.ascontiguousarray(given, dtype=np.float32 if given.dtype == np.float32 else np.float64)
    wanted = matrix_of(relevant, "relevant")
    lists = [positive(rows_of(wanted, users, len(given), "relevant"))]
    if seen is not None:
        lists.append(rows_of(matrix_of(seen, "seen"), users, len(given), "seen"))
    for matrix, what in zip(lists, ("relevant", "seen"), strict=False):
        if matrix.shape[1] != given.shape[1]:
            raise ValueError(f"scores has {given.shape[1]} items, {what} has {matrix.shape[1]}.")
    found = pairs_in_order(given, *map(item_lists, lists), n_jobs=resolve_n_jobs(n_jobs))
    return PerUser("auc", found)
