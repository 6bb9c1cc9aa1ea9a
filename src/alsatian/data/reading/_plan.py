"""What would be read of a source, and the reading of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from alsatian.data._cells import Duplicates
from alsatian.data.interactions import Interactions
from alsatian.data.reading._bad import BadLines
from alsatian.data.reading._collect import Collector
from alsatian.data.reading._dialect import is_number
from alsatian.data.reading._matrix import Matrix, matrix_of
from alsatian.data.reading._readers import Options, Reader, reader_of
from alsatian.data.reading._roles import Choice, Roles, roles_of
from alsatian.data.reading._source import MATRICES, Source, source_of

_SEEN = 100  # rows that say what a column holds
_MOST = 0.5  # of the lines may be bad: of more, it is the reading that is wrong


@dataclass(frozen=True)
class Reading:
    """What was read: a table by role or a matrix, and what was left out.

    Attributes
    ----------
    plan : Plan
    table : polars.DataFrame or None
        With the roles for names.
    matrix : Matrix or None
    bad : BadLines
        The lines that were left out.
    blank : int
        Number of lines without anything.
    dropped : list of str
        Roles that had been guessed and do not fit their column.
    """

    plan: Plan
    table: Any
    matrix: Matrix | None
    bad: BadLines
    blank: int = 0
    dropped: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Number of rows that were kept, or of cells of the matrix."""
        if self.matrix is None:
            return int(self.table.height)
        X = self.matrix.X
        return int(np.count_nonzero(~np.isnan(X))) if isinstance(X, np.ndarray) else int(X.nnz)

    def interactions(self, *, duplicates: Duplicates = "sum", dtype: DTypeLike = np.float32) -> Interactions:
        """Return what was read as interactions.

        Parameters
        ----------
        duplicates, dtype
            As in `Interactions.from_frame`.
        """
        if self.matrix is not None:
            X, first, _ = self.matrix
            users, items = (np.arange(first, first + size) for size in X.shape)
            return Interactions.from_matrix(X, users=users, items=items, dtype=dtype)
        has = self.table.columns
        if "value" in has:
            self._check_range(np.dtype(dtype))
        choices: dict[str, Any] = {role: role if role in has else False for role in ("value", "weight", "timestamp")}
        return Interactions.from_frame(
            self.table, user="user", item="item", **choices, duplicates=duplicates, dtype=dtype
        )  # fmt: skip

    def _check_range(self, dtype: np.dtype[Any]) -> None:
        """Refuse values that the precision has no room for, in words of the table."""
        values = self.table.get_column("value").cast(float).to_numpy()
        wide = np.flatnonzero(np.abs(values) > float(np.finfo(dtype).max))
        if wide.size:
            row = int(wide[0])
            user, item = (self.table.get_column(role)[row] for role in ("user", "item"))
            raise ValueError(
                f"{self.plan.source.name}, column {self.plan.names['value']!r}: {values[row]:g}, of user {user!r} and "
                f"item {item!r}, is too large for {dtype}: give --dtype float64 to 'alsatian fit'."
            )


@dataclass(frozen=True)
class Plan:
    """What would be read.

    Attributes
    ----------
    source : Source
    how : str
        What it is read as, in words.
    names : dict of role to str
        The columns that are meant; empty for a matrix.
    guessed : tuple of str
        The roles whose columns were not given.
    columns : list of str
        All columns that there are.
    """

    source: Source
    how: str
    names: dict[str, str]
    guessed: tuple[str, ...]
    columns: list[str]
    _reader: Reader | None = None
    _roles: Roles | None = None

    def read(self, *, strict: bool = False) -> Reading:
        """Read it all.

        Parameters
        ----------
        strict : bool
            Whether a line that cannot be used is an error; else it is left out, and counted.

        Raises
        ------
        ValueError
            Where nothing can be used, or most lines cannot: names the first of them.
        """
        if self._reader is None:
            return Reading(self, None, matrix_of(self.source), BadLines("row"))
        bad, blank = BadLines(self._reader.place, strict, self.source.name), 0
        collector = self._collector(bad)
        assert self._roles is not None
        for part in self._reader.parts(list(self._roles.places.values()), bad):
            collector.add(self._by_role(part.frame), part.lines)
            blank += part.blank
        table = collector.frame()
        total = table.height + bad.count
        if not total:
            raise ValueError(f"{self.source.name} holds no row.")
        if bad.count > _MOST * total:
            raise ValueError(
                f"{self.source.name}, read as {self.how}: {bad.count:,} of {total:,} {bad.place}s cannot be used, the "
                f"first is {bad.first[0]}. If it is to be read otherwise, say so: --separator, --header, --skip, "
                "--decimal, or the columns."
            )
        return Reading(self, table, None, bad, blank, collector.dropped)

    def first_rows(self, number: int = 5) -> tuple[list[dict[str, Any]], BadLines]:
        """Return the first rows that would be read, by role, and what cannot be used among the first lines."""
        if self._reader is None or self._roles is None:
            return [], BadLines("row")
        bad = BadLines(self._reader.place)
        collector = self._collector(bad)
        for part in islice(self._reader.parts(list(self._roles.places.values()), bad), 1):
            collector.add(self._by_role(part.frame.head(10 * number)), part.lines)
        rows: list[dict[str, Any]] = collector.frame().head(number).to_dicts()
        return rows, bad

    def unread_numbers(self) -> list[str]:
        """Return the columns of numbers, by the first rows, that would not be read."""
        if self._reader is None or self._roles is None or not self._reader.named:
            return []
        places = [place for place in range(len(self.columns)) if place not in self._roles.places.values()]
        if not places:
            return []
        for part in islice(self._reader.parts(places, BadLines(self._reader.place)), 1):
            frame = part.frame.head(_SEEN)
            return [self.columns[place] for place in places if _holds_numbers(frame.get_column(str(place)))]
        return []

    def _collector(self, bad: BadLines) -> Collector:
        assert self._reader is not None
        optional = [role for role in self.guessed if role == "timestamp"]
        return Collector(list(self.names), bad, decimal=self._reader.decimal, optional=optional)

    def _by_role(self, frame: Any) -> Any:
        assert self._roles is not None
        places = self._roles.places
        return frame.select([frame.get_column(str(place)).alias(role) for role, place in places.items()])


def _holds_numbers(column: Any) -> bool:
    if column.dtype.is_numeric():
        return True
    texts = [str(text) for text in column.drop_nulls().to_list() if str(text).strip()]
    return bool(texts) and 2 * sum(map(is_number, texts)) > len(texts)


def plan(
    source: str | PathLike[str],
    *,
    columns: Mapping[str, Choice] | None = None,
    form: str | None = None,
    options: Options | None = None,
) -> Plan:
    """Say what would be read of a file or database.

    Parameters
    ----------
    source : str or path-like
        A file, or the URL of a database.
    columns : mapping from role to str, None or False
        Names of the columns of "user", "item", "value", "weight", "timestamp": None guesses, False is none.
    form : str or None
        The format, where the name does not say it.
    options : Options

    Raises
    ------
    FileNotFoundError, ValueError, ImportError
        Where it cannot be read.
    """
    given = source_of(source, form)
    if given.kind in MATRICES:
        return Plan(given, f"a matrix ({given.kind})", {}, (), [])
    reader = reader_of(given, options or Options())
    try:
        roles = roles_of(reader.names, columns or {}, named=reader.named)
    except ValueError as error:
        raise ValueError(f"{given.name}: {error}") from error
    names = {role: reader.names[place] for role, place in roles.places.items()}
    return Plan(given, reader.how, names, roles.guessed, list(reader.names), reader, roles)
