"""Peak memory of a fit: how far it rises above the matrix itself.

    python benchmarks/memory.py --components 64 128

Each fit runs in a process of its own, which loads a canonical float32/int32 CSR matrix from disk, so that nothing which
made it has raised the peak. The rise is the peak at the end less the resident memory just before the fit. It may be at
most 1.2 × (the CSC form of the matrix + both factors) + 50 MB: columns are solved from the transpose, so that one is
needed; a copy of X would break the limit. Needs Linux, for the resident memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from alsatian import ALS
from alsatian.console import print_table
from alsatian.datasets import make_ratings
from alsatian.models._inputs import cells_of
from common import MB, environment, resident, verdict

FACTOR, SLACK = 1.2, 50.0
PARTS = ("data", "indices", "indptr")


def measure(folder: Path, k: int, iterations: int, bias: str, solver: str) -> None:
    """Fit in this process and print what it took, as JSON."""
    ALS(2, max_iter=1, random_state=0, bias=bias).fit(np.eye(9))  # libraries loaded, threads started: not the fit's own
    shape = tuple(int(size) for size in np.load(folder / "shape.npy"))
    X = csr_array(tuple(np.load(folder / f"{part}.npy") for part in PARTS), shape=shape)
    X.has_canonical_format = True
    before, earlier_peak = resident(), resident(peak=True)
    model = ALS(k, max_iter=iterations, tol=0, random_state=0, bias=bias, solver=solver).fit(X)
    rise = resident(peak=True) - before
    cells = cells_of(X, None, absent_zero=False)
    shared = bool(np.shares_memory(cells.values, X.data) and np.shares_memory(cells.indices, X.indices))
    transposed = X.nnz * (X.data.itemsize + X.indices.itemsize) + (shape[1] + 1) * 4
    factors = model.row_factors_.nbytes + model.column_factors_.nbytes
    found = {"before": before, "earlier": earlier_peak, "rise": rise, "csc": transposed / MB, "factors": factors / MB}
    history = model.history_
    found |= {"seconds": history.seconds[-1] / len(history), "solver": history[0].solver}
    print(json.dumps({**found, "shared": shared}))


def in_own_process(folder: Path, k: int, args: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, "--measure", str(folder), "--components", str(k), "--bias", args.bias,
               "--solver", args.solver]  # fmt: skip
    command += ["--iterations", str(args.iterations)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--components", nargs="+", type=int, default=[64, 128], metavar="K")
    parser.add_argument("--iterations", type=int, default=2)
    parser.add_argument("--bias", default="none", choices=["none", "mean", "rows", "columns", "both"])
    parser.add_argument("--solver", default="auto", choices=["auto", "exact", "cg", "subspace"])
    parser.add_argument("--shape", default="ml-20m", help="preset of make_ratings")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure is not None:
        measure(args.measure, args.components[0], args.iterations, args.bias, args.solver)
        return

    print(environment())
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        X = make_ratings(args.shape, random_state=0).X
        X.indptr = X.indptr.astype(np.int32)
        for part in PARTS:
            np.save(folder / f"{part}.npy", getattr(X, part))
        np.save(folder / "shape.npy", np.array(X.shape))
        for k in args.components:
            found = in_own_process(folder, k, args)
            limit = FACTOR * (found["csc"] + found["factors"]) + SLACK
            met = verdict(found["rise"] <= limit and bool(found["shared"]))
            figures = [found[what] for what in ("before", "earlier", "csc", "factors")]
            lines.append([
                str(k), *(f"{figure:.0f}" for figure in figures), f"{found['rise']:.0f}", f"{limit:.0f}",
                "yes" if found["shared"] else "NO", met, found["solver"], f"{found['seconds']:.1f}",
            ])  # fmt: skip
    print_table(
        ["k", "before", "peak before", "CSC", "factors", "rise", "allowed", "X shared", "", "solver", "s an iteration"],
        lines, align=["right"] * 7 + ["left"] * 3 + ["right"],
        title=f"Peak resident memory of ALS.fit on {args.shape}, bias {args.bias}, in MB (10⁶ bytes)",
    )  # fmt: skip


if __name__ == "__main__":
    main()
