"""How the parameters of another library are read: their names, their defaults, and which of them have a counterpart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from reprlib import repr as brief
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Parameter:
    """One parameter of a peer. Without `note` and `refusal` it is translated."""

    default: Any
    note: str = ""  # left out of the translation; this is said where it is not the default
    refusal: str = ""  # has no counterpart; this is the error where it is not the default
    choices: tuple[Any, ...] = ()  # all values that it may have, where these are few


def nothing(default: Any, *choices: Any) -> Parameter:
    """Make a parameter that changes nothing in what the model is, so that there is nothing to say of it."""
    return Parameter(default, note="it has no part in the model", choices=choices)


FLAG = (True, False)  # the choices of what is on or off


@dataclass(frozen=True)
class Peer:
    """An estimator of another library, as far as its parameters go."""

    function: str  # ours, for messages
    package: str
    classes: tuple[str, ...]  # it and what it is called elsewhere
    needed: tuple[str, ...]  # attributes without which an object is none of them
    parameters: Mapping[str, Parameter]
    values_of: Callable[[Any], dict[str, Any]] | None = None  # where attributes do not hold the values

    @property
    def name(self) -> str:
        """Its full name."""
        return f"{self.package}'s {self.classes[0]}"

    def read(self, estimator: Any, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Return the value of every parameter, and notes on those that have no part in the translation.

        Parameters
        ----------
        estimator : object or None
            The peer's own estimator, recognised by its attributes. What is in `given` goes before it.
        given : mapping
            Parameters by the peer's names.

        Raises
        ------
        TypeError
            For an unknown name, and for an object that is not such an estimator.
        ValueError
            For a value that has no counterpart, or is none of those that there are.
        """
        for name in given:
            if name not in self.parameters:
                raise TypeError(self._unknown(name))
        values = {name: parameter.default for name, parameter in self.parameters.items()}
        if estimator is not None:
            values |= self._values_of(estimator)
        values |= given
        for name, parameter in self.parameters.items():
            if parameter.choices:
                values[name] = self._chosen(name, values[name], parameter.choices)
        notes = []
        for name, parameter in self.parameters.items():
            if not (parameter.note or parameter.refusal) or same(values[name], parameter.default):
                continue
            if parameter.refusal:
                raise ValueError(f"{name}={brief(values[name])} of {self.name} has no counterpart: {parameter.refusal}")
            if parameter.note:
                notes.append(f"{name} is left out: {parameter.note}.")
        return values, notes

    def _values_of(self, estimator: Any) -> dict[str, Any]:
        kind = type(estimator)
        if isinstance(estimator, type):
            raise TypeError(f"{self.function} takes an estimator, not the class {estimator.__name__}: call it first.")
        ancestors = {cls.__name__ for cls in kind.__mro__}
        if kind.__module__.split(".")[0] == self.package and not ancestors & set(self.classes):
            raise TypeError(f"{self.function} translates {self.name}, not {kind.__name__}.")
        values = {} if self.values_of is None else self.values_of(estimator)
        if not values:
            values = {name: getattr(estimator, name) for name in self.parameters if hasattr(estimator, name)}
        missing = [name for name in self.needed if name not in values]
        if missing:
            raise TypeError(
                f"{self.function} takes an estimator like {self.name}, but a {kind.__name__} has no {missing[0]!r}. "
                "Parameters are given by name."
            )
        return {name: value for name, value in values.items() if name in self.parameters}

    def _chosen(self, name: str, value: Any, choices: tuple[Any, ...]) -> Any:
        """Return one of the choices, which some peers keep as a member of an enumeration."""
        given = getattr(value, "name", value) if isinstance(choices[0], str) else value
        for choice in choices:
            if np.ndim(given) == 0 and same(given, choice):
                return choice
        told = ", ".join(str(choice) for choice in choices)
        raise ValueError(f"{name}={brief(value)} is none of the choices of {self.name}: {told}.")

    def _unknown(self, name: str) -> str:
        close = get_close_matches(name, self.parameters, 1)
        hint = f" Did you mean {close[0]!r}?" if close else f" It has: {', '.join(self.parameters)}."
        return f"{self.function} got {name!r}, which is no parameter of {self.name}.{hint}"


def same(value: Any, default: Any) -> bool:
    """Return whether a value is the default, also where it is a whole array of it."""
    if value is default:
        return True
    if value is None or default is None or isinstance(value, str) != isinstance(default, str):
        return False
    return bool(np.all(np.equal(value, default))) if not isinstance(value, str) else value == default


def seed(random_state: Any) -> Any:
    """Return a seed that our estimators take: a whole number below 2³², or what they take as it is."""
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(1 << 32))
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        return int(random_state) % (1 << 32)
    return random_state


def as_many_iterations(n: Any) -> dict[str, Any]:
    """Return the parameters with which `n` iterations are what they are elsewhere: plain ALS, none left out."""
    return {"max_iter": n, "relaxation": 1.0, "tol": 0.0}


START = "The start is drawn in another way: before convergence, scores differ as they do between two seeds."
PACE = (
    "There are as many iterations, without over-relaxation and without a tolerance, and one more step of the rows at "
    "the end. set_params(relaxation='auto', tol=1e-4) needs fewer."
)
EXACT = (
    "Rows are solved exactly, not by a few steps of {}, unless that would take long (solver='auto'): this is what more "
    "of those would come to."
)
