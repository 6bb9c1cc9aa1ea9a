"""What is searched: ranges and choices of parameters, and from a point of the search to parameters of the model."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from alsatian.data.interactions import Interactions
from alsatian.models import ALS, ImplicitALS

Point = dict[str, Any]

_PAIRS = {"reg_rows": "reg", "reg_columns": "reg", "bias_reg_rows": "bias_reg", "bias_reg_columns": "bias_reg"}
_FIXED = ("init", "warm_start", "random_state", "n_jobs", "verbose")  # that no metric should depend on
_DECADE = 10.0  # a range that spans more is searched by its logarithm
_GROWING, _SHRINKING, _REVIVING = 3.0, 0.25, 2.0  # how much farther the harder ways are
_RIDGES = frozenset({"reg", "reg_rows", "reg_columns"})


@dataclass(frozen=True)
class Axis:
    """One parameter: a range of numbers, or some choices.

    Attributes
    ----------
    name : str
    low, high : float or int
        Both inclusive. Whole numbers are searched as such.
    log : bool
        Whether by the logarithm.
    choices : tuple
        In place of a range.
    """

    name: str
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the range is of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def labels(self) -> tuple[Any, ...]:
        """The choices as Optuna is to keep them: as they are where a database can, else as texts."""
        plain = all(choice is None or isinstance(choice, (bool, int, float, str)) for choice in self.choices)
        return self.choices if plain else tuple(repr(choice) for choice in self.choices)

    def value(self, label: Any) -> Any:
        """Return the value of the model that Optuna has kept as a label; a number of a range is its own."""
        return self.choices[self.labels.index(label)] if self.choices else label

    def place(self, value: Any) -> float:
        """Return where a value lies, from 0 to 1; a choice by its number, so that others are 1 away."""
        if self.choices and self.name == "n_components":
            ranks = sorted(self.choices)
            return math.log(value / ranks[0]) / math.log(ranks[-1] / ranks[0]) if ranks[-1] > ranks[0] else 0.0
        if self.choices:
            return float(self.choices.index(value))
        low, high, at = (math.log(x) if self.log else float(x) for x in (self.low, self.high, value))
        return (at - low) / (high - low) if high > low else 0.0


@dataclass(frozen=True)
class Space:
    """What is searched, and what λ means while its exponent is searched, too.

    Attributes
    ----------
    axes : tuple of Axis
    counts : pair of arrays
        Number of training cells of each row and each column.
    """

    axes: tuple[Axis, ...]
    counts: tuple[NDArray[np.int64], NDArray[np.int64]]

    def rich(self) -> Point:
        """Return the point whose solution has the most in it: the largest rank, and a λ in the lower part of its range.

        What any other point needs is likely to be a part of it. A λ at the lower end would fill it with noise.
        """
        point: Point = {}
        for axis in self.axes:
            if axis.name == "n_components":
                point[axis.name] = max(axis.choices) if axis.choices else axis.high
            elif axis.choices:
                point[axis.name] = axis.choices[0]
            else:
                share = 1 / 3 if axis.name in _RIDGES else 1 / 2
                low, high = (math.log(end) if axis.log else float(end) for end in (axis.low, axis.high))
                at = low + share * (high - low)
                value = math.exp(at) if axis.log else at
                point[axis.name] = round(value) if axis.whole else value
        return point

    def parameters(self, model: Any, point: Point) -> Point:
        """Return the parameters of the model at a point.

        The power of the count multiplies λ, so that equal λ at another ν is quite another ridge. A point has the λ
        that the same ridge, summed over all rows and columns, has at ν = 1 (the scaling of Rendle et al. 2022, section
        4.3): λ(ν) Σ count^ν = λ Σ count.
        """
        given = dict(point)
        exponent = float(given.get("reg_exponent", model.reg_exponent))
        scale = self._scale(model, given, exponent) if "reg_exponent" in given else 1.0
        found: Point = {}
        for name, value in given.items():
            at = _scaled(value, scale) if name in _RIDGES else value
            if isinstance(at, float):
                at = float(f"{at:.6g}")  # so that what is printed is what was used
            if name in _PAIRS:
                sides = found.setdefault(_PAIRS[name], [None, None])
                sides[0 if name.endswith("_rows") else 1] = at
            else:
                found[name] = at
        return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}

    def _scale(self, model: Any, point: Point, exponent: float) -> float:
        above = below = 0.0
        for count, others in zip(self.counts, self.counts[::-1], strict=True):
            number = count.astype(np.float64)
            if isinstance(model, ImplicitALS) and model.reg_count == "all":
                number = number + float(point.get("unobserved_weight", model.unobserved_weight)) * others.size
            number = number[number > 0]
            above, below = above + number.sum(), below + (number**exponent).sum()
        return above / below


def space_of(model: Any, train: Interactions, given: Mapping[str, Any] | None) -> Space:
    """Return what is to be searched for a model, by default or as given.

    Raises
    ------
    ValueError
        For a name that the model does not have, and for what is no range and no choices.
    """
    rows = np.diff(train.csr.indptr).astype(np.int64)
    columns = np.bincount(train.columns, minlength=train.n_items).astype(np.int64)
    wanted = default_space(model, train) if given is None else _as_mapping(given)
    if not wanted:
        raise ValueError("space is empty: there is nothing to search.")
    parameters = model.get_params()
    axes = []
    for name, what in wanted.items():
        if _PAIRS.get(name, name) not in parameters or name in _FIXED:
            raise ValueError(_unknown(name, model))
        axes.append(_axis(name, what, model))
    names = {axis.name for axis in axes}
    for one, both in (("reg_rows", "reg"), ("bias_reg_rows", "bias_reg")):
        other = one.replace("rows", "columns")
        if (one in names) != (other in names) or (one in names and both in names):
            raise ValueError(f"space must have {one!r} and {other!r} together, or {both!r} alone.")
    return Space(tuple(axes), (rows, columns))


def default_space(model: Any, train: Interactions) -> dict[str, Any]:
    """Return what is searched where nothing is said.

    λ is in the unit of the values for ratings: from 0.5 to 50 % of their standard deviation. The ratio of the two λ is
    left alone, as it changes nothing: only their product does. So is α, as doubling α, α₀ and λ changes nothing.
    """
    most = max(1, min(train.shape))
    if isinstance(model, ALS):
        spread = float(np.std(train.values.astype(np.float64))) or 1.0
        space: dict[str, Any] = {
            "n_components": (min(4, most), min(64, most)),
            "reg": (0.005 * spread, 0.5 * spread),
            "reg_exponent": (0.0, 1.0),
        }
        if model.bias in ("rows", "columns", "both"):
            space["bias_reg"] = (1e-3, 1.0)
        return space
    space = {
        "n_components": (min(16, most), min(128, most)),
        "reg": (3e-4, 0.1),
        "reg_exponent": (0.0, 1.0),
        "unobserved_weight": (1e-3, 1.0),
        "objective": ["hkv", "ials"],
    }
    if np.unique(np.abs(train.values)).size > 1:  # of one value the logarithm is another value
        space["confidence"] = ["linear", "log"]
    return space


def distance(space: Space, here: Point, there: Point) -> float:
    """Return how far a finished fit is from where one is to start.

    It is near where it has all that is needed and more: to shrink the rank is little (the best part of a solution is
    known by its SVD), to grow it much, as what is added has to be found. Likewise a smaller λ lets more live, and what
    a larger one has shrunk to nothing has to be found again.
    """
    total = 0.0
    for axis in space.axes:
        gap = axis.place(here[axis.name]) - axis.place(there[axis.name])
        if axis.choices and axis.name != "n_components":
            gap = 0.5 * float(gap != 0)
        elif axis.name == "n_components":
            gap *= _GROWING if gap > 0 else _SHRINKING
        elif axis.name in _RIDGES and gap < 0:
            gap *= _REVIVING
        total += gap * gap
    return math.sqrt(total)


def _as_mapping(given: Any) -> dict[str, Any]:
    try:
        return dict(given)
    except (TypeError, ValueError):
        raise TypeError(
            "space must be a mapping of parameters to ranges or choices, such as {'reg': (0.01, 1.0)}, got "
            f"{given!r}."
        ) from None


def _unknown(name: Any, model: Any) -> str:
    """Say which parameters can be searched, and which may have been meant."""
    parameters = model.get_params()
    known = [other for other in parameters if other not in _FIXED]
    known += [side for side, whole in _PAIRS.items() if whole in parameters]
    near = difflib.get_close_matches(str(name), known, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"space has {name!r}, which cannot be searched.{hint} Of {type(model).__name__} there are: {', '.join(known)}."
    )


def _axis(name: str, what: Any, model: Any) -> Axis:
    if isinstance(what, (list, set, frozenset)) and what:
        choices = tuple(what)
        for choice in choices:
            _check_value(name, what, choice, model)
        return Axis(name, choices=choices)
    wrong = _wrong_range(name, what)
    if wrong:
        raise ValueError(f"space[{name!r}] = {what!r}: {wrong}.")
    low, high = (end.item() if isinstance(end, np.generic) else end for end in what)
    for end in (low, high):
        _check_value(name, what, end, model)
    if _refusal(name, float(high), model) is None:  # a range of all numbers in it, also where its ends are whole
        low, high = float(low), float(high)
    log = low > 0 and (high / low >= _DECADE or name == "n_components")
    return Axis(name, low, high, log)


def _wrong_range(name: str, what: Any) -> str:
    """Return what is wrong with a range as it is written; nothing where it is one."""
    if isinstance(what, str) or _is_number(what):
        return f"one value is nothing to search; it is set in the model, {name}={what!r}"
    if not isinstance(what, tuple) or len(what) != 2:
        return "it must be a pair (low, high) of numbers, or a list of choices [first, second, …]"
    if not all(_is_number(end) for end in what):
        if all(isinstance(end, str) for end in what):
            return f"a pair is a range of numbers; choices are a list, {list(what)!r}"
        return "both ends of a range must be finite numbers; choices are a list"
    if what[0] > what[1]:
        return f"the lower end of a range comes first, {(what[1], what[0])!r}"
    return ""


def _check_value(name: str, what: Any, value: Any, model: Any) -> None:
    """Refuse a value that the model would refuse in every trial."""
    wrong = _refusal(name, value, model)
    if wrong is not None:
        raise ValueError(f"space[{name!r}] = {what!r} has {value!r}, which the model does not take. {wrong}")


def _refusal(name: str, value: Any, model: Any) -> str | None:
    """Return what a model says of a value of one of its parameters, or of one side of it; None where it takes it."""
    given = {_PAIRS[name]: (value, value)} if name in _PAIRS else {name: value}
    try:
        clone(model).set_params(**given)._validate_params()
    except ValueError as error:
        return str(error)
    return None


def _scaled(value: Any, scale: float) -> Any:
    """Return λ in another scale, of both sides where it is a pair; a word, such as "auto", stays."""
    if isinstance(value, (tuple, list)):
        return tuple(_scaled(side, scale) for side in value)
    return value * scale if _is_number(value) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value)
