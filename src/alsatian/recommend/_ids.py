"""What a user of a recommender may ask by: one id, or several in anything that holds ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alsatian.data import Ids
from alsatian.data._columns import to_list


def as_ids(asked: Any, ids: Ids | None = None) -> Any:
    """Return ids in a sequence: one id by itself is a sequence of one.

    A tuple is several ids, unless it is itself one of `ids`, or all of these are tuples and it holds none.

    Raises
    ------
    TypeError
        For a frame, which has more than ids.
    """
    if isinstance(asked, str | bytes | np.generic) or (isinstance(asked, np.ndarray) and asked.ndim == 0):
        return [asked[()] if isinstance(asked, np.ndarray) else asked]
    if isinstance(asked, tuple) and ids is not None and _is_one(asked, ids):
        return [asked]
    if hasattr(asked, "columns"):
        raise TypeError(f"ids are needed, got a {type(asked).__name__} of columns: give the one that has the ids.")
    if isinstance(asked, list | tuple | range | np.ndarray | Ids) or hasattr(asked, "__array__"):
        return asked
    return list(asked) if isinstance(asked, Iterable) else [asked]


def positions_of(ids: Ids, asked: Any, what: str) -> NDArray[np.int64]:
    """Return the positions of one or several ids.

    Raises
    ------
    UnknownIdError
        Where one is not known: names it.
    """
    sequence = as_ids(asked, ids)
    return np.empty(0, dtype=np.int64) if len(sequence) == 0 else ids.positions(sequence, what=what)


def positions_of_each(ids: Ids, asked: Sequence[Any], what: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of one or several ids, again and again: all in a row, and which of `asked` each is from.

    One look-up for all takes a fraction of the time of one for each.

    Raises
    ------
    UnknownIdError
        Where one is not known: names it.
    """
    lists = [_listed(as_ids(one, ids)) for one in asked]
    source = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    return positions_of(ids, list(chain.from_iterable(lists)), what), source


class Asked(NamedTuple):
    """Those who were asked for, by their ids: where each stands first."""

    ids: Ids
    first: NDArray[np.int64]

    @classmethod
    def of(cls, queries: NDArray[Any]) -> Asked:
        """Take ids that may be there twice."""
        ids = Ids.of(queries)
        return cls(ids, np.unique(ids.find(queries), return_index=True)[1])

    def row(self, id: Any) -> int:
        """Return where an id stands first, or −1."""
        place = int(self.ids.find([id[()] if isinstance(id, np.ndarray) and id.ndim == 0 else id])[0])
        return int(self.first[place]) if place >= 0 else -1


def is_visitor(queries: Any) -> bool:
    """Return whether the one who asks is a visitor without an id."""
    return len(queries) == 1 and queries[0] is None


def entries(
    queries: NDArray[Any], given: Mapping[Any, Any], known: tuple[Ids, str]
) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the entries of a mapping from who asks, or may ask, and for each who asks which one, or −1.

    Raises
    ------
    UnknownIdError
        For a key that is neither among those who ask nor among those known.
    """
    keys, visitor = list(given), is_visitor(queries)
    named = [key for key in keys if key is not None] if visitor else keys
    asked = Ids(()) if visitor or not len(queries) else Asked.of(queries).ids
    strangers = [key for key, place in zip(named, asked.find(named).tolist(), strict=True) if place < 0]
    if strangers:
        known[0].positions(strangers, what=known[1])
    if visitor:
        found = np.full(1, keys.index(None) if None in given else -1)
    else:
        found = Ids(keys).find(queries) if keys else np.full(len(queries), -1)
    return list(given.values()), found


def _is_one(asked: tuple[Any, ...], ids: Ids) -> bool:
    if ids.kind != "object":
        return False
    if asked in ids:
        return True
    return not any(isinstance(part, tuple) for part in asked) and all(isinstance(id, tuple) for id in ids.values)


def _listed(sequence: Any) -> list[Any]:
    """Return ids as a list of Python objects."""
    if isinstance(sequence, np.ndarray) and not isinstance(sequence, np.ma.MaskedArray):
        return to_list(sequence)
    for name in ("to_list", "to_pylist", "tolist"):
        if hasattr(sequence, name):
            listed: list[Any] = getattr(sequence, name)()
            return listed
    return list(sequence)
