"""Points in time in the coarsest unit that holds them all, so that the container they came in does not show."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

UNITS = ("D", "s", "ms", "us", "ns")
_STEP_TO = {"Y": "D", "M": "D", "W": "D", "h": "s", "m": "s"}  # units that are not kept, and what holds them exactly
_SAMPLE = 1024  # values that are looked at before all of them are


def coarsest(times: NDArray[Any]) -> NDArray[Any]:
    """Return datetime64 values without NaT in the first of days, seconds, ms, µs and ns that loses nothing.

    Raises
    ------
    TypeError
        Where they are finer than nanoseconds.
    """
    unit = np.datetime_data(times.dtype)[0]
    if unit == "generic":
        unit = "D"
    unit = _STEP_TO.get(unit, unit)
    times = times.astype(f"datetime64[{unit}]")  # also one unit of a multiple such as [15m], and native byte order
    for wanted in UNITS:
        if wanted == unit:
            return times
        if _same(times[:_SAMPLE], wanted) and _same(times, wanted):
            return times.astype(f"datetime64[{wanted}]")
    raise TypeError(f"times in units of {unit} are finer than nanoseconds: round them first.")


def _same(times: NDArray[Any], unit: str) -> bool:
    return bool(np.array_equal(times.astype(f"datetime64[{unit}]").astype(times.dtype), times))
