"""``alsatian predict``: scores of pairs of a user and an item."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from alsatian.cli import ids, source
from alsatian.cli.arguments import UsageError
from alsatian.cli.models import add_model, load_recommender
from alsatian.cli.output import add_table_output, format_of, note, score, table_writer
from alsatian.cli.titles import Titles, add_titles

_EPILOG = """\
examples:
  alsatian predict films.alsatian 42 260                  one user and one item
  alsatian predict films.alsatian --pairs pairs.csv -o scores.csv
"""


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "predict",
        help="predict the scores of pairs of users and items",
        description="Predict the scores of pairs. What is known of a pair with an unknown user or item (the mean and"
        " a bias) is used, and such pairs are counted.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("user", nargs="?", metavar="USER", help="id of the user")
    parser.add_argument("items_asked", nargs="*", metavar="ITEM", help="ids of items, or titles with --items")
    source.add_source(parser, "--pairs", metavar="SOURCE")
    add_titles(parser)
    add_table_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Predict and write."""
    format_of(args)
    if (args.pairs is None) == (args.user is None) or (args.user is not None and not args.items_asked):
        raise UsageError("say what to predict: USER ITEM …, or --pairs SOURCE.")
    recommender = load_recommender(args.model)
    titles = Titles(args, recommender.items_)
    if args.pairs is not None:
        args.no_value, args.no_weight, args.no_timestamp = True, True, True
        planned = source.plan_of(args, args.pairs)
        if args.dry_run:
            return source.show_plan(args, planned)
        if not planned.names:
            raise ValueError(f"{planned.source.name} is a matrix: pairs come in a table of two columns.")
        table = source.read(args, planned).table
        users = ids.as_known(table.get_column("user").to_list(), recommender.users_)
        items = ids.as_known(table.get_column("item").to_list(), recommender.items_)
    else:
        items = [
            titles.item(text) if titles.known else ids.spelt(text, recommender.items_) for text in args.items_asked
        ]
        users = [ids.spelt(args.user, recommender.users_)] * len(items)
    scores = recommender.predict(users, items).tolist()
    header = ["user", *titles.header(), "score"]
    with table_writer(args, header, shown=_shown) as write:
        write([user, *titles.row(item), value] for user, item, value in zip(users, items, scores, strict=True))
    if args.output is not None:
        note(args, f"{len(scores):,} scores written to {args.output}")
    return 0


def _shown(row: Sequence[Any]) -> list[str]:
    return [*(str(value) for value in row[:-1]), score(row[-1])]
