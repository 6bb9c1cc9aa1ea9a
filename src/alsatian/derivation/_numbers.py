"""The arrays on which a derivation is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.derivation._options import Options
from alsatian.objective import gradient, loss
from alsatian.objective._differences import Difference, Lines, evaluate

Array = NDArray[np.float64]

CELLS = frozenset({"X", "Y", "P", "G", "R", "C", "M", "ones"})
DIAGONAL = frozenset({"C", "M"})


@dataclass(frozen=True)
class Numbers:
    """One problem in numbers; `value` finds what a letter of a formula stands for.

    X has 0 where a cell is missing and `X_other` anything else, so that what depends on the filling shows.
    """

    options: Options
    X: Array
    X_other: Array
    M: Array  # 1 where a cell is observed (explicit) or stored (implicit)
    c: Array  # the weights, 0 where a cell is missing; explicit objective
    W: Array
    Z: Array
    b: Array
    d: Array
    mu: float
    lam: float
    lam_b: float
    alpha: float
    alpha0: float
    H: Array  # a direction, of the unknown's shape; in units of the steps
    Q: Array  # k × k, invertible
    Q_orthogonal: Array

    # Sizes

    def size(self, index: str) -> int:
        """Give the number of values that an index takes."""
        m, n = self.X.shape
        sizes: dict[str, int] = {"i": m, "j": n, "t": self.unknown.shape[1]}
        return sizes[index.rstrip("'")]

    @property
    def p(self) -> str:
        """The index of the unknown's rows."""
        return "j" if self.options.wrt == "Z" else "i"

    # The two sides

    @cached_property
    def unknown(self) -> Array:
        """U: the block that is derived by, with its bias as a last column where there is one."""
        factors, bias = (self.Z, self.d) if self.options.wrt == "Z" else (self.W, self.b)
        return np.column_stack([factors, bias]) if self.options.bias else factors

    @cached_property
    def fixed(self) -> Array:
        """V: the other block, with a last column of ones where the unknown has a bias."""
        factors = self.W if self.options.wrt == "Z" else self.Z
        return np.column_stack([factors, np.ones(len(factors))]) if self.options.bias else factors

    def with_unknown(self, U: Array) -> Numbers:
        """Put another matrix in the place of the unknown."""
        k = self.W.shape[1]
        factors = "Z" if self.options.wrt == "Z" else "W"
        changed: dict[str, Any] = {factors: U[:, :k]}
        if self.options.bias:
            changed["d" if self.options.wrt == "Z" else "b"] = U[:, k]
        return replace(self, **changed)

    def turn(self, cells: Array) -> Array:
        """Turn a matrix of cells so that its rows belong to the rows of the unknown."""
        return cells.T if self.options.wrt == "Z" else cells

    # The data as the formulas have them

    @cached_property
    def offset(self) -> Array:
        """The fixed part of the scores, o = μ + the bias of the other side."""
        return self.mu + (self.b if self.options.wrt == "Z" else self.d)

    @cached_property
    def strength(self) -> Array:
        """The strength of implicit cells, g = |x|."""
        return np.abs(self.X)

    @cached_property
    def C(self) -> Array:  # noqa: N802 - the letter of the formulas
        """The weight of each cell, in the quadratic that is minimised."""
        return self.alpha0 + self.alpha * self.strength if self.options.implicit else self.c

    @cached_property
    def target(self) -> Array:
        """D: what W Zᵀ (with their bias columns) is to meet."""
        if self.options.objective == "hkv":
            return self.preference
        if self.options.objective == "ials":
            return self.alpha * self.strength * self.preference / self.C
        if self.options.bias:
            return self.X - (self.offset[:, None] if self.options.wrt == "Z" else self.offset)
        return self.X

    @cached_property
    def preference(self) -> Array:
        """P: one where x > 0."""
        return (self.X > 0).astype(np.float64)

    @cached_property
    def residual(self) -> Array:
        """R = W Zᵀ − D."""
        product = self.fixed @ self.unknown.T
        return (product if self.options.wrt == "Z" else product.T) - self.target

    # The ridge

    def count(self, index: str) -> Array:
        """Count the observed cells by row ("i") or by column ("j")."""
        cells = self.M if self.options.implicit else (self.c > 0).astype(np.float64)
        return np.asarray(cells.sum(axis=1 if index == "i" else 0))

    def scale(self, index: str) -> Array:
        """Give what multiplies λ in each row ("i") or column ("j"): countᵛ, or 0 where there is no ridge."""
        if self.options.reg_exponent is None:
            return np.zeros(self.size(index))
        m, n = self.X.shape
        more = self.alpha0 * (n if index == "i" else m) if self.options.implicit else 0.0
        return (self.count(index) + more) ** self.options.reg_exponent

    @cached_property
    def Lambda(self) -> Array:  # noqa: N802
        """Λ = diag(λ, …, λ), with λ_b at the end where there is a bias."""
        k = self.W.shape[1]
        return np.diag([self.lam] * k + [self.lam_b] * self.options.bias)

    # The solutions, by least squares with the ridge as more rows of data: not by the formulas that are checked

    @cached_property
    def minimiser(self) -> Array:
        """U*: the best unknown for the other side as it is."""
        return self._least_squares(self.turn(self.C), self.turn(self.target), self.scale(self.p))

    @cached_property
    def zero_filled(self) -> Array:
        """The best unknown if missing cells are taken for zeros of weight one."""
        filled = self.turn(self.M * self.target)
        return self._least_squares(np.ones_like(filled), filled, np.full(len(filled), self.full_scale))

    @cached_property
    def full_scale(self) -> float:
        """Give what multiplies λ in a row of the unknown all of whose cells count; infinite where it overflows."""
        nu = self.options.reg_exponent
        return 0.0 if nu is None else float(np.float64(len(self.fixed)) ** nu)

    def _least_squares(self, weights: Array, targets: Array, scales: Array) -> Array:
        solved = []
        for c, y, scale in zip(weights, targets, scales, strict=True):
            design = np.vstack([np.sqrt(c)[:, None] * self.fixed, np.sqrt(scale * self.Lambda)])
            wanted = np.concatenate([np.sqrt(c) * y, np.zeros(len(self.Lambda))])
            solution = np.linalg.lstsq(design, wanted, rcond=None)[0]
            # Once more for what rounding has left of the gradient, which a large misfit hides from the first time.
            slope = design.T @ (wanted - design @ solution)
            dual = np.linalg.lstsq(design.T, slope, rcond=None)[0]
            solved.append(solution + np.linalg.lstsq(design, dual, rcond=None)[0])
        return np.array(solved)

    @cached_property
    def systems(self) -> tuple[Array, Array]:
        """The matrices A_p and right-hand sides β_p of all rows, cell by cell."""
        V, weights, targets = self.fixed, self.turn(self.C), self.turn(self.target)
        A = np.einsum("pq,qs,qt->pst", weights, V, V) + self.scale(self.p)[:, None, None] * self.Lambda
        return A, np.einsum("pq,pq,qt->pt", weights, targets, V)

    # The objective, by the library

    @cached_property
    def _settings(self) -> dict[str, Any]:
        o = self.options
        if o.implicit:
            model: dict[str, Any] = {
                "objective": o.objective,
                "alpha": self.alpha,
                "unobserved_weight": self.alpha0,
            }
        else:
            model = {"weights": self.c if o.weights else None, "mean": self.mu if o.bias else 0.0}
        ridge = {"reg": self.lam, "bias_reg": self.lam_b, "reg_exponent": o.reg_exponent or 0.0} if o.ridge else {}
        return model | ridge

    @cached_property
    def _blocks(self) -> dict[str, Array]:
        biases = {"row_bias": self.b[:, None], "column_bias": self.d[:, None]} if self.options.bias else {}
        return {"W": self.W, "Z": self.Z, **biases}

    @cached_property
    def _data(self) -> Array:
        return np.where(self.M > 0, self.X, np.nan) if self.options.missing else self.X

    def loss(self, W: Array | None = None, Z: Array | None = None) -> float:
        """Evaluate f with `alsatian.objective`, at other factors where given."""
        W, Z = self.W if W is None else W, self.Z if Z is None else Z
        return loss(self._data, W, Z, **self._biases, **self._settings)

    @cached_property
    def gradient(self) -> Array:
        """The gradient by the unknown with `alsatian.objective`."""
        g = gradient(self._data, self.W, self.Z, **self._biases, **self._settings)
        factors, bias = (g.Z, g.column_bias) if self.options.wrt == "Z" else (g.W, g.row_bias)
        return factors if bias is None else np.column_stack([factors, bias])

    @property
    def _biases(self) -> dict[str, Any]:
        return {"row_bias": self.b, "column_bias": self.d} if self.options.bias else {}

    @cached_property
    def constant(self) -> float:
        """The part of f that does not move with the unknown: the other ridge, and what completing a square leaves."""
        o = self.options
        q, factors, bias = ("i", self.W, self.b) if o.wrt == "Z" else ("j", self.Z, self.d)
        rest = 0.0
        if o.ridge:
            per_row = self.lam * np.sum(factors**2, axis=1) + (self.lam_b * bias**2 if o.bias else 0.0)
            rest = 0.5 * float(self.scale(q) @ per_row)
        if o.objective == "ials":
            own = self.alpha * self.strength * self.preference
            rest += 0.5 * float(np.sum(own * self.preference - own**2 / self.C))
        return rest

    # Differences

    @cached_property
    def _differences(self) -> list[Difference]:
        """Derive f by each entry of the unknown, on its own terms and at the step that suits them."""
        k = self.W.shape[1]
        side, bias = ("Z", "column_bias") if self.options.wrt == "Z" else ("W", "row_bias")
        lines = Lines(self._data, self._blocks, self._settings, rows=side == "W")
        places = np.ndindex(self.unknown.shape)
        return [lines.derivative(side, p, t) if t < k else lines.derivative(bias, p, 0) for p, t in places]

    @cached_property
    def slopes(self) -> Array:
        """The derivative of f by each entry of the unknown, by central differences of `alsatian.objective.loss`."""
        return np.reshape([found.slope for found in self._differences], self.unknown.shape)

    @property
    def slope_size(self) -> float:
        """The size of the terms that the largest of the derivatives of f is a sum of."""
        return max(found.size for found in self._differences)

    @cached_property
    def steps(self) -> Array:
        """The step for each entry of the unknown at which the terms of f that move with it lose the fewest digits."""
        return np.reshape([found.step for found in self._differences], self.unknown.shape)

    @cached_property
    def terms(self) -> float:
        """What f would be if nothing in it cancelled."""
        return evaluate(self._data, self._blocks, self._settings, uncancelled=True)

    @cached_property
    def taus(self) -> Array:
        """τ: the same for f as a whole, whose terms are more, so that the step has to be longer."""
        terms = np.reshape([found.terms for found in self._differences], self.unknown.shape)
        longer = np.divide(self.terms, terms, out=np.ones_like(terms), where=terms > 0)
        return np.asarray(self.steps * np.sqrt(longer))

    @cached_property
    def usual_size(self) -> float:
        """The size of the unknown, a step that suits what depends on it alone."""
        return float(np.sqrt(np.mean(self.unknown**2))) or 1.0

    @cached_property
    def _moved_once(self) -> dict[tuple[int, int, float], Numbers]:
        return {}

    def moved(self, p: int, t: int, step: float) -> Numbers:
        """Move one entry of the unknown."""
        key = (p, t, step)
        if key not in self._moved_once:
            U = self.unknown.copy()
            U[p, t] += step
            self._moved_once[key] = self.with_unknown(U)
        return self._moved_once[key]

    @cached_property
    def curvature(self) -> Array:
        """The second derivatives, indexed by p, t, p' and t', by central differences of the gradient."""
        U = self.unknown
        found = [
            (self.moved(p, t, step).gradient - self.moved(p, t, -step).gradient) / (2 * step)
            for (p, t), step in np.ndenumerate(self.steps)
        ]
        return np.reshape(found, U.shape * 2)

    # Letters

    @cached_property
    def matrices(self) -> dict[Any, Array]:
        """Formulas that were evaluated before."""
        return {}

    def array(self, role: str, mark: str) -> Array | float:
        """Give what a letter stands for."""
        value: Array | float = self._table[role, mark]()
        return value

    @cached_property
    def _table(self) -> Mapping[tuple[str, str], Any]:
        m, n = self.X.shape
        U, V = self.options.wrt, "W" if self.options.wrt == "Z" else "Z"
        tilde = "tilde" if self.options.bias else ""
        own = {
            ("X", ""): lambda: self.X,
            ("X", "prime"): lambda: self.X_other,
            ("Y", ""): lambda: self.target,
            ("P", ""): lambda: self.preference,
            ("G", ""): lambda: self.strength,
            ("C", ""): lambda: self.C,
            ("M", ""): lambda: self.M,
            ("R", ""): lambda: self.residual,
            ("ones", ""): lambda: np.ones((m, n)),
            ("W", ""): lambda: self.W,
            ("Z", ""): lambda: self.Z,
            (U, tilde): lambda: self.unknown,
            (V, tilde): lambda: self.fixed,
            (U, f"{tilde} star".strip()): lambda: self.minimiser,
            (U, f"{tilde} zero".strip()): lambda: self.zero_filled,
            ("H", ""): lambda: self.H * self.taus,
            ("Q", ""): lambda: self.Q,
            ("Q", "prime"): lambda: self.Q_orthogonal,
            ("A", ""): lambda: self.systems[0],
            ("B", ""): lambda: (
                self.alpha0 * self.fixed.T @ self.fixed + self.scale(self.p)[:, None, None] * self.Lambda
            ),
            ("beta", ""): lambda: self.systems[1],
            ("b", ""): lambda: self.b,
            ("d", ""): lambda: self.d,
            ("o", ""): lambda: self.offset,
            ("tau", ""): lambda: self.taus,
            ("Gamma", ""): lambda: np.diag(self.scale(self.p)),
            ("Lambda", ""): lambda: self.Lambda,
            ("I", ""): lambda: np.eye(self.unknown.shape[1]),
            ("I", "short"): lambda: np.eye(self.W.shape[1]),
            ("I", "long"): lambda: np.eye(len(self.fixed)),
            ("library", ""): lambda: self.gradient,
        }
        scalars = {
            "m": m,
            "n": n,
            "k": self.W.shape[1],
            "lam": self.lam,
            "lam_b": self.lam_b,
            "alpha": self.alpha,
            "alpha0": self.alpha0,
            "mu": self.mu,
            "const": self.constant,
        }
        return own | {(role, ""): (lambda value=value: float(value)) for role, value in scalars.items()}
