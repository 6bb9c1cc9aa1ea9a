"""The data of a check: fresh and random, or the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse

from alsatian.derivation._numbers import Array, Numbers
from alsatian.derivation._options import Options

SHAPE, FACTORS = (7, 6), 3  # all different, and different from 4 = 3 + 1, so that no transposed factor fits
_SMALLEST, _LARGEST = 1e-280, 1e300  # of f: room for what is computed on the way
TOO_MUCH = 200_000  # m n (m + n) k: what is summed cell by cell for the slowest step


@dataclass(frozen=True)
class Given:
    """What the user gives to a check; None is drawn."""

    X: Any = None
    W: ArrayLike | None = None
    Z: ArrayLike | None = None
    weights: ArrayLike | None = None
    row_bias: ArrayLike | None = None
    column_bias: ArrayLike | None = None
    mean: float | None = None
    reg: float | None = None
    bias_reg: float | None = None
    alpha: float | None = None
    unobserved_weight: float | None = None


def sample(o: Options, given: Given, seed: int | None) -> Numbers:
    """Take what is given and draw what is not."""
    _refuse_what_has_no_place(o, given)
    rng = np.random.default_rng(seed)
    data = _given_data(o, given.X)
    m, n = _shape(data, given)
    k = _factors(given, min(m, n))
    if m * n * (m + n) * k > TOO_MUCH:
        raise ValueError(
            f"X of {m} x {n} with {k} factors is too large to go through cell by cell; a derivation is checked on "
            "small data. Use alsatian.objective.check_gradient for the gradient on data of any size"
        )
    X = _draw_data(o, rng, (m, n)) if data is None else data
    observed = X != 0 if o.implicit else ~np.isnan(X)
    M = observed.astype(np.float64)
    other = rng.normal(size=(m, n))
    rotation = np.linalg.qr(rng.normal(size=(k, k)))[0]
    return Numbers(
        options=o,
        X=np.where(observed, X, 0.0),
        X_other=np.where(observed, X, other),
        M=M,
        c=M * _weights(o, given, rng, (m, n)),
        W=_array("W", given.W, (m, k), rng),
        Z=_array("Z", given.Z, (n, k), rng),
        b=_array("row_bias", given.row_bias, (m,), rng) if o.bias else np.zeros(m),
        d=_array("column_bias", given.column_bias, (n,), rng) if o.bias else np.zeros(n),
        mu=_number("mean", given.mean, 0.7) if o.bias else 0.0,
        lam=_positive("reg", given.reg, 0.3),
        lam_b=_positive("bias_reg", given.bias_reg, 0.2),
        alpha=_positive("alpha", given.alpha, 1.5),
        alpha0=_positive("unobserved_weight", given.unobserved_weight, 0.4),
        H=rng.normal(size=((n if o.wrt == "Z" else m), k + o.bias)),
        Q=rotation * rng.uniform(0.5, 2.0, size=k),
        Q_orthogonal=np.linalg.qr(rng.normal(size=(k, k)))[0],
    )


def refuse_what_is_out_of_range(numbers: Numbers) -> None:
    """Refuse data whose squares float64 cannot hold, and ridges that it cannot."""
    nu = numbers.options.reg_exponent
    if nu is not None and not np.isfinite([*numbers.scale("i"), *numbers.scale("j")]).all():
        count = max(numbers.count("i").max(), numbers.count("j").max())
        raise ValueError(
            f"a count of {count:g} cells to the power reg_exponent={nu:g} overflows, and with it the ridge; take a "
            "smaller reg_exponent (1 is ALS-WR, 0 the plain ridge)"
        )
    lost = numbers.terms < _SMALLEST and np.any(numbers.C * numbers.residual != 0)
    if numbers.terms < _LARGEST and not lost:
        return
    sizes = ", ".join(
        f"{name} {'up to ' if np.ndim(value) else ''}{np.max(np.abs(value)):.0e}" for name, value in _all(numbers)
    )
    what, mend = ("vanishes", "up") if lost else ("overflows", "down")
    raise ValueError(
        f"f {what} in float64, which holds numbers from about 1e-308 to 1e308, and f holds the squares of the data "
        f"({sizes}); scale them {mend}"
    )


def _all(numbers: Numbers) -> Iterator[tuple[str, Array | float]]:
    o = numbers.options
    yield from (("X", numbers.X), ("W", numbers.W), ("Z", numbers.Z))
    if o.weights:
        yield "weights", numbers.c
    if o.bias:
        yield from (("row_bias", numbers.b), ("column_bias", numbers.d), ("mean", numbers.mu))
    if o.ridge:
        yield "reg", numbers.lam
    if o.ridge and o.bias:
        yield "bias_reg", numbers.lam_b
    if o.implicit:
        yield from (("alpha", numbers.alpha), ("unobserved_weight", numbers.alpha0))


def _refuse_what_has_no_place(o: Options, given: Given) -> None:
    places = {
        "weights": (o.weights, "weights=True"),
        "row_bias": (o.bias, "bias=True"),
        "column_bias": (o.bias, "bias=True"),
        "mean": (o.bias, "bias=True"),
        "reg": (o.ridge, "reg_exponent=0 or 1"),
        "bias_reg": (o.ridge and o.bias, "bias=True and reg_exponent=0 or 1"),
        "alpha": (o.implicit, 'objective="hkv" or "ials"'),
        "unobserved_weight": (o.implicit, 'objective="hkv" or "ials"'),
    }
    for name, (has_place, derive_with) in places.items():
        if getattr(given, name) is not None and not has_place:
            raise ValueError(f"{name} has no place in this derivation; derive with {derive_with}")


def _given_data(o: Options, X: Any) -> Array | None:
    if X is None:
        return None
    if issparse(X):
        raise ValueError(
            "X is sparse; a derivation is checked on small arrays. Use alsatian.objective.check_gradient for the "
            "gradient on sparse data"
        )
    data = _matrix("X", np.ma.filled(X.astype(np.float64), np.nan) if isinstance(X, np.ma.MaskedArray) else X)
    bad = np.isinf(data) if o.missing else ~np.isfinite(data)
    if bad.any():
        i, j = (int(place) for place in np.argwhere(bad)[0])
        hint = "; derive with missing=True" if np.isnan(data[i, j]) and not o.implicit else ""
        raise ValueError(f"X has the value {data[i, j]} at row {i}, column {j}{hint}")
    return data


def _shape(data: Array | None, given: Given) -> tuple[int, int]:
    if data is None and given.weights is not None:
        data = _matrix("weights", given.weights)
    if data is not None:
        return data.shape[0], data.shape[1]
    m = SHAPE[0] if given.W is None else len(_matrix("W", given.W))
    n = SHAPE[1] if given.Z is None else len(_matrix("Z", given.Z))
    return m, n


def _factors(given: Given, smaller: int) -> int:
    for name, factors in (("W", given.W), ("Z", given.Z)):
        if factors is not None:
            return int(_matrix(name, factors).shape[1])
    return max(1, min(FACTORS, smaller - 1))


def _draw_data(o: Options, rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    m, n = shape
    if o.implicit:
        counts = rng.integers(1, 6, size=shape).astype(np.float64) * (rng.random(shape) < 0.4)
        counts[0, 0], counts[-1, -1] = -2.0, 3.0  # a dislike, and at least one cell that is liked
        return counts
    X = rng.normal(size=shape)
    if o.missing:
        # Few enough holes that each row and column has more cells than factors; without a ridge it needs them.
        holes = (1 if not o.ridge else 2) if n > 2 else 0
        start = rng.permutation(n)
        for i in range(m):
            X[i, start[(i + 3 * np.arange(holes)) % n]] = np.nan
    return X


def _weights(o: Options, given: Given, rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    if not o.weights:
        return np.ones(shape)
    if given.weights is None:
        return rng.uniform(0.5, 3.0, size=shape)
    c = _matrix("weights", given.weights)
    if c.shape != shape:
        raise ValueError(f"weights has shape {c.shape}, but X has shape {shape}")
    bad = np.argwhere(~(np.isfinite(c) & (c >= 0)))
    if bad.size:
        i, j = (int(place) for place in bad[0])
        raise ValueError(f"weights must be finite and >= 0; the one at row {i}, column {j} is {c[i, j]}")
    return c


def _array(name: str, given: ArrayLike | None, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    if given is None:
        return rng.normal(size=shape)
    array = _numbers(name, given)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it should be {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    return array


def _matrix(name: str, given: Any) -> Array:
    array = _numbers(name, given)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{name} must be a matrix of at least one cell; got an array of shape {array.shape}")
    return array


def _numbers(name: str, given: Any) -> Array:
    try:
        array = np.asarray(given)
        if array.dtype.kind in "cmM":
            raise TypeError(f"its type is {array.dtype}")
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        gaps = " (NaN where a cell is missing)" if name == "X" else ""
        raise ValueError(f"{name} must be real numbers{gaps}; {error}") from error


def _number(name: str, given: Any, default: float) -> float:
    value = _numbers(name, default if given is None else given)
    if value.ndim or not np.isfinite(value):
        hint = ""
        if name in ("reg", "bias_reg") and value.shape == (2,):
            hint = (
                "; the formulas have one letter for it: give that of the side that is derived by, as the ridge of the "
                "other side does not move"
            )
        raise ValueError(f"{name} must be one finite number here; got {given!r}{hint}")
    return float(value)


def _positive(name: str, given: Any, default: float) -> float:
    value = _number(name, given, default)
    if value <= 0:
        hint = "; for no ridge, derive with reg_exponent=None" if name == "reg" and value == 0 else ""
        raise ValueError(f"{name} must be finite and > 0 here; got {given!r}{hint}")
    return value
