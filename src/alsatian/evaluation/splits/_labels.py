"""What all splits are made of: a label for each cell, and numbers drawn for cells and users."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data.interactions import Interactions
from alsatian.evaluation._parameters import generator_of
from alsatian.evaluation.splits._split import Split

TRAIN, TEST, FOLD_IN, VALIDATION, VALIDATION_FOLD_IN = range(5)

Labels = NDArray[np.int8]
Size = float | int


def split_of(data: Interactions, labels: Labels, name: str, validates: bool = False) -> Split:
    """Return the split of the cells by their labels; every cell is in exactly one part.

    A part that was asked for and has no cell is an error; `validates` says whether a validation was.
    """

    def part(label: int) -> Interactions:
        return data.select(labels == label)

    def optional(label: int) -> Interactions | None:
        return part(label) if (labels == label).any() else None

    wanted = {"train": TRAIN, "test": TEST} | ({"validation": VALIDATION} if validates else {})
    for what, label in wanted.items():
        if not (labels == label).any():
            raise ValueError(f"{name}: no cell is left for {what} among the {len(data)} there are.")
    train, test, validation = part(TRAIN), part(TEST), None
    if validates:
        validation = Split(
            train, part(VALIDATION), fold_in=optional(VALIDATION_FOLD_IN), name=f"validation part of {name}"
        )
    return Split(train, test, fold_in=optional(FOLD_IN), validation=validation, name=name)


def checked(data: Interactions) -> Interactions:
    """Refuse what is no interactions."""
    if not isinstance(data, Interactions):
        raise TypeError(f"Interactions are needed, got {type(data).__name__}: make them with Interactions.from_frame.")
    return data


def times_of(data: Interactions) -> NDArray[Any]:
    """Return the timestamps, which have to be there."""
    times = checked(data).timestamps
    if times is None:
        raise ValueError("the interactions have no timestamps: read them with timestamp=... to split by time.")
    return times


def number_of(size: Size, total: int, what: str, *, zero: bool = False) -> int:
    """Return the number that a share in (0, 1) or a whole number means; halves are rounded up."""
    if is_share(size, what, zero=zero):
        return int(size * total + 0.5)
    if size > total:
        raise ValueError(f"{what} = {size}, but there are only {total}.")
    return int(size)


def is_share(size: Size, what: str, *, zero: bool = False) -> bool:
    """Return whether a size is a share and not a number, and refuse what is neither."""
    if isinstance(size, (int, np.integer)) and not isinstance(size, bool) and size >= (0 if zero else 1):
        return False
    if isinstance(size, (float, np.floating)) and (0 < size < 1 or (zero and size == 0)):
        return True
    least = "0, " if zero else ""
    raise ValueError(f"{what} must be {least}a share between 0 and 1 or a whole number of at least 1, got {size!r}.")


def number_held(size: Size, total: int, what: str) -> int:
    """Return the number of cells that is held out, of which some have to be, and some have to be left."""
    held = number_of(size, total, what)
    if not 0 < held < total:
        raise ValueError(f"{what} = {size} means {held} of {total} cells: both parts need at least one.")
    return held


def check_together(test: Size, validation: Size, names: tuple[str, str] = ("test", "validation")) -> None:
    """Refuse two shares of the same cells, or users, that leave nothing to learn from."""
    shares = [is_share(size, what, zero=True) for size, what in zip((test, validation), names, strict=True)]
    if all(shares) and test + validation >= 1:
        raise ValueError(
            f"{names[0]} = {test} and {names[1]} = {validation} are shares of the same whole, {test + validation:.6g} "
            "of it together: nothing is left to learn from. Their sum has to be less than 1."
        )


def draw(number: int, seed: int | np.random.Generator) -> NDArray[np.float64]:
    """Draw a number in [0, 1) for each of so many cells or users; the generator goes on where one is given."""
    return generator_of(seed).random(number)


def ranks(keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return the place of each key in ascending order; of equal ones the first comes first."""
    places = np.empty(keys.size, dtype=np.int64)
    places[np.argsort(keys, kind="stable")] = np.arange(keys.size)
    return places


def least(keys: NDArray[np.float64], number: int) -> NDArray[np.bool_]:
    """Return which keys are the least ones, so many of them; of equal ones the first."""
    if number == 0:
        return np.zeros(keys.size, dtype=bool)
    edge = np.partition(keys, number - 1)[number - 1]
    chosen: NDArray[np.bool_] = keys < edge
    chosen[np.flatnonzero(keys == edge)[: number - np.count_nonzero(chosen)]] = True
    return chosen


def ranks_from_last(
    data: Interactions, drawn: NDArray[np.float64], times: NDArray[Any] | None = None
) -> NDArray[np.int64]:
    """Return how many cells of the same user come after each, where the later, or the one of the lesser draw, does.

    The cells are sorted by user already, and with the user in the key nothing moves far: it takes a tenth of the time
    of sorting by several keys.
    """
    rows = data.rows
    order = np.argsort(rows - drawn, kind="stable")
    if times is not None:
        moments, moment = np.unique(times, return_inverse=True)
        key = rows.astype(np.int64) * moments.size + moment
        order = order[np.argsort(key[order], kind="stable")]
    places = np.empty(order.size, dtype=np.int64)
    places[order] = np.arange(order.size)
    return data.csr.indptr.astype(np.int64)[1:][rows] - 1 - places


def cells_of_users(data: Interactions) -> NDArray[np.int64]:
    """Return for each cell how many its user has."""
    return np.diff(data.csr.indptr).astype(np.int64)[data.rows]
