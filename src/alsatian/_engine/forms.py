"""Which form a row system takes, for whoever estimates what a half-step costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import _core
from alsatian._engine.contract import Cells


def takes_downdate(lengths: NDArray[np.int64], columns: int, size: int) -> NDArray[np.bool_]:
    """Say which rows of so many cells, all of weight one, are solved by a downdate of Z̃ᵀZ̃: those with few holes.

    Parameters
    ----------
    lengths : int array of shape (m,)
        The number of cells of each row.
    columns : int
        n.
    size : int
        The number of unknowns of a row, k and one for a bias.

    Examples
    --------
    >>> import numpy as np
    >>> takes_downdate(np.array([1000, 950, 500]), 1000, 64)
    array([ True,  True, False])
    """
    different, place = np.unique(lengths, return_inverse=True)
    pays = [_core.downdate_pays(int(length), columns, size) for length in different]
    return np.asarray(pays, dtype=np.bool_)[place]


def shares_gram(cells: Cells, size: int, ridge: tuple[float, ...]) -> bool:
    """Say whether row systems begin with Z̃ᵀZ̃, so that it is worth preparing where the fixed side stays the same.

    Parameters
    ----------
    cells : Cells
    size : int
        The number of unknowns of a row.
    ridge : tuple of float
        λ of each kind of unknown.
    """
    weighted = cells.weights is not None or cells.rule.alpha > 0
    if cells.indptr is None or (not weighted and cells.rule.gram_weight > 0):
        return False  # all rows have one matrix
    if weighted or min(ridge) == 0:
        return cells.rule.gram_weight > 0
    return bool(takes_downdate(np.diff(cells.indptr), cells.shape[1], size).any())
