"""Titles of items in a table of their own."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any, NamedTuple

from alsatian.data._frames import _listed
from alsatian.data._names import candidates, meant, plain_name
from alsatian.data.reading._bad import BadLines
from alsatian.data.reading._collect import Collector
from alsatian.data.reading._readers import Options, Reader, reader_of
from alsatian.data.reading._source import MATRICES, source_of

_NAMES = frozenset(
    {"title", "titel", "titre", "titulo", "titolo", "name", "nom", "nombre", "nome", "naam", "namn", "movietitle"}
    | {"itemname", "itemtitle", "filmtitel", "artistname", "productname", "produktname", "booktitle", "buchtitel"}
    | {"bezeichnung", "label", "description"}
)
_IDS = frozenset({"id", "nr", "nummer", "number", "key", "code"})


class Titles(NamedTuple):
    """Items and their titles, in pairs; the names of the two columns, and the lines that were left out."""

    ids: list[Any]
    titles: list[str]
    item: str
    title: str
    source: str
    bad: BadLines


def read_titles(
    source: str | PathLike[str], *, item: str | None = None, title: str | None = None, form: str | None = None
) -> Titles:
    """Read a table of items and titles.

    Parameters
    ----------
    source : str or path-like
        A file or the URL of a database.
    item, title : str, optional
        Names of the columns. None takes those that are named as usual, or the first two where there is no header.
    form : str, optional
        The format, where the name does not say it.

    Raises
    ------
    ValueError
        Where the columns are not clear.
    """
    given = source_of(source, form)
    if given.kind in MATRICES:
        raise ValueError(f"{given.name} is a matrix, and has no titles.")
    reader = reader_of(given, Options())
    names = list(reader.names)
    places = [_place(reader, names, item, title_too=False), _place(reader, names, title, title_too=True)]
    if None in places or places[0] == places[1]:
        raise ValueError(
            f"{given.name}: it is not clear which columns are the items and their titles. There are {_listed(names)}: "
            "say which is the title, --title-column."
        )
    bad = BadLines(reader.place)
    collector = Collector(["item", "title"], bad)
    for part in reader.parts(places, bad):  # type: ignore[arg-type]
        columns = [
            part.frame.get_column(str(place)).alias(role) for place, role in zip(places, ("item", "title"), strict=True)
        ]
        collector.add(part.frame.select(columns), part.lines)
    frame = collector.frame()
    titles = [str(text) for text in frame.get_column("title").to_list()]
    return Titles(frame.get_column("item").to_list(), titles, names[places[0]], names[places[1]], given.name, bad)  # type: ignore[index]


def _place(reader: Reader, names: Sequence[str], wanted: str | None, *, title_too: bool) -> int | None:
    if wanted is not None:
        if wanted in names:
            return list(names).index(wanted)
        if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
            return int(wanted) - 1
        raise ValueError(f"there is no column {wanted!r}.{meant(wanted, names)} There are {_listed(list(names))}.")
    if not reader.named:
        return int(title_too) if len(names) > 1 else None
    if title_too:
        found = [place for place, name in enumerate(names) if plain_name(name) in _NAMES]
    else:
        usual = [name for name in candidates("item", names) if plain_name(name) not in _NAMES]
        found = [list(names).index(name) for name in usual]
        found = found or [place for place, name in enumerate(names) if plain_name(name) in _IDS]
    return found[0] if found else None
