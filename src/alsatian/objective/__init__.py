"""The objective that every model minimises, and its gradient, stated plainly in NumPy and SciPy.

X is m × n, W (row factors) m × k, Z (column factors) n × k, and Ω are the observed (stored) cells. The score of a cell
is s_ij = μ + b_i + d_j + w_i·z_j, and with a weight C and a target P for each cell of Ω::

    f = ½ Σ_Ω [C_ij (P_ij − s_ij)² − e s_ij²]  +  ½ α₀ Σ_all s_ij²
      + ½ Σ_i count_i^ν (λ_w ‖w_i‖² + λ_b b_i²)  +  ½ Σ_j count_j^ν (λ_z ‖z_j‖² + λ_d d_j²)

============================== ========= ===== ==== ==== ==========================================
objective                      C         P     e    α₀   count_i (count_j likewise)
============================== ========= ===== ==== ==== ==========================================
"explicit", absent="missing"   c         x     0    0    cells of weight c > 0 in the row
"explicit", absent="zero"      c         x     1    1    n
"hkv"                          α₀ + αg   x > 0 α₀   α₀   n_i + α₀ n ("all"), or n_i ("observed")
"ials"                         αg        x > 0 0    α₀   n_i + α₀ n ("all"), or n_i ("observed")
============================== ========= ===== ==== ==== ==========================================

c is the weight of a cell (one unless given), g = abs(x) ("linear") or log(1 + abs(x) / ε) ("log"), and n_i the number
of cells in row i that are not zero. The term −e s² takes back what the sum over all cells counts a second time on Ω.

Sources: ν = 1 (ALS-WR), Zhou, Wilkinson, Schreiber and Pan, "Large-scale parallel collaborative filtering for the
Netflix Prize" (2008); "hkv", Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets" (2008),
eq. 3; "ials", the count n_i + α₀ n and the exponent ν, Rendle, Krichene, Zhang and Koren, "Revisiting the performance
of iALS on item recommendation benchmarks" (2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, NamedTuple, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from alsatian._tables import real
from alsatian.objective._cells import Omega, read_cells
from alsatian.objective._check import GradientCheck, check_gradient

__all__ = ["Gradient", "GradientCheck", "LossParts", "Settings", "check_gradient", "gradient", "loss", "loss_parts"]

Objective = Literal["explicit", "hkv", "ials"]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Absent = Literal["missing", "zero"]
Confidence = Literal["linear", "log"]
Count = Literal["all", "observed"]
Pair = tuple[float, float]

_REAL = "biuf"  # kinds of NumPy's types
_BLOCK_NUMBERS = 1 << 20  # numbers gathered at once when scores are computed: 8 MiB for each side


class LossParts(NamedTuple):
    """The objective in its three parts; their sum is the loss."""

    fit: float
    row_ridge: float
    column_ridge: float


class Gradient(NamedTuple):
    """The gradient of the objective; the part of a bias that was not given is None."""

    W: Matrix
    Z: Matrix
    row_bias: Vector | None
    column_bias: Vector | None


class Settings(TypedDict, total=False):
    """The keyword parameters of :func:`loss`, where they are described."""

    row_bias: ArrayLike | None
    column_bias: ArrayLike | None
    mean: float
    weights: Any
    absent: Absent
    objective: Objective
    alpha: float | None
    unobserved_weight: float | None
    confidence: Confidence | None
    confidence_scale: float | None
    reg_count: Count | None
    reg: float | Pair
    reg_exponent: float
    bias_reg: float | Pair | None


def loss(
    X: Any,
    W: ArrayLike,
    Z: ArrayLike,
    *,
    row_bias: ArrayLike | None = None,
    column_bias: ArrayLike | None = None,
    mean: float = 0.0,
    weights: Any = None,
    absent: Absent = "missing",
    objective: Objective = "explicit",
    alpha: float | None = None,
    unobserved_weight: float | None = None,
    confidence: Confidence | None = None,
    confidence_scale: float | None = None,
    reg_count: Count | None = None,
    reg: float | Pair = 0.0,
    reg_exponent: float = 1.0,
    bias_reg: float | Pair | None = None,
) -> float:
    """Evaluate the objective at given factors, in float64.

    Parameters
    ----------
    X : array-like, data frame or sparse matrix of shape (m, n)
        Dense: a cell is missing where it is NaN or null, or masked in a masked array (an error where the objective is
        implicit). Sparse: duplicated entries are summed, and `absent` says what a cell that is not stored is. Never
        made dense.
    W, Z : array-like of shape (m, k) and (n, k)
        Row and column factors.
    row_bias, column_bias : array-like of shape (m,) and (n,), or None
        b and d. Explicit objective only.
    mean : float, default=0.0
        μ, the fixed part of every score. Explicit objective only.
    weights : array-like, data frame or sparse matrix of shape (m, n), or None
        Weight c >= 0 of each cell; zero, or a masked weight, makes the cell missing. Dense weights have one for each
        cell of X, whatever X is; under ``absent="zero"`` those of the cells that a sparse X does not store count too.
        Sparse weights store one for each observed cell of X and for no other. Those of a frame follow the labels of X,
        if that is a frame too. Explicit objective only.
    absent : {"missing", "zero"}, default="missing"
        What the cells that a sparse X does not store are: unknown, or zeros of weight one. A dense X has none.
    objective : {"explicit", "hkv", "ials"}, default="explicit"
        The row of the table above.
    alpha : float, default=1.0
        α, the weight of an observed cell per unit of g. Implicit objectives only, like the four that follow.
    unobserved_weight : float, default=1.0
        α₀, the weight of the cells that are not observed.
    confidence : {"linear", "log"}, default="linear"
        g(x) = abs(x), or log(1 + abs(x) / ε). A negative x has preference 0 with confidence by its size.
    confidence_scale : float, default=1.0
        ε, used by "log" alone.
    reg_count : {"all", "observed"}, default="all"
        Whether the count of a row is n_i + α₀ n, or n_i.
    reg : float or pair (λ_w, λ_z), default=0.0
        Ridge of the row and of the column factors.
    reg_exponent : float, default=1.0
        ν: 0 is the plain ridge, 1 is ALS-WR.
    bias_reg : float, pair (λ_b, λ_d), or None
        Ridge of the biases; None takes `reg`. Of no effect where no bias is given.

    Returns
    -------
    float
        f of the formula above.

    Raises
    ------
    ValueError
        For shapes that do not fit together, for a value of X, W, Z or a bias that is not finite (naming its place), for
        a bad weight (likewise), for values that are no real numbers, and for a parameter out of its range, without
        meaning in this objective, or (`reg_exponent`) so large that count^ν overflows.

    Examples
    --------
    >>> loss([[5, 3], [4, float("nan")]], W=[[2], [1]], Z=[[2], [1]])
    3.0
    >>> loss([[5, 3], [4, float("nan")]], W=[[2], [1]], Z=[[2], [1]], reg=0.1, reg_exponent=0)
    3.5
    """
    parts = loss_parts(
        X,
        W,
        Z,
        row_bias=row_bias,
        column_bias=column_bias,
        mean=mean,
        weights=weights,
        absent=absent,
        objective=objective,
        alpha=alpha,
        unobserved_weight=unobserved_weight,
        confidence=confidence,
        confidence_scale=confidence_scale,
        reg_count=reg_count,
        reg=reg,
        reg_exponent=reg_exponent,
        bias_reg=bias_reg,
    )
    return sum(parts)


def loss_parts(X: Any, W: ArrayLike, Z: ArrayLike, **settings: Unpack[Settings]) -> LossParts:
    """Evaluate the objective in its parts: what the cells cost, and the ridges of the rows and of the columns.

    Parameters, errors and formula are those of :func:`loss`, which is the sum of the parts.

    Returns
    -------
    LossParts
        Named tuple of `fit`, `row_ridge` and `column_ridge`.

    Examples
    --------
    >>> loss_parts([[5, 3], [4, 0]], W=[[2], [1]], Z=[[2], [1]], reg=(0.1, 0.2), reg_exponent=0)
    LossParts(fit=3.5, row_ridge=0.25, column_ridge=0.5)
    """
    f = _state(X, W, Z, **settings)
    s = f.scores
    on_omega = 0.5 * np.sum(f.C * (f.P - s) ** 2 - f.e * s**2)
    on_all = 0.5 * f.alpha0 * np.vdot(f.rows.T @ f.rows, f.columns.T @ f.columns) if f.alpha0 else 0.0
    return LossParts(
        float(on_omega + on_all),
        0.5 * float(np.sum(f.row_ridge * f.rows**2)),
        0.5 * float(np.sum(f.column_ridge * f.columns**2)),
    )


def gradient(X: Any, W: ArrayLike, Z: ArrayLike, **settings: Unpack[Settings]) -> Gradient:
    """Evaluate the gradient of the objective with respect to the factors and the biases, in float64.

    With G_ij = C (s − P) − e s on Ω and zero elsewhere, and S the matrix of all scores::

        ∂f/∂W = (G + α₀ S) Z + Λ_W W,      ∂f/∂b = (G + α₀ S) 1 + Λ_b b,      and likewise for columns

    Parameters, errors and formula of f are those of :func:`loss`.

    Returns
    -------
    Gradient
        Named tuple of `W` (m, k), `Z` (n, k), `row_bias` (m,) or None, `column_bias` (n,) or None.

    Examples
    --------
    >>> g = gradient([[5, 3], [4, float("nan")]], W=[[2], [1]], Z=[[2], [1]])
    >>> g.W.tolist(), g.Z.tolist()
    ([[-3.0], [-4.0]], [[-4.0], [-2.0]])
    """
    f = _state(X, W, Z, **settings)
    G = sparse.csr_array((f.C * (f.scores - f.P) - f.e * f.scores, f.omega.indices, f.omega.indptr), f.omega.shape)
    # s = w̃·z̃ and S = W̃ Z̃ᵀ, so the derivative by w̃ is (G + α₀ S) Z̃ + Λ w̃, and α₀ S Z̃ = α₀ W̃ (Z̃ᵀZ̃).
    by_rows = G @ f.columns + f.row_ridge * f.rows
    by_columns = G.T @ f.rows + f.column_ridge * f.columns
    if f.alpha0:
        by_rows += f.alpha0 * f.rows @ (f.columns.T @ f.columns)
        by_columns += f.alpha0 * f.columns @ (f.rows.T @ f.rows)
    k = f.rows.shape[1] - 3
    return Gradient(
        W=by_rows[:, :k],
        Z=by_columns[:, :k],
        row_bias=by_rows[:, k] if settings.get("row_bias") is not None else None,
        column_bias=by_columns[:, k + 1] if settings.get("column_bias") is not None else None,
    )


@dataclass(frozen=True)
class _State:
    """What loss and gradient are made of. The scores are s_ij = w̃_i·z̃_j."""

    omega: Omega
    C: Vector
    P: Vector
    e: float
    alpha0: float
    scores: Vector  # s_ij on Ω
    rows: Matrix  # w̃_i = (w_i, b_i, 1, μ)
    columns: Matrix  # z̃_j = (z_j, 1, d_j, 1)
    row_ridge: Matrix  # the ridge of each number in `rows`; nothing for those held fixed
    column_ridge: Matrix


def _state(
    X: Any,
    W: ArrayLike,
    Z: ArrayLike,
    *,
    row_bias: ArrayLike | None = None,
    column_bias: ArrayLike | None = None,
    mean: float = 0.0,
    weights: Any = None,
    absent: Absent = "missing",
    objective: Objective = "explicit",
    alpha: float | None = None,
    unobserved_weight: float | None = None,
    confidence: Confidence | None = None,
    confidence_scale: float | None = None,
    reg_count: Count | None = None,
    reg: float | Pair = 0.0,
    reg_exponent: float = 1.0,
    bias_reg: float | Pair | None = None,
) -> _State:
    """Check everything and compute the scores on Ω."""
    _check_choice("objective", objective, ("explicit", "hkv", "ials"))
    _check_choice("absent", absent, ("missing", "zero"))
    implicit = objective != "explicit"
    only_implicit = {
        "alpha": alpha,
        "unobserved_weight": unobserved_weight,
        "confidence": confidence,
        "confidence_scale": confidence_scale,
        "reg_count": reg_count,
    }
    only_explicit = {
        "row_bias": row_bias,
        "column_bias": column_bias,
        "mean": mean or None,
        "weights": weights,
        "absent": None if absent == "missing" else absent,
    }
    for name, value in (only_explicit if implicit else only_implicit).items():
        if value is not None:
            raise ValueError(f"{name} has no meaning where objective={objective!r}; leave it out")

    absent_zero = absent == "zero" and sparse.issparse(X)
    omega = read_cells(X, weights, implicit=implicit, absent_zero=absent_zero)
    m, n = omega.shape
    W, Z = _factors(W, Z, omega.shape)
    b, d = _bias("row_bias", row_bias, m), _bias("column_bias", column_bias, n)
    mean = _real("mean", mean)
    if not np.isfinite(mean):
        raise ValueError(f"mean must be finite; got {mean}")
    ones = np.ones((max(m, n), 1))
    rows = np.hstack([W, b, ones[:m], mean * ones[:m]])
    columns = np.hstack([Z, ones[:n], d, ones[:n]])

    n_i, n_j = omega.counts()
    if implicit:
        alpha0 = _number("unobserved_weight", 1.0 if unobserved_weight is None else unobserved_weight)
        alpha_g = _number("alpha", 1.0 if alpha is None else alpha) * _strength(omega.x, confidence, confidence_scale)
        P = (omega.x > 0).astype(np.float64)
        C, e = (alpha0 + alpha_g, alpha0) if objective == "hkv" else (alpha_g, 0.0)
        _check_choice("reg_count", reg_count, ("all", "observed", None))
        if reg_count != "observed":
            n_i, n_j = n_i + alpha0 * n, n_j + alpha0 * m
    else:
        C, P = omega.c, omega.x
        alpha0 = e = float(absent_zero)
        if alpha0:
            n_i, n_j = np.full(m, float(n)), np.full(n, float(m))

    k = W.shape[1]
    nu = _number("reg_exponent", reg_exponent)
    lambda_w, lambda_z = _pair("reg", reg)
    lambda_b, lambda_d = _pair("bias_reg", (lambda_w, lambda_z) if bias_reg is None else bias_reg)
    return _State(
        omega=omega,
        C=C,
        P=P,
        e=e,
        alpha0=alpha0,
        scores=_scores(rows, columns, omega),
        rows=rows,
        columns=columns,
        row_ridge=np.outer(_to_the_power(n_i, nu), [lambda_w] * k + [lambda_b, 0.0, 0.0]),
        column_ridge=np.outer(_to_the_power(n_j, nu), [lambda_z] * k + [0.0, lambda_d, 0.0]),
    )


def _strength(x: Vector, confidence: Confidence | None, scale: float | None) -> Vector:
    """Evaluate g(x), how strongly a cell speaks."""
    _check_choice("confidence", confidence, ("linear", "log", None))
    epsilon = _number("confidence_scale", 1.0 if scale is None else scale)
    if epsilon == 0:
        raise ValueError("confidence_scale must be > 0; got 0")
    return np.log1p(np.abs(x) / epsilon) if confidence == "log" else np.abs(x)


def _scores(rows: Matrix, columns: Matrix, omega: Omega) -> Vector:
    """Compute s_ij = w̃_i·z̃_j on Ω, a block of cells at a time."""
    scores = np.empty(omega.x.size)
    i, j = omega.rows, omega.indices
    step = max(1, _BLOCK_NUMBERS // rows.shape[1])
    for start in range(0, scores.size, step):
        block = slice(start, start + step)
        scores[block] = np.einsum("ck,ck->c", rows[i[block]], columns[j[block]])
    return scores


def _factors(W: ArrayLike, Z: ArrayLike, shape: tuple[int, int]) -> tuple[Matrix, Matrix]:
    w, z = real("W", W), real("Z", Z)
    m, n = shape
    if w.ndim != 2 or z.ndim != 2 or (w.shape[0], z.shape[0]) != shape or w.shape[1] != z.shape[1]:
        raise ValueError(
            f"for X of shape {shape}, W must have shape ({m}, k) and Z shape ({n}, k); got {w.shape} and {z.shape}"
        )
    _check_finite("W", w)
    _check_finite("Z", z)
    return w, z


def _check_finite(name: str, values: NDArray[np.float64]) -> None:
    if not np.isfinite(values).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        at = f"row {where[0]}, column {where[1]}" if len(where) == 2 else f"index {where[0]}"
        raise ValueError(f"{name} must be finite; it is {values[where]} at {at}")


def _bias(name: str, bias: ArrayLike | None, length: int) -> Matrix:
    column = np.zeros(length) if bias is None else real(name, bias)
    if column.shape != (length,):
        raise ValueError(f"{name} must have shape ({length},), one number for each of X; got {column.shape}")
    _check_finite(name, column)
    return column[:, None]


def _pair(name: str, value: Any) -> Pair:
    if not isinstance(value, tuple | list) and np.ndim(value) == 0:
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"{name} must be one number or a pair (rows, columns); got {value!r}")
    return _number(name, value[0]), _number(name, value[1])


def _to_the_power(counts: Vector, nu: float) -> Vector:
    with np.errstate(over="ignore"):
        scale: Vector = counts**nu
    if not np.isfinite(scale).all():
        raise ValueError(
            f"count^reg_exponent overflows: counts are up to {counts.max():g}, and reg_exponent={nu:g}; choose a "
            "smaller one"
        )
    return scale


def _number(name: str, value: Any) -> float:
    number = _real(name, value)
    if not (np.isfinite(number) and number >= 0):
        raise ValueError(f"{name} must be finite and >= 0; got {value!r}")
    return number


def _real(name: str, value: Any) -> float:
    """Return a number of any type as a float; of what NumPy has, those without dimensions."""
    if not isinstance(value, Real) and (
        not isinstance(value, np.ndarray) or value.ndim or value.dtype.kind not in _REAL
    ):
        raise ValueError(f"{name} must be a number; got {value!r}")
    try:
        return float(value)
    except OverflowError:
        return np.inf


def _check_choice(name: str, value: Any, choices: tuple[str | None, ...]) -> None:
    if value not in choices:
        allowed = ", ".join(repr(choice) for choice in choices if choice is not None)
        raise ValueError(f"{name} must be one of {allowed}; got {value!r}")
