"""One library a file: `fits(x, spec, tell)` tells iterations, seconds, W and Z; `version()` says which it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

# Takes iterations, seconds so far, W and Z, and keeps them where wanted; a true answer asks to stop.
Tell = Callable[[int, float, Any, Any], bool]


class Watch:
    """A clock that stands still while somebody looks on."""

    def __init__(self) -> None:
        self._began, self._aside = time.perf_counter(), 0.0

    def seconds(self) -> float:
        """Return the seconds that counted so far."""
        return time.perf_counter() - self._began - self._aside

    def leave_out(self, seconds: float) -> None:
        """Take something that has been done meanwhile for undone."""
        self._aside += seconds

    def aside(self, tell: Tell, iterations: int, seconds: float, w: Any, z: Any) -> bool:
        """Tell, at no time."""
        began = time.perf_counter()
        stop = tell(iterations, seconds, w, z)
        self.leave_out(time.perf_counter() - began)
        return stop


def one_fit_each(spec: dict[str, Any], fit: Callable[[int], tuple[Any, Any]], tell: Tell) -> None:
    """Fit anew for each number of iterations, for libraries that cannot be watched: the time is that of the call."""
    for iterations in spec["checkpoints"]:
        began = time.perf_counter()
        factors = fit(iterations)
        if tell(iterations, time.perf_counter() - began, *factors):
            return
