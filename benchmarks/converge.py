"""Seconds to within 0.1 % of the converged loss: each solver of alsatian against cmfrec, irspack and implicit.

    python benchmarks/converge.py --problem explicit --components 64
    python benchmarks/converge.py --problem ials --components 64 128 --peers irspack
    python benchmarks/converge.py --shape ml-1m --problem explicit ials hkv

All work on the cells of ``make_ratings("ml-20m")`` in float32 with the same number of threads. Each problem is one
objective, which all contestants of it minimise, from random starts of their own:

- explicit: ratings, λ = 0.05 by the count (ALS-WR). cmfrec with three steps of conjugate gradients, as it comes.
- ials: cells of confidence one, α₀ = 0.1, λ = 0.01 by the count. irspack with three steps of conjugate gradients, and
  with iALS++ in blocks of 64.
- hkv: cells of confidence ten, all others one, λ = 1. implicit with three steps of conjugate gradients, as it comes.

The loss of all of them is evaluated by one and the same code, in float64, from their factors. The converged loss is the
lowest that any of them reaches. What counts is the time of iterations alone: reading, transposing, the evaluation of
the loss, and our closing row half-step are left out for all. A contestant runs until it is within the margin of the
converged loss, or until `--iterations`, or the `--patience` with peers, runs out. cmfrec cannot be gone on with: it is
fitted anew with more and more iterations, and its time is that of the fit less that of one without iterations.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_array, csr_matrix

from alsatian import ALS, ImplicitALS
from alsatian._engine.cells import row_counts, transpose
from alsatian._engine.contract import Cells, Inexact, hkv, ials
from alsatian._engine.native import half_step
from alsatian.console import print_table
from alsatian.datasets import make_ratings
from alsatian.models._confidence import implicit_cells, implicit_counts
from alsatian.models._fit import Side, ridge_of
from alsatian.models._inputs import cells_of
from common import environment, free_blas, peer

MARGIN = 1e-3
SOLVERS = ("exact", "cg", "subspace")
CONFIDENCE = 10.0

Factors = tuple[NDArray[Any], NDArray[Any]]
Course = Iterator[tuple[float, float, Factors]]  # seconds and processor seconds so far, and the factors


@dataclass
class Problem:
    """One objective on one matrix."""

    name: str
    X: csr_array
    threads: int
    ridge: float
    rows: Cells = field(init=False)
    sides: tuple[Side, Side] = field(init=False)

    def __post_init__(self) -> None:
        if self.name == "explicit":
            self.rows = cells_of(self.X, None, absent_zero=False)
        elif self.name == "ials":
            self.rows = implicit_cells(self.ones(), lambda alpha: ials(alpha, 0.1), 1.0, "linear", 1.0)
        else:
            rule = lambda alpha: hkv(alpha, 1.0)  # noqa: E731
            self.rows = implicit_cells(self.ones(), rule, CONFIDENCE - 1.0, "linear", 1.0)
        both = (self.rows, transpose(self.rows))
        self.sides = (self._side(both[0]), self._side(both[1]))

    def _side(self, cells: Cells) -> Side:
        counts = {
            "explicit": lambda: np.asarray(row_counts(cells), dtype=np.float64),
            "ials": lambda: np.asarray(implicit_counts(cells, False), dtype=np.float64),
            "hkv": lambda: np.ones(cells.shape[0]),
        }[self.name]()
        return Side(cells, (self.ridge, 0.0), counts)

    def ones(self) -> csr_matrix:
        """Return the cells with the value one."""
        return csr_matrix((np.ones(self.X.nnz, np.float32), self.X.indices, self.X.indptr), shape=self.X.shape)

    def loss(self, factors: Factors) -> float:
        """Return the objective: that of rows which take no step."""
        rows, columns = (np.array(side, dtype=np.float32, order="C") for side in factors)
        typical = np.vstack([np.ones(rows.shape[1]), np.zeros(rows.shape[1])])
        side = self.sides[0]
        result = half_step(
            side.cells, columns, offset=None, ridge=side.ridge, scale=side.scale, out=rows, out_bias=None,
            n_jobs=self.threads, inexact=Inexact("cg", 0, 0.0, 0, typical),
        )  # fmt: skip
        return float(result.fit.sum() + result.ridge.sum()) + ridge_of(self.sides[1], columns, None)

    def ours(self, solver: str, k: int, iterations: int, **how: Any) -> Any:
        """Return a fitted model of ours."""
        how |= {"solver": solver, "max_iter": iterations, "tol": 0, "random_state": 0, "n_jobs": self.threads}
        if self.name == "explicit":
            return ALS(k, reg=self.ridge, **how).fit(self.X)
        how |= {"alpha": 1.0, "confidence": "linear", "unobserved_weight": 0.1, "objective": "ials"}
        if self.name == "hkv":
            how |= {"alpha": CONFIDENCE - 1, "unobserved_weight": 1.0, "objective": "hkv", "reg_exponent": 0.0}
        return ImplicitALS(k, reg=self.ridge, **how).fit(self.ones())


def stepwise(step: Callable[[], object], factors: Callable[[], Factors]) -> Course:
    """Go on step by step, and time the steps alone."""
    seconds = busy = 0.0
    while True:
        began, processor = time.perf_counter(), time.process_time()
        step()
        seconds += time.perf_counter() - began
        busy += time.process_time() - processor
        yield seconds, busy, factors()


def irspack(problem: Problem, k: int, method: str) -> Course | None:
    """irspack's trainer, one epoch after the other."""
    if (module := peer("irspack.recommenders.ials")) is None:
        return None
    trainer = module.IALSTrainer(
        problem.ones(), k, alpha0=0.1, reg=problem.ridge, nu=1.0, init_std=0.1,
        solver_type=getattr(module.SolverType, method), max_cg_steps=3, ialspp_subspace_dimension=64,
        loss_type=module.LossType.IALSPP, random_seed=0, n_threads=problem.threads, prediction_time_max_cg_steps=3,
        prediction_time_ialspp_iteration=1,
    )  # fmt: skip
    return stepwise(trainer.run_epoch, lambda: (trainer.core_trainer.user, trainer.core_trainer.item))


