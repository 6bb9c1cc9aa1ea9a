"""A report on a fitted recommender and its data: one page of HTML that needs nothing else."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.report.report import make_report, write_report

_HOMES = {"make_report": "alsatian.report.report", "write_report": "alsatian.report.report"}

__all__ = ["make_report", "write_report"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'alsatian.report' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
