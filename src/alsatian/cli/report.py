"""``alsatian report``: one page of HTML on a model and its data."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from alsatian.cli.arguments import seed
from alsatian.cli.models import add_model, load_recommender
from alsatian.cli.output import add_quiet, check_ending, check_place, print_json, size, stream_beside
from alsatian.cli.titles import Titles, add_titles


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "report",
        help="write one page of HTML on a model and its data",
        description="Write a page on a model and its data: sizes and tails, the course of the fit, the error on"
        " held-out cells with its spread, singular values, a map of the items, neighbours, example users with the"
        " reasons of their lists. It needs no network, and can be printed.",
        epilog="example:\n  alsatian report films.alsatian --items movies.dat -o films.html\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="page to write (default: MODEL's name, .html)"
    )
    parser.add_argument("--title", metavar="TEXT", help="title of the page (default: of the file)")
    parser.add_argument(
        "--held-out", type=_share, default=0.1, metavar="SHARE",
        help="of each user's cells, which a second fit does not see and is judged by; 0: none (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--random-state", "--seed", type=seed, default=0, metavar="S", help="of the held-out cells")
    add_titles(parser)
    add_quiet(parser)
    parser.set_defaults(run=run)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share from 0 up and below 1")
    return value


def run(args: argparse.Namespace) -> int:
    """Make the page and write it."""
    output = args.output or Path(Path(args.model).stem + ".html")
    check_ending(output, (".html", ".htm", ""), what="page")
    check_place(output, args.model, args.items)
    recommender = load_recommender(args.model)
    from alsatian.report import write_report

    titles = Titles(args, recommender.items_)
    write_report(
        recommender, output, titles=titles.known_titles, title=args.title or f"Report on {Path(args.model).stem}",
        held_out=args.held_out, random_state=args.random_state, call=_call(args, output),
    )  # fmt: skip
    n_bytes, stream = output.stat().st_size, stream_beside(output)
    if args.json:
        print_json({"report": str(output), "bytes": n_bytes}, stream)
    else:
        print(f"{output}, {size(n_bytes)}", file=stream)
    return 0


def _call(args: argparse.Namespace, output: Path) -> str:
    words = ["alsatian", "report", str(args.model), "-o", str(output)]
    for name, flag in (("items", "--items"), ("title_column", "--title-column"), ("title", "--title")):
        if getattr(args, name) is not None:
            words += [flag, str(getattr(args, name))]
    words += ["--held-out", f"{args.held_out:g}", "--random-state", str(args.random_state)]
    return shlex.join(words)