def implicit(problem: Problem, k: int) -> Course | None:
    """implicit's model, fitted by one iteration after the other: it goes on from where it is."""
    if (als := peer("implicit.cpu.als")) is None:
        return None
    from threadpoolctl import threadpool_limits

    cells = problem.ones() * np.float32(CONFIDENCE)
    limits = threadpool_limits(1, user_api="blas")  # as it asks for
    model = als.AlternatingLeastSquares(
        k, regularization=problem.ridge, use_cg=True, iterations=1, num_threads=problem.threads, random_state=0
    )
    assert limits is not None
    return stepwise(lambda: model.fit(cells, show_progress=False), lambda: (model.user_factors, model.item_factors))


def cmfrec(problem: Problem, k: int) -> Course | None:
    """Fits of cmfrec with 4, 8, 12, … iterations, each from the start."""
    if (module := peer("cmfrec")) is None:
        return None
    cells = coo_matrix(problem.X.tocoo())

    def fitted(iterations: int) -> tuple[float, float, Factors]:
        model = module.CMF(
            k, lambda_=problem.ridge, method="als", use_cg=True, max_cg_steps=3, finalize_chol=False, niter=iterations,
            user_bias=False, item_bias=False, center=False, scale_lam=True, use_float=True, nthreads=problem.threads,
            verbose=False, precompute_for_predictions=False, handle_interrupt=False,
        )  # fmt: skip
        began, processor = time.perf_counter(), time.process_time()
        model.fit(cells)
        return time.perf_counter() - began, time.process_time() - processor, (model.A_, model.B_)

    setup = fitted(0)
    iterations = 8
    while True:
        seconds, busy, factors = fitted(iterations)
        yield seconds - setup[0], busy - setup[1], factors
        iterations = iterations * 5 // 4


