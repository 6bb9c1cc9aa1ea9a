"""Growth: time of an iteration and memory from 1 to 100 million cells, in memory and mapped from a file.

    python benchmarks/scale.py --plot scale.png
    python benchmarks/scale.py --cells 1 10 --solvers exact        # a trial

More rows, columns and the lengths of rows alike: one ``make_ratings("ml-20m")`` after the other, each with a seed of
its own, cut where there are enough cells. Each fit runs in a process of its own, which loads float32/int32 CSR arrays
from disk or maps them. `ns a cell` is the processor time of all threads for one iteration over the number of cells: the
same from first to last if time is linear. Memory is what the fit adds to the process, but for pages of files, which the
system takes back when it wants them: for a mapped matrix that is the factors and a constant, and for a transpose below
256 MB that too. Needs Linux, and 16 bytes of disk a cell.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from alsatian import ALS
from alsatian.console import print_table
from alsatian.datasets import make_ratings
from alsatian.models import NoEntryWarning
from common import MB, environment

PARTS = ("data", "indices", "indptr")
MILLION = 1_000_000


def anonymous() -> float:
    """Return the memory of this process that is no page of a file, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:")) * 1024 / MB


class Peak:
    """The largest value of `anonymous` while it is watched, fifty times a second."""

    def __enter__(self) -> Peak:
        self.value, self._done = anonymous(), threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self.value = max(self.value, anonymous())

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()


def measure(folder: Path, k: int, solver: str, mapped: bool, iterations: int) -> None:
    """Fit in this process and print what it took, as JSON."""
    ALS(2, max_iter=1, random_state=0).fit(np.eye(9))  # libraries loaded, threads started: not the fit's own
    shape = tuple(int(size) for size in np.load(folder / "shape.npy"))
    arrays = [np.load(folder / f"{part}.npy", mmap_mode="r" if mapped else None) for part in PARTS]
    X = csr_array(tuple(arrays), shape=shape)
    before, busy, began = anonymous(), time.process_time(), time.perf_counter()
    with Peak() as peak, warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)  # columns that no row of a short matrix has
        model = ALS(k, solver=solver, max_iter=iterations, tol=0, random_state=0).fit(X)
    whole, busy = time.perf_counter() - began, time.process_time() - busy
    columns = [record.seconds for record in model.history_ if record.step == "columns"]
    each = float(np.median(np.diff(columns)))  # the first one holds the setting up
    factors = (model.row_factors_.nbytes + model.column_factors_.nbytes) / MB
    found = {"cells": X.nnz, "rows": shape[0], "seconds": each, "processor": each * busy / whole, "whole": whole,
             "memory": peak.value - before, "factors": factors, "loss": model.history_.loss[-1]}  # fmt: skip
    print(json.dumps(found))


def write(folder: Path, cells: int) -> None:
    """Write the arrays of a matrix of about so many cells."""
    parts, stored, seed = [], 0, 0
    while stored < cells:
        X = make_ratings("ml-20m", random_state=seed).X
        rows = min(X.shape[0], int(np.searchsorted(X.indptr, cells - stored)))
        parts.append(X[:rows])
        stored, seed = stored + parts[-1].nnz, seed + 1
    lengths = np.concatenate([np.diff(part.indptr) for part in parts])
    indptr = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int32)
    np.save(folder / "data.npy", np.concatenate([part.data for part in parts]).astype(np.float32))
    np.save(folder / "indices.npy", np.concatenate([part.indices for part in parts]).astype(np.int32))
    np.save(folder / "indptr.npy", indptr)
    np.save(folder / "shape.npy", np.array((lengths.size, parts[0].shape[1])))


def in_own_process(folder: Path, solver: str, mapped: bool, args: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, "--measure", str(folder), "--solvers", solver, "--rank", str(args.rank)]
    command += ["--iterations", str(args.iterations)] + ["--map"] * mapped
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def draw(found: list[tuple[str, dict[str, Any]]], rank: int, path: Path) -> None:
    """Draw processor time and memory over cells, with lines of slope one."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    for axis, what, label in zip(
        axes, ("processor", "memory"), ("processor seconds of an iteration", "MB that the fit takes"), strict=True
    ):
        for number, name in enumerate(dict.fromkeys(who for who, _ in found)):
            points = sorted((one["cells"] / MILLION, one[what]) for who, one in found if who == name)
            x, y = np.array(points).T
            axis.plot(x, y, "o-", color=f"C{number}", label=name)
            axis.plot(x, y[-1] * x / x[-1], ":", color=f"C{number}", linewidth=1)
        axis.set(xscale="log", yscale="log", xlabel="million cells", ylabel=label)
        axis.grid(alpha=0.3)
    axes[0].legend(title=f"k = {rank}; dotted: linear")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", nargs="+", type=float, default=[1, 3, 10, 30, 100], help="in millions")
    parser.add_argument("--rank", type=int, default=64)
    parser.add_argument("--solvers", nargs="+", choices=["exact", "cg", "subspace"], default=["exact", "cg"])
    parser.add_argument("--iterations", type=int, default=3, help="of each fit; two at least")
    parser.add_argument("--no-map", action="store_true", help="leave out the fits of a mapped matrix")
    parser.add_argument("--folder", type=Path, help="where the arrays are written; a temporary one if left out")
    parser.add_argument("--plot", type=Path, help="also draw a picture")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--map", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure is not None:
        measure(args.measure, args.rank, args.solvers[0], args.map, args.iterations)
        return

    print(environment())
    contestants = [(solver, solver, False) for solver in args.solvers]
    if not args.no_map:
        contestants.append((f"{args.solvers[-1]}, mapped", args.solvers[-1], True))
    found: list[tuple[str, dict[str, Any]]] = []
    for million in args.cells:
        with tempfile.TemporaryDirectory(dir=args.folder) as name:
            write(Path(name), int(million * MILLION))
            for who, solver, mapped in contestants:
                found.append((who, in_own_process(Path(name), solver, mapped, args)))
                print(f"  {million:g} million, {who}: {found[-1][1]['seconds']:.2f} s", flush=True)
    lines = [
        [
            f"{one['cells']:,}", f"{one['rows']:,}", who, f"{one['seconds']:.2f}", f"{one['processor']:.2f}",
            f"{one['processor'] / one['cells'] * 1e9:.0f}", f"{one['memory']:.0f}", f"{one['factors']:.0f}",
            f"{one['cells'] * 8 / MB:.0f}",
        ]
        for who, one in found
    ]  # fmt: skip
    print_table(
        ["cells", "rows", "fit", "s", "CPU s", "ns a cell", "fit takes MB", "factors MB", "X MB"], lines,
        align=["right", "right", "left", *["right"] * 6],
        title=f"An iteration of ALS by the number of cells, k = {args.rank}",
    )  # fmt: skip
    if args.plot:
        draw(found, args.rank, args.plot)


if __name__ == "__main__":
    main()
