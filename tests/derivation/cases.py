"""All combinations of options that mean something."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

ROADS = ("entries", "rows", "differential")


def combinations() -> Iterator[dict[str, Any]]:
    """Yield the options of `derive` but for the road."""
    for wrt, nu in product("ZW", (None, 0, 1)):
        for objective in ("hkv", "ials"):
            yield {"wrt": wrt, "reg_exponent": nu, "objective": objective}
        for missing, weights, bias in product((False, True), repeat=3):
            yield {"wrt": wrt, "reg_exponent": nu, "missing": missing, "weights": weights, "bias": bias}


def name(options: dict[str, Any]) -> str:
    """Name a combination, for the list of tests."""
    return "-".join(f"{key}={value}" if value is not True else key for key, value in options.items() if value)
