"""Columns of users, items and values, gathered block by block, each value checked on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data.reading._bad import BadLines
from alsatian.data.reading._dialect import is_number
from alsatian.data.reading._polars import polars
from alsatian.data.reading._spelling import in_the_way

_TIMES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y", "%d.%m.%Y %H:%M:%S")
_NAMING = ("user", "item", "title")
_ENOUGH = 0.9  # of the first block must be times for a column to be one of times
_SHOWN = 40  # characters of a value in a message


class Collector:
    """Takes blocks of rows by role, keeps what can be used, and counts the rest.

    Parameters
    ----------
    roles : sequence of str
        Of "user", "item", "value", "weight", "timestamp", "title".
    bad : BadLines
    decimal : str
        The mark of decimals in texts.
    optional : sequence of str
        Roles that are dropped where the first block does not fit them: those that were only guessed.
    """

    def __init__(
        self, roles: Sequence[str], bad: BadLines, *, decimal: str = ".", optional: Sequence[str] = ()
    ) -> None:
        self._pl = polars()
        self._roles = list(roles)
        self._bad, self._decimal, self._optional = bad, decimal, set(optional)
        self._pieces: dict[str, list[Any]] = {role: [] for role in roles}
        self._formats: dict[str, str] = {}
        self.dropped: list[str] = []
        self.total = 0

    def add(self, frame: Any, lines: int | Sequence[int]) -> None:
        """Take a block.

        Parameters
        ----------
        frame : polars.DataFrame
            With the roles for names.
        lines : int or sequence of int
            The number of the first line, where each row is one line, or of each row.
        """
        self.total += frame.height
        columns, good = {}, np.ones(frame.height, dtype=bool)
        reasons: list[tuple[NDArray[np.bool_], str, Any]] = []
        for role in list(self._roles):
            given = frame.get_column(role)
            values = self._read(role, given)
            if values is None:
                continue
            usable = values.is_not_null().to_numpy()
            reasons.append((usable, role, given))
            good &= usable
            columns[role] = values
        if not good.all():
            self._bad.add(self._told(np.flatnonzero(~good), reasons, lines))
        mask = self._pl.Series(good)
        for role, values in columns.items():
            self._pieces[role].append(values if good.all() else values.filter(mask))

    def frame(self) -> Any:
        """Return all that was kept, with the roles for names."""
        return self._pl.DataFrame({role: self._joined(role) for role in self._roles})

    def _joined(self, role: str) -> Any:
        pieces = self._pieces[role]
        kinds = {piece.dtype for piece in pieces if len(piece)}
        if len(kinds) > 1 and self._pl.String in kinds:  # numbers first, and then a text: all are texts
            pieces = [piece.cast(self._pl.String) for piece in pieces]
        elif len({piece.dtype for piece in pieces}) > 1:
            kept = [piece for piece in pieces if len(piece)] or pieces[:1]
            pieces = kept if len(kinds) < 2 else [piece.cast(self._pl.Float64) for piece in kept]
        return self._pl.concat(pieces) if pieces else self._pl.Series([], dtype=self._pl.String)

    def _read(self, role: str, given: Any) -> Any:
        pl = self._pl
        if given.dtype in (pl.Categorical, pl.Enum):
            given = given.cast(pl.String)
        if role in _NAMING:
            return self._ids(given)
        return self._times(role, given) if role == "timestamp" else self._numbers(role, given)

    def _ids(self, given: Any) -> Any:
        pl = self._pl
        if given.dtype.is_float():
            whole = given.cast(pl.Int64, strict=False)
            return whole if (whole == given).all() else given.set(given.is_nan(), None)
        if given.dtype != pl.String:
            return given
        texts = given.str.strip_chars()
        texts = texts.set(texts == "", None)
        numbers = texts.cast(pl.Int64, strict=False)
        # Only what is spelt as Python would spell it: 007 is a text.
        spelt = numbers.null_count() == texts.null_count() and (numbers.cast(pl.String) == texts).all()
        return numbers if spelt else texts

    def _numbers(self, role: str, given: Any) -> Any:
        pl = self._pl
        if given.dtype == pl.String:
            given = given.str.strip_chars()
            if self._decimal == ",":
                # A point is none of a number's then: it may part thousands or mean something else.
                pointed = given.str.contains(".", literal=True)
                given = given.str.replace(",", ".", literal=True).set(pointed, None)
        elif not (given.dtype.is_numeric() or given.dtype in (pl.Boolean, pl.Null)):
            raise ValueError(f"the column of {role}s holds {given.dtype}, and no numbers: choose another.")
        numbers = given.cast(pl.Float64, strict=False)
        usable = numbers.is_finite() & (numbers >= 0) if role == "weight" else numbers.is_finite()
        return numbers.set(~usable, None)

    def _times(self, role: str, given: Any) -> Any:
        pl = self._pl
        if given.dtype != pl.String:
            fits = given.dtype.is_temporal() or given.dtype.is_numeric()
            return given if fits else self._drop_or_refuse(role, given)
        texts = given.str.strip_chars()
        if role not in self._formats:
            form = self._format_of(texts)
            if form is None:
                return self._drop_or_refuse(role, given)
            self._formats[role] = form
        if self._formats[role] == "number":
            return texts.cast(pl.Float64, strict=False)
        return texts.str.to_datetime(self._formats[role], strict=False, time_unit="us")

    def _format_of(self, texts: Any) -> str | None:
        known = len(texts) - texts.null_count()
        for form in ("number", *_TIMES):
            if form == "number":
                read = texts.cast(self._pl.Float64, strict=False)
            else:
                read = texts.str.to_datetime(form, strict=False, time_unit="us")
            if known and len(read) - read.null_count() >= _ENOUGH * known:
                return form
        return None

    def _drop_or_refuse(self, role: str, given: Any) -> None:
        if role not in self._optional:
            first = next((value for value in given.to_list() if value is not None), None)
            raise ValueError(
                f"the column of {role}s holds {first!r}: give one of numbers, or of dates such as 2013-05-01 or "
                "2013-05-01 18:30:00."
            )
        self._roles.remove(role)
        del self._pieces[role]
        self.dropped.append(role)

    def _told(
        self, rows: NDArray[np.int64], reasons: list[tuple[NDArray[np.bool_], str, Any]], lines: int | Sequence[int]
    ) -> list[tuple[int, str]]:
        told = []
        for row in rows.tolist():
            role, given = next((role, given) for usable, role, given in reasons if not usable[row])
            number = lines + row if isinstance(lines, int) else int(lines[row])
            told.append((number, self._reason(role, given[row])))
        return told

    def _reason(self, role: str, value: Any) -> str:
        if value is None or (isinstance(value, str) and not value.strip()):
            return f"there is no {role}"
        shown = repr(value if not isinstance(value, str) or len(value) <= _SHOWN else value[:_SHOWN] + "…")
        if role == "timestamp":
            return f"the timestamp {shown} is no time"
        odd = in_the_way(value) if isinstance(value, str) else None
        if odd is not None:
            return f"the {role} {shown} cannot be read, as {odd}"
        if isinstance(value, str) and self._decimal == "," and "." in value:
            return f"the {role} {shown} has a point, where decimals have a comma"
        if isinstance(value, str) and is_number(value) and "," in value:
            return f"the {role} {shown} is no number; for a decimal comma say --decimal ,"
        return f"the {role} {shown} is no number that can be used"
