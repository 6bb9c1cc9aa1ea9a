"""Rows of Python objects, as databases and JSON give them, made a frame."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from alsatian.data.reading._polars import polars


def frame_of(rows: Sequence[Sequence[Any]], width: int) -> Any:
    """Return rows as a frame with places for names; a column of mixed types is one of texts.

    Parameters
    ----------
    rows : sequence of sequences
    width : int
        Number of columns.

    Returns
    -------
    polars.DataFrame
    """
    return polars().DataFrame({str(place): _series([row[place] for row in rows]) for place in range(width)})


def _series(values: list[Any]) -> Any:
    pl = polars()
    types = {type(value) for value in values} - {type(None)}
    if not types:
        return pl.Series(values, dtype=pl.String)
    if types == {int}:
        fits = all(value is None or -(2**63) <= value < 2**63 for value in values)
        return pl.Series(values, dtype=pl.Int64) if fits else pl.Series(_texts(values), dtype=pl.String)
    if types <= {int, float, Decimal}:
        return pl.Series([None if value is None else float(value) for value in values], dtype=pl.Float64)
    if types == {bool}:
        return pl.Series(values, dtype=pl.Boolean)
    if types in ({datetime}, {date}):
        return pl.Series(values)
    return pl.Series(_texts(values), dtype=pl.String)


def _texts(values: list[Any]) -> list[str | None]:
    return [value if value is None or isinstance(value, str) else _text(value) for value in values]


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | int | float | list | dict) else str(value)
