"""Measuring models: `splits` of interactions into parts, and `metrics` of what a model makes of them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_SUBMODULES = ("metrics", "splits")

__all__ = ["metrics", "splits"]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"alsatian.evaluation.{name}")
    raise AttributeError(f"module 'alsatian.evaluation' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
