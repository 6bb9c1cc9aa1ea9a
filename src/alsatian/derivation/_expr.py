"""Formulas as trees. One tree is printed (in LaTeX or plain text) and evaluated: what is shown is what is checked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction

Index = (
    str  # the role of an index: "i" (rows of X), "j" (columns of X), "t" (components); "i'" and "j'" are second ones
)


class Expr:
    """A formula: `+`, `-`, `*` (matrix product or multiple, as on paper) and `.T` build larger ones."""

    def __add__(self, other: Expr) -> Expr:
        return Add((*_terms(self), *_terms(other)))

    def __sub__(self, other: Expr) -> Expr:
        return Add((*_terms(self), Neg(other)))

    def __neg__(self) -> Expr:
        return Neg(self)

    def __mul__(self, other: Expr) -> Expr:
        return Mul((*_factors(self), *_factors(other)))

    @property
    def T(self) -> Expr:  # noqa: N802 - as in NumPy
        """The transpose."""
        return Transpose(self)


@dataclass(frozen=True)
class Num(Expr):
    """A number."""

    value: Fraction


@dataclass(frozen=True)
class Sym(Expr):
    """A letter, by its role; with one index a row, column or diagonal matrix, with two an entry.

    `mark` tells apart what shares a letter: "tilde" (with a bias), "star" (the minimiser), "zero" (after filling with
    zeros), "prime" (filled with anything), "tilde star" and "tilde zero" (with a bias).
    """

    role: str
    sub: tuple[Index, ...] = ()
    mark: str = ""

    def __getitem__(self, sub: Index | tuple[Index, ...]) -> Sym:
        return Sym(self.role, sub if isinstance(sub, tuple) else (sub,), self.mark)


@dataclass(frozen=True)
class Leaf(Expr):
    """Something printed as given, whose value is a number."""

    latex: str
    text: str
    value: float


@dataclass(frozen=True)
class Unit(Expr):
    """The matrix E_pt of the unknown's size: one in row p and column t, zero elsewhere."""

    sub: tuple[Index, Index]


@dataclass(frozen=True)
class Delta(Expr):
    """One where two indices are equal, zero elsewhere."""

    sub: tuple[Index, Index]


@dataclass(frozen=True)
class Add(Expr):
    """A sum of terms."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True)
class Neg(Expr):
    """A formula with its sign changed."""

    body: Expr


@dataclass(frozen=True)
class Mul(Expr):
    """A product: of matrices, or of numbers with anything."""

    factors: tuple[Expr, ...]


@dataclass(frozen=True)
class Had(Expr):
    """The product ∘ cell by cell."""

    left: Expr
    right: Expr


@dataclass(frozen=True)
class Frac(Expr):
    """A fraction of two numbers."""

    over: Expr
    under: Expr


@dataclass(frozen=True)
class Transpose(Expr):
    """A transpose."""

    body: Expr


@dataclass(frozen=True)
class Inv(Expr):
    """An inverse."""

    body: Expr


@dataclass(frozen=True)
class Square(Expr):
    """The square of a number, or of each cell."""

    body: Expr


@dataclass(frozen=True)
class Power(Expr):
    """A power of a number, the exponent printed as it is."""

    body: Expr
    exponent: float


@dataclass(frozen=True)
class Sqrt(Expr):
    """The square root of a number, or of each cell."""

    body: Expr


@dataclass(frozen=True)
class Total(Expr):
    """A sum over one index or two; `stored` restricts it to the observed cells Ω."""

    over: tuple[Index, ...]
    body: Expr
    stored: bool = False


@dataclass(frozen=True)
class Norm2(Expr):
    """The squared norm: the sum of the squares of all cells."""

    body: Expr


@dataclass(frozen=True)
class Trace(Expr):
    """The trace."""

    body: Expr


@dataclass(frozen=True)
class Inner(Expr):
    """The inner product ⟨A, B⟩: the sum of A ∘ B."""

    left: Expr
    right: Expr


@dataclass(frozen=True)
class Entry(Expr):
    """One cell of a matrix that is given by a formula."""

    body: Expr
    sub: tuple[Index, Index]


@dataclass(frozen=True)
class Stack(Expr):
    """The matrix that has a formula in each cell (two indices), or as each row (one index)."""

    body: Expr
    over: tuple[Index, ...]


@dataclass(frozen=True)
class Cat(Expr):
    """A vector with one more number below it."""

    vector: Expr
    number: Expr


@dataclass(frozen=True)
class Loss(Expr):
    """f; of the blocks that are given as formulas, and of the others as they are."""

    blocks: tuple[tuple[Sym, Expr], ...] = ()


@dataclass(frozen=True)
class Deriv(Expr):
    """The derivative of a formula by an entry, a row or all of the unknown; it is evaluated by central differences."""

    of: Expr
    by: Sym


@dataclass(frozen=True)
class Hess(Expr):
    """The block ∂²f/∂u_p ∂u_p'ᵀ; it is evaluated by central differences of the gradient."""

    rows: Sym
    columns: Sym


HALF = Num(Fraction(1, 2))
TWO = Num(Fraction(2))
ONE = Num(Fraction(1))
ZERO = Num(Fraction(0))
F = Loss()


def add(*terms: Expr | None) -> Expr:
    """Add up the terms that are not None."""
    kept = [term for term in terms if term is not None]
    total = kept[0]
    for term in kept[1:]:
        total = total - term.body if isinstance(term, Neg) else total + term
    return total


def mul(*factors: Expr | None) -> Expr:
    """Multiply the factors that are not None."""
    kept = [factor for factor in factors if factor is not None]
    product = kept[0]
    for factor in kept[1:]:
        product = product * factor
    return product


def children(e: Expr) -> list[Expr]:
    """List the formulas that a formula is directly made of."""
    found: list[Expr] = []
    for f in fields(e):  # type: ignore[arg-type]
        value = getattr(e, f.name)
        if isinstance(value, Expr):
            found.append(value)
        elif isinstance(value, tuple):
            found.extend(part for part in value if isinstance(part, Expr))
            found.extend(pair[1] for pair in value if isinstance(pair, tuple))
    return found


def free_indices(e: Expr) -> list[Index]:
    """List the indices that a formula leaves open, in the order in which they come."""
    own = e.sub if isinstance(e, Sym | Unit | Delta | Entry) else ()
    bound = e.over if isinstance(e, Total | Stack) else ()
    found = [*own, *(index for child in children(e) for index in free_indices(child))]
    return list(dict.fromkeys(index for index in found if index not in bound))


def _terms(e: Expr) -> tuple[Expr, ...]:
    return e.terms if isinstance(e, Add) else (e,)


def _factors(e: Expr) -> tuple[Expr, ...]:
    return e.factors if isinstance(e, Mul) else (e,)
