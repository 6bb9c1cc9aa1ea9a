"""The published protocol: every library tuned with the same number of trials, by one search, never on the test cells.

    python benchmarks/quality/run.py --trials 20 --rank 64
    python benchmarks/quality/run.py --sets gowalla --trials 12 --rank 128 --only alsatian irspack

Lists (MovieLens 1M, Gowalla, Last.fm): settings are drawn by Optuna's TPE with one seed for all, and chosen by NDCG@20
on the validation part; the best are fitted once on training and validation part together, and judged once by Recall@20
and NDCG@20 on the test part: all items ranked, those of the history left out. Ratings (MovieLens 100K with its five
splits, 1M with three random ones): the same, by the RMSE, for each split. Intervals are bootstrap ones at 95 % over
users; the difference to ours is of the same users, so its interval is of pairs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))  # for common

from contestants import Ranker, Rater, Settings, rankers, raters

import common
from alsatian._engine.threads import resolve_n_jobs
from alsatian._engine.top_n import top_n
from alsatian.console import print_table
from alsatian.evaluation import metrics
from alsatian.evaluation.metrics import PerUser
from alsatian.evaluation.splits import Split
from problems import RANKINGS, RATINGS, Ranking, Rating

K = 20


def judged(factors: tuple[NDArray[Any], NDArray[Any]], split: Split) -> dict[str, PerUser]:
    """Return Recall@20 and NDCG@20 by users: all items ranked, those of the history left out."""
    users, known = split.test_users, split.train.csr
    rows, columns = (np.ascontiguousarray(side, dtype=np.float32) for side in factors)
    seen = known[users].sorted_indices()
    exclude = seen.indptr.astype(np.int64), seen.indices.astype(np.int32)
    lists = top_n(rows[users], columns, n=K, exclude=exclude, n_jobs=resolve_n_jobs(None)).indices
    found = metrics.judge(lists, split.test, users=users)
    return {"recall@20": metrics.recall(found, K), "ndcg@20": metrics.ndcg(found, K)}


def whole(split: Split) -> Split:
    """Return the split with the validation part given back to what is learned from."""
    assert split.validation is not None
    return Split(split.train.added(split.validation.test), split.test, name=split.name)


def best(name: str, suggest: Callable[[Any], Settings], score: Callable[[Settings], float], args: Any) -> Settings:
    """Return the settings of the highest score among as many trials as everyone has."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: Any) -> float:
        settings = suggest(trial)
        began = time.perf_counter()
        value = score(settings)
        shown = " ".join(f"{k} {v}" if isinstance(v, str) else f"{k} {v:.4g}" for k, v in settings.items())
        seconds = time.perf_counter() - began
        print(f"  {name:9} {trial.number + 1:3}/{args.trials}  {value:.4f}  {shown}  {seconds:.1f} s", flush=True)
        return value

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=args.seed))
    study.optimize(objective, n_trials=args.trials)
    return suggest(study.best_trial)


def rank(problem: Ranking, libraries: list[Ranker], args: Any) -> list[dict[str, Any]]:
    """Tune, fit and judge each library on one data set of lists."""
    print(f"{problem.name}: {problem.split}", flush=True)
    choosing, final = problem.split.validation, whole(problem.split)
    assert choosing is not None
    found = []
    for library in libraries:
        began = time.perf_counter()
        known = earlier(args, problem.name, library.name)
        settings = (
            known["settings"]
            if known
            else best(
                library.name,
                lambda trial, library=library: library.suggest(trial, problem.has_counts),
                lambda s, library=library: (
                    judged(library.fit(s, choosing.train.csr, args.rank), choosing)["ndcg@20"].mean
                ),
                args,
            )
        )
        searched, began = known["search s"] if known else time.perf_counter() - began, time.perf_counter()
        factors = library.fit(settings, final.train.csr, args.rank)
        seconds = time.perf_counter() - began
        result = {"data": problem.name, "k": args.rank, "library": library.name, "settings": settings}
        found.append(result | {"values": judged(factors, final), "search s": searched, "fit s": seconds})
    return found


def earlier(args: Any, data: str, library: str) -> dict[str, Any] | None:
    """Return what an earlier run found for a library, whose search need not be repeated."""
    if not args.settings:
        return None
    found = [one for path in args.settings for one in json.loads(path.read_text(encoding="utf-8"))]
    wanted = {"data": data, "library": library, "k": args.rank}
    return next((one for one in found if wanted.items() <= one.items()), None)


def rate(problem: Rating, libraries: list[Rater], args: Any) -> list[dict[str, Any]]:
    """Tune, fit and judge each library on one data set of ratings; users of all splits count together."""
    found = []
    for library in libraries:
        errors, users, chosen, searched, fitted = [], [], [], 0.0, 0.0
        for name, split in problem.splits:
            print(f"{problem.name} {name}: {split}", flush=True)
            assert split.validation is not None
            began = time.perf_counter()
            settings = best(
                library.name,
                library.suggest,
                lambda s, library=library, part=split.validation: -squared(library, s, part, problem, args).mean(),
                args,
            )
            searched, began = searched + time.perf_counter() - began, time.perf_counter()
            final = whole(split)
            errors.append(squared(library, settings, final, problem, args))
            fitted += time.perf_counter() - began
            users.append(final.test.rows)
            chosen.append(settings)
        result = {"data": problem.name, "k": args.rank, "library": library.name, "settings": chosen}
        found.append(
            result | {"errors": np.concatenate(errors), "users": np.concatenate(users), "search s": searched,
                      "fit s": fitted, "by split": [float(np.sqrt(e.mean())) for e in errors]}
        )  # fmt: skip
    return found


