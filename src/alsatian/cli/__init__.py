"""The command ``alsatian``: one subcommand a file.

A subcommand's module has `register(subparsers)`, which adds its options and sets its `run(args) -> int`. It imports
what it needs inside `run`, so that ``alsatian --help`` stays quick.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import alsatian
from alsatian.cli import (
    complete,
    completion,
    datasets,
    demo,
    derive,
    doctor,
    explain,
    fit,
    inspect,
    predict,
    recommend,
    report,
    similar,
    tune,
    update,
)
from alsatian.cli.arguments import UsageError
from alsatian.cli.words import of_command
from alsatian.console import write_what_can_be

_COMMANDS = (
    fit,
    recommend,
    similar,
    explain,
    predict,
    complete,
    update,
    tune,
    inspect,
    report,
    derive,
    demo,
    datasets,
    doctor,
    completion,
)


def build_parser() -> argparse.ArgumentParser:
    """Give the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="alsatian",
        description="Matrix factorization by alternating least squares, for full and incomplete matrices.",
        epilog="'alsatian COMMAND --help' tells more about a command.",
    )
    parser.add_argument("--version", action="version", version=f"alsatian {alsatian.__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments after the name of the command; None takes them from ``sys.argv``.

    Returns
    -------
    int
        The exit status: 0 where all went well, 1 for an error that is told on standard error, 2 for arguments that do
        not go together, 3 for an id or a title that is not known, 130 after Ctrl-C. What argparse refuses leaves with
        status 2.

    Examples
    --------
    >>> main(["demo", "--no-plot"])  # doctest: +SKIP
    0
    """
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        write_what_can_be(stream)
    args = build_parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = _show_warning
            status: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("alsatian: interrupted", file=sys.stderr)
        return 130
    except UsageError as error:
        print(f"alsatian: error: {of_command(error)}", file=sys.stderr)
        return 2
    except (ImportError, OSError, ValueError) as error:  # ours, and what the user can mend; the rest is a bug
        print(f"alsatian: error: {of_command(error)}", file=sys.stderr)
        return 1
    except KeyError as error:
        if type(error).__name__ != "UnknownIdError":  # not imported, as help must be quick
            raise
        print(f"alsatian: error: {of_command(error)}", file=sys.stderr)
        return 3
    return status


def _open_what_is_closed() -> None:
    """Let what is written to a stream that was closed, as by ``>&-``, go nowhere, as print does."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"alsatian: warning: {of_command(message)}", file=sys.stderr)
