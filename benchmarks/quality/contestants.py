"""The libraries of the protocol: the settings that are searched, the same ranges where they mean the same, and the fit.

A ranker is fitted on a users-by-items matrix and gives (user factors, item factors); lists are made of the two by one
search for all. A rater is fitted on ratings and predicts others.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

import common
from alsatian import ALS, ImplicitALS
from alsatian.models import NoEntryWarning

Settings = dict[str, Any]
Factors = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Ranker:
    """One library for lists: `suggest(trial, counts)` draws settings, `fit(settings, x, k)` gives factors."""

    name: str
    suggest: Callable[[Any, bool], Settings]
    fit: Callable[[Settings, Any, int], Factors]


@dataclass(frozen=True)
class Rater:
    """One library for ratings: `predict(settings, train, rows, columns, k)` fits on one part and scores another."""

    name: str
    suggest: Callable[[Any], Settings]
    predict: Callable[[Settings, Any, NDArray[Any], NDArray[Any], int], NDArray[Any]]


def scale_of_ridge(x: Any, unobserved: float, exponent: float) -> float:
    """Return what λ is multiplied with, so that its strength does not depend on ν (Rendle et al. 2022, section 4.1)."""
    m, n = x.shape
    counts = np.concatenate(
        [np.diff(x.indptr) + unobserved * n, np.bincount(x.indices, minlength=n) + unobserved * m]
    ).astype(float)
    return float(counts.sum() / (counts**exponent).sum())


def _of_all_cells(trial: Any, has_counts: bool) -> Settings:
    """Draw what ours and irspack share: the weight of all cells, λ as for ν = 1, ν, confidence, passes.

    Observed cells have weight one, or about the logarithm of a count: all other weights are larger then.
    """
    return {
        "unobserved": trial.suggest_float("unobserved", 0.001, 3 if has_counts else 0.2, log=True),
        "ridge": trial.suggest_float("ridge", 5e-4, 0.2 if has_counts else 2e-2, log=True),
        "exponent": trial.suggest_float("exponent", 0.0, 1.0),
        "passes": trial.suggest_int("passes", 1, 16),
        "log": has_counts and trial.suggest_categorical("log", [True, False]),
    }


def _of_either_objective(trial: Any, has_counts: bool) -> Settings:
    """Draw the same for ours, and which objective: without counts the two are one but for the scale of scores."""
    drawn = _of_all_cells(trial, has_counts)
    return drawn | {"objective": trial.suggest_categorical("objective", ["ials", "hkv"]) if has_counts else "ials"}


def _rank_alsatian(s: Settings, x: Any, k: int) -> Factors:
    reg = s["ridge"] * scale_of_ridge(x, s["unobserved"], s["exponent"])
    model = ImplicitALS(
        k, objective=s["objective"], unobserved_weight=s["unobserved"], alpha=1.0,
        confidence="log" if s["log"] else "linear", reg=reg, reg_exponent=s["exponent"], max_iter=s["passes"], tol=0,
        relaxation=1.0, random_state=0,  # plain passes, as those of the others: few of them regularise
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)  # items that only another part has
        model.fit(x)
    return model.row_factors_, model.column_factors_


def _rank_irspack(s: Settings, x: Any, k: int) -> Factors:
    import irspack

    model = irspack.IALSRecommender(
        sparse.csr_matrix(x), n_components=k, alpha0=s["unobserved"], nu=s["exponent"], train_epochs=s["passes"],
        reg=s["ridge"] * scale_of_ridge(x, s["unobserved"], s["exponent"]), loss_type="IALSPP", solver_type="CHOLESKY",
        confidence_scaling="log" if s["log"] else "none",
    )  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):  # its progress
        model.learn()
    return model.get_user_embedding(), model.get_item_embedding()


def _by_confidence(trial: Any, has_counts: bool) -> Settings:
    """Draw what implicit and cmfrec share: α, λ, passes, and log counts, which are taken before."""
    return {
        "alpha": trial.suggest_float("alpha", 0.5, 200, log=True),
        "ridge": trial.suggest_float("ridge", 1e-3, 100, log=True),
        "passes": trial.suggest_int("passes", 1, 16),
        "log": has_counts and trial.suggest_categorical("log", [True, False]),
    }


def _rank_implicit(s: Settings, x: Any, k: int) -> Factors:
    import implicit

    model = implicit.als.AlternatingLeastSquares(
        factors=k, alpha=s["alpha"], regularization=s["ridge"], iterations=s["passes"], use_cg=False, random_state=0
    )
    with threadpool_limits(1, "blas"):  # as it asks
        model.fit(sparse.csr_matrix(_logged(x, s["log"])), show_progress=False)
    return model.user_factors, model.item_factors


def _rank_cmfrec(s: Settings, x: Any, k: int) -> Factors:
    import cmfrec

    model = cmfrec.CMF_implicit(
        k=k, alpha=s["alpha"], lambda_=s["ridge"], niter=s["passes"], use_cg=False, random_state=0, verbose=False,
        handle_interrupt=False, nthreads=2, precompute_for_predictions=False,
    )  # fmt: skip
    model.fit(sparse.coo_matrix(_logged(x, s["log"])))
    return model.A_, model.B_


def _logged(x: Any, log: bool) -> Any:
    return sparse.csr_array((np.log1p(x.data), x.indices, x.indptr), shape=x.shape) if log else x


def _ridges(trial: Any) -> Settings:
    return {
        "ridge": trial.suggest_float("ridge", 0.02, 0.4, log=True),
        "bias_ridge": trial.suggest_float("bias_ridge", 0.001, 0.2, log=True),
        "passes": trial.suggest_int("passes", 5, 30),
    }


def _rate_alsatian(s: Settings, train: Any, rows: NDArray[Any], columns: NDArray[Any], k: int) -> NDArray[Any]:
    model = ALS(
        k, reg=s["ridge"], bias="both", bias_reg=s["bias_ridge"], max_iter=s["passes"], tol=0, dtype="float32",
        random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        model.fit(train)
    return np.asarray(model.predict_cells(rows, columns), dtype=np.float64)


def _rate_cmfrec(s: Settings, train: Any, rows: NDArray[Any], columns: NDArray[Any], k: int) -> NDArray[Any]:
    import cmfrec

    ridges = np.repeat([s["bias_ridge"], s["ridge"]], [2, 4])
    model = cmfrec.CMF(
        k, lambda_=ridges, scale_lam=True, scale_bias_const=False, method="als", use_cg=False, niter=s["passes"],
        user_bias=True, item_bias=True, center=True, random_state=0, verbose=False, handle_interrupt=False, nthreads=2,
        precompute_for_predictions=False,
    )  # fmt: skip
    model.fit(sparse.coo_matrix(train).astype(np.float32))
    scores = np.asarray(model.predict(rows, columns), dtype=np.float64)
    # A film that is in no training cell has whatever was in memory as its factors: it is scored by the rest.
    has_row, has_column = (np.diff(side.indptr) > 0 for side in (train.tocsr(), train.tocsc()))
    known = has_row[rows] & has_column[columns]
    row_bias = np.where(has_row, model.user_bias_, 0)[rows]
    column_bias = np.where(has_column, model.item_bias_, 0)[columns]
    return np.where(known, scores, model.glob_mean_ + row_bias + column_bias)


def rankers() -> list[Ranker]:
    """Return ours, and those peers that are installed."""
    peers = [
        Ranker("irspack", _of_all_cells, _rank_irspack),
        Ranker("implicit", _by_confidence, _rank_implicit),
        Ranker("cmfrec", _by_confidence, _rank_cmfrec),
    ]
    return [Ranker("alsatian", _of_either_objective, _rank_alsatian), *(one for one in peers if common.peer(one.name))]


def raters() -> list[Rater]:
    """Return ours, and cmfrec where it is installed; implicit and irspack have no model of ratings."""
    peers = [Rater("cmfrec", _ridges, _rate_cmfrec)]
    return [Rater("alsatian", _ridges, _rate_alsatian), *(one for one in peers if common.peer(one.name))]
