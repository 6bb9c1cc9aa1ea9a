"""Splits by chance: of cells, of each user's cells, and into folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from alsatian.data.interactions import Interactions
from alsatian.evaluation._parameters import whole_number
from alsatian.evaluation.splits._labels import (
    TEST,
    TRAIN,
    VALIDATION,
    Size,
    cells_of_users,
    check_together,
    checked,
    draw,
    is_share,
    least,
    number_of,
    ranks,
    ranks_from_last,
    split_of,
)
from alsatian.evaluation.splits._split import Split

Numbers = NDArray[np.int64]


def random_cells(
    data: Interactions, *, test: Size = 0.2, validation: Size = 0.0, seed: int | np.random.Generator = 0
) -> Split:
    """Hold out cells drawn from all of them alike.

    Parameters
    ----------
    data : Interactions
    test : float or int, default=0.2
        A share of all cells, rounded to the nearest number, or their number.
    validation : float or int, default=0.0
        Likewise of all cells; drawn after the test, so the test is the same with or without.
    seed : int or Generator, default=0
        For each cell one number is drawn in float64, in the order of the ids; those with the least are the test. So the
        split is the same on any machine, and whatever the order of the rows that the interactions were read from.

    Returns
    -------
    Split
        A user may have no cell left in `train`: `Split.report` counts such cold users. `random_per_user` leaves at
        least one.

    Raises
    ------
    ValueError
        Where a size means nothing, or no cell is left for a part.

    Examples
    --------
    >>> from alsatian import Interactions
    >>> from alsatian.evaluation.splits import random_cells
    >>> plays = Interactions.from_arrays([1, 1, 1, 2, 2], ["a", "b", "c", "a", "c"])
    >>> random_cells(plays, test=2)  # doctest: +NORMALIZE_WHITESPACE
    Split(random cells, test=2, seed=0: 3 train, 2 test cells; 2 of 2 users in the test, 0 cold users and 0 cold items
    with 0 test cells)
    """
    total = len(checked(data))
    held = number_of(test, total, "test")
    more = number_of(validation, total, "validation", zero=True)
    check_together(test, validation)
    if held + more >= total:
        raise ValueError(f"test and validation take {held} + {more} of {total} cells: nothing is left to learn from.")
    drawn = draw(total, seed)
    labels = np.where(least(drawn, held), TEST, np.where(least(drawn, held + more), VALIDATION, TRAIN)).astype(np.int8)
    return split_of(data, labels, f"random cells, test={test}{_told(seed)}", more > 0)


def random_per_user(
    data: Interactions, *, test: Size = 0.2, validation: Size = 0.0, seed: int | np.random.Generator = 0
) -> Split:
    """Hold out cells of every user, drawn from the user's own; at least one is left to learn from.

    Parameters
    ----------
    data : Interactions
    test : float or int, default=0.2
        A share of the cells of each user, rounded to the nearest number, halves up; or their number. A user who has not
        enough keeps one cell in `train`, and has fewer in the test, or none.
    validation : float or int, default=0.0
        Likewise: a share of all cells of each user, taken from those that the test has left; or their number.
    seed : int or Generator, default=0
        As in `random_cells`.

    Returns
    -------
    Split
        Users with too few cells for a test are counted in ``report()["users_without_test"]``.

    Raises
    ------
    ValueError
        Where a size means nothing, two shares are 1 or more together, or no cell is left for a part.

    Examples
    --------
    >>> from alsatian import Interactions
    >>> from alsatian.evaluation.splits import random_per_user
    >>> plays = Interactions.from_arrays([1, 1, 1, 2], ["a", "b", "c", "a"])
    >>> report = random_per_user(plays, test=1).report()
    >>> report["train_cells"], report["test_cells"], report["users_without_test"]
    (3, 1, 1)
    """
    counts = cells_of_users(checked(data))
    places = ranks_from_last(data, draw(len(data), seed))
    held = per_user(test, counts, "test")
    more = per_user(validation, counts, "validation", zero=True)
    check_together(test, validation)
    held = np.minimum(held, counts - 1)
    more = np.minimum(more, counts - 1 - held)
    labels = np.where(places < held, TEST, np.where(places < held + more, VALIDATION, TRAIN)).astype(np.int8)
    return split_of(data, labels, f"random per user, test={test}{_told(seed)}", validation > 0)


def k_fold(data: Interactions, n_folds: int = 5, *, seed: int | np.random.Generator = 0) -> Folds:
    """Cut the cells into folds of the same size, but for one cell; each is the test of one split.

    Parameters
    ----------
    data : Interactions
    n_folds : int, default=5
        At least 2, at most the number of cells.
    seed : int or Generator, default=0
        As in `random_cells`.

    Returns
    -------
    Folds
        A sequence of `Split`, each made when it is asked for. Every cell is in the test of exactly one.

    Examples
    --------
    >>> from alsatian import Interactions
    >>> from alsatian.evaluation.splits import k_fold
    >>> plays = Interactions.from_arrays([1, 1, 1, 2, 2], ["a", "b", "c", "a", "c"])
    >>> [len(split.test) for split in k_fold(plays, 3)]
    [2, 2, 1]
    """
    n_folds = whole_number(n_folds, "n_folds", least=2)
    if n_folds > len(checked(data)):
        raise ValueError(f"n_folds = {n_folds}, but there are only {len(data)} cells.")
    return Folds(data, n_folds, seed)


class Folds(Sequence[Split]):
    """The splits of a k-fold, made one at a time; see `k_fold`."""

    def __init__(self, data: Interactions, n_folds: int, seed: int | np.random.Generator) -> None:
        self._data, self._number, self._told = data, n_folds, _told(seed)
        self._fold = ranks(draw(len(data), seed)) % n_folds

    def __len__(self) -> int:
        """Return the number of folds."""
        return self._number

    @overload
    def __getitem__(self, index: int) -> Split: ...
    @overload
    def __getitem__(self, index: slice) -> list[Split]: ...
    def __getitem__(self, index: int | slice) -> Split | list[Split]:
        """Return the split of one fold, or those of several."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._number))]
        i = self._position(index)
        labels = np.where(self._fold == i, TEST, TRAIN).astype(np.int8)
        return split_of(self._data, labels, f"fold {i + 1} of {self._number}{self._told}")

    def _position(self, index: Any) -> int:
        """Return the number of a fold; a negative one counts from the end."""
        try:
            found: int = range(self._number)[index]
        except IndexError:
            raise IndexError(
                f"there is no fold {index}: the {self._number} folds are numbered 0 to {self._number - 1}."
            ) from None
        except TypeError:
            raise TypeError(f"the number of a fold, or a slice, is needed, got {index!r}.") from None
        return found

    def __iter__(self) -> Iterator[Split]:
        """Go through the splits."""
        return (self[i] for i in range(self._number))

    def __repr__(self) -> str:
        """Return the number of folds and of cells."""
        return f"Folds({self._number} folds of {len(self._data)} cells{self._told})"


def per_user(size: Size, counts: Numbers, what: str, *, zero: bool = False) -> Numbers:
    """Return what a share or a number means for users of so many cells; halves are rounded up."""
    if not is_share(size, what, zero=zero):
        return np.full(counts.shape, size)
    return (size * counts + 0.5).astype(np.int64)


def _told(seed: int | np.random.Generator) -> str:
    """Return what a name says of the seed: nothing of a generator, whose state is not in its name."""
    return f", seed={seed}" if isinstance(seed, (int, np.integer)) else ""