@dataclass
class Outcome:
    """The losses of one contestant over the time it took."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def reached(self, limit: float) -> int | None:
        """Give the place of the first loss of at most `limit`."""
        found = np.flatnonzero(np.array(self.losses) <= limit)
        return int(found[0]) if found.size else None


def of_ours(problem: Problem, solver: str, k: int, iterations: int, block: int) -> Outcome:
    processor = time.process_time()
    model = problem.ours(solver, k, iterations, block_size=block)
    processor = time.process_time() - processor
    records = [record for record in model.history_ if record.step == "columns"]
    seconds = [record.seconds for record in records]
    share = processor / model.history_[-1].seconds
    told, found = model.history_.loss[-1], problem.loss((model.row_factors_, model.column_factors_))
    assert abs(told - found) <= 1e-4 * found, f"history_ says {told}, the factors {found}"
    return Outcome(seconds, [share * s for s in seconds], [record.loss for record in records])


def of_theirs(problem: Problem, course: Course, limit: float, patience: float) -> Outcome:
    outcome = Outcome()
    for seconds, processor, factors in course:
        outcome.seconds.append(seconds)
        outcome.processor.append(processor)
        outcome.losses.append(problem.loss(factors))
        print(f"    {seconds:8.1f} s  {outcome.losses[-1] / limit - 1:+.3%} of the limit", flush=True)
        if outcome.losses[-1] <= limit or seconds > patience:
            break
    return outcome


def peers_of(problem: Problem, k: int, names: list[str]) -> dict[str, Course | None]:
    """Return the contestants that minimise this objective."""
    if problem.name == "explicit":
        return {"cmfrec, CG": cmfrec(problem, k)} if "cmfrec" in names else {}
    if problem.name == "hkv":
        return {"implicit, CG": implicit(problem, k)} if "implicit" in names else {}
    methods = {"irspack, CG": "CG", "irspack, iALS++": "IALSPP"} if "irspack" in names else {}
    return {name: irspack(problem, k, method) for name, method in methods.items()}


def compare(problem: Problem, k: int, args: argparse.Namespace) -> list[list[str]]:
    """Run all contestants of one problem; give the lines of the table."""
    print(f"{problem.name}, k = {k}", flush=True)
    outcomes: dict[str, Outcome] = {}
    for solver in args.solvers:
        outcomes[f"alsatian, {solver}"] = outcome = of_ours(problem, solver, k, args.iterations, args.block_size)
        print(f"  {solver}: {outcome.seconds[-1] / args.iterations:.2f} s an iteration, "
              f"loss {outcome.losses[-1]:.6g}", flush=True)  # fmt: skip
    known = [] if args.converged is None else [args.converged]
    best = min(known + [loss for outcome in outcomes.values() for loss in outcome.losses])
    for name, course in peers_of(problem, k, args.peers).items():
        if course is not None:
            print(f"  {name}", flush=True)
            outcomes[name] = of_theirs(problem, course, best * (1 + MARGIN), args.patience)
    best = min(known + [loss for outcome in outcomes.values() for loss in outcome.losses])
    return [line(problem.name, k, name, outcome, best) for name, outcome in outcomes.items()]


def line(problem: str, k: int, name: str, outcome: Outcome, best: float) -> list[str]:
    place = outcome.reached(best * (1 + MARGIN))
    count = "" if place is None or name.startswith("cmfrec") else str(place + 1)
    each = "" if name.startswith("cmfrec") else f"{outcome.seconds[-1] / len(outcome.seconds):.2f}"
    if place is None:
        last = f"{outcome.losses[-1] / best - 1:.2%}"
        return [problem, str(k), name, each, "", f"> {outcome.seconds[-1]:.0f}", f"> {outcome.processor[-1]:.0f}", last]
    margin = f"{outcome.losses[place] / best - 1:.3%}"
    return [
        problem,
        str(k),
        name,
        each,
        count,
        f"{outcome.seconds[place]:.1f}",
        f"{outcome.processor[place]:.1f}",
        margin,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["explicit", "ials", "hkv"]
    parser.add_argument("--problem", nargs="+", choices=names, default=names)
    parser.add_argument("--components", nargs="+", type=int, default=[64, 128], metavar="K")
    parser.add_argument("--solvers", nargs="*", choices=[*SOLVERS, "auto"], default=list(SOLVERS))
    parser.add_argument("--block-size", type=int, default=32, help="of subspace")
    parser.add_argument("--peers", nargs="*", choices=["cmfrec", "irspack", "implicit"],
                        default=["cmfrec", "irspack", "implicit"])  # fmt: skip
    parser.add_argument("--iterations", type=int, default=25, help="of alsatian, which make the converged loss")
    parser.add_argument("--converged", type=float, help="the converged loss, where an earlier run has found it")
    parser.add_argument("--patience", type=float, default=300, help="seconds of iterations after which a peer is left")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shape", default="ml-20m", help="preset of make_ratings, e.g. ml-1m for a trial")
    args = parser.parse_args()

    print(environment(*args.peers, "threadpoolctl"))
    X = make_ratings(args.shape, random_state=0).X
    print(f"{args.shape}: {X.shape[0]} x {X.shape[1]}, {X.nnz} cells, float32, {args.threads} threads", flush=True)
    lines = []
    for name in args.problem:
        problem = Problem(name, X, args.threads, {"explicit": 0.05, "ials": 0.01, "hkv": 1.0}[name])
        for k in args.components:
            lines += compare(problem, k, args)
    print_table(
        ["problem", "k", "who", "s / iteration", "iterations", "seconds", "CPU s", "above"],
        lines, align=["left", "right", "left", *["right"] * 5],
        title=f"To within {MARGIN:.1%} of the converged loss",
    )  # fmt: skip


if __name__ == "__main__":
    free_blas()
    main()
