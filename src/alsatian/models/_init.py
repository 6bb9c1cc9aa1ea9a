"""Where the alternation starts: random column factors, given ones, or those of an earlier fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from alsatian._engine.cells import Moments, blocks, row_counts
from alsatian._engine.contract import Cells, Floats
from alsatian._tables import plain, shape_of

# Beside the variance, a mean whose square is less than this share of it is not worth a factor.
_LEAST_MEAN = 0.01


def random_columns(
    shape: tuple[int, int], spread: Moments, centre: float, random_state: np.random.RandomState, dtype: Any
) -> Floats:
    """Draw column factors whose products with like row factors have the mean and variance of the data about `centre`.

    With independent normal entries of variance s² on both sides, w·z has variance k s⁴, hence s = (var / k)^¼. Where
    the data have a mean m ≠ 0, the first factor is √|m| in every column: the products then vary about m, and the first
    iterations, which would else be spent on finding the direction that all columns share, begin with the rest. The draw
    is in float64 whatever `dtype`, so that a seed means the same start in both precisions.
    """
    n, k = shape
    mean = spread.mean - centre
    variance = spread.about(spread.mean) / spread.weight if spread.weight > 0 else 0.0
    scale = (variance / k) ** 0.25 if variance > 0 else 1.0
    columns = np.empty(shape, dtype=dtype)
    for block in blocks(n, max(1, (1 << 18) // k)):  # in pieces: a float64 copy of all would be twice the factors
        columns[block] = scale * random_state.standard_normal((block.stop - block.start, k))
    if mean * mean > _LEAST_MEAN * variance:
        columns[:, 0] = np.sqrt(abs(mean))
    return columns


def first_columns(
    model: Any, columns: Cells, spread: Moments, centre: float = 0.0, *, has_bias: bool = False
) -> tuple[Floats, Floats | None]:
    """Return the column factors, and bias, that a model starts from, as its `warm_start` and `init` say.

    A column without any cell starts at zero, so that no random start survives in it.

    Raises
    ------
    ValueError
        Where what is given, or was fitted before, does not fit.
    """
    shape, dtype, init = (columns.shape[0], int(model.n_components)), columns.values.dtype, model.init
    if model.warm_start and hasattr(model, "column_factors_"):
        check_warm_start(model.column_factors_.shape, shape)
        init = (model.column_factors_, model.column_bias_ if has_bias else None)
    bias = None
    if isinstance(init, str):
        factors = random_columns(shape, spread, centre, check_random_state(model.random_state), dtype)
    else:
        factors, bias = given_columns(init, shape, has_bias, dtype)
    if bias is None and has_bias:
        bias = np.zeros(shape[0], dtype=dtype)
    empty = row_counts(columns) == 0
    if np.any(empty):
        for array in (factors, bias):
            if array is not None:
                array[empty] = 0
    return factors, bias


def check_warm_start(earlier: tuple[int, ...], wanted: tuple[int, int]) -> None:
    """Refuse to start from factors of another shape than this fit has.

    Raises
    ------
    ValueError
        Says which of the width of X and `n_components` has changed.
    """
    if earlier == wanted:
        return
    changed = [
        f"{what} was {before} and is now {now}"
        for what, before, now in zip(("the number of columns of X", "n_components"), earlier, wanted, strict=True)
        if before != now
    ]
    raise ValueError(
        f"warm_start=True starts from the column factors of the earlier fit, but {' and '.join(changed)}. "
        "Set warm_start=False to start anew."
    )


def given_columns(init: Any, shape: tuple[int, int], biased: bool, dtype: Any) -> tuple[Floats, Floats | None]:
    """Read `init`: column factors of shape (n, k), or the pair (column factors, column bias), as a tuple or a list.

    Raises
    ------
    ValueError
        Where a shape does not fit, an entry is not finite, or a bias is given that the model does not have.
    """
    factors, bias = init if _is_pair(init) else (init, None)
    columns = _checked("column factors", factors, shape, dtype)
    if bias is None:
        return columns, None
    if not biased:
        raise ValueError("init gives a column bias, but the model has none: set bias='columns' or bias='both'.")
    return columns, _checked("column bias", bias, shape[:1], dtype)


def _is_pair(init: Any) -> bool:
    """Return whether this is the pair; a list of two may also be factors of two columns, each with k numbers."""
    if not isinstance(init, tuple | list) or len(init) != 2:
        return False
    return isinstance(init, tuple) or len(shape_of(init[0])) == 2


def _checked(what: str, given: Any, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # what does not fit comes out as inf, and is named
        array = np.array(plain(given, "init"), dtype=dtype, order="C")  # a copy: fitting writes into it
    if array.shape != shape:
        raise ValueError(f"init gives {what} of shape {array.shape}, but X and n_components ask for {shape}.")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"init gives {what} that are not finite: {array[where]} at {where}.")
    return array
