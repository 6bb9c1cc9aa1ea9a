"""Tables and arrays of every kind made plain: one array of numbers, NaN where a cell is missing.

The frames of pandas and polars, and Arrow tables, are known by what they can do; no library of frames is imported. A
frame is a table: only what is null in it is missing, whatever a column is stored as, so sparse columns are made dense.
What is no number is refused with its place: text, even where it spells one, dates and durations, complex numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

Array = NDArray[Any]
Place = Callable[[int], str]

_USERS = frozenset({"user", "userid", "username", "uid", "customer", "customerid", "reviewer", "reviewerid"})
_ITEMS = frozenset(
    {"item", "itemid", "iid", "product", "productid", "movie", "movieid", "book", "bookid", "isbn", "asin", "track"}
    | {"trackid", "song", "songid", "artist", "artistid", "article", "articleid"}
)
_MAYBE_WORDS = frozenset(
    {"user", "customer", "reviewer", "item", "product", "movie", "book", "track", "song", "artist", "article"}
)  # of the names above; all others stand for nothing but an id
_SURELY_LONG = (3, 4)  # columns: user, item and value, and time
_LOOKED_AT = 10_000  # rows, at most, in which other frames are searched for ids
_DATES = (date, time, timedelta, np.datetime64, np.timedelta64)


def is_frame(table: Any) -> bool:
    """Return whether this is a frame of pandas or polars, or one that behaves alike, or a table or batch of Arrow."""
    return _is_pandas(table) or _is_polars(table) or _is_arrow(table)


def names_of(frame: Any) -> list[Any]:
    """Return the names of a frame's columns."""
    return list(frame.column_names if _is_arrow(frame) else frame.columns)


def shape_of(table: Any) -> tuple[int, ...]:
    """Return the shape of a table or array-like; () where it has none, as ragged lists have."""
    if not isinstance(table, list | tuple):
        return tuple(getattr(table, "shape", ()))
    try:
        return np.shape(table)
    except ValueError:
        return ()


def plain(table: Any, name: str, *, mark: float = np.nan) -> Any:
    """Return a table or array-like as an array of numbers; an array of numbers, or a sparse matrix, as it is.

    Parameters
    ----------
    table : array-like, frame or sparse matrix
    name : str
        What messages call it.
    mark : float
        What is put into masked cells; an integer array that has such cells becomes float64.

    Raises
    ------
    ValueError
        Where a value is not a number, naming its place; for a sparse array that is not two-dimensional.
    TypeError
        For a lazy frame, and for objects that are no numbers at all.
    """
    if issparse(table):
        return _checked_sparse(table, name)
    if _is_lazy(table):
        raise TypeError(f"{name} is a lazy frame, which holds no data yet: call .collect() on it.")
    if is_frame(table):
        return _from_frame(table, name)
    array = _unmasked(table, mark) if isinstance(table, np.ma.MaskedArray) else np.asarray(table)
    if array.dtype.kind in "SUT" and isinstance(table, list | tuple):
        array = np.asarray(table, dtype=object)  # so that the place of the text is known
    return _numbers(array, name, lambda p: _place(p, array.shape))


def plain_weights(weights: Any, X: Any, name: str = "weights") -> Any:
    """Return weights as `plain` does, zero where masked; those of a frame in the order of rows and columns of X's.

    Raises
    ------
    ValueError
        As `plain`, and where both are frames of one shape whose labels are not the same.
    """
    if weights is None:
        return None
    plain_ones = plain(weights, name, mark=0.0)
    if getattr(plain_ones, "ndim", 2) == 0:
        raise ValueError(
            f"{name} is one number, {plain_ones}: give one weight for each cell of X, as numpy.full(X.shape, "
            f"{plain_ones}) makes them, or none at all if all weigh the same."
        )
    if not (is_frame(weights) and is_frame(X)) or tuple(weights.shape) != tuple(X.shape):
        return plain_ones
    columns = _order(names_of(weights), names_of(X), name, "column")
    rows = None
    if _is_pandas(weights) and _is_pandas(X) and not weights.index.equals(X.index):
        rows = _order(list(weights.index), list(X.index), name, "row")
    plain_ones = plain_ones if columns is None else plain_ones[:, columns]
    return plain_ones if rows is None else plain_ones[rows]


def real(name: str, given: Any) -> NDArray[np.float64]:
    """Return numbers of any kind as a float64 array; what is no real number is refused as by `plain`."""
    return np.asarray(plain(given, name), dtype=np.float64)


def like(frame: Any, values: Array) -> Any:
    """Return values as a frame of the same kind, with the columns (and in pandas the index) of the one given."""
    if _is_pandas(frame):
        return type(frame)(values, index=frame.index, columns=frame.columns)
    if _is_polars(frame):
        return type(frame)(values, schema=names_of(frame), orient="row")
    columns = [np.ascontiguousarray(column) for column in values.T]
    return type(frame).from_arrays(columns, names=names_of(frame))


