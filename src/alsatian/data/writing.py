"""Tables to files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np

from alsatian.data.reading._polars import polars


def write_parquet(path: str | PathLike[str], columns: Mapping[str, Sequence[Any]]) -> None:
    """Write columns of Python values, or NumPy arrays, to a Parquet file.

    Parameters
    ----------
    path : str or path-like
    columns : mapping of str to sequence

    Raises
    ------
    ImportError
        Where polars is not installed.
    ValueError
        Where a column holds values of mixed types that are no numbers.
    """
    pl = polars()
    try:
        frame = pl.DataFrame({name: pl.Series(name, _plain(values), strict=True) for name, values in columns.items()})
    except TypeError as error:
        raise ValueError(f"a column of mixed types cannot be written to Parquet: {error}") from error
    frame.write_parquet(path)


def _plain(values: Sequence[Any]) -> Any:
    """Return times that are NumPy's own as an array: one by one, polars takes nanoseconds for microseconds."""
    return np.array(values) if len(values) and isinstance(values[0], np.datetime64) else values
