"""``reg="auto"`` against a full search on held-out cells: how good is the λ, and what does it cost.

    python benchmarks/reg_auto.py                      # MovieLens 100K and 1M, several minutes
    python benchmarks/reg_auto.py --sets 100k --ranks-100k 40

The full search is what one does without knowing where λ lies: a tenth of the training cells is held out, a model is
fitted from a random start at each of 16 values from 0.005 to 0.905, √2 apart, and then once more on all training cells
at the best. ``reg="auto"`` is one call of `fit` on the same training cells. Both are tested on the same test cells,
which neither has seen: of MovieLens 100K those of u1 to u5, of MovieLens 1M a tenth of the ratings, drawn by a seed as
in ``accuracy_movielens.py``. Models have both biases and the ridge times the count (ν = 1), in float32; predictions are
clipped to 1…5. The two take turns on each split, so that what slows the machine slows both.

The ratings are read from the folder in ``ALSATIAN_DATA`` (or ``--data-home``), or else downloaded on first use.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from accuracy_movielens import Cells, rmse, splits_1m, splits_100k
from alsatian import ALS
from alsatian.console import print_table
from common import environment, free_blas, verdict

ALLOWANCE, SHARE = 0.005, 0.2
GRID = 0.005 * 2.0 ** (np.arange(16) / 2)


def fitted(train: Cells, k: int, reg: float | str, threads: int) -> ALS:
    model = ALS(k, reg=reg, bias="both", dtype="float32", random_state=0, n_jobs=threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # films without a rating in this part
        return model.fit(csr_array(train.matrix()))


def error(model: ALS, test: Cells) -> float:
    return rmse(model.predict_cells(test.rows, test.columns), test)


def searched(train: Cells, k: int, threads: int, seed: int) -> ALS:
    """Fit at each λ of the grid on nine tenths of the cells, and at the best on all."""
    order = np.random.default_rng(1000 + seed).permutation(train.ratings.size)
    held, kept = train[order[: order.size // 10]], train[order[order.size // 10 :]]
    errors = [error(fitted(kept, k, float(reg), threads), held) for reg in GRID]
    return fitted(train, k, float(GRID[int(np.argmin(errors))]), threads)


def compare(name: str, splits: Iterable[tuple[str, Cells, Cells]], ranks: list[int], threads: int) -> list[list[str]]:
    """Run one data set; give a line for each rank and split."""
    lines = []
    for number, (split, train, test) in enumerate(splits):
        for k in ranks:
            results: dict[str, tuple[ALS, float]] = {}
            for who, fit in (
                ("auto", lambda: fitted(train, k, "auto", threads)),  # noqa: B023
                ("search", lambda: searched(train, k, threads, number)),  # noqa: B023
            ):
                began = time.perf_counter()
                results[who] = fit(), time.perf_counter() - began
            (auto, quick), (full, slow) = results["auto"], results["search"]
            ours, theirs = error(auto, test), error(full, test)
            regs: Any = auto.reg_, full.reg_
            lines.append([
                f"{name} {split}", str(k), f"{regs[0]:.4f}", f"{regs[1]:.4f}", f"{ours:.4f}", f"{theirs:.4f}",
                f"{ours - theirs:+.4f} {verdict(ours - theirs <= ALLOWANCE)}", f"{quick:.2f} s", f"{slow:.2f} s",
                f"{quick / slow:.3f} {verdict(quick / slow < SHARE)}", str(len(auto.reg_path_)),
            ])  # fmt: skip
            print("  ", *lines[-1], flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=["100k", "1m"], default=["100k", "1m"])
    parser.add_argument("--ranks-100k", nargs="+", type=int, default=[10, 40], metavar="K")
    parser.add_argument("--ranks-1m", nargs="+", type=int, default=[20, 40], metavar="K")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1], help="splits of MovieLens 1M")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data-home", help="folder that holds ml-100k and ml-1m")
    args = parser.parse_args()
    print(environment())
    lines = []
    if "100k" in args.sets:
        lines += compare("100K", splits_100k(args.data_home), args.ranks_100k, args.threads)
    if "1m" in args.sets:
        lines += compare("1M", splits_1m(args.data_home, args.seeds), args.ranks_1m, args.threads)
    print()
    print_table(
        ["data", "k", "λ auto", "λ search", "test auto", "test search", f"difference, at most +{ALLOWANCE}",
         "time auto", "time search", f"share, below {SHARE}", "points"],
        lines, align=["left", *["right"] * 5, "left", "right", "right", "left", "right"],
        title=f"Test RMSE and time of reg='auto' and of a search over {GRID.size} values",
    )  # fmt: skip


if __name__ == "__main__":
    free_blas()
    main()
