"""Metrics of ranked lists: for each user, by the relevance of the first K places.

Throughout, hit(r) is 1 where the item at place r (from 1) is relevant and 0 elsewhere, also where the list has ended;
R is the number of relevant items of the user. Users with R = 0 are left out: no list could be right for them.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from alsatian.evaluation._parameters import whole_number
from alsatian.evaluation.metrics._judged import Judged
from alsatian.evaluation.metrics._results import PerUser

Array = NDArray[Any]
Gain = Literal["binary", "linear", "exponential"]


def precision(judged: Judged, k: int) -> PerUser:
    """Return the precision at K: the share of the K places that are hits, Σ_{r ≤ K} hit(r) / K.

    Divides by K, whatever the length of the list: a place that is not filled is a miss. So where R < K no list reaches
    1; `recall` and `capped_recall` have other denominators.

    Parameters
    ----------
    judged : Judged
    k : int
        K, at least 1; it may exceed the length of the lists and the number of items.

    Returns
    -------
    PerUser
        In [0, 1].

    References
    ----------
    Manning, Raghavan and Schütze 2008, *Introduction to Information Retrieval*, section 8.4.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import judge, precision
    >>> precision(judge([[0, 1, 2]], [[1, 0, 1, 1]]), 2).mean
    0.5
    """
    k = _checked(judged, k)
    return PerUser(f"precision@{k}", judged.by_blocks(k, lambda gains, rows: _hits(gains) / k))


def recall(judged: Judged, k: int) -> PerUser:
    """Return the recall at K: the share of the relevant items that are in the first K places, Σ_{r ≤ K} hit(r) / R.

    Divides by R. Where R > K no list reaches 1; see `capped_recall`.

    Parameters
    ----------
    judged : Judged
    k : int
        As in `precision`.

    Returns
    -------
    PerUser
        In [0, 1].

    References
    ----------
    Manning, Raghavan and Schütze 2008, *Introduction to Information Retrieval*, section 8.4.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import judge, recall
    >>> recall(judge([[0, 1, 2]], [[1, 0, 1, 1]]), 1).mean == 1 / 3
    True
    """
    k = _checked(judged, k)
    return PerUser(f"recall@{k}", judged.by_blocks(k, lambda gains, rows: _hits(gains) / _relevant(judged, rows)))


def capped_recall(judged: Judged, k: int) -> PerUser:
    """Return the recall at K of what K places can hold: Σ_{r ≤ K} hit(r) / min(K, R).

    A perfect list has 1 whatever R. It is what much of the literature on autoencoders calls Recall@K.

    Parameters
    ----------
    judged : Judged
    k : int
        As in `precision`.

    Returns
    -------
    PerUser
        In [0, 1].

    References
    ----------
    Liang, Krishnan, Hoffman and Jebara 2018, "Variational autoencoders for collaborative filtering", section 4.2.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import capped_recall, judge
    >>> capped_recall(judge([[0, 1, 2]], [[1, 0, 1, 1]]), 1).mean
    1.0
    """
    k = _checked(judged, k)
    return PerUser(
        f"capped_recall@{k}",
        judged.by_blocks(k, lambda gains, rows: _hits(gains) / np.minimum(k, _relevant(judged, rows))),
    )


def hit_rate(judged: Judged, k: int) -> PerUser:
    """Return the hit rate at K: 1 where at least one of the first K places is a hit, else 0.

    Parameters
    ----------
    judged : Judged
    k : int
        As in `precision`.

    Returns
    -------
    PerUser
        0 or 1.

    References
    ----------
    Deshpande and Karypis 2004, "Item-based top-N recommendation algorithms", section 6.2 (there with R = 1).
    """
    k = _checked(judged, k)
    return PerUser(f"hit_rate@{k}", judged.by_blocks(k, lambda gains, rows: _hits(gains) > 0))


def average_precision(judged: Judged, k: int) -> PerUser:
    """Return the average precision at K, Σ_{r ≤ K} hit(r) P(r) / R with P(r) the precision at r; its mean is MAP@K.

    Divides by R, all relevant items (as trec_eval does): one that is not in the first K places adds 0. Where R > K no
    list reaches 1; `capped_average_precision` divides by min(K, R).

    Parameters
    ----------
    judged : Judged
    k : int
        As in `precision`.

    Returns
    -------
    PerUser
        In [0, 1].

    References
    ----------
    Buckley and Voorhees 2000, "Evaluating evaluation measure stability", section 2; trec_eval's ``map_cut``.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import average_precision, judge
    >>> average_precision(judge([[0, 1, 2]], [[1, 0, 1, 0]]), 3).mean == (1 / 1 + 2 / 3) / 2
    True
    """
    k = _checked(judged, k)
    return PerUser(
        f"average_precision@{k}",
        judged.by_blocks(k, lambda gains, rows: _precisions(gains) / _relevant(judged, rows)),
    )


def capped_average_precision(judged: Judged, k: int) -> PerUser:
    """Return the average precision at K of what K places can hold: Σ_{r ≤ K} hit(r) P(r) / min(K, R).

    A perfect list has 1 whatever R. Its mean is what competitions on Kaggle call MAP@K.

    Parameters
    ----------
    judged : Judged
    k : int
        As in `precision`.

    Returns
    -------
    PerUser
        In [0, 1].

    References
    ----------
    McFee, Bertin-Mahieux, Ellis and Lanckriet 2012, "The million song dataset challenge", section 3.1.
    """
    k = _checked(judged, k)
    return PerUser(
        f"capped_average_precision@{k}",
        judged.by_blocks(k, lambda gains, rows: _precisions(gains) / np.minimum(k, _relevant(judged, rows))),
    )


def reciprocal_rank(judged: Judged, k: int) -> PerUser:
    """Return 1/r of the first hit in the first K places, 0 where there is none; its mean is MRR@K.

    Parameters
    ----------
    judged : Judged
    k : int
        As in `precision`.

    Returns
    -------
    PerUser
        In [0, 1].

    References
    ----------
    Voorhees 1999, "The TREC-8 question answering track report", section 2.

    Examples
    --------
    >>> from alsatian.evaluation.metrics import judge, reciprocal_rank
    >>> reciprocal_rank(judge([[3, 1, 2]], [[1, 0, 1, 0]]), 3).mean == 1 / 3
    True
    """
    k = _checked(judged, k)

    def measure(gains: Array, rows: slice) -> Array:
        hits = gains > 0
        first = np.argmax(hits, axis=1) if hits.shape[1] else np.zeros(len(hits))
        return np.where(hits.any(axis=1), 1 / (1.0 + first), 0.0)

    return PerUser(f"reciprocal_rank@{k}", judged.by_blocks(k, measure))


def ndcg(judged: Judged, k: int, *, gain: Gain = "binary") -> PerUser:
    """Return the normalized discounted cumulative gain at K, DCG/IDCG with DCG = Σ_{r ≤ K} G(r) / log₂(r + 1).

    Divides by IDCG, the DCG of the best list: the min(K, R) items of highest gain, falling. So a perfect list has 1
    whatever R and K.

    Parameters
    ----------
    judged : Judged
    k : int
        As in `precision`.
    gain : {"binary", "linear", "exponential"}
        G of an item whose value is x > 0: 1, x (Järvelin and Kekäläinen), or 2^x − 1 (Burges et al.). Items that are
        not relevant have G = 0. The exponential form is for grades, such as ratings; of numbers of plays it looks at
        the largest alone.

    Returns
    -------
    PerUser
        In [0, 1].

    References
    ----------
    - Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques": linear gains.
    - Burges et al. 2005, "Learning to rank using gradient descent", section 7: exponential gains, and the discount
      1/log₂(r + 1).

    Examples
    --------
    >>> from alsatian.evaluation.metrics import judge, ndcg
    >>> judged = judge([[1, 0, 2]], [[3, 1, 0]])
    >>> [round(ndcg(judged, 3, gain=gain).mean, 4) for gain in ("binary", "linear", "exponential")]
    [1.0, 0.7967, 0.7098]
    """
    k = _checked(judged, k)
    if gain not in get_args(Gain):
        raise ValueError(f"gain must be one of {', '.join(map(repr, get_args(Gain)))}, got {gain!r}.")
    name = f"ndcg@{k}" if gain == "binary" else f"ndcg_{gain}@{k}"
    if gain == "binary":
        ideal = np.concatenate(([0.0], np.cumsum(_discounts(_longest(judged, k)))))
        best = ideal[np.minimum(judged.n_relevant, k)]
        return PerUser(name, judged.by_blocks(k, lambda gains, rows: _dcg(gains > 0) / _nonzero(best[rows])))

    def measure(gains: Array, rows: slice) -> Array:
        ideal = judged.ideal_gains(_longest(judged, k), rows).astype(np.float64)
        # A factor for each user cancels, so the highest value is brought to where neither sums nor powers overflow.
        top = ideal.max(axis=1, initial=0.0)[:, np.newaxis]
        gains = gains.astype(np.float64)
        if gain == "linear":
            return _ratio(gains / _nonzero(top), ideal / _nonzero(top))
        return _ratio(_exponential(gains, top), _exponential(ideal, top))

    return PerUser(name, judged.by_blocks(k, measure))


def _checked(judged: Judged, k: int) -> int:
    if not isinstance(judged, Judged):
        raise TypeError(f"a Judged is needed, got {type(judged).__name__}: judge(lists, relevant) makes one.")
    return whole_number(k, "k")


def _relevant(judged: Judged, rows: slice) -> NDArray[np.int64]:
    """R, and 1 where it is 0: such users are left out afterwards."""
    return np.maximum(judged.n_relevant[rows], 1)


def _longest(judged: Judged, k: int) -> int:
    """K, but no more than any user has relevant items: beyond, all gains of the best list are 0."""
    return min(k, int(judged.n_relevant.max(initial=0)))


def _hits(gains: Array) -> Array:
    hits: Array = np.count_nonzero(gains > 0, axis=1)
    return hits


def _precisions(gains: Array) -> Array:
    """Σ hit(r) P(r)."""
    hits = gains > 0
    precisions = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return _in_order(np.where(hits, precisions, 0.0))


def _discounts(k: int) -> NDArray[np.float64]:
    return 1 / np.log2(np.arange(2, k + 2))


def _dcg(gains: Array) -> Array:
    return _in_order(gains * _discounts(gains.shape[1]))


def _ratio(gains: Array, ideal: Array) -> Array:
    ratio: Array = np.minimum(_dcg(gains) / _nonzero(_dcg(ideal)), 1.0)  # no list is better, but for rounding
    return ratio


def _exponential(gains: Array, top: Array) -> Array:
    """2^x − 1 times a factor of the user: neither a large nor a small x loses its digits."""
    shift = np.where(top > 1, top, 0.0)
    large = np.exp2(np.maximum(gains, 1) - shift) - np.exp2(-shift)
    small = np.expm1(np.log(2) * np.minimum(gains, 1)) * np.exp2(-shift) / np.where(top > 1, 1.0, _nonzero(top))
    scaled: Array = np.where(gains > 1, large, small)
    return scaled


def _in_order(terms: Array) -> Array:
    """Sum rows from the first place to the last, so that places that are not filled change no bit."""
    if not terms.shape[1]:
        return np.zeros(len(terms))
    total: Array = np.cumsum(terms, axis=1, dtype=np.float64)[:, -1]
    return total


def _nonzero(divisor: Array) -> Array:
    """Return the divisor, and 1 where it is 0 and so is what it divides."""
    return np.where(divisor > 0, divisor, 1.0)
