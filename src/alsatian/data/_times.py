"""Points in time in the coarsest unit that holds them all, so that the container they came in does not show."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

UNITS = ("D", "s", "ms", "us", "ns")
_STEP_TO = {"Y": "D", "M": "D", "W": "D", "h": "s", "m": "s"}  # units that are not kept, and what holds them exactly
_COUNTED = (1, 1000, 10**6, 10**9)  # in a second
_DAYS = (315_532_800, 4_102_444_800)  # seconds from 1970 to 1980, and to 2100
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


def told_span(times: NDArray[Any]) -> tuple[str, str]:
    """Return the first and the last of points in time in words; as dates alone where all are at midnight.

    Examples
    --------
    >>> told_span(np.array([978307200, 978393600])), told_span(np.array([978307200, 978393601]))
    (('2001-01-01', '2001-01-02'), ('2001-01-01 00:00:00', '2001-01-02 00:00:01'))
    """
    first, last = told(times.min()), told(times.max())
    ends = (" 00:00:00", " 00:00")
    if not (first.endswith(ends) and last.endswith(ends)):
        return first, last
    if times.dtype.kind != "M":
        unit = next(unit for unit in _COUNTED if _DAYS[0] <= float(times.min()) / unit < _DAYS[1])
        midnight = bool((times % (86_400 * unit) == 0).all())
    else:
        midnight = bool((times.astype("datetime64[D]") == times).all())
    return (first.split(" ")[0], last.split(" ")[0]) if midnight else (first, last)


def told(time: Any) -> str:
    """Return a point in time in words: a number that counts from 1970, as one of our days does, as a date.

    Examples
    --------
    >>> told(978300760), told(978300760_000), told(np.datetime64("2013-05-01T18:30")), told(17)
    ('2000-12-31 22:12:40', '2000-12-31 22:12:40', '2013-05-01 18:30', '17')
    """
    if isinstance(time, np.datetime64):
        return str(time).replace("T", " ")
    for unit in _COUNTED:
        seconds = float(time) / unit
        if _DAYS[0] <= seconds < _DAYS[1]:
            return str(np.datetime64(int(seconds), "s")).replace("T", " ")
    return f"{time:g}" if isinstance(time, float) else str(time)
