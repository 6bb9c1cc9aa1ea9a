"""One library a file: `fits(x, spec)` yields (iterations, seconds so far, W, Z), and `version()` says which it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

Fit = tuple[int, float, Any, Any]


def one_fit_each(spec: dict[str, Any], fit: Callable[[int], tuple[Any, Any]]) -> Iterator[Fit]:
    """Fit anew for each number of iterations, for libraries that cannot be watched: the time is that of the call."""
    for iterations in spec["checkpoints"]:
        began = time.perf_counter()
        factors = fit(iterations)
        yield iterations, time.perf_counter() - began, *factors
