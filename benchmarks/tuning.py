"""A search with warm starts against the same search without: time to the same quality.

    python benchmarks/tuning.py                                # MovieLens 1M and Gowalla, one seed each
    python benchmarks/tuning.py --sets ml-1m --seeds 0 1 2 3 4

Both searches are `alsatian.evaluation.tune` with the same sampler and seed, the same number of trials, the same rule
that ends a fit and the same pruning; one starts every fit anew, the other from the nearest fit, after a first fit whose
time counts. MovieLens 1M is judged by the RMSE on a tenth of its cells, Gowalla by NDCG@20 on its given validation part
and the same 5000 users throughout. What counts is the time until the warm search has a trial as good as the best of the
cold one, over the whole time of the cold one. Two searches propose other points as soon as one value differs, and one
of them may be lucky: so several seeds say more than one.

Times are those of the fits with their looks at held-out cells, on the clock and as processor time of all threads, which
other work on the machine changes less. At last the best of each search is fitted anew from a random start, and
measured: "anew" has both.
"""

from __future__ import annotations

import argparse
import os
import statistics
from pathlib import Path

import numpy as np

from alsatian import ALS, ImplicitALS, Interactions
from alsatian.console import print_table
from alsatian.data.files import read_parquet
from alsatian.datasets import fetch_movielens
from alsatian.evaluation import Tuning, splits, tune
from common import environment, verdict

GOAL = 1 / 3


def ml_1m(args: argparse.Namespace) -> tuple[splits.Split, object, str, dict]:
    """Ratings, and what is searched: rank, λ, ν and the ridge of the biases."""
    films = fetch_movielens("1m", data_home=args.data_home)
    ratings = Interactions.from_arrays(films.rows, films.columns, films.ratings)
    space = {
        "n_components": (8, args.max_rank or 64), "reg": (0.01, 0.5), "reg_exponent": (0.0, 1.0),
        "bias_reg": (1e-3, 1.0),
    }  # fmt: skip
    return splits.random_cells(ratings, test=0.1, validation=0.1), ALS(bias="both", dtype="float32"), "rmse", space


def gowalla(args: argparse.Namespace) -> tuple[splits.Split, object, str, dict]:
    """Check-ins with the split of the LightGCN paper; its validation part chooses, and its test is not read."""
    folder = args.data_home or os.environ.get("ALSATIAN_DATA")
    if not folder:
        raise SystemExit("Set ALSATIAN_DATA to the folder that holds gowalla/interactions.parquet.")
    frame = read_parquet(Path(folder) / "gowalla" / "interactions.parquet", ["user", "item", "split"])
    train, chosen = (
        Interactions.from_arrays(frame["user"][here], frame["item"][here])
        for here in (frame["split"] == "train", frame["split"] == "train_valid")
    )
    part = splits.from_parts(train, chosen, name="validation part of Gowalla")
    space = {
        "n_components": (16, args.max_rank or 64), "reg": (1e-4, 0.1), "reg_exponent": (0.0, 1.0),
        "unobserved_weight": (1e-3, 0.3), "objective": ["ials", "hkv"],
    }  # fmt: skip
    return splits.Split(part.train, part.test, validation=part), ImplicitALS(), "ndcg@20", space


def reached(search: Tuning, goal: float, *, processor: bool) -> float:
    """Return the time until a search has a value as good as the goal; infinite where it has none."""
    seconds, best = search.course(processor=processor)
    good = best >= goal if search.greater_is_better else best <= goal
    return float(seconds[np.argmax(good)]) if good.any() else float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=["ml-1m", "gowalla"], default=["ml-1m", "gowalla"])
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="of the sampler and of the starts")
    parser.add_argument("--max-rank", type=int, help="largest rank that is searched (default: 64)")
    parser.add_argument("--no-pruning", action="store_true", help="in neither search")
    parser.add_argument("--data-home", help="folder that holds ml-1m and gowalla")
    args = parser.parse_args()
    print(environment("optuna"))
    lines = []
    for name in args.sets:
        split, model, metric, space = {"ml-1m": ml_1m, "gowalla": gowalla}[name](args)
        ratios = []
        for seed in args.seeds:
            cold, warm = (
                tune(model, split, metric, space=space, n_trials=args.trials, seed=seed, warm=warm,
                     prune=not args.no_pruning)
                for warm in (False, True)
            )  # fmt: skip
            goal = cold.best_value
            whole = [cold.course(processor=p)[0][-1] for p in (False, True)]
            until = [reached(warm, goal, processor=p) for p in (False, True)]
            ratios.append([u / w for u, w in zip(until, whole, strict=True)])
            total = warm.course()[0][-1]
            lines.append([
                name, str(seed), f"{goal:.4f}", f"{cold.confirmed:.4f}", f"{whole[0]:.1f} s", f"{warm.best_value:.4f}",
                f"{warm.confirmed:.4f}", f"{total:.1f} s", f"{until[0]:.1f} s", f"{ratios[-1][0]:.2f}",
                f"{ratios[-1][1]:.2f}", f"{total / whole[0]:.2f}",
            ])  # fmt: skip
            print("  ".join(lines[-1]), flush=True)
        middle = [statistics.median(column) for column in zip(*ratios, strict=True)]
        lines.append([name, "median", *[""] * 7, f"{middle[0]:.2f}", f"{middle[1]:.2f}", verdict(middle[0] <= GOAL)])
    print()
    print_table(
        ["data", "seed", "cold best", "anew", "cold time", "warm best", "anew", "warm time", "warm to cold's best",
         "ratio", "processor", "whole/whole"],
        lines, title=f"{args.trials} trials each; goal: ratio at most {GOAL:.2f}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
