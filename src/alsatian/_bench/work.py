"""Useful operations of what is measured: those that the mathematics asks for, whatever a kernel does beside them.

A multiply-add counts as two operations. Of a symmetric matrix only the upper triangle is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# As native/row_plan.cpp has it, for cells of weight one beside no Gram matrix.
_LEAST_DUAL_RANK = 96
_DUAL_MARGIN = 16


def gram(rows: float, k: int) -> float:
    """Make the upper triangle of ZᵀZ for so many rows of k numbers: n k (k + 1) / 2 multiply-adds.

    Examples
    --------
    >>> gram(2, 3)
    24
    """
    return rows * k * (k + 1)


def cholesky(k: int) -> float:
    """Factor A = UᵀU: k³ / 6 multiply-adds, to the leading power.

    Examples
    --------
    >>> cholesky(6)
    72.0
    """
    return k**3 / 3


def solves(k: int) -> float:
    """Solve with Uᵀ, then with U: k² multiply-adds.

    Examples
    --------
    >>> solves(3)
    18
    """
    return 2 * k**2


def takes_dual(lengths: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Say which rows of so many cells are solved in the dual form: those that have fewer cells than unknowns."""
    short = (lengths > 0) & (lengths <= k - _DUAL_MARGIN)
    return short & (k >= _LEAST_DUAL_RANK)


def half_step(lengths: NDArray[np.int64], k: int) -> float:
    """Solve all rows, each in the form that it takes: Gram matrix, Cholesky and solves.

    A row of n cells has a k × k matrix that sums over its n cells, or, in the dual form, an n × n matrix that sums over
    the k factors. A row without cells takes nothing.

    Parameters
    ----------
    lengths : int array of shape (m,)
        The number of cells of each row.
    k : int
        The rank.

    Examples
    --------
    >>> import numpy as np
    >>> half_step(np.array([10, 0]), 4) == gram(10, 4) + (cholesky(4) + solves(4))
    True
    >>> half_step(np.array([10]), 128) == gram(128, 10) + cholesky(10) + solves(10)
    True
    """
    dual = takes_dual(lengths, k)
    n = lengths[dual].astype(np.float64)
    solved = float(np.count_nonzero(lengths > 0) - n.size)
    primal = gram(float(lengths[~dual].sum()), k) + solved * (cholesky(k) + solves(k))
    return primal + float(np.sum(k * n * (n + 1) + n**3 / 3 + 2 * n**2))


def scan(queries: int, items: int, k: int) -> float:
    """Compute all scores of some queries: q n k multiply-adds.

    Examples
    --------
    >>> scan(2, 5, 3)
    60
    """
    return 2 * queries * items * k
