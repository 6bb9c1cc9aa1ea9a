"""Data and a plain judge that the tests of evaluate, cross_validate and compare share."""

from __future__ import annotations

import numpy as np

from alsatian import ALS, ImplicitALS, Interactions


def ratings(users=40, items=25, density=0.4, seed=0):
    """Stars from 1 to 5 with structure; ids are texts and numbers."""
    rng = np.random.default_rng(seed)
    scores = 3 + rng.normal(size=(users, 2)) @ rng.normal(size=(2, items)) / 1.5
    user, item = np.nonzero(rng.random((users, items)) < density)
    stars = np.clip(np.round(scores[user, item] + rng.normal(scale=0.3, size=user.size)), 1, 5)
    return Interactions.from_arrays([f"u{i:03}" for i in user], 100 + item, stars)


def plays(users=40, items=25, density=0.25, seed=0):
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=(users, 2)) @ rng.normal(size=(2, items))
    user, item = np.nonzero(rng.random((users, items)) < density * (1 + (taste > 0)))
    return Interactions.from_arrays(user, item, rng.integers(1, 9, user.size))


def als(k=3, **params):
    return ALS(k, **{"bias": "both", "reg": 0.03, "random_state": 0, "max_iter": 8} | params)


def implicit(k=3, **params):
    return ImplicitALS(k, **{"random_state": 0, "max_iter": 5} | params)


def best_unseen(scores, seen, listable, k):
    """Lists by sorting: the best first, of equal scores the first, without seen items and those that nobody has."""
    lists = np.full((len(scores), k), -1)
    for row, (score, mine) in enumerate(zip(scores, seen, strict=True)):
        able = np.flatnonzero(~mine & listable)
        best = able[np.argsort(-score[able], kind="stable")][:k]
        lists[row, : best.size] = best
    return lists
