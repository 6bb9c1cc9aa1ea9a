"""``alsatian explain``: what each interaction of a user adds to the score of an item."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from alsatian.cli import ids
from alsatian.cli.arguments import positive_int
from alsatian.cli.models import add_model, load_recommender
from alsatian.cli.output import add_table_output, counted, format_of, note, number, put_json, table_writer
from alsatian.cli.titles import Titles, add_titles


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "explain",
        help="say why a user is shown an item",
        description="Say what each interaction of a user adds to the score of an item; what is largest comes first. The"
        " score is the base plus all contributions.",
        epilog="example:\n  alsatian explain films.alsatian 42 260 --items movies.dat\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("user", metavar="USER", help="id of the user")
    parser.add_argument("item", metavar="ITEM", help="id of the item, or its title with --items")
    parser.add_argument(
        "-n", type=positive_int, default=10, metavar="N", help="interactions to show (default: %(default)s)"
    )
    add_titles(parser)
    add_table_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Explain and write."""
    from alsatian.data._columns import to_list

    form = format_of(args)
    recommender = load_recommender(args.model)
    titles = Titles(args, recommender.items_)
    user = ids.known(args.user, recommender.users_, "user")
    item = titles.item(args.item)
    told = recommender.explain(user, item)
    rows = [
        [*titles.row(other), value, share]
        for other, value, share in zip(
            to_list(told.items), told.values.tolist(), told.contributions.tolist(), strict=True
        )
    ]
    header = [*titles.header(), "value", "contribution"]
    rest = sum(row[-1] for row in rows[args.n :])
    if form == "json":
        shown = [dict(zip(header, row, strict=True)) for row in rows[: args.n]]
        put_json(
            args,
            {"user": user, "item": item, "title": titles.of(item) if titles.known else None, "score": told.score,
             "base": told.base, "contributions": shown, "other_contributions": rest},
        )  # fmt: skip
        _note(args, rows)
        return 0
    name = f"{titles.of(item)} ({item})" if titles.known else str(item)
    parts = f"{number(told.score)} = {number(told.base)} (base) {'+' if told.score >= told.base else '−'} "
    title = f"Score of {name} for user {user}: {parts}{number(abs(told.score - told.base))} from the interactions"
    with table_writer(args, header, title=title, shown=_shown) as write:
        write(rows[: args.n])
    _note(args, rows)
    if form == "table" and len(rows) > args.n:
        print(f"{len(rows) - args.n} other interactions add {rest:+.4g}")
    return 0


def _note(args: argparse.Namespace, rows: Sequence[Any]) -> None:
    if args.output is not None:
        note(args, f"{counted(min(len(rows), args.n), 'contribution')} of {len(rows):,} written to {args.output}")


def _shown(row: Sequence[Any]) -> list[str]:
    return [*(str(value) for value in row[:-2]), number(row[-2]), f"{row[-1]:+.4g}"]
