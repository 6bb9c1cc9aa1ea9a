"""Progress of a fit: how far it is, the loss, how much it still falls, and the time left."""

from __future__ import annotations

from typing import Any

from alsatian.callbacks._base import Callback
from alsatian.models._progress import Progress


class ProgressBar(Callback):
    """Shows how far a fit is: iterations, the loss and its last decrease, and the time that is left at most.

    On a terminal with rich it is a bar on standard error; elsewhere a line every ten seconds. It is what ``verbose=1``
    shows after two seconds.

    Parameters
    ----------
    patience : float, default=0.0
        Seconds before it appears: a fit that is over sooner shows nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS
    >>> from alsatian.callbacks import ProgressBar
    >>> model = ALS(2, random_state=0).set_callbacks(ProgressBar()).fit(np.eye(4))
    """

    def __init__(self, patience: float = 0.0) -> None:
        self.patience = patience
        self._shown: Progress | None = None

    def setup(self, estimator: Any, context: Any) -> None:
        """Begin to show."""
        self._shown = Progress(1, context.max_subtasks or 1, type(estimator).__name__, patience=self.patience)
        self._shown.__enter__()

    def teardown(self, estimator: Any, context: Any) -> None:
        """Take the bar away."""
        if self._shown is not None:
            self._shown.__exit__(None, None, None)
            self._shown = None

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Show that an iteration begins."""
        if self._shown is not None and context.task_name == "iteration":
            done = len(estimator.history_) if context.task_id else 0
            self._shown.begin(done)

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool | None:
        """Show the loss of an iteration that is done."""
        if self._shown is not None and context.task_name == "iteration":
            self._shown.end(estimator.history_[-1])
        return False
