"""What a fit shows while it runs; how it looks is for the console room to say."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from alsatian.console import Bar, progress
from alsatian.models._history import Record

_PATIENCE = 2.0  # seconds
_REFRESH = 0.05  # seconds between two movements of the bar


class Progress:
    """Shows nothing (verbose 0), a bar once a fit has taken two seconds (1), or a line an iteration (2).

    Parameters
    ----------
    verbose : int
    max_iter : int
    name : str
        Who is fitted.
    patience : float, default=None
        Seconds before a bar appears: a fit that is over sooner needs none. None is two.
    """

    def __init__(self, verbose: int, max_iter: int, name: str, *, patience: float | None = None) -> None:
        self._patience, self._loss = _PATIENCE if patience is None else patience, math.nan
        self._verbose, self._max_iter, self._name = int(verbose), max_iter, name
        self._stack = ExitStack()
        self._bar: Bar | None = None
        self._began = self._moved = time.monotonic()
        self._iteration, self._note = 0, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def begin(self, iteration: int) -> None:
        """Take note that an iteration, counted from 0, begins."""
        self._iteration = iteration

    def poll(self, fraction: float) -> None:
        """Take note of the part of the iteration that is done."""
        now = time.monotonic()
        if self._verbose != 1 or now - self._began < self._patience or now - self._moved < _REFRESH:
            return
        if self._bar is None:
            self._bar = self._stack.enter_context(progress(f"Fitting {self._name}", self._max_iter))
        self._moved = now
        self._bar.update(min(self._iteration + fraction, self._max_iter), self._note)

    def end(self, record: Record) -> None:
        """Show a finished iteration."""
        fell = (1 - record.loss / self._loss) if self._loss else math.nan
        self._note = f"loss {record.loss:.6g}" + ("" if math.isnan(fell) else f", {100 * fell:.2g} % lower")
        self._loss = record.loss
        self.poll(1.0)
        if self._verbose >= 2:
            print(
                f"[{self._name}] iteration {record.iteration:3d} of {self._max_iter}: loss {record.loss:.8g} "
                f"(fit {record.fit:.6g}, ridge {record.row_ridge:.4g} + {record.column_ridge:.4g}), "
                f"{record.seconds:.1f} s"
            )
