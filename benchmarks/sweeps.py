"""How many iterations over-relaxation saves on MovieLens 1M: to within 1 %, 0.1 % and 0.01 % of the converged loss.

    python benchmarks/sweeps.py
    python benchmarks/sweeps.py --components 64 --seeds 0 1 2 3 4

All 1,000,209 ratings, no bias, ν = 1. The converged loss of a start is the lowest that a long over-relaxed fit from the
same start reaches. Iterations are counted on one long fit of each kind; a fit that stops there ends with an exact
iteration, which can only do better.

The ratings are read from the folder in ``ALSATIAN_DATA`` (or ``--data-home``), or else downloaded on first use.
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np
from numpy.typing import NDArray

from alsatian import ALS
from alsatian.console import print_table
from alsatian.datasets import fetch_movielens
from common import environment, verdict

MARGINS = (0.01, 0.001, 0.0001)
DECISIVE = 0.001
AT_MOST = 15


def iterations_to(loss: NDArray[np.float64], limit: float) -> int | None:
    """Give the first iteration, from 1, with a loss of at most `limit`."""
    reached = np.flatnonzero(loss <= limit)
    return int(reached[0]) + 1 if reached.size else None


def shown(count: int | None, longest: int) -> str:
    return f"> {longest}" if count is None else str(count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--components", type=int, default=32, metavar="K")
    parser.add_argument("--reg", type=float, default=0.05)
    parser.add_argument("--reg-exponent", type=float, default=1.0)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--plain-iterations", type=int, default=150)
    parser.add_argument("--converged-iterations", type=int, default=300)
    parser.add_argument("--dtype", default="float64", choices=["float32", "float64"])
    parser.add_argument("--data-home", help="folder that holds ml-1m")
    args = parser.parse_args()

    print(environment())
    X = fetch_movielens("1m", data_home=args.data_home).X.astype(args.dtype)

    def losses(relaxation: str | float, iterations: int, seed: int) -> NDArray[np.float64]:
        model = ALS(
            args.components, reg=args.reg, reg_exponent=args.reg_exponent, relaxation=relaxation, max_iter=iterations,
            tol=0, random_state=seed,
        ).fit(X)  # fmt: skip
        return np.asarray([record.loss for record in model.history_ if record.step == "columns"])

    lines = []
    decisive = []
    for seed in args.seeds:
        relaxed = losses("auto", args.converged_iterations, seed)
        plain = losses(1.0, args.plain_iterations, seed)
        best = min(float(relaxed.min()), float(plain.min()))
        for name, course in (("over-relaxed", relaxed), ("plain", plain)):
            counts = [iterations_to(course, best * (1 + margin)) for margin in MARGINS]
            lines.append([str(seed), name, *(shown(count, course.size) for count in counts), f"{best:.2f}"])
            if name == "over-relaxed":
                decisive.append(counts[MARGINS.index(DECISIVE)])
    print_table(
        ["seed", "iterations", *(f"to {margin:.2%}" for margin in MARGINS), "converged loss"],
        lines, align=["left", "left", *["right"] * (len(MARGINS) + 1)],
        title=f"Iterations to within a margin of the converged loss, k = {args.components}, λ = {args.reg:g}",
    )  # fmt: skip
    found = [count for count in decisive if count is not None]
    met = len(found) == len(decisive) and max(found) <= AT_MOST
    print(f"Over-relaxed to {DECISIVE:.1%}: median {statistics.median(found) if found else 'none'}; "
          f"required at most {AT_MOST} (k = 32): {verdict(met)}")  # fmt: skip


if __name__ == "__main__":
    main()
