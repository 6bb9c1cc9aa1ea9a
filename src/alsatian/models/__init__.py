"""The models: each a scikit-learn estimator, all on one fit loop."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.models._history import History, Record
    from alsatian.models._inputs import NoEntryWarning
    from alsatian.models._leave_one_out import LeaveOneOut
    from alsatian.models._uncertainty import Uncertainty
    from alsatian.models.als import ALS
    from alsatian.models.cells import CellRegressor
    from alsatian.models.implicit import ImplicitALS
    from alsatian.models.imputer import ALSImputer

_HOMES = {
    "ALS": "alsatian.models.als",
    "ALSImputer": "alsatian.models.imputer",
    "CellRegressor": "alsatian.models.cells",
    "ImplicitALS": "alsatian.models.implicit",
    "History": "alsatian.models._history",
    "LeaveOneOut": "alsatian.models._leave_one_out",
    "NoEntryWarning": "alsatian.models._inputs",
    "Record": "alsatian.models._history",
    "Uncertainty": "alsatian.models._uncertainty",
}

__all__ = [
    "ALS",
    "ALSImputer",
    "CellRegressor",
    "History",
    "ImplicitALS",
    "LeaveOneOut",
    "NoEntryWarning",
    "Record",
    "Uncertainty",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'alsatian.models' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
