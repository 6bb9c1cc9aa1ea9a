"""Parameter constraints that scikit-learn has no word for, told in scikit-learn's words."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, InvalidParameterError, Options, StrOptions

from alsatian._engine.threads import MAX_JOBS
from alsatian.models._limits import MAX_COMPONENTS

COMMON: dict[str, list[Any]] = {
    "n_components": [Interval(Integral, 1, MAX_COMPONENTS, closed="both")],
    "reg": [Interval(Real, 0, None, closed="left"), tuple, list],
    "reg_exponent": [Interval(Real, 0, None, closed="left")],
    "solver": [StrOptions({"auto", "exact", "cg", "subspace"})],
    "cg_steps": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "block_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "relaxation": [StrOptions({"auto"}), Interval(Real, 0, 2, closed="neither")],
    "max_iter": [Interval(Integral, 0, None, closed="left")],
    "tol": [Interval(Real, 0, None, closed="left")],
    "warm_start": ["boolean"],
    "dtype": [
        None,
        StrOptions({"float32", "float64"}),
        Options(type, {np.float32, np.float64}),
        Options(np.dtype, {np.dtype("float32"), np.dtype("float64")}),
    ],
    "random_state": ["random_state"],
    "n_jobs": [None, Interval(Integral, None, -1, closed="right"), Interval(Integral, 1, MAX_JOBS, closed="both")],
    "verbose": ["verbose"],
}
"""What the parameters that all models share may be."""


def check_ridge(owner: object, name: str, value: Any, *, or_none: bool = False, or_auto: bool = False) -> None:
    """Refuse anything but a finite number >= 0, a pair of those, or None, or "auto", where that is allowed.

    Called before scikit-learn checks the constraints, so that there is one message, which says what a pair is.

    Raises
    ------
    InvalidParameterError
        A ValueError and a TypeError, as for every other parameter.
    """
    if (
        (or_none and value is None)
        or (or_auto and is_auto(value))
        or _is_ridge(value)
        or (_is_pair(value) and all(_is_ridge(number) for number in value))
    ):
        return
    wanted = "a float in the range [0.0, inf) or a pair of those, for rows and columns"
    others = [word for word, allowed in (("None", or_none), ("'auto'", or_auto)) if allowed]
    raise _refused(owner, name, ", ".join([*others, wanted]), value)


def is_auto(value: Any) -> bool:
    """Return whether a value is to be chosen from the data."""
    return isinstance(value, str) and value == "auto"


def check_range(owner: object, name: str, value: Any) -> None:
    """Refuse anything but None or a pair (low, high) of numbers, low <= high, either of which may be None."""
    if value is None:
        return
    if _is_pair(value):
        low, high = (default if end is None else end for end, default in zip(value, (-math.inf, math.inf), strict=True))
        if _is_number(low) and _is_number(high) and low <= high:
            return
    raise _refused(owner, name, "None or a pair (low, high) of numbers, low <= high, or None for an open end", value)


def check_random_state_kind(owner: object, value: Any) -> None:
    """Refuse a NumPy `Generator`, which scikit-learn does not take, with what to give in its place."""
    if isinstance(value, np.random.Generator):
        wanted = (
            "an int, a numpy.random.RandomState or None; of a Generator `rng` make one by int(rng.integers(2**32)), or "
            "by numpy.random.RandomState(rng.bit_generator)"
        )
        raise _refused(owner, "random_state", wanted, value)


def pair(value: Any) -> tuple[float, float]:
    """Return a number for both sides, or the pair as it is."""
    low, high = value if _is_pair(value) else (value, value)
    return float(low), float(high)


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)


def _is_ridge(value: Any) -> bool:
    return _is_number(value) and 0 <= value < math.inf


def _refused(owner: object, name: str, wanted: str, value: Any) -> InvalidParameterError:
    return InvalidParameterError(
        f"The {name!r} parameter of {type(owner).__name__} must be {wanted}. Got {value!r} instead."
    )
