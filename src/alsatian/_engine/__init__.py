"""The engine room: the only importer of the native extension."""

from alsatian._engine.contract import Cells, HalfStepResult
from alsatian._engine.native import half_step

__all__ = ["Cells", "HalfStepResult", "half_step"]
