"""From Surprise's SVD."""

from __future__ import annotations

from typing import Any

from alsatian.compat._matrices import unchanged
from alsatian.compat._parameters import FLAG, Parameter, Peer, nothing, seed
from alsatian.compat._translation import Translation
from alsatian.models import ALS

_RATES = {name: nothing(None) for name in ("lr_bu", "lr_bi", "lr_pu", "lr_qi")}
PEER = Peer(
    function="from_surprise",
    package="surprise",
    classes=("SVD",),
    needed=("n_factors", "biased", "reg_bu", "reg_bi", "reg_pu", "reg_qi"),
    parameters={
        "n_factors": Parameter(100),
        "n_epochs": Parameter(20, note="these are passes of stochastic gradient descent, not solutions"),
        "biased": Parameter(True, choices=FLAG),
        "init_mean": nothing(0),
        "init_std_dev": nothing(0.1),
        "lr_all": nothing(0.005),
        "reg_all": Parameter(0.02),
        **_RATES,
        "reg_bu": Parameter(None),
        "reg_bi": Parameter(None),
        "reg_pu": Parameter(None),
        "reg_qi": Parameter(None),
        "random_state": Parameter(None),
        "verbose": nothing(False),
    },
)

_DESCENT = (
    "Surprise goes down the gradient a few times and stops on the way. The minimum that alsatian finds fits the "
    "ratings closer, so a larger reg may predict better."
)


def from_surprise(estimator: Any = None, /, **parameters: Any) -> Translation:
    """Translate Surprise's ``SVD``.

    Its stochastic steps take λ off the factors once for each rating, so that λ is multiplied by their number:

        ½ Σ_observed (x − s)² + ½ Σ_i n_i (λ_pu |w_i|² + λ_bu b_i²) + ½ Σ_j n_j (λ_qi |z_j|² + λ_bi d_j²)

    with s = μ + b_i + d_j + w_i·z_j, or w_i·z_j where ``biased=False``. This is ``ALS(reg_exponent=1)``.

    Parameters
    ----------
    estimator : SVD, optional
        One of Surprise's, of which the parameters are taken.
    **parameters
        Those of SVD, by its names and with its defaults: `n_factors`, `biased`, `reg_all`, `reg_bu`, `reg_bi`,
        `reg_pu`, `reg_qi` and `random_state` are translated, the others say how it descends.

    Returns
    -------
    Translation

    Raises
    ------
    TypeError
        For an unknown parameter, and for an object that is no such estimator.
    ValueError
        For a value that the parameter cannot have.

    Examples
    --------
    >>> from alsatian.compat import from_surprise
    >>> from_surprise(n_factors=20, reg_all=0.05, reg_bu=0.01).estimator
    ALS(bias='both', bias_reg=(0.01, 0.05), n_components=20, reg=(0.05, 0.05))
    """
    p, notes = PEER.read(estimator, parameters)
    reg = {name: p["reg_all"] if p[name] is None else p[name] for name in ("reg_pu", "reg_qi", "reg_bu", "reg_bi")}
    biases: dict[str, Any] = {"bias": "both", "bias_reg": (reg["reg_bu"], reg["reg_bi"])} if p["biased"] else {}
    model = ALS(
        p["n_factors"], reg=(reg["reg_pu"], reg["reg_qi"]), reg_exponent=1.0, random_state=seed(p["random_state"]),
        **biases,
    )  # fmt: skip
    return Translation(model, (*notes, _DESCENT), unchanged, PEER.function)
