"""``alsatian similar``: the nearest items of an item, or the nearest users of a user."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from alsatian.cli import ids
from alsatian.cli.arguments import positive_int
from alsatian.cli.models import add_model, load_recommender
from alsatian.cli.output import add_table_output, counted, format_of, note, score, table_writer
from alsatian.cli.titles import Titles, add_titles

_EPILOG = """\
examples:
  alsatian similar films.alsatian 260 --items movies.dat
  alsatian similar films.alsatian "Star Wars" --items movies.dat   by title, where one fits
  alsatian similar films.alsatian 42 --users                       the users nearest to user 42
"""


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "similar",
        help="list the items nearest to an item, or users nearest to a user",
        description="List the items whose factors are nearest to those of items, or likewise users.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("ids", nargs="+", metavar="ID", help="items (ids, or titles with --items), or users")
    parser.add_argument("--users", action="store_true", help="they are users")
    parser.add_argument(
        "-n", type=positive_int, default=10, metavar="N", help="length of a list (default: %(default)s)"
    )
    parser.add_argument(
        "--metric",
        choices=["cosine", "dot"],
        default="cosine",
        help="the cosine of the angle between factors, or their inner product (default: %(default)s)",
    )
    add_titles(parser)
    add_table_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List and write."""
    format_of(args)
    recommender = load_recommender(args.model)
    name: Callable[[Any], list[Any]]
    if args.users:
        asked = [ids.known(text, recommender.users_, "user") for text in args.ids]
        listing = recommender.similar_users(asked, n=args.n, metric=args.metric)
        header, name = ["user", "rank", "similar", args.metric], _alone
    else:
        titles = Titles(args, recommender.items_)
        asked = [titles.item(text) for text in args.ids]
        listing = recommender.similar_items(asked, n=args.n, metric=args.metric)
        header, name = ["item", "rank", *titles.header("similar"), args.metric], titles.row
    rows = [
        [query, rank, *name(other), value]
        for query, pairs in zip(asked, listing, strict=True)
        for rank, (other, value) in enumerate(pairs, 1)
    ]
    with table_writer(args, header, shown=_shown) as write:
        write(rows)
    if args.output is not None:
        note(args, f"{counted(len(rows), 'row')} written to {args.output}")
    return 0


def _alone(user: Any) -> list[Any]:
    return [user]


def _shown(row: Sequence[Any]) -> list[str]:
    return [*(str(value) for value in row[:-1]), score(row[-1])]
