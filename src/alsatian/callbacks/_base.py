"""What callbacks share: hooks that do nothing."""

from __future__ import annotations

from typing import Any


class Callback:
    """A callback of scikit-learn's protocol that does nothing; subclasses take the hooks that they need."""

    def setup(self, estimator: Any, context: Any) -> None:
        """Take note that a fit begins."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Take note that a fit is over, also after an error."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Take note that the fit, or an iteration of it, begins."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool | None:
        """Take note that the fit, or an iteration of it, is done; return whether to stop."""
