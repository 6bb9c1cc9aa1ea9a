"""Ranking quality on implicit feedback against implicit and irspack: one grid, one protocol, one evaluation for all.

Gowalla with its given split, and Last.fm (HetRec 2011) with a fifth of each user's artists held out. Settings of every
library are chosen by NDCG@20 on a validation part of the training cells; the chosen one is fitted again on all of them
and judged once on the test cells. All items are ranked, those of the training part are left out.

    python benchmarks/ranking.py --data gowalla --rank 64 128
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

import common
from alsatian import ImplicitALS
from alsatian._engine.threads import resolve_n_jobs
from alsatian._engine.top_n import top_n
from alsatian.data.files import read_parquet
from alsatian.models import NoEntryWarning

K = 20
EPOCHS = 12
Model = Callable[[Any], tuple[np.ndarray, np.ndarray]]


@dataclass
class Data:
    """Users by items: what is fitted to choose, what chooses, what is fitted at last, and what judges."""

    name: str
    learn: Any
    validate: Any
    train: Any
    test: Any


def folder() -> Path:
    """Return the folder of the data sets, which may not be redistributed."""
    given = os.environ.get("ALSATIAN_DATA")
    if not given:
        raise SystemExit("Set ALSATIAN_DATA to the folder that holds gowalla/ and hetrec-lastfm/ as Parquet files.")
    return Path(given)


def gowalla() -> Data:
    """Check-ins with the split of the LightGCN paper; its official training part is our train and valid together."""
    frame = read_parquet(folder() / "gowalla" / "interactions.parquet", ["user", "item", "split"])
    users, items = frame["user"], frame["item"]
    part = {}
    for split in ("train", "train_valid", "test"):
        here = frame["split"] == split
        ones = np.ones(int(here.sum()), dtype=np.float32)
        part[split] = sparse.csr_array((ones, (users[here], items[here])), shape=(users.max() + 1, items.max() + 1))
    return Data("gowalla", part["train"], part["train_valid"], part["train"] + part["train_valid"], part["test"])


def lastfm() -> Data:
    """Play counts; 20 % of each user's artists are the test, and 20 % of the rest the validation part."""
    path = folder() / "hetrec-lastfm" / "user_artists.parquet"
    frame = read_parquet(path, ["userID", "artistID", "weight"])
    users, items = (np.unique(frame[name], return_inverse=True)[1] for name in ("userID", "artistID"))
    x = sparse.csr_array((frame["weight"].astype(np.float32), (users, items)))
    train, test = hold_out(x, 0.2, np.random.default_rng(0))
    learn, validate = hold_out(train, 0.2, np.random.default_rng(1))
    return Data("lastfm", learn, validate, train, test)


def hold_out(x: Any, fraction: float, rng: np.random.Generator) -> tuple[Any, Any]:
    """Move a fraction of each row's cells, rounded down, to a second matrix."""
    held = np.zeros(x.nnz, dtype=bool)
    for i in range(x.shape[0]):
        span = np.arange(x.indptr[i], x.indptr[i + 1])
        held[rng.permutation(span)[: int(fraction * span.size)]] = True
    parts = []
    for mask in (~held, held):
        part = x.copy()
        part.data = np.where(mask, x.data, 0)
        part.eliminate_zeros()
        parts.append(part)
    return parts[0], parts[1]


def judge(factors: tuple[np.ndarray, np.ndarray], seen: Any, test: Any) -> tuple[float, float]:
    """Return Recall@20, hits over the number of test items, and NDCG@20: means over the users with test items.

    The ideal list of NDCG has the user's test items first, at most 20 of them; gains are 0 or 1, discounts are
    1 / log2(1 + rank). The lists of all libraries are made by one search, which is exact.
    """
    users = np.flatnonzero(np.diff(test.indptr))
    rows, columns = (np.ascontiguousarray(side, dtype=np.float32) for side in factors)
    part = seen[users].sorted_indices()
    known = part.indptr.astype(np.int64), part.indices.astype(np.int32)
    lists = top_n(rows[users], columns, n=K, exclude=known, n_jobs=resolve_n_jobs(None)).indices
    discount = 1 / np.log2(np.arange(2, K + 2))
    ideal = np.concatenate([[0], np.cumsum(discount)])
    recall = ndcg = 0.0
    for user, found in zip(users, lists, strict=True):
        wanted = test.indices[test.indptr[user] : test.indptr[user + 1]]
        hits = np.isin(found, wanted)
        recall += hits.sum() / wanted.size
        ndcg += (hits * discount).sum() / ideal[min(wanted.size, K)]
    return recall / users.size, ndcg / users.size


