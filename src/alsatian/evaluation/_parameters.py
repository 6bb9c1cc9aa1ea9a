"""Parameters that splits, metrics and measuring share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def whole_number(value: Any, what: str, least: int = 1) -> int:
    """Return a parameter that has to be a whole number of at least `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{what} must be a whole number of at least {least}, got {value!r}.")
    return int(value)


def real_number(value: Any, what: str, such_as: str) -> float:
    """Return a parameter that has to be a number, and not NaN; an infinity is one."""
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not number or math.isnan(value):
        raise ValueError(f"{what} must be a number, such as {such_as}, got {value!r}.")
    return float(value)


def yes_or_no(value: Any, what: str) -> bool:
    """Return a parameter that has to be True or False: a word, such as "no", would count as True."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{what} must be True or False, got {value!r}.")
    return bool(value)


def judging(relevant_from: Any, exclude_seen: bool) -> dict[str, Any]:
    """Return how lists are judged, as an `Outcome` takes it."""
    if relevant_from is not None:
        real_number(relevant_from, "relevant_from", "4.0")
    return {"relevant_from": relevant_from, "exclude_seen": exclude_seen}


def inner_share(value: Any, what: str, such_as: str) -> float:
    """Return a parameter that has to lie between 0 and 1, both excluded: the level of an interval, say."""
    try:
        found = real_number(value, what, such_as)
    except ValueError:
        found = math.nan
    if not 0 < found < 1:
        raise ValueError(f"{what} must lie between 0 and 1, such as {such_as}, got {value!r}.")
    return found


def generator_of(seed: Any, what: str = "seed") -> np.random.Generator:
    """Return the generator of a seed; one that is given goes on where it is."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise ValueError(
            f"{what} must be a whole number of at least 0, or a generator of numpy.random, got {seed!r}."
        ) from None
