"""How long one person waits: a visitor folded in and recommended to, and what of it is not the native code.

    python benchmarks/serving.py --components 64 128

A `Recommender` over a matrix of the shape of MovieLens 20M; the visitors are histories of its users. Of each call the
time inside the native half-step and the native search is measured too: the rest is Python, and must stay below a
millisecond. At the end, 10 items for every one of the 138,493 users, listings with ids included.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from alsatian import ImplicitALS, Interactions, Recommender
from alsatian._engine import _core
from alsatian.console import print_table
from alsatian.datasets import make_ratings
from common import environment, forget_peak, free_blas, resident

LIMIT = 1e-3  # seconds outside the native calls


class Native:
    """Adds up the time inside two functions of the extension."""

    def __init__(self) -> None:
        self.seconds = 0.0
        for name in ("half_step_float32", "top_n_float32"):
            setattr(_core, name, self._timed(getattr(_core, name)))

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.seconds += time.perf_counter() - began

        return call


def visits(recommender: Recommender, count: int) -> list[dict[Any, float]]:
    """Return the histories of some users, as mappings from item to value."""
    users = np.random.default_rng(0).choice(len(recommender.users_), count, replace=False)
    histories = (recommender.interactions_.history(user) for user in recommender.users_[users].tolist())
    return [dict(zip(items.tolist(), values.tolist(), strict=True)) for items, values in histories]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--components", nargs="+", type=int, default=[64, 128], metavar="K")
    parser.add_argument("--shape", default="ml-20m", help="preset of make_ratings")
    parser.add_argument("--visits", type=int, default=500)
    args = parser.parse_args()

    print(environment())
    known = Interactions.from_matrix(make_ratings(args.shape, random_state=0).X)
    native, lines = Native(), []
    for k in args.components:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            recommender = Recommender(ImplicitALS(k, max_iter=1, random_state=0)).fit(known)
        histories = visits(recommender, args.visits)
        recommender.recommend_for(histories[0])  # makes once what all visits share
        whole, outside = [], []
        for history in histories:
            native.seconds, began = 0.0, time.perf_counter()
            recommender.recommend_for(history, n=10)
            whole.append(time.perf_counter() - began)
            outside.append(whole[-1] - native.seconds)
        forget_peak()
        began, before = time.perf_counter(), resident()
        recommender.recommend(n=10)
        everyone = time.perf_counter() - began
        met = "met" if statistics.median(outside) < LIMIT else "missed"
        lines.append([
            str(k), *(f"{1e3 * f(x):.2f}" for x in (whole, outside) for f in (statistics.median, min)), f"< 1: {met}",
            f"{everyone:.1f}", f"{resident(peak=True) - before:.0f}",
        ])  # fmt: skip
    print_table(
        ["k", "visit ms (median)", "(min)", "outside native ms (median)", "(min)", "", "all users s", "+ MB"],
        lines, align=["right"] * 5 + ["left"] + ["right"] * 2, title="Folding in and recommending",
    )  # fmt: skip


if __name__ == "__main__":
    free_blas()
    main()
