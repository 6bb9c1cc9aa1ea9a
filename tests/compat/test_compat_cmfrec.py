"""What `from_cmfrec` and `from_cmfrec_implicit` give minimises what cmfrec does: shown at its own converged factors."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from alsatian.compat import from_cmfrec, from_cmfrec_implicit
from compat.peers import converged, peer, plays, product_gap, slope

EXACT: dict[str, Any] = {"k": 3, "use_cg": False, "use_float": False, "niter": 150, "nthreads": 1, "random_state": 1}
SIX = (0.3, 0.5, 0.7, 0.9, 1.0, 1.0)


# In a process of its own: with some settings (item biases alone among them), cmfrec 3.5.1 ends in a segmentation fault.
FIT = """
import pickle, sys, warnings
warnings.simplefilter("ignore")
import cmfrec
kind, X, W, parameters = pickle.load(sys.stdin.buffer)
model = getattr(cmfrec, kind)(**parameters)
pickle.dump(model.fit(X) if W is None else model.fit(X, W=W), sys.stdout.buffer)
"""


def fitted(kind: str, X: Any, W: Any = None, **parameters: Any) -> Any:
    peer("cmfrec")
    lambda_ = parameters.get("lambda_")
    if isinstance(lambda_, tuple):
        parameters["lambda_"] = np.array(lambda_)
    task = pickle.dumps((kind, X, W, {**EXACT, **parameters}))
    done = subprocess.run([sys.executable, "-c", FIT], input=task, capture_output=True, check=False)
    if done.returncode < 0:
        pytest.skip(f"cmfrec itself was ended by signal {-done.returncode}")
    assert done.returncode == 0, done.stderr.decode()
    return pickle.loads(done.stdout)


def their_slope(translation: Any, X: Any, model: Any, **how: Any) -> float:
    biases = {
        ours: b for ours, b in (("row_bias", model.user_bias_), ("column_bias", model.item_bias_)) if b.size
    }  # fmt: skip
    return slope(translation, X, model.A_, model.B_, **biases, **how)


def by_columns(X: Any) -> sparse.coo_matrix:
    """The order in which cmfrec 3.5.1 gives weights to the right cells of both sides."""
    cells = sparse.coo_matrix(X)
    order = np.lexsort((cells.row, cells.col))
    return sparse.coo_matrix((cells.data[order], (cells.row[order], cells.col[order])), shape=cells.shape)


@pytest.mark.parametrize(
    "parameters",
    [
        {"lambda_": SIX},
        {"lambda_": 0.7, "item_bias": False},
        {"lambda_": 0.7, "user_bias": False, "item_bias": False},
        {"lambda_": 0.7, "user_bias": False, "item_bias": False, "center": False},
        {"lambda_": SIX, "w_main": 2.0},
        {"lambda_": 0.1, "scale_lam": True},
        {"lambda_": 0.1, "scale_lam_sideinfo": True},
        {"lambda_": 0.1, "scale_lam": True, "user_bias": False, "item_bias": False, "scale_bias_const": True},
        {"lambda_": SIX, "k_main": 1, "k_user": 2},
        {"lambda_": 0.7, "NA_as_zero": True},
        {"lambda_": 0.7, "NA_as_zero": True, "user_bias": False},
        {"lambda_": 0.05, "NA_as_zero": True, "scale_lam": True, "user_bias": False, "item_bias": False},
    ],
    ids=str,
)
def test_our_slope_is_zero_at_their_minimum(parameters: dict[str, Any]) -> None:
    X = plays().tocoo()
    model = fitted("CMF", X, **parameters)
    translation = from_cmfrec(model)
    assert their_slope(translation, X, model) < 1e-5  # far below 0.01, where another function would be
    wrong = from_cmfrec(model, lambda_=1.3 * np.asarray(parameters["lambda_"]))
    assert their_slope(wrong, X, model) > 0.01
    ours = converged(translation, X, (model.B_, model.item_bias_) if model.item_bias_.size else model.B_)
    theirs = model.A_ @ model.B_.T + model.glob_mean_
    theirs += model.user_bias_[:, None] if model.user_bias_.size else 0
    theirs += model.item_bias_ if model.item_bias_.size else 0
    assert product_gap(ours.inverse_transform(ours.row_factors_, ours.row_bias_), theirs) < 1e-4


def test_weights_are_taken_in_the_order_of_the_cells() -> None:
    X = by_columns(plays())
    W = np.random.default_rng(0).random(X.nnz) + 0.2
    model = fitted("CMF", X, W, lambda_=SIX)
    assert their_slope(from_cmfrec(model), X, model, W=W) < 1e-5
    assert their_slope(from_cmfrec(model), X, model, W=W[::-1]) > 0.01


def test_an_array_with_missing_cells_and_weights() -> None:
    dense = plays().toarray()
    dense[dense == 0] = np.nan
    W = np.random.default_rng(0).random(dense.shape) + 0.2
    model = fitted("CMF", dense, W, lambda_=SIX)
    assert their_slope(from_cmfrec(model), dense, model, W=W) < 1e-5


def test_a_stored_zero_is_an_observed_zero() -> None:
    X = plays().tocoo()
    X.data[3] = 0
    model = fitted("CMF", X, lambda_=SIX)
    assert their_slope(from_cmfrec(model), X, model) < 1e-5


@pytest.mark.parametrize(
    "parameters",
    [
        {"lambda_": 0.7, "alpha": 1.5},
        {"lambda_": SIX, "alpha": 0.2},
        {"lambda_": 2.0, "alpha": 1.5, "w_main": 2.0},
        {"lambda_": 0.7, "alpha": 1.5, "apply_log_transf": True},
    ],
    ids=str,
)
def test_our_slope_is_zero_at_the_implicit_minimum(parameters: dict[str, Any]) -> None:
    X = plays().tocoo()
    model = fitted("CMF_implicit", X, **parameters)
    translation = from_cmfrec_implicit(model)
    assert slope(translation, X, model.A_, model.B_) < 1e-5
    assert slope(from_cmfrec_implicit(model, alpha=2 * parameters["alpha"]), X, model.A_, model.B_) > 0.01
    ours = converged(translation, X, model.B_)
    assert product_gap(ours.row_factors_ @ ours.components_, model.A_ @ model.B_.T) < 1e-4


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"center": False}, "center=False with user_bias or item_bias has no counterpart"),
        ({"scale_lam": True, "scale_bias_const": True}, "scale_bias_const=True has no counterpart"),
        ({"nonneg": True}, "nonneg=True of cmfrec's CMF has no counterpart: alsatian has no non-negative factors"),
        ({"l1_lambda": 0.1}, "l1_lambda=0.1 of cmfrec's CMF has no counterpart"),
        ({"add_implicit_features": True}, "add_implicit_features=True of cmfrec's CMF has no counterpart"),
        ({"lambda_": [1, 2]}, "lambda_ must be one number or six, but has 2"),
    ],
)
def test_what_has_no_counterpart_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_cmfrec(**parameters)


def test_weights_that_mean_something_else_are_refused() -> None:
    X = plays().tocoo()
    W = np.ones(X.nnz)
    with pytest.raises(ValueError, match="multiplies λ by the sum of weights"):
        from_cmfrec(scale_lam=True).fit(X, W=W)
    with pytest.raises(ValueError, match="cmfrec's mean is another one"):
        from_cmfrec(NA_as_zero=True).fit(X, W=W)
    with pytest.raises(ValueError, match=f"W has 3 weights, but X stores {X.nnz} cells"):
        from_cmfrec().fit(X, W=W[:3])
    with pytest.raises(ValueError, match="U has no counterpart"):
        from_cmfrec().fit(X, U=np.eye(14))
    with pytest.raises(TypeError, match="'weights' is no parameter of cmfrec's fit"):
        from_cmfrec().fit(X, weights=W)


def test_values_that_mean_something_else_are_refused() -> None:
    X = plays()
    X.data[0] = 0
    with pytest.raises(ValueError, match=r"X stores 0\.0 in row 0, column .*: cmfrec counts a stored zero as observed"):
        from_cmfrec_implicit().fit(X)
    with pytest.raises(ValueError, match="values must be 1 at least"):
        from_cmfrec_implicit(apply_log_transf=True).fit(X)


def test_lbfgs_is_another_way_to_the_same_minimum() -> None:
    translation = from_cmfrec(method="lbfgs")
    assert translation.estimator.relaxation == "auto"
    assert any("lbfgs" in note for note in translation.notes)
