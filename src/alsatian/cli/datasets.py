"""``alsatian datasets``: the data that come with the library, or that it fetches, written to files."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from alsatian.cli.arguments import UsageError, seed
from alsatian.cli.output import add_table_output, counted, format_of, note, print_json, table_writer
from alsatian.console import print_table

Table = tuple[list[str], Iterable[list[Any]]]


class _Set(NamedTuple):
    name: str
    told: str
    origin: str
    table: Callable[[argparse.Namespace], Table]


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "datasets",
        help="list data to try things with, or write them to a file",
        description="List the data sets, or write one to a file. MovieLens is read from a local copy, or downloaded"
        " from GroupLens on first use; nobody may pass it on.",
        epilog="examples:\n  alsatian datasets\n  alsatian datasets fleet-routes -o flights.csv\n"
        "  alsatian datasets movielens-100k -o ratings.csv --titles films.csv\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", choices=[one.name for one in _SETS], help="data set to write"
    )
    parser.add_argument("--titles", type=Path, metavar="FILE", help="of MovieLens: write items and titles too, as CSV")
    parser.add_argument(
        "--data-home", type=Path, metavar="FOLDER", help="where copies lie (default: ~/.cache/alsatian)"
    )
    parser.add_argument("--no-download", action="store_true", help="take a local copy or none")
    parser.add_argument("--random-state", "--seed", type=seed, default=0, metavar="S", help="seed of what is drawn")
    add_table_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List, or write one."""
    if args.name is None:
        if args.json:
            print_json([{"name": one.name, "description": one.told, "origin": one.origin} for one in _SETS])
        else:
            listed = [[one.name, one.told, one.origin] for one in _SETS]
            print_table(["name", "what", "from"], listed, align=["left"] * 3)
        return 0
    if args.output is None and args.output_format is None and not args.json:
        raise UsageError(f"give a file to write {args.name} to: --output FILE.csv.")
    if args.titles is not None and not args.name.startswith("movielens"):
        raise UsageError(f"--titles is for MovieLens: {args.name} has no titles.")
    format_of(args)
    header, rows = next(one for one in _SETS if one.name == args.name).table(args)
    n_rows = 0

    def counting() -> Iterator[list[Any]]:
        nonlocal n_rows
        for row in rows:
            n_rows += 1
            yield row

    with table_writer(args, header, shown=lambda row: [str(value) for value in row]) as write:
        write(counting())
    if args.output is not None:
        note(args, f"{counted(n_rows, 'row')} written to {args.output}")
    return 0


def _delays(_: argparse.Namespace) -> Table:
    from alsatian.datasets import load_flight_delays

    delays = load_flight_delays()
    rows = (
        [route, *map(_cell, values)] for route, values in zip(delays.routes.tolist(), delays.X.tolist(), strict=True)
    )
    return ["route", *map(str, delays.dates)], rows


def _fleet(_: argparse.Namespace) -> Table:
    from alsatian.datasets import load_fleet_routes

    fleet = load_fleet_routes()
    cells = fleet.X.tocoo()
    tails, places = fleet.tail_number.tolist(), fleet.destination.tolist()
    triples = zip(cells.coords[0].tolist(), cells.coords[1].tolist(), cells.data.tolist(), strict=True)
    return ["tail_number", "destination", "flights"], ([tails[i], places[j], int(x)] for i, j, x in triples)


def _ratings(args: argparse.Namespace) -> Table:
    from alsatian.datasets import make_ratings

    cells = make_ratings("ml-100k", round_to=1, random_state=args.random_state).X.tocoo()
    triples = zip(cells.coords[0].tolist(), cells.coords[1].tolist(), cells.data.tolist(), strict=True)
    return ["user", "item", "rating"], ([i, j, int(x)] for i, j, x in triples)


def _movielens(name: str) -> Callable[[argparse.Namespace], Table]:
    def table(args: argparse.Namespace) -> Table:
        from alsatian.datasets import fetch_movielens

        films = fetch_movielens(name, data_home=args.data_home, download=not args.no_download)
        if args.titles is not None:
            given = argparse.Namespace(output=args.titles, output_format="csv", json=False)
            with table_writer(given, ["item", "title"], shown=list) as write:
                write(zip(films.items.tolist(), films.titles.tolist(), strict=True))
        columns = [films.users[films.rows].tolist(), films.items[films.columns].tolist(), films.ratings.tolist()]
        header = ["user", "item", "rating"]
        if films.timestamps is not None:
            columns.append(films.timestamps.tolist())
            header.append("timestamp")
        return header, (list(row) for row in zip(*columns, strict=True))

    return table


def _cell(value: float) -> float | None:
    return None if value != value else round(value, 4)  # noqa: PLR0124


_SETS = (
    _Set("flight-delays", "437 routes × 365 days: delay in minutes, 36 % missing (a wide table)", "shipped", _delays),
    _Set("fleet-routes", "4,037 aircraft × 104 airports: 44,218 numbers of flights", "shipped", _fleet),
    _Set("ratings", "943 users × 1,682 items: 100,000 ratings of 1 to 5, drawn", "made here", _ratings),
    _Set("movielens-100k", "943 users × 1,682 films: 100,000 ratings of 1 to 5", "GroupLens", _movielens("100k")),
    _Set("movielens-1m", "6,040 users × 3,706 films: 1,000,209 ratings of 1 to 5", "GroupLens", _movielens("1m")),
)  # fmt: skip
