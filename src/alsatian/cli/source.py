"""The options of subcommands that read a table of interactions, and what they say about it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alsatian.cli.arguments import UsageError, non_negative_int, typed
from alsatian.cli.output import counted, note, number, print_json, size, warn
from alsatian.console import print_table

if TYPE_CHECKING:
    from alsatian.data.reading import Options, Plan, Reading

ROLES = ("user", "item", "value", "weight", "timestamp")
# As in `alsatian.data.reading`, which would be slow to import for a page of help.
FORMATS = ("csv", "tsv", "dat", "ndjson", "parquet", "arrow", "mtx", "npy", "npz", "sqlite", "duckdb", "postgresql")
_HELP = {
    "user": "column of users",
    "item": "column of items",
    "value": "column of ratings, numbers of plays or the like",
    "weight": "column that says how much each value counts",
    "timestamp": "column of times",
}
_NONE = {
    "value": "every row counts as 1",
    "weight": "a column 'weight' is none",
    "timestamp": "take no notice of times",
}
_HOW = ("encoding", "separator", "decimal", "header", "skip", "table", "query")
_TOLD = 10  # columns that are named
_READABLE = (
    "CSV, TSV and the like, MovieLens' .dat, NDJSON, Parquet, Arrow, MatrixMarket (.mtx), .npy, .npz, a database of "
    "SQLite or DuckDB, or the URL of one: sqlite:///FILE, duckdb:///FILE, postgresql://USER@HOST/NAME; - is standard "
    "input, with --format"
)


def add_source(parser: argparse.ArgumentParser, name: str = "source", *, metavar: str = "SOURCE") -> None:
    """Add the source and how it is read."""
    parser.add_argument(name, metavar=metavar, help=_READABLE)
    columns = parser.add_argument_group("columns", "Guessed where their names are usual. A name, or a number from 1.")
    for role in ROLES:
        columns.add_argument(f"--{role}-column", metavar="NAME", help=_HELP[role])
    for role, meaning in _NONE.items():
        columns.add_argument(f"--no-{role}", action="store_true", help=meaning)
    add_reading(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add how a table is read, apart from the meaning of its columns."""
    how = parser.add_argument_group("reading", "Found out where not given, and said.")
    how.add_argument("--format", choices=FORMATS, help="format of the source (default: by its name)")
    how.add_argument("--encoding", metavar="NAME", help="of text: utf-8, latin-1, cp1252, utf-16, …")
    how.add_argument("--separator", type=_separator, metavar="CHARS", help="between fields of text; 'tab' is one")
    how.add_argument("--decimal", choices=[".", ","], help="the mark of decimals in text")
    how.add_argument(
        "--header",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the first line of a text names the columns, or does not",
    )
    how.add_argument(
        "--skip", type=non_negative_int, default=0, metavar="N", help="lines above the table in a text (default: 0)"
    )
    how.add_argument("--table", metavar="NAME", help="of a database")
    how.add_argument("--query", metavar="SQL", help="of a database: its rows are read")
    how.add_argument("--strict", action="store_true", help="stop at the first line that cannot be used")
    how.add_argument(
        "--dry-run", action="store_true", help="show what would be read, and do nothing; with --strict, read it"
    )


def _separator(text: str) -> str:
    return {"tab": "\t", "\\t": "\t", "blank": " ", "space": " "}.get(text.lower(), text)


def words_of(args: argparse.Namespace) -> list[str]:
    """Return the options that were given on how the source is read, for another command that is to read the same.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> add_source(parser)
    >>> words_of(parser.parse_args(["plays.txt", "--user-column", "who", "--no-value", "--separator", "tab"]))
    ['--user-column', 'who', '--no-value', '--separator', 'tab']
    """
    words: list[str] = []
    for name in (f"{role}_column" for role in ROLES):
        words += _option(name, getattr(args, name))
    for name in (f"no_{role}" for role in _NONE):
        words += _option(name, getattr(args, name))
    separator = "tab" if args.separator == "\t" else args.separator
    for name in ("format", *_HOW, "strict"):
        words += _option(name, separator if name == "separator" else getattr(args, name))
    return words


def _option(name: str, value: Any) -> list[str]:
    flag = name.replace("_", "-")
    if value is None or (value == 0 and name != "header"):  # what stands at its default
        return []
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    word = typed(str(value))
    return [f"--{flag}={word}"] if word.startswith("-") or not word else [f"--{flag}", word]


def options_of(args: argparse.Namespace) -> Options:
    """Return how a table is to be read."""
    from alsatian.data.reading import Options

    if args.table is not None and args.query is not None:
        raise UsageError("--table and --query are given: give one of them.")
    return Options(**{name: getattr(args, name) for name in _HOW})


