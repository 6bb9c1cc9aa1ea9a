"""One library a file: `fits(x, spec, tell)` tells iterations, seconds, W and Z; `version()` says which it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

# Takes iterations, seconds so far, W and Z, and keeps them where wanted; a true answer asks to stop.
Tell = Callable[[int, float, Any, Any], bool]


class Watch:
    """A clock that stands still while somebody looks on."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._began = tell, time.perf_counter()

    def leave_out(self, seconds: float) -> None:
        """Take something that has been done meanwhile for undone."""
        self._began += seconds

    def tell(self, iterations: int, w: Any, z: Any) -> bool:
        """Tell how far a fit is, at no time; return whether to stop."""
        now = time.perf_counter()
        stop = self._tell(iterations, now - self._began, w, z)
        self.leave_out(time.perf_counter() - now)
        return stop


def one_fit_each(spec: dict[str, Any], fit: Callable[[int], tuple[Any, Any]], tell: Tell) -> None:
    """Fit anew for each number of iterations, for libraries that cannot be watched: the time is that of the call."""
    for iterations in spec["checkpoints"]:
        began = time.perf_counter()
        factors = fit(iterations)
        if tell(iterations, time.perf_counter() - began, *factors):
            return
