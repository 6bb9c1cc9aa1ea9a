"""``alsatian fit``: from a table of interactions to a model file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alsatian.cli import early, source
from alsatian.cli.arguments import UsageError, share
from alsatian.cli.output import add_quiet, check_place, counted, note, print_json, size
from alsatian.cli.parameters import add_parameters, parameters_of
from alsatian.console import print_table

if TYPE_CHECKING:
    from alsatian.data import Interactions
    from alsatian.data.reading import Plan

_EPILOG = """\
examples:
  alsatian fit ratings.csv                          columns guessed, the model goes to ratings.alsatian
  alsatian fit ml-1m/ratings.dat -o films.alsatian  MovieLens as it comes
  alsatian fit plays.parquet --model implicit --n-components 128
  alsatian fit postgresql://ann@localhost/shop --query "SELECT customer, product, count(*) AS n FROM orders
    GROUP BY 1, 2" --value-column n
  alsatian fit big.csv.gz --checkpoint big.steps    and after a kill: the same with --resume
"""
_STARS = 10  # values up to which a column without a telling name may hold ratings
_KINDS = 20  # and no more different ones than this


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "fit",
        help="fit a model to ratings, plays, clicks or purchases in a file or database",
        description="Fit a recommender to a table with a row for each interaction of a user with an item, or to a"
        " matrix of users × items, and write it to a file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source.add_source(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="model file (default: the name of the source, .alsatian)"
    )
    parser.add_argument(
        "--model",
        choices=["auto", "ratings", "implicit"],
        default="auto",
        help="ratings: a cell that is not there is unknown; implicit: it is a weak no, as with plays, clicks and "
        "purchases; auto: by the column of values (default)",
    )
    parser.add_argument(
        "--duplicates",
        choices=["sum", "mean", "last", "error"],
        help="what becomes of several rows of one user and item (default: last for ratings, else sum)",
    )
    long = parser.add_argument_group("long fits")
    long.add_argument("--checkpoint", type=Path, metavar="FOLDER", help="keep the fit there after each iteration")
    long.add_argument(
        "--early-stopping",
        type=share,
        metavar="SHARE",
        help="set a share of each user's cells apart, such as 0.1, and make the iterations that are best for them",
    )
    long.add_argument("--resume", action="store_true", help="go on from the checkpoint, where there is one")
    add_parameters(parser)
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, fit, save, and say what came out."""
    if args.resume and args.checkpoint is None:
        raise UsageError("--resume needs the folder of the checkpoint: --checkpoint FOLDER.")
    planned = source.plan_of(args, args.source)
    if args.dry_run:
        return source.show_plan(args, planned)
    output = args.output or Path(_stem(planned) + ".alsatian")
    check_place(output, args.source, through=False)
    reading = source.read(args, planned)
    kind, why = (args.model, "") if args.model != "auto" else kind_of(planned, reading)
    if why:
        note(args, f"model: {kind}, as {why}; --model says otherwise")
    if "timestamp" in planned.guessed and "timestamp" not in reading.dropped:
        note(args, "times are kept, and updates need a column of times too; --no-timestamp leaves them out")
    duplicates: Any = args.duplicates or ("last" if kind == "ratings" else "sum")
    interactions = reading.interactions(duplicates=duplicates, dtype=args.dtype or "float32")
    recommender, resumed = _fitted(args, kind, interactions)
    recommender.save(output)
    _tell(args, recommender, output, planned, source.left_out(reading) | {"resumed_after": resumed})
    return 0


