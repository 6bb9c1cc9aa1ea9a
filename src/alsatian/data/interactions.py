"""Interactions: who had to do with what, how much and when, under the ids that people use."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from alsatian.data._cells import Duplicates, StoredCells, check_duplicates
from alsatian.data._columns import column_of
from alsatian.data._frames import Choice, read_frame
from alsatian.data._matrices import cells_of_matrix
from alsatian.data._merge import added, of_columns, of_rows, remapped, replaced, selected
from alsatian.data._table import Table, interactions_of_table, working_dtype
from alsatian.data._views import InteractionsView
from alsatian.data.ids import Ids

Array = NDArray[Any]


class Interactions(InteractionsView):
    """Interactions of users with items: one value for each pair, with ids in place of row and column numbers.

    Made by `from_frame`, `from_arrays` or `from_matrix`. Nothing of it can be changed: methods return new interactions,
    arrays are read-only, and no later change of the input shows. The same content in any container, and in any order,
    gives the same interactions, to the bit; the order counts only for ``duplicates="last"`` without timestamps.

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import Interactions
    >>> plays = Interactions.from_arrays(["ann", "bob", "ann", "ann"], [7, 7, 9, 7], [2, 1, 5, 3])
    >>> plays
    Interactions(2 users × 2 items, 3 cells (75%), float32 values 1 … 5)
    >>> plays.csr.toarray()
    array([[5., 5.],
           [1., 0.]], dtype=float32)
    >>> plays.history("ann")
    (array([7, 9]), array([5., 5.], dtype=float32))
    """

    __slots__ = ()

    def __init__(self) -> None:
        raise TypeError("Interactions are made by Interactions.from_frame, .from_arrays or .from_matrix.")

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        user: str | None = None,
        item: str | None = None,
        value: Choice = None,
        weight: Choice = None,
        timestamp: Choice = None,
        duplicates: Duplicates = "sum",
        dtype: DTypeLike = np.float32,
        users: Any = None,
        items: Any = None,
    ) -> Self:
        """Read a frame with a row for each interaction.

        Parameters
        ----------
        frame : frame of pandas, polars (lazy too), pyarrow, or any other that narwhals reads
        user, item : str, optional
            Names of the columns of ids. None takes the one column that is named as usual (``user_id``, ``userId``,
            ``customer``, …; ``item``, ``movieId``, ``artistID``, ``sku``, …).
        value : str, False or None
            Name of the column of what was observed: ratings, numbers of plays. None takes the one that is named as
            usual (``rating``, ``count``, ``plays``, …), and where there is none, each row has the value 1. False: 1.
        weight : str, False or None
            Name of a column that says how much each value counts, ≥ 0. It is never guessed; a column that is called
            ``weight`` has to be given a meaning (False: none).
        timestamp : str, False or None
            Name of a column of dates, times or numbers. Never guessed. Times with a zone become UTC.
        duplicates : {"sum", "mean", "last", "error"}
            What becomes of rows of the same user and item.

            - ``"sum"``: values are added, and weights.
            - ``"mean"``: the mean of the values, weighted where there are weights, and the mean of the weights.
            - ``"last"``: value and weight of the row of the latest timestamp; of those, and without timestamps, of the
              last row.
            - ``"error"``: there may be none.

            The timestamp of several rows is the latest of them.
        dtype : float32 or float64
            Type of values and weights. Sums are made in this type, from the smallest value up, and means in float64.
        users, items : Ids or sequence of ids, optional
            The maps to use, all ids in their order. Ids of the frame that are not in them are an error. None: the ids
            that occur, ascending (`Ids.of`).

        Raises
        ------
        TypeError
            Where the frame is none, or a column has values of a type that cannot be used.
        ValueError
            Where a column is not there or not clear, the frame is empty, or a value cannot be used: says where.
        UnknownIdError
            Where an id is not in `users` or `items`.

        Examples
        --------
        >>> import pandas as pd
        >>> from alsatian import Interactions
        >>> frame = pd.DataFrame({"user_id": ["a", "b", "a"], "movie_id": [10, 10, 30], "rating": [4.0, 3.5, 1.0]})
        >>> Interactions.from_frame(frame)
        Interactions(2 users × 2 items, 3 cells (75%), float32 values 1 … 4)
        """
        choices: dict[str, Choice] = {
            "user": user,
            "item": item,
            "value": value,
            "weight": weight,
            "timestamp": timestamp,
        }
        columns, names = read_frame(frame, choices)
        called = {role: f"column {name!r}" for role, name in names.items()}
        return cls._of_table(columns, called, users, items, duplicates, dtype)

    @classmethod
    def from_arrays(
        cls,
        user: Any,
        item: Any,
        value: Any = None,
        *,
        weight: Any = None,
        timestamp: Any = None,
        duplicates: Duplicates = "sum",
        dtype: DTypeLike = np.float32,
        users: Any = None,
        items: Any = None,
    ) -> Self:
        """Read arrays, lists or series with an element for each interaction.

        Parameters
        ----------
        user, item : array-like of shape (rows,)
            Ids.
        value : array-like of shape (rows,), optional
            None: 1 each.
        weight, timestamp : array-like of shape (rows,), optional
        duplicates, dtype, users, items
            As in `from_frame`.

        Raises
        ------
        TypeError, ValueError, UnknownIdError
            As in `from_frame`.
        """
        given = {"user": user, "item": item, "value": value, "weight": weight, "timestamp": timestamp}
        columns = {role: column for role, column in given.items() if column is not None}
        return cls._of_table(columns, {role: role for role in columns}, users, items, duplicates, dtype)

    @classmethod
    def _of_table(  # noqa: PLR0917
        cls,
        columns: dict[str, Any],
        names: dict[str, str],
        users: Any,
        items: Any,
        duplicates: Duplicates,
        dtype: DTypeLike,
    ) -> Self:
        check_duplicates(duplicates)
        ids = [known if known is None else Ids(known) for known in (users, items)]
        table = Table(column_of(columns["user"]), column_of(columns["item"]), columns, names)
        return cls._of(*interactions_of_table(table, ids[0], ids[1], duplicates, working_dtype(dtype)))

    @classmethod
    def from_matrix(
        cls, X: Any, *, users: Any = None, items: Any = None, weights: Any = None, dtype: DTypeLike = np.float32
    ) -> Self:
        """Read a matrix of users × items.

        Parameters
        ----------
        X : array or sparse matrix of shape (m, n)
            In an array NaN is missing, and so is a masked cell. A sparse matrix of any format has what it stores,
            stored zeros too; what is stored more than once is summed.
        users, items : Ids or sequence of m, n ids, optional
            The ids of rows and columns, in their order. None: 0 … m − 1, 0 … n − 1.
        weights : array or sparse matrix of shape (m, n), optional
            One weight ≥ 0 a cell. Sparse: of the same sparsity as X.
        dtype : float32 or float64

        Raises
        ------
        ValueError
            Where X has no cell, is infinite, or stores NaN; where the weights do not fit; where the number of ids is
            another one.

        Examples
        --------
        >>> from alsatian import Interactions
        >>> Interactions.from_matrix([[5.0, float("nan")], [1.0, 2.0]], users=["a", "b"]).to_dict()
        {'a': {0: 5.0}, 'b': {0: 1.0, 1: 2.0}}
        """
        if users is None and hasattr(X, "index") and hasattr(X, "columns"):
            users = X.index  # a pandas frame: its labels are the ids
        if items is None and hasattr(X, "columns"):
            items = X.columns
        cells = cells_of_matrix(X, weights, working_dtype(dtype))
        if not cells.indices.size:
            raise ValueError(f"X of shape {cells.shape} has no cell: nothing is stored, or all is NaN.")
        maps = []
        for given, size, side, what in (
            (users, cells.shape[0], "users", "rows"),
            (items, cells.shape[1], "items", "columns"),
        ):
            ids = Ids(np.arange(size) if given is None else given)
            if len(ids) != size:
                raise ValueError(f"{side} has {len(ids)} ids, but X of shape {cells.shape} has {size} {what}.")
            maps.append(ids)
        return cls._of(maps[0], maps[1], cells)

    def history(self, user: Any) -> tuple[Array, Array]:
        """Return the items of a user, as ids, and the values.

        Raises
        ------
        UnknownIdError
            Where the user is not known.
        """
        row = self._users.position(user, what="user")
        span = slice(self._cells.indptr[row], self._cells.indptr[row + 1])
        return self._items[self._cells.indices[span]], self._cells.values[span]

    def of_users(self, users: Any) -> Self:
        """Return the interactions of some users, in the order given; they are its `users`. `items` stays as it is.

        Parameters
        ----------
        users : sequence of ids, each once

        Raises
        ------
        UnknownIdError
            Where one is not known.
        """
        positions = self._users.positions(users, what="user")
        return self._of(Ids(self._users.values[positions]), self._items, of_rows(self._cells, positions))

    def of_items(self, items: Any) -> Self:
        """Return the interactions with some items, in the order given; they are its `items`. `users` stays as it is.

        Parameters
        ----------
        items : sequence of ids, each once

        Raises
        ------
        UnknownIdError
            Where one is not known.
        """
        positions = self._items.positions(items, what="item")
        return self._of(self._users, Ids(self._items.values[positions]), of_columns(self._cells, positions))

    def select(self, mask: Any) -> Self:
        """Return only some cells; `users` and `items` stay as they are, so that the parts of a split fit together.

        Parameters
        ----------
        mask : array of bool, shape (n_interactions,)
            In the order of ``csr.data``.
        """
        mask = np.asarray(mask)
        if mask.dtype != np.bool_ or mask.shape != (self.n_interactions,):
            raise ValueError(
                f"mask must be an array of {self.n_interactions} bools, one a cell: "
                f"got {mask.dtype} of shape {mask.shape}."
            )
        return self._of(self._users, self._items, selected(self._cells, mask))

    def with_ids(self, *, users: Any = None, items: Any = None) -> Self:
        """Return the same cells under other maps of ids: longer, in another order, or without ids that have no cell.

        Parameters
        ----------
        users, items : Ids or sequence of ids, optional
            None: as they are.

        Raises
        ------
        UnknownIdError
            Where an id that has a cell is not in the new map.
        """
        maps = [old if new is None else Ids(new) for old, new in ((self._users, users), (self._items, items))]
        return self._of(maps[0], maps[1], remapped(self._cells, (self._users, self._items), (maps[0], maps[1])))

    def added(self, other: Interactions, *, duplicates: Duplicates = "sum") -> Self:
        """Return these interactions and those of `other`.

        Parameters
        ----------
        other : Interactions
            Its users and items need not be known: new ones are appended, all others keep their positions. Values are
            converted to the type of these. Weights are 1 where only one of the two has them.
        duplicates : {"sum", "mean", "last", "error"}
            What becomes of a pair that both have, as in `from_frame`; a row of `other` comes after these.

        Raises
        ------
        ValueError
            Where only one of the two has timestamps, or they are of different kinds.
        """
        check_duplicates(duplicates)
        return self._of(*added(_parts(self), _parts(other), duplicates))

    def replaced(self, other: Interactions) -> Self:
        """Return these interactions, but each user of `other` has what `other` says and nothing else.

        Parameters
        ----------
        other : Interactions
            As in `added`. A user that `other` knows but has no cell of is left without any.
        """
        return self._of(*replaced(_parts(self), _parts(other)))


def _parts(interactions: Interactions) -> tuple[Ids, Ids, StoredCells]:
    if not isinstance(interactions, Interactions):
        kind = type(interactions).__name__
        raise TypeError(f"Interactions are needed, got {kind}: make them with Interactions.from_frame.")
    return interactions._users, interactions._items, interactions._cells
