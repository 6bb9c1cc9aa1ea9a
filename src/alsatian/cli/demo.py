"""``alsatian demo``: complete a real matrix with holes, and see how well it went."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alsatian.cli.arguments import non_negative_float, positive_int, seed
from alsatian.cli.output import PICTURES, check_ending, check_place
from alsatian.console import print_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alsatian.cli.trial import Trial

# Chosen on validation parts, five draws of a tenth of the training cells of seed 0; the held-out cells had no say. The
# other settings, in `trial`, were found in the same way.
N_COMPONENTS = 16
REG = 5.0


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "demo",
        help="complete a real matrix with holes, and draw it",
        description="Complete the flight delays of New York City in 2013 (437 routes × 365 days, 36 % missing): hold"
        " out a tenth of the cells, fit the mean, an additive model and ALS to the others, print their errors on the"
        " held-out cells, and draw the completed matrix.",
    )
    parser.add_argument(
        "--components",
        type=positive_int,
        default=N_COMPONENTS,
        metavar="K",
        help="number of factors of ALS (default: %(default)s)",
    )
    parser.add_argument(
        "--reg", type=non_negative_float, default=REG, metavar="L", help="ridge penalty of ALS (default: %(default)s)"
    )
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        metavar="S",
        help="seed of the held-out cells and of the start (default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("alsatian-demo.png"),
        metavar="FILE",
        help="picture to write: png, pdf, svg (default: %(default)s)",
    )
    parser.add_argument("--no-plot", action="store_true", help="draw no picture")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo: fit, draw, print."""
    if not args.no_plot:
        check_ending(args.output, PICTURES, what="picture")
        check_place(args.output)
    # Imported here, so that the command's help stays quick.
    from alsatian.cli.trial import fit
    from alsatian.datasets import load_flight_delays

    delays = load_flight_delays()
    trial = fit(delays.X, delays.flights, n_components=args.components, reg=args.reg, seed=args.seed)
    picture = None if args.no_plot else _draw(trial, delays.X, delays.dates, args.output)
    if args.json:
        print(json.dumps(_as_json(trial, args, picture), indent=2))
    else:
        _print(trial, args, picture)
    return 0


def _draw(trial: Trial, truth: NDArray[np.float64], dates: NDArray[np.datetime64], path: Path) -> Path | None:
    """Write the picture; without matplotlib, say how to get it and go on."""
    try:
        from alsatian.plot.demo import demo_figure

        figure = demo_figure(
            truth=truth,
            held_out=trial.held_out,
            completed=trial.completed,
            interaction=trial.interaction,
            dates=dates,
            rmse=trial.rmse,
        )
    except ImportError as error:
        print(f"alsatian: no picture: {error}", file=sys.stderr)
        return None
    figure.savefig(path)
    return path


def _print(trial: Trial, args: argparse.Namespace, picture: Path | None) -> None:
    m, n = trial.train.shape
    print(f"Flight delays, New York City 2013: {m} routes × {n} days, {trial.n_train:,} cells to fit.")
    print(
        f"ALS with {args.components} components, reg={args.reg:g}, cells weighted by their flights:"
        f" {trial.n_iter} iterations, {trial.seconds:.2f} s."
    )
    print()
    base = trial.rmse["additive"]
    rows = [
        [name, f"{rmse:.2f}", "" if rmse == base else f"{rmse / base - 1:+.1%}"] for name, rmse in trial.rmse.items()
    ]
    print_table(
        ["model", "RMSE (minutes)", "against additive"],
        rows,
        title=f"Error on {int(trial.held_out.sum()):,} held-out cells",
        highlight=len(rows) - 1,
    )
    if picture is not None:
        print(f"\nPicture: {picture}")


def _as_json(trial: Trial, args: argparse.Namespace, picture: Path | None) -> dict[str, Any]:
    return {
        "components": args.components,
        "reg": args.reg,
        "seed": args.seed,
        "shape": list(trial.train.shape),
        "held_out_cells": int(trial.held_out.sum()),
        "rmse_minutes": trial.rmse,
        "iterations": trial.n_iter,
        "seconds": round(trial.seconds, 3),
        "picture": None if picture is None else str(picture),
    }
