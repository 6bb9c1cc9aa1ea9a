"""From cmfrec's CMF and CMF_implicit, as far as they go without side information."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse

from alsatian.compat._matrices import csr_copy, positive_only, refuse_where, with_values
from alsatian.compat._parameters import EXACT, FLAG, PACE, START, Parameter, Peer, as_many_iterations, nothing, seed
from alsatian.compat._translation import Prepared, Translation
from alsatian.models import ALS, ImplicitALS

_ALONE = "it has no effect without side information"
_SHARED = {
    "k_user": Parameter(0, note=_ALONE),
    "k_item": Parameter(0, note=_ALONE),
    "k_main": Parameter(0),
    "w_main": Parameter(1.0),
    "l1_lambda": Parameter(0.0, refusal="alsatian has no L1 penalty."),
    "center_U": nothing(True, *FLAG),
    "center_I": nothing(True, *FLAG),
    "NA_as_zero_user": nothing(False, *FLAG),
    "NA_as_zero_item": nothing(False, *FLAG),
    "nonneg": Parameter(False, refusal="alsatian has no non-negative factors.", choices=FLAG),
    "nonneg_C": nothing(False, *FLAG),
    "nonneg_D": nothing(False, *FLAG),
    "max_cd_steps": nothing(100),
    "precompute_for_predictions": nothing(True, *FLAG),
    "use_float": Parameter(True, choices=FLAG),
    "max_cg_steps": nothing(3),
    "precondition_cg": nothing(False, *FLAG),
    "random_state": Parameter(1),
    "verbose": nothing(False),
    "handle_interrupt": nothing(True, *FLAG),
    "produce_dicts": nothing(False, *FLAG),
    "nthreads": Parameter(-1),
    "n_jobs": Parameter(None),
}
CMF = Peer(
    function="from_cmfrec",
    package="cmfrec",
    classes=("CMF",),
    needed=("k", "lambda_", "user_bias", "scale_lam", "NA_as_zero"),
    parameters={
        "k": Parameter(40),
        "lambda_": Parameter(10.0),
        "method": Parameter("als", choices=("als", "lbfgs")),
        "use_cg": Parameter(True, choices=FLAG),
        "user_bias": Parameter(True, choices=FLAG),
        "item_bias": Parameter(True, choices=FLAG),
        "center": Parameter(True, choices=FLAG),
        "add_implicit_features": Parameter(False, refusal="alsatian factorizes no second matrix.", choices=FLAG),
        "scale_lam": Parameter(False, choices=FLAG),
        "scale_lam_sideinfo": Parameter(False, choices=FLAG),
        "scale_bias_const": Parameter(False, choices=FLAG),
        "w_user": Parameter(1.0, note=_ALONE),
        "w_item": Parameter(1.0, note=_ALONE),
        "w_implicit": nothing(0.5),
        "maxiter": nothing(800),
        "niter": Parameter(10),
        "parallelize": nothing("separate", "separate", "single"),
        "corr_pairs": nothing(4),
        "finalize_chol": nothing(True, *FLAG),
        "NA_as_zero": Parameter(False, choices=FLAG),
        "include_all_X": nothing(True, *FLAG),
        "print_every": nothing(10),
        **_SHARED,
    },
)
CMF_IMPLICIT = Peer(
    function="from_cmfrec_implicit",
    package="cmfrec",
    classes=("CMF_implicit",),
    needed=("k", "lambda_", "alpha", "apply_log_transf"),
    parameters={
        "k": Parameter(50),
        "lambda_": Parameter(1.0),
        "alpha": Parameter(1.0),
        "use_cg": Parameter(True, choices=FLAG),
        "w_user": Parameter(10.0, note=_ALONE),
        "w_item": Parameter(10.0, note=_ALONE),
        "niter": Parameter(10),
        "apply_log_transf": Parameter(False, choices=FLAG),
        "finalize_chol": nothing(False, *FLAG),
        **_SHARED,
    },
)


def from_cmfrec(estimator: Any = None, /, **parameters: Any) -> Translation:
    """Translate cmfrec's ``CMF`` (version 3.5), without side information.

    With c the weight of a cell, it minimises

        w_main Σ c (x − s)² + Σ_i count_i^ν (λ_A |w_i|² + λ_b b_i²) + Σ_j count_j^ν (λ_B |z_j|² + λ_d d_j²)

    ν is 1 with `scale_lam`, else 0; ``NA_as_zero=True`` is ``absent="zero"``. `data` and `fit` of the translation take
    ``W``, as CMF's `fit` does: a number for each stored cell in the order in which X stores them, or an array.

    Parameters
    ----------
    estimator : CMF, optional
        One of cmfrec's, of which the parameters are taken.
    **parameters
        Those of CMF, by its names and with its defaults: `k` and `k_main` (added up), `lambda_` (one or six numbers),
        `w_main` (λ is divided by it), `user_bias`, `item_bias`, `center`, `scale_lam` and `scale_lam_sideinfo`,
        `NA_as_zero`, `niter`, `use_float`, `random_state`, `nthreads` and `n_jobs` are translated. These are refused:
        `add_implicit_features`, `l1_lambda`, `nonneg`, biases with ``center=False``, and `scale_bias_const` where it
        has an effect. The others do not change what is minimised.

    Returns
    -------
    Translation

    Raises
    ------
    TypeError
        For an unknown parameter, and for an object that is no such estimator.
    ValueError
        For a value without a counterpart, and from `data` for weights together with `scale_lam` (it counts their sum)
        or with `NA_as_zero` and `center` (whose mean is another).

    Examples
    --------
    >>> from alsatian.compat import from_cmfrec
    >>> from_cmfrec(k=20, lambda_=0.05, scale_lam=True).estimator
    ALS(bias='both', bias_reg=(0.05, 0.05), dtype='float32', max_iter=10,
        n_components=20, random_state=1, reg=(0.05, 0.05), relaxation=1.0, tol=0.0)
    """
    p, notes = CMF.read(estimator, parameters)
    scaled = bool(p["scale_lam"] or p["scale_lam_sideinfo"])
    biased = bool(p["user_bias"] or p["item_bias"])
    if biased and not p["center"]:
        raise ValueError(
            "center=False with user_bias or item_bias has no counterpart: biases come with the mean here. "
            "Give center=True, or no biases."
        )
    if biased and scaled and p["scale_bias_const"]:
        raise ValueError("scale_bias_const=True has no counterpart: the ridge of a bias is scaled by its own count.")
    pace: dict[str, Any] = as_many_iterations(p["niter"])
    if p["method"] == "lbfgs":
        pace = {"max_iter": 100}
        notes.append("method='lbfgs' minimises the same function in another way: 100 iterations take its place.")
    elif p["use_cg"]:
        notes.append(EXACT.format("conjugate gradients"))
    user_bias, item_bias, *reg = _ridges(p)
    model = ALS(
        p["k"] + p["k_main"], reg=(reg[0], reg[1]), reg_exponent=float(scaled),
        bias=_bias(p), bias_reg=(user_bias, item_bias) if biased else None,
        absent="zero" if p["NA_as_zero"] else "missing", **_common(p), **pace,
    )  # fmt: skip

    def prepare(X: Any, W: Any = None, **side: Any) -> Prepared:
        _refuse_side(side, ("U", "I", "U_bin", "I_bin"))
        if W is None:
            return X, {}
        if scaled:
            raise ValueError("W with scale_lam=True has no counterpart: cmfrec multiplies λ by the sum of weights.")
        if p["NA_as_zero"] and p["center"]:
            raise ValueError("W with NA_as_zero=True and center=True has no counterpart: cmfrec's mean is another one.")
        return X, {"weights": _weights(X, W)}

    return Translation(model, (*notes, PACE, START), prepare, CMF.function)


def from_cmfrec_implicit(estimator: Any = None, /, **parameters: Any) -> Translation:
    """Translate cmfrec's ``CMF_implicit`` (version 3.5), without side information.

    It minimises

        w_main Σ_all c (P − s)² + λ_A Σ |w_i|² + λ_B Σ |z_j|²,   c = 1 + αx on the stored cells, where P = 1, else 1

    which is ``ImplicitALS(objective="hkv", reg_exponent=0)``. With `apply_log_transf`, log(x) takes the place of x; as
    it is 0 where x = 1, and such a cell is observed all the same, this is ``ALS(absent="zero")`` on ones with the
    weights 1 + α log(x).

    Parameters
    ----------
    estimator : CMF_implicit, optional
        One of cmfrec's, of which the parameters are taken.
    **parameters
        Those of CMF_implicit, by its names and with its defaults: `k` and `k_main` (added up), `lambda_` (one or six
        numbers), `alpha`, `w_main` (λ is divided by it), `apply_log_transf`, `niter`, `use_float`, `random_state`,
        `nthreads` and `n_jobs` are translated; `l1_lambda` and `nonneg` are refused. The others do not change what is
        minimised.

    Returns
    -------
    Translation

    Raises
    ------
    TypeError
        For an unknown parameter, and for an object that is no such estimator.
    ValueError
        For a value without a counterpart, and from `data` where X stores a zero or a negative value.

    Examples
    --------
    >>> from alsatian.compat import from_cmfrec_implicit
    >>> from_cmfrec_implicit(k=20, lambda_=5, alpha=10).estimator
    ImplicitALS(alpha=10, confidence='linear', dtype='float32', max_iter=10,
                n_components=20, random_state=1, reg=(5.0, 5.0), reg_exponent=0.0,
                relaxation=1.0, tol=0.0, unobserved_weight=1.0)
    """
    p, notes = CMF_IMPLICIT.read(estimator, parameters)
    if p["use_cg"]:
        notes.append(EXACT.format("conjugate gradients"))
    reg = _ridges(p)[2:]
    common = {
        "reg": (reg[0], reg[1]), "reg_exponent": 0.0, **_common(p), **as_many_iterations(p["niter"])
    }  # fmt: skip
    notes += [PACE, START]
    k = p["k"] + p["k_main"]
    of_data = {name: p[name] for name in ("alpha", "apply_log_transf")}
    if p["apply_log_transf"]:

        def logarithms(X: Any, **side: Any) -> Prepared:
            _refuse_side(side, ("U", "I"))
            cells = csr_copy(X)
            refuse_where(cells, cells.data < 1, "with apply_log_transf=True, values must be 1 at least.")
            ones = with_values(cells, np.ones_like(cells.data))
            return ones, {"weights": with_values(cells, 1 + p["alpha"] * np.log(cells.data))}

        return Translation(
            ALS(k, absent="zero", **common), tuple(notes), logarithms, CMF_IMPLICIT.function, of_data, True
        )

    def prepare(X: Any, **side: Any) -> Prepared:
        _refuse_side(side, ("U", "I"))
        return positive_only(
            X,
            zeros="cmfrec counts a stored zero as observed, alsatian as unobserved. Call X.eliminate_zeros() first.",
            negatives="cmfrec takes it as a smaller weight of a cell that is observed, alsatian as a dislike.",
        )

    model = ImplicitALS(
        k, objective="hkv", alpha=p["alpha"], unobserved_weight=1.0, confidence="linear", **common
    )  # fmt: skip
    return Translation(model, tuple(notes), prepare, CMF_IMPLICIT.function, of_data)


def _ridges(p: dict[str, Any]) -> list[float]:
    """Return λ of the user biases, the item biases, A and B, in the scale of a fit that weighs one."""
    given = np.ravel(np.asarray(p["lambda_"], dtype=np.float64))
    if given.size not in (1, 6):
        raise ValueError(f"lambda_ must be one number or six, but has {given.size}.")
    return [float(ridge) / float(p["w_main"]) for ridge in (np.repeat(given, 4) if given.size == 1 else given[:4])]


def _common(p: dict[str, Any]) -> dict[str, Any]:
    threads = p["nthreads"] if p["n_jobs"] is None else p["n_jobs"]
    return {
        "dtype": "float32" if p["use_float"] else "float64", "random_state": seed(p["random_state"]),
        "n_jobs": None if threads == -1 else threads,
    }  # fmt: skip


def _bias(p: dict[str, Any]) -> str:
    if p["user_bias"] and p["item_bias"]:
        return "both"
    if p["user_bias"] or p["item_bias"]:
        return "rows" if p["user_bias"] else "columns"
    return "mean" if p["center"] else "none"


def _refuse_side(side: dict[str, Any], known: tuple[str, ...]) -> None:
    for name, value in side.items():
        if name not in known:
            raise TypeError(f"{name!r} is no parameter of cmfrec's fit.")
        if value is not None:
            raise ValueError(f"{name} has no counterpart: alsatian has no side information about rows and columns.")


def _weights(X: Any, W: Any) -> Any:
    """Return weights in the shape of X: cmfrec takes a list of them for a sparse X, in the order of its cells."""
    matrix: Any = X
    if issparse(W) or not issparse(X):
        return W
    listed, cells = np.asarray(W, dtype=np.float64).ravel(), matrix.tocoo()
    if listed.size != cells.nnz:
        raise ValueError(f"W has {listed.size} weights, but X stores {cells.nnz} cells: give one for each.")
    return csr_array((listed, (cells.row, cells.col)), shape=matrix.shape)
