"""What lists do to the catalogue: how much of it they show, how evenly, and how far they lean to what is popular."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from alsatian.evaluation._parameters import whole_number
from alsatian.evaluation.metrics._inputs import matrix_of, rows_of
from alsatian.evaluation.metrics._judged import checked_lists
from alsatian.evaluation.metrics._results import PerUser

Array = NDArray[Any]


def exposure(lists: ArrayLike, n_items: int) -> NDArray[np.int64]:
    """Return how many of the lists each item is in.

    Parameters
    ----------
    lists : integer array of shape (q, n)
        Positions of items, −1 where a list has ended.
    n_items : int
        How many items there are.

    Returns
    -------
    array of shape (n_items,)

    Raises
    ------
    IndexError, ValueError
        Where lists are none: see `judge`.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import exposure
    >>> exposure([[0, 1], [0, -1]], 3)
    array([2, 1, 0])
    """
    listed, _ = checked_lists(lists, whole_number(n_items, "n_items"))
    return np.bincount(listed[listed >= 0], minlength=n_items)


def coverage(lists: ArrayLike, n_items: int) -> float:
    """Return the share of the catalogue that is in at least one list: (items in a list) / n_items.

    Divides by all items there are, also those that nobody could be given.

    Parameters
    ----------
    lists, n_items
        As in `exposure`.

    Returns
    -------
    float
        In [0, 1].

    References
    ----------
    Ge, Delgado-Battenfeld and Jannach 2010, "Beyond accuracy: evaluating recommender systems by coverage and
    serendipity", section 2 (catalog coverage).

    Examples
    --------
    >>> from alsatian.evaluation.metrics import coverage
    >>> coverage([[0, 1], [0, -1]], 4)
    0.5
    """
    return float(np.count_nonzero(exposure(lists, n_items)) / n_items)


def gini(lists: ArrayLike, n_items: int) -> float:
    """Return the Gini coefficient of exposure, G = Σ_i (2i − m − 1) e_(i) / (m Σ e), e_(1) ≤ … ≤ e_(m) the exposures.

    Divides by m = n_items times the sum of exposures: items in no list count, with exposure 0.

    Parameters
    ----------
    lists, n_items
        As in `exposure`.

    Returns
    -------
    float
        In [0, 1 − 1/m]: 0 where all items are in equally many lists, 1 − 1/m where all lists are of one item. NaN where
        all lists are empty.

    References
    ----------
    Gini 1912; Adomavicius and Kwon 2012, "Improving aggregate recommendation diversity using ranking-based
    techniques", section 5.2 (there as 1 − G).

    Examples
    --------
    >>> from alsatian.evaluation.metrics import gini
    >>> gini([[0, 1], [2, 3]], 4), gini([[0], [0]], 4)
    (0.0, 0.75)
    """
    rising = np.sort(exposure(lists, n_items))
    total = int(rising.sum())
    # Whole numbers, as exact as Python's: the sum is largest where one item has all, (m − 1) Σ e.
    above = sum((2 * i - n_items - 1) * e for i, e in enumerate(rising.tolist(), start=1))
    return above / (n_items * total) if total else math.nan


def novelty(lists: ArrayLike, histories: Any, *, normalized: bool = False) -> PerUser:
    """Return the mean self-information of the items of each list, the mean of −log₂ p_i over its items, in bits.

    p_i is the share of the users who have item i in their history, of all users who have any. An item that nobody has
    counts as if one user had it, so that it is the newest and still finite. Divides by the length of the list, without
    places that are not filled; empty lists are left out.

    Parameters
    ----------
    lists : integer array of shape (q, n)
        Positions of items, −1 where a list has ended.
    histories : Interactions, sparse matrix or array of shape (n_users, n_items)
        What the model learnt from, of all users: what is stored (in an array: what is not 0).
    normalized : bool, default=False
        Divide by log₂ of the number of users, the most that there can be.

    Returns
    -------
    PerUser
        In [0, log₂ users]; in [0, 1] if normalized.

    References
    ----------
    Zhou, Kuscsik, Liu, Medo, Wakeling and Zhang 2010, "Solving the apparent diversity-accuracy dilemma of recommender
    systems" (there called surprisal); Vargas and Castells 2011.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import novelty
    >>> novelty([[0], [1]], [[1, 1], [1, 0], [1, 0], [1, 0]]).per_user
    array([0., 2.])
    """
    owners, active = _owners(histories)
    listed, lengths = checked_lists(lists, owners.size)
    bits = np.log2(max(active, 1)) - np.log2(np.maximum(owners, 1))
    if normalized:
        bits /= max(math.log2(max(active, 1)), 1e-9)
    return PerUser("normalized_novelty" if normalized else "novelty", _mean_of_places(listed, lengths, bits))


class PopularityBias(NamedTuple):
    """Popularity of what is listed beside that of what was there before; made by `popularity_bias`.

    Attributes
    ----------
    recommended : PerUser
        The mean popularity of the items of each list, in [0, 1].
    history : PerUser
        The mean popularity of the items of each history, in [0, 1].
    """

    recommended: PerUser
    history: PerUser

    @property
    def lift(self) -> float:
        """(mean of `recommended` − mean of `history`) / (mean of `history`), over the users that have both.

        0: lists are as popular as histories; 1: twice as popular.
        """
        both = ~(self.recommended.left_out | self.history.left_out)
        if not both.any():
            return math.nan
        return float(self.recommended.per_user[both].mean() / self.history.per_user[both].mean() - 1)


def popularity_bias(lists: ArrayLike, histories: Any, *, users: ArrayLike | None = None) -> PopularityBias:
    """Compare the popularity of what is recommended with that of what the same users have.

    The popularity of an item is the share of users who have it, of all users who have any. That of a list is the mean
    over its items (divides by its length, without places that are not filled), that of a history the mean over the
    items of the user. Users with an empty list, or without a history, are left out there.

    Parameters
    ----------
    lists : integer array of shape (q, n)
        Positions of items, −1 where a list has ended.
    histories : Interactions, sparse matrix or array of shape (n_users, n_items)
        As in `novelty`.
    users : integer array of shape (q,), optional
        The row of `histories` that each list belongs to. None: row by row.

    Returns
    -------
    PopularityBias

    References
    ----------
    Abdollahpouri, Mansoury, Burke and Mobasher 2019, "The unfairness of popularity bias in recommendation", section 4:
    `lift` is their ΔGAP.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import popularity_bias
    >>> found = popularity_bias([[0], [0]], [[0, 1], [1, 1]])
    >>> found.recommended.per_user, found.history.per_user, round(found.lift, 3)
    (array([0.5, 0.5]), array([1.  , 0.75]), -0.429)
    """
    owners, active = _owners(histories)
    listed, lengths = checked_lists(lists, owners.size)
    popularity = owners / max(active, 1)
    own = rows_of(matrix_of(histories, "histories"), users, len(listed), "histories")
    sizes = np.diff(own.indptr)
    total: Any = csr_array((np.ones(own.nnz), own.indices, own.indptr), shape=own.shape) @ popularity
    mean = np.divide(total, sizes, out=np.full(sizes.size, np.nan), where=sizes > 0)
    return PopularityBias(
        PerUser("popularity of lists", _mean_of_places(listed, lengths, popularity)),
        PerUser("popularity of histories", mean),
    )


def _owners(histories: Any) -> tuple[NDArray[np.int64], int]:
    """Return how many users have each item, and how many users have any."""
    matrix = matrix_of(histories, "histories")
    return np.bincount(matrix.indices, minlength=matrix.shape[1]), int(np.count_nonzero(np.diff(matrix.indptr)))


def _mean_of_places(listed: NDArray[np.int32], lengths: NDArray[np.int32], value: Array) -> Array:
    """Return the mean value of the items of each list, NaN for an empty one."""
    if not listed.size:
        return np.full(len(listed), np.nan)
    places = np.where(listed >= 0, np.append(value, 0.0)[listed], 0.0)
    total = np.cumsum(places, axis=1)[:, -1]
    mean: Array = np.divide(total, lengths, out=np.full(len(listed), np.nan), where=lengths > 0)
    return mean
