"""Numbers too large for the working precision: found as early as they can be, and told with what to do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian._engine.cells import Moments
from alsatian._engine.contract import Cells, Floats


def ridge_scale(
    counts: int | NDArray[np.int64] | NDArray[np.float64], exponent: float, ridge: tuple[float, float], dtype: Any
) -> float | NDArray[np.float64]:
    """Return count^ν, checked to leave every count^ν λ finite in the working precision.

    Raises
    ------
    ValueError
        Where it is not: names the count, ν and λ.
    """
    with np.errstate(over="ignore"):
        scale = np.asarray(counts, dtype=np.float64) ** exponent
        largest = float(scale.max(initial=0.0))
        strongest = dtype.type(largest * max(ridge)) if math.isfinite(largest) else np.inf
    if not np.isfinite(strongest):
        raise ValueError(
            f"The ridge count^ν λ overflows in {dtype}: count is up to {np.max(counts):g}, "
            f"ν is reg_exponent={exponent:g}, and λ up to {max(ridge):g}. Choose a smaller reg_exponent "
            f"(1 is ALS-WR, 0 the plain ridge) or a smaller reg{_wider(dtype)}."
        )
    return float(scale) if isinstance(counts, int) else scale


def check_moments(spread: Moments, centre: float, cells: Cells) -> float:
    """Return the sum of c (x − μ)² over all cells, half of which is the loss at zero factors; refuse infinity."""
    with np.errstate(over="ignore", invalid="ignore"):
        about = spread.about(centre)
    if not (math.isfinite(spread.weight) and math.isfinite(spread.second) and math.isfinite(about)):
        raise ValueError(f"The sum of the squares of X, times the weights, overflows: {_advice(cells)}")
    return about


def check_loss(fit: float, ridge: float, cells: Cells, factors: Floats) -> None:
    """Refuse a loss that is not finite: what led there, the side held fixed among it, is of no use.

    Raises
    ------
    ValueError
        Says how large the data are, and what to do.
    """
    if not (math.isfinite(fit) and math.isfinite(ridge)):
        largest = np.abs(factors).max(initial=0.0)
        raise ValueError(
            f"The loss is no longer finite in {cells.values.dtype} (fit {fit:g}, ridge {ridge:g}): the factors hold "
            f"numbers from {_smallest(factors):.3g} to {largest:.3g}, {_advice(cells)} Factors given "
            "in init should be of about the size of the square root of the data."
        )


def _advice(cells: Cells) -> str:
    largest = float(np.abs(cells.values).max(initial=0.0))
    weights = "" if cells.weights is None else f", weights up to {float(cells.weights.max(initial=0.0)):.3g}"
    return (
        f"the cells hold numbers up to {largest:.3g}{weights}. Scale the data, so that they are of about the size of 1 "
        f"(ALSImputer with scale=True does it by columns){_wider(cells.values.dtype)}."
    )


def _smallest(factors: Floats) -> float:
    sizes = np.abs(factors[factors != 0])
    return float(sizes.min()) if sizes.size else 0.0


def _wider(dtype: Any) -> str:
    return ", or fit with dtype='float64'" if dtype == np.float32 else ""
