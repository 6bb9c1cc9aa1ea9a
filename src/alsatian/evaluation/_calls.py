"""The calls that make a model again: its expression in Python, and the command that fits it."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np

from alsatian.models import ALS
from alsatian.recommend._checks import fresh

_SAID = ("verbose", "warm_start", "init")  # that change nothing in what is fitted
_COMMON = ("n_components", "reg", "reg_exponent", "max_iter", "tol", "dtype", "random_state", "n_jobs")
_OPTIONS = {
    "ratings": (*_COMMON, "bias", "bias_reg", "clip"),
    "implicit": (*_COMMON, "objective", "alpha", "unobserved_weight", "confidence", "confidence_scale"),
}


def expression_of(model: Any) -> str:
    """Return Python that makes the model, with the parameters that are not at their defaults."""
    default = type(model)().get_params()
    given = {name: value for name, value in model.get_params().items() if _other(value, default[name])}
    told = ", ".join(f"{name}={value!r}" for name, value in given.items() if name != "verbose")
    return f"{type(model).__name__}({told})"


def command_of(model: Any, source: str) -> str:
    """Return the command that fits the model to a table.

    Raises
    ------
    ValueError
        Where the model has a parameter that the command has no option for.
    """
    kind = "ratings" if isinstance(model, ALS) else "implicit"
    default = fresh(kind).get_params()
    words = ["alsatian", "fit", shlex.quote(source), "--model", kind]
    for name, value in model.get_params().items():
        if name not in _OPTIONS[kind]:
            if name not in _SAID and _other(value, default[name]):
                raise ValueError(f"alsatian fit has no option for {name}={value!r}: use the Python.")
        elif value is not None and _other(value, default[name]):
            words += [f"--{name.replace('_', '-')}", _word(value)]
    return " ".join(words)


def _word(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return ",".join("" if end is None else f"{end!r}" for end in value)
    return value if isinstance(value, str) else repr(value)


def _other(value: Any, default: Any) -> bool:
    if type(value) is not type(default) or isinstance(value, np.ndarray):
        return True
    return bool(value != default)
