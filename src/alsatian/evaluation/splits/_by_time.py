"""Splits by time: the last cells of each user, and all cells from a point in time on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

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
    draw,
    number_held,
    number_of,
    ranks_from_last,
    split_of,
    times_of,
)
from alsatian.evaluation.splits._split import Split


def leave_last_k(data: Interactions, k: int = 1, *, validation: int = 0, seed: int | np.random.Generator = 0) -> Split:
    """Hold out the last cells of every user, by time; at least the first one is left to learn from.

    Parameters
    ----------
    data : Interactions
        With timestamps.
    k : int, default=1
        How many cells of each user are the test. A user of k cells or fewer keeps the first one in `train`, and has
        fewer in the test, or none.
    validation : int, default=0
        How many of the cells before those are the validation.
    seed : int or Generator, default=0
        Cells of one user at the same time have no order of their own. They are put in one that is drawn (a number a
        cell, in float64, in the order of the ids): the order of items or of rows would favour some items.

    Returns
    -------
    Split
        Other users' cells in `train` may be later than those in the test; `by_time` has no such cells.

    Raises
    ------
    ValueError
        Where there are no timestamps.

    Examples
    --------
    >>> from alsatian import Interactions
    >>> from alsatian.evaluation.splits import leave_last_k
    >>> plays = Interactions.from_arrays([1, 1, 1, 2], ["a", "b", "c", "a"], timestamp=[30, 10, 20, 5])
    >>> leave_last_k(plays, validation=1).test.to_dict()
    {1: {'a': 1.0}}
    """
    times = times_of(data)
    k = whole_number(k, "k")
    more = whole_number(validation, "validation", least=0)
    counts = cells_of_users(data)
    places = ranks_from_last(data, draw(len(data), seed), times)
    held = np.minimum(k, counts - 1)
    more_of = np.minimum(more, counts - 1 - held)
    labels = np.where(places < held, TEST, np.where(places < held + more_of, VALIDATION, TRAIN))
    return split_of(data, labels.astype(np.int8), f"last {k} of each user", more > 0)


def by_time(
    data: Interactions, *, at: Any = None, test: Size | None = None, validation_at: Any = None, validation: Size = 0.0
) -> Split:
    """Hold out all cells from a point in time on: the model learns from the past and is judged by what came then.

    There is nothing random in it.

    Parameters
    ----------
    data : Interactions
        With timestamps.
    at : datetime, datetime64, text such as ``"2024-03-01"``, or number, optional
        Cells at this time or later are the test. Of the kind of the timestamps; a time with a zone is taken to UTC.
    test : float or int, optional
        In place of `at`: the share of the cells, or their number. The time is that of the earliest of so many last
        cells; all cells at that time are in the test, so there may be more.
    validation_at, validation
        Likewise, for the cells before those of the test; None and 0 are none.

    Returns
    -------
    Split
        New users and items are cold: `Split.report` counts them.

    Raises
    ------
    ValueError
        Where there are no timestamps, not just one of `at` and `test`, or no cell is left for a part.

    Examples
    --------
    >>> from alsatian import Interactions
    >>> from alsatian.evaluation.splits import by_time
    >>> import numpy as np
    >>> when = np.array(["2024-01-05", "2024-02-01", "2024-03-09"], dtype="datetime64[D]")
    >>> plays = Interactions.from_arrays([1, 1, 2], ["a", "b", "a"], timestamp=when)
    >>> split = by_time(plays, at="2024-02-01")
    >>> split.test.to_dict(), split.report()["cold_users"]
    ({1: {'b': 1.0}, 2: {'a': 1.0}}, 1)
    """
    times = times_of(data)
    if (at is None) == (test is None):
        raise ValueError("by_time takes either at=, a point in time, or test=, a share or number of cells.")
    if validation_at is not None and validation != 0:
        raise ValueError("by_time takes either validation_at= or validation=, not both.")
    rising = np.sort(times)
    held = 0 if test is None else number_held(test, times.size, "test")
    if test is not None:
        check_together(test, validation)
    begin = _point(at, times, "at") if test is None else rising[times.size - held]
    labels = np.where(times >= begin, TEST, TRAIN).astype(np.int8)
    before = rising[: int(np.count_nonzero(labels == TRAIN))]
    start = None
    if validation_at is not None:
        start = _point(validation_at, times, "validation_at")
        if not start < begin:
            raise ValueError(f"validation_at = {start} has to be before the test, which begins at {begin}.")
    elif (more := number_of(validation, times.size, "validation", zero=True)) > 0:
        if more >= before.size:
            raise ValueError(f"validation takes {more} of the {before.size} cells before the test: nothing is left.")
        start = before[before.size - more]
    if start is not None:
        labels[(times >= start) & (labels == TRAIN)] = VALIDATION
    return split_of(data, labels, f"by time, test from {begin}", start is not None)


def _point(at: Any, times: NDArray[Any], what: str) -> Any:
    """Return a point in time in the kind of the timestamps."""
    if times.dtype.kind != "M":
        if isinstance(at, (bool, str)) or not np.isscalar(at) or not np.isreal(at) or np.isnan(at):
            raise ValueError(f"{what} must be a number as the timestamps are ({times.dtype}), got {at!r}.")
        return at
    if isinstance(at, datetime) and at.tzinfo is not None:
        at = at.astimezone(UTC).replace(tzinfo=None)
    try:
        if isinstance(at, (int, float, np.number)):
            raise ValueError("a number is no time")
        point = np.datetime64(at)
    except ValueError as error:
        raise ValueError(f"{what} must be a point in time, such as '{times.min()}', got {at!r}: {error}.") from None
    if np.isnat(point):
        raise ValueError(f"{what} must be a point in time, got {at!r}.")
    return point
