"""Lines that cannot be used: counted, and the first of them named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

_NAMED = 10


class BadLine(NamedTuple):
    """A line, or a row where a file has no lines, that was left out, and why."""

    place: str
    reason: str

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.place}: {self.reason}"


@dataclass
class BadLines:
    """What was left out of a table.

    Attributes
    ----------
    place : {"line", "row"}
        What is counted, from 1.
    strict : bool
        Whether the first one is an error.
    source : str
        What that error calls the table.
    cure : str
        How it ends.
    count : int
    first : list of BadLine
        The first ten.
    """

    place: str = "line"
    strict: bool = False
    source: str = ""
    cure: str = "Mend it, or have such lines left out: without --strict."
    count: int = 0
    first: list[BadLine] = field(default_factory=list)

    def add(self, found: Iterable[tuple[int, str]]) -> None:
        """Take note of lines, in their order.

        Raises
        ------
        ValueError
            With `strict`.
        """
        for number, reason in found:
            bad = BadLine(f"{self.place} {number:,}", reason)
            if self.strict:
                raise ValueError(f"{self.source}: {bad}. {self.cure}" if self.source else f"{bad}. {self.cure}")
            self.count += 1
            if len(self.first) < _NAMED:
                self.first.append(bad)

    def told(self, total: int) -> list[str]:
        """Return what was left out in words: nothing where nothing was."""
        if not self.count:
            return []
        verb = "was" if self.count == 1 else "were"
        told = [f"{self.count:,} of {total:,} {self.place}s {verb} left out:"] + [f"  {bad}" for bad in self.first]
        more = self.count - len(self.first)
        return told + ([f"  … and {more:,} more"] if more else [])
