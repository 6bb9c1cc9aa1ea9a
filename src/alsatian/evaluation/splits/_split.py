"""A split: interactions in parts that share their ids, and what of the test cells no model could know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alsatian.data.interactions import Interactions

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Interactions in parts: to learn from, and to be judged by. All parts have the same `users` and `items`.

    Nothing is left out of the parts unless `without_cold` is asked for. What is cold, that is, has test cells and
    nothing to learn from, is counted in `report`.

    Attributes
    ----------
    train : Interactions
        What a model is fitted on.
    test : Interactions
        What it is judged by.
    fold_in : Interactions or None
        Histories of users who are not in `train`: what a model may know of them when it is judged, without having been
        fitted on it. None where all users of `test` are to be known from `train`.
    validation : Split or None
        For choosing parameters: has the same `train`, and a `test` (and `fold_in`) of its own, of which no cell is in
        this split's `test`.
    name : str
        How the split was made.
    """

    train: Interactions
    test: Interactions
    fold_in: Interactions | None = None
    validation: Split | None = None
    name: str = "split"

    def __post_init__(self) -> None:
        """Check that the parts have the same ids."""
        parts = {"test": self.test, "fold_in": self.fold_in}
        if self.validation is not None:
            parts["validation.train"] = self.validation.train
        for name, part in (("train", self.train), *parts.items()):
            if part is not None and not isinstance(part, Interactions):
                raise TypeError(f"{name} must be Interactions, got {type(part).__name__}.")
        for name, part in parts.items():
            if part is not None and (part.users != self.train.users or part.items != self.train.items):
                raise ValueError(
                    f"train and {name} have other users or items: from_parts brings them to the same ids first."
                )

    @property
    def known(self) -> Interactions:
        """What is known of the users when they are judged: `train`, and `fold_in` where there is one.

        This is what "seen" means for lists of unseen items, and for the AUC.
        """
        return self.train if self.fold_in is None else self.train.added(self.fold_in)

    @property
    def test_users(self) -> NDArray[np.int64]:
        """Positions of the users who have test cells, ascending."""
        return np.flatnonzero(np.diff(self.test.csr.indptr)).astype(np.int64)

    @property
    def cold_users(self) -> NDArray[np.int64]:
        """Positions of the users who have test cells, and nothing in `train` or `fold_in`."""
        return np.flatnonzero(_has(self.test, 0) & ~_known(self, 0)).astype(np.int64)

    @property
    def cold_items(self) -> NDArray[np.int64]:
        """Positions of the items that have test cells and none in `train`."""
        return np.flatnonzero(_has(self.test, 1) & ~_has(self.train, 1)).astype(np.int64)

    def report(self) -> dict[str, int]:
        """Count the cells of each part, and who and what is cold.

        Returns
        -------
        dict of str to int
            - ``train_cells``, ``test_cells``, and where there are such parts ``fold_in_cells``, ``validation_cells``,
              ``validation_fold_in_cells``
            - ``users``, ``items``: all that there are, with cells or without
            - ``train_users``, ``fold_in_users``, ``test_users``: who has a cell there
            - ``users_without_test``: who has cells, and none in the test: no metric speaks of them
            - ``cold_users``, ``cold_items``: in the test, with nothing to learn from
            - ``cold_user_cells``, ``cold_item_cells``, ``cold_cells``: test cells of a cold user, of a cold item, of
              either
            - ``repeated_cells``: test cells whose user and item are together in what is known, too
        """
        told = {"train_cells": len(self.train), "test_cells": len(self.test)}
        if self.fold_in is not None:
            told["fold_in_cells"] = len(self.fold_in)
        if self.validation is not None:
            told["validation_cells"] = len(self.validation.test)
            if self.validation.fold_in is not None:
                told["validation_fold_in_cells"] = len(self.validation.fold_in)
        told |= {"users": self.train.n_users, "items": self.train.n_items}
        told["train_users"] = int(np.count_nonzero(_has(self.train, 0)))
        if self.fold_in is not None:
            told["fold_in_users"] = int(np.count_nonzero(_has(self.fold_in, 0)))
        told["test_users"] = self.test_users.size
        anywhere = np.logical_or.reduce([_has(part, 0) for part in self._parts()])
        told["users_without_test"] = int(np.count_nonzero(anywhere & ~_has(self.test, 0)))
        user, item = self._cold_cells()
        told |= {"cold_users": self.cold_users.size, "cold_items": self.cold_items.size}
        told |= {name: int(np.count_nonzero(m)) for name, m in (("cold_user_cells", user), ("cold_item_cells", item))}
        told["cold_cells"] = int(np.count_nonzero(user | item))
        told["repeated_cells"] = _repeated(self)
        return told

    def without_cold(self, *, users: bool = True, items: bool = True) -> Split:
        """Return the split without test cells of cold users, of cold items, or of both; the validation likewise.

        What this leaves out is no longer measured: say so beside the result. `report` of the split before says how
        much it is.
        """
        user, item = self._cold_cells()
        dropped = (user & users) | (item & items)
        validation = None if self.validation is None else self.validation.without_cold(users=users, items=items)
        return replace(
            self, test=self.test.select(~dropped), validation=validation, name=f"{self.name}, without cold test cells"
        )

    def _cold_cells(self) -> tuple[Mask, Mask]:
        """Return which test cells are of a cold user, and which of a cold item."""
        return ~_known(self, 0)[self.test.rows], ~_has(self.train, 1)[self.test.columns]

    def _parts(self) -> Iterator[Interactions]:
        yield self.train
        yield self.test
        if self.fold_in is not None:
            yield self.fold_in
        if self.validation is not None:
            yield from self.validation._parts()

    def __repr__(self) -> str:
        """Return the name, the cells of each part, and what is cold."""
        told = self.report()
        cells = ", ".join(
            f"{told[part + '_cells']} {part.replace('_', ' ')}"
            for part in ("train", "fold_in", "validation_fold_in", "validation", "test")
            if part + "_cells" in told
        )
        again = f", {told['repeated_cells']} repeated" if told["repeated_cells"] else ""
        return (
            f"Split({self.name}: {cells} cells; {told['test_users']} of {told['users']} users in the test, "
            f"{told['cold_users']} cold users and {told['cold_items']} cold items with {told['cold_cells']} test "
            f"cells{again})"
        )


def _has(part: Interactions, axis: int) -> Mask:
    """Return which users (axis 0) or items (axis 1) have a cell."""
    if axis == 0:
        return np.diff(part.csr.indptr) > 0
    return np.bincount(part.columns, minlength=part.n_items) > 0


def _known(split: Split, axis: int) -> Mask:
    known = _has(split.train, axis)
    return known if split.fold_in is None else known | _has(split.fold_in, axis)


def _repeated(split: Split) -> int:
    """Count the test cells that are in what is known too."""
    return int(_pattern(split.test).multiply(_pattern(split.known)).nnz)


def _pattern(part: Interactions) -> csr_array[Any]:
    """Return a matrix of ones where there is a cell: the values may be 0."""
    csr = part.csr
    return csr_array((np.ones(csr.nnz, dtype=np.int8), csr.indices, csr.indptr), shape=csr.shape)
