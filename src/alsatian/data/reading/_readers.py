"""One reader for each kind of table: its columns, and its rows in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from alsatian.data.reading import _ndjson, _text
from alsatian.data.reading._bad import BadLines
from alsatian.data.reading._bytes import SAMPLE, encoding_of
from alsatian.data.reading._dialect import Decimal, Dialect, dialect_of
from alsatian.data.reading._foreign import foreign
from alsatian.data.reading._polars import polars
from alsatian.data.reading._source import DATABASES, Source
from alsatian.data.reading._sql import Query
from alsatian.data.reading._text import Part

_SLICE = 1 << 20  # rows


@dataclass(frozen=True)
class Options:
    """How a table is to be read; None is found out.

    Attributes
    ----------
    encoding : str or None
        Of text.
    separator : str or None
        What is between fields of text.
    decimal : {".", ","} or None
        The mark of decimals in text.
    header : bool or None
        Whether the first line of a text names the columns.
    table, query : str or None
        What to read of a database.
    skip : int
        Lines above the table in a text.
    empty_rows : bool
        Whether a line of nothing but separators is a row, and no empty line.
    """

    encoding: str | None = None
    separator: str | None = None
    decimal: Decimal | None = None
    header: bool | None = None
    table: str | None = None
    query: str | None = None
    skip: int = 0
    empty_rows: bool = False


class Reader(Protocol):
    """A table that can be read."""

    @property
    def names(self) -> Sequence[str]:
        """Of all columns."""

    @property
    def named(self) -> bool:
        """Whether the names are the table's own."""

    @property
    def how(self) -> str:
        """What it is read as, in words."""

    @property
    def place(self) -> str:
        """What rows are counted by: lines or rows."""

    @property
    def decimal(self) -> str:
        """The mark of decimals in texts."""

    def parts(self, chosen: Sequence[int], bad: BadLines) -> Iterator[Part]:
        """Yield the rows, some columns only, named by their places."""


class TextReader:
    """CSV, TSV and their kin."""

    place = "line"

    def __init__(self, source: Source, options: Options) -> None:
        self._source = source
        with source.open() as file:
            sample = file.read(SAMPLE)
        told = foreign(sample)
        if told is not None:
            raise ValueError(f"it is {told}.")
        encoding = encoding_of(sample, options.encoding)
        found = dialect_of(
            sample, encoding, separator=options.separator, decimal=options.decimal, header=options.header,
            skip=options.skip, whole=len(sample) < SAMPLE,
        )  # fmt: skip
        self.dialect: Dialect = replace(found, empty_rows=options.empty_rows)
        self.names, self.named = self.dialect.names, bool(self.dialect.header)
        self.how, self.decimal = str(self.dialect), self.dialect.decimal

    def parts(self, chosen: Sequence[int], bad: BadLines) -> Iterator[Part]:
        """Yield the rows as texts."""
        return _text.parts(self._source, self.dialect, chosen, bad)


class NdjsonReader:
    """One object of JSON a line."""

    place, named, how, decimal = "line", True, "NDJSON", "."

    def __init__(self, source: Source) -> None:
        self._source = source
        with source.open() as file:
            self.names: Sequence[str] = _ndjson.names_of(file.read(SAMPLE))

    def parts(self, chosen: Sequence[int], bad: BadLines) -> Iterator[Part]:
        """Yield the rows."""
        names = [self.names[place] for place in chosen]
        for part in _ndjson.parts(self._source, names, bad):
            renamed = {str(n): str(place) for n, place in enumerate(chosen)}
            yield part._replace(frame=part.frame.rename(renamed))


class ColumnarReader:
    """Parquet, and the files of Arrow."""

    place, named, decimal = "row", True, "."

    def __init__(self, source: Source) -> None:
        pl = polars()
        assert source.path is not None
        self.how = "Parquet" if source.kind == "parquet" else "Arrow"
        try:
            self._table = pl.scan_parquet(source.path) if source.kind == "parquet" else _arrow(source)
            self.names: Sequence[str] = self._table.collect_schema().names()
        except (pl.exceptions.PolarsError, OSError) as error:
            said = str(error).replace(str(source.path), source.name)  # which may be a temporary file
            raise ValueError(f"{source.name} cannot be read as {self.how}: {said}") from error

    def parts(self, chosen: Sequence[int], bad: BadLines) -> Iterator[Part]:
        """Yield the rows; there are no lines that could be bad."""
        pl = polars()
        chosen_columns = [pl.col(self.names[place]).alias(str(place)) for place in chosen]
        frame = self._table.select(chosen_columns).collect()
        for start in range(0, frame.height, _SLICE):
            yield Part(frame.slice(start, _SLICE), start + 1)


class SqlReader:
    """A table or a query of a database."""

    place, named, decimal = "row", True, "."

    def __init__(self, source: Source, options: Options) -> None:
        self._query = Query(source, options.table, options.query)
        self.names: Sequence[str] = self._query.names
        kind = {"sqlite": "SQLite", "duckdb": "DuckDB", "postgresql": "PostgreSQL"}[source.kind]
        self.how = f"{self._query.what} of {kind}, read-only"

    def parts(self, chosen: Sequence[int], bad: BadLines) -> Iterator[Part]:
        """Yield the rows; there are no lines that could be bad."""
        return self._query.parts(chosen)


def reader_of(source: Source, options: Options) -> Reader:
    """Open a table.

    Raises
    ------
    ValueError
        Where it is none, or options are given that it does not have.
    """
    if source.kind not in DATABASES and (options.table or options.query):
        raise ValueError(f"{source.name} is no database: --table and --query are for SQLite, DuckDB and PostgreSQL.")
    if source.kind in DATABASES:
        return SqlReader(source, options)
    try:
        if source.kind == "text":
            return TextReader(source, options)
        return NdjsonReader(source) if source.kind == "ndjson" else ColumnarReader(source)
    except ValueError as error:
        if str(error).startswith(source.name):
            raise
        raise ValueError(f"{source.name}: {error}") from error


def _arrow(source: Source) -> Any:
    pl = polars()
    with source.open() as file:
        if file.read(6) == b"ARROW1":
            return pl.scan_ipc(source.path)
    return pl.read_ipc_stream(source.path).lazy()
