"""The parameters of the models as options: named as in the API, and with its defaults."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from alsatian.cli.arguments import UsageError, non_negative_float, non_negative_int, positive_int, seed


class _Option(NamedTuple):
    flags: tuple[str, ...]
    help: str
    type: Callable[[str], Any] | None = None
    choices: tuple[str, ...] | None = None
    metavar: str | None = None
    default: Any = None


def pair_or_number(text: str) -> Any:
    """Parse a ridge: one number, or two for rows and columns.

    Examples
    --------
    >>> pair_or_number("0.1"), pair_or_number("0.1,0.2")
    (0.1, (0.1, 0.2))
    """
    parts = text.split(",")
    if len(parts) > 2:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor a pair, such as 0.1 or 0.1,0.2")
    numbers = tuple(map(non_negative_float, parts))
    return numbers if len(numbers) == 2 else numbers[0]


def ridge(text: str) -> Any:
    """Parse a ridge, or "auto", which chooses it.

    Examples
    --------
    >>> ridge("auto"), ridge("0.1")
    ('auto', 0.1)
    """
    return text if text == "auto" else pair_or_number(text)


def limits(text: str) -> tuple[float | None, float | None]:
    """Parse the limits of predictions, either of which may be left out.

    Examples
    --------
    >>> limits("1,5"), limits("0,")
    ((1.0, 5.0), (0.0, None))
    """
    parts = text.split(",")
    try:
        low, high = (float(part) if part.strip() else None for part in parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no pair of numbers such as 1,5") from None
    given = [end for end in (low, high) if end is not None]
    if not given or not all(map(math.isfinite, given)):
        raise argparse.ArgumentTypeError(f"{text!r} limits nothing: give one finite number at least, as in 1,5 or 0,")
    if given[0] > given[-1]:
        raise argparse.ArgumentTypeError(f"{text!r}: the lower limit comes first, {given[-1]:g},{given[0]:g}")
    return low, high


def auto_or_number(text: str) -> Any:
    """Parse "auto" or a number that is not negative."""
    return text if text == "auto" else non_negative_float(text)


_BOTH = {
    "n_components": _Option(("--n-components", "--components"), "k, the number of factors", positive_int, None, "K"),
    "reg": _Option(
        ("--reg",),
        "λ, the ridge: one number, or two for users and items (0.1,0.2); with --model ratings also auto,"
        " chosen by the leave-one-out error",
        ridge,
        None,
        "L",
    ),
    "reg_exponent": _Option(
        ("--reg-exponent",), "ν, the power of the number of cells in it", non_negative_float, None, "NU"
    ),
    "max_iter": _Option(("--max-iter",), "iterations at most", non_negative_int, None, "N"),
    "tol": _Option(("--tol",), "stop when an iteration gains no more than this share", non_negative_float, None, "T"),
    "solver": _Option(
        ("--solver",), "how rows are brought to their solution", None, ("auto", "exact", "cg", "subspace")
    ),
    "dtype": _Option(("--dtype",), "working precision", None, ("float32", "float64")),
    "random_state": _Option(("--random-state", "--seed"), "seed of the random start (default: 0)", seed, None, "S", 0),
    "n_jobs": _Option(("--n-jobs",), "threads (default: all that the process may use)", positive_int, None, "N"),
}
_ONLY = {
    "ratings": {
        "bias": _Option(("--bias",), "biases", None, ("none", "mean", "rows", "columns", "both")),
        "bias_reg": _Option(("--bias-reg",), "ridge of the biases", pair_or_number, None, "L"),
        "clip": _Option(("--clip",), "limits of predictions, such as 1,5", limits, None, "LOW,HIGH"),
    },
    "implicit": {
        "objective": _Option(("--objective",), "the loss", None, ("hkv", "ials")),
        "alpha": _Option(("--alpha",), "α, what observed cells weigh", auto_or_number, None, "A"),
        "unobserved_weight": _Option(("--unobserved-weight",), "α₀, what others weigh", non_negative_float, None, "W"),
        "confidence": _Option(("--confidence",), "how values become weights", None, ("linear", "log")),
        "confidence_scale": _Option(("--confidence-scale",), "ε of the logarithm", non_negative_float, None, "E"),
    },
}  # fmt: skip


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Add the parameters of the models."""
    _add(parser, "parameters", _BOTH)
    for kind, options in _ONLY.items():
        _add(parser, f"parameters of --model {kind}", options)


def add_common_parameters(parser: argparse.ArgumentParser) -> None:
    """Add the parameters that every model has, but for its precision."""
    given = _BOTH | {
        "reg": _Option(("--reg",), "λ, the ridge: one number, or two for rows and columns", pair_or_number, None, "L")
    }
    _add(parser, "parameters", {name: option for name, option in given.items() if name != "dtype"})


def common_parameters_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return those of them that are given."""
    return {name: getattr(args, name) for name in _BOTH if getattr(args, name, None) is not None}


def _add(parser: argparse.ArgumentParser, title: str, options: dict[str, _Option]) -> None:
    group = parser.add_argument_group(title)
    for name, option in options.items():
        extra: dict[str, Any] = {"choices": option.choices} if option.choices else {"metavar": option.metavar}
        group.add_argument(
            *option.flags, dest=name, type=option.type or str, default=option.default, help=option.help, **extra
        )


def parameters_of(args: argparse.Namespace, kind: str) -> dict[str, Any]:
    """Return the parameters that are given.

    Raises
    ------
    UsageError
        Where one is given that the kind of model does not have.
    """
    for other, options in _ONLY.items():
        for name, option in options.items():
            if other != kind and getattr(args, name) is not None:
                raise UsageError(f"{option.flags[0]} is for --model {other}, and the model is {kind}.")
    if kind != "ratings" and args.reg == "auto":
        raise UsageError(
            f"--reg auto is for --model ratings, and the model is {kind}: alsatian tune searches for its λ."
        )
    names = [*_BOTH, *_ONLY[kind]]
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}
