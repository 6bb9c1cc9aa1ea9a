"""Recommendations: a factor model under the ids of users and items."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.recommend._fallback import UnknownIdWarning
    from alsatian.recommend.explanation import Explanation
    from alsatian.recommend.listing import Listing
    from alsatian.recommend.recommender import Recommender

_HOMES = {
    "Explanation": "alsatian.recommend.explanation",
    "Listing": "alsatian.recommend.listing",
    "Recommender": "alsatian.recommend.recommender",
    "UnknownIdWarning": "alsatian.recommend._fallback",
}

__all__ = ["Explanation", "Listing", "Recommender", "UnknownIdWarning"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'alsatian.recommend' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
