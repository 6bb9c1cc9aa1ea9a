"""Pictures: displays of fitted models, as scikit-learn has them, and the picture of the demo.

Each display has ``from_estimator(model, …)``, which draws and returns it, and ``plot(ax=None)``, which draws it again;
``ax_`` and ``figure_`` are what it was drawn on. Models have them as methods: ``model.plot_history()``. They need
matplotlib (the extra ``plot``), which is imported when something is drawn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.plot.comparison import ComparisonDisplay
    from alsatian.plot.factors import FactorsDisplay
    from alsatian.plot.history import HistoryDisplay
    from alsatian.plot.path import PathDisplay
    from alsatian.plot.residuals import ResidualsDisplay
    from alsatian.plot.spectrum import SpectrumDisplay
    from alsatian.plot.tuning import TuningDisplay

_HOMES = {
    "ComparisonDisplay": "alsatian.plot.comparison",
    "FactorsDisplay": "alsatian.plot.factors",
    "HistoryDisplay": "alsatian.plot.history",
    "PathDisplay": "alsatian.plot.path",
    "ResidualsDisplay": "alsatian.plot.residuals",
    "SpectrumDisplay": "alsatian.plot.spectrum",
    "TuningDisplay": "alsatian.plot.tuning",
}

__all__ = [
    "ComparisonDisplay",
    "FactorsDisplay",
    "HistoryDisplay",
    "PathDisplay",
    "ResidualsDisplay",
    "SpectrumDisplay",
    "TuningDisplay",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'alsatian.plot' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
