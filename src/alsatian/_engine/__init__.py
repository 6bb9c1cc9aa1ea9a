"""The engine room: the only importer of the native extension."""

from alsatian._engine.contract import Cells, HalfStepResult, Prepared
from alsatian._engine.forms import shares_gram, takes_downdate
from alsatian._engine.native import half_step, prepare

__all__ = ["Cells", "HalfStepResult", "Prepared", "half_step", "prepare", "shares_gram", "takes_downdate"]
