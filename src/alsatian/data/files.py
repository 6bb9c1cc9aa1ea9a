"""Tables in files: the only place that imports polars."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_parquet(path: str | PathLike[str], columns: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read some columns of a Parquet file as NumPy arrays (needs the extra ``files``).

    Parameters
    ----------
    path : str or path-like
    columns : sequence of str

    Returns
    -------
    dict of str to array of shape (rows,)
        Texts come as NumPy str arrays.

    Raises
    ------
    ImportError
        Where polars is not installed.
    ValueError
        Where the file has no column of a wanted name.
    """
    try:
        import polars as pl
    except ImportError as error:
        message = (
            f"Reading {path} needs polars, which is not installed: pip install polars, or alsatian with its "
            "extra 'files' (from a checkout: pip install '.[files]')."
        )
        raise ImportError(message) from error
    path = Path(path)
    present = pl.read_parquet_schema(path)
    absent = [name for name in columns if name not in present]
    if absent:
        raise ValueError(f"{path} has no column {absent[0]!r}; it has {', '.join(present)}.")
    frame = pl.read_parquet(path, columns=list(columns))
    return {name: _array(frame.get_column(name)) for name in columns}


def _array(column: Any) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy()
    return np.array(column.to_list(), dtype=np.str_) if values.dtype == object else values
