"""Ratings made from known factors, as large and as uneven as the real ones."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alsatian.datasets._cells import draw_cells, long_tail

_BLOCK = 1 << 20  # cells scored at a time
_STARS = 5.0  # the top of the scale where values are rounded


@dataclass(frozen=True)
class _Side:
    low: int
    median: float
    high: int


@dataclass(frozen=True)
class _Preset:
    shape: tuple[int, int]
    n_ratings: int
    rows: _Side
    columns: _Side


# The lengths of the real sets: their smallest, about their median, and about their largest.
_PRESETS = {
    "ml-100k": _Preset((943, 1_682), 100_000, _Side(20, 65, 740), _Side(1, 27, 590)),
    "ml-1m": _Preset((6_040, 3_706), 1_000_209, _Side(20, 96, 2_320), _Side(1, 123.5, 3_450)),
    "ml-20m": _Preset((138_493, 26_744), 20_000_263, _Side(20, 68, 9_260), _Side(1, 18, 67_400)),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class _Truth:
    row_factors: NDArray[np.float64] = field(repr=False)
    column_factors: NDArray[np.float64] = field(repr=False)
    row_bias: NDArray[np.float64] = field(repr=False)
    column_bias: NDArray[np.float64] = field(repr=False)
    mean: float
    noise: float

    def scores(self, rows: Any, columns: Any) -> NDArray[np.float64]:
        """Give the true, noiseless scores μ + b_i + d_j + w_i·z_j of the cells (rows[c], columns[c])."""
        i, j = np.asarray(rows), np.asarray(columns)
        inner = np.einsum("...k,...k->...", self.row_factors[i], self.column_factors[j])
        result: NDArray[np.float64] = self.mean + self.row_bias[i] + self.column_bias[j] + inner
        return result


@dataclass(frozen=True, eq=False, kw_only=True)
class Ratings(_Truth):
    """Ratings and the truth they were made from: what `make_ratings` returns.

    Attributes
    ----------
    X : float32 csr_array of shape (m, n)
        The ratings; canonical (sorted, no duplicates), with int32 indices.
    row_factors : float64 array of shape (m, k)
        The true W.
    column_factors : float64 array of shape (n, k)
        The true Z.
    row_bias : float64 array of shape (m,)
    column_bias : float64 array of shape (n,)
    mean : float
        The true μ.
    noise : float
        Standard deviation of the noise: the RMSE that no model can beat on cells it has not seen (before rounding).
    """

    X: csr_array = field(repr=False)


def make_ratings(
    shape: str | tuple[int, int] = "ml-100k",
    *,
    n_ratings: int | None = None,
    n_components: int = 8,
    mean: float = 3.5,
    bias_scale: float | tuple[float, float] = (0.45, 0.5),
    factor_scale: float = 0.5,
    noise: float = 0.75,
    round_to: float | None = None,
    random_state: int | np.random.Generator | None = None,
) -> Ratings:
    """Make sparse ratings from known factors, with long tails on both sides.

    The value of an observed cell is x_ij = μ + b_i + d_j + w_i·z_j + ε_ij, everything on the right but μ normal and
    independent. Which cells are observed depends on the lengths of the rows and columns alone, never on the values
    (missing at random), so a good fit finds the truth.

    Parameters
    ----------
    shape : {"ml-100k", "ml-1m", "ml-20m"} or (int, int), default="ml-100k"
        A preset, shaped like the MovieLens set of that name (rows are users, columns are items), or the numbers of
        rows m and columns n.
    n_ratings : int, default=None
        Number of observed cells, from max(m, n) to m n. None: as the preset has it; 6 % of the cells for a shape of
        your own (but at least max(m, n)). With a preset, another number scales its row and column lengths.
    n_components : int, default=8
        Rank k of W Zᵀ. Later components count less: the spread of component l falls as (l + 1)^−½.
    mean : float, default=3.5
        μ.
    bias_scale : float or (float, float), default=(0.45, 0.5)
        Standard deviations of b and d.
    factor_scale : float, default=0.5
        Standard deviation of w_i·z_j.
    noise : float, default=0.75
        Standard deviation of ε.
    round_to : float, default=None
        Round values to multiples of this and clip them to [round_to, 5]: 1 for stars, 0.5 for half stars. None leaves
        them as drawn.
    random_state : int, numpy.random.Generator or None, default=None
        The same seed gives the same ratings with one version of NumPy; between platforms, the last place of ``exp``
        may differ and, very seldom, a cell with it.

    Returns
    -------
    Ratings
        The ratings `X` and the true factors, biases, mean and noise.

    Raises
    ------
    ValueError
        Where the shape is unknown or the numbers do not go together; the message names the parameter.

    Notes
    -----
    Row and column lengths are the quantiles of a shifted lognormal bent under a largest value, in random order. The
    number of ratings and every row's length are exact; column lengths scatter around theirs, and none is empty. A row
    draws its columns without replacement, in proportion to weights that are calibrated first, so that the popular
    columns get their share. "ml-20m" takes 10 to 15 seconds and under 1 GB.

    Examples
    --------
    >>> from alsatian.datasets import make_ratings
    >>> ratings = make_ratings("ml-100k", round_to=1, random_state=0)
    >>> ratings.X.shape, ratings.X.nnz, float(ratings.X.data.min()), float(ratings.X.data.max())
    ((943, 1682), 100000, 1.0, 5.0)
    >>> make_ratings((50, 30), n_ratings=400, n_components=3, random_state=0).row_factors.shape
    (50, 3)
    """
    plan = _plan(shape, n_ratings)
    scales = _scales(bias_scale, factor_scale, noise)
    if n_components < 0:
        raise ValueError(f"n_components={n_components} must not be negative.")
    if round_to is not None and not 0 < round_to <= _STARS:
        raise ValueError(f"round_to={round_to} must be above 0 and at most {_STARS:g}, or None.")
    rng = np.random.default_rng(random_state)
    m, n = plan.shape
    indptr, indices = draw_cells(
        rng,
        rng.permutation(_lengths(plan.rows, m, plan.n_ratings, sharpness=2.0)),
        rng.permutation(_lengths(plan.columns, n, plan.n_ratings, sharpness=1.0)),
    )
    spread = (1.0 + np.arange(n_components)) ** -0.5
    spread *= np.sqrt(factor_scale / max(float(np.sqrt(np.sum(spread**4))), 1e-300)) if n_components else 1.0
    truth = _Truth(
        row_factors=rng.standard_normal((m, n_components)) * spread,
        column_factors=rng.standard_normal((n, n_components)) * spread,
        row_bias=scales[0] * rng.standard_normal(m),
        column_bias=scales[1] * rng.standard_normal(n),
        mean=float(mean),
        noise=float(noise),
    )
    values = _values(rng, truth, indptr, indices, round_to)
    X = csr_array((values, indices, indptr.astype(np.int32)), shape=(m, n))
    X.has_canonical_format = True  # true by construction; saves SciPy a check
    return Ratings(X=X, **{part.name: getattr(truth, part.name) for part in fields(truth)})


def _values(
    rng: np.random.Generator,
    truth: _Truth,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    round_to: float | None,
) -> NDArray[np.float32]:
    values = np.empty(indices.size, dtype=np.float32)
    for start in range(0, indices.size, _BLOCK):
        cells = np.arange(start, min(start + _BLOCK, indices.size))
        rows = np.searchsorted(indptr, cells, side="right") - 1
        block = truth.scores(rows, indices[cells])
        block += truth.noise * rng.standard_normal(cells.size)
        if round_to is not None:
            block = np.clip(np.rint(block / round_to) * round_to, round_to, _STARS)
        values[cells] = block
    return values


def _lengths(side: _Side, size: int, total: int, *, sharpness: float) -> NDArray[np.int64]:
    return long_tail(size, total, low=side.low, median=side.median, high=side.high, sharpness=sharpness)


def _plan(shape: str | tuple[int, int], n_ratings: int | None) -> _Preset:
    """Settle shape, number of ratings and the tails, and check that they go together."""
    if isinstance(shape, str):
        if shape not in _PRESETS:
            raise ValueError(f"shape={shape!r} is not a preset; give one of {', '.join(_PRESETS)}, or (rows, columns).")
        preset = _PRESETS[shape]
        if n_ratings is None or n_ratings == preset.n_ratings:
            return preset
        m, n = preset.shape
        _check_count(m, n, n_ratings)
        scale = n_ratings / preset.n_ratings
        return _Preset(
            (m, n),
            n_ratings,
            _scaled(preset.rows, scale, n, n_ratings / m),
            _scaled(preset.columns, scale, m, n_ratings / n),
        )
    try:
        m, n = (int(size) for size in shape)
    except (TypeError, ValueError):
        raise ValueError(f"shape={shape!r} must be (rows, columns), or one of {', '.join(_PRESETS)}.") from None
    if m < 1 or n < 1:
        raise ValueError(f"shape={shape!r} must have at least one row and one column.")
    count = min(m * n, max(m, n, round(0.06 * m * n))) if n_ratings is None else int(n_ratings)
    _check_count(m, n, count)
    return _Preset((m, n), count, _tail(count / m, n), _tail(count / n, m))


def _check_count(m: int, n: int, count: int) -> None:
    if not max(m, n) <= count <= m * n:
        raise ValueError(
            f"n_ratings={count} does not fit {m} rows × {n} columns: every row and column gets at least one, every cell"
            f" at most one, so give from {max(m, n)} to {m * n}."
        )


def _scaled(side: _Side, scale: float, other: int, average: float) -> _Side:
    """Give the lengths of a preset at another number of ratings."""
    low = max(1, min(int(side.low * scale), int(average)))
    return _Side(low, max(low, side.median * scale), min(other, max(ceil(side.high * scale), ceil(average))))


def _tail(average: float, other: int) -> _Side:
    """Give a long tail for a shape of the user's own: the shortest a fifth of the mean, the middle six tenths of it."""
    low = max(1, int(0.2 * average))
    return _Side(low, max(low, 0.6 * average), min(other, max(ceil(10 * average), ceil(average))))


def _scales(bias: float | tuple[float, float], factor: float, noise: float) -> tuple[float, float]:
    pair = (bias, bias) if isinstance(bias, int | float) else bias
    for name, value in (("bias_scale", pair[0]), ("bias_scale", pair[1]), ("factor_scale", factor), ("noise", noise)):
        if not value >= 0:
            raise ValueError(f"{name}={value} must not be negative.")
    return float(pair[0]), float(pair[1])
