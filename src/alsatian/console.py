"""What the terminal shows: tables and progress. The only place that imports rich.

Where rich is not installed, or the output is not a terminal (a pipe, a file, a notebook's log), the same things come
as plain text: no colours, no cursor movements, no lines that overwrite each other.
"""

from __future__ import annotations

import codecs
import importlib
import io
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, Protocol, TextIO

Align = Literal["left", "right"]


_PLAIN = {
    "ᵀ": "'",
    "≈": "~",
    "×": "x",
    "·": ".",
    "∘": "o",
    "−": "-",
    "–": "-",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "½": "1/2",
    "…": "...",
    "✓": "+",
    "✗": "x",
    "‖": "|",
    "∂": "d",
    "∈": "in",
    "Σ": "sum ",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ω": "omega",
    "Ω": "Omega",
    "Γ": "Gamma",
    "’": "'",
    "“": '"',
    "”": '"',
    "─": "-",
    "━": "-",
    "│": "|",
}


class Bar(Protocol):
    """A running progress display."""

    def update(self, done: float, note: str = "") -> None:
        """Say how much of the total is done, with a short note such as the loss."""


def is_rich(stream: TextIO) -> bool:
    """Whether `stream` gets colours and moving bars: a terminal that can, and rich is installed.

    Examples
    --------
    >>> import io
    >>> is_rich(io.StringIO())
    False
    """
    if os.environ.get("TERM") == "dumb" or not _is_terminal(stream):
        return False
    try:
        _rich("console")
    except ImportError:
        return False
    return True


def write_what_can_be(stream: TextIO) -> None:
    """Let a stream whose encoding has no λ or Zᵀ write them as best it can, instead of failing.

    The nearest plain characters take their place, and a question mark where there are none. Streams of Unicode, and
    those that are no text files, stay as they are.

    Examples
    --------
    >>> import io
    >>> stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    >>> write_what_can_be(stream)
    >>> stream.write("X ≈ W Zᵀ, λ = ½ … – 3²")
    22
    >>> stream.flush(); stream.buffer.getvalue()
    b"X ~ W Z', lambda = 1/2 ... - 3^2"
    """
    encoding = str(getattr(stream, "encoding", None) or "utf-8").lower().replace("_", "-")
    if isinstance(stream, io.TextIOWrapper) and not encoding.startswith(("utf", "cp65001")):
        codecs.register_error("alsatian.plain", _plain_characters)
        stream.reconfigure(errors="alsatian.plain")


def write_utf8(stream: TextIO) -> None:
    r"""Let a stream write UTF-8 from now on, whatever the locale, as files of data are read elsewhere.

    Examples
    --------
    >>> stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    >>> write_utf8(stream)
    >>> stream.write("Ré")
    2
    >>> stream.flush(); stream.buffer.getvalue()
    b'R\xc3\xa9'
    """
    if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
        stream.reconfigure(encoding="utf-8", errors="strict")


def lacks_letters(stream: TextIO, text: str) -> bool:
    """Whether letters or signs of a text, such as a name, are not in the encoding of a stream.

    Examples
    --------
    >>> stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    >>> lacks_letters(stream, "Ré"), lacks_letters(stream, "Re – 3")
    (True, False)
    """
    try:
        "".join(letter for letter in text if letter not in _PLAIN).encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return True
    return False


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    align: Sequence[Align] | None = None,
    highlight: int | None = None,
    stream: TextIO | None = None,
) -> None:
    """Print a small table.

    Parameters
    ----------
    header : sequence of str
        One heading a column.
    rows : sequence of sequences of str
        The cells, already formatted, as many in each row as there are headings.
    title : str, default=""
        A line above the table.
    align : sequence of {"left", "right"}, default=None
        One a column. None: the first column left, the others right, as suits a column of names before numbers.
    highlight : int, default=None
        Index of a row to set in bold, on terminals.
    stream : text stream, default=None
        None is standard output.

    Raises
    ------
    ValueError
        Where a row, or `align`, has another length than `header`.

    Examples
    --------
    >>> print_table(["model", "RMSE"], [["mean", "37.6"], ["ALS", "30.5"]], title="Held-out cells")
    Held-out cells
    model  RMSE
    -----  ----
    mean   37.6
    ALS    30.5
    """
    out = sys.stdout if stream is None else stream
    sides: Sequence[Align] = align or ["left", *["right"] * (len(header) - 1)]  # type: ignore[list-item]
    for name, part in [("align", sides), *((f"row {r}", row) for r, row in enumerate(rows))]:
        if len(part) != len(header):
            raise ValueError(f"{name} has {len(part)} entries, but the header has {len(header)}.")
    header, title = [_in_one_line(name) for name in header], _in_one_line(title)
    rows = [[_in_one_line(cell) for cell in row] for row in rows]
    if is_rich(out):
        _print_rich_table(header, rows, title=title, align=sides, highlight=highlight, stream=out)
    else:
        out.write(_plain_table(header, rows, title, sides))


