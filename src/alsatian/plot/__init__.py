"""Pictures. The only room that imports matplotlib (the extra ``plot``)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.plot.comparison import ComparisonDisplay

_HOMES = {
    "ComparisonDisplay": "alsatian.plot.comparison",
}

__all__ = ["ComparisonDisplay"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'alsatian.plot' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
