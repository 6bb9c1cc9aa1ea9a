"""What items are called on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alsatian.report._html import text


class Names:
    """Titles of items where there are any, and their ids.

    Parameters
    ----------
    titles : mapping from item to str, or None
    """

    def __init__(self, titles: Mapping[Any, str] | None) -> None:
        self._titles = titles or {}

    def plain(self, item: Any) -> str:
        """Return the title, or the id, as plain text."""
        return str(self._titles.get(item, item))

    def of(self, item: Any) -> str:
        """Return the title, or the id, as HTML."""
        return text(self.plain(item))
