"""Data as it comes: ids, interactions of users with items, and readers of files."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.data.ids import Ids, UnknownIdError
    from alsatian.data.interactions import Interactions

_HOMES = {
    "Ids": "alsatian.data.ids",
    "Interactions": "alsatian.data.interactions",
    "UnknownIdError": "alsatian.data.ids",
}

__all__ = ["Ids", "Interactions", "UnknownIdError"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'alsatian.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
