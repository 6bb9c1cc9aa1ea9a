"""Which column holds what: given by name, or guessed where the name is usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from alsatian.data._frames import _listed
from alsatian.data._names import candidates, is_weight, meant

ROLES = ("user", "item", "value", "weight", "timestamp")
_BY_PLACE = ("user", "item", "value", "timestamp")  # the order of the columns where they have no names
_NEEDED = ("user", "item")

Choice = str | bool | None


class Roles(NamedTuple):
    """The places of the columns that are meant, by role, and which of them were only guessed."""

    places: dict[str, int]
    guessed: tuple[str, ...]


def roles_of(names: Sequence[str], choices: Mapping[str, Choice], *, named: bool) -> Roles:
    """Choose the columns.

    Parameters
    ----------
    names : sequence of str
        Of all columns; where they have none, "1", "2", ….
    choices : mapping from role to str, None or False
        A name, None to guess, or False for none.
    named : bool
        Whether the columns have names: else they are guessed by their places.

    Raises
    ------
    ValueError
        Where a name is not there, or nothing can be guessed: lists the columns.
    """
    places: dict[str, int] = {}
    guessed = []
    for role in ROLES:
        choice = choices.get(role)
        if choice is False:
            continue
        if choice is not None:
            places[role] = _place(role, str(choice), names)
            continue
        found = _guess(role, names, named=named, taken=set(places.values()))
        if found is not None:
            places[role] = found
            guessed.append(role)
    if places["user"] == places["item"]:
        raise ValueError(f"user and item are the same column, {names[places['user']]!r}.")
    _check_weight(names, places, choices)
    return Roles(places, tuple(guessed))


def _place(role: str, name: str, names: Sequence[str]) -> int:
    found = [place for place, other in enumerate(names) if other == name]
    if not found and name.isdecimal() and 1 <= int(name) <= len(names):
        return int(name) - 1
    if not found:
        raise ValueError(
            f"there is no column {name!r} for the {role}s.{meant(name, names)} There are {_listed(list(names))}."
        )
    if len(found) > 1:
        told = ", ".join(str(place + 1) for place in found)
        raise ValueError(
            f"columns {told} are all called {name!r}: give the {role} column by its number, --{role}-column."
        )
    return found[0]


def _guess(role: str, names: Sequence[str], *, named: bool, taken: set[int]) -> int | None:
    if not named:
        if len(names) > len(_BY_PLACE):
            if role in _NEEDED:
                raise ValueError(
                    f"there are {len(names)} columns and no header: give the {role} column by its number, 1 to "
                    f"{len(names)}: --{role}-column."
                )
            return None
        place = _BY_PLACE.index(role) if role in _BY_PLACE else len(names)
        return place if place < len(names) and place not in taken else None
    if role == "weight":
        return None
    found = candidates(role, list(dict.fromkeys(names)))
    if len(found) == 1:
        return _place(role, found[0], names)
    if role not in _NEEDED and (not found or role == "timestamp"):
        return None
    what = (
        f"{len(found)} columns may hold the {role}s, {_listed(found)}" if found else f"no column is named like {role}s"
    )
    more = ", or that there is none, --no-value" if role == "value" else ""
    raise ValueError(f"{what}: say which is, --{role}-column{more}. There are {_listed(list(names))}.")


def _check_weight(names: Sequence[str], places: Mapping[str, int], choices: Mapping[str, Choice]) -> None:
    loose = [name for place, name in enumerate(names) if is_weight(name) and place not in places.values()]
    if loose and choices.get("weight") is None:
        raise ValueError(
            f"there is a column {loose[0]!r}, and nothing says what it is: make it the value column where it is what "
            f"was observed, such as a number of plays, --value-column {loose[0]}; or the weight column where it says "
            f"how much a value counts, --weight-column {loose[0]}; or say that there is no weight, --no-weight."
        )
