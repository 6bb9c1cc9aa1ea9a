"""Callbacks of a fit: progress, early stopping on held-out cells, and checkpoints to resume from after a kill.

They follow scikit-learn's protocol: ``model.set_callbacks(EarlyStopping(X_val), Checkpoint("steps")).fit(X)``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.callbacks.checkpoint import Checkpoint
    from alsatian.callbacks.early_stopping import EarlyStopping
    from alsatian.callbacks.progress import ProgressBar

_HOMES = {
    "Checkpoint": "alsatian.callbacks.checkpoint",
    "EarlyStopping": "alsatian.callbacks.early_stopping",
    "ProgressBar": "alsatian.callbacks.progress",
}

__all__ = ["Checkpoint", "EarlyStopping", "ProgressBar"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'alsatian.callbacks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
