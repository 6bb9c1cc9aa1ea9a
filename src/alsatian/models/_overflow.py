"""Numbers too large or too small for the working precision: found as early as they can be, told with what to do."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from alsatian._engine.cells import Moments, blocks
from alsatian._engine.contract import Cells, Floats
from alsatian.models._inputs import level_of_the_user


class NotFiniteError(ValueError):
    """The numbers of a fit have left what its precision can hold: nothing of it is of use."""


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


# A factor is of about the size of √x, and what is solved with holds x √x. Below these sizes that, or x², loses digits.
_SAMPLE = 1 << 16  # values, about, that say what is typical
_SMALLEST = {"float32": 1e-20, "float64": 1e-140}


def check_size_of_values(cells: Cells, given: Callable[[], Any]) -> None:
    """Refuse data all of which are so small that their squares are lost; data that are all zero are none of these.

    Warn where one number is so large that most others are lost beside it.

    Parameters
    ----------
    cells : Cells
        A value counts as √c times its size where its weight c is below one.
    given : callable
        Gives the data as they were before they came to the working precision, in which all may have become zero.

    Raises
    ------
    ValueError
        Says how large the data are, and what to do.
    """
    limit = _SMALLEST[cells.values.dtype.name]
    largest = _largest(cells)
    if largest >= limit:
        _warn_of_spread(cells)
        return
    if largest == 0:
        table: Any = given()
        sparse: bool = issparse(table)
        values: NDArray[Any] = table.tocoo().data if sparse else np.asarray(table)
        if values.dtype.itemsize <= cells.values.dtype.itemsize or values.dtype.kind != "f":
            return  # nothing was rounded: these are zeros
        before = np.abs(values).max(initial=0.0, where=~np.isnan(values))
        if not 0 < before < limit:
            return
    weighted = "" if cells.weights is None else ", times the roots of weights below one,"
    raise ValueError(
        f"The numbers of X{weighted} are so small that their squares and products are lost in {cells.values.dtype}: "
        f"{_advice(cells, None if largest else float(before))}"
    )


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
        raise NotFiniteError(
            f"The loss is no longer finite in {cells.values.dtype} (fit {fit:g}, ridge {ridge:g}): the factors hold "
            f"numbers from {_smallest(factors):.3g} to {largest:.3g}, {_advice(cells)} Factors given "
            "in init should be of about the size of the square root of the data."
        )


def check_scores(model: Any, cells: Cells) -> None:
    """Refuse factors and biases that may make a score which the working precision cannot hold.

    Parameters
    ----------
    model : Factors
    cells : Cells
        What they were fitted to.

    Raises
    ------
    ValueError
        Says how large they are, and what to do.
    """
    rows, columns = model.rows, model.columns
    limit = 0.99 * float(np.finfo(rows.dtype).max)
    offset = abs(model.mean) + sum(_size(bias) for bias in (model.row_bias, model.column_bias) if bias is not None)
    if rows.shape[1] * _size(rows) * _size(columns) + offset <= limit:
        return
    if not _norm(rows) * _norm(columns) + offset <= limit:  # no part of a sum is larger, either
        raise NotFiniteError(
            f"Scores of the model would not be finite in {rows.dtype}: factors of rows reach {_size(rows):.3g}, those "
            f"of columns {_size(columns):.3g}, mean and biases {offset:.3g}, and {_advice(cells)}"
        )


def _warn_of_spread(cells: Cells) -> None:
    """Warn where the largest number of X leaves nothing of what most of the others say in the working precision."""
    values = cells.values.reshape(-1)
    sample = np.abs(values[:: max(1, values.size // _SAMPLE)])
    sample = sample[sample > 0]
    typical, largest = float(np.median(sample)) if sample.size else 0.0, _size(values)
    if not 0 < typical < largest * float(np.finfo(values.dtype).eps):
        return
    warnings.warn(
        f"X holds numbers up to {largest:.3g}, but half of those that are not zero are below {typical:.3g}: in sums "
        f"with the largest these are lost in {values.dtype}, and the model says little of them. Look for wrong values, "
        f"such as a code for what is missing{_wider(values.dtype)}.",
        UserWarning,
        stacklevel=level_of_the_user(),
    )


def _size(array: Floats) -> float:
    return max(float(array.max(initial=0.0)), -float(array.min(initial=0.0)))


def _norm(factors: Floats) -> float:
    """Return the largest length of a row, which squares could not hold."""
    wide = (np.linalg.norm(factors[part].astype(np.float64), axis=1) for part in blocks(len(factors), 4096))
    return max((float(lengths.max()) for lengths in wide), default=0.0)


def _largest(cells: Cells) -> float:
    """Return the largest of |x| min(1, √c)."""
    if cells.weights is None:
        return _size(cells.values)
    sizes = (
        np.abs(cells.values[part]) * np.sqrt(np.minimum(cells.weights[part], 1)) for part in blocks(cells.values.size)
    )
    return max((float(part.max()) for part in sizes), default=0.0)


def _advice(cells: Cells, largest: float | None = None) -> str:
    largest = float(np.abs(cells.values).max(initial=0.0)) if largest is None else largest
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