def named(frame: Any) -> Any:
    """Return a frame whose names scikit-learn reads: for Arrow an empty table, as it passes over record batches."""
    return frame.schema.empty_table() if _is_arrow(frame) else frame


def refuse_equal_names(X: Any) -> None:
    """Refuse a frame with two columns of one name, which scikit-learn does not take."""
    names = names_of(X)
    seen: set[Any] = set()
    for name in names if len(set(names)) < len(names) else []:
        if name in seen:
            raise ValueError(f"X has several columns named {name!r}: give each a name of its own, or give an array.")
        seen.add(name)


def refuse_long_table(X: Any) -> None:
    """Refuse a frame of one (user, item, rating) a row, which as a matrix would mean nothing.

    It is one where a column has a name that is usual for users and another has one that is for items, and either

    - there are three or four columns, or
    - both names can mean nothing but an id, as "user_id" and "movieId" do, or
    - both columns hold what ids look like: texts, or integers from 0 up, none of them null, and pairs of which at least
      half are there only once. "user" and "item" are words too, and a matrix may have one column for each word of a
      text, or one for each question of a survey; but counts and marks soon repeat themselves, or are not known.

    Raises
    ------
    ValueError
        Says how to make the matrix of it.
    """
    if not is_frame(X):
        return
    names = names_of(X)
    known = ["".join(c for c in str(name).lower() if c.isalnum()) for name in names]
    user, item = (next((j for j, name in enumerate(known) if name in usual), None) for usual in (_USERS, _ITEMS))
    if user is None or item is None:
        return
    words = _MAYBE_WORDS & {known[user], known[item]}
    if len(names) not in _SURELY_LONG and words and not _are_ids(_raw_column(X, user), _raw_column(X, item)):
        return
    raise ValueError(
        f"X is a frame with the columns {', '.join(map(str, names))}: this looks like a long table, one (user, item, "
        f"value) a row, but X is taken for the matrix itself, {X.shape[0]} rows by {len(names)} columns. Build a "
        "sparse matrix of it: alsatian.Interactions.from_frame(frame).csr, or scipy.sparse.coo_array((values, (users, "
        "items))) with users and items numbered from 0. If it is the matrix, give it as an array: frame.to_numpy()."
    )


def _kind(table: Any, *abilities: str) -> bool:
    # Asked of the type, as some properties of lazy frames do work and warn.
    return all(hasattr(type(table), ability) for ability in abilities)


def _is_pandas(table: Any) -> bool:
    return _kind(table, "iloc", "columns", "dtypes")


def _is_polars(table: Any) -> bool:
    return _kind(table, "get_columns", "schema", "to_numpy")


def _is_arrow(table: Any) -> bool:
    return _kind(table, "column_names", "itercolumns", "from_arrays")


def _are_ids(users: Array, items: Array) -> bool:
    """Return whether two columns look like ids of users and items, one pair a row."""
    users, items = users[:_LOOKED_AT], items[:_LOOKED_AT]
    if users.ndim != 1 or items.ndim != 1 or not (_could_be_ids(users) and _could_be_ids(items)):
        return False
    _, repeats = np.unique(
        [np.unique(ids.astype(str), return_inverse=True)[1] for ids in (users, items)], axis=1, return_counts=True
    )
    return bool(2 * np.count_nonzero(repeats == 1) >= users.size > 0)


def _could_be_ids(column: Array) -> bool:
    if column.dtype.kind == "f":
        return bool((np.isfinite(column) & (column >= 0) & (np.floor(column) == column)).all())
    if column.dtype.kind == "O":
        return all(isinstance(value, str) or (isinstance(value, Integral) and int(value) >= 0) for value in column)
    return column.dtype.kind in "SUT" or (column.dtype.kind in "iu" and bool((column >= 0).all()))


def _is_lazy(table: Any) -> bool:
    return _kind(table, "collect", "collect_schema") and not _is_polars(table)


def _checked_sparse(matrix: Any, name: str) -> Any:
    if len(matrix.shape) != 2:
        raise ValueError(f"{name} must be a matrix of two dimensions; got a sparse array of shape {matrix.shape}.")
    if matrix.dtype.kind not in "biuf":
        _numbers(np.empty(0, dtype=matrix.dtype), name, str)  # says what is wrong with complex numbers and the like
        raise ValueError(f"{name} is a sparse matrix of type {matrix.dtype}: convert its values to numbers, as floats.")
    return matrix


def _unmasked(array: Any, mark: float) -> Array:
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    elif array.dtype.kind not in "fO":
        return np.asarray(array)  # refused in a moment, whatever the mark
    filled: Array = array.filled(mark)
    return filled


def _from_frame(frame: Any, name: str) -> Array:
    if _is_pandas(frame):
        types = list(frame.dtypes)
        if types and all(isinstance(t, np.dtype) and t.kind in "biuf" for t in types):
            plain_frame: Array = frame.to_numpy(dtype=_common_type(types))
            return plain_frame
    arrays = [_column(_raw_column(frame, j), name, label) for j, label in enumerate(names_of(frame))]
    told = [array.dtype for array in arrays if array.size == 0 or not _is_empty(array)]  # what is all null says nothing
    table = np.empty(tuple(frame.shape), dtype=_common_type(told) if told else np.float64)
    for j, array in enumerate(arrays):
        table[:, j] = array
    return table


