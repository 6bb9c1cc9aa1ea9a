"""Wide tables, a column a feature and a row an observation: their numbers, their holes, and the table filled."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data._names import is_usual, plain_name
from alsatian.data.reading._bad import BadLines
from alsatian.data.reading._dialect import Dialect, is_number
from alsatian.data.reading._polars import polars
from alsatian.data.reading._readers import Options, Reader, TextReader, reader_of
from alsatian.data.reading._source import MATRICES, source_of

HOLES = ("", "na", "n/a", "#n/a", "nan", "null", "none", "missing", "-", "–", "?", ".")
_IDS = frozenset({"id", "index", "key", "nr", "number", "nummer", "row"})
_DECIMALS = 2  # of filled cells at least

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

    @property
    def holes(self) -> int:
        """Number of holes in the columns of numbers."""
        return int(np.count_nonzero(np.isnan(self.X)))


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
    reader = reader_of(given, options or Options())
    names, places = list(reader.names), range(len(reader.names))
    bad = BadLines(reader.place, strict=True, source=given.name, cure="Mend it: a table is filled as a whole.")
    pl, lines = polars(), []
    frames = []
    for part in reader.parts(list(places), bad):
        frames.append(part.frame)
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
            found = _numbers(frame.get_column(str(place)), names[place], reader, marks, lines)
        except ValueError as error:
            raise ValueError(f"{given.name}: {error}") from None
        if not isinstance(found, str) and place == 0 and _is_id(names[0], found):
            found = "it looks like an id"
        if isinstance(found, str):
            kept[place] = found
        else:
            used.append(place)
            columns.append(found)
    if not used:
        raise ValueError(f"{given.name} has no column of numbers.")
    text = isinstance(reader, TextReader)
    crlf = False
    if text:
        with given.open() as file:
            crlf = b"\r" in file.readline()
    dialect = reader.dialect if isinstance(reader, TextReader) else None
    return Wide(given.name, reader.how, names, used, kept, np.column_stack(columns), frame, dialect, crlf)


def write_filled(
    wide: Wide, filled: Floats, path: str | PathLike[str], *, form: str | None = None, decimals: int | None = None
) -> None:
    """Write the table with its holes filled; all other cells are as they were.

    A text that goes to a text keeps its encoding, separator, mark of decimals and ends of lines.

    Parameters
    ----------
    wide : Wide
    filled : float64 array of shape (rows, columns of numbers)
        What is to be in the holes; NaN leaves one.
    path : str or path-like
    form : str, optional
        ``.parquet``, ``.ndjson``, or text; None goes by the end of `path`.
    decimals : int, optional
        Of filled cells in a text. None: as many as the column has, and two at least.
    """
    path = Path(path)
    suffix = (path.suffix if form is None else form).lower()
    holes = np.isnan(wide.X) & ~np.isnan(filled)
    if suffix in (".parquet", ".ndjson", ".jsonl"):
        frame = _typed(wide, np.where(holes, filled, wide.X))
        _ = frame.write_parquet(path) if suffix == ".parquet" else frame.write_ndjson(path)
        return
    separator = "\t" if suffix == ".tsv" else ","
    dialect = wide.dialect
    text = _text(wide, filled, holes, decimals, dialect.separator if dialect is not None else separator)
    if dialect is None:
        path.write_text(text, encoding="utf-8", newline="")
        return
    mark = "\ufeff" if dialect.encoding.mark else ""
    path.write_bytes((mark + text).encode(dialect.encoding.codec, errors="strict"))


def _kept(names: list[str], keep: Sequence[str]) -> dict[int, str]:
    kept = {}
    for name in keep:
        if name in names:
            kept[names.index(name)] = "it was to be kept"
        elif name.isdecimal() and 1 <= int(name) <= len(names):
            kept[int(name) - 1] = "it was to be kept"
        else:
            raise ValueError(f"there is no column {name!r} to keep.")
    return kept


def _numbers(column: Any, name: str, reader: Reader, marks: frozenset[str], lines: list[int]) -> Floats | str:
    """Return a column as numbers with NaN for holes, or why it is none of numbers."""
    pl = polars()
    if column.dtype.is_numeric():
        values: Floats = column.cast(pl.Float64).to_numpy().copy()
        values[~np.isfinite(values)] = np.nan
        return values if not np.isnan(values).all() else "it holds no number"
    if column.dtype != pl.String:
        return "it holds no numbers"
    texts = [text.strip() if text is not None else "" for text in column.to_list()]
    hole = np.array([text.casefold() in marks for text in texts])
    spelt = np.array([is_number(text) for text in texts])
    if hole.all():
        return "it holds no number"
    if not spelt[~hole].any():
        return "it holds texts"
    wrong = np.flatnonzero(~hole & ~spelt)
    if wrong.size:
        if 2 * spelt.sum() < (~hole).sum():
            return "it holds texts"
        row = int(wrong[0])
        raise ValueError(
            f"{reader.place} {lines[row]:,}, column {name!r}: {texts[row]!r} is no number, where most are. Mend it, "
            "say that it marks a hole (missing), or that the column is to be kept as it is (keep)."
        )
    values = np.full(len(texts), np.nan)
    for row in np.flatnonzero(~hole).tolist():
        text = texts[row]
        comma = "," in text
        if comma != (reader.decimal == ",") and (comma or "." in text):
            raise ValueError(
                f"{reader.place} {lines[row]:,}, column {name!r}: {text!r} has another mark of decimals than "
                f"{reader.decimal!r}; say which one it is (decimal)."
            )
        values[row] = float(text.replace(",", "."))
    return values


def _is_id(name: str, values: Floats) -> bool:
    """Return whether the first column numbers the rows: it is named so, whole, without holes, and never the same."""
    named = not name or plain_name(name) in _IDS or (is_usual(name) and plain_name(name).endswith("id"))
    whole = not np.isnan(values).any() and bool(np.all(values == np.trunc(values)))
    return named and whole and np.unique(values).size == values.size


def _typed(wide: Wide, values: Floats) -> Any:
    """Return the table as a frame: a column that had holes is one of numbers with decimals."""
    pl = polars()
    frame = wide.frame.rename({str(place): _unique(wide.names, place) for place in range(len(wide.names))})
    columns = []
    for n, place in enumerate(wide.used):
        series = wide.frame.get_column(str(place))
        if series.dtype == pl.String or np.isnan(wide.X[:, n]).any():
            columns.append(pl.Series(_unique(wide.names, place), values[:, n], nan_to_null=True))
    return frame.with_columns(columns)


def _unique(names: list[str], place: int) -> str:
    return names[place] if names.count(names[place]) == 1 and names[place] else f"column {place + 1}"


def _text(wide: Wide, filled: Floats, holes: NDArray[np.bool_], decimals: int | None, separator: str) -> str:
    pl = polars()
    decimal = wide.dialect.decimal if wide.dialect is not None else "."
    columns = [
        ["" if value is None else value for value in wide.frame.get_column(str(place)).cast(pl.String).to_list()]
        for place in range(len(wide.names))
    ]
    for n, place in enumerate(wide.used):
        digits = _digits(columns[place], decimal) if decimals is None else decimals
        for row in np.flatnonzero(holes[:, n]).tolist():
            columns[place][row] = f"{filled[row, n]:.{digits}f}".replace(".", decimal)
    out = io.StringIO()
    end = "\r\n" if wide.crlf else "\n"
    header = wide.names if wide.dialect is None or wide.dialect.header else None
    rows = zip(*columns, strict=True)
    if len(separator) > 1:
        out.writelines(separator.join(row) + end for row in ([header] if header else []))
        out.writelines(separator.join(row) + end for row in rows)
        return out.getvalue()
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    if header:
        writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _digits(texts: list[str], decimal: str) -> int:
    return max([_DECIMALS, *(len(text.strip().partition(decimal)[2]) for text in texts if decimal in text)])