def counted(n: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "user"), counted(6040, "user")
    ('1 user', '6,040 users')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


class Block(NamedTuple):
    """A piece of a document: what it is, and its text."""

    kind: Literal["title", "heading", "item", "formula", "text", "good", "bad"]
    text: str


def print_document(blocks: Sequence[Block], *, stream: TextIO | None = None) -> None:
    """Print a document with headings, numbered items, formulas and what checks said.

    Parameters
    ----------
    blocks : sequence of Block
        The pieces in order.
    stream : text stream, default=None
        None is standard output.

    Examples
    --------
    >>> print_document([Block("item", "1. Square"), Block("formula", "(a + b)²"), Block("good", "agrees")])
    1. Square
        (a + b)²
        ✓ agrees
    """
    out = sys.stdout if stream is None else stream
    if is_rich(out):
        _print_rich_document(blocks, out)
        return
    for kind, text in blocks:
        mark = {"good": "✓ ", "bad": "✗ "}.get(kind, "")
        margin = "" if kind in {"title", "heading", "item"} else "    "
        out.writelines(f"{margin}{mark}{line}\n" for line in text.splitlines())


@contextmanager
def progress(
    description: str,
    total: float,
    *,
    stream: TextIO | None = None,
    interval: float = 10.0,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Bar]:
    """Show how far a long task is, as a context manager.

    Parameters
    ----------
    description : str
        What is being done.
    total : float
        The value of ``update(done)`` that means finished.
    stream : text stream, default=None
        None is standard error, so that standard output stays clean.
    interval : float, default=10.0
        Seconds between two lines in the plain form: a task that is over sooner writes nothing there.
    clock : callable, default=time.monotonic
        For tests.

    Yields
    ------
    Bar
        Call its ``update(done, note="")``.

    Examples
    --------
    >>> with progress("Fitting", total=30) as bar:
    ...     bar.update(15, "loss 1.25")
    """
    out = sys.stderr if stream is None else stream
    if is_rich(out):
        with _rich_bar(description, total, out) as bar:
            yield bar
    else:
        yield _PlainBar(description, total, out, interval, clock)


class _PlainBar:
    """A line now and then, for logs."""

    def __init__(
        self, description: str, total: float, stream: TextIO, interval: float, clock: Callable[[], float]
    ) -> None:
        self._description, self._total, self._stream = description, total, stream
        self._interval, self._clock = interval, clock
        self._start = self._last = clock()

    def update(self, done: float, note: str = "") -> None:
        now = self._clock()
        if now - self._last < self._interval:
            return
        self._last = now
        share = done / self._total if self._total else 1.0
        tail = f", {note}" if note else ""
        spent = now - self._start
        left = f", at most {spent * (1 - share) / share:.0f} s left" if 0 < share < 1 else ""
        self._stream.write(f"{self._description}: {share:4.0%}, {spent:.0f} s{left}{tail}\n")
        self._stream.flush()


