"""Parameters that both splits and metrics take."""

from __future__ import annotations

from typing import Any

import numpy as np


def whole_number(value: Any, what: str, least: int = 1) -> int:
    """Return a parameter that has to be a whole number of at least `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{what} must be a whole number of at least {least}, got {value!r}.")
    return int(value)
