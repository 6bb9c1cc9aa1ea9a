"""The model that a factorization has to beat: one number for each row and one for each column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def additive_model(X: NDArray[np.float64], *, reg: float, n_sweeps: int = 50) -> NDArray[np.float64]:
    """Fit x_ij ≈ μ + b_i + d_j to the cells of X that are not NaN and return it for all cells.

    Minimises Σ (x − μ − b_i − d_j)² + reg (Σ b_i² + Σ d_j²) by turns over b and d, with μ the mean of the cells.

    Parameters
    ----------
    X : float64 array of shape (m, n)
        NaN is missing.
    reg : float
        The ridge, in cells: a row with `reg` cells keeps half of its effect.
    n_sweeps : int, default=50
        Turns over rows and columns.

    Returns
    -------
    float64 array of shape (m, n)

    Examples
    --------
    >>> import numpy as np
    >>> additive_model(np.array([[1.0, 2.0], [3.0, np.nan]]), reg=0.0).round(3)
    array([[1., 2.],
           [3., 4.]])
    """
    seen = ~np.isnan(X)
    mean = float(X[seen].mean())
    rest = np.where(seen, X - mean, 0.0)
    row_count, column_count = seen.sum(axis=1), seen.sum(axis=0)
    row_weight, column_weight = np.maximum(row_count + reg, 1e-12), np.maximum(column_count + reg, 1e-12)
    row, column = np.zeros(X.shape[0]), np.zeros(X.shape[1])
    for _ in range(n_sweeps):
        row = (rest.sum(axis=1) - seen @ column) / row_weight
        column = (rest.sum(axis=0) - row @ seen) / column_weight
    fitted: NDArray[np.float64] = mean + row[:, None] + column[None, :]
    return fitted
