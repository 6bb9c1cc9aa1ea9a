"""Measuring models, and choosing their parameters.

- `splits` of interactions into parts, and `metrics` of what a model makes of them.
- `evaluate` one model on one split, `cross_validate` it on several, `compare` models with p-values.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.evaluation._compare import Comparison, Difference, compare
    from alsatian.evaluation._cross_validate import CrossValidation, FoldedScore, cross_validate
    from alsatian.evaluation._evaluate import Evaluation, evaluate
    from alsatian.evaluation._outcome import JudgedCells, Outcome
    from alsatian.evaluation._score import Score

_SUBMODULES = ("metrics", "splits")
_HOMES = {
    "Comparison": "alsatian.evaluation._compare",
    "CrossValidation": "alsatian.evaluation._cross_validate",
    "Difference": "alsatian.evaluation._compare",
    "Evaluation": "alsatian.evaluation._evaluate",
    "FoldedScore": "alsatian.evaluation._cross_validate",
    "JudgedCells": "alsatian.evaluation._outcome",
    "Outcome": "alsatian.evaluation._outcome",
    "Score": "alsatian.evaluation._score",
    "compare": "alsatian.evaluation._compare",
    "cross_validate": "alsatian.evaluation._cross_validate",
    "evaluate": "alsatian.evaluation._evaluate",
}

__all__ = [
    "Comparison",
    "CrossValidation",
    "Difference",
    "Evaluation",
    "FoldedScore",
    "JudgedCells",
    "Outcome",
    "Score",
    "compare",
    "cross_validate",
    "evaluate",
    "metrics",
    "splits",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _SUBMODULES:
        return import_module(f"alsatian.evaluation.{name}")
    raise AttributeError(f"module 'alsatian.evaluation' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
