"""Every library on one problem: seconds and loss by iterations, seconds to within 0.1 % of the best loss, memory.

    python benchmarks/versus/run.py                                    # everything: hours, nearly all of it the peers'
    python benchmarks/versus/run.py --shape ml-1m --rank 32 --peers irspack:cg implicit:cg   # minutes, for a trial

Each peer runs in a virtual environment of its own, made on first use from ``requirements/`` under ``--environments``.
All get the same matrix (``make_ratings``), rank, number of threads and objective, as `alsatian.compat` translates it:

- explicit: ½ Σ_Ω (x − s)² and a ridge times the count of a row (alsatian, cmfrec, LIBMF, Spark);
- implicit: ½ Σ_all C (P − s)² with C = α on observed cells and 1 elsewhere, and a plain ridge (alsatian, irspack,
  implicit, cmfrec).

The loss of all of them is that of `alsatian.objective`, from the factors that they leave; the best is the least that
anybody reached. The time is that of the whole call, setting up included, but not what it takes to look at the factors.
Libraries that cannot be watched (cmfrec, LIBMF, Spark) are fitted anew for each number of iterations.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

sys.path.insert(0, str(Path(__file__).parents[1]))  # for common

import common
from alsatian.console import print_table
from alsatian.datasets import make_ratings
from alsatian.objective import loss

HERE = Path(__file__).parent
WITHIN = 1e-3  # of the best loss
CHECKPOINTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50)
PROBLEMS: dict[str, dict[str, Any]] = {
    "explicit": {"kind": "explicit", "reg": 0.05},
    "implicit": {"kind": "implicit", "alpha": 10.0, "reg": 1.0},
}
ANEW = {"cmfrec": (5, 10, 20, 30), "libmf": (10, 20, 30), "spark": (1, 2, 5, 10)}  # libraries that cannot be watched
WHO = {
    "explicit": ("alsatian:auto", "alsatian:exact", "alsatian:cg", "alsatian:subspace", "cmfrec:cg", "cmfrec:exact",
                 "libmf:sgd", "spark:exact"),
    "implicit": ("alsatian:auto", "alsatian:exact", "alsatian:cg", "alsatian:subspace", "irspack:cg",
                 "irspack:subspace", "irspack:exact", "implicit:cg", "implicit:exact", "cmfrec:cg", "cmfrec:exact"),
}  # fmt: skip


@dataclass
class Course:
    """How one contestant went."""

    who: str
    version: str
    iterations: list[int]
    seconds: list[float]
    losses: list[float]
    mebibytes: float

    def until(self, limit: float) -> float | None:
        """Return the seconds of the first fit whose loss is no larger than the limit."""
        return next((s for s, f in zip(self.seconds, self.losses, strict=True) if f <= limit), None)

    def an_iteration(self) -> float:
        """Return the seconds of one iteration: the slope between the first and the last, or the first alone."""
        spans = (self.seconds[-1] - self.seconds[0]), (self.iterations[-1] - self.iterations[0])
        return spans[0] / spans[1] if spans[1] else self.seconds[0] / self.iterations[0]


def python_of(library: str, environments: Path) -> str:
    """Return the interpreter that has the library, making its environment where there is none."""
    if library == "alsatian":
        return sys.executable
    home = environments / library
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = home / "installed"
    wanted = (HERE / "requirements" / f"{library}.txt").read_text(encoding="utf-8")
    if not done.exists() or done.read_text(encoding="utf-8") != wanted:
        print(f"making an environment for {library} ...", flush=True)
        venv.create(home, with_pip=True, clear=True)
        requirements = str(HERE / "requirements" / f"{library}.txt")
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
        done.write_text(wanted, encoding="utf-8")
    return str(python)


def fit(who: str, problem: str, rank: int, data: Path, args: argparse.Namespace) -> Course | None:
    """Run one contestant in a process of its own, and measure the loss of all that it left."""
    library, solver = who.split(":")
    settings = PROBLEMS[problem]
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        spec = {
            "data": str(data), "library": library, "solver": solver, "problem": settings, "k": rank,
            "threads": args.threads, "checkpoints": [c for c in ANEW.get(library, CHECKPOINTS) if c <= args.iterations],
            "out": folder, "patience": args.patience,
        }  # fmt: skip
        asked = Path(folder) / "spec.json"
        asked.write_text(json.dumps(spec), encoding="utf-8")
        print(f"{problem} k = {rank}  {who} ...", flush=True)
        try:
            command = [python_of(library, args.environments), str(HERE / "worker.py"), str(asked)]
            subprocess.run(command, check=True, env=pinned(library, args.threads))
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"  {who} is left out: {error}", flush=True)
            return None
        told = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
        x = cells_of(data, settings)
        losses = []
        for entry in told["told"]:
            with np.load(Path(folder) / f"{entry['iterations']}.npz") as factors:
                losses.append(loss_of(x, factors["W"], factors["Z"], settings))
            print(f"  {entry['iterations']:3} iterations  {entry['seconds']:8.2f} s  loss {losses[-1]:.8g}", flush=True)
    return Course(
        who, told["version"], [e["iterations"] for e in told["told"]], [e["seconds"] for e in told["told"]], losses,
        told["bytes"] / 2**20,
    )  # fmt: skip


def pinned(library: str, threads: int) -> dict[str, str]:
    """Return the environment of a worker: as many threads for everybody, one each where a library asks for that."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "MKL_"))}
    environment["OMP_NUM_THREADS"] = str(threads)
    if library == "implicit":
        environment["OPENBLAS_NUM_THREADS"] = environment["MKL_NUM_THREADS"] = "1"
    return environment


