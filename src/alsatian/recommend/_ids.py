"""What a user of a recommender may ask by: one id, or several in anything that holds ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.data import Ids

# One id that is a tuple has to come in a list; a tuple by itself is several ids.
_SEVERAL = (list, tuple, set, frozenset, range, np.ndarray, Ids)


def as_ids(asked: Any) -> Any:
    """Return ids in a sequence: one id by itself is a sequence of one."""
    if isinstance(asked, set | frozenset):
        return list(asked)
    several = isinstance(asked, _SEVERAL) or hasattr(asked, "__array__") or hasattr(asked, "to_numpy")
    if several and np.ndim(asked) != 0:
        return asked
    if isinstance(asked, Mapping) or (isinstance(asked, Iterable) and not isinstance(asked, str | bytes)):
        return list(asked)
    return [asked.item() if isinstance(asked, np.generic | np.ndarray) else asked]


def positions_of(ids: Ids, asked: Any, what: str) -> NDArray[np.int64]:
    """Return the positions of one or several ids.

    Raises
    ------
    UnknownIdError
        Where one is not known: names it.
    """
    sequence = as_ids(asked)
    return np.empty(0, dtype=np.int64) if len(sequence) == 0 else ids.positions(sequence, what=what)
