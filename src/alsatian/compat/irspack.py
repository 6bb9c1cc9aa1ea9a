"""From irspack's IALSRecommender."""

from __future__ import annotations

from typing import Any

import numpy as np

from alsatian.compat._matrices import csr_copy, positive_only
from alsatian.compat._parameters import (
    EXACT,
    PACE,
    START,
    Parameter,
    Peer,
    as_many_iterations,
    nothing,
    seed,
)
from alsatian.compat._translation import Prepared, Translation
from alsatian.models import ImplicitALS

_FEATURES = "alsatian has no side information about rows and columns."
_WITHOUT_FEATURES = "it has no effect without features"
PEER = Peer(
    function="from_irspack",
    package="irspack",
    classes=("IALSRecommender",),
    needed=("n_components", "alpha0", "reg", "nu", "loss_type"),
    parameters={
        "X_train_all": Parameter(None),
        "n_components": Parameter(20),
        "alpha0": Parameter(0.0),
        "reg": Parameter(1e-3),
        "nu": Parameter(1.0),
        "confidence_scaling": Parameter("none", choices=("none", "log")),
        "epsilon": Parameter(1.0),
        "init_std": Parameter(0.1, note="the start is scaled to the data"),
        "solver_type": Parameter("CG", choices=("CG", "CHOLESKY", "IALSPP")),
        "max_cg_steps": nothing(3),
        "ialspp_subspace_dimension": nothing(64),
        "loss_type": Parameter("IALSPP", choices=("IALSPP", "ORIGINAL")),
        "nu_star": Parameter(None),
        "random_seed": Parameter(42),
        "n_threads": Parameter(None),
        "train_epochs": Parameter(16),
        "prediction_time_max_cg_steps": Parameter(5, note="new rows are solved exactly"),
        "prediction_time_ialspp_iteration": Parameter(7, note="new rows are solved exactly"),
        "user_features": Parameter(None, refusal=_FEATURES),
        "item_features": Parameter(None, refusal=_FEATURES),
        "lambda_user_feature": Parameter(0.0, note=_WITHOUT_FEATURES),
        "lambda_item_feature": Parameter(0.0, note=_WITHOUT_FEATURES),
        "feature_warmup_epochs": Parameter(0, note=_WITHOUT_FEATURES),
    },
)


def from_irspack(estimator: Any = None, /, **parameters: Any) -> Translation:
    """Translate irspack's ``IALSRecommender`` (version 0.5).

    Both of its losses have their counterpart in `ImplicitALS` with α = 1, and count_i = n_i + α₀ n:

        "IALSPP"     ½ Σ_observed x (1 − s)² + ½ α₀ Σ_all s² + ridge       objective="ials"
        "ORIGINAL"   ½ Σ_all c (P − s)² + ridge, c = α₀ + x or α₀          objective="hkv"
        ridge        ½ λ (Σ_i count_i^ν |w_i|² + Σ_j count_j^ν |z_j|²)

    An observed cell of "IALSPP" is pulled to zero by α₀ as well. `alpha0` is 0 unless it is given: then only observed
    cells count.

    Parameters
    ----------
    estimator : IALSRecommender, optional
        One of irspack's, of which the parameters are taken.
    **parameters
        Those of IALSRecommender, by its names and with its defaults: `n_components`, `alpha0`, `reg`, `nu`,
        `confidence_scaling` and `epsilon`, `loss_type`, `nu_star` (which needs `X_train_all`, whose counts it scales
        `reg` by), `random_seed`, `n_threads` and `train_epochs` are translated. `user_features` and `item_features` are
        refused. The others do not change what is minimised.

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
    >>> from alsatian.compat import from_irspack
    >>> from_irspack(n_components=128, alpha0=0.05, reg=0.003, random_seed=0).estimator
    ImplicitALS(alpha=1.0, confidence='linear', dtype='float32', max_iter=16,
                n_components=128, objective='ials', random_state=0, reg=0.003,
                relaxation=1.0, tol=0.0, unobserved_weight=0.05)
    """
    p, notes = PEER.read(estimator, parameters)
    log, original, solver = p["confidence_scaling"] == "log", p["loss_type"] == "ORIGINAL", p["solver_type"]
    if solver != "CHOLESKY":
        notes.append(EXACT.format("conjugate gradients" if solver == "CG" else "block coordinates"))
    if p["alpha0"] == 0:
        notes.append("alpha0 is 0 unless it is given: only observed cells count then, and nothing speaks against any.")
    model = ImplicitALS(
        p["n_components"], objective="hkv" if original else "ials", alpha=1.0, unobserved_weight=p["alpha0"],
        confidence="log" if log else "linear", confidence_scale=p["epsilon"] if log else 1.0, reg=_scaled_reg(p),
        reg_exponent=p["nu"], reg_count="all", dtype="float32", random_state=seed(p["random_seed"]),
        n_jobs=p["n_threads"], **as_many_iterations(p["train_epochs"]),
    )  # fmt: skip
    return Translation(model, (*notes, PACE, START), _prepare, PEER.function)


def _prepare(X_train_all: Any) -> Prepared:
    return positive_only(
        X_train_all,
        zeros="irspack counts a stored zero as observed, alsatian as unobserved. Call X.eliminate_zeros() first.",
        negatives="irspack takes it as a negative weight; alsatian takes it as a dislike.",
    )


def _scaled_reg(p: dict[str, Any]) -> float:
    """Return λ, which `nu_star` scales such that the whole ridge weighs what λ would with that exponent."""
    if p["nu_star"] is None:
        return float(p["reg"])
    if p["X_train_all"] is None:
        raise ValueError("nu_star scales reg by the counts of the data: give X_train_all, too.")
    observed = csr_copy(p["X_train_all"])
    m, n = observed.shape
    rows = np.diff(observed.indptr) + p["alpha0"] * n
    columns = np.bincount(observed.indices, minlength=n) + p["alpha0"] * m

    def total(nu: float) -> float:
        return float(np.sum(rows**nu) + np.sum(columns**nu))

    return float(p["reg"]) * total(p["nu_star"]) / total(p["nu"])