def _in_one_line(text: str) -> str:
    """Return a text without line ends, tabs and commands to the terminal, which names in data may hold."""
    if text.isprintable():
        return text
    return "".join(
        " " if letter.isspace() else "\ufffd" if unicodedata.category(letter) == "Cc" else letter for letter in text
    )


def _plain_table(header: Sequence[str], rows: Sequence[Sequence[str]], title: str, align: Sequence[Align]) -> str:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [list(header), ["-" * width for width in widths], *map(list, rows)]
    text = [title] if title else []
    for line in lines:
        cells = zip(line, widths, align, strict=True)
        text.append("  ".join(f"{c:<{w}}" if a == "left" else f"{c:>{w}}" for c, w, a in cells).rstrip())
    return "\n".join(text) + "\n"


def _print_rich_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str,
    align: Sequence[Align],
    highlight: int | None,
    stream: TextIO,
) -> None:
    Text = _rich("text").Text
    table = _rich("table").Table(title=Text(title) if title else None, title_justify="left", title_style="bold")
    for name, side in zip(header, align, strict=True):
        # Numbers stay whole where a terminal is narrow: what gives way is names and titles, the widest of them first.
        table.add_column(Text(name), justify=side, no_wrap=side == "right")
    for r, row in enumerate(rows):
        table.add_row(*map(Text, row), style="bold green" if r == highlight else None)  # Text: no markup in names
    _rich("console").Console(file=stream).print(table)


def _print_rich_document(blocks: Sequence[Block], stream: TextIO) -> None:
    Text, Padding = _rich("text").Text, _rich("padding").Padding
    console = _rich("console").Console(file=stream, highlight=False)
    panel, rule = _rich("panel").Panel, _rich("rule").Rule
    boxes = _rich("box")
    for kind, text in blocks:
        if kind == "title":
            console.print(panel(Text(text, style="bold"), box=boxes.HEAVY, expand=False))
        elif kind == "heading":
            console.print(Padding(rule(Text(text, style="bold cyan"), align="left", style="cyan"), (1, 0, 0, 0)))
        elif kind == "item":
            console.print(Padding(Text(text, style="bold"), (1, 0, 0, 0)))
        elif kind == "formula":
            console.print(Padding(panel(Text(text), box=boxes.ROUNDED, expand=False, border_style="dim"), (0, 0, 0, 3)))
        else:
            mark, style = {"good": ("✓ ", "green"), "bad": ("✗ ", "bold red")}.get(kind, ("", ""))
            console.print(Padding(Text(mark + text, style=style), (0, 0, 0, 3)))


@contextmanager
def _rich_bar(description: str, total: float, stream: TextIO) -> Iterator[Bar]:
    parts = _rich("progress")
    columns = [
        parts.TextColumn("{task.description}", markup=False),
        parts.BarColumn(),
        parts.TaskProgressColumn(),
        parts.TimeRemainingColumn(),
        parts.TextColumn("{task.fields[note]}", markup=False),
    ]
    console = _rich("console").Console(file=stream)
    with parts.Progress(*columns, console=console, transient=True) as display:
        task = display.add_task(description, total=total, note="")

        class _RichBar:
            def update(self, done: float, note: str = "") -> None:
                display.update(task, completed=done, note=note)

        yield _RichBar()


def _plain_characters(error: UnicodeError) -> tuple[str, int]:
    """Handle what an encoding has not, under the protocol of `codecs.register_error`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain_character, error.object[error.start : error.end])), error.end


def _plain_character(character: str) -> str:
    known = _PLAIN.get(character)
    if known is not None:
        return known
    name, parts = unicodedata.name(character, ""), unicodedata.normalize("NFKD", character)
    near = "".join(part for part in parts if part.isascii())
    # A raised 2 is a power; letters with accents, and lowered indices, lose what they had.
    return ("^" + near if "SUPERSCRIPT" in name else near) or "?"


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # an object of the user's own, or a closed stream
        return False


def _rich(module: str) -> Any:
    return importlib.import_module(f"rich.{module}")
