"""The fit loop's watcher: scikit-learn callbacks and the progress display, behind one door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alsatian.models._history import History
from alsatian.models._progress import Progress


class FitObserver:
    """Passes each iteration on to the callbacks of an estimator and to its progress display.

    Callbacks see one task ``"iteration"`` for each iteration, below the task ``"fit"``. They may read
    ``estimator.history_``, which holds the iterations so far, at no cost, and ask for ``fitted_estimator``, which costs
    one row half-step. A true value from ``on_fit_task_end`` stops the fit.

    Parameters
    ----------
    estimator : estimator with `CallbackSupportMixin`
    context : CallbackContext
        That of the fit.
    data : dict
        X, y and metadata, as the hooks take them.
    attributes : callable
        Gives the fitted attributes as if the fit ended now.
    progress : Progress
    """

    def __init__(
        self,
        estimator: Any,
        context: Any,
        data: dict[str, Any],
        attributes: Callable[[], dict[str, Any]],
        progress: Progress,
    ) -> None:
        self._estimator, self._context, self._data = estimator, context, data
        self._attributes, self._progress = attributes, progress
        self._task: Any = None

    def begin(self, iteration: int) -> None:
        """Open the task of the iteration."""
        self._task = self._context.subcontext(task_name="iteration")
        self._task.call_on_fit_task_begin(estimator=self._estimator, **self._data)
        self._progress.begin(iteration)

    def poll(self, fraction: float) -> None:
        """Move the progress bar."""
        self._progress.poll(fraction)

    def end(self, history: History) -> bool:
        """Close the task of the iteration; return whether a callback asked to stop."""
        self._estimator.history_ = history
        self._progress.end(history[-1])
        stop = self._task.call_on_fit_task_end(
            estimator=self._estimator, reconstruction_attributes=self._attributes, **self._data
        )
        return bool(stop)
