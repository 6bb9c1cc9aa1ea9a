"""Records of a text, one by one, with the line that each is on: exact where a fast reader would give up."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field

from alsatian.data.reading._dialect import Dialect

_LINES = 100  # lines that one record may take: a quote that opens and does not close would swallow the whole file


@dataclass
class Records:
    """Records of a part of a file, and what was wrong with the others.

    Attributes
    ----------
    rows : list of list of str
        The fields.
    lines : list of int
        The line on which each begins.
    bad : list of (int, str)
        Lines that are no record, and why.
    blank : int
        Number of lines without anything.
    open : list of str
        Lines at the end that may go on in the next part.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    blank: int = 0
    open: list[str] = field(default_factory=list)


def records_of(lines: list[str], first: int, dialect: Dialect, *, last: bool) -> Records:
    """Read lines that are whole into records.

    Parameters
    ----------
    lines : list of str
        Without their ends.
    first : int
        The number of the first of them.
    dialect : Dialect
    last : bool
        Whether the file ends here: else a record that is still open at the end is left for the next part.
    """
    found = Records()
    at = 0
    while at < len(lines):
        line = lines[at]
        if not dialect.quoted or '"' not in line:
            _take(found, line.split(dialect.separator), first + at, dialect)
            at += 1
            continue
        taken = _quoted(lines, at, dialect)
        if isinstance(taken, tuple):
            fields, length = taken
            _take(found, fields, first + at, dialect)
            at += length
        elif taken == "open" and not last and len(lines) - at < _LINES:
            found.open = lines[at:]
            return found
        else:
            found.bad.append((first + at, "a quote is opened and not closed" if taken == "open" else taken))
            at += 1
    return found


def _quoted(lines: list[str], at: int, dialect: Dialect) -> tuple[list[str], int] | str:
    """Return the fields of a record with quotes and the lines that it takes; or what is wrong, "open" at the end."""
    text, problem = lines[at], ""
    for length in range(1, min(_LINES, len(lines) - at) + 1):
        if length > 1:
            text += "\n" + lines[at + length - 1]
            if '"' not in lines[at + length - 1]:
                continue  # it cannot close
        try:
            fields: list[str] = next(csv.reader([text], delimiter=dialect.separator, strict=True))
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                continue
            problem = _in_words(str(error))
        else:
            if length == 1 or len(fields) == len(dialect.names):
                return fields, length
            problem = "a quote is opened and not closed"  # it met the quotes of another record
        break
    return problem or "open"


def _take(found: Records, fields: list[str], line: int, dialect: Dialect) -> None:
    width = len(dialect.names)
    if len(fields) == width and (any(fields) or (dialect.empty_rows and width > 1)):
        found.rows.append(fields)
        found.lines.append(line)
    elif not any(text.strip() for text in fields):
        found.blank += 1
    else:
        where = "the header" if dialect.header else "most lines"
        number = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        found.bad.append((line, f"{number} where {where} has {width}".replace("lines has", "lines have")))


def _in_words(problem: str) -> str:
    if "expected after" in problem:
        return "a quote closes in the middle of a field"
    return "a field is too long for a table" if "field larger" in problem else problem
