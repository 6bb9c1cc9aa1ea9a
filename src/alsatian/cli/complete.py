"""``alsatian complete``: a wide table with holes in, the filled table out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alsatian.cli import source
from alsatian.cli.arguments import non_negative_int
from alsatian.cli.output import add_quiet, check_ending, check_place, counted, note, print_json, stream_beside, warn
from alsatian.cli.parameters import add_common_parameters, common_parameters_of, limits
from alsatian.console import print_table

if TYPE_CHECKING:
    from alsatian.data.wide import Wide

_EPILOG = """\
examples:
  alsatian complete survey.csv                      the filled table goes to survey-complete.csv
  alsatian complete ratings.csv --no-scale --clip 1,5 -o filled.csv
  alsatian complete sensors.parquet --keep station --n-components 8
"""
_SHOWN = 12  # columns that are named


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "complete",
        help="fill the holes of a wide table",
        description="Fill the holes of a table that has a row for each observation and a column for each feature, by a"
        " low-rank model of all columns of numbers. Only holes are changed; columns of texts are kept as they are.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="TABLE", help="CSV and its kin, NDJSON, Parquet, Arrow, or a database")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE",
        help="text (in the format of TABLE; .tsv has tabs), .parquet, .arrow or .ndjson (default: TABLE's name and"
        " -complete)",
    )  # fmt: skip
    parser.add_argument(
        "--missing", nargs="+", default=[], metavar="TEXT",
        help="texts that mark a hole, beside nothing, NA, N/A, NaN, null, none, -, ? and .",
    )  # fmt: skip
    parser.add_argument(
        "--keep", nargs="+", default=[], metavar="NAME", help="columns to leave as they are, such as ids"
    )
    parser.add_argument("--clip", type=limits, metavar="LOW,HIGH", help="limits of what is filled in, such as 1,5")
    parser.add_argument(
        "--scale", action=argparse.BooleanOptionalAction, default=True,
        help="standardise the columns, as units that differ ask for (default)",
    )  # fmt: skip
    parser.add_argument("--decimals", type=non_negative_int, metavar="N", help="decimals of what is filled into text")
    source.add_reading(parser)
    add_common_parameters(parser)
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, fit, fill, write."""
    from alsatian.data._wide_columns import NO_NUMBER
    from alsatian.data.wide import read_wide
    from alsatian.data.wide_writing import ENDINGS, write_filled
    from alsatian.persistence._replace import beside

    output = args.output or _beside(Path(args.source), args.format, ENDINGS)
    check_ending(output, ENDINGS)
    check_place(output, args.source)
    wide = read_wide(
        args.source, form=args.format, options=source.options_of(args), missing=args.missing, keep=args.keep
    )
    note(args, f"{wide.source}: {wide.how}")
    _warn_of_void([wide.names[place] for place, why in wide.kept.items() if why == NO_NUMBER])
    others = [(place, why) for place, why in wide.kept.items() if why != NO_NUMBER]
    for place, why in others[:_SHOWN]:
        note(args, f"column {place + 1}, {wide.names[place]!r}, is left as it is: {why}")
    if wide.empty:
        note(args, f"{counted(wide.empty, 'row')} without a number: filled with the means of the columns")
    if wide.blank:
        note(args, f"{counted(wide.blank, 'empty line')} passed over")
    if args.dry_run:
        _tell(args, wide, None, {})
        return 0
    filled, fit = _filled(args, wide) if wide.holes else (wide.X, {})
    with beside(output, through=True) as name:
        write_filled(wide, filled, name, form=output.suffix, decimals=args.decimals)
    _tell(args, wide, output, fit)
    return 0


