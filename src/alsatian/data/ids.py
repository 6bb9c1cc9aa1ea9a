"""Ids: the map between what users call things and their positions 0 … n − 1 in a matrix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from alsatian.data._columns import Array, Column, as_python, column_of, joined, to_list
from alsatian.data._id_arrays import Described, described, restored
from alsatian.data._lookup import Lookup, lookup_of
from alsatian.data._order import distinct_ids


class UnknownIdError(KeyError):
    """An id was asked for that is not in the map.

    Attributes
    ----------
    id : object
        The first unknown id.
    count : int
        How many of the ids asked for are unknown.
    """

    def __init__(self, message: str, id: Any = None, count: int = 1) -> None:
        super().__init__(message, id, count)
        self.id = id
        self.count = count

    def __str__(self) -> str:
        """Return the message, without the quotes that a KeyError puts around it."""
        return str(self.args[0])


class Ids:
    """An immutable map between distinct ids and the positions 0 … n − 1.

    Ids may be integers, texts, bytes, bools, floats, dates and times, UUIDs, tuples, and mixtures of them. Two are the
    same where they are equal as numbers, texts or points in time: the float 5.0 is the integer 5, a date is its
    midnight, a time with a zone is its instant in UTC. The text '5' is not the number 5, and True is not 1. So it is
    within tuples, named ones among them, where what is missing is None.

    Parameters
    ----------
    values : array, list, or series of pandas, polars or pyarrow; or Ids
        Distinct ids, none of them missing. They keep their order: ``values[p]`` gets position p. `Ids.of` takes a
        column with repetitions.

    Raises
    ------
    ValueError
        Where an id is missing (None, NaN, NaT, null) or is there twice: says in which rows.
    TypeError
        Where an element is of a type that cannot be an id.

    Examples
    --------
    >>> from alsatian.data import Ids
    >>> ids = Ids(["rye", "oat", "barley"])
    >>> ids.positions(["barley", "rye"])
    array([2, 0])
    >>> ids.find(["oat", "spelt"])
    array([ 1, -1])
    >>> ids[[1, 1]].tolist()
    ['oat', 'oat']
    """

    __slots__ = ("_column", "_lookup")
    __hash__ = None  # type: ignore[assignment]

    _column: Column
    _lookup: Lookup | None

    def __init__(self, values: Any) -> None:
        if isinstance(values, Ids):
            self._column, self._lookup = values._column, values._lookup
            return
        column = column_of(values)
        _check_present(column, "id")
        if column.codes is not None:
            column = Column(column.kind, column.values[column.codes])
        self._column = Column(column.kind, _frozen(column.values))
        self._lookup = None
        self._check_distinct()

    @classmethod
    def of(cls, values: Any, *, what: str = "id") -> Self:
        """Return the distinct ids of a column with repetitions, in ascending order.

        So the positions do not depend on the order of the rows. A mixture is ordered by the names of the types, numbers
        first, and in each type by value. Ids of types without a total order follow each other as they first appear.

        Parameters
        ----------
        values : array, list, or series of pandas, polars or pyarrow
        what : str
            What an error calls the ids.

        Examples
        --------
        >>> from alsatian.data import Ids
        >>> Ids.of([30, 10, 30, 20]).values
        array([10, 20, 30])
        """
        if isinstance(values, cls):
            return values
        return cls._numbered(column_of(values), what)[0]

    @classmethod
    def _numbered(cls, column: Column, what: str) -> tuple[Self, NDArray[Any]]:
        """Return the distinct ids of a column, and the positions of its rows."""
        _check_present(column, what)
        ids = cls._trusted(distinct_ids(column))
        return ids, ids._find(column)

    @classmethod
    def _trusted(cls, column: Column) -> Self:
        """Return the map of a column that is known to be complete and distinct, and our own."""
        ids = cls.__new__(cls)
        ids._column, ids._lookup = Column(column.kind, _frozen(column.values, copy=False)), None
        return ids

    def _check_distinct(self) -> None:
        positions = self._find(self._column)
        again = np.flatnonzero(positions != np.arange(positions.size))
        if again.size:
            # Of ids that are the same, a lookup knows one: the others find its position in place of their own.
            row, other = int(again[0]), int(positions[again[0]])
            raise ValueError(
                f"id {self._column.at(row)!r} is there more than once, in rows {min(row, other)} and {max(row, other)} "
                "(counting from 0). Ids.of(...) takes the distinct ids of a column."
            )

    @property
    def kind(self) -> str:
        """What the ids are: "int", "float", "bool", "str", "bytes", "time", or "object" for all else and mixtures."""
        return self._column.kind

    @property
    def values(self) -> NDArray[Any]:
        """All ids by position, shape (n,), read-only: int64, float64, bool or datetime64, or Python objects."""
        return self._column.values

    def to_list(self) -> list[Any]:
        """Return all ids by position, as Python objects."""
        return to_list(self.values)

    def positions(self, values: Any, *, what: str = "id") -> NDArray[np.int64]:
        """Return the positions of ids.

        Parameters
        ----------
        values : array, list, or series of shape (q,)
        what : str
            What an error calls an id, such as "user".

        Returns
        -------
        array of shape (q,), int64

        Raises
        ------
        UnknownIdError
            Where some are not in the map: names the first, and says how many there are.
        """
        column = _column_of(values)
        positions = self._find(column)
        self._check_known(column, positions, what)
        return positions.astype(np.int64)

    def find(self, values: Any) -> NDArray[np.int64]:
        """Return the positions of ids, −1 for those that are not in the map.

        Parameters
        ----------
        values : array, list, or series of shape (q,)

        Returns
        -------
        array of shape (q,), int64
        """
        return self._find(_column_of(values)).astype(np.int64)

    def position(self, id: Any, *, what: str = "id") -> int:
        """Return the position of one id.

        Parameters
        ----------
        id : object
        what : str
            What an error calls an id, such as "user".

        Raises
        ------
        UnknownIdError
            Where the id is not in the map.
        """
        return int(self.positions([id], what=what)[0])

    def union(self, values: Any) -> Ids:
        """Return a map that keeps all positions and appends the ids that are new, in the order of `Ids.of`.

        Parameters
        ----------
        values : Ids, array, list, or series
            May hold ids again and again. Those of `Ids` are appended in their own order.
        """
        column = values._column if isinstance(values, Ids) else Ids.of(values)._column
        new = self._find(column) < 0
        if not new.any():
            return self
        return Ids._trusted(joined(self._column, column._replace(values=column.values[new])))

    def to_stored(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Describe the map by plain arrays and by what can be written as JSON, to keep it in a file.

        Returns
        -------
        header : dict
            What can be written as JSON.
        arrays : dict of str to array
            One-dimensional, of numbers.

        Raises
        ------
        TypeError
            Where an id is of a type that cannot be kept: plain values of Python and NumPy, and tuples of them can.
        """
        return described(self._column)

    @classmethod
    def from_stored(cls, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        """Return the map that `to_stored` described.

        Raises
        ------
        ValueError
            Where header and arrays do not describe distinct ids.
        """
        ids = cls._trusted(restored(Described(header, arrays)))
        ids._check_distinct()
        return ids

    def _find(self, column: Column) -> NDArray[Any]:
        if self._lookup is None:
            self._lookup = lookup_of(self._column)
        found = self._lookup(column)
        if column.codes is not None:
            found = np.append(found, found.dtype.type(-1))[column.codes]
        elif column.missing is not None:
            found[column.missing] = -1
        return found

    def _check_known(self, column: Column, positions: NDArray[Any], what: str, place: str | None = None) -> None:
        """Refuse a column with ids that are not in the map; `place` is where it stands, for the message."""
        unknown = positions < 0
        count = int(np.count_nonzero(unknown))
        if not count:
            return
        row = int(np.argmax(unknown))
        missing = column.missing is not None and column.missing[row]
        missing = missing or (column.codes is not None and bool(column.codes[row] < 0))
        id = None if missing else column.at(row)
        told = f"{what} {id!r} is not known" + (f" ({place}, row {row}, counting from 0)" if place else "")
        told += f", and {count - 1} more of the {column.size} asked for are not" if count > 1 else ""
        raise UnknownIdError(f"{told}.{self._hint(id)}", id, count)

    def _hint(self, id: Any) -> str:
        """Say where the id is known as a text in place of a number, or the other way round."""
        for twin in _twins(id):
            if twin in self:
                return f" {twin!r} of type {type(twin).__name__} is: ids are not converted."
        few = ", ".join(repr(as_python(value)) for value in self.values[:3])
        return f" There are {len(self)} ids, such as {few}." if few else " There are none."

    def __len__(self) -> int:
        """Return the number of ids."""
        return int(self.values.size)

    def __iter__(self) -> Iterator[Any]:
        """Go through the ids by position, as Python objects."""
        return map(as_python, self.values) if self.kind == "time" else iter(self.values.tolist())

    def __contains__(self, id: object) -> bool:
        """Return whether an id is in the map."""
        try:
            return bool(self._find(column_of([id]))[0] >= 0)
        except TypeError:
            return False

    def __getitem__(self, positions: Any) -> Any:
        """Return the id of one position as a Python object, or those of many as an array.

        Raises
        ------
        IndexError
            Where a position is not in 0 … n − 1. Negative ones do not count from the end.
        """
        if isinstance(positions, slice):
            return self.values[positions]
        index = np.asarray(positions)
        if index.dtype == np.bool_:
            chosen: Array = self.values[index]
            return chosen
        if index.size and index.dtype.kind not in "iu":
            raise TypeError(f"positions are integers, got {index.dtype}. positions(...) goes from ids to positions.")
        index = index.astype(np.intp)
        outside = (index < 0) | (index >= len(self))
        if outside.any():
            bad = index[outside].flat[0]
            raise IndexError(f"position {bad} is out of range: the {len(self)} ids have positions 0 … {len(self) - 1}.")
        return as_python(self.values[index]) if index.ndim == 0 else self.values[index]

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same ids at the same positions."""
        if not isinstance(other, Ids):
            return NotImplemented
        if self is other or (len(self) == len(other) == 0):
            return True
        same = self.kind == other.kind and self.values.dtype == other.values.dtype
        if self.kind == "object" and same:
            return self._column.keys() == other._column.keys()
        return bool(same and np.array_equal(self.values, other.values))

    def __repr__(self) -> str:
        """Return number, kind, and the first of the ids."""
        few = [repr(as_python(value)) for value in self.values[:4]]
        return f"Ids({len(self)} of kind {self.kind}: {', '.join(few)}{', …' if len(self) > 4 else ''})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the ids as an array."""
        return np.array(self.values, dtype=dtype, copy=copy)

    def __copy__(self) -> Self:
        """Return the same map: it cannot change."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return the same map: it cannot change."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the ids, without what was made to look them up."""
        return _unpickled, (self.kind, self.values)


def _unpickled(kind: Any, values: Array) -> Ids:
    return Ids._trusted(Column(kind, values))


def _column_of(values: Any) -> Column:
    return values._column if isinstance(values, Ids) else column_of(values)


def _frozen(values: Array, *, copy: bool = True) -> Array:
    values = np.array(values, copy=True) if copy else values
    values.setflags(write=False)
    return values


def _check_present(column: Column, what: str) -> None:
    row = column.first_missing()
    if row is not None:
        raise ValueError(
            f"{what} is missing (None, NaN or null) in row {row} (counting from 0). Drop such rows, or give them an id."
        )


def _twins(id: Any) -> list[Any]:
    """Return what someone may have meant who gave a text for a number, or the other way round."""
    if isinstance(id, bytes):
        return [id.decode("utf-8", "replace")]
    if isinstance(id, str):
        number = id.strip()
        return [id.encode("utf-8", "replace"), *([int(number)] if number.lstrip("-").isdecimal() else [])]
    return [str(id)] if isinstance(id, (int, float, UUID)) else []
