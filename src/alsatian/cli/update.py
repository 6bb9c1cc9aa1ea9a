"""``alsatian update``: take new interactions into a model, without fitting again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alsatian.cli import ids, source
from alsatian.cli.models import add_model, load_recommender
from alsatian.cli.output import add_quiet, check_place, counted, print_json, size
from alsatian.console import print_table

if TYPE_CHECKING:
    from alsatian.data import Interactions
    from alsatian.data.reading import Plan, Reading


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "update",
        help="take new interactions into a model",
        description="Take new interactions, users and items into a model without fitting again. The model file is"
        " replaced, as a whole or not at all, unless --output names another.",
        epilog="example:\n  alsatian update films.alsatian today.csv\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_model(parser)
    source.add_source(parser)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="model file to write (default: MODEL itself)")
    parser.add_argument(
        "--mode",
        choices=["add", "replace"],
        default="add",
        help="add: on top of what is known; replace: each user in the source has these interactions and no others from"
        " now on (default: %(default)s)",
    )
    parser.add_argument(
        "--duplicates",
        choices=["sum", "mean", "last", "error"],
        help="what becomes of several rows of one user and item (default: as in fit)",
    )
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, update, save."""
    from alsatian.recommend._checks import of_ratings

    output = args.output or Path(args.model)
    check_place(output, args.source, through=False)
    recommender = load_recommender(args.model)
    before = recommender.interactions_
    args.no_timestamp = args.no_timestamp or before.timestamps is None  # the model has no use for them
    planned = source.plan_of(args, args.source)
    if args.dry_run:
        return source.show_plan(args, planned)
    if before.timestamps is not None and "timestamp" not in planned.names:
        raise ValueError(
            f"the model has a time for each interaction, and {planned.source.name} has no column of times: name it with"
            " --timestamp-column, or fit the model with --no-timestamp."
        )
    reading = source.read(args, planned)
    duplicates: Any = args.duplicates or ("last" if of_ratings(recommender.model_) else "sum")
    new = _as_known(reading, before, duplicates)
    _check_times(before, new, planned)
    recommender.update(new, mode=args.mode, duplicates=duplicates)
    recommender.save(output)
    after = recommender.interactions_
    counts = {
        name: (getattr(before, f"n_{name}"), getattr(after, f"n_{name}")) for name in ("users", "items", "interactions")
    }
    if args.json:
        told = {name: {"before": old, "after": now} for name, (old, now) in counts.items()}
        print_json(source.as_json(planned) | source.left_out(reading) | told | {"model": str(output)})
        return 0
    rows = [[name, f"{old:,}", f"{now:,}", f"{now - old:+,}"] for name, (old, now) in counts.items()]
    print_table(["", "before", "after", "new"], rows)
    print(f"{output}, {size(output.stat().st_size)}, {counted(new.n_interactions, 'cell')} of {planned.source.name}")
    return 0


def _check_times(before: Interactions, new: Interactions, planned: Plan) -> None:
    """Refuse dates where the model has numbers for times, and numbers where it has dates."""
    kinds = [
        "dates" if times.dtype.kind == "M" else "numbers"
        for times in (before.timestamps, new.timestamps)
        if times is not None
    ]
    if len(set(kinds)) > 1:
        raise ValueError(
            f"{planned.source.name}, column {planned.names['timestamp']!r}: the times are {kinds[1]}, and those of the"
            f" model are {kinds[0]}: write them as {kinds[0]}, or name another column with --timestamp-column."
        )


def _as_known(reading: Reading, known: Interactions, duplicates: Any) -> Interactions:
    """Return what was read under ids of the types that the model has."""
    from alsatian.data import Interactions

    if reading.table is None:
        return reading.interactions(dtype=known.dtype)
    columns = {role: reading.table.get_column(role) for role in reading.table.columns}
    users = ids.as_known(columns.pop("user").to_list(), known.users)
    items = ids.as_known(columns.pop("item").to_list(), known.items)
    return Interactions.from_arrays(users, items, **columns, duplicates=duplicates, dtype=known.dtype)
