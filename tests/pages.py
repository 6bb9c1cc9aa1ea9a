"""What a page shows, compared with what is printed."""

from __future__ import annotations

import re

# A figure with decimals (which may differ in its last place from one machine to another), a whole number, or a word.
_TOKEN = re.compile(r"[-+]?\d[\d_,]*\.\d*(?:e[-+]?\d+)?|[-+]?\d[\d_,]*|[^\s\d\[\](),]+")


def agree(shown: str, printed: str) -> bool:
    """Whether all words are the same and all figures too, but for two units of the last place shown."""
    ours, theirs = _TOKEN.findall(shown), _TOKEN.findall(printed)
    return len(ours) == len(theirs) and all(a == b or _close(a, b) for a, b in zip(ours, theirs, strict=True))


def _close(shown: str, printed: str) -> bool:
    if not re.fullmatch(r"[-+]?\d[\d_,]*\.\d+", shown):
        return False
    try:
        return abs(float(shown) - float(printed)) <= 2.001 * 10.0 ** -len(shown.split(".")[1])
    except ValueError:
        return False
