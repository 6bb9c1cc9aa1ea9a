"""Ids as they are typed: texts, which become what the model's ids are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alsatian.cli.arguments import typed


def find(text: str, ids: Any) -> Any:
    """Return the id that a text spells, or None where the model has none of this spelling.

    Parameters
    ----------
    text : str
    ids : Ids
    """
    for spelt in _spellings(typed(text)):
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
        from alsatian.data._columns import to_list

        some = ", ".join(str(id) for id in to_list(ids.values[:3]))
        raise UnknownIdError(f"there is no {what} {text!r} among {len(ids):,}, such as {some}.", text)
    return found


def spelt(text: str, ids: Any) -> Any:
    """Return the id that a text spells, or, where none is known, what it would be among ids of this type.

    Parameters
    ----------
    text : str
    ids : Ids
    """
    found = find(text, ids)
    if found is not None:
        return found
    from alsatian.data._columns import to_list

    kind = type(to_list(ids.values[:1])[0])
    text = typed(text)
    return next((value for value in _spellings(text) if type(value) is kind), text)


def as_known(values: list[Any], ids: Any) -> list[Any]:
    """Return ids of a file as the model has them: a column may be of numbers in one file and of texts in another.

    Parameters
    ----------
    values : list
    ids : Ids
        Those of the model. Where they are texts, all are; else what spells a known one is that, and others stay.
    """
    if ids.kind == "str":
        return [str(value) for value in values]
    spelt: dict[Any, Any] = {}
    for value in set(values):
        found = find(value, ids) if isinstance(value, str) else None
        spelt[value] = value if found is None else found
    return [spelt[value] for value in values]


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
