"""Which letter stands for what, and what a reader may call it instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# The role of a letter is the letter that it has unless renamed (Greek ones by name).
DEFAULT = {
    **{role: role for role in "XWZRCMPYGHQABEImnkijtbdof"},
    "lam": "λ",
    "alpha": "α",
    "mu": "μ",
    "beta": "β",
    "tau": "τ",
    "Omega": "Ω",
    "Gamma": "Γ",
    "Lambda": "Λ",
}
# A course that has its D × N data points as columns, w_dj for the rows and z_i for the points.
COURSE = {"m": "D", "n": "N", "k": "K", "i": "d", "j": "i", "t": "j", "d": "a"}

MEANING = {
    "X": "the data",
    "W": "the row factors",
    "Z": "the column factors",
    "R": "the residual",
    "C": "the weights",
    "M": "the mask",
    "P": "the preferences",
    "Y": "the target",
    "G": "the strengths",
    "H": "a direction",
    "Q": "a change of basis",
    "A": "the matrices of the normal equations",
    "B": "the part of these matrices that is cheap",
    "E": "a unit matrix of one cell",
    "I": "the identity",
    "m": "the number of rows",
    "n": "the number of columns",
    "k": "the number of factors",
    "i": "the index of rows",
    "j": "the index of columns",
    "t": "the index of factors",
    "b": "the row bias",
    "d": "the column bias",
    "o": "the fixed part of a score",
    "f": "the objective",
}
# Roles whose cells and rows are written with the small letter.
SMALL = frozenset("XWZRCPYGH")
_GREEK = dict(
    zip(
        "αβγδεζηθκλμνξπρστφχψωΓΔΘΛΞΠΣΦΨΩ",
        [
            r"\alpha",
            r"\beta",
            r"\gamma",
            r"\delta",
            r"\varepsilon",
            r"\zeta",
            r"\eta",
            r"\theta",
            r"\kappa",
            r"\lambda",
            r"\mu",
            r"\nu",
            r"\xi",
            r"\pi",
            r"\rho",
            r"\sigma",
            r"\tau",
            r"\varphi",
            r"\chi",
            r"\psi",
            r"\omega",
            r"\Gamma",
            r"\Delta",
            r"\Theta",
            r"\Lambda",
            r"\Xi",
            r"\Pi",
            r"\Sigma",
            r"\Phi",
            r"\Psi",
            r"\Omega",
        ],
        strict=True,
    )
)

Names = Mapping[str, str] | Literal["usual", "course"] | None


@dataclass(frozen=True)
class Letters:
    """The letter of each role."""

    of: Mapping[str, str]

    def plain(self, role: str, *, small: bool = False) -> str:
        """Give the letter of a role in plain text."""
        letter = self.of[role.rstrip("'")]
        return (letter.lower() if small else letter) + "′" * role.count("'")

    def latex(self, role: str, *, small: bool = False) -> str:
        """Give the letter of a role in LaTeX."""
        letter = self.plain(role.rstrip("'"), small=small)
        return _GREEK.get(letter, letter) + "'" * role.count("'")


def letters(names: Names = None) -> Letters:
    """Take the usual letters with some of them renamed, and refuse what would give two things one letter.

    Examples
    --------
    >>> letters("course").plain("m"), letters({"X": "V"}).plain("X", small=True)
    ('D', 'v')
    """
    given = COURSE if names == "course" else ({} if names in (None, "usual") else names)
    if not isinstance(given, Mapping):
        raise ValueError(
            f"names must be 'usual' or 'course', or map letters to letters, such as {{'m': 'D'}}; got {names!r}"
        )
    for role, letter in given.items():
        _check_name(role, letter)
    chosen = {**DEFAULT, **given}
    taken: dict[str, str] = {}
    for role, letter in chosen.items():
        for written in dict.fromkeys((letter, letter.lower() if role in SMALL else letter)):
            other = taken.setdefault(written, role)
            if other != role:
                raise ValueError(
                    f"{written!r} would stand both for {meaning(other)} ({other}) and for {meaning(role)} ({role}); "
                    f"rename the other one too, as in names={{..., {other!r}: ...}}"
                )
    return Letters(chosen)


def meaning(role: str) -> str:
    """Say in words what a role is."""
    return MEANING.get(role, "what is written " + DEFAULT[role])


def _check_name(role: str, letter: object) -> None:
    if role not in DEFAULT:
        raise ValueError(f"names has no letter {role!r} to rename; it has {', '.join(DEFAULT)}")
    one = isinstance(letter, str) and len(letter) == 1
    if not (one and ((str(letter).isascii() and str(letter).isalpha()) or letter in _GREEK)):
        raise ValueError(f"names must give {role!r} one letter, Latin or Greek; got {letter!r}")
    if role in SMALL and not str(letter).isupper():
        raise ValueError(f"names must give {role!r} a capital letter, as its cells take the small one; got {letter!r}")
