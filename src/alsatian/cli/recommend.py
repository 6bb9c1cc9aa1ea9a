"""``alsatian recommend``: lists of items for some users, or for all of them."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from alsatian.cli import ids
from alsatian.cli.arguments import UsageError, positive_int
from alsatian.cli.models import add_model, load_recommender
from alsatian.cli.output import add_table_output, counted, format_of, note, score, table_writer
from alsatian.cli.titles import Titles, add_titles

_EPILOG = """\
examples:
  alsatian recommend films.alsatian 42 --items movies.dat         ten titles for user 42
  alsatian recommend films.alsatian --all -o lists.parquet        for everybody
  alsatian recommend films.alsatian 42 --exclude 260 1196 --json  without these, for a script
  alsatian recommend films.alsatian --liked "Alien (1979)" --items movies.dat   for somebody new
"""
_AT_ONCE = 20_000  # users
_MANY = 1000  # users whose lists are too long for a terminal


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "recommend",
        help="list the best items for some users or all",
        description="List the items of highest score for users, without those that they have had to do with.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("users", nargs="*", metavar="USER", help="ids of users")
    parser.add_argument(
        "--users-from", type=Path, metavar="FILE", help="a file with the id of a user in each line; - is standard input"
    )
    parser.add_argument("--all", action="store_true", help="all users")
    parser.add_argument("--liked", nargs="+", metavar="ITEM", help="in place of users: items of somebody new")
    parser.add_argument("-n", type=positive_int, default=10, metavar="N", help="items in a list (default: %(default)s)")
    parser.add_argument("--include-seen", action="store_true", help="list also what a user has had to do with")
    parser.add_argument("--only", nargs="+", metavar="ITEM", help="items that alone may be listed")
    parser.add_argument("--exclude", nargs="+", metavar="ITEM", help="items that may not be listed")
    add_titles(parser)
    add_table_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List and write."""
    form = format_of(args)
    asked = bool(args.users) + bool(args.users_from) + args.all + bool(args.liked)
    if asked > 1:
        raise UsageError("give only one of USER …, --users-from FILE, --all and --liked ITEM ….")
    if not asked:
        raise UsageError("say for whom: ids of users, --users-from FILE, --all, or --liked ITEM ….")
    recommender = load_recommender(args.model)
    titles = Titles(args, recommender.items_)
    if form == "table" and args.all and len(recommender.users_) > _MANY and sys.stdout.isatty():
        raise UsageError(
            f"lists of {counted(len(recommender.users_), 'user')} are no table for a terminal: give --output FILE."
        )
    header = ["user", "rank", *titles.header(), "score"]
    with table_writer(args, header, title=_title(args), shown=_shown) as write:
        n_lists = 0
        for listing in _listings(args, recommender, titles):
            write(_rows(listing, titles))
            n_lists += len(listing)
            _tell_of_empty(args, listing)
    if args.output is not None:
        note(args, f"{counted(n_lists, 'list')} written to {args.output}")
    return 0


def _listings(args: argparse.Namespace, recommender: Any, titles: Titles) -> Iterator[Any]:
    how: dict[str, Any] = {"n": args.n, "exclude_seen": not args.include_seen}
    for name in ("only", "exclude"):
        given = getattr(args, name)
        how[name] = None if given is None else [titles.item(text) for text in given]
    if args.liked:
        yield recommender.recommend_for(_liked(recommender, [titles.item(text) for text in args.liked]), **how)
        return
    if args.all:
        users: Sequence[Any] = recommender.users_.values
    else:
        users = [ids.known(text, recommender.users_, "user") for text in _given(args)]
    for start in range(0, len(users), _AT_ONCE):
        yield recommender.recommend(users[start : start + _AT_ONCE], **how)


def _liked(recommender: Any, items: list[Any]) -> dict[Any, float]:
    """Return items that somebody likes with a value that says so: of ratings the best one."""
    from alsatian.recommend._checks import of_ratings

    best = float(recommender.interactions_.values.max()) if of_ratings(recommender.model_) else 1.0
    return dict.fromkeys(items, best)


def _given(args: argparse.Namespace) -> list[str]:
    if args.users_from is None:
        return list(args.users)
    text = sys.stdin.read() if str(args.users_from) == "-" else _text_of(args.users_from)
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line]
    if not found:
        raise ValueError(f"{args.users_from} holds no user.")
    return found


def _text_of(path: Path) -> str:
    """Return a text in the encoding that its first bytes tell."""
    from alsatian.data.reading._bytes import SAMPLE, blocks, encoding_of

    if path.is_dir():
        raise ValueError(f"{path} is a folder; add the name of a file.")
    content = path.read_bytes()
    try:
        encoding = encoding_of(content[:SAMPLE])
        return "".join(block.text.decode() for block in blocks(io.BytesIO(content), encoding, mac=True))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _rows(listing: Any, titles: Titles) -> Iterable[list[Any]]:
    from alsatian.data._columns import to_list

    for query, pairs in zip(to_list(listing.queries), listing, strict=True):
        for rank, (item, value) in enumerate(pairs, 1):
            yield [query, rank, *titles.row(item), value]


def _shown(row: Sequence[Any]) -> list[str]:
    return [
        *("new" if row[0] is None else str(value) for value in row[:1]),
        *(str(value or "–") for value in row[1:-1]),
        score(row[-1]),
    ]


def _title(args: argparse.Namespace) -> str:
    return "For somebody who liked " + ", ".join(args.liked) if args.liked else ""


def _tell_of_empty(args: argparse.Namespace, listing: Any) -> None:
    short = int((listing.mask.sum(axis=1) == 0).sum())
    if short:
        note(args, f"{counted(short, 'list')} without an entry: nothing is left to list, or nothing is known")
