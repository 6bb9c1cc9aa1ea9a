"""Ten items for every user against implicit's `recommend`, seen items left out; memory; and one user alone.

    python benchmarks/top_n.py --components 64 128
    python benchmarks/top_n.py --components 64 --factors normal --rounds 5

Both rank the same factors of the same 138,493 users and 26,744 items in float32, with the same number of threads, and
leave out the same 20 million cells. The factors are

- fitted: `ALS(k, absent="zero", max_iter=2)` on the cells of ``make_ratings("ml-20m")`` read as ones, which gives item
  norms the long tail that popularity gives them, so that most of the work can be left out without changing a list;
- normal: independent standard normal numbers, where all items have about the same norm and nothing can be left out.

implicit is `AlternatingLeastSquares.recommend(..., filter_already_liked_items=True)` on a model whose factors are set
to these; BLAS in one thread within each of its threads, as it asks for. The lists of both are compared: they may differ
only where scores are equal to rounding.

Memory is measured in processes of their own (Linux): the peak during the call less what was resident before it, for the
same users and items, and for 100,000 × 100,000 normal ones. The time of one user alone is that of the whole call from
Python; beside it, that of a call with a single item, which is nearly all overhead.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from alsatian import ALS
from alsatian._engine.top_n import TopN, counted_top_n, top_n
from alsatian.console import print_table
from alsatian.datasets import make_ratings
from common import MB, Times, environment, free_blas, in_turns, peer, ratios, resident, spread, verdict

REQUIRED = 2.5
MOST_MEMORY = 300.0
N = 10
PARTS = ("users", "items", "indptr", "indices")
Factors = tuple[np.ndarray, np.ndarray]


def make_factors(kind: str, X: csr_array, k: int, threads: int) -> Factors:
    if kind == "normal":
        rng = np.random.default_rng(0)
        users, items = (rng.standard_normal((size, k), dtype=np.float32) for size in X.shape)
        return users, items
    ones = X.copy()
    ones.data = np.ones_like(X.data)
    model = ALS(k, absent="zero", reg=0.01, max_iter=2, tol=0, random_state=0, n_jobs=threads).fit(ones)
    return model.row_factors_, model.column_factors_


def seen_lists(X: csr_array) -> tuple[np.ndarray, np.ndarray]:
    return X.indptr.astype(np.int64), X.indices.astype(np.int32)


def implicit_recommend(factors: Factors, X: csr_array, threads: int, found: list[Any]) -> Callable[[], None] | None:
    if (als := peer("implicit.cpu.als")) is None:
        return None
    with threadpool_limits(1, user_api="blas"):
        model = als.AlternatingLeastSquares(factors[0].shape[1], num_threads=threads)
    model.user_factors, model.item_factors = factors
    cells, users = csr_matrix(X), np.arange(X.shape[0])

    def recommend() -> None:
        with threadpool_limits(1, user_api="blas"):
            found[:] = model.recommend(users, cells, N=N, filter_already_liked_items=True)

    return recommend


def compare_lists(ours: TopN, indices: np.ndarray, scores: np.ndarray) -> str:
    """Say whether the lists agree: equal scores to rounding, and other items only where scores are equal so."""
    size = np.abs(ours.scores).max()
    if np.abs(ours.scores - scores).max() > 1e-5 * size:
        return "SCORES DIFFER"
    return f"equal, but for ties in rounding in {np.mean((ours.indices != indices).any(axis=1)):.2%} of them"


def compare(kind: str, factors: Factors, X: csr_array, args: argparse.Namespace) -> list[list[str]]:
    """Time both on the same factors; give the lines of the table."""
    k, seen = factors[0].shape[1], seen_lists(X)
    ours: list[Any] = []
    theirs: list[Any] = []

    def alsatian() -> None:
        ours[:] = counted_top_n(*factors, n=N, exclude=seen, n_jobs=args.threads)

    contestants: dict[str, Callable[[], float | None]] = {"alsatian": alsatian}
    if (recommend := implicit_recommend(factors, X, args.threads, theirs)) is not None:
        contestants["implicit"] = recommend
    times = in_turns(contestants, args.rounds)
    lists, scored = ours
    lines = []
    for name, taken in times.items():
        share = f"{scored / (X.shape[0] * X.shape[1]):.1%}" if name == "alsatian" else "100.0%"
        lines.append([str(k), kind, name, share, f"{taken.least:.2f}", f"{taken.median:.2f}"])
        lines[-1].append(f"{statistics.median(taken.processor):.2f}")
        lines[-1] += ["", "", ""] if name == "alsatian" else compared(taken, times["alsatian"])
    if theirs:
        print(f"  lists: {compare_lists(lists, *theirs)}", flush=True)
    return lines


def compared(taken: Times, ours: Times) -> list[str]:
    ratio, pairs = ratios(taken, ours)
    outcome = f"{spread(pairs)}  ≥ {REQUIRED:g}: {verdict(ratio >= REQUIRED)}"
    return [f"{ratio:.2f}", f"{taken.least / ours.least:.2f}", outcome]


def measure(folder: Path, threads: int) -> None:
    """Rank in this process and print how far the peak rose, as JSON."""
    users, items, indptr, indices = (
        np.load(folder / f"{part}.npy") for part in ("users", "items", "indptr", "indices")
    )
    top_n(users[:20], items[:200].copy(), n=N, n_jobs=threads)  # libraries loaded: not the call's own
    before = resident()
    found = top_n(users, items, n=N, exclude=(indptr, indices), n_jobs=threads)
    print(json.dumps({"before": before, "rise": resident(peak=True) - before, "listed": int(found.counts.sum())}))


def memory_line(what: str, factors: Factors, seen: tuple[np.ndarray, np.ndarray], threads: int) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        for part, array in zip(PARTS, (*factors, *seen), strict=True):
            np.save(Path(name) / f"{part}.npy", array)
        command = [sys.executable, __file__, "--measure", name, "--threads", str(threads)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    rise = json.loads(done.stdout)["rise"]
    results = len(factors[0]) * (2 * N + 1) * 4 / MB
    return [what, f"{results:.0f}", f"{rise:.0f}", f"{MOST_MEMORY:.0f}", verdict(rise <= MOST_MEMORY)]


def microseconds(run: Callable[[], object], calls: int = 300) -> float:
    """Give the median time of a call."""
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken)) * 1e6


def one_user(factors: Factors, X: csr_array) -> list[str]:
    user, items = factors[0][:1].copy(), factors[1]
    seen = np.array([0, X.indptr[1]], dtype=np.int64), X.indices[: X.indptr[1]].astype(np.int32)
    whole = microseconds(lambda: top_n(user, items, n=N, exclude=seen))
    return [str(user.shape[1]), f"{whole:.0f}", f"{microseconds(lambda: top_n(user, items[:1], n=N)):.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--components", nargs="+", type=int, default=[64, 128], metavar="K")
    parser.add_argument("--factors", nargs="+", choices=["fitted", "normal"], default=["fitted", "normal"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shape", default="ml-20m", help="preset of make_ratings, e.g. ml-1m for a trial")
    parser.add_argument("--no-memory", action="store_true", help="leave out the measurement of memory")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure is not None:
        measure(args.measure, args.threads)
        return

    print(environment("implicit", "threadpoolctl"))
    X = make_ratings(args.shape, random_state=0).X
    print(f"{args.shape}: {X.shape[0]} x {X.shape[1]}, {X.nnz} cells, float32, {args.threads} threads", flush=True)
    lines, memory, single = [], [], []
    for k in args.components:
        for kind in args.factors:
            factors = make_factors(kind, X, k, args.threads)
            print(f"k = {k}, {kind} factors", flush=True)
            lines += compare(kind, factors, X, args)
            if not args.no_memory:
                memory.append(memory_line(f"{args.shape}, k = {k}, {kind}", factors, seen_lists(X), args.threads))
        single.append(one_user(factors, X))
    if not args.no_memory:
        rng = np.random.default_rng(0)
        users, items = (rng.standard_normal((100_000, 64), dtype=np.float32) for _ in range(2))
        none = np.zeros(100_001, dtype=np.int64), np.zeros(0, dtype=np.int32)
        memory.append(memory_line("100,000 × 100,000, k = 64, normal", (users, items), none, args.threads))
    print()
    print_table(
        ["k", "factors", "who", "scored", "min s", "median s", "CPU s", "× ours (median)", "(min)", "round by round"],
        lines, align=["right", "left", "left", *["right"] * 6, "left"], title=f"The {N} best items of every user",
    )  # fmt: skip
    if memory:
        title, sides = "Rise of the resident memory in the call, in MB (10⁶ bytes)", ["left", *["right"] * 3, "left"]
        print_table(["what", "results", "rise", "allowed", ""], memory, align=sides, title=title)
    title = "One user, median time of a call in µs"
    print_table(["k", "all items", "one item"], single, align=["right"] * 3, title=title)


if __name__ == "__main__":
    free_blas()
    main()