def _filled(args: argparse.Namespace, wide: Wide) -> tuple[Any, dict[str, Any]]:
    import numpy as np

    from alsatian.models import ALSImputer

    imputer = ALSImputer(scale=args.scale, **common_parameters_of(args))
    filled = np.asarray(imputer.fit_transform(wide.X), dtype=np.float64)
    if args.clip is not None:
        filled = np.where(np.isnan(wide.X), np.clip(filled, *args.clip), filled)
    _warn_of_range(wide, filled)
    model = imputer.model_
    assert model is not None
    return filled, {
        "components": model.row_factors_.shape[1],
        "iterations": model.n_iter_,
        "converged": model.converged_,
        "seconds": float(model.history_.seconds[-1]),
    }


def _warn_of_void(names: list[str]) -> None:
    """Say which columns stay empty, as there is nothing in them to go by."""
    if names:
        told = ", ".join(map(repr, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")
        verb, left = ("holds", "it is") if len(names) == 1 else ("hold", "they are")
        warn(f"{counted(len(names), 'column')}, {told}, {verb} no number to go by: left as {left}")


def _warn_of_range(wide: Wide, filled: Any) -> None:
    """Say how many filled values are less or more than all that their columns hold."""
    import numpy as np

    low, high = np.nanmin(wide.X, axis=0), np.nanmax(wide.X, axis=0)
    slack = 1e-9 * (high - low)
    outside = (np.isnan(wide.X) & ((filled < low - slack) | (filled > high + slack))).sum(axis=0)
    total, worst = int(outside.sum()), int(np.argmax(outside))
    if not total:
        return
    name, ends = repr(wide.names[wide.used[worst]]), f"from {low[worst]:g} to {high[worst]:g}"
    n_columns, lie = int(np.count_nonzero(outside)), "value lies" if total == 1 else "values lie"
    if n_columns == 1:
        where = f"what column {name} holds, {ends}"
    else:
        where = f"what their {n_columns:,} columns hold, {outside[worst]:,} of them in {name}, {ends}"
    warn(f"{total:,} filled {lie} outside {where}; --clip LOW,HIGH sets limits")


def _tell(args: argparse.Namespace, wide: Wide, output: Path | None, fit: dict[str, Any]) -> None:
    rows, columns = wide.X.shape
    stream = stream_beside(output)
    if args.json:
        print_json(
            {"source": wide.source, "read_as": wide.how, "rows": rows, "columns": columns, "cells": wide.X.size,
             "empty_rows": wide.empty, "empty_lines": wide.blank, "holes": wide.holes,
             "empty_cells_kept": wide.open, "kept": {wide.names[place]: why for place, why in wide.kept.items()},
             "output": None if output is None else str(output)} | fit,
            stream,
        )  # fmt: skip
        return
    told = [
        ["table", f"{counted(rows, 'row')} × {counted(columns, 'column')} of numbers"],
        ["holes", f"{wide.holes:,} of {wide.X.size:,} cells ({wide.holes / wide.X.size:.1%})"],
    ]
    if fit:
        told.append(["fit", f"{fit['components']} components, {fit['iterations']} iterations, {fit['seconds']:.2f} s"])
    if wide.kept:
        empty = f", {counted(wide.open, 'empty cell')} there" if wide.open else ""
        told.append(["left as is", counted(len(wide.kept), "column") + empty])
    done = f"{wide.holes:,} holes filled" if wide.open else "every hole filled"
    told.append(["file", "none: --dry-run" if output is None else f"{output}, {done}"])
    print_table(["completed" if output is not None else "to complete", ""], told, align=["left", "left"], stream=stream)


def _beside(path: Path, form: str | None, endings: Sequence[str]) -> Path:
    """Return the name of the filled table, beside the one with holes."""
    if str(path) == "-" or (path.exists() and not path.is_file()):
        path = Path(f"table.{form or 'csv'}")
    plain = path.with_suffix("") if path.suffix.lower() in (".gz", ".bz2", ".xz", ".zip") else path
    suffix = plain.suffix if plain.suffix and plain.suffix.lower() in endings else ".csv"
    return Path(f"{plain.stem}-complete{suffix}")