def squared(library: Rater, settings: Settings, split: Split, problem: Rating, args: Any) -> NDArray[np.float64]:
    """Return the squared error of each test cell, predictions clipped to the scale."""
    test = split.test
    predicted = library.predict(settings, split.train.csr, test.rows, test.columns, args.rank)
    return (np.clip(predicted, *problem.scale) - test.values) ** 2


def line_of_lists(one: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """Return a line of the table: each mean with its interval, and the difference of ours and theirs."""
    cells = [one["data"], str(one["k"]), one["library"]]
    for name, values in one["values"].items():
        low, high = values.interval()
        cells.append(f"{values.mean:.4f} [{low:.4f}, {high:.4f}]")
        difference = PerUser(name, ours["values"][name].per_user - values.per_user)
        cells.append("" if one is ours else shown_difference(difference))
    return [*cells, f"{one['search s']:.0f}", f"{one['fit s']:.1f}"]


def line_of_errors(one: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """Return a line of the table: the RMSE with an interval that draws users, and the difference."""
    users, n = np.unique(one["users"], return_inverse=True)
    count = np.bincount(n).astype(float)
    sums = [np.bincount(n, weights=each["errors"]) for each in (one, ours)]
    drawn = np.random.default_rng(0).integers(0, users.size, (1000, users.size))
    theirs, mine = (np.sqrt(total[drawn].sum(axis=1) / count[drawn].sum(axis=1)) for total in sums)
    low, high = np.quantile(theirs, [0.025, 0.975])
    mean, own = (np.sqrt(each["errors"].mean()) for each in (one, ours))
    a, b = np.quantile(mine - theirs, [0.025, 0.975])
    difference = "" if one is ours else f"{own - mean:+.4f} [{a:+.4f}, {b:+.4f}]"
    splits = " ".join(f"{error:.4f}" for error in one["by split"])
    return [
        one["data"], str(one["k"]), one["library"], f"{mean:.4f} [{low:.4f}, {high:.4f}]", difference, splits,
        f"{one['search s']:.0f}", f"{one['fit s']:.1f}",
    ]  # fmt: skip


def shown_difference(values: PerUser) -> str:
    """Show a mean difference with its interval."""
    low, high = values.interval()
    return f"{values.mean:+.4f} [{low:+.4f}, {high:+.4f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", nargs="+", choices=["lists", "ratings"], default=["ratings", "lists"])
    parser.add_argument("--sets", nargs="+", choices=sorted(RANKINGS | RATINGS), default=sorted(RANKINGS | RATINGS))
    parser.add_argument("--only", nargs="+", help="libraries to run; ours is always run")
    parser.add_argument("--rank", type=int, default=64, help="of every library")
    parser.add_argument("--trials", type=int, default=20, help="settings that each library tries")
    parser.add_argument("--seed", type=int, default=0, help="of the search")
    parser.add_argument(
        "--settings", nargs="+", type=Path, help="files of --out: libraries in them are not tuned anew (lists)"
    )
    parser.add_argument("--out", type=Path, help="also write the lines as JSON")
    args = parser.parse_args()
    print(common.environment("irspack", "implicit", "cmfrec", "optuna"))
    tables: list[tuple[str, list[str], list[list[str]]]] = []
    kept: list[dict[str, Any]] = []

    def wanted(libraries: list[Any]) -> list[Any]:
        return [one for one in libraries if not args.only or one.name in (*args.only, "alsatian")]

    if "ratings" in args.kind and (names := [name for name in RATINGS if name in args.sets]):
        lines = []
        for name in names:
            found = rate(RATINGS[name](), wanted(raters()), args)
            lines += [line_of_errors(one, found[0]) for one in found]
            kept += [{k: v for k, v in one.items() if k not in ("errors", "users")} for one in found]
        head = ["data", "k", "library", "RMSE", "ours − theirs", "by split", "search s", "fit s"]
        tables.append(("Ratings", head, lines))
    if "lists" in args.kind and (names := [name for name in RANKINGS if name in args.sets]):
        lines = []
        for name in names:
            found = rank(RANKINGS[name](), wanted(rankers()), args)
            lines += [line_of_lists(one, found[0]) for one in found]
            kept += [one | {"values": {n: v.mean for n, v in one["values"].items()}} for one in found]
        head = ["data", "k", "library", "Recall@20", "ours − theirs", "NDCG@20", "ours − theirs", "search s", "fit s"]
        tables.append(("Lists", head, lines))
    for title, head, lines in tables:
        print_table(head, lines, title=f"{title}, {args.trials} trials each")
    for one in kept:
        print(one["data"], one["library"], json.dumps(one["settings"]))
    if args.out:
        args.out.write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    common.free_blas()
    main()