def _common_type(types: list[Any]) -> np.dtype[Any]:
    """Return a type that holds all; float32 only if all are, or a null among integers would change the precision."""
    common = np.result_type(*types)
    mixed = common == np.float32 and any(t.type is not np.float32 for t in types)
    return np.dtype(np.float64) if mixed else common


def _raw_column(frame: Any, j: int) -> Array:
    """Return a column as its library gives it: numbers, or objects where it can hold something else."""
    if _is_pandas(frame):
        return _pandas_column(frame.iloc[:, j])
    if _is_polars(frame):
        column = frame.get_columns()[j]
        array = np.asarray(column.to_numpy())
        # polars makes float32 of short integers with nulls: no precision that anyone has asked for.
        return array.astype(np.float64) if array.dtype.kind == "f" and column.dtype.is_integer() else array
    return np.asarray(frame.column(j).to_numpy(zero_copy_only=False))  # of a record batch, False is not the default


def _column(array: Array, name: str, label: Any) -> Array:
    if array.ndim != 1:
        raise ValueError(f"{name} holds nested values in column {label!r}: give a column for each number.")
    return _numbers(array, name, lambda p: f"row {p}, column {label!r}")


def _is_empty(array: Array) -> bool:
    return array.dtype.kind == "f" and bool(np.isnan(array).all())


def _pandas_column(column: Any) -> Array:
    """Return a column of any type, dense, as numbers where it can hold nothing else and as objects where it can."""
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(column.dtype, np.dtype) or hasattr(column.dtype, "subtype") or kind not in "biuf":
        return np.asarray(column)  # of sparse columns too: that makes them dense
    nullable = column.to_numpy(dtype=np.float64, na_value=np.nan)
    single: bool = kind == "f" and getattr(column.dtype, "numpy_dtype", None) == np.float32
    return np.asarray(nullable, dtype=np.float32 if single else np.float64)


def _numbers(array: Array, name: str, place: Place) -> Array:
    """Return the array if it is one of real numbers; read objects one by one; refuse all else."""
    kind = array.dtype.kind
    if kind in "biuf":
        return array
    if kind == "O":
        return _from_objects(array, name, place)
    where = f" (first: {array.reshape(-1)[0]!s} in {place(0)})" if array.size and array.ndim else ""
    if kind == "c":
        raise ValueError(f"Complex data not supported: {name} holds complex numbers{where}. Give real ones.")
    if kind in "mM":
        raise ValueError(f"{name} holds dates or durations{where}: turn them into numbers first, such as days.")
    if kind in "SUT":
        raise ValueError(f"{name} holds text{where}: turn it into numbers first.")
    raise ValueError(f"{name} holds values of type {array.dtype}{where}, which are no numbers.")


def _from_objects(array: Array, name: str, place: Place) -> Array:
    flat = array.reshape(-1)
    if set(map(type, flat)) <= {float, int, bool, type(None), np.float64, np.float32, np.int64}:
        try:
            return array.astype(np.float64)  # None becomes NaN
        except OverflowError:
            pass  # an integer beyond all floats: the loop says where
    numbers = np.empty(flat.size)
    for p, value in enumerate(flat):
        try:
            numbers[p] = _number(value)
        except (TypeError, ValueError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{name} holds {value!r} in {place(p)}: {error}") from None
    return numbers.reshape(array.shape)


def _number(value: Any) -> float:
    if value is None or type(value).__name__ == "NAType":  # pandas.NA
        return float("nan")
    if isinstance(value, str | bytes):
        raise ValueError("this is text; turn it into a number first.")
    if isinstance(value, _DATES):
        raise ValueError("this is a date or a duration; turn it into a number first, such as days.")
    if isinstance(value, complex | np.complexfloating):
        raise ValueError("Complex data not supported; give real numbers.")
    return float(value)


def _place(p: int, shape: tuple[int, ...]) -> str:
    index = tuple(int(i) for i in np.unravel_index(p, shape))
    return f"row {index[0]}, column {index[1]}" if len(index) == 2 else f"position {index}"


def _order(given: list[Any], wanted: list[Any], name: str, what: str) -> list[int] | None:
    """Return where each wanted label is among the given ones; None where they are in that order already."""
    if given == wanted:
        return None
    at = {label: position for position, label in enumerate(given)}
    unknown = [label for label in wanted if label not in at]
    if unknown or len(at) < len(given):
        reason = f"X has the {what} {unknown[0]!r}, {name} has not" if unknown else f"some {what}s have one label twice"
        raise ValueError(
            f"{name} and X are both frames, so their {what}s are matched by label, but {reason}. Give both the same "
            f"labels, or give {name} as an array to match by position."
        )
    return [at[label] for label in wanted]
