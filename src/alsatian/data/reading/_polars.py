"""polars, which reads the tables, where it is installed."""

from __future__ import annotations

from typing import Any


def polars() -> Any:
    """Return the library.

    Raises
    ------
    ImportError
        Where it is not installed: says how to get it.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise ImportError(
            "Reading and writing files needs polars, which is not installed: pip install polars, or alsatian with its "
            "extra 'files' (from a checkout: pip install '.[files]')."
        ) from error
    return pl
