"""What a fit leaves on an estimator, declared by its class: what a stored model has to hold, and what must agree.

A class lists its fitted attributes in ``_fitted_attributes``, name by name. Sizes are named ("rows", "components"):
equal names are equal numbers. `check_fitted` holds a set of attributes to such a list.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from alsatian._engine.cells import blocks
from alsatian._engine.contract import Floats
from alsatian.models._history import History

Agreed = dict[str, Any]  # name of a size -> what it is, as the first attribute that has it says


class Attribute(Protocol):
    """One fitted attribute: whether it may be absent, and what values it may have."""

    @property
    def may_be_absent(self) -> bool:
        """Whether a fitted estimator may lack the attribute."""

    def check(self, value: Any, agreed: Agreed) -> None:
        """Raise a ValueError, worded to follow the attribute's name, for a value that it may not have."""


@dataclass(frozen=True, slots=True)
class Array:
    """An array with these sizes; `dtype` is its type, or None where it is the one working precision of the model."""

    sizes: tuple[str, ...]
    dtype: str | None = None
    or_none: bool = False
    nan: bool = False  # whether an entry may be NaN
    true: str | None = None  # the size that counts its true entries
    may_be_absent: bool = False

    def check(self, value: Any, agreed: Agreed) -> None:
        """Compare type and shape with what is agreed."""
        if value is None and self.or_none:
            return
        if not isinstance(value, np.ndarray) or value.ndim != len(self.sizes):
            raise ValueError(f"should be an array of {len(self.sizes)} dimensions, but is {_told(value)}")
        if self.dtype is None:
            if value.dtype.name not in {"float32", "float64"}:
                raise ValueError(f"should be float32 or float64, but is {value.dtype}")
            _agree("precision", value.dtype.name, agreed)
        elif value.dtype != np.dtype(self.dtype):
            raise ValueError(f"should be {self.dtype}, but is {value.dtype}")
        for name, size in zip(self.sizes, value.shape, strict=True):
            _agree(name, size, agreed)
        if self.true is not None:
            _agree(self.true, int(np.count_nonzero(value)), agreed)

    def check_values(self, value: Floats | None) -> None:
        """Refuse an infinite entry, and NaN where it may not be; in blocks, as the array may be large."""
        if value is None or value.dtype.kind != "f":
            return
        entries = value.reshape(-1)
        for block in blocks(entries.size, 1 << 20):
            bad = np.isinf(entries[block]) if self.nan else ~np.isfinite(entries[block])
            if bad.any():
                first = block.start + int(np.argmax(bad))
                where = tuple(int(i) for i in np.unravel_index(first, value.shape))
                raise ValueError(f"should be finite, but holds {entries[first]} at {where}")


@dataclass(frozen=True, slots=True)
class Number:
    """A finite float, or a whole number from 0 up that may be one of the sizes, or a truth value."""

    type: type[bool] | type[int] | type[float]
    size: str | None = None
    may_be_absent: bool = False

    def check(self, value: Any, agreed: Agreed) -> None:
        """Compare type, range and, where it is one of the sizes, the number."""
        if not isinstance(value, self.type) or isinstance(value, bool) != (self.type is bool):
            raise ValueError(f"should be of type {self.type.__name__}, but is {_told(value)}")
        if not math.isfinite(value):
            raise ValueError(f"should be finite, but is {value}")
        if self.type is int and value < 0:
            raise ValueError(f"should be 0 or more, but is {value}")
        if self.size is not None:
            _agree(self.size, value, agreed)


@dataclass(frozen=True, slots=True)
class Ridge:
    """λ, a finite number from 0 up, or the pair of those of both sides."""

    may_be_absent: bool = False

    def check(self, value: Any, agreed: Agreed) -> None:
        """Compare type and range."""
        numbers = value if isinstance(value, tuple) and len(value) == 2 else (value,)
        for number in numbers:
            if not isinstance(number, float) or not 0 <= number < math.inf:
                raise ValueError(f"should be a finite number >= 0, or a pair of those, but is {value!r}")


@dataclass(frozen=True, slots=True)
class Names:
    """An object array of strings, one for each of a size; absent where the data had no names."""

    size: str
    may_be_absent: bool = True

    def check(self, value: Any, agreed: Agreed) -> None:
        """Compare type and length."""
        if not isinstance(value, np.ndarray) or value.dtype != object or value.ndim != 1:
            raise ValueError(f"should be an array of strings, but is {_told(value)}")
        if not all(isinstance(name, str) for name in value):
            raise ValueError("should hold strings alone")
        _agree(self.size, value.size, agreed)


@dataclass(frozen=True, slots=True)
class Course:
    """A `History`."""

    may_be_absent: bool = False

    def check(self, value: Any, agreed: Agreed) -> None:
        """Compare the type; its records check themselves where they are read."""
        if not isinstance(value, History):
            raise ValueError(f"should be a History, but is {_told(value)}")


@dataclass(frozen=True, slots=True)
class Part:
    """Another estimator, of the class with this name, whose number of columns is one of the sizes.

    It is None where that size is 0, and may be so in any case with `or_none`.
    """

    class_name: str
    columns: str
    or_none: bool = False
    may_be_absent: bool = False

    def check(self, value: Any, agreed: Agreed) -> None:
        """Compare class and width."""
        if value is None:
            if not self.or_none:
                _agree(self.columns, 0, agreed)
            return
        if type(value).__name__ != self.class_name:
            raise ValueError(f"should be of class {self.class_name}, but is {_told(value)}")
        _agree(self.columns, value.n_features_in_, agreed)


def check_fitted(declared: Mapping[str, Attribute], attributes: Mapping[str, Any], *, values: bool = True) -> None:
    """Refuse attributes that are not those of one fitted estimator.

    Parameters
    ----------
    declared : mapping of str to Attribute
        The ``_fitted_attributes`` of the estimator's class.
    attributes : mapping of str to object
        The attributes, by name.
    values : bool, default=True
        Whether to look at every entry of arrays too, which have to be finite.

    Raises
    ------
    ValueError
        For an attribute that is missing or not declared, whose type or shape is wrong or does not fit the others, or
        that holds an entry that it may not have.
    """
    if unknown := sorted(attributes.keys() - declared.keys()):
        raise ValueError(f"{unknown[0]} is no attribute of this class")
    agreed: Agreed = {}
    for name, attribute in declared.items():
        if name not in attributes:
            if attribute.may_be_absent:
                continue
            raise ValueError(f"{name} is missing")
        try:
            attribute.check(attributes[name], agreed)
            if values and isinstance(attribute, Array):
                attribute.check_values(attributes[name])
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None


def _agree(name: str, size: Any, agreed: Agreed) -> None:
    if agreed.setdefault(name, size) != size:
        raise ValueError(f"has {size} for {name}, but what was read before has {agreed[name]}")


def _told(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"a {type(value).__name__}" if value is not None else "None"