def _fitted(args: argparse.Namespace, kind: str, interactions: Interactions) -> tuple[Any, int]:
    """Return the fitted recommender, and how many of its iterations a checkpoint had done before."""
    from alsatian.recommend._checks import fresh
    from alsatian.recommend.recommender import Recommender

    model = fresh(kind).set_params(**parameters_of(args, kind))
    if not args.quiet and sys.stderr.isatty():
        model.set_params(verbose=1)
    if args.early_stopping is not None:
        model.set_params(max_iter=early.best_iteration(args, model, kind, interactions), tol=0)
    if args.checkpoint is None:
        return Recommender(model).fit(interactions), 0
    from alsatian.callbacks import Checkpoint

    kept = Checkpoint(args.checkpoint, resume=args.resume)
    if args.resume:
        note(args, f"resumed from {kept.path}" if kept.path.exists() else f"no checkpoint in {args.checkpoint} yet")
    model.set_callbacks(kept)
    try:
        return Recommender(model).fit(interactions), kept.resumed_
    except KeyboardInterrupt:
        if kept.path.exists():
            note(args, f"the fit is kept in {args.checkpoint}: the same command with --resume goes on from there")
        raise


def kind_of(planned: Plan, reading: Any) -> tuple[str, str]:
    """Return what kind of model suits the values, and why."""
    import numpy as np

    from alsatian.data._names import names_ratings

    if reading.matrix is not None:
        dense = isinstance(reading.matrix.X, np.ndarray)
        return ("ratings", "it is an array, where NaN is missing") if dense else ("implicit", "it is a sparse matrix")
    if "value" not in planned.names:
        return "implicit", "there is no column of values"
    name = planned.names["value"]
    if names_ratings(name):
        return "ratings", f"the value column is called {name!r}"
    values = reading.table.get_column("value")
    few = values.n_unique() <= _KINDS and 1 < values.max() <= _STARS and values.min() >= 0
    if few and name.isdecimal():
        return "ratings", f"the values are few and from {values.min():g} to {values.max():g}"
    return "implicit", f"the values of {name!r} are from {values.min():g} to {values.max():g}"


def _stem(planned: Plan) -> str:
    path, given = planned.source.path, Path(planned.source.url)
    if path is not None and planned.source.spool is not None:  # of a stream, or of a file that was packed
        path = given if given.is_file() else None
    return "model" if path is None else path.name.split(".")[0] or "model"


def _tell(args: argparse.Namespace, recommender: Any, output: Path, planned: Plan, left_out: dict[str, Any]) -> None:
    model, known = recommender.model_, recommender.interactions_
    history, n_bytes = model.history_, output.stat().st_size
    if args.json:
        print_json(
            source.as_json(planned)
            | left_out
            | {
                "model": str(output),
                "bytes": n_bytes,
                "class": type(model).__name__,
                "parameters": {name: value for name, value in model.get_params().items() if name != "init"},
                "users": known.n_users,
                "items": known.n_items,
                "interactions": known.n_interactions,
                "iterations": model.n_iter_,
                "converged": model.converged_,
                "loss": float(history.loss[-1]),
                "seconds": float(history.seconds[-1]),
            }
        )
        return
    if model.tol == 0:
        met = "0: all iterations done"
    else:
        met = "met" if model.converged_ else "not met: more iterations may lower the loss further"
    done, seconds = counted(model.n_iter_, "iteration"), f"{history.seconds[-1]:.2f} s"
    if model.get_params().get("reg") == "auto":
        done = f"λ = {model.reg_:.4g} chosen, {done}"
    if left_out["resumed_after"]:
        done, seconds = f"{done}, {left_out['resumed_after']} of them before", f"{seconds} in all"
    rows = [
        ["model", f"{type(model).__name__}, {counted(model.row_factors_.shape[1], 'component')}"],
        ["data", f"{counted(known.n_users, 'user')} × {counted(known.n_items, 'item')}, "
                 f"{counted(known.n_interactions, 'cell')} ({100 * known.density:.3g} %)"],
        ["fit", f"{done}, {seconds}, tolerance {met}"],
        ["loss", f"{history.loss[0]:.6g} after the first iteration, {history.loss[-1]:.6g} at the end"],
        ["file", f"{output}, {size(n_bytes)}"],
    ]  # fmt: skip
    print_table(["fitted", ""], rows, align=["left", "left"])