def alsatian_model(k: int, **settings: Any) -> Model:
    """Ours, with as many iterations as the peers get epochs, unless the settings say otherwise."""

    def fit(x: Any) -> tuple[np.ndarray, np.ndarray]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NoEntryWarning)  # items that only the test part has
            model = ImplicitALS(k, **{"random_state": 0, **settings}).fit(x)
        return model.row_factors_, model.column_factors_

    return fit


def irspack_model(k: int, **settings: Any) -> Model:
    """irspack's exact solver."""
    import irspack

    def fit(x: Any) -> tuple[np.ndarray, np.ndarray]:
        model = irspack.IALSRecommender(sparse.csr_matrix(x), n_components=k, **settings)
        model.learn()
        return model.get_user_embedding(), model.get_item_embedding()

    return fit


def implicit_model(k: int, **settings: Any) -> Model:
    """implicit's solver, as it comes: three steps of conjugate gradients a row."""
    import implicit

    def fit(x: Any) -> tuple[np.ndarray, np.ndarray]:
        model = implicit.als.AlternatingLeastSquares(factors=k, random_state=0, **settings)
        model.fit(sparse.csr_matrix(x), show_progress=False)
        return model.user_factors, model.item_factors

    return fit


def defaults() -> Iterator[tuple[str, Model]]:
    """Yield every library as it comes out of the box, rank and all."""
    yield "alsatian", alsatian_model(64)
    if common.peer("irspack"):
        yield "irspack", irspack_model(20)
    if common.peer("implicit"):
        yield "implicit", implicit_model(100)


def grids(k: int, log_counts: bool) -> Iterator[tuple[str, list[tuple[str, Model]]]]:
    """Yield each library with its candidates: nine pairs of settings each, the same where they mean the same."""
    weights, ridges = (0.01, 0.03, 0.1), (0.001, 0.003, 0.01)
    # Six over-relaxed iterations are as far as twelve plain ones.
    ours: dict[str, Any] = {"max_iter": EPOCHS // 2, "tol": 0, "objective": "ials"}
    yield (
        "alsatian",
        [
            (f"α₀ {a} λ {r}", alsatian_model(k, unobserved_weight=a, reg=r, **ours))
            for a, r in itertools.product(weights, ridges)
        ],
    )
    if common.peer("irspack"):
        theirs: dict[str, Any] = {"train_epochs": EPOCHS, "nu": 1.0, "loss_type": "IALSPP", "solver_type": "CHOLESKY"}
        theirs["confidence_scaling"] = "log" if log_counts else "none"  # of ones, the log is a factor
        yield (
            "irspack",
            [
                (f"α₀ {a} λ {r}", irspack_model(k, alpha0=a, reg=r, **theirs))
                for a, r in itertools.product(weights, ridges)
            ],
        )
    if common.peer("implicit"):
        yield (
            "implicit",
            [
                (f"α {a} λ {r}", implicit_model(k, alpha=a, regularization=r, iterations=EPOCHS))
                for a, r in itertools.product((1.0, 10.0, 40.0), (0.01, 0.1, 1.0))
            ],
        )


def choose(candidates: list[tuple[str, Model]], data: Data) -> tuple[str, Model]:
    """Return the candidate of the best validation NDCG."""
    return max(candidates, key=lambda named: judge(named[1](data.learn), data.learn, data.validate)[1])


def show(library: str, what: str, model: Model, data: Data) -> None:
    """Fit on the whole training part, judge on the test part, print a line."""
    began = time.perf_counter()
    factors = model(data.train)
    seconds = time.perf_counter() - began
    recall, ndcg = judge(factors, data.train, data.test)
    print(
        f"{data.name:8} {library:9} {what:32} recall@20 {recall:.4f}  ndcg@20 {ndcg:.4f}  {seconds:6.1f} s", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", choices=["gowalla", "lastfm"], default=["gowalla", "lastfm"])
    parser.add_argument("--rank", nargs="*", type=int, default=[64], help="ranks of the tuned comparison")
    parser.add_argument("--only", nargs="+", help="libraries to run, of alsatian, irspack and implicit")
    parser.add_argument("--no-defaults", action="store_true", help="leave out the comparison out of the box")
    options = parser.parse_args()
    common.free_blas()
    print(common.environment("irspack", "implicit"))
    for name in options.data:
        data = {"gowalla": gowalla, "lastfm": lastfm}[name]()
        for library, model in [] if options.no_defaults else defaults():
            if not options.only or library in options.only:
                show(library, "out of the box", model, data)
        for k in options.rank:
            for library, candidates in grids(k, name == "lastfm"):
                if not options.only or library in options.only:
                    settings, model = choose(candidates, data)
                    show(library, f"k {k}, {settings}", model, data)


if __name__ == "__main__":
    main()
