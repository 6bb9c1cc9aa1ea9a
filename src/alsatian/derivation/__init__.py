"""The calculus of ALS, step by step, each step proved in numbers.

`derive` answers how one finds the gradient of ½‖X − W Zᵀ‖² with respect to Z or W, why matrices may take the place of
rows in the formula, and what missing cells, weights, a ridge, biases and implicit feedback change, up to the closed
forms that ALS solves. A step is one formula, printed and computed from the same tree.

    >>> from alsatian.derivation import derive
    >>> print(derive("Z")["gradient"].text.splitlines()[-1])
    Rᵀ W = (W Zᵀ − X)ᵀ W
"""

from __future__ import annotations

from alsatian.derivation._derivation import Derivation, derive
from alsatian.derivation._report import Report
from alsatian.derivation._steps import Step, StepCheck

__all__ = ["Derivation", "Report", "Step", "StepCheck", "derive"]
