"""Ids as they are typed: texts, which become what the model's ids are."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def find(text: str, ids: Any) -> Any:
    """Return the id that a text spells, or None where the model has none of this spelling.

    Parameters
    ----------
    text : str
    ids : Ids
    """
    for spelt in _spellings(text):
        if spelt in ids:
            return spelt
    return None


def known(text: str, ids: Any, what: str) -> Any:
    """Return the id that a text spells.

    Raises
    ------
    UnknownIdError
        Where there is none.
    """
    found = find(text, ids)
    if found is None:
        from alsatian.data import UnknownIdError

        some = ", ".join(str(id) for id in ids.values[:3].tolist())
        raise UnknownIdError(f"there is no {what} {text!r} among {len(ids):,}, such as {some}.", text)
    return found


def _spellings(text: str) -> list[Any]:
    found: list[Any] = [text]
    for read in (int, float, datetime.fromisoformat):
        try:
            found.append(read(text))
        except ValueError:
            continue
    if text.casefold() in ("true", "false"):
        found.append(text.casefold() == "true")
    return found
