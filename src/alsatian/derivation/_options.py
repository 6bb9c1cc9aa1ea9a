"""What a derivation is about, and which combinations mean nothing."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any, Literal, get_args

Block = Literal["W", "Z"]
Objective = Literal["explicit", "hkv", "ials"]
Road = Literal["entries", "rows", "differential"]

ROADS: tuple[Road, ...] = get_args(Road)


@dataclass(frozen=True)
class Options:
    """The choices of `derive`."""

    wrt: Block = "Z"
    missing: bool = False
    weights: bool = False
    reg_exponent: float | None = None
    bias: bool = False
    objective: Objective = "explicit"
    by: Road = "entries"

    @property
    def implicit(self) -> bool:
        """Whether the feedback is implicit."""
        return self.objective != "explicit"

    @property
    def ridge(self) -> bool:
        """Whether there is a ridge."""
        return self.reg_exponent is not None

    @property
    def shared(self) -> bool:
        """Whether all rows of the unknown have the same normal equations, but for the right-hand side."""
        return not (self.missing or self.weights or self.implicit)

    @property
    def counted(self) -> bool:
        """Whether the ridge is scaled by a count that differs from row to row."""
        return self.ridge and self.reg_exponent != 0 and not self.shared

    def describe(self) -> str:
        """Say in words what is derived."""
        data = {
            "hkv": 'implicit feedback, "hkv"',
            "ials": 'implicit feedback, "ials"',
            "explicit": "missing cells" if self.missing else "every cell observed",
        }[self.objective]
        ridge = "no ridge"
        if self.reg_exponent is not None:
            scale = {0.0: "", 1.0: " times the count"}
            ridge = "ridge" + scale.get(self.reg_exponent, f" times the count to the power {self.reg_exponent:g}")
        parts = [data, "weights" if self.weights else "", ridge, "biases" if self.bias else ""]
        return ", ".join(part for part in parts if part)


def check_options(o: Options) -> None:
    """Refuse what has no meaning, and say why."""
    _check_choice("wrt", o.wrt, get_args(Block))
    _check_choice("objective", o.objective, get_args(Objective))
    _check_choice("by", o.by, ROADS)
    for name in ("missing", "weights", "bias"):
        if not isinstance(getattr(o, name), bool):
            raise ValueError(f"{name} must be True or False; got {getattr(o, name)!r}")
    nu: Any = o.reg_exponent
    if nu is not None and (isinstance(nu, bool) or not isinstance(nu, Real) or not isfinite(nu) or nu < 0):
        raise ValueError(f"reg_exponent must be None (no ridge), 0, 1, or another finite number >= 0; got {nu!r}")
    if o.implicit:
        _check_implicit(o)


def _check_implicit(o: Options) -> None:
    reasons = {
        "missing": "it has no missing cells: what is not stored is a cell of preference 0 and small weight, and that "
        "is the point of it",
        "weights": "its weights are made from X already, as α₀ + α g(x)",
        "bias": "its scores are w·z and nothing else; no model of this library gives them biases",
    }
    for name, reason in reasons.items():
        if getattr(o, name):
            raise ValueError(f"{name}=True means nothing where objective={o.objective!r}: {reason}")


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}")
