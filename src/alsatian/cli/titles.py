"""Titles of items, from a file, so that lists show names and people may ask by them."""

from __future__ import annotations

import argparse
import re
from typing import Any

from alsatian.cli.arguments import typed
from alsatian.cli.output import counted, note, warn

_YEAR = re.compile(r"\s*\(\d{4}\)\s*$")  # as films have it at the end of their titles


def add_titles(parser: argparse.ArgumentParser) -> None:
    """Add the file of titles."""
    parser.add_argument(
        "--items",
        metavar="FILE",
        help="a table of items and titles (CSV, .dat, Parquet, …): lists show titles, and items are found by them",
    )
    parser.add_argument("--title-column", metavar="NAME", help="column of titles in that file")


class Titles:
    """Titles by item; without a file there are none.

    Parameters
    ----------
    args : namespace
        With `items` and `title_column`.
    ids : Ids
        Of the items that the model knows.
    """

    def __init__(self, args: argparse.Namespace, ids: Any) -> None:
        self._ids = ids
        self._titles: dict[Any, str] = {}
        self.known = args.items is not None
        if args.items is None:
            return
        from alsatian.data.reading import read_titles

        read = read_titles(args.items, title=args.title_column)
        note(args, f"{read.source}: item = {read.item!r}, title = {read.title!r}")
        told = read.bad.told(len(read.ids) + read.bad.count)
        if told:
            warn("\n".join(told))
        found = ids.find(read.ids)
        self._titles = {ids[int(p)]: title for p, title in zip(found, read.titles, strict=True) if p >= 0}
        lacking = len(ids) - len(self._titles)
        if not self._titles:
            warn(
                f"{read.source} has none of the {counted(len(ids), 'item')} of the model: are its ids of another kind?"
            )
        elif lacking:
            note(args, f"{counted(lacking, 'item')} of {len(ids):,} without a title")

    @property
    def known_titles(self) -> dict[Any, str]:
        """The titles that were found, by item."""
        return self._titles

    def of(self, item: Any) -> str:
        """Return the title of an item; the id where there is none."""
        return self._titles.get(item, str(item))

    def row(self, item: Any) -> list[Any]:
        """Return what tells an item in a table: its id, and its title where there are any."""
        return [item, self._titles.get(item)] if self.known else [item]

    def header(self, name: str = "item") -> list[str]:
        """Return the headings of `row`."""
        return [name, "title"] if self.known else [name]

    def item(self, text: str) -> Any:
        """Return the id of an item given by its id or title.

        Raises
        ------
        UnknownIdError
            Where it is not known, or several titles fit: names those that are near. A title that is the text, or the
            text and a year, comes before those that only hold it.
        """
        from alsatian.cli.ids import find

        text = typed(text)
        found = find(text, self._ids)
        if found is not None:
            return found
        asked = text.casefold()
        titles = {item: title.casefold() for item, title in self._titles.items()}
        exact = [item for item, title in titles.items() if title == asked]
        dated = [item for item, title in titles.items() if _YEAR.sub("", title) == asked]
        near = exact or dated or [item for item, title in titles.items() if asked in title]
        if len(near) == 1:
            return near[0]
        from alsatian.data import UnknownIdError

        if not near:
            raise UnknownIdError(f"there is no item {text!r}{' or title like it' if self.known else ''}.", text)
        told = ", ".join(f"{self.of(item)!r} ({item})" for item in near[:8]) + (", …" if len(near) > 8 else "")
        raise UnknownIdError(f"{len(near)} titles are like {text!r}: {told}. Give one of them, or its id.", text)
