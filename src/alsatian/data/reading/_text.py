"""Tables in text: CSV and its kin, a block at a time, quickly where a block is regular and exactly where it is not."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from alsatian.data.reading._bad import BadLines
from alsatian.data.reading._bytes import Block, blocks
from alsatian.data.reading._dialect import Dialect, in_blanks
from alsatian.data.reading._polars import polars
from alsatian.data.reading._records import Records, records_of
from alsatian.data.reading._source import Source

_UNIT = "\x1f"  # takes the place of a separator of two characters


class Part(NamedTuple):
    """Rows of a table: the chosen columns as a frame of texts, by their places, and the line of each row."""

    frame: Any
    lines: int | Sequence[int]
    blank: int = 0


def parts(
    source: Source, dialect: Dialect, chosen: Sequence[int], bad: BadLines, *, exact: bool = False
) -> Iterator[Part]:
    """Yield the rows of a text, some of their columns only; what is no row goes to `bad`.

    Parameters
    ----------
    source : Source
    dialect : Dialect
    chosen : sequence of int
        Places of columns; they are the names in the frames.
    bad : BadLines
    exact : bool
        Whether to read every block line by line: for tests.

    Raises
    ------
    ValueError
        Where a line is not in the encoding: names it.
    """
    held: tuple[int, list[str]] | None = None  # lines of a record that goes on in the next block
    with source.open() as file:
        pending: Block | None = None
        for block in blocks(file, dialect.encoding, mac=dialect.mac):
            if pending is not None:
                held = yield from _part(pending, held, dialect, chosen, bad, exact=exact, last=False)
            pending = _from(_plain(block, dialect), dialect.first)
        if pending is not None or held is not None:
            last = pending or Block(0, b"")
            yield from _part(last, held, dialect, chosen, bad, exact=exact, last=True)


def _plain(block: Block, dialect: Dialect) -> Block:
    """Return a block in which one blank stands for several, where blanks separate."""
    return block if dialect.separator != " " else block._replace(text=in_blanks(block.text.decode()).encode())


def _from(block: Block, first: int) -> Block | None:
    """Return the lines of a block from the first record on; None where there are none."""
    skipped = first - block.first
    if skipped <= 0:
        return block
    lines = block.text.split(b"\n", skipped)
    return Block(first, lines[-1]) if len(lines) > skipped and lines[-1] else None


def _part(
    block: Block,
    held: tuple[int, list[str]] | None,
    dialect: Dialect,
    chosen: Sequence[int],
    bad: BadLines,
    *,
    exact: bool,
    last: bool,
) -> Iterator[Part] | Any:
    frame = None if held is not None or exact else _quick(block.text, dialect, chosen)
    if frame is not None:
        yield Part(frame, block.first)
        return None
    lines = block.text.decode().split("\n")[:-1]
    first = block.first
    if held is not None:
        first, lines = held[0], held[1] + lines
    found = records_of(lines, first, dialect, last=last)
    bad.add(found.bad)
    yield Part(_frame(found, chosen), found.lines, found.blank)
    return (first + len(lines) - len(found.open), found.open) if found.open else None


def _frame(found: Records, chosen: Sequence[int]) -> Any:
    pl = polars()
    return pl.DataFrame({str(place): [row[place] for row in found.rows] for place in chosen}, schema=_schema(chosen))


def _schema(places: Sequence[int]) -> dict[str, Any]:
    return {str(place): polars().String for place in places}


def _quick(text: bytes, dialect: Dialect, chosen: Sequence[int]) -> Any:
    """Return a block where every line is one record of the right width, and None where that is not sure."""
    pl, width = polars(), len(dialect.names)
    separator = dialect.separator
    if not dialect.quoted:
        if _UNIT.encode() in text:
            return None
        text, separator = text.replace(separator.encode(), _UNIT.encode()), _UNIT
    quotes = dialect.quoted and b'"' in text
    lines = text.count(b"\n")
    # As many separators as there must be, and no line with more of them (which polars refuses): none has fewer.
    if not quotes and text.count(separator.encode()) != lines * (width - 1):
        return None
    wanted = list(range(width)) if quotes else sorted(set(chosen))  # quotes are looked at where a column is wanted
    try:
        frame = pl.read_csv(
            io.BytesIO(text), has_header=False, schema=_schema(range(width)), columns=wanted,
            separator=separator, quote_char='"' if dialect.quoted else None, raise_if_empty=False,
        )  # fmt: skip
    except pl.exceptions.PolarsError:
        return None
    if frame.height != lines or (quotes and frame.get_column(str(width - 1)).null_count()):
        return None  # with quotes a record may be of several lines, or end early, where its last field is null
    empty = pl.all_horizontal(pl.all().is_null())
    if (width == 1 or not dialect.empty_rows) and frame.select(empty.any()).item():
        return None  # a line of nothing but separators is an empty one
    return frame.select([str(place) for place in chosen])
