"""From scikit-learn's TruncatedSVD."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from alsatian.compat._parameters import Parameter, Peer, nothing, seed
from alsatian.compat._translation import Prepared, Translation
from alsatian.models import ALS

PEER = Peer(
    function="from_truncated_svd",
    package="sklearn",
    classes=("TruncatedSVD",),
    needed=("n_components", "algorithm", "n_iter", "n_oversamples"),
    parameters={
        "n_components": Parameter(2),
        "algorithm": nothing("randomized", "randomized", "arpack"),
        "n_iter": Parameter(5, note="these are iterations of another kind"),
        "n_oversamples": nothing(10),
        "power_iteration_normalizer": nothing("auto", "auto", "QR", "LU", "none"),
        "random_state": Parameter(None),
        "tol": Parameter(0.0, note="it is the precision of singular values, that of alsatian one of the loss"),
    },
)

_ROTATION = (
    "W and Z span what U and V do, but are no singular vectors, and transform(X) is not X V. The product W Zᵀ is the "
    "same; its singular value decomposition is that of TruncatedSVD."
)
_SLOW = (
    "Where singular values k and k + 1 are near to each other, ALS takes many iterations to tell them apart; it goes "
    "on until one lowers the loss by no more than 1e-12 of the sum of squares of X, 1,000 times at most."
)


def from_truncated_svd(estimator: Any = None, /, **parameters: Any) -> Translation:
    """Translate scikit-learn's ``TruncatedSVD``.

    The best approximation of X of rank k in the sum of squares over all cells, which the first k singular values and
    vectors give (Eckart and Young 1936), is the minimum of ``ALS(reg=0, absent="zero")``: ½ Σ_all (x − s)².

    ``NMF`` has no counterpart: alsatian has no non-negative factors.

    Parameters
    ----------
    estimator : TruncatedSVD, optional
        One of scikit-learn's, of which the parameters are taken.
    **parameters
        Those of TruncatedSVD, by its names and with its defaults: `n_components` and `random_state` are translated, the
        others say how it computes.

    Returns
    -------
    Translation

    Raises
    ------
    TypeError
        For an unknown parameter, and for an object that is no such estimator (``NMF`` among them).
    ValueError
        For a value that the parameter cannot have.

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian.compat import from_truncated_svd
    >>> X = np.array([[3.0, 1, 0], [1, 3, 0], [0, 0, 1]])
    >>> model = from_truncated_svd(n_components=2, random_state=0).fit(X)
    >>> (model.row_factors_ @ model.components_).round(4) + 0.0
    array([[3., 1., 0.],
           [1., 3., 0.],
           [0., 0., 0.]])
    """
    if type(estimator).__name__ in {"NMF", "MiniBatchNMF"}:
        raise TypeError("NMF has no counterpart: alsatian has no non-negative factors.")
    p, notes = PEER.read(estimator, parameters)
    model = ALS(
        p["n_components"], reg=0.0, reg_exponent=0.0, absent="zero", max_iter=1000, tol=1e-12,
        random_state=seed(p["random_state"]),
    )  # fmt: skip
    return Translation(model, (*notes, _ROTATION, _SLOW), _prepare, PEER.function)


def _prepare(X: Any) -> Prepared:
    matrix: Any = X  # SciPy's stubs take away what else a sparse matrix has
    values = matrix.data if issparse(X) else np.asarray(X)
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise ValueError("X holds NaN, which TruncatedSVD refuses and ALS takes as missing. Use ALS if it is.")
    return X, {}
