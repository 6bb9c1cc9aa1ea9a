"""``alsatian tune``: a search for the parameters of a model, in which each fit starts from the nearest one."""

from __future__ import annotations

import argparse
import math
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from alsatian.cli import source
from alsatian.cli.arguments import UsageError, positive_int, seed, share, typed
from alsatian.cli.fit import kind_of
from alsatian.cli.output import PICTURES, add_quiet, check_ending, check_place, note, print_json

if TYPE_CHECKING:
    from alsatian.evaluation import Tuning

_EPILOG = """\
examples:
  alsatian tune ratings.csv                         40 trials by the RMSE on a tenth of the cells
  alsatian tune plays.parquet --metric ndcg@10 --trials 100 --timeout 600
  alsatian tune ratings.csv --search n_components=8..64 --search reg=0.01..1 --plot search.png
  alsatian tune ratings.csv --storage sqlite:///search.db --starts starts/
                                                    and the same once more goes on
"""
_RANGE = re.compile(r"([0-9.]+)\s*[-–:]\s*([0-9.]+)")  # as one may take it to be written


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "tune",
        help="search for the parameters that are best on held-out cells",
        description="Search for the rank, the ridge and other parameters that are best on held-out cells. Each fit"
        " starts from the nearest one before, so that it takes a few iterations. The last lines are the command and the"
        " Python that fit the best. Needs Optuna (the extra 'tune').",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source.add_source(parser)
    parser.add_argument(
        "--model", choices=["auto", "ratings", "implicit"], default="auto", help="as in alsatian fit (default: auto)"
    )
    search = parser.add_argument_group("search")
    search.add_argument("--metric", metavar="NAME", help="rmse, mae, ndcg@10, … (default: rmse, or ndcg@20)")
    search.add_argument("--trials", type=positive_int, default=40, metavar="N", help="(default: %(default)s)")
    search.add_argument("--timeout", type=positive_int, metavar="S", help="seconds after which no new trial begins")
    search.add_argument(
        "--search",
        type=axis,
        action="append",
        metavar="NAME=WHAT",
        help="what to search, in place of the default: a range, reg=0.01..1, or choices, objective=hkv,ials",
    )
    search.add_argument(
        "--validation", type=share, default=0.1, metavar="P", help="share of cells to hold out (default: %(default)s)"
    )
    search.add_argument("--relevant-from", type=float, metavar="V", help="values from this on are worth listing")
    search.add_argument("--seed", type=seed, default=0, metavar="S", help="of split and search (default: %(default)s)")
    search.add_argument("--cold", action="store_true", help="start every fit anew")
    kept = parser.add_argument_group("to go on later")
    kept.add_argument("--storage", metavar="URL", help="where trials are kept, such as sqlite:///search.db")
    kept.add_argument("--study", default="alsatian", metavar="NAME", help="name in the storage (default: %(default)s)")
    kept.add_argument("--starts", type=Path, metavar="FOLDER", help="where fits are kept to start from")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the search: .png, .pdf, .svg")
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, search, and say what was found."""
    check_ending(args.plot, PICTURES, option="--plot", what="picture")
    check_place(args.plot, args.source)
    space = _space(args.search or [])
    planned = source.plan_of(args, args.source)
    if args.dry_run:
        return source.show_plan(args, planned)
    from alsatian.evaluation import tune

    reading = source.read(args, planned)
    kind, why = (args.model, "") if args.model != "auto" else kind_of(planned, reading)
    if why:
        note(args, f"model: {kind}, as {why}; --model says otherwise")
    duplicates: Any = "last" if kind == "ratings" else "sum"
    with _as_written(args.search or []):
        found = tune(
            kind, reading.interactions(duplicates=duplicates), args.metric,
            space=space or None, n_trials=args.trials, timeout=args.timeout,
            validation=args.validation, relevant_from=args.relevant_from, seed=args.seed, warm=not args.cold,
            storage=args.storage, study_name=args.study, folder=args.starts,
        )  # fmt: skip
    if args.plot is not None:
        from alsatian.plot import TuningDisplay

        TuningDisplay.from_tuning(found).figure_.savefig(args.plot)
    if args.json:
        print_json(_as_json(found, _command(found, args)))
    else:
        print(found)
        command = _command(found, args)
        if command is not None:
            print(command)
    return 0


class Searched(NamedTuple):
    """One ``--search``: the parameter, its range or choices, and how they were written."""

    name: str
    what: Any
    text: str


def axis(text: str) -> Searched:
    """Parse what to search.

    Examples
    --------
    >>> axis("reg=0.01..1")
    Searched(name='reg', what=(0.01, 1.0), text='reg=0.01..1')
    >>> axis("n_components=8..64").what, axis("objective=hkv,ials").what
    ((8, 64), ['hkv', 'ials'])
    """
    name, _, what = text.partition("=")
    name = name.strip().replace("-", "_")
    if not name or not what:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=LOW..HIGH or NAME=CHOICE,CHOICE")
    low, between, high = what.partition("..")
    if not between:
        choices = [_number(choice) for choice in what.split(",")]
        meant = next(filter(None, map(_RANGE.fullmatch, filter(_is_text, choices))), None)
        if meant:
            raise argparse.ArgumentTypeError(f"{text!r}: a range is written {meant[1]}..{meant[2]}")
        return Searched(name, choices, text)
    ends = _number(low), _number(high)
    if any(_is_text(end) or not math.isfinite(end) for end in ends):
        raise argparse.ArgumentTypeError(f"{what!r} is no range of numbers, such as 0.01..1")
    if ends[0] > ends[1]:
        raise argparse.ArgumentTypeError(f"{text!r}: the lower end comes first, {high}..{low}")
    whole = all(isinstance(end, int) for end in ends) and name in ("n_components", "max_iter")
    return Searched(name, ends if whole else tuple(map(float, ends)), text)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _space(given: list[Searched]) -> dict[str, Any]:
    """Return what to search, where no parameter is given twice."""
    first: dict[str, Searched] = {}
    for one in given:
        before = first.setdefault(one.name, one)
        if before is not one:
            raise UsageError(
                f"--search {before.text} and --search {one.text} are given: give {one.name} once, choices with commas "
                "between them."
            )
    return {one.name: one.what for one in given}


@contextmanager
def _as_written(given: list[Searched]) -> Iterator[None]:
    """Call a part of the space, in an error of the search, as it was written here."""
    try:
        yield
    except ValueError as error:
        told = str(error)
        for one in given:
            told = told.replace(f"space[{one.name!r}] = {one.what!r}", f"--search {one.text}")
        if told == str(error):
            raise
        raise ValueError(told) from error


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip()


def _command(found: Tuning, args: argparse.Namespace) -> str | None:
    """Return the command that fits the best to what was tuned on: the source, read as it was here.

    None where the command has no option for what was searched: the search is not lost for that.
    """
    try:
        command = found.command(typed(args.source))
    except ValueError as error:
        note(args, str(error))
        return None
    return " ".join([command, *map(shlex.quote, source.words_of(args))])


def _as_json(found: Tuning, command: str | None) -> dict[str, Any]:
    names = ("number", "parameters", "value", "state", "values", "seconds", "iterations", "start", "error")
    return {
        "metric": found.metric,
        "split": found.split_name,
        "best": found.best_parameters,
        "value": found.best_value,
        "fitted_anew": found.confirmed,
        "python": found.expression,
        "command": command,
        "trials": [{name: getattr(trial, name) for name in names} for trial in found.trials],
    }
