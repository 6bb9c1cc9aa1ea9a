"""Numbers that are spelt for people, with marks of thousands or a unit: what is in the way of reading them."""

from __future__ import annotations

import re

_MARKS = "[,.'’ \u00a0\u202f]"
_THOUSANDS = re.compile(rf"([-+]?\d{{1,3}})({_MARKS})(\d{{3}})((?:\2\d{{3}})*)((?:(?!\2)[.,]\d+)?)")
_SIGN = "%|‰|°[CF]?|[$€£¥₹₽₩₺]|EUR|USD|GBP|CHF|JPY"
_UNIT = re.compile(
    rf"({_SIGN}|)\s*([-+]?\d[\d.,'’ \u00a0\u202f]*?)\s*({_SIGN}|kg|g|km|m|cm|mm|h|min|s|ms|)", re.IGNORECASE
)
_NAMES = {",": "comma", ".": "point"}


def in_the_way(text: str) -> str | None:
    """Say what keeps a text from being read as a number, though a person would read it as one; None where nothing does.

    Examples
    --------
    >>> in_the_way("1.234,50")
    "thousands are marked by '.': write 1234,50"
    >>> in_the_way("3,234")
    'its comma may mark thousands or decimals: write 3234, or say --decimal ,'
    >>> in_the_way("60%"), in_the_way("many")
    ("'%' is no part of a number: write 60", None)
    """
    text = text.strip()
    found = _THOUSANDS.fullmatch(text)
    if found is not None:
        first, mark, group, more, rest = found.groups()
        plain = first + group + more.replace(mark, "") + rest
        if mark in _NAMES and not more and not rest:
            return f"its {_NAMES[mark]} may mark thousands or decimals: write {plain}, or say --decimal {mark}"
        return f"thousands are marked by {mark!r}: write {plain}"
    unit = _UNIT.fullmatch(text)
    if unit is None or not (unit[1] or unit[3]):
        return None
    return f"{(unit[1] or unit[3])!r} is no part of a number: write {_plain(unit[2])}"


def _plain(number: str) -> str:
    found = _THOUSANDS.fullmatch(number)
    if found is None or not (found[4] or found[5]):
        return number
    return found[1] + found[3] + found[4].replace(found[2], "") + found[5]
