"""What can be seen of interactions: their sizes, their matrices, and what they look like elsewhere."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from alsatian.data._cells import StoredCells, frozen
from alsatian.data._frames import make_frame
from alsatian.data._stored import restored, stored
from alsatian.data.ids import Ids

Array = NDArray[Any]


class InteractionsView:
    """Users, items and canonical cells, none of which can be changed, and the ways to look at them."""

    __slots__ = ("_cells", "_csc", "_items", "_users")
    __hash__ = None  # type: ignore[assignment]

    _users: Ids
    _items: Ids
    _cells: StoredCells
    _csc: tuple[Array, Array, Array] | None

    @classmethod
    def _of(cls, users: Ids, items: Ids, cells: StoredCells) -> Self:
        """Return interactions of canonical cells, which are ours."""
        made = cls.__new__(cls)
        made._users, made._items, made._cells, made._csc = users, items, frozen(cells), None
        return made

    @property
    def users(self) -> Ids:
        """The users: row p of the matrix is ``users[p]``."""
        return self._users

    @property
    def items(self) -> Ids:
        """The items: column p of the matrix is ``items[p]``."""
        return self._items

    @property
    def shape(self) -> tuple[int, int]:
        """Number of users and of items."""
        return self._cells.shape

    @property
    def n_users(self) -> int:
        """Number of users, also of those without a cell."""
        return self.shape[0]

    @property
    def n_items(self) -> int:
        """Number of items, also of those without a cell."""
        return self.shape[1]

    @property
    def n_interactions(self) -> int:
        """Number of cells: pairs of a user and an item."""
        return int(self._cells.indices.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of values and weights."""
        return self._cells.values.dtype

    @property
    def density(self) -> float:
        """Share of all pairs that have a cell."""
        return self.n_interactions / max(1, self.n_users * self.n_items)

    @property
    def csr(self) -> csr_array[Any]:
        """The values by users, shape (n_users, n_items): canonical, of read-only arrays that are made once."""
        return self._by_users(self._cells.values)

    @property
    def csc(self) -> csc_array[Any]:
        """The values by items, shape (n_users, n_items): canonical, of read-only arrays that are made once."""
        if self._csc is None:
            matrix = self.csr.tocsc()
            for array in (matrix.data, matrix.indices, matrix.indptr):
                array.setflags(write=False)
            self._csc = (matrix.data, matrix.indices, matrix.indptr)
        matrix = csc_array(self._csc, shape=self.shape, copy=False)
        matrix.has_canonical_format = True
        return matrix

    @property
    def weights(self) -> csr_array[Any] | None:
        """The weights, of the same sparsity as `csr`, or None."""
        return None if self._cells.weights is None else self._by_users(self._cells.weights)

    @property
    def timestamps(self) -> Array | None:
        """Timestamps of the cells in the order of ``csr.data``: datetime64, int64 or float64; or None."""
        return self._cells.timestamps

    @property
    def values(self) -> Array:
        """Values of the cells in the order of ``csr.data``."""
        return self._cells.values

    @property
    def rows(self) -> Array:
        """Position of the user of each cell, in the order of ``csr.data``. Computed when asked for."""
        return self._cells.rows

    @property
    def columns(self) -> Array:
        """Position of the item of each cell, in the order of ``csr.data``."""
        return self._cells.indices

    def _by_users(self, data: Array) -> csr_array[Any]:
        matrix = csr_array((data, self._cells.indices, self._cells.indptr), shape=self.shape, copy=False)
        matrix.has_canonical_format = True
        return matrix

    def to_frame(self, backend: Literal["pandas", "polars", "pyarrow"] = "pandas") -> Any:
        """Return a frame with a row for each cell: ``user``, ``item``, ``value``, and ``weight``, ``timestamp`` if any.

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        cells = self._cells
        columns = {
            "user": self._users.values[cells.rows],
            "item": self._items.values[cells.indices],
            "value": cells.values,
        }
        if cells.weights is not None:
            columns["weight"] = cells.weights
        if cells.timestamps is not None:
            columns["timestamp"] = cells.timestamps
        return make_frame(columns, backend)

    def to_stored(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Describe the interactions by plain arrays and by what can be written as JSON, to keep them in a file.

        Returns
        -------
        header : dict
            What can be written as JSON.
        arrays : dict of str to array
            One-dimensional, of numbers; those of the cells are not copied.

        Raises
        ------
        TypeError
            Where an id is of a type that cannot be kept: see `Ids.to_stored`.
        """
        return stored(self._users, self._items, self._cells)

    @classmethod
    def from_stored(cls, header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        """Return the interactions that `to_stored` described.

        Parameters
        ----------
        header : dict
        arrays : dict of str to array
            Those that are read-only, such as a file in memory, are used as they are; others are copied.

        Raises
        ------
        ValueError
            Where header and arrays do not describe interactions.
        """
        return cls._of(*restored(header, arrays))

    def to_dict(self) -> dict[Any, dict[Any, float]]:
        """Return the value of each item of each user that has one, by their ids."""
        found: dict[Any, dict[Any, float]] = {}
        users, items = self._users.to_list(), self._items.to_list()
        cells = zip(self.rows.tolist(), self.columns.tolist(), self.values.tolist(), strict=True)
        for row, column, value in cells:
            found.setdefault(users[row], {})[items[column]] = value
        return found

    def summary(self) -> dict[str, Any]:
        """Return what describes the interactions in a few numbers.

        Returns
        -------
        dict
            ``users``, ``items``, ``interactions``, ``density``; ``per_user`` and ``per_item``: least, median and most
            cells; ``values`` (and ``weights``): least, mean and greatest; ``timestamps``: the first and the last.
        """
        cells = self._cells
        told: dict[str, Any] = {
            "users": self.n_users,
            "items": self.n_items,
            "interactions": self.n_interactions,
            "density": self.density,
        }
        counts = {"per_user": np.diff(cells.indptr), "per_item": np.bincount(cells.indices, minlength=self.n_items)}
        for name, count in counts.items():
            told[name] = (int(count.min()), float(np.median(count)), int(count.max())) if count.size else None
        for name, data in (("values", cells.values), ("weights", cells.weights)):
            if data is not None and data.size:
                told[name] = (float(data.min()), float(data.mean(dtype=np.float64)), float(data.max()))
        if cells.timestamps is not None and cells.timestamps.size:
            told["timestamps"] = (cells.timestamps.min(), cells.timestamps.max())
        return told

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.n_interactions

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same ids in the same order, and the same cells to the bit."""
        if not isinstance(other, InteractionsView):
            return NotImplemented
        if self is other:
            return True
        if self.shape != other.shape or self.dtype != other.dtype:
            return False
        pairs = zip(self._cells[1:], other._cells[1:], strict=True)
        same = all(_same(a, b) for a, b in pairs)
        return same and self._users == other._users and self._items == other._items

    def __repr__(self) -> str:
        """Return sizes, type and ranges."""
        cells = self._cells
        told = f"{self.n_users} users × {self.n_items} items, {self.n_interactions} cells ({100 * self.density:.3g}%)"
        if cells.values.size:
            low, high = float(cells.values.min()), float(cells.values.max())
            told += f", {self.dtype} values {low:g}" + ("" if low == high else f" … {high:g}")
        told += "" if cells.weights is None else ", weights"
        if cells.timestamps is not None and cells.timestamps.size:
            told += f", timestamps {cells.timestamps.min()} … {cells.timestamps.max()}"
        return f"Interactions({told})"

    def __copy__(self) -> Self:
        """Return the same interactions: they cannot change."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return the same interactions: they cannot change."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle ids and cells."""
        return _unpickled, (type(self), self._users, self._items, tuple(self._cells))


def _unpickled(cls: type[InteractionsView], users: Ids, items: Ids, cells: tuple[Any, ...]) -> InteractionsView:
    return cls._of(users, items, StoredCells(*cells))


def _same(a: Array | None, b: Array | None) -> bool:
    return a is b if a is None or b is None else bool(np.array_equal(a, b))
