"""Wide tables, a column a feature and a row an observation: their numbers, their holes, and the table filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data._names import meant
from alsatian.data._wide_columns import numbers_of
from alsatian.data.reading._bad import BadLines
from alsatian.data.reading._dialect import Dialect
from alsatian.data.reading._polars import polars
from alsatian.data.reading._readers import Options, TextReader, reader_of
from alsatian.data.reading._source import MATRICES, source_of

HOLES = ("", "na", "n/a", "#n/a", "nan", "null", "none", "missing", "-", "–", "?", ".")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Wide:
    """A table with holes.

    Attributes
    ----------
    source : str
    how : str
        What it was read as, in words.
    names : list of str
    used : list of int
        Places of the columns of numbers.
    kept : dict of int to str
        Why the others are left as they are.
    X : float64 array of shape (rows, len(used))
        The numbers; NaN is a hole.
    frame : polars.DataFrame
        All columns as they were read, their places for names.
    dialect : Dialect or None
        Of a text.
    crlf : bool
        Whether lines end as in DOS.
    blank : int
        Number of lines without anything, which are passed over. (A line of nothing but separators is a row of holes.)
    open : int
        Number of cells without anything, or with a mark of a hole, in the columns that are left as they are.
    """

    source: str
    how: str
    names: list[str]
    used: list[int]
    kept: dict[int, str]
    X: Floats
    frame: Any
    dialect: Dialect | None = None
    crlf: bool = False
    blank: int = 0
    open: int = 0

    @property
    def holes(self) -> int:
        """Number of holes in the columns of numbers."""
        return int(np.count_nonzero(np.isnan(self.X)))

    @property
    def empty(self) -> int:
        """Number of rows without any number."""
        return int(np.count_nonzero(np.isnan(self.X).all(axis=1)))


def read_wide(
    source: str | PathLike[str],
    *,
    form: str | None = None,
    options: Options | None = None,
    missing: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Wide:
    """Read a table with holes.

    Parameters
    ----------
    source : str or path-like
        A file, or the URL of a database.
    form : str, optional
        The format, where the name does not say it.
    options : Options, optional
    missing : sequence of str
        Texts that mark a hole, beside the usual ones (`HOLES`; upper and lower case are the same).
    keep : sequence of str
        Columns to leave as they are, by name or by number from 1.

    Raises
    ------
    ValueError
        Where a line has another number of fields, a column of numbers holds something else, or there is no column of
        numbers: names line and column.
    """
    given = source_of(source, form)
    if given.kind in MATRICES:
        raise ValueError(f"{given.name} is a matrix: alsatian.ALS(…).impute fills arrays.")
    reader = reader_of(given, replace(options or Options(), empty_rows=True))
    names, places = list(reader.names), range(len(reader.names))
    bad = BadLines(reader.place, strict=True, source=given.name, cure="Mend it: a table is filled as a whole.")
    pl, lines, blank = polars(), [], 0
    frames = []
    for part in reader.parts(list(places), bad):
        frames.append(part.frame)
        blank += part.blank
        first = part.lines
        lines += list(range(first, first + part.frame.height)) if isinstance(first, int) else list(first)
    if not lines:
        raise ValueError(f"{given.name} holds no row.")
    frame = pl.concat(frames, how="vertical_relaxed")
    marks = frozenset(HOLES) | {mark.casefold() for mark in missing}
    kept, columns, used = _kept(names, keep), [], []
    for place in places:
        if place in kept:
            continue
        try:
            found = numbers_of(frame.get_column(str(place)), names[place], place, reader, marks=marks, lines=lines)
        except ValueError as error:
            raise ValueError(f"{given.name}: {error}") from None
        if isinstance(found, str):
            kept[place] = found
        else:
            used.append(place)
            columns.append(found)
    if not used:
        raise ValueError(f"{given.name} has no column of numbers.")
    left = sum(_open(frame.get_column(str(place)), marks) for place in kept)
    text = isinstance(reader, TextReader)
    crlf = False
    if text:
        with given.open() as file:
            crlf = b"\r" in file.readline()
    dialect = reader.dialect if isinstance(reader, TextReader) else None
    return Wide(given.name, reader.how, names, used, kept, np.column_stack(columns), frame, dialect, crlf, blank, left)


def _kept(names: list[str], keep: Sequence[str]) -> dict[int, str]:
    kept = {}
    for name in keep:
        if name in names:
            kept[names.index(name)] = "it was to be kept"
        elif name.isdecimal() and 1 <= int(name) <= len(names):
            kept[int(name) - 1] = "it was to be kept"
        else:
            raise ValueError(f"there is no column {name!r} to keep.{meant(name, names)}")
    return kept


def _open(column: Any, marks: frozenset[str]) -> int:
    if column.dtype != polars().String:
        return int(column.null_count())
    return sum(text is None or text.strip().casefold() in marks for text in column.to_list())
