"""Where an id stands among n of them: a table, a hash table in arrays, or a dict, whichever fits the ids.

A lookup is made once for a map of ids and asked for whole columns. Positions come as int32 while n allows it: those of
20 million rows then take 80 MB.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data._columns import Array, Column, column_of, is_float

Lookup = Callable[[Column], NDArray[Any]]

_BLOCK = 1 << 17  # ids looked up at a time, so that what is made on the way stays in the cache
_PLACES = 8  # a direct table may have so many places for each id
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ divided by the golden ratio, odd (Knuth, TAOCP 3, section 6.4)
_FOLD = np.uint64(32)


def position_type(n: int) -> type[np.signedinteger[Any]]:
    """Return the type that holds −1 and all positions below n."""
    return np.int32 if n <= np.iinfo(np.int32).max else np.int64


def lookup_of(ids: Column) -> Lookup:
    """Return the function that finds the positions of a column's values in `ids`, −1 where one is not among them."""
    if ids.kind in ("str", "bytes", "object"):
        return _by_dict(ids)
    find = _table(ids.values) if _is_dense(ids.values) else _hash_table(ids.values)
    return lambda column: _find(column, ids, find)


def distinct(values: Array) -> Array:
    """Return the distinct numbers or times of an array, ascending; `numpy.unique` may take many times as long."""
    if values.dtype.kind in "iu" and _is_dense(values):
        low = values.min()
        seen = np.zeros(int(values.max()) - int(low) + 1, dtype=bool)
        for start in range(0, values.size, _BLOCK):
            seen[values[start : start + _BLOCK] - low] = True
        found: Array = np.flatnonzero(seen).astype(values.dtype) + low
        return found
    ordered = np.sort(values)
    new = np.ones(ordered.size, dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def _is_dense(values: Array) -> bool:
    """Whether a table with a place for every integer between the smallest and the largest is small enough."""
    if values.dtype.kind not in "iu" or not values.size:
        return False
    return int(values.max()) - int(values.min()) < max(_PLACES * values.size, 1 << 12)


def _by_dict(ids: Column) -> Lookup:
    places = {key: position for position, key in enumerate(ids.keys())}
    dtype = position_type(len(places))

    def find(column: Column) -> NDArray[Any]:
        if column.kind != ids.kind and "object" not in (ids.kind, column.kind):
            return np.full(column.values.size, -1, dtype=dtype)
        keys = column.keys()
        return np.fromiter((places.get(key, -1) for key in keys), dtype=dtype, count=len(keys))

    return find


def _find(column: Column, ids: Column, find: Callable[[Array], NDArray[Any]]) -> NDArray[Any]:
    if column.kind == "object":  # a mixture, of which most cannot be among ids of one kind
        each = [_find(one, ids, find)[0] if one.kind != "object" else -1 for one in map(_alone, column.values)]
        return np.array(each, dtype=position_type(ids.size))
    out = np.full(column.values.size, -1, dtype=position_type(ids.size))
    for start in range(0, out.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        values, possible = _converted(column.values[block], ids.values.dtype)
        if possible is None:
            out[block] = find(values)
        elif possible.any():
            out[block] = np.where(possible, find(values), -1)
    return out


def _alone(value: Any) -> Column:
    column = column_of([value])
    if column.kind == "object" and isinstance(value, int) and is_float(value):
        return Column("float", np.array([float(value)]))
    return column


def _converted(values: Array, dtype: np.dtype[Any]) -> tuple[Array, NDArray[np.bool_] | None]:
    """Return values in the type of the ids, and which of them are the same there (None: all)."""
    if values.dtype == dtype:
        return values, None
    kinds = values.dtype.kind + dtype.kind
    if kinds in ("iu", "ui", "fi", "fu"):
        bounds = np.iinfo(dtype)
        possible = (values >= bounds.min) & (values <= bounds.max)
        if kinds[0] == "f":  # as a float, the upper bound is one too many
            possible = (values >= bounds.min) & (values < float(bounds.max)) & (values == np.trunc(values))
    elif kinds in ("if", "uf"):
        wide = values.astype(np.float64)
        possible = wide < float(np.iinfo(values.dtype).max)  # as a float, the bound is one too many
        possible &= np.where(possible, wide, 0.0).astype(values.dtype) == values
    elif kinds == "MM":
        possible = values.astype(dtype).astype(values.dtype) == values
    else:
        return values, np.zeros(values.size, dtype=bool)
    return np.where(possible, values, np.zeros(1, dtype=values.dtype)).astype(dtype), possible


def _table(ids: Array) -> Callable[[Array], NDArray[Any]]:
    low, high = ids.min(), ids.max()
    places = np.full(int(high) - int(low) + 1, -1, dtype=position_type(ids.size))
    places[ids - low] = np.arange(ids.size)

    def find(values: Array) -> NDArray[Any]:
        inside = (values >= low) & (values <= high)
        out = np.full(values.size, -1, dtype=places.dtype)
        out[inside] = places[values[inside] - low]
        return out

    return find


def _hash_table(ids: Array) -> Callable[[Array], NDArray[Any]]:
    """Make buckets of ids with one hash, one after the other in an array; half of the buckets, at least, are empty."""
    dtype, size = position_type(ids.size), ids.size
    if not size:
        return lambda values: np.full(values.size, -1, dtype=dtype)
    bits = int(2 * size).bit_length()
    ids = _bits(ids)
    hashes = _hash(ids, bits)
    order = np.argsort(hashes, kind="stable").astype(dtype)
    starts = np.zeros((1 << bits) + 1, dtype=dtype)
    np.cumsum(np.bincount(hashes, minlength=1 << bits), out=starts[1:])
    keys = ids[order]

    def find(values: Array) -> NDArray[Any]:
        values = _bits(values)
        bucket = _hash(values, bits)
        at, end = np.minimum(starts[bucket], size - 1), starts[bucket + 1]
        hit = keys[at] == values  # what is found outside of the bucket is found all the same
        out = np.where(hit, order[at], dtype(-1))
        rest = np.flatnonzero(~hit & (at + 1 < end))
        while rest.size:
            at[rest] += 1
            hit = keys[at[rest]] == values[rest]
            out[rest[hit]] = order[at[rest[hit]]]
            rest = rest[~hit & (at[rest] + 1 < end[rest])]
        return out

    return find


def _bits(values: Array) -> NDArray[np.uint64]:
    if values.dtype.itemsize < 8:
        values = values.astype(np.int64)
    return np.ascontiguousarray(values).view(np.uint64)


def _hash(bits: NDArray[np.uint64], width: int) -> NDArray[np.int64]:
    mixed = (bits ^ (bits >> _FOLD)) * _MIX
    return (mixed >> np.uint64(64 - width)).astype(np.int64)
