"""Matrices and half-step problems that several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from scipy import sparse

from alsatian._engine import contract
from alsatian._engine.contract import OBSERVED, ZERO, Cells, Floats, Rule

MODES = ("full", "missing", "weighted", "zero", "zero_weighted", "hkv", "ials")
IMPLICIT = ("hkv", "ials")  # these have no biases
BIASES = ("none", "mean", "rows", "columns", "both")
EXPONENTS = (0.0, 0.5, 1.0)

_NAN = np.nan


def small_ratings() -> np.ndarray:
    """Five users by four items; NaN is absent."""
    return np.array([[5, 3, _NAN, 1], [4, _NAN, _NAN, 1], [1, 1, _NAN, 5], [_NAN, _NAN, 5, 4], [_NAN, 1, 5, 4]])


def stored(dense: np.ndarray) -> sparse.csr_array:
    """The cells of a dense matrix that are not NaN, zeros among them, as a sparse matrix."""
    rows, columns = np.nonzero(~np.isnan(dense))
    return sparse.csr_array(sparse.coo_array((dense[rows, columns], (rows, columns)), shape=dense.shape))


def as_cells(X: Any, weights: Any = None, *, rule: Rule = OBSERVED, dtype: Any = np.float64) -> Cells:
    """The contract's cells of a canonical CSR matrix, or of a dense one without NaN (then every cell counts)."""
    if not sparse.issparse(X):
        return Cells(X.shape, None, None, np.ascontiguousarray(X, dtype=dtype))
    return Cells(
        shape=X.shape,
        indptr=X.indptr.astype(np.int64),
        indices=X.indices.astype(np.int32),
        values=X.data.astype(dtype),
        weights=None if weights is None else weights.data.astype(dtype),
        rule=rule,
    )


@dataclass(frozen=True)
class Problem:
    """A half-step and the same problem in the words of `alsatian.objective`.

    Run it with ``half_step(p.cells, p.factors, out=..., out_bias=..., **p.arguments)`` and state it with
    ``loss(p.X, W, p.factors, row_bias=b, **p.settings)``; `start()` gives fresh old rows to write over.
    """

    name: str
    cells: Cells
    factors: Floats  # Z
    arguments: dict[str, Any]  # offset, ridge, scale
    old: Floats  # rows before the step
    old_bias: Floats | None  # None where the rows have no bias
    X: Any
    settings: dict[str, Any] = field(repr=False)  # keyword arguments of objective.loss, but for the row bias

    def start(self) -> tuple[Floats, Floats | None]:
        """Fresh copies of the old rows and biases."""
        return self.old.copy(), None if self.old_bias is None else self.old_bias.copy()


def problem(
    mode: str,
    bias: str = "none",
    nu: float = 1.0,
    *,
    shape: tuple[int, int] = (17, 13),
    k: int = 4,
    density: float = 0.4,
    ridge: tuple[float, float] = (0.3, 0.05),
    dtype: Any = np.float64,
    seed: int = 0,
) -> Problem:
    """A random problem of one mode, one kind of bias and one exponent of the ridge.

    Where cells can be absent, row 0 has none, row 1 has one and row 2 has all; where they have weights, those of row 3
    are all zero and the others are drawn from 0, less than one, one and more than one.
    """
    rng = np.random.default_rng([seed, MODES.index(mode), BIASES.index(bias)])
    m, n = shape
    # Numbers with few bits are the same in float32 and float64, so that both dtypes state one problem.
    x = _short(rng.normal(size=shape))
    z = _short(rng.normal(size=(n, k)))
    weights: Any = None
    X: Any = x
    if mode != "full":
        present = rng.random(shape) < density
        for row, columns in ((0, []), (1, [n // 2]), (2, range(n))):
            if row < m:
                present[row] = np.isin(np.arange(n), columns)
        X = stored(np.where(present, x, _NAN))
        if mode.endswith("weighted"):
            c = _short(rng.choice([0.0, 0.25, 1.0, 3.0, 8.0], size=X.nnz) * rng.choice([1.0, 1.375], size=X.nnz))
            c[::5] = 1.0
            if m > 3:
                c[X.indptr[3] : X.indptr[4]] = 0.0
            weights = sparse.csr_array((c, X.indices, X.indptr), shape=shape)

    rule = {"zero": ZERO, "zero_weighted": ZERO, "hkv": contract.hkv(1.5, 0.25), "ials": contract.ials(1.5, 0.25)}
    scale: Any = float(n) ** nu
    if mode in IMPLICIT:
        scale = (np.diff(X.indptr) + 0.25 * n) ** nu
    if mode in ("missing", "weighted"):
        counted = np.ones(X.nnz) if weights is None else weights.data > 0
        scale = np.bincount(X.tocoo().row[counted.astype(bool)], minlength=m).astype(np.float64) ** nu
    mean = 0.0 if bias == "none" else 0.75
    d = _short(rng.normal(size=n)) if bias in ("columns", "both") else None
    offset = None if bias == "none" else (np.full(n, mean) + (0.0 if d is None else d)).astype(dtype)
    has_row_bias = bias in ("rows", "both")
    return Problem(
        name=f"{mode}-{bias}-nu{nu:g}",
        cells=as_cells(X, weights, rule=rule.get(mode, OBSERVED), dtype=dtype),
        factors=z.astype(dtype),
        arguments={"offset": offset, "ridge": ridge, "scale": scale},
        old=_short(rng.normal(size=(m, k))).astype(dtype),
        old_bias=_short(rng.normal(size=m)).astype(dtype) if has_row_bias else None,
        X=X,
        settings={
            **({"objective": mode, "alpha": 1.5, "unobserved_weight": 0.25} if mode in IMPLICIT else {}),
            "column_bias": d,
            "mean": mean,
            "weights": weights,
            "absent": "zero" if mode.startswith("zero") else "missing",
            "reg": (ridge[0], 0.0),
            "bias_reg": (ridge[1], 0.0),
            "reg_exponent": nu,
        },
    )


def dense_row(cells: Cells, i: int) -> tuple[np.ndarray, np.ndarray]:
    """The targets and weights of all cells of row i, whose ½ Σ c (x − s)² is the row's objective up to a constant."""
    n, rule = cells.shape[1], cells.rule
    if cells.full:
        return cells.values[i].astype(np.float64), np.ones(n)
    x, c = np.zeros(n), np.full(n, rule.gram_weight)
    for position in range(cells.indptr[i], cells.indptr[i + 1]):
        j, value = cells.indices[position], float(cells.values[position])
        weight = 1.0 if cells.weights is None else float(cells.weights[position])
        if rule.alpha > 0:
            weight, value = rule.alpha * abs(value), float(value > 0)
        c[j] += weight - rule.less
        if c[j] > 0:
            x[j] = (weight + rule.more) * value / c[j]
    return x, c


def problems(exponents: tuple[float, ...] = EXPONENTS, **how: Any) -> Iterator[Problem]:
    """Yield `problem` for every mode, bias and exponent; `how` goes on to it."""
    for mode, bias, nu in product(MODES, BIASES, exponents):
        if mode not in IMPLICIT or bias == "none":
            yield problem(mode, bias, nu, **how)


def _short(numbers: np.ndarray) -> np.ndarray:
    return np.round(numbers * 1024) / 1024