def cells_of(data: Path, settings: dict[str, Any]) -> csr_array:
    """Return the matrix that the loss is of."""
    with np.load(data) as stored:
        x = csr_array((stored["data"], stored["indices"], stored["indptr"]), shape=tuple(stored["shape"]))
    if settings["kind"] == "implicit":
        x = csr_array((np.ones(x.nnz, np.float32), x.indices, x.indptr), shape=x.shape)
    return x


def loss_of(x: csr_array, w: np.ndarray, z: np.ndarray, settings: dict[str, Any]) -> float:
    """Return the loss of factors, by the plain statement of it."""
    if settings["kind"] == "explicit":
        return float(loss(x, w, z, reg=settings["reg"]))
    implicit = {"objective": "hkv", "alpha": settings["alpha"] - 1, "unobserved_weight": 1.0, "reg_exponent": 0.0}
    return float(loss(x, w, z, reg=settings["reg"], **implicit))


def table(problem: str, rank: int, courses: list[Course]) -> list[list[str]]:
    """Return the lines of the table, the quickest first."""
    best = min(min(course.losses) for course in courses)
    limit = (1 + WITHIN) * best
    reached = {course.who: course.until(limit) for course in courses}
    peers = [s for who, s in reached.items() if s is not None and not who.startswith("alsatian")]
    lines = []
    for course in sorted(courses, key=lambda c: reached[c.who] or np.inf):
        seconds = reached[course.who]
        ratio = f"{seconds / min(peers):.2f}" if seconds is not None and peers else ""
        lines.append([
            problem, str(rank), course.who, course.version, f"{course.an_iteration():.2f}",
            "not reached" if seconds is None else f"{seconds:.1f}", ratio,
            f"{min(course.losses) / best - 1:+.2%}", f"{course.mebibytes:.0f}",
        ])  # fmt: skip
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="ml-20m", help="preset of make_ratings")
    parser.add_argument("--rank", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--problem", nargs="+", choices=sorted(PROBLEMS), default=sorted(PROBLEMS))
    everybody = sorted({who for contestants in WHO.values() for who in contestants})
    peers = [who for who in everybody if not who.startswith("alsatian")]
    solvers = [who.split(":")[1] for who in everybody if who.startswith("alsatian")]
    parser.add_argument(
        "--peers", nargs="+", choices=peers, metavar="WHO", help=f"of {', '.join(peers)}; all otherwise"
    )
    parser.add_argument("--ours", nargs="+", choices=solvers, help="our solvers to run; all of them otherwise")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=30, help="at most")
    parser.add_argument("--patience", type=float, default=600, help="seconds after which a contestant is stopped")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "alsatian-versus")
    parser.add_argument("--scratch", type=Path, help="folder for factors; the system's otherwise")
    parser.add_argument("--out", type=Path, help="keep the courses as JSON, for plot.py")
    args = parser.parse_args()
    print(common.environment(), f"\n{time.strftime('%Y-%m-%d')}", flush=True)
    for folder in filter(None, (args.environments, args.scratch)):
        folder.mkdir(parents=True, exist_ok=True)
    lines, kept = [], []
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        data = Path(folder) / "cells.npz"
        x = csr_array(make_ratings(args.shape, random_state=0).X)
        np.savez(data, data=x.data.astype(np.float32), indices=x.indices, indptr=x.indptr, shape=x.shape)
        print(f"{args.shape}: {x.shape[0]} x {x.shape[1]}, {x.nnz} cells, {args.threads} threads", flush=True)
        del x
        for problem, rank in itertools.product(args.problem, args.rank):
            chosen = [who for who in WHO[problem] if wanted(who, args)]
            courses = [course for who in chosen if (course := fit(who, problem, rank, data, args)) is not None]
            lines += table(problem, rank, courses) if courses else []
            kept += [{"problem": problem, "rank": rank, **vars(course)} for course in courses]
    print()
    print_table(
        ["problem", "k", "who", "version", "s an iteration", f"s to {WITHIN:.1%} of the best loss", "× fastest peer",
         "least loss", "+ MiB"],
        lines, align=["left", "right", "left", "left", *["right"] * 5],
        title=f"{args.shape}, {args.threads} threads",
    )  # fmt: skip
    if args.out:
        args.out.write_text(json.dumps(kept, indent=1), encoding="utf-8")


def wanted(who: str, args: argparse.Namespace) -> bool:
    """Return whether a contestant takes part."""
    library, solver = who.split(":")
    if library == "alsatian":
        return not args.ours or solver in args.ours
    return not args.peers or who in args.peers


if __name__ == "__main__":
    common.free_blas()
    main()
