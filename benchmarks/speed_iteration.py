"""One exact iteration, rows and columns, against the exact solvers of irspack, cmfrec and implicit.

    python benchmarks/speed_iteration.py --components 64 128
    python benchmarks/speed_iteration.py --objective implicit --components 64 128 256 --peers irspack implicit
    python benchmarks/speed_iteration.py --components 64 --peers irspack --rounds 7

All work on the cells of ``make_ratings("ml-20m")`` (138,493 × 26,744, 20,000,263 cells) in float32 with the same number
of threads. irspack's and implicit's solve the implicit problem, cmfrec's the explicit one, ours what `--objective`
says: the implicit one adds a product of the factors with themselves to each half-step and is otherwise the same
arithmetic. Its values are set to one. Every contestant takes its turn in every round (`--slow-rounds` spares the
slowest), so read the ratios: times alone say little on a machine that does other work.

- alsatian, half-steps: the two native calls that make an iteration of a fit.
- alsatian, fit: `ALS.fit` (or `ImplicitALS.fit`) with 3 plain iterations, divided by 3; transposition, loss and closing
  row step are in it.
- irspack: `IALSTrainer.run_epoch` with SolverType.CHOLESKY.
- cmfrec: `CMF(use_cg=False, finalize_chol=False, niter=1)` less the same with ``niter=0``, which only sets up.
- implicit (``--peers implicit``): `AlternatingLeastSquares(use_cg=False)`, one iteration of `fit`; BLAS in one thread
  within each of its threads, as it asks for.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix, csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from alsatian import ALS, ImplicitALS
from alsatian._engine.cells import row_counts, transpose
from alsatian._engine.contract import Cells, ials
from alsatian.console import print_table
from alsatian.datasets import make_ratings
from alsatian.models._confidence import implicit_cells, implicit_counts
from alsatian.models._fit import Factors, Side, solve_side
from alsatian.models._inputs import cells_of
from common import Times, environment, free_blas, in_turns, peer, ratios, spread, verdict

REQUIRED = {"irspack": 1.8, "cmfrec": 10.0, "implicit": 10.0}
UNOBSERVED = 0.1  # α₀
RIDGE = 0.05
ITERATIONS = 3
OURS = "alsatian, half-steps"

Contestant = Callable[[], float | None]


def half_steps(X: csr_array, k: int, threads: int, objective: str) -> Contestant:
    rows = ones_cells(X) if objective == "implicit" else cells_of(X, None, absent_zero=False)
    both = [rows, transpose(rows)]
    if objective == "implicit":
        sides = [Side(cells, (0.01, 0.0), implicit_counts(cells, observed_only=False)) for cells in both]
    else:
        sides = [Side(cells, (RIDGE, RIDGE), row_counts(cells).astype(np.float64)) for cells in both]
    m, n = X.shape
    columns = 0.3 * np.random.default_rng(0).standard_normal((n, k), dtype=np.float32)
    factors = Factors(np.zeros((m, k), dtype=np.float32), columns, None, None)

    def iteration() -> None:
        solve_side(sides[0], factors.columns, None, 0.0, out=factors.rows, out_bias=None, n_jobs=threads)
        solve_side(sides[1], factors.rows, None, 0.0, out=factors.columns, out_bias=None, n_jobs=threads)

    return iteration


def ones_cells(X: csr_array) -> Cells:
    """Return the cells of "ials" with a confidence of one."""
    return implicit_cells(ones_of(X), lambda alpha: ials(alpha, UNOBSERVED), 1.0, "linear", 1.0)


def ones_of(X: csr_array) -> csr_matrix:
    return csr_matrix((np.ones(X.nnz, dtype=np.float32), X.indices, X.indptr), shape=X.shape)


def whole_fit(X: csr_array, k: int, threads: int, objective: str) -> Contestant:
    how = {"relaxation": 1.0, "max_iter": ITERATIONS, "tol": 0, "random_state": 0, "n_jobs": threads}
    if objective == "implicit":
        X, model = ones_of(X), ImplicitALS(k, unobserved_weight=UNOBSERVED, reg=0.01, **how)
    else:
        model = ALS(k, reg=RIDGE, **how)

    def fit() -> float:
        began = time.perf_counter()
        model.fit(X)
        return (time.perf_counter() - began) / ITERATIONS

    return fit


def irspack_exact(X: csr_array, k: int, threads: int) -> Contestant | None:
    if (ials := peer("irspack.recommenders.ials")) is None:
        return None
    ones = ones_of(X)
    trainer = ials.IALSTrainer(
        ones, k, alpha0=UNOBSERVED, reg=0.01, nu=1.0, init_std=0.1, solver_type=ials.SolverType.CHOLESKY,
        max_cg_steps=3, ialspp_subspace_dimension=64, loss_type=ials.LossType.IALSPP, random_seed=0, n_threads=threads,
        prediction_time_max_cg_steps=3, prediction_time_ialspp_iteration=1,
    )  # fmt: skip
    return trainer.run_epoch


def cmfrec_exact(X: csr_array, k: int, threads: int) -> Contestant | None:
    if (cmfrec := peer("cmfrec")) is None:
        return None
    cells = coo_matrix(X.tocoo())

    def fit(iterations: int) -> float:
        model = cmfrec.CMF(
            k, lambda_=RIDGE, method="als", use_cg=False, finalize_chol=False, niter=iterations, user_bias=False,
            item_bias=False, center=False, scale_lam=True, use_float=True, nthreads=threads, verbose=False,
            precompute_for_predictions=False, handle_interrupt=False,
        )  # fmt: skip
        began = time.perf_counter()
        model.fit(cells)
        return time.perf_counter() - began

    def iteration() -> float:
        setup = fit(0)
        return fit(1) - setup

    return iteration


def implicit_exact(X: csr_array, k: int, threads: int) -> Contestant | None:
    if (als := peer("implicit.cpu.als")) is None:
        return None
    ones = ones_of(X)
    with threadpool_limits(1, user_api="blas"):
        model = als.AlternatingLeastSquares(
            k, regularization=0.01, use_cg=False, iterations=1, num_threads=threads, random_state=0
        )

    def fit() -> None:
        with threadpool_limits(1, user_api="blas"):
            model.fit(ones, show_progress=False)

    return fit


PEERS = {"irspack": irspack_exact, "cmfrec": cmfrec_exact, "implicit": implicit_exact}


def compare(X: csr_array, k: int, args: argparse.Namespace) -> list[list[str]]:
    """Time everybody at one k; give the lines of the table."""
    print(f"k = {k}", flush=True)
    contestants: dict[str, Contestant] = {OURS: half_steps(X, k, args.threads, args.objective)}
    if not args.no_fit:
        contestants["alsatian, fit"] = whole_fit(X, k, args.threads, args.objective)
    for name in args.peers:
        if (contestant := PEERS[name](X, k, args.threads)) is not None:
            contestants[name] = contestant
    contestants[OURS]()  # the first touch of memory and the start of the threads are nobody's business
    times = in_turns(contestants, args.rounds, fewer={"cmfrec": args.slow_rounds, "implicit": args.slow_rounds})
    return [line(k, name, taken, times[OURS]) for name, taken in times.items()]


def line(k: int, name: str, taken: Times, ours: Times) -> list[str]:
    shown = [str(k), name, str(len(taken.seconds)), f"{taken.least:.2f}", f"{taken.median:.2f}"]
    shown.append(f"{statistics.median(taken.processor):.2f}")
    if name == OURS:
        return [*shown, "", "", ""]
    ratio, pairs = ratios(taken, ours)
    required = REQUIRED.get(name)
    outcome = "" if required is None else f"≥ {required:g}: {verdict(ratio >= required)}"
    return [*shown, f"{ratio:.2f}", f"{taken.least / ours.least:.2f}", f"{spread(pairs)}  {outcome}".rstrip()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--components", nargs="+", type=int, default=[64, 128], metavar="K")
    parser.add_argument("--objective", choices=["explicit", "implicit"], default="explicit", help="what ours solves")
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=["irspack", "cmfrec"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow-rounds", type=int, default=3, help="rounds in which cmfrec and implicit take part")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shape", default="ml-20m", help="preset of make_ratings, e.g. ml-1m for a trial")
    parser.add_argument("--no-fit", action="store_true", help="leave out the whole fits of alsatian")
    args = parser.parse_args()

    print(environment(*args.peers, "threadpoolctl"))
    X = make_ratings(args.shape, random_state=0).X
    print(f"{args.shape}: {X.shape[0]} x {X.shape[1]}, {X.nnz} cells, float32, {args.threads} threads", flush=True)
    lines = [entry for k in args.components for entry in compare(X, k, args)]
    print()
    print_table(
        ["k", "who", "rounds", "min s", "median s", "CPU s", "× ours (median)", "(min)", "× ours, round by round"],
        lines, align=["right", "left", *["right"] * 6, "left"], title="One exact iteration, both sides",
    )  # fmt: skip


if __name__ == "__main__":
    free_blas()
    main()
