"""A wide table written with its holes filled; all else is as it was."""

from __future__ import annotations

import csv
import io
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data.reading._polars import polars
from alsatian.data.wide import Wide

_TYPED = {
    ".parquet": "write_parquet", ".pq": "write_parquet", ".ndjson": "write_ndjson", ".jsonl": "write_ndjson",
    ".jsonlines": "write_ndjson", ".arrow": "write_ipc", ".ipc": "write_ipc", ".feather": "write_ipc",
}  # fmt: skip
ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".psv", *_TYPED, "")  # without one: text like the table
_DECIMALS = 2  # of filled cells at least

Floats = NDArray[np.float64]


def write_filled(
    wide: Wide, filled: Floats, path: str | PathLike[str], *, form: str | None = None, decimals: int | None = None
) -> None:
    """Write the table with its holes filled; all other cells are as they were.

    A text that goes to a text keeps its encoding, mark of decimals and ends of lines, and its separator where the name
    says no other.

    Parameters
    ----------
    wide : Wide
    filled : float64 array of shape (rows, columns of numbers)
        What is to be in the holes; NaN leaves one.
    path : str or path-like
    form : str, optional
        One of `ENDINGS`, or text; None goes by the end of `path`.
    decimals : int, optional
        Of filled cells in a text. None: as many as the column has, and two at least.
    """
    path = Path(path)
    suffix = (path.suffix if form is None else form).lower()
    holes = np.isnan(wide.X) & ~np.isnan(filled)
    if suffix in _TYPED:
        getattr(_typed(wide, np.where(holes, filled, wide.X), holes), _TYPED[suffix])(path)
        return
    dialect = wide.dialect
    text = _text(wide, filled, holes, decimals, _separator(wide, suffix))
    if dialect is None:
        path.write_text(text, encoding="utf-8", newline="")
        return
    mark = "\ufeff" if dialect.encoding.mark else ""
    path.write_bytes((mark + text).encode(dialect.encoding.codec, errors="strict"))


def _separator(wide: Wide, ending: str) -> str:
    """Return what separates the fields: a name may say so, where it is not that of the table that was read."""
    dialect = wide.dialect
    same = dialect is not None and f"{ending}." in f"{Path(wide.source).name.lower()}."  # it may be compressed
    if ending in (".tsv", ".tab") and not same:
        return "\t"
    if ending == ".csv" and not same and (dialect is None or dialect.separator not in (",", ";", "|")):
        return ";" if dialect is not None and dialect.decimal == "," else ","
    return dialect.separator if dialect is not None else ","


def _typed(wide: Wide, values: Floats, holes: NDArray[np.bool_]) -> Any:
    """Return the table as a frame: what was no hole is as it was, and whole numbers that had holes have decimals."""
    pl = polars()
    columns = {place: _read(wide.frame.get_column(str(place))) for place in range(len(wide.names))}
    for n, place in enumerate(wide.used):
        series, filled = columns[place], pl.Series(values[:, n], nan_to_null=True)
        if holes[:, n].any() and (series.dtype.is_float() or series.dtype.is_decimal()):
            columns[place] = series.zip_with(pl.Series(~holes[:, n]), filled.cast(series.dtype, strict=False))
        elif not series.dtype.is_numeric() or holes[:, n].any():
            columns[place] = filled
    return pl.DataFrame([column.alias(_unique(wide.names, place)) for place, column in columns.items()])


def _read(column: Any) -> Any:
    """Return texts that are spelt as whole numbers are, with nothing missing, as such."""
    pl = polars()
    if column.dtype != pl.String:
        return column
    numbers = column.str.strip_chars().cast(pl.Int64, strict=False)
    spelt = len(numbers) and not numbers.null_count() and (numbers.cast(pl.String) == column.str.strip_chars()).all()
    return numbers if spelt else column


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