def plan_of(args: argparse.Namespace, source: str) -> Plan:
    """Find out what would be read, and say which columns are meant."""
    from alsatian.data.reading import plan

    columns: dict[str, Any] = {
        role: None if (name := getattr(args, f"{role}_column")) is None else typed(name) for role in ROLES
    }
    columns |= {role: False for role in _NONE if getattr(args, f"no_{role}")}
    planned = plan(source, columns=columns, form=args.format, options=options_of(args))
    if args.dry_run:
        return planned  # and what it is, is the answer
    note(args, f"{planned.source.name}: {planned.how}")
    if planned.names:
        note(args, _columns_told(planned, counted=not args.no_value))
    if "value" not in planned.names and not args.no_value:
        unread = planned.unread_numbers()
        if unread:
            told = ", ".join(map(repr, unread[:_TOLD])) + (", …" if len(unread) > _TOLD else "")
            hold = "holds" if len(unread) == 1 else "hold"
            note(args, f"not read: {told}, which {hold} numbers; --value-column says which holds the values")
    return planned


def read(args: argparse.Namespace, planned: Plan) -> Reading:
    """Read it all, and say what was left out."""
    reading = planned.read(strict=args.strict)
    for role in reading.dropped:
        note(args, f"the {role} column {planned.names[role]!r} holds no {role}s that can be read: not used")
    told_bad(args, reading.bad.told(reading.rows + reading.bad.count))
    if reading.blank:
        note(args, f"{counted(reading.blank, 'empty line')} passed over")
    return reading


def told_bad(args: argparse.Namespace, told: list[str]) -> None:
    """Warn of lines that were left out."""
    if told:
        warn("\n".join([told[0], *(f"  {line}" for line in told[1:])]) if not args.quiet else told[0].rstrip(":"))


def show_plan(args: argparse.Namespace, planned: Plan) -> int:
    """Print what would be read, the answer to ``--dry-run``; with ``--strict`` all of it is read for that."""
    rows, bad = planned.first_rows()
    reading = read(args, planned) if args.strict else None
    if args.json:
        told = {"left_out": bad.count, "first_left_out": [str(line) for line in bad.first]}
        print_json(as_json(planned) | {"first_rows": rows} | (told if reading is None else left_out(reading)))
        return 0
    if bad.count:
        warn("\n  ".join([f"{counted(bad.count, bad.place)} cannot be used, of the first ones:", *map(str, bad.first)]))
    print(f"{planned.source.name}: {planned.how}{_size_of(planned)}")
    if planned.names:
        _show_roles(planned, rows)
    if reading is not None:
        print(f"All {counted(reading.rows, 'cell' if reading.matrix is not None else 'row')} can be used.")
    print("Nothing was done: --dry-run.")
    return 0


def _show_roles(planned: Plan, rows: list[dict[str, Any]]) -> None:
    print_table(
        ["role", "column", "first values"],
        [
            [
                role,
                planned.names.get(role, "–") + (" (guessed)" if role in planned.guessed else ""),
                ", ".join(_shown(row[role]) for row in rows if role in row)
                or ("1 in every row" if role == "value" else "–"),
            ]
            for role in ROLES
        ],
        align=["left"] * 3,
    )
    others = [name for name in planned.columns if name not in planned.names.values()]
    if others:
        print(f"not read: {', '.join(others)}")


def as_json(planned: Plan) -> dict[str, Any]:
    """Return what is read, for scripts."""
    return {
        "source": planned.source.name,
        "read_as": planned.how,
        "columns": planned.names,
        "guessed": list(planned.guessed),
    }


def left_out(reading: Reading) -> dict[str, Any]:
    """Return what was left out, for scripts."""
    return {
        "rows": reading.rows,
        "left_out": reading.bad.count,
        "first_left_out": [str(bad) for bad in reading.bad.first],
        "empty_lines": reading.blank,
    }


def _columns_told(planned: Plan, *, counted: bool) -> str:
    told = [f"{role} = {name!r}" for role, name in planned.names.items()]
    if "value" not in planned.names and counted:
        told.append("value = 1 in every row")
    if not planned.guessed:
        return "columns " + ", ".join(told)
    named = all(name.isdecimal() for name in planned.names.values())
    why = "by their order, as there is no header" if named else "by their names"
    guessed = ", ".join(planned.guessed)
    return f"columns {', '.join(told)} ({guessed} guessed {why}; --{planned.guessed[0]}-column says otherwise)"


def _size_of(planned: Plan) -> str:
    path = planned.source.path
    return "" if path is None else f", {size(Path(path).stat().st_size)}"


def _shown(value: Any) -> str:
    text = (
        number(value)
        if isinstance(value, float) and not value.is_integer()
        else f"{value:.0f}"
        if isinstance(value, float)
        else str(value)
    )
    return text if len(text) <= 24 else text[:23] + "…"
