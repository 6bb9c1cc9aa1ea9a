"""How a text is a table: what separates its fields, what its header is, which mark its decimals have."""

from __future__ import annotations

import codecs
import contextlib
import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alsatian.data._names import is_usual
from alsatian.data.reading._bytes import Encoding

_SEPARATORS = ("::", "\t", ";", "|", ",", " ")  # a blank only where nothing else separates
_LOOKED_AT = 200  # lines
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)(e[-+]?\d+)?", re.IGNORECASE)
_WITH_COMMA = re.compile(r"[-+]?\d*,\d+")
_BLANKS, _AROUND = re.compile(r"[ \t]+"), re.compile(r"^ | $", re.MULTILINE)
_NAMES = {"\t": "tab", " ": "blank"}

Decimal = Literal[".", ","]


@dataclass(frozen=True)
class Dialect:
    """How a text is a table.

    Attributes
    ----------
    encoding : Encoding
    separator : str
    decimal : {".", ","}
    names : tuple of str
        Of the columns; "1", "2", … where the file does not name them.
    header : int
        The line of the header; 0 where there is none.
    first : int
        The line of the first record.
    mac : bool
        Whether carriage returns alone end lines.
    empty_rows : bool
        Whether a line of nothing but separators is a row, and no empty line.
    """

    encoding: Encoding
    separator: str
    decimal: Decimal
    names: tuple[str, ...]
    header: int
    first: int
    mac: bool = False
    empty_rows: bool = False

    @property
    def quoted(self) -> bool:
        """Whether quotes may be around fields: they have no meaning where two characters separate."""
        return len(self.separator) == 1

    def __str__(self) -> str:
        """Return it in words."""
        told = [f"text in {self.encoding}", f"separator {_NAMES.get(self.separator, repr(self.separator))}"]
        told += ["decimal comma"] if self.decimal == "," else []
        told += [f"header in line {self.header}" if self.header else "no header"]
        return ", ".join([*told, f"first row in line {self.first}"] if self.first > 1 and not self.header else told)


def dialect_of(
    sample: bytes,
    encoding: Encoding,
    *,
    separator: str | None = None,
    decimal: Decimal | None = None,
    header: bool | None = None,
    skip: int = 0,
    whole: bool = True,
) -> Dialect:
    """Tell the dialect of a text from its first bytes; what is given is not guessed.

    Parameters
    ----------
    sample : bytes
        The start of the file.
    encoding : Encoding
    separator, decimal, header
        None guesses.
    skip : int
        Lines above the table.
    whole : bool
        Whether the sample is the whole file: else its last line is not looked at.

    Raises
    ------
    ValueError
        Where there is no line, or nothing separates fields.
    """
    text = codecs.getincrementaldecoder(encoding.codec)(errors="replace").decode(sample[encoding.mark :])
    alone = text.count("\r") - text.count("\r\n")
    mac = alone > text.count("\n")  # which may be in quotes then
    lines = [line.rstrip("\r") for line in text.replace("\r", "\n").split("\n")] if mac else text.split("\n")
    lines = [line.rstrip("\r") for line in (lines if whole else lines[:-1] or lines)]
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and number > skip]
    numbered = numbered[:_LOOKED_AT]
    if numbered and re.fullmatch(r"sep=.", numbered[0][1]):  # a hint that spreadsheets write
        separator = separator or numbered[0][1][-1]
        numbered = numbered[1:]
    if not numbered:
        raise ValueError("it holds no line of a table.")
    separator = separator or _separator(numbered)
    plain = in_blanks if separator == " " else str
    records = [(number, fields_of(plain(line), separator)) for number, line in numbered]
    records = records if header is False else _below(records)
    first = records[0][1]
    has_header = _is_header(first, [fields for _, fields in records[1:]]) if header is None else header
    data = [fields for _, fields in (records[1:] if has_header else records)]
    names = _widened(first, data) if has_header else tuple(str(n + 1) for n in range(_width(data or [first])))
    line = records[0][0]
    if decimal is None:
        decimal = "," if separator != "," and _has_decimal_comma(data) else "."
    return Dialect(encoding, separator, decimal, names, line if has_header else 0, line + has_header, mac)


def fields_of(line: str, separator: str) -> list[str]:
    """Return the fields of one line; a quote that is not closed ends with it."""
    if len(separator) == 1:
        with contextlib.suppress(csv.Error):  # a carriage return in it, or a long field: as if it had no quotes
            return next(csv.reader([line], delimiter=separator), [])
    return line.split(separator)


def is_number(text: str) -> bool:
    """Return whether a text spells a number, with a point or a comma.

    Examples
    --------
    >>> is_number(" 3,5 "), is_number("1e-3"), is_number("3 stars")
    (True, True, False)
    """
    return _NUMBER.fullmatch(text.strip()) is not None


def in_blanks(text: str) -> str:
    """Return lines whose columns are padded with blanks with one between two fields, and none around them.

    Examples
    --------
    >>> in_blanks("ann    7  4.5 ")
    'ann 7 4.5'
    """
    return _AROUND.sub("", _BLANKS.sub(" ", text))


def _below(records: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Leave out what stands above a table: comments, and lines of one field, such as a title."""
    width = _width([fields for _, fields in records])
    above = 0
    for _, fields in records[:-1]:
        comment = fields[0].lstrip().startswith("#") and len(fields) != width
        if not (comment or (len(fields) == 1 and width > 1)):
            break
        above += 1
    return records[above:]


def _separator(numbered: Sequence[tuple[int, str]]) -> str:
    best, found = (0.0, 0), ""
    for separator in _SEPARATORS:
        plain = in_blanks if separator == " " else str
        counts = Counter(len(fields_of(plain(line), separator)) for _, line in numbered)
        width, lines = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
        rank = (lines / len(numbered), width)
        if width > 1 and rank[0] >= 0.5 and rank > best and not (separator == " " and found):
            best, found = rank, separator
    if not found:
        number, line = numbered[0]
        raise ValueError(
            f"nothing is seen to separate fields; line {number} is {line[:60]!r}. Say what does: --separator."
        )
    return found


def _is_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Return whether the first record names the columns: it has no number, or knows the usual names."""
    if sum(map(is_usual, first)) >= 2:
        return True
    return not any(is_number(field) for field in first if field.strip()) or not others


def _width(records: Sequence[Sequence[str]]) -> int:
    return Counter(map(len, records)).most_common(1)[0][0]


def _widened(header: Sequence[str], data: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names, with one more where every record has one more field: row names, or an end that is empty."""
    names = [name.strip() for name in header]
    if data and _width(data) == len(names) + 1:
        longer = [fields for fields in data if len(fields) == len(names) + 1]
        at_end = all(not fields[-1].strip() for fields in longer)
        names = [*names, ""] if at_end else ["", *names]
    return tuple(names)


def _has_decimal_comma(data: Sequence[Sequence[str]]) -> bool:
    width = max(map(len, data), default=0)
    for column in range(width):
        fields = [fields[column].strip() for fields in data if column < len(fields) and fields[column].strip()]
        commas = sum(_WITH_COMMA.fullmatch(field) is not None for field in fields)
        pointed = any("." in field and is_number(field) for field in fields)
        if commas and not pointed and 2 * sum(map(is_number, fields)) >= len(fields):
            return True
    return False
