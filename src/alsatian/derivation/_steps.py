"""One step of a derivation: what is claimed, why, and whether the numbers agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from string import Formatter

from alsatian.derivation._evaluate import compare
from alsatian.derivation._expr import Expr, free_indices
from alsatian.derivation._notation import Letters
from alsatian.derivation._numbers import Numbers
from alsatian.derivation._render import Hand, Latex, Plain, pieces, render

Chain = tuple[Expr, ...]

_LONG_TEXT = 72  # columns of a line: 80 of a terminal, less what stands around it
_SHORT_TEXT = 24  # columns of a left side below which the others are set, however long they are
_LONG_LATEX = 190  # signs of LaTeX that about fill a line
_ORDER = ("i", "i'", "j", "j'", "t")


@dataclass(frozen=True)
class StepCheck:
    """What the numbers say of one step.

    Attributes
    ----------
    key, title : str
        Those of the step.
    difference, tolerance : float
        The largest relative difference, and the largest that passes.
    note : str
        Why a side could not be computed, or which rows or columns were left out and why.
    compared : bool
        False where all of them were left out: then nothing contradicts the step, and nothing confirms it.
    """

    key: str
    title: str
    difference: float
    tolerance: float
    note: str = ""
    compared: bool = True

    @property
    def passed(self) -> bool:
        """Whether all sides agree within the tolerance, wherever they are defined."""
        return self.difference <= self.tolerance

    @property
    def verdict(self) -> str:
        """How the step fared, in words."""
        if not self.passed:
            return f"FAILS: {self.note}" if self.note else "DIFFERS"
        if not self.compared:
            return f"not compared: {self.note}"
        return f"agrees ({self.note})" if self.note else "agrees"

    def __str__(self) -> str:
        told = self.compared and isfinite(self.difference)
        return f"largest difference {self.difference:.0e}, {self.verdict}" if told else self.verdict


@dataclass(frozen=True, repr=False)
class Step:
    """One step: equations, each a chain of equal formulas, with a title and the reason in words.

    Attributes
    ----------
    key : str
        A short name; ``derivation[key]`` finds the step.
    part : str
        The part of the derivation that the step belongs to.
    title : str
        What the step does.
    """

    key: str
    part: str
    title: str
    chains: tuple[Chain, ...]
    words: str
    fields: Mapping[str, Expr | str]
    letters: Letters

    @property
    def latex(self) -> str:
        """The statement in LaTeX, for display mathematics."""
        hand = Latex(self.letters)
        return aligned([[pieces(side, hand, _LONG_LATEX) for side in chain] for chain in self.chains])

    @property
    def text(self) -> str:
        """The statement in plain Unicode, an equation a line where it fits."""
        hand = Plain(self.letters)
        return "\n".join(laid_out([render(side, hand) for side in chain]) for chain in self.chains)

    @property
    def reason(self) -> str:
        """The reason in words, in plain text."""
        return self._say(Plain(self.letters), lambda literal: literal, "{}")

    @property
    def reason_markdown(self) -> str:
        """The reason in words, its formulas in dollar signs."""
        return self._say(Latex(self.letters), lambda literal: literal, "${}$")

    @property
    def reason_latex(self) -> str:
        """The reason in words, in LaTeX."""
        return self._say(Latex(self.letters), escape, "${}$")

    @property
    def indices(self) -> list[str]:
        """The indices for each of whose values the statement holds."""
        found = {index for chain in self.chains for side in chain for index in free_indices(side)}
        return [index for index in _ORDER if index in found]

    @property
    def quantified(self) -> str:
        """For which indices the statement holds, as a sentence; empty where it has none."""
        return _for_all([Plain(self.letters).index(i) for i in self.indices])

    @property
    def quantified_latex(self) -> str:
        """The same, its indices in dollar signs."""
        return _for_all([f"${Latex(self.letters).index(i)}$" for i in self.indices])

    def check(self, numbers: Numbers, tolerance: float = 1e-9) -> StepCheck:
        """Compute all sides of the statement and compare them."""
        try:
            found = [compare(chain, numbers) for chain in self.chains]
        except ValueError as error:  # shapes that do not fit; LinAlgError is one too
            return StepCheck(self.key, self.title, float("inf"), tolerance, str(error))
        apart = max(chain.difference for chain in found)
        word = "column" if numbers.p == "j" else "row"
        left_out = {(reason, lines): None for chain in found for reason, lines in chain.left_out.items()}
        note = "; ".join(f"{_lines(word, lines, numbers.size(numbers.p))} left out, {why}" for why, lines in left_out)
        return StepCheck(self.key, self.title, apart, tolerance, note, any(chain.places for chain in found))

    def __str__(self) -> str:
        return f"{self.title}\n\n{indent(self.text)}\n\n{self.reason}"

    def __repr__(self) -> str:
        return f"<Step {self.key!r}: {self.title}>"

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"

    def _say(self, hand: Hand, write: Callable[[str], str], frame: str) -> str:
        parts = []
        for literal, field, _, _ in Formatter().parse(self.words):
            parts.append(write(literal))
            if field is not None:
                value = self.fields[field]
                parts.append(write(value) if isinstance(value, str) else frame.format(render(value, hand)))
        return "".join(parts)


def aligned(chains: list[list[list[str]]]) -> str:
    """Set chains of equal formulas below each other in LaTeX, at their signs of equality; each is in its pieces."""
    whole = [" ".join(side) for chain in chains for side in chain]
    unbroken = len(chains) == 1 and all(len(side) == 1 for side in chains[0])
    if unbroken and (len(whole) == 2 or sum(map(len, whole)) < _LONG_LATEX):
        return " = ".join(whole)
    lines = []
    for first, *others in chains:
        sign = " ".join(first) + " &= "
        for head, *tail in others:
            lines.append(sign + head)
            lines.extend(rf"&\quad {piece}" for piece in tail)
            sign = "&= "
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def laid_out(sides: list[str]) -> str:
    """Lay out a chain of equal formulas in plain text: in a line, or below each other at the signs of equality."""
    first, *others = sides
    one = " = ".join(sides)
    if width(one) <= _LONG_TEXT:
        return one
    beside = width(first) + 3 + max(map(width, others)) <= _LONG_TEXT or width(first) <= _SHORT_TEXT
    margin = width(first) if beside else 4
    lines = [] if beside else _broken(first, _LONG_TEXT, 4)
    for side in others:
        start = f"{first} = " if not lines else " " * margin + " = "
        head, *tail = _broken(side, _LONG_TEXT - margin - 3, margin + 3)
        lines += [start + head, *tail]
    return "\n".join(lines)


def _broken(formula: str, room: int, margin: int) -> list[str]:
    """Break a formula that is wider than the room before its outermost signs; further lines get the margin."""
    if width(formula) <= room:
        return [formula]
    places, depth, in_norm = [], 0, 0
    for place, sign in enumerate(formula):
        depth += (sign in "([{⟨") - (sign in ")]}⟩")
        in_norm ^= sign == "‖"
        if formula[place : place + 3] in (" + ", " − ") and 0 < width(formula[:place]) <= room:
            places.append((-depth - in_norm, place))
    if not places:
        return [formula]
    _, place = max(places)
    return [formula[:place], *(" " * margin + line for line in _broken(formula[place + 1 :], room, 0))]


_SIGNS = {
    "½": r"$\tfrac12$",
    "²": r"\textsuperscript{2}",
    "·": r"$\cdot$",
    "×": r"$\times$",
    "−": "$-$",
    "≥": r"$\ge$",
    "λ": r"$\lambda$",
    "α₀": r"$\alpha_0$",
    "α": r"$\alpha$",
    "√": r"$\surd$",
    "∘": r"$\circ$",
    "Ω": r"$\Omega$",
    "’": "'",
    "–": "--",
    "“": "``",
    "”": "''",
    "ö": r"\"o",
    "é": r"\'e",
    "⟨": r"$\langle$",
    "⟩": r"$\rangle$",
    "‖": r"$\Vert$",
}
_SPECIAL = re.compile(r"[&%$#_{}~^\\]")


def escape(text: str) -> str:
    """Write words in LaTeX; what stands in backquotes is code."""
    pieces = text.split("`")
    written = [_words(piece) if n % 2 == 0 else rf"\texttt{{{_words(piece)}}}" for n, piece in enumerate(pieces)]
    return "".join(written)


def _words(text: str) -> str:
    text = _SPECIAL.sub(lambda match: "\\" + match[0], text)
    for sign, latex in _SIGNS.items():
        text = text.replace(sign, latex)
    return re.sub(r'"([^"]*)"', r"``\1''", text)


def width(text: str) -> int:
    """Count the columns that a text takes; the tilde above a letter takes none."""
    return len(text) - text.count("\u0303")


def indent(text: str, by: int = 4) -> str:
    """Move each line to the right."""
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def _lines(word: str, lines: tuple[int, ...], count: int) -> str:
    """Name the rows or columns of X that are left out."""
    if len(lines) in (0, count):
        return f"all {count} {word}s" if count > 1 else f"the one {word}"
    if len(lines) == 1:
        return f"{word} {lines[0]}"
    return f"{word}s {', '.join(map(str, lines[:-1]))} and {lines[-1]}"


def _for_all(names: list[str]) -> str:
    if not names:
        return ""
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"For all {listed}."
