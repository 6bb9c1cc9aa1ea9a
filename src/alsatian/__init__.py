"""Matrix factorization by alternating least squares, X ≈ W Zᵀ: exact, fast, and with its calculus laid open.

Everything is imported on first use, so that ``import alsatian`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian._engine.config import build_config
    from alsatian.data.interactions import Interactions
    from alsatian.evaluation._path import ALSPath
    from alsatian.models.als import ALS
    from alsatian.models.cells import CellRegressor
    from alsatian.models.implicit import ImplicitALS
    from alsatian.models.imputer import ALSImputer
    from alsatian.persistence import ModelFileError
    from alsatian.recommend.files import load, save
    from alsatian.recommend.recommender import Recommender

__version__ = "0.1.0"

# public name -> the module that defines it
_HOMES = {
    "ALS": "alsatian.models.als",
    "ALSImputer": "alsatian.models.imputer",
    "ALSPath": "alsatian.evaluation._path",
    "CellRegressor": "alsatian.models.cells",
    "ImplicitALS": "alsatian.models.implicit",
    "Interactions": "alsatian.data.interactions",
    "ModelFileError": "alsatian.persistence",
    "Recommender": "alsatian.recommend.recommender",
    "build_config": "alsatian._engine.config",
    "load": "alsatian.recommend.files",
    "save": "alsatian.recommend.files",
}
_SUBMODULES = (
    "callbacks", "compat", "data", "datasets", "derivation", "evaluation", "models", "objective", "persistence",
    "plot", "recommend", "report",
)  # fmt: skip

__all__ = [
    "ALS",
    "ALSImputer",
    "ALSPath",
    "CellRegressor",
    "ImplicitALS",
    "Interactions",
    "ModelFileError",
    "Recommender",
    "build_config",
    "load",
    "save",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _SUBMODULES:
        return import_module(f"alsatian.{name}")
    raise AttributeError(f"module 'alsatian' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBMODULES, "__version__"])
