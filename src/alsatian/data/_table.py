"""From columns, one element an interaction, to ids and canonical cells."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from alsatian.data._cells import Array, Duplicates, RepeatedCellError, Rows, StoredCells, canonical
from alsatian.data._columns import Column
from alsatian.data._values import numbers, raw, times
from alsatian.data.ids import Ids


class Table(NamedTuple):
    """Columns as they were given, by role, the two of ids already read; and what an error calls them."""

    user: Column
    item: Column
    columns: dict[str, Any]
    names: dict[str, str]

    def place(self, row: int) -> str:
        """Name a row, with its ids."""
        return f"row {row} (counting from 0; user {self.user.at(row)!r}, item {self.item.at(row)!r})"


def working_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return float32 or float64; refuse all else."""
    for allowed in (np.dtype(np.float32), np.dtype(np.float64)):
        if dtype is not None and allowed == dtype:
            return allowed
    raise ValueError(f"dtype must be float32 or float64, got {dtype!r}.")


def interactions_of_table(
    table: Table, users: Ids | None, items: Ids | None, duplicates: Duplicates, dtype: np.dtype[Any]
) -> tuple[Ids, Ids, StoredCells]:
    """Return both maps and the cells.

    Raises
    ------
    ValueError, TypeError, UnknownIdError
        Where the table holds what cannot be used: says where.
    """
    _check_lengths(table)
    users, rows = _side(table.user, users, "user", table.names["user"])
    items, columns = _side(table.item, items, "item", table.names["item"])
    found = table.columns
    values = _numbers(table, "value", dtype)
    source = Rows(
        (len(users), len(items)),
        rows,
        columns,
        np.ones(table.user.size, dtype=dtype) if values is None else values,
        _numbers(table, "weight", dtype),
        times(raw(found["timestamp"]), table.names["timestamp"], table.place) if "timestamp" in found else None,
    )
    try:
        cells = canonical(source, duplicates)
    except RepeatedCellError as error:
        raise ValueError(
            f"user {users[error.row]!r} and item {items[error.column]!r} come together more than once, in rows "
            f"{error.first} and {error.second} (counting from 0). duplicates= says what becomes of such rows: "
            '"sum", "mean" or "last".'
        ) from None
    check_sums(cells, users, items)
    return users, items, cells


def check_sums(cells: StoredCells, users: Ids, items: Ids) -> None:
    """Refuse sums of duplicates that are too large for their type."""
    for what, data in (("values", cells.values), ("weights", cells.weights)):
        if data is None or np.isfinite(data).all():
            continue
        row, column = cells.position(int(np.argmin(np.isfinite(data))))
        raise ValueError(
            f"the {what} of user {users[row]!r} and item {items[column]!r} sum to more than {data.dtype} can hold."
        )


def _check_lengths(table: Table) -> None:
    size, name = table.user.size, table.names["user"]
    for role, column in table.columns.items():
        if isinstance(column, str | bytes) or not hasattr(column, "__len__") or getattr(column, "ndim", 1) == 0:
            raise TypeError(
                f"{table.names[role]} must have an element for each row, {size} in all, as a list or an array has: got "
                f"{column!r}."
            )
        length = table.item.size if role == "item" else size if role == "user" else len(column)
        if length != size:
            raise ValueError(f"{name} has {size} elements, but {table.names[role]} has {length}: one a row is needed.")
    if not size:
        raise ValueError("there are no interactions: the table has no row.")


def _side(column: Column, ids: Ids | None, what: str, name: str) -> tuple[Ids, Array]:
    called = what if name == what else f"{what} ({name})"
    if ids is None:
        return Ids._numbered(column, called)
    row = column.first_missing()
    if row is not None:
        raise ValueError(f"{called} is missing (None, NaN or null) in row {row} (counting from 0). Drop such rows.")
    positions = ids._find(column)
    ids._check_known(column, positions, what, name)
    return ids, positions


def _numbers(table: Table, role: str, dtype: np.dtype[Any]) -> Array | None:
    if role not in table.columns:
        return None
    values = raw(table.columns[role])
    return numbers(values, dtype, table.names[role], table.place, least=0 if role == "weight" else None)
