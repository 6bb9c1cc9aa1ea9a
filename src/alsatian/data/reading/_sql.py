"""Tables and queries of SQLite, DuckDB and PostgreSQL, read and never written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from alsatian.data.reading._rows import frame_of
from alsatian.data.reading._source import Source, without_password
from alsatian.data.reading._text import Part

_BATCH = 50_000  # rows that are fetched at once
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 1",
    "duckdb": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1",
    "postgresql": (
        "SELECT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name "
        "FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    ),
}


class Query:
    """What is to be read of a database: a table, or the rows of a query.

    Parameters
    ----------
    source : Source
    table, query : str or None
        One of them, or neither where there is only one table.

    Raises
    ------
    ValueError
        Where the database cannot be opened, it is not clear what to read, or the query is none. No message holds a
        password.
    ImportError
        Where the library for the database is not installed.

    Attributes
    ----------
    names : list of str
        Of the columns.
    what : str
        What is read, in words.
    """

    def __init__(self, source: Source, table: str | None, query: str | None) -> None:
        if table is not None and query is not None:
            raise ValueError("--table and --query are given: give one of them.")
        self._source = source
        with self._connected() as connection:
            if query is None:
                table = self._table(connection, table)
                self._select, self.what = _quoted(table), f"table {table!r}"
            else:
                self._select, self.what = (
                    f"(\n{query.strip().rstrip(';')}\n) AS alsatian_query",
                    "query",
                )  # after a comment, too
            cursor = self._executed(connection, f"SELECT * FROM {self._select} LIMIT 0", query=query)
            self.names = [str(column[0]) for column in cursor.description]

    def parts(self, chosen: Sequence[int]) -> Iterator[Part]:
        """Yield the rows in batches, some columns only, in the order of the database."""
        columns = ", ".join(_quoted_name(self.names[place]) for place in chosen)
        with self._connected() as connection:
            cursor = self._executed(connection, f"SELECT {columns} FROM {self._select}", many=True)
            first = 1
            with closing(cursor):
                while rows := self._fetched(cursor):
                    yield Part(frame_of(rows, len(chosen)).rename(_renamed(chosen)), first)
                    first += len(rows)

    def _table(self, connection: Any, wanted: str | None) -> str:
        tables = [str(row[0]) for row in self._executed(connection, _TABLES[self._source.kind]).fetchall()]
        told = ", ".join(map(repr, tables[:20])) or "none"
        if wanted is not None:
            if wanted not in tables and wanted.removeprefix("public.") not in tables:
                raise ValueError(f"{self._source.name} has no table {wanted!r}. It has {told}.")
            return wanted
        if len(tables) != 1:
            raise ValueError(
                f"{self._source.name} has {len(tables)} tables, {told}: say which with --table, or give a --query."
            )
        return tables[0]

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        connection = self._opened()
        try:
            yield connection
        finally:
            connection.close()

    def _opened(self) -> Any:
        source = self._source
        try:
            if source.kind == "sqlite":
                connection = sqlite3.connect(f"file:{quote(str(source.path))}?mode=ro", uri=True)
                connection.execute("PRAGMA query_only = ON")
                return connection
            return _of_duckdb(source) if source.kind == "duckdb" else _of_postgresql(source)
        except ImportError:
            raise
        except Exception as error:
            raise ValueError(f"{source.name} cannot be opened: {self._said(error)}") from None

    def _executed(self, connection: Any, text: str, *, many: bool = False, query: str | None = None) -> Any:
        try:
            if self._source.kind == "postgresql" and many:
                cursor = connection.cursor(name="alsatian")  # on the server: rows come as they are fetched
                cursor.itersize = _BATCH
            else:
                cursor = connection.cursor()
            cursor.execute(text)
        except Exception as error:
            told = error if query is None else self._of_query(connection, query) or error
            raise ValueError(f"{self._source.name} refuses the query: {self._said(told)}") from None
        return cursor

    def _of_query(self, connection: Any, query: str) -> Exception | None:
        """Return what the database has against a query as it was given, without ours around it."""
        try:
            if self._source.kind == "postgresql":
                connection.rollback()
            connection.cursor().execute(query)
        except Exception as error:
            return error
        return None

    def _fetched(self, cursor: Any) -> list[tuple[Any, ...]]:
        try:
            rows: list[tuple[Any, ...]] = cursor.fetchmany(_BATCH)
        except Exception as error:
            raise ValueError(f"{self._source.name} broke off: {self._said(error)}") from None
        return rows

    def _said(self, error: Exception) -> str:
        """Return what a library said, in one line, without the password."""
        text = " ".join(str(error).split()).replace(self._source.url, without_password(self._source.url))
        given = urlsplit(self._source.url).password
        for secret in {given, unquote(given)} if given else ():
            text = text.replace(secret, "•••")
        return text


def _of_duckdb(source: Source) -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise ImportError(_missing("DuckDB", "duckdb", "duckdb")) from error
    return duckdb.connect(str(source.path), read_only=True, config={"enable_external_access": "false"})


def _of_postgresql(source: Source) -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise ImportError(_missing("PostgreSQL", "'psycopg[binary]'", "sql")) from error
    connection = psycopg.connect(source.url, options="-c default_transaction_read_only=on", connect_timeout=15)
    connection.read_only = True
    return connection


def _missing(what: str, library: str, extra: str) -> str:
    return (
        f"Reading {what} needs a library that is not installed: pip install {library}, or alsatian with its extra "
        f"'{extra}' (from a checkout: pip install '.[{extra}]')."
    )


def _quoted(table: str) -> str:
    return ".".join(map(_quoted_name, table.split(".")))


def _quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _renamed(chosen: Sequence[int]) -> dict[str, str]:
    return {str(n): str(place) for n, place in enumerate(chosen)}
