"""How often something has to be done until its time is known."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from alsatian._engine.probes import Timed

# Long enough for the clock, and so short that on a busy machine some rounds are left alone.
_ROUND = 1.5e-3


def shortest(round_of: Callable[[int], Timed], seconds: float) -> float:
    """Return how long one call takes, by the quickest round: the time of a round over the calls that all threads made.

    Parameters
    ----------
    round_of : callable
        Makes so many calls on every thread.
    seconds : float
        How long to go on. A round is made in any case, which may take longer.

    Examples
    --------
    >>> from alsatian._engine.probes import Timed
    >>> shortest(lambda calls: Timed(0.002 * calls, 2 * calls), seconds=0)
    0.001
    """
    end = time.monotonic() + seconds
    calls, timed = 1, round_of(1)
    best = timed.seconds / timed.calls
    while time.monotonic() < end:
        if timed.seconds < _ROUND:
            # By no more than tenfold: what is done first may be slow.
            calls = max(calls + 1, int(calls * min(10.0, 1.1 * _ROUND / max(timed.seconds, 1e-9))))
        timed = round_of(calls)
        best = min(best, timed.seconds / timed.calls)
    return best


class Spent(NamedTuple):
    """The least time of several runs, by the clock and of all processors together."""

    seconds: float
    processor_seconds: float


def least(run: Callable[[], Any], seconds: float, *, at_least: int = 2) -> Spent:
    """Run again and again, for so many seconds but `at_least` so often, and return the least times.

    Examples
    --------
    >>> runs = []
    >>> spent = least(lambda: runs.append(1), seconds=0)
    >>> len(runs), spent.seconds >= 0
    (2, True)
    """
    end = time.monotonic() + seconds
    wall = processor = float("inf")
    while at_least > 0 or time.monotonic() < end:
        at_least -= 1
        began, began_processor = time.perf_counter(), time.process_time()
        run()
        processor = min(processor, time.process_time() - began_processor)
        wall = min(wall, time.perf_counter() - began)
    return Spent(wall, processor)
