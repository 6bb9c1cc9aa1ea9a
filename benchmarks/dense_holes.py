"""Exact half-steps on dense tables with few holes: each row as it is solved, against the same in the primal form.

A row of which few cells are missing has its matrix from that of all columns, less what is missing. Times are of whole
half-steps, in turns; the ratio is the result.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from alsatian._engine import Cells
from alsatian._engine.native import counted_half_step
from common import environment, in_turns, ratios


def table(rows: int, columns: int, missing: float, dtype: str) -> Cells:
    """Make a random table of which this share of the cells, drawn at random, is missing."""
    rng = np.random.default_rng(0)
    indptr = np.zeros(rows + 1, dtype=np.int64)
    indices, values = [], []
    for i in range(rows):
        here = np.flatnonzero(rng.random(columns) >= missing).astype(np.int32)
        indptr[i + 1] = indptr[i] + here.size
        indices.append(here)
        values.append(rng.standard_normal(here.size, dtype=dtype))
    return Cells((rows, columns), indptr, np.concatenate(indices), np.concatenate(values))


def compared(cells: Cells, k: int, dtype: str, *, rounds: int, n_jobs: int, form: str) -> str:
    """Time the two forms of one half-step, and say what came out as a line of a table."""
    z = np.random.default_rng(1).standard_normal((cells.shape[1], k), dtype=dtype)
    took: dict[str, Any] = {}
    out: dict[str, Any] = {}

    def run(name: Any) -> None:
        out[name] = np.zeros((cells.shape[0], k), dtype=dtype)
        _, took[name] = counted_half_step(
            cells, z, offset=None, ridge=(0.05 * cells.shape[1], 0.0), scale=1.0, out=out[name], out_bias=None,
            n_jobs=n_jobs, form=name,
        )  # fmt: skip

    times = in_turns({name: lambda name=name: run(name) for name in ("primal", form)}, rounds)
    median, each = ratios(times["primal"], times[form])
    apart = np.abs(out[form] - out["primal"]).max() / np.abs(out["primal"]).max()
    missing = 1 - cells.indptr[-1] / (cells.shape[0] * cells.shape[1])
    return (
        f"| {dtype} | {k} | {missing:.1%} | {took[form]['downdate'] / cells.shape[0]:.0%} "
        f"| {times['primal'].least:.3f} | {times[form].least:.3f} | {median:.2f} | {min(each):.2f}–{max(each):.2f} "
        f"| {apart:.0e} |"
    )


def main() -> None:
    """Read the arguments, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=1_000)
    parser.add_argument("--components", type=int, nargs="+", default=[16, 64, 128])
    parser.add_argument("--missing", type=float, nargs="+", default=[0.01, 0.05, 0.2, 0.4])
    parser.add_argument("--dtype", nargs="+", choices=["float32", "float64"], default=["float32", "float64"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument(
        "--form", choices=["auto", "downdate"], default="auto", help="downdate: by a downdate, whether that pays or not"
    )
    a = parser.parse_args()
    print(environment())
    lines = []
    for dtype in a.dtype:
        for missing in a.missing:
            cells = table(a.rows, a.columns, missing, dtype)
            how = {"rounds": a.rounds, "n_jobs": a.n_jobs, "form": a.form}
            lines += [compared(cells, k, dtype, **how) for k in a.components]
    print(f"\n{a.rows:,} × {a.columns:,}, threads: {a.n_jobs}\n")
    print("| dtype | k | missing | rows downdated | primal, s | as solved, s | times faster | by round | apart |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
