"""NDJSON: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from alsatian.data.reading._bad import BadLines
from alsatian.data.reading._bytes import Encoding, blocks
from alsatian.data.reading._rows import frame_of
from alsatian.data.reading._source import Source
from alsatian.data.reading._text import Part

_SEEN = 100  # lines that are asked for their names


def names_of(sample: bytes) -> list[str]:
    """Return the names in the first lines, in the order in which they come.

    Raises
    ------
    ValueError
        Where no line is an object.
    """
    names: dict[str, None] = {}
    for line in sample.decode("utf-8", errors="replace").split("\n")[:_SEEN]:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            names |= dict.fromkeys(found)
    if not names:
        raise ValueError('none of its first lines is an object of JSON, {"user": …, "item": …}.')
    return list(names)


def parts(source: Source, names: Sequence[str], bad: BadLines) -> Iterator[Part]:
    """Yield the values of some names in blocks, their places for names; what is no object goes to `bad`."""
    with source.open() as file:
        for block in blocks(file, Encoding("utf-8-sig")):
            rows: list[list[Any]] = []
            lines, blank = [], 0
            for number, line in enumerate(block.text.decode().split("\n")[:-1], block.first):
                if not line.strip():
                    blank += 1
                    continue
                found = _object(line)
                if isinstance(found, str):
                    bad.add([(number, found)])
                    continue
                rows.append([found.get(name) for name in names])
                lines.append(number)
            yield Part(frame_of(rows, len(names)), lines, blank)


def _object(line: str) -> dict[str, Any] | str:
    try:
        found = json.loads(line)
    except ValueError as error:
        return f"it is no JSON: {error}"
    return found if isinstance(found, dict) else f"it is no object but {type(found).__name__}"
