"""What subcommands put out: notes on standard error, and tables on standard output or in files."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote

from alsatian.cli.arguments import UsageError
from alsatian.console import counted as counted  # noqa: PLC0414 — subcommands have it from here
from alsatian.console import lacks_letters, print_table, write_utf8

FILES = {".csv": "csv", ".tsv": "tsv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json", ".parquet": "parquet"}
PICTURES = (".png", ".pdf", ".svg")
FORMATS = ("table", "csv", "tsv", "ndjson", "json", "parquet")
_READ = ("model", "pairs", "items", "users_from", "titles")
_TO_FILE = "parquet"  # is no text that a terminal or a pipe could take

Row = Sequence[Any]


def note(args: argparse.Namespace, text: str) -> None:
    """Say something beside the result, unless it is to be quiet."""
    if not getattr(args, "quiet", False):
        print(f"alsatian: {text}", file=sys.stderr)


def warn(text: str) -> None:
    """Say something that must not be missed."""
    print(f"alsatian: warning: {text}", file=sys.stderr)


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add the options that every subcommand has."""
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing beside the result, but for warnings")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_table_output(parser: argparse.ArgumentParser) -> None:
    """Add the options of a subcommand whose result is a table."""
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help=f"write the result to a file: {', '.join(FILES)}"
    )
    parser.add_argument(
        "--output-format",
        choices=FORMATS,
        help="how to write it (default: by the name of the file; a table on standard output)",
    )
    add_quiet(parser)


def format_of(args: argparse.Namespace) -> str:
    """Return the format of the result.

    Raises
    ------
    UsageError
        Where the name of the file does not say it, or it is none for standard output.
    """
    if args.json:
        return "json"
    if args.output_format is not None:
        form = str(args.output_format)
    elif args.output is None:
        form = "table"
    else:
        form = FILES.get(args.output.suffix.lower(), "")
        if not form:
            raise UsageError(
                f"--output {args.output}: the kind of file is not known; let its name end in {', '.join(FILES)}, or "
                "give --output-format."
            )
    if form == _TO_FILE and args.output is None:
        raise UsageError("Parquet is written to a file: give --output FILE.parquet.")
    check_place(args.output, *(getattr(args, name, None) for name in _READ))
    return form


def check_ending(path: Path | None, endings: Iterable[str], *, option: str = "--output", what: str = "file") -> None:
    """Refuse a name that says another kind of file than can be written.

    Raises
    ------
    UsageError
        Names the endings that there are.
    """
    if path is not None and path.suffix.lower() not in endings:
        told = ", ".join(ending for ending in endings if ending)
        raise UsageError(f"{option} {path}: the kind of {what} is not known; let its name end in {told}.")


def check_place(path: Path | None, *inputs: Path | str | None, through: bool = True) -> None:
    """Refuse a place where no file can be written, before any work is done for it.

    Parameters
    ----------
    path : Path or None
        None is standard output.
    *inputs : Path, str or None
        What is read, files or URLs: none of them may be written over.
    through : bool
        Whether a pipe or a device may be written to: not with a model, which is read as a file.
    """
    if path is None:
        return
    if path.is_dir():
        raise ValueError(f"{path} is a folder; add the name of a file.")
    if not path.parent.is_dir():
        raise ValueError(f"{path}: there is no folder {path.parent}; make it, or name another place.")
    for other in inputs:
        if other is not None and _is_same(path, _path_of(str(other))):
            raise UsageError(f"{path} is read, and would be written over: name another file with --output.")
    from alsatian.persistence._replace import checked

    checked(path, through=through)


def _path_of(text: str) -> Path:
    """Return the path in the URL of a database of one file; a path is one already."""
    _, colon, rest = text.partition("://")
    return Path(unquote(rest.removeprefix("/"))) if colon else Path(text)


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.is_file() and one.samefile(other)
    return one.resolve() == other.resolve()


def stream_beside(path: Path | None) -> TextIO:
    """Return where to say what was written: not on standard output, where the result itself may have gone there."""
    from alsatian.persistence._replace import checked

    return sys.stdout if path is None or checked(path, through=True)[0] else sys.stderr


