"""Printing formulas: one walk over the tree, two hands to write with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Protocol

from alsatian.derivation import _expr as ex
from alsatian.derivation._expr import Expr, Leaf, Sym
from alsatian.derivation._notation import SMALL, Letters

_SUM, _SIGNED, _CELLWISE, _PRODUCT, _POWER, _ATOM = range(6)  # how tightly a formula holds together


class Hand(Protocol):
    """What differs between LaTeX and plain text."""

    minus: ClassVar[str]
    hadamard: ClassVar[str]
    partial: ClassVar[str]
    norm: ClassVar[tuple[str, str]]
    angle: ClassVar[tuple[str, str]]
    dot: ClassVar[str]

    def letter(self, role: str, mark: str, *, small: bool) -> str: ...
    def index(self, index: str) -> str: ...
    def sub(self, base: str, indices: tuple[str, ...]) -> str: ...
    def sup(self, base: str, exponent: str) -> str: ...
    def frac(self, over: str, under: str) -> str: ...
    def parens(self, body: str, *, square: bool = False) -> str: ...
    def root(self, body: str) -> str: ...
    def total(self, over: tuple[str, ...], body: str, *, stored: bool) -> str: ...
    def trace(self, body: str) -> str: ...
    def cat(self, vector: str, number: str) -> str: ...
    def special(self, role: str, sub: tuple[str, ...]) -> str | None: ...
    def leaf(self, leaf: Leaf) -> str: ...


def render(e: Expr, hand: Hand) -> str:
    """Write a formula."""
    return _write(e, hand)[0]


def pieces(e: Expr, hand: Hand, limit: int) -> list[str]:
    """Write a formula, broken before its signs where it is a sum longer than the limit."""
    whole = render(e, hand)
    if not isinstance(e, ex.Add) or len(whole) <= limit:
        return [whole]
    return _broken(e.terms, hand)


def _broken(terms: tuple[Expr, ...], hand: Hand) -> list[str]:
    first, *others = terms
    broken = [render(first, hand)]
    for term in others:
        minus = isinstance(term, ex.Neg)
        body = _inside(term.body, hand, _CELLWISE) if isinstance(term, ex.Neg) else _inside(term, hand, _SIGNED)
        broken.append(f"{hand.minus if minus else '+'} {body}")
    return broken


def _write(e: Expr, hand: Hand) -> tuple[str, int]:  # noqa: PLR0911, PLR0912 - one case for each kind of node
    match e:
        case ex.Num(value):
            whole = value.denominator == 1
            return (str(value), _ATOM) if whole else (hand.frac(str(value.numerator), str(value.denominator)), _ATOM)
        case Sym():
            return _symbol(e, hand), _ATOM
        case Leaf():
            return hand.leaf(e), _ATOM
        case ex.Unit(sub):
            return hand.sub(hand.letter("E", "", small=False), sub), _ATOM
        case ex.Delta((a, b)):
            return hand.parens(f"{hand.index(a)} = {hand.index(b)}", square=True), _ATOM
        case ex.Add(terms):
            return " ".join(_broken(terms, hand)), _SUM
        case ex.Neg(body):
            return hand.minus + _inside(body, hand, _CELLWISE), _SIGNED
        case ex.Mul(factors):
            return _product(factors, hand), _PRODUCT
        case ex.Had(left, right):
            return f"{_inside(left, hand, _POWER)} {hand.hadamard} {_inside(right, hand, _POWER)}", _CELLWISE
        case ex.Frac(over, under):
            return hand.frac(render(over, hand), render(under, hand)), _PRODUCT
        case ex.Transpose(ex.Inv(body)):
            return hand.sup(_inside(body, hand, _ATOM), "-T"), _POWER
        case ex.Transpose(body):
            return hand.sup(_inside(body, hand, _ATOM), "T"), _POWER
        case ex.Inv(body):
            return hand.sup(_inside(body, hand, _ATOM), "-1"), _POWER
        case ex.Square(body):
            return hand.sup(_inside(body, hand, _ATOM), "2"), _POWER
        case ex.Power(body, exponent):
            return hand.sup(_inside(body, hand, _ATOM), f"{exponent:g}"), _POWER
        case ex.Sqrt(body):
            return hand.root(_inside(body, hand, _ATOM)), _ATOM
        case ex.Total(over, body, stored):
            return hand.total(over, _inside(body, hand, _PRODUCT), stored=stored), _PRODUCT
        case ex.Norm2(body):
            return hand.sup(hand.norm[0] + render(body, hand) + hand.norm[1], "2"), _ATOM
        case ex.Inner(left, right):
            return f"{hand.angle[0]}{render(left, hand)}, {render(right, hand)}{hand.angle[1]}", _ATOM
        case ex.Trace(body):
            return hand.trace(render(body, hand)), _ATOM
        case ex.Entry(body, sub):
            return hand.sub(hand.parens(render(body, hand)), sub), _ATOM
        case ex.Stack(body, over):
            return hand.sub(hand.parens(render(body, hand), square=True), over), _ATOM
        case ex.Cat(vector, number):
            return hand.cat(render(vector, hand), render(number, hand)), _ATOM
        case ex.Loss(blocks):
            f = hand.letter("f", "", small=False)
            inside = ", ".join(render(value, hand) for _, value in blocks)
            return (f"{f}({inside})" if blocks else f), _ATOM
        case ex.Deriv(of, by):
            return _derivative(of, by, hand), _PRODUCT
        case ex.Hess(rows, columns):
            f = hand.sup(hand.partial, "2") + hand.letter("f", "", small=False)
            below = f"{hand.partial}{render(rows, hand)} {hand.partial}{hand.sup(render(columns, hand), 'T')}"
            return hand.frac(f, below), _PRODUCT
    raise TypeError(f"no way to write {e!r}")


def _inside(e: Expr, hand: Hand, least: int) -> str:
    """Write a formula that stands inside another, in parentheses unless it holds together tightly enough."""
    text, strength = _write(e, hand)
    return text if strength >= least else hand.parens(text)


def _product(factors: tuple[Expr, ...], hand: Hand) -> str:
    *first, last = factors
    # A sum runs to the end of its product, so one that is not last is put in parentheses.
    parts = [hand.parens(render(f, hand)) if isinstance(f, ex.Total) else _inside(f, hand, _PRODUCT) for f in first]
    numbers = isinstance(factors[0], ex.Num) and isinstance(last, ex.Num | Leaf)
    return (hand.dot if numbers else " ").join([*parts, _inside(last, hand, _PRODUCT)])


def _derivative(of: Expr, by: Sym, hand: Hand) -> str:
    below = hand.partial + render(by, hand)
    if isinstance(of, ex.Loss | Sym | ex.Entry):
        return hand.frac(f"{hand.partial}{render(of, hand)}", below)
    return hand.frac(hand.partial, below) + hand.parens(render(of, hand), square=True)


def _symbol(e: Sym, hand: Hand) -> str:
    special = hand.special(e.role, e.sub)
    if special is not None:
        return special
    # C_j and M_j are diagonal matrices and keep the capital; the cells of the mask do too, as m is a size.
    diagonal = e.role in ("C", "M") and len(e.sub) == 1
    letter = hand.letter(e.role, e.mark, small=bool(e.sub) and e.role in SMALL and not diagonal)
    above = e.mark.removeprefix("tilde").strip()
    base = hand.sub(letter, e.sub) if e.sub else letter
    return hand.sup(base, above) if above in ("star", "zero", "prime") else base


@dataclass(frozen=True)
class Latex:
    """Writes LaTeX, for display or inline mathematics."""

    letters: Letters
    minus: ClassVar[str] = "-"
    hadamard: ClassVar[str] = r"\circ"
    partial: ClassVar[str] = r"\partial "
    norm: ClassVar[tuple[str, str]] = (r"\lVert ", r"\rVert")
    angle: ClassVar[tuple[str, str]] = (r"\langle ", r"\rangle")
    dot: ClassVar[str] = r" \cdot "

    def letter(self, role: str, mark: str, *, small: bool) -> str:
        """Write the letter of a role."""
        text = self.letters.latex(role, small=small)
        return rf"\tilde{{{text}}}" if mark.startswith("tilde") else text

    def index(self, index: str) -> str:
        """Write an index."""
        return self.letters.latex(index)

    def sub(self, base: str, indices: tuple[str, ...]) -> str:
        """Write indices below."""
        return f"{base}_{{{' '.join(map(self.index, indices))}}}"

    def sup(self, base: str, exponent: str) -> str:
        """Write an exponent or a mark above."""
        if re.search(r"\^\{[^{}]*\}$", base):
            base = f"{{{base}}}"  # TeX takes one superscript
        marks = {"T": r"\top", "-T": r"-\top", "star": r"\star", "zero": "0", "prime": r"\prime"}
        return f"{base}^{{{marks.get(exponent, exponent)}}}"

    def frac(self, over: str, under: str) -> str:
        """Write a fraction."""
        return rf"\tfrac{{{over}}}{{{under}}}" if over.isdigit() and under.isdigit() else rf"\frac{{{over}}}{{{under}}}"

    def parens(self, body: str, *, square: bool = False) -> str:
        """Write parentheses, or brackets."""
        tall = "frac{" in body.replace("tfrac{", "") or r"\sum" in body
        left, right = ("[", "]") if square else ("(", ")")
        return rf"\Bigl{left} {body} \Bigr{right}" if tall else f"{left}{body}{right}"

    def root(self, body: str) -> str:
        """Write a square root."""
        return rf"\sqrt{{{body}}}"

    def total(self, over: tuple[str, ...], body: str, *, stored: bool) -> str:
        """Write a sum over indices."""
        names = [self.index(index) for index in over]
        omega = self.letters.latex("Omega")
        below = ", ".join(names)
        if stored and len(over) == 2:
            below = rf"({below}) \in {omega}"
        elif stored:
            below = rf"{below} \in {omega}_{{{self.index('j' if over == ('i',) else 'i')}}}"
        return rf"\sum_{{{below}}} {body}"

    def trace(self, body: str) -> str:
        """Write a trace."""
        return rf"\operatorname{{tr}}({body})"

    def cat(self, vector: str, number: str) -> str:
        """Write a vector with a number below."""
        return rf"\begin{{pmatrix}} {vector} \\ {number} \end{{pmatrix}}"

    def special(self, role: str, sub: tuple[str, ...]) -> str | None:
        """Write what is not simply a letter."""
        written = {
            "lam_b": rf"{self.letters.latex('lam')}_{{{self.letters.latex('b')}}}",
            "alpha0": rf"{self.letters.latex('alpha')}_{{0}}",
            "ones": r"\mathbf{1}",
            "const": r"\mathrm{const}",
            "library": r"\mathtt{alsatian.objective.gradient}",
        }
        if role == "Omega" and sub:
            return rf"|{self.letters.latex('Omega')}_{{{self.index(sub[0])}}}|"
        return written.get(role)

    def leaf(self, leaf: Leaf) -> str:
        """Write a leaf."""
        return leaf.latex


_BELOW = dict(zip("0123456789aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
_ABOVE = {"T": "ᵀ", "-T": "⁻ᵀ", "-1": "⁻¹", "2": "²", "star": "*", "zero": "⁰", "prime": "′", "1": ""}


@dataclass(frozen=True)
class Plain:
    """Writes plain text, in Unicode."""

    letters: Letters
    minus: ClassVar[str] = "−"
    hadamard: ClassVar[str] = "∘"
    partial: ClassVar[str] = "∂"
    norm: ClassVar[tuple[str, str]] = ("‖", "‖")
    angle: ClassVar[tuple[str, str]] = ("⟨", "⟩")
    dot: ClassVar[str] = " · "

    @property
    def low(self) -> bool:
        """Whether Unicode has a subscript for every index; if it has not, all are written as in w_dj."""
        return all(self.letters.plain(index) in _BELOW for index in "ijt")

    def letter(self, role: str, mark: str, *, small: bool) -> str:
        """Write the letter of a role."""
        return self.letters.plain(role, small=small) + ("\u0303" if mark.startswith("tilde") else "")

    def index(self, index: str) -> str:
        """Write an index."""
        return self.letters.plain(index)

    def sub(self, base: str, indices: tuple[str, ...]) -> str:
        """Write indices below."""
        names = [self.index(index) for index in indices]
        if self.low:
            return base + "".join(_BELOW.get(sign, sign) for sign in "".join(names))
        return f"{base}_{''.join(names)}"

    def sup(self, base: str, exponent: str) -> str:
        """Write an exponent or a mark above."""
        return base + _ABOVE.get(exponent, f"^{exponent}")

    def frac(self, over: str, under: str) -> str:
        """Write a fraction."""
        if (over, under) == ("1", "2"):
            return "½"
        return f"{f'({over})' if ' + ' in over or ' − ' in over else over}/{_fenced(under)}"

    def parens(self, body: str, *, square: bool = False) -> str:
        """Write parentheses, or brackets."""
        return f"[{body}]" if square else f"({body})"

    def root(self, body: str) -> str:
        """Write a square root."""
        return f"√{body}"

    def total(self, over: tuple[str, ...], body: str, *, stored: bool) -> str:
        """Write a sum over indices."""
        if not stored:
            return f"{self.sub('Σ', over)} {body}"
        omega = self.letters.plain("Omega")
        domain = omega if len(over) == 2 else self.sub(omega, ("j" if over == ("i",) else "i",))
        names = ",".join(map(self.index, over))
        return f"Σ_{{{f'({names})' if len(over) == 2 else names} ∈ {domain}}} {body}"

    def trace(self, body: str) -> str:
        """Write a trace."""
        return f"tr({body})"

    def cat(self, vector: str, number: str) -> str:
        """Write a vector with a number below."""
        return f"({vector}, {number})"

    def special(self, role: str, sub: tuple[str, ...]) -> str | None:
        """Write what is not simply a letter."""
        written = {
            "lam_b": f"{self.letters.plain('lam')}_{self.letters.plain('b')}",
            "alpha0": f"{self.letters.plain('alpha')}₀",
            "ones": "𝟏",
            "const": "const",
            "library": "alsatian.objective.gradient",
        }
        if role == "Omega" and sub:
            return f"|{self.sub(self.letters.plain('Omega'), sub)}|"
        return written.get(role)

    def leaf(self, leaf: Leaf) -> str:
        """Write a leaf."""
        return leaf.text


def _fenced(text: str) -> str:
    """Put parentheses around what a fraction has below and is more than one word."""
    return text if text.startswith("∂") or " " not in text else f"({text})"
