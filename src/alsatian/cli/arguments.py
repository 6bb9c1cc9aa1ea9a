"""Types of arguments that several subcommands share."""

from __future__ import annotations

import argparse
import math


class UsageError(ValueError):
    """Arguments that are wrong, or do not go together: they leave with status 2, as what argparse refuses."""


def typed(text: str) -> str:
    r"""Return an argument as it was typed, where the locale has no letters for its bytes and they are UTF-8.

    Examples
    --------
    >>> typed("Am\udcc3\udca9lie"), typed("Amélie")
    ('Amélie', 'Amélie')
    """
    try:
        return text.encode("ascii", "surrogateescape").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


_LARGEST_SEED = 2**32 - 1  # of NumPy's RandomState


def positive_int(text: str) -> int:
    """Parse a whole number above zero.

    Examples
    --------
    >>> positive_int("16")
    16
    """
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return value


def non_negative_int(text: str) -> int:
    """Parse a whole number that is not negative, such as a seed.

    Examples
    --------
    >>> non_negative_int("0")
    0
    """
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return value


def seed(text: str) -> int:
    """Parse the seed of a random generator.

    Examples
    --------
    >>> seed("0")
    0
    """
    value = non_negative_int(text)
    if value > _LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"{text} is too large for a seed: at most {_LARGEST_SEED}")
    return value


def non_negative_float(text: str) -> float:
    """Parse a finite number that is not negative.

    Examples
    --------
    >>> non_negative_float("0.5")
    0.5
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 up")
    return value


def share(text: str) -> float:
    """Parse a share of cells: a part of them, neither none nor all.

    Examples
    --------
    >>> share("0.1")
    0.1
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share of the cells, such as 0.1: between 0 and 1")
    return number
