"""Useful operations of what is measured: those that the mathematics asks for, whatever a kernel does beside them.

A multiply-add counts as two operations. Of a symmetric matrix only the upper triangle is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import takes_downdate

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
    """Say which rows have so few cells, fewer than unknowns, that they are solved in the dual form."""
    short = (lengths > 0) & (lengths <= k - _DUAL_MARGIN)
    return short & (k >= _LEAST_DUAL_RANK)


def half_step(lengths: NDArray[np.int64], k: int, columns: int) -> float:
    """Solve all rows, each in the form that it takes: Gram matrix, Cholesky and solves.

    A row of n cells has a k × k matrix that sums over its n cells, or, in the dual form, an n × n matrix that sums over
    the k factors. Where few of all columns are missing, the sum is over these, and its right-hand side, a pass over the
    cells of its own, counts too; for all such rows one matrix is made of all columns. A row without cells takes
    nothing.

    Parameters
    ----------
    lengths : int array of shape (m,)
        The number of cells of each row.
    k : int
        The rank.
    columns : int
        How many columns there are.

    Examples
    --------
    >>> import numpy as np
    >>> half_step(np.array([10, 0]), 4, 50) == gram(10, 4) + (cholesky(4) + solves(4))
    True
    >>> half_step(np.array([10]), 128, 50) == gram(128, 10) + cholesky(10) + solves(10)
    True
    >>> half_step(np.array([990]), 64, 1000) == gram(1000 + 10, 64) + 2 * 990 * 64 + cholesky(64) + solves(64)
    True
    """
    few = takes_downdate(lengths, columns, k)
    dual = takes_dual(lengths, k) & ~few
    n = lengths[dual].astype(np.float64)
    solved = float(np.count_nonzero(lengths > 0) - n.size)
    summed = np.where(few, columns - lengths, lengths)[~dual]
    primal = gram(float(summed.sum() + columns * few.any()), k) + solved * (cholesky(k) + solves(k))
    return primal + 2.0 * k * float(lengths[few].sum()) + float(np.sum(k * n * (n + 1) + n**3 / 3 + 2 * n**2))


def scan(queries: int, items: int, k: int) -> float:
    """Compute all scores of some queries: q n k multiply-adds.

    Examples
    --------
    >>> scan(2, 5, 3)
    60
    """
    return 2 * queries * items * k
