"""Measuring models, and choosing their parameters.

- `splits` of interactions into parts, and `metrics` of what a model makes of them.
- `evaluate` one model on one split, `cross_validate` it on several, `compare` models with p-values.
- `tune` parameters, each fit from the nearest finished one; `ALSPath`: all solutions over the ridge.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.evaluation._compare import Comparison, Difference, compare
    from alsatian.evaluation._cross_validate import CrossValidation, FoldedScore, cross_validate
    from alsatian.evaluation._evaluate import Evaluation, evaluate
    from alsatian.evaluation._outcome import JudgedCells, Outcome
    from alsatian.evaluation._path import SVD, ALSPath, PathPoint
    from alsatian.evaluation._score import Score
    from alsatian.evaluation.tuning import Trial, Tuning, tune

_SUBMODULES = ("metrics", "splits")
_HOMES = {
    "ALSPath": "alsatian.evaluation._path",
    "Comparison": "alsatian.evaluation._compare",
    "CrossValidation": "alsatian.evaluation._cross_validate",
    "Difference": "alsatian.evaluation._compare",
    "Evaluation": "alsatian.evaluation._evaluate",
    "FoldedScore": "alsatian.evaluation._cross_validate",
    "JudgedCells": "alsatian.evaluation._outcome",
    "Outcome": "alsatian.evaluation._outcome",
    "PathPoint": "alsatian.evaluation._path",
    "SVD": "alsatian.evaluation._path",
    "Score": "alsatian.evaluation._score",
    "Trial": "alsatian.evaluation.tuning",
    "Tuning": "alsatian.evaluation.tuning",
    "compare": "alsatian.evaluation._compare",
    "cross_validate": "alsatian.evaluation._cross_validate",
    "evaluate": "alsatian.evaluation._evaluate",
    "tune": "alsatian.evaluation.tuning",
}

__all__ = [
    "SVD",
    "ALSPath",
    "Comparison",
    "CrossValidation",
    "Difference",
    "Evaluation",
    "FoldedScore",
    "JudgedCells",
    "Outcome",
    "PathPoint",
    "Score",
    "Trial",
    "Tuning",
    "compare",
    "cross_validate",
    "evaluate",
    "metrics",
    "splits",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _SUBMODULES:
        return import_module(f"alsatian.evaluation.{name}")
    raise AttributeError(f"module 'alsatian.evaluation' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
