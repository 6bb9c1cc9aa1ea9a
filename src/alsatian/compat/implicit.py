"""From implicit's AlternatingLeastSquares."""

from __future__ import annotations

from typing import Any

import numpy as np

from alsatian.compat._matrices import csr_copy, with_values
from alsatian.compat._parameters import EXACT, FLAG, PACE, START, Parameter, Peer, as_many_iterations, nothing, seed
from alsatian.compat._translation import Prepared, Translation
from alsatian.models import ALS

PEER = Peer(
    function="from_implicit",
    package="implicit",
    classes=("AlternatingLeastSquares",),
    needed=("factors", "regularization", "alpha", "iterations"),
    parameters={
        "factors": Parameter(100),
        "regularization": Parameter(0.01),
        "alpha": Parameter(1.0),
        "dtype": Parameter(np.float32),
        "use_native": nothing(True, *FLAG),
        "use_cg": Parameter(True, choices=FLAG),
        "use_gpu": Parameter(False, note="the fit runs on the processor", choices=FLAG),
        "iterations": Parameter(15),
        "calculate_training_loss": Parameter(False, note="history_ has the loss after each iteration", choices=FLAG),
        "num_threads": Parameter(0),
        "random_state": Parameter(None),
    },
)


def from_implicit(estimator: Any = None, /, **parameters: Any) -> Translation:
    """Translate implicit's ``AlternatingLeastSquares`` (version 0.7).

    With confidence c = αx on the stored cells, *without* the 1 + of the paper, and 1 on all others, it minimises

        ½ Σ_all c (P − s)² + ½ λ (Σ |w_i|² + Σ |z_j|²),   P = 1 where c > 0, else 0

    A dislike, x < 0, has the confidence |c|, and a stored zero has none: it is a missing cell. This is
    ``ALS(absent="zero", reg_exponent=0)`` on P with the weights |αx|.

    Parameters
    ----------
    estimator : AlternatingLeastSquares, optional
        One of implicit's, for the processor or the GPU, of which the parameters are taken.
    **parameters
        Those of AlternatingLeastSquares, by its names and with its defaults: `factors`, `regularization` (λ), `alpha`,
        `dtype` (float16 is refused), `iterations`, `num_threads` and `random_state` are translated; `use_native`,
        `use_cg`, `use_gpu` and `calculate_training_loss` do not change what is minimised.

    Returns
    -------
    Translation

    Raises
    ------
    TypeError
        For an unknown parameter, and for an object that is no such estimator.
    ValueError
        For a value without a counterpart.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from alsatian.compat import from_implicit
    >>> model = from_implicit(factors=2, regularization=0.1, random_state=0).fit(csr_array([[3, 0, 1], [0, 2, 2]]))
    >>> model.column_factors_.shape
    (3, 2)
    """
    p, notes = PEER.read(estimator, parameters)
    dtype = np.dtype(p["dtype"])
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype={dtype.name} of implicit has no counterpart: float32 and float64 do.")
    if p["use_cg"]:
        notes.append(EXACT.format("conjugate gradients"))
    model = ALS(
        p["factors"], reg=p["regularization"], reg_exponent=0.0, absent="zero", dtype=dtype.name,
        random_state=seed(p["random_state"]), n_jobs=p["num_threads"] or None, **as_many_iterations(p["iterations"]),
    )  # fmt: skip

    def prepare(user_items: Any) -> Prepared:
        cells = csr_copy(user_items)
        confidence = p["alpha"] * cells.data
        preference = (confidence > 0).astype(cells.dtype)
        return with_values(cells, preference), {"weights": with_values(cells, np.abs(confidence))}

    if not p["alpha"] > 0:
        raise ValueError(f"alpha={p['alpha']!r} of implicit has no counterpart: a weight must be above 0.")
    return Translation(model, (*notes, PACE, START), prepare, PEER.function, {"alpha": p["alpha"]}, True)
