"""Factors in the one basis that does not depend on the start: that of the singular vectors of W Zᵀ."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Canonical(NamedTuple):
    """W Zᵀ = U S Vᵀ: the rows U √S, the columns V √S, and the singular values S, largest first."""

    rows: Floats
    columns: Floats
    values: Floats


def canonical(W: NDArray[np.floating], Z: NDArray[np.floating]) -> Canonical:
    """Return the factors turned into the basis of the singular vectors of W Zᵀ, which is never formed.

    W Zᵀ is the same for (W G, Z G⁻ᵀ) with any invertible G, so single factors have no meaning of their own; these have.
    With W = Q_w R_w and Z = Q_z R_z it is the small SVD of R_w R_zᵀ. Signs are such that the largest entry of each
    column of V is positive.

    Parameters
    ----------
    W : array of shape (m, k)
    Z : array of shape (n, k)

    Returns
    -------
    Canonical

    Examples
    --------
    >>> import numpy as np
    >>> W, Z = np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]])
    >>> made = canonical(W, Z)
    >>> np.allclose(made.rows @ made.columns.T, W @ Z.T), made.values.round(3)
    (True, array([11.18]))
    """
    q_w, r_w = np.linalg.qr(W.astype(np.float64))
    q_z, r_z = np.linalg.qr(Z.astype(np.float64))
    u, values, vt = np.linalg.svd(r_w @ r_z.T, full_matrices=False)
    rows, columns = (q_w @ u) * np.sqrt(values), (q_z @ vt.T) * np.sqrt(values)
    if columns.size:
        largest = columns[np.argmax(np.abs(columns), axis=0), np.arange(columns.shape[1])]
        signs = np.where(largest < 0, -1.0, 1.0)
        rows, columns = rows * signs, columns * signs
    return Canonical(rows, columns, values)
