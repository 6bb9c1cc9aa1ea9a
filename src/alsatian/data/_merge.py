"""Parts of canonical cells, and two of them in one: the ids move, the cells follow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data._cells import MAX_INDEX, Array, Duplicates, RepeatedCellError, Rows, StoredCells, canonical
from alsatian.data._table import check_sums
from alsatian.data._times import coarsest
from alsatian.data.ids import Ids

Parts = tuple[Ids, Ids, StoredCells]


def selected(cells: StoredCells, mask: NDArray[np.bool_]) -> StoredCells:
    """Return the cells of a mask; the shape stays."""
    kept = np.concatenate(([0], np.cumsum(mask)))[cells.indptr].astype(cells.indptr.dtype)
    return _with(cells, mask, cells.shape, kept)


def of_rows(cells: StoredCells, rows: NDArray[np.int64]) -> StoredCells:
    """Return some rows, in the order given."""
    indptr, chosen = _ranges(cells.indptr[rows], np.diff(cells.indptr)[rows])
    return _with(cells, chosen, (rows.size, cells.shape[1]), indptr)


def of_columns(cells: StoredCells, columns: NDArray[np.int64]) -> StoredCells:
    """Return some columns, in the order given."""
    places = np.full(cells.shape[1], -1, dtype=np.int32)
    places[columns] = np.arange(columns.size)
    wanted = places[cells.indices] >= 0
    part = _rows(selected(cells, wanted))
    shape = (cells.shape[0], int(columns.size))
    return canonical(part._replace(columns=places[part.columns], shape=shape), "error")


def remapped(cells: StoredCells, old: tuple[Ids, Ids], new: tuple[Ids, Ids]) -> StoredCells:
    """Return the same cells under other maps of ids; those that have a cell must be there."""
    rows = _rows(cells)
    places = []
    for before, after, positions, what in zip(old, new, (rows.rows, rows.columns), ("user", "item"), strict=True):
        if before is after:
            places.append(positions)
            continue
        table = after.find(before)
        lost = np.flatnonzero(table[positions] < 0)
        if lost.size:
            after.positions(before.values[np.unique(positions[lost])], what=what)  # names them
        places.append(table[positions])
    shape = (len(new[0]), len(new[1]))
    return canonical(rows._replace(shape=shape, rows=places[0], columns=places[1]), "error")


def added(first: Parts, second: Parts, duplicates: Duplicates) -> Parts:
    """Return the union of two, the cells of the second after those of the first."""
    users, items = first[0].union(second[0]), first[1].union(second[1])
    theirs = _rows(second[2])
    theirs = theirs._replace(
        rows=users.positions(second[0])[theirs.rows], columns=items.positions(second[1])[theirs.columns]
    )
    touched = np.zeros(len(users), dtype=bool)
    touched[theirs.rows] = True
    known = np.flatnonzero(touched[: len(first[0])])
    ours = _rows(of_rows(first[2], known))
    source = _joined(ours._replace(rows=known[ours.rows]), theirs, (len(users), len(items)))
    try:
        cells = _assembled(first[2], canonical(source, duplicates), touched)
    except RepeatedCellError as error:
        raise ValueError(
            f"both have user {users[error.row]!r} with item {items[error.column]!r}. duplicates= says what becomes of "
            'such pairs: "sum", "mean" or "last".'
        ) from None
    check_sums(cells, users, items)
    return users, items, cells


def replaced(first: Parts, second: Parts) -> Parts:
    """Return the union of two, where users of the second have its cells only."""
    stays = np.ones(len(first[0]), dtype=bool)
    known = first[0].find(second[0])
    stays[known[known >= 0]] = False
    cells = first[2]
    return added((*first[:2], selected(cells, stays[cells.rows])), second, "error")


def _ranges(starts: Array, lengths: Array) -> tuple[Array, Array]:
    """Return the row pointers of ranges one after the other, and all that is in them."""
    indptr = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=indptr[1:])
    index = np.int32 if indptr[-1] <= MAX_INDEX else np.int64
    return indptr.astype(index), np.repeat(starts - indptr[:-1], lengths) + np.arange(indptr[-1])


def _assembled(old: StoredCells, new: StoredCells, touched: NDArray[np.bool_]) -> StoredCells:
    """Return the rows of `new` where they are touched, else those of `old`, which has at most as many: no sorting."""
    indptr = np.concatenate((old.indptr, np.full(touched.size - old.shape[0], old.indptr[-1]))).astype(np.int64)
    both = _joined(_rows(old), _rows(new), new.shape)
    starts = np.where(touched, new.indptr[:-1] + indptr[-1], indptr[:-1])
    pointers, chosen = _ranges(starts, np.where(touched, np.diff(new.indptr), np.diff(indptr)))
    return _with(StoredCells(new.shape, pointers, *both[2:]), chosen, new.shape, pointers)


def _with(cells: StoredCells, chosen: Any, shape: tuple[int, int], indptr: Array) -> StoredCells:
    weights = None if cells.weights is None else cells.weights[chosen]
    times = None if cells.timestamps is None else cells.timestamps[chosen]
    return StoredCells(shape, indptr, cells.indices[chosen], cells.values[chosen], weights, times)


def _rows(cells: StoredCells) -> Rows:
    return Rows(cells.shape, cells.rows, cells.indices, cells.values, cells.weights, cells.timestamps)


def _joined(first: Rows, second: Rows, shape: tuple[int, int]) -> Rows:
    dtype = first.values.dtype
    with np.errstate(over="ignore"):  # what does not fit is named after the sum
        values = np.concatenate([first.values, second.values.astype(dtype)])
    weights = None
    if first.weights is not None or second.weights is not None:
        both = (np.ones(part.values.size) if part.weights is None else part.weights for part in (first, second))
        weights = np.concatenate([part.astype(dtype) for part in both])
    return Rows(
        shape,
        np.concatenate([first.rows, second.rows]),
        np.concatenate([first.columns, second.columns]),
        values,
        weights,
        _joined_times(first.timestamps, second.timestamps),
    )


def _joined_times(first: Array | None, second: Array | None) -> Array | None:
    if first is None and second is None:
        return None
    if first is None or second is None:
        have, lack = ("these", "those added") if second is None else ("those added", "these")
        raise ValueError(f"{have} have timestamps, {lack} have none: give both timestamps, or neither.")
    if (first.dtype.kind == "M") != (second.dtype.kind == "M"):
        raise ValueError(f"timestamps of two kinds cannot be put together: {first.dtype} and {second.dtype}.")
    times = np.concatenate([first, second])
    return coarsest(times) if times.dtype.kind == "M" else times
