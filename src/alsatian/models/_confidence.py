"""From the counts that a user has to `Cells` of an implicit objective: how strongly each cell speaks, and for what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse

from alsatian._engine.cells import blocks
from alsatian._engine.contract import Cells, Floats, Rule
from alsatian._engine.mapped import empty_like_place
from alsatian.models._inputs import check_dense, check_some_cell, check_stored
from alsatian.models._sparse import Compressed, canonical, check_size

Confidence = Literal["linear", "log"]


def implicit_cells(X: Any, rule: Callable[[float], Rule], alpha: float | None, how: Confidence, scale: float) -> Cells:
    """Return the observed cells of X: those that are not zero, with ±g(x), the sign of x before its strength.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (m, n)
        float32 or float64. A zero, stored or not, is unobserved.
    rule : callable
        Gives the rule of the objective for an α.
    alpha : float or None
        α; None is one over the mean of g, so that observed cells weigh one on average.
    how : {"linear", "log"}
        g(x) = abs(x), or log(1 + abs(x) / ε).
    scale : float
        ε.

    Raises
    ------
    ValueError
        Where X holds a value that is not finite, or so large or so small that its confidence is not: says where.
    """
    check_size(X.shape)
    cells = _stored(X)
    strength = cells.data if how == "linear" else _log_strength(cells.data, scale)
    if alpha is None:
        mean = _mean_strength(strength)
        alpha = 1.0 / mean if mean > 0 else 1.0
    _check_strength(cells, strength, alpha)
    return Cells(cells.shape, cells.indptr, cells.indices, strength, rule=rule(alpha))


def implicit_counts(cells: Cells, observed_only: bool) -> NDArray[np.float64]:
    """Return count_i, n_i + α₀ n or n_i alone, for each row."""
    assert cells.indptr is not None
    observed = np.diff(cells.indptr).astype(np.float64)
    return observed if observed_only else observed + cells.rule.gram_weight * cells.shape[1]


def loss_at_zero(cells: Cells) -> float:
    """Return ½ Σ κ, the objective of zero factors: κ is αg, or α₀ + αg in "hkv", where the preference is 1."""
    strength, count = 0.0, 0
    for block in blocks(cells.values.size):
        liked = cells.values[block][cells.values[block] > 0].astype(np.float64)
        strength, count = strength + float(np.sum(liked)), count + liked.size
    return 0.5 * (cells.rule.alpha * strength + cells.rule.more * count)


def check_observed(cells: Cells) -> None:
    """Refuse to fit a matrix in which nobody liked anything."""
    check_some_cell(cells)
    if not any((cells.values[block] > 0).any() for block in blocks(cells.values.size)):
        raise ValueError(
            f"X of shape {cells.shape} has no cell above zero: zeros are unobserved and negative values are dislikes, "
            "so there is no preference to fit."
        )


def _stored(X: Any) -> Compressed:
    if not issparse(X):
        if check_dense(X):
            row, column = (int(i) for i in np.argwhere(np.isnan(X))[0])
            raise ValueError(
                f"X holds NaN in row {row}, column {column}: an implicit objective has no missing cells. "
                "Use 0 where nothing was observed (numpy.nan_to_num), or ALS, which takes NaN as missing."
            )
        X = csr_array(X)
    cells = canonical(X, "X")
    check_stored(cells, "Leave the cell out of X where nothing was observed.")
    if all(cells.data[block].all() for block in blocks(cells.data.size)):
        return cells
    return cells.keep(cells.data != 0, cells.data)


def _mean_strength(strength: Floats) -> float:
    if not strength.size:
        return 1.0
    return (
        sum(float(np.sum(np.abs(strength[block]), dtype=np.float64)) for block in blocks(strength.size)) / strength.size
    )


def _log_strength(x: Floats, scale: float) -> Floats:
    signed = empty_like_place(x.size, x.dtype, x)
    for block in blocks(x.size):
        signed[block] = np.copysign(np.log1p(np.abs(x[block]).astype(np.float64) / scale), x[block])
    return signed


def _check_strength(cells: Compressed, strength: Floats, alpha: float) -> None:
    for block in blocks(strength.size):
        with np.errstate(over="ignore", under="ignore"):
            weight = np.abs(strength[block]) * strength.dtype.type(alpha)
        bad = ~np.isfinite(weight) | (weight == 0)
        if bad.any():
            p = int(np.argmax(bad))
            row, column = cells.position(block.start + p)
            raise ValueError(
                f"X holds {cells.data[block.start + p]} in row {row}, column {column}: its confidence, alpha times "
                f"g(x), is {weight[p]} in {strength.dtype}. Scale X or alpha, or set dtype='float64'."
            )
