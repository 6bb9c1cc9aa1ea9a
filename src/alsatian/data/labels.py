"""Frames with a column that says which part each row belongs to."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from alsatian.data._frames import _column_names, _listed, _table


def labels_of(frame: Any, column: str) -> list[Any]:
    """Return the distinct labels in a column of a frame, ascending.

    Raises
    ------
    ValueError
        Where there is no such column, or a row has no label.

    Examples
    --------
    >>> import pandas as pd
    >>> from alsatian.data.labels import labels_of
    >>> labels_of(pd.DataFrame({"split": ["train", "test", "train"]}), "split")
    ['test', 'train']
    """
    labels = _eager(frame, column, [column]).get_column(column)
    missing = int(labels.is_null().sum())
    if missing:
        raise ValueError(f"{missing} rows have no label in column {column!r}.")
    return sorted(labels.unique().to_list(), key=lambda label: (type(label).__name__, label))


def rows_with(frame: Any, column: str, labels: list[Any]) -> Any:
    """Return a frame of the rows that have one of the labels, without the column; a lazy one is collected.

    Examples
    --------
    >>> import pandas as pd
    >>> from alsatian.data.labels import rows_with
    >>> rows_with(pd.DataFrame({"item": [5, 6, 7], "split": ["a", "b", "a"]}), "split", ["a"])["item"].to_list()
    [5, 7]
    """
    table = _eager(frame, column, None)
    return table.filter(nw.col(column).is_in(labels)).drop(column).to_native()


def _eager(frame: Any, column: str, only: list[str] | None) -> nw.DataFrame[Any]:
    table = _table(frame)
    present = _column_names(table)
    if column not in present:
        raise ValueError(f"the frame has no column {column!r}. It has {_listed(present)}.")
    chosen = table if only is None else table.select(*only)
    return chosen.collect() if isinstance(chosen, nw.LazyFrame) else chosen
