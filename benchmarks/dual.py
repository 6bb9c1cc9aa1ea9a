"""The dual form's saving: exact half-steps of both sides, each row in its cheapest form, against all in the primal.

    python benchmarks/dual.py --components 256 512
    python benchmarks/dual.py --components 1024 --sample 8    # the primal takes minutes: every eighth row of both sides

A row of n cells and k factors has a k × k system in the primal form, and an n × n one in the dual. On a matrix with the
tails of MovieLens 20M most rows are shorter than a large k. `fewer operations` is the count of operations that the
two make, `times faster` what comes of it in seconds.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from alsatian._bench import work
from alsatian._engine import Cells
from alsatian._engine.cells import transpose
from alsatian._engine.native import counted_half_step
from alsatian.console import print_table
from alsatian.datasets import make_ratings
from alsatian.models._inputs import cells_of
from common import environment, in_turns, ratios


def every(cells: Cells, step: int) -> Cells:
    """Return every so-manieth row."""
    rows = csr_array((cells.values, cells.indices, cells.indptr), shape=cells.shape)[::step]
    return cells_of(csr_array(rows), None, absent_zero=False)


def operations(cells: Cells, k: int, dual: bool) -> float:
    """Count the operations of solving all rows, each in the form that it takes, or all in the primal."""
    lengths = np.diff(cells.indptr)
    if dual:
        return work.half_step(lengths, k, cells.shape[1])
    return work.gram(float(lengths.sum()), k) + np.count_nonzero(lengths) * (work.cholesky(k) + work.solves(k))


def compared(sides: tuple[Cells, Cells], k: int, rounds: int, n_jobs: int) -> list[str]:
    """Time both half-steps in both ways, and return a line of the table."""
    rng = np.random.default_rng(0)
    fixed = [(rng.standard_normal((side.shape[1], k)) / np.sqrt(k)).astype(np.float32) for side in sides]
    out: dict[str, list[Any]] = {}
    counts: dict[str, list[Any]] = {}

    def iteration(form: Any) -> None:
        out[form], counts[form] = [], []
        for side, z in zip(sides, fixed, strict=True):
            w = np.zeros((side.shape[0], k), np.float32)
            scale = np.diff(side.indptr).astype(np.float64)
            _, count = counted_half_step(
                side, z, offset=None, ridge=(0.05, 0.0), scale=scale, out=w, out_bias=None, n_jobs=n_jobs, form=form
            )
            out[form].append(w)
            counts[form].append(count["dual"])

    times = in_turns({form: lambda form=form: iteration(form) for form in ("primal", "auto")}, rounds)
    apart = max(
        np.linalg.norm(a - b) / np.linalg.norm(a) for a, b in zip(out["primal"], out["auto"], strict=True)
    )  # not the same roundings
    median, each = ratios(times["primal"], times["auto"])
    wanted = sum(operations(side, k, False) for side in sides) / sum(operations(side, k, True) for side in sides)
    rows = sum(side.shape[0] for side in sides)
    return [
        str(k), f"{sum(counts['auto']) / rows:.0%}", f"{times['primal'].least:.1f}", f"{times['auto'].least:.1f}",
        f"{median:.2f}", f"{min(each):.2f}–{max(each):.2f}", f"{wanted:.2f}", f"{apart:.0e}",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="ml-20m", help="preset of make_ratings")
    parser.add_argument("--components", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--sample", type=int, default=1, help="take every so-manieth row of both sides")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()
    print(environment())
    rows = cells_of(csr_array(make_ratings(args.shape, random_state=0).X), None, absent_zero=False)
    rows = Cells(rows.shape, rows.indptr, rows.indices, rows.values.astype(np.float32))
    sides = every(rows, args.sample), every(transpose(rows), args.sample)
    del rows
    lines = []
    for k in args.components:
        lines.append(compared(sides, k, args.rounds, args.n_jobs))
        print(f"  k = {k} done", flush=True)
    share = "" if args.sample == 1 else f", every {args.sample}th row of both sides"
    print_table(
        ["k", "rows in the dual", "all primal, s", "as solved, s", "times faster", "by round", "fewer operations",
         "apart"],
        lines, title=f"An exact iteration on {args.shape}{share}, {args.n_jobs} threads",
    )  # fmt: skip


if __name__ == "__main__":
    main()