@contextmanager
def table_writer(
    args: argparse.Namespace, header: Sequence[str], *, title: str = "", shown: Callable[[Row], Sequence[str]]
) -> Iterator[Callable[[Iterable[Row]], None]]:
    """Write a table, row by row, in the format that is asked for; a file is there whole or not at all.

    Parameters
    ----------
    args : namespace
        With `output`, `output_format` and `json`.
    header : sequence of str
        The names of the columns.
    title : str
        Above a table on a terminal.
    shown : callable
        Returns a row as a table shows it.

    Yields
    ------
    callable
        Takes rows; may be called again and again.
    """
    form = format_of(args)
    if args.output is None:
        with _writer(form, sys.stdout, header, title, shown) as write:
            yield write
        return
    from alsatian.persistence._replace import beside

    with beside(args.output, through=True) as name:
        if form == _TO_FILE:
            with _parquet(Path(name), header) as write:
                yield write
        else:
            with (
                open(name, "w", encoding="utf-8", newline="") as file,
                _writer(form, file, header, "", shown) as write,
            ):
                yield write


@contextmanager
def _writer(
    form: str, stream: TextIO, header: Sequence[str], title: str, shown: Callable[[Row], Sequence[str]]
) -> Iterator[Callable[[Iterable[Row]], None]]:
    if form != "table":
        write_utf8(stream)
    if form in ("csv", "tsv"):
        lines = csv.writer(stream, delimiter="," if form == "csv" else "\t", lineterminator="\n")
        lines.writerow(header)
        yield lines.writerows
    elif form == "ndjson":
        yield lambda rows: stream.writelines(dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows)
    else:
        kept: list[Row] = []
        yield kept.extend
        if form == "json":
            stream.write(dumps([dict(zip(header, row, strict=True)) for row in kept], indent=2) + "\n")
        else:
            align = ["right" if kept and _is_number(value) else "left" for value in (kept[0] if kept else header)]
            cells = [shown(row) for row in kept]
            if any(lacks_letters(stream, cell) for row in [[title], *cells] for cell in row):
                warn(
                    f"names have letters that {stream.encoding} lacks, and others stand for them: --json,"
                    " --output-format csv and --output write UTF-8."
                )
            print_table(list(header), cells, title=title, align=align, stream=stream)  # type: ignore[arg-type]


@contextmanager
def _parquet(path: Path, header: Sequence[str]) -> Iterator[Callable[[Iterable[Row]], None]]:
    from alsatian.data.writing import write_parquet

    kept: list[Row] = []
    yield kept.extend
    write_parquet(path, {name: [row[n] for row in kept] for n, name in enumerate(header)})


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Return a value as JSON: what is not finite is null, and what JSON does not know, a text."""
    return json.dumps(_plain(value), indent=indent, ensure_ascii=False, default=str, allow_nan=False)


def print_json(value: Any, stream: TextIO | None = None) -> None:
    """Print the result for scripts, in UTF-8."""
    write_utf8(sys.stdout if stream is None else stream)
    print(dumps(value, indent=2), file=stream)


def put_json(args: argparse.Namespace, value: Any) -> None:
    """Print a result that is one object, or write it to the file of ``--output``."""
    if args.output is None:
        print_json(value)
        return
    from alsatian.persistence._replace import beside

    with beside(args.output, through=True) as name:
        Path(name).write_text(dumps(value, indent=2) + "\n", encoding="utf-8")


def table_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as plain text."""
    text = io.StringIO()
    print_table(header, rows, stream=text)
    return text.getvalue()


def number(value: float) -> str:
    """Return a number as a table shows it.

    Examples
    --------
    >>> number(3.14159265), number(12345.678), number(float("nan"))
    ('3.142', '12,346', '–')
    """
    if value != value:  # noqa: PLR0124
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def score(value: float) -> str:
    """Return a score with as many digits as the others in its column.

    Examples
    --------
    >>> score(4.5), score(0.0123)
    ('4.500', '0.01230')
    """
    return "–" if value != value else f"{value:#.4g}"  # noqa: PLR0124


def size(n_bytes: int) -> str:
    """Return a number of bytes with its unit.

    Examples
    --------
    >>> size(512), size(1_500_000)
    ('512 bytes', '1.5 MB')
    """
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    value, unit = float(n_bytes), ""
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007
        value /= 1000
        if value < 1000:
            break
    return f"{value:.1f} {unit}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if type(value).__name__ == "datetime64":  # of NumPy, whose nanoseconds would be an integer
        return str(value)
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        return _plain(value.item())
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        return None
    return value
