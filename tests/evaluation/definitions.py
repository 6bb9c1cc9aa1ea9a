"""The ranking metrics once more, written from their definitions for one list, in plain Python."""

from __future__ import annotations

import math

import numpy as np


def hits(ranking, relevant, k):
    """1 or 0 for each of the k places."""
    return [int(r < len(ranking) and ranking[r] in relevant) for r in range(k)]


def precision(ranking, relevant, k):
    return sum(hits(ranking, relevant, k)) / k


def recall(ranking, relevant, k):
    return sum(hits(ranking, relevant, k)) / len(relevant)


def capped_recall(ranking, relevant, k):
    return sum(hits(ranking, relevant, k)) / min(k, len(relevant))


def hit_rate(ranking, relevant, k):
    return float(any(hits(ranking, relevant, k)))


def _precisions(ranking, relevant, k):
    found = hits(ranking, relevant, k)
    return sum(found[r] * sum(found[: r + 1]) / (r + 1) for r in range(k))


def average_precision(ranking, relevant, k):
    return _precisions(ranking, relevant, k) / len(relevant)


def capped_average_precision(ranking, relevant, k):
    return _precisions(ranking, relevant, k) / min(k, len(relevant))


def reciprocal_rank(ranking, relevant, k):
    found = hits(ranking, relevant, k)
    return 1 / (1 + found.index(1)) if 1 in found else 0.0


def ndcg(ranking, relevant, k, gain="binary"):
    grade = {"binary": lambda x: 1, "linear": lambda x: x, "exponential": lambda x: 2**x - 1}[gain]
    gains = [grade(relevant[item]) if item in relevant else 0 for item in ranking[:k]]
    ideal = sorted((grade(x) for x in relevant.values()), reverse=True)[:k]
    return dcg(gains) / dcg(ideal)


def dcg(gains):
    return sum(g / math.log2(r + 2) for r, g in enumerate(gains))


def auc(scores, relevant, seen):
    unseen = [item for item in range(len(scores)) if item not in seen]
    pairs = [(scores[p], scores[j]) for p in unseen if p in relevant for j in unseen if j not in relevant]
    return float(np.mean([(a > b) + 0.5 * (a == b) for a, b in pairs])) if pairs else math.nan


RANKING = {
    name: globals()[name]
    for name in (
        "precision",
        "recall",
        "capped_recall",
        "hit_rate",
        "average_precision",
        "capped_average_precision",
        "reciprocal_rank",
        "ndcg",
    )
}
