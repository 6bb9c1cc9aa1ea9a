"""The distinct ids of a column, in an order that does not depend on that of the rows wherever there is one."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from alsatian.data._columns import Column, key_of, objects
from alsatian.data._lookup import distinct

_ORDERED: tuple[type, ...] = (int, float, np.datetime64, str, bytes, date, time, UUID, Decimal, tuple)


def distinct_ids(column: Column) -> Column:
    """Return the distinct values of a column, in their order."""
    values = column.values
    if column.codes is not None and column.codes.size:
        used = np.zeros(values.size, dtype=bool)
        used[column.codes] = True
        values = values[used]
    if column.kind not in ("str", "bytes", "object"):
        return Column(column.kind, distinct(values))
    if column.kind != "object":
        ordered = sorted(dict.fromkeys(values.tolist()))
    else:
        first: dict[Any, Any] = {}
        for value in values.tolist():
            first.setdefault(key_of(value), value)
        ordered = _in_order(list(first.values()))
    return Column(column.kind, objects(ordered, len(ordered)))


def _in_order(values: list[Any]) -> list[Any]:
    groups: dict[str, list[Any]] = {}
    for value in values:
        label = "" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__
        groups.setdefault(label, []).append(value)
    return [value for label in sorted(groups) for value in _sorted_if_possible(groups[label])]


def _sorted_if_possible(values: list[Any]) -> list[Any]:
    if not isinstance(values[0], _ORDERED):  # what has a "<" need not have a total order: sets have not
        return values
    try:
        return sorted(values)
    except TypeError:  # tuples of this and that
        return values
