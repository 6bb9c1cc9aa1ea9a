"""Splits that are given: by masks, by two sets of interactions, or by a column of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from alsatian.data.interactions import Interactions
from alsatian.data.labels import labels_of, rows_with
from alsatian.evaluation.splits._labels import TEST, TRAIN, VALIDATION, Labels, checked, split_of
from alsatian.evaluation.splits._split import Split


def from_masks(data: Interactions, test: ArrayLike, *, validation: ArrayLike | None = None) -> Split:
    """Split by one mask for the test, and one for the validation; all other cells are for `train`.

    Parameters
    ----------
    data : Interactions
    test : array of bool, shape (n_interactions,)
        In the order of ``data.csr.data``, which is by user and then by item, and not that of the rows of a frame:
        `from_column` takes those.
    validation : array of bool, shape (n_interactions,), optional

    Raises
    ------
    ValueError
        Where masks overlap or do not fit, or no cell is left for a part.

    Examples
    --------
    >>> from alsatian import Interactions
    >>> from alsatian.evaluation.splits import from_masks
    >>> ratings = Interactions.from_arrays([1, 1, 2], ["a", "b", "a"], [5, 1, 4])
    >>> from_masks(ratings, ratings.values == 4).test.to_dict()
    {2: {'a': 4.0}}
    """
    labels: Labels = np.full(len(checked(data)), TRAIN, dtype=np.int8)
    for name, mask, label in (("test", test, TEST), ("validation", validation, VALIDATION)):
        if mask is None:
            continue
        given = np.asarray(mask)
        if given.dtype != np.bool_ or given.shape != labels.shape:
            raise ValueError(
                f"{name} must be an array of {len(data)} bools, one a cell: got {given.dtype} of shape {given.shape}."
            )
        both = given & (labels != TRAIN)
        if both.any():
            raise ValueError(f"{np.count_nonzero(both)} cells are in both masks, the first is cell {np.argmax(both)}.")
        labels[given] = label
    return split_of(data, labels, "given masks", validation is not None)


_WHAT_FOR = {"train": "fit a model on", "test": "judge a model by"}


def from_parts(
    train: Interactions,
    test: Interactions,
    *,
    fold_in: Interactions | None = None,
    validation: Interactions | None = None,
    name: str = "given parts",
) -> Split:
    """Make a split of parts that were read one by one, such as those of a published split in files.

    Parameters
    ----------
    train, test : Interactions
        Their ids may differ. The parts of the split have all ids: those of `train` at their positions, and then those
        that are new in the others.
    fold_in : Interactions, optional
        Histories of users of the test who are not in `train`.
    validation : Interactions, optional
        What parameters are chosen by.
    name : str
        How the split is called.

    Returns
    -------
    Split
        A cell that is in two parts stays in both: a repetition is what some data are about. `Split.report` counts them
        in ``repeated_cells``.

    Raises
    ------
    ValueError
        Where no cell is in the training part, or in the test part.

    Examples
    --------
    >>> from alsatian import Interactions
    >>> from alsatian.evaluation.splits import from_parts
    >>> train = Interactions.from_arrays([1, 1, 2], ["a", "b", "a"])
    >>> from_parts(train, Interactions.from_arrays([2, 3], ["b", "c"]))  # doctest: +NORMALIZE_WHITESPACE
    Split(given parts: 3 train, 2 test cells; 2 of 3 users in the test, 1 cold users and 1 cold items with 1 test cells)
    """
    parts = {"train": train, "fold_in": fold_in, "validation": validation, "test": test}
    users, items = checked(train).users, train.items
    for part in parts.values():
        if part is not None:
            users, items = users.union(checked(part).users), items.union(part.items)
    for what in ("train", "test"):
        if not len(parts[what]):  # type: ignore[arg-type]
            raise ValueError(f"no cell is in the part {what!r}: there is nothing to {_WHAT_FOR[what]}.")
    aligned = {what: part.with_ids(users=users, items=items) for what, part in parts.items() if part is not None}
    chosen = None
    if validation is not None:
        chosen = Split(aligned["train"], aligned["validation"], name=f"validation part of {name}")
    return Split(aligned["train"], aligned["test"], aligned.get("fold_in"), chosen, name)


def from_column(
    frame: Any,
    column: str = "split",
    *,
    train: Any = "train",
    test: Any = "test",
    validation: Any = None,
    leave_out: Sequence[Any] = (),
    **reading: Any,
) -> Split:
    """Split by a column of a frame that says which part each row belongs to.

    Parameters
    ----------
    frame : frame of pandas, polars (lazy too), pyarrow, or any other that narwhals reads
    column : str, default="split"
        The column of the labels.
    train, test, validation : label, or list of labels
        Which rows belong to which part. None for `validation`: there is none.
    leave_out : sequence of labels
        Rows that are in no part. Any other label is an error, so that no row is lost by a slip.
    **reading
        The rest is that of `Interactions.from_frame`: ``user=``, ``item=``, ``value=``, ``timestamp=``, ….

    Returns
    -------
    Split
        See `from_parts`; ids are ascending over all rows that are in a part.

    Raises
    ------
    ValueError
        Where a label is missing, unknown, or has no row.

    Examples
    --------
    >>> import pandas as pd
    >>> from alsatian.evaluation.splits import from_column
    >>> frame = pd.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "a"], "split": ["train", "test", "train"]})
    >>> from_column(frame).test.to_dict()
    {1: {'b': 1.0}}
    """
    wanted = {"train": _labels(train), "test": _labels(test)} | (
        {} if validation is None else {"validation": _labels(validation)}
    )
    _check_labels(wanted, labels_of(frame, column), list(leave_out), column)
    rows = rows_with(frame, column, [label for labels in wanted.values() for label in labels])
    only_ids = {"value": False, "weight": False, "timestamp": None, "duplicates": "sum"}
    ids = Interactions.from_frame(rows, **(reading | only_ids))
    maps = {"users": ids.users, "items": ids.items} | {k: v for k, v in reading.items() if k in ("users", "items")}
    parts = {
        name: Interactions.from_frame(rows_with(frame, column, labels), **(reading | maps))
        for name, labels in wanted.items()
    }
    return from_parts(parts["train"], parts["test"], validation=parts.get("validation"), name=f"column {column!r}")


def _labels(given: Any) -> list[Any]:
    return list(given) if isinstance(given, (list, tuple, set, np.ndarray)) else [given]


def _check_labels(wanted: dict[str, list[Any]], present: list[Any], left_out: list[Any], column: str) -> None:
    """Every label that is there belongs to one part or is left out, and every one that is named is there."""
    named = [label for labels in wanted.values() for label in labels] + left_out
    for label in named:
        if named.count(label) > 1:
            raise ValueError(f"{label!r} is named twice: a row belongs to one part.")
        if label not in present:
            raise ValueError(f"no row has {label!r} in column {column!r}, which holds {present}.")
    other = [label for label in present if label not in named]
    if other:
        raise ValueError(
            f"column {column!r} also holds {other}: say which part such rows are (train=[...], validation=...), or "
            "name them in leave_out=."
        )
