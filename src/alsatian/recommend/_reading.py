"""How frames are read: what `fit` is told holds for later frames too, also in another process that loads the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from alsatian.data._cells import check_duplicates
from alsatian.persistence import ModelFileError

_COLUMNS = ("user", "item", "value", "weight", "timestamp")


def reading(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the keywords of `fit` says how a frame is read, as it can be kept in a file.

    The maps of ids are those of the first frame: a later one may have new users and items.
    """
    kept = {name: columns[name] for name in (*_COLUMNS, "duplicates") if name in columns}
    if "dtype" in columns:
        kept["dtype"] = np.dtype(columns["dtype"]).name
    return kept


def restored(told: Any) -> dict[str, Any]:
    """Return what a file says of it, which is nothing in one of an earlier release.

    Raises
    ------
    ModelFileError
        Where that cannot be.
    """
    if told is None:
        return {}
    try:
        for name, choice in told.items():
            if name == "duplicates":
                check_duplicates(choice)
            elif name == "dtype":
                np.dtype(choice)
            elif name not in _COLUMNS or not (choice is None or choice is False or isinstance(choice, str)):
                raise ValueError(f"{name!r} is {choice!r}")
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelFileError(f"it does not say how frames are read: {error}.") from error
    return dict(told)
