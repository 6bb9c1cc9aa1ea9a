"""The letters and formulas that the steps share, as the options of a derivation have them.

The unknown block is U and the other one V, with rows u_p and v_q: for the derivative by Z these are z_j and w_i, for
the one by W they are w_i and z_j. Everything that differs between the two is here, so that each road is written once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from alsatian.derivation._expr import (
    HALF,
    Expr,
    Had,
    Norm2,
    Power,
    Sqrt,
    Sym,
    Total,
    add,
    mul,
)
from alsatian.derivation._notation import Letters
from alsatian.derivation._options import Options
from alsatian.derivation._steps import Chain, Step

X, W, Z, R, C, M, P, Y, G, H, Q, A, I = (Sym(role) for role in "XWZRCMPYGHQAI")  # noqa: E741 - the letter of the identity
LAM, LAM_B, ALPHA, ALPHA0, MU, BETA, TAU, CONST = (
    Sym(role) for role in ("lam", "lam_b", "alpha", "alpha0", "mu", "beta", "tau", "const")
)
GAMMA, LAMBDA, OMEGA, ONES, B, D, OFFSET = (Sym(role) for role in ("Gamma", "Lambda", "Omega", "ones", "b", "d", "o"))


@dataclass(frozen=True)
class Scene:
    """What the options make of each letter and term."""

    o: Options
    letters: Letters

    # The two sides

    @property
    def p(self) -> str:
        """The index of the unknown's rows."""
        return "j" if self.o.wrt == "Z" else "i"

    @property
    def q(self) -> str:
        """The index of the other block's rows."""
        return "i" if self.o.wrt == "Z" else "j"

    @property
    def p2(self) -> str:
        """A second index of the unknown's rows."""
        return self.p + "'"

    @cached_property
    def left(self) -> Sym:
        """W, with the bias column where there is one."""
        return Sym("W", mark="tilde" if self.o.bias else "")

    @cached_property
    def right(self) -> Sym:
        """Z, with the bias column where there is one."""
        return Sym("Z", mark="tilde" if self.o.bias else "")

    @property
    def U(self) -> Sym:  # noqa: N802 - the letter of the formulas
        """The unknown block."""
        return self.right if self.o.wrt == "Z" else self.left

    @property
    def V(self) -> Sym:  # noqa: N802
        """The block that is held fixed."""
        return self.left if self.o.wrt == "Z" else self.right

    @property
    def u(self) -> Sym:
        """A row of the unknown, as a column vector."""
        return self.U[self.p]

    @property
    def v(self) -> Sym:
        """A row of the other block, as a column vector."""
        return self.V[self.q]

    @property
    def best(self) -> Sym:
        """The minimiser U*, with the bias column where there is one."""
        return Sym(self.o.wrt, mark="tilde star" if self.o.bias else "star")

    @property
    def zero_filled(self) -> Sym:
        """The minimiser where the holes are filled with zeros."""
        return Sym(self.o.wrt, mark="tilde zero" if self.o.bias else "zero")

    @property
    def target(self) -> Sym:
        """What the product is to meet."""
        if self.o.objective == "hkv":
            return P
        return Y if self.o.bias or self.o.objective == "ials" else X

    @property
    def y(self) -> Sym:
        """The target's row or column that belongs to one row of the unknown."""
        return self.target[self.p]

    @property
    def product(self) -> Expr:
        """W Zᵀ."""
        return self.left * self.right.T

    def turn(self, cells: Expr) -> Expr:
        """Turn a matrix of cells so that its rows belong to the rows of the unknown."""
        return cells.T if self.o.wrt == "Z" else cells

    def across(self, one: Expr, other: Expr) -> Expr:
        """Multiply something of the unknown's size with something of the other's size to a matrix of cells."""
        return other * one.T if self.o.wrt == "Z" else one * other.T

    # Weights

    @property
    def weight(self) -> Sym | None:
        """The matrix of weights or the mask, where there is one."""
        if self.o.weights or self.o.implicit:
            return C
        return M if self.o.missing else None

    @property
    def cell(self) -> Expr | None:
        """The weight of one cell."""
        return None if self.weight is None else self.weight["i", "j"]

    @property
    def diagonal(self) -> Expr | None:
        """The weights of one row of the unknown, as a diagonal matrix."""
        return None if self.weight is None else self.weight[self.p]

    @property
    def diagonal_root(self) -> Expr | None:
        """Its square root; a mask is its own."""
        return Sqrt(C[self.p]) if self.weight == C else self.diagonal

    def weigh(self, cells: Expr) -> Expr:
        """Multiply each cell by its weight."""
        return cells if self.weight is None else Had(self.weight, cells)

    def weigh_by_root(self, cells: Expr) -> Expr:
        """Multiply each cell by the root of its weight."""
        return Had(Sqrt(C), cells) if self.weight == C else self.weigh(cells)

    # The ridge

    def scale(self, index: str) -> Expr | None:
        """Give countᵛ, which multiplies λ; None where it is one."""
        nu = self.o.reg_exponent
        if not nu:
            return None
        whole = Sym("n") if index.startswith("i") else Sym("m")
        count: Expr = whole if self.o.shared else OMEGA[index]
        if self.o.implicit:
            count = count + ALPHA0 * whole
        return count if nu == 1 else Power(count, nu)

    @property
    def lam(self) -> Expr | None:
        """The ridge of one row of the unknown: a number, or with a bias a diagonal matrix."""
        if not self.o.ridge:
            return None
        scale = self.scale(self.p)
        return mul(scale, LAMBDA) if self.o.bias else mul(LAM, scale)

    @property
    def ridge_matrix(self) -> Expr | None:
        """The ridge of one row as a matrix."""
        return self.lam if self.lam is None or self.o.bias else self.lam * I

    def ridge_of(self, vector: Expr) -> Expr | None:
        """Apply the ridge of one row to a vector."""
        return None if self.lam is None else self.lam * vector

    def ridge_laid(self, vector: Expr) -> Expr | None:
        """Apply the ridge of one row to a vector that is laid down."""
        if self.lam is None:
            return None
        return mul(self.scale(self.p), vector.T, LAMBDA) if self.o.bias else self.lam * vector.T

    def ridge_block(self, block: Expr) -> Expr | None:
        """Apply the ridge to all rows."""
        if not self.o.ridge:
            return None
        scale = GAMMA if self.o.counted else self.scale(self.p)
        return mul(scale, block, LAMBDA) if self.o.bias else mul(LAM, scale, block)

    def ridge_entry(self, t: str = "t") -> Expr | None:
        """Apply the ridge to one entry of the unknown."""
        if not self.o.ridge:
            return None
        if self.o.bias:
            return mul(self.scale(self.p), LAMBDA["t", "t"], self.U[self.p, t])
        return mul(LAM, self.scale(self.p), self.U[self.p, t])

    def ridge_form(self, vector: Expr) -> Expr | None:
        """Give the ridge of one row as a number, without its ½."""
        if not self.o.ridge:
            return None
        scale = self.scale(self.p)
        return mul(scale, vector.T, LAMBDA, vector) if self.o.bias else mul(LAM, scale, Norm2(vector))

    @property
    def ridge_total(self) -> Expr | None:
        """Give the ridge of the unknown as it stands in f."""
        if not self.o.ridge:
            return None
        if self.o.bias or self.o.counted:
            inside = self.ridge_form(self.u)
            assert inside is not None
            return HALF * Total((self.p,), inside)
        return mul(HALF, LAM, self.scale(self.p), Norm2(self.U))

    @property
    def constant(self) -> Expr | None:
        """What f has besides, and what does not move with the unknown."""
        return CONST if self.o.ridge or self.o.objective == "ials" else None

    # The results

    @property
    def gradient(self) -> Expr:
        """The line in which all roads end, with the residual R."""
        return add(self.turn(self.weigh(R)) * self.V, self.ridge_block(self.U))

    @property
    def gradient_in_full(self) -> Expr:
        """The same with the residual written out."""
        return add(self.turn(self.weigh(self.product - self.target)) * self.V, self.ridge_block(self.U))

    @property
    def system(self) -> Expr:
        """The matrix A_p of the normal equations."""
        return add(mul(self.V.T, self.diagonal, self.V), self.ridge_matrix)

    @property
    def right_side(self) -> Expr:
        """The right-hand side β_p."""
        return mul(self.V.T, self.diagonal, self.y)

    # Steps

    def step(self, key: str, part: str, title: str, *chains: Chain, words: str, **fields: Expr | str) -> Step:
        """Make a step; the words may name what the vocabulary has, in braces."""
        said = re.sub(r"\bf\b", "{f}", " ".join(words.split()))
        # The bias is one more unknown of each row.
        said = said.replace("{wide}", "({k} + 1)" if self.o.bias else "{k}")
        return Step(key, part, self.plain(title), chains, said, {**self.vocabulary, **fields}, self.letters)

    def plain(self, title: str) -> str:
        """Fill letters into a title, which is plain text in every form."""
        names = {role: self.letters.plain(role) for role in ("X", "W", "Z", "C", "M")}
        block = self.letters.plain(self.o.wrt)
        return title.format(**names, U=block, u=block.lower(), line=self.line, data=self.letters.plain("X", small=True))

    @property
    def line(self) -> str:
        """What of X belongs to one row of the unknown."""
        return "column" if self.o.wrt == "Z" else "row"

    @cached_property
    def vocabulary(self) -> dict[str, Expr | str]:
        """The words and formulas that reasons may name."""
        wide = self.o.wrt == "Z"
        known: dict[str, Expr | str] = {
            "line": self.line,
            "other_line": "row" if wide else "column",
            "U": self.U,
            "V": self.V,
            "u": self.u,
            "v": self.v,
            "u_pt": self.U[self.p, "t"],
            "v_qt": self.V[self.q, "t"],
            "y": self.y,
            "target": self.target,
            "R_turned": self.turn(R),
            "C_p": self.diagonal or I,
            "A_p": A[self.p],
            "beta_p": BETA[self.p],
            "cell": self.cell or I,
            "weight": self.weight or I,
            "p": Sym(self.p),
            "q": Sym(self.q),
            "t": Sym("t"),
            "many": Sym("n" if wide else "m"),
            "others": Sym("m" if wide else "n"),
            "count": OMEGA[self.p],
            "whole_count": Sym("m" if wide else "n"),
            "f": Sym("f"),
            "scale": self.scale(self.p) or OMEGA[self.p],
            "best": self.best,
        }
        letters = {role: Sym(role) for role in "XWZRCMPYGHQAEImnkij"}
        greek = {
            "lam": LAM,
            "lam_b": LAM_B,
            "alpha": ALPHA,
            "alpha0": ALPHA0,
            "mu": MU,
            "Omega": OMEGA,
            "ones": ONES,
            "const": CONST,
            "Lambda": LAMBDA,
            "Gamma": GAMMA,
            "tau": TAU,
        }
        return {**letters, **greek, **known}
