"""What `from_implicit` gives minimises what implicit does: shown at implicit's own converged factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alsatian.compat import from_implicit
from compat.peers import converged, loss_at, peer, plays, product_gap, quiet, slope


def fitted(X: Any, **parameters: Any) -> Any:
    cpu = peer("implicit.cpu.als")
    with quiet():
        model = cpu.AlternatingLeastSquares(num_threads=1, random_state=0, **parameters)
        model.fit(X, show_progress=False)
    return model


def with_dislikes_and_zeros() -> Any:
    X = plays()
    X.data[[7, 20]] *= -1
    X.data[[3, 11]] = 0
    return X


SETTINGS = {"factors": 3, "regularization": 0.5, "alpha": 1.5, "dtype": np.float64, "iterations": 1500}


@pytest.mark.parametrize("alpha", [0.2, 1.5])
@pytest.mark.parametrize("X", [plays(), with_dislikes_and_zeros()], ids=["counts", "dislikes and stored zeros"])
def test_our_slope_is_zero_at_their_minimum(X: Any, alpha: float) -> None:
    settings = {**SETTINGS, "alpha": alpha, "use_cg": False}
    model = fitted(X, **settings)
    # ALS closes in by a constant factor an iteration; far below 0.01, where another function would be, is enough.
    assert slope(from_implicit(model), X, model.user_factors, model.item_factors) < 1e-6
    # The confidence of the paper, 1 + αx, is another function.
    paper = X.copy()
    paper.data = X.data + np.sign(X.data) / alpha
    assert slope(from_implicit(model), paper, model.user_factors, model.item_factors) > 0.01


@pytest.mark.parametrize("X", [plays(), with_dislikes_and_zeros()], ids=["counts", "dislikes and stored zeros"])
def test_from_their_start_the_scores_are_theirs(X: Any) -> None:
    model = fitted(X, **SETTINGS, use_cg=False)
    ours = converged(from_implicit(**SETTINGS), X, model.item_factors)
    theirs = model.user_factors @ model.item_factors.T
    assert product_gap(ours.row_factors_ @ ours.components_, theirs) < 1e-8
    assert loss_at(from_implicit(model), X, model.user_factors, model.item_factors) == pytest.approx(
        ours.history_.loss[-1], rel=1e-12
    )


def test_iteration_by_iteration_the_two_are_one() -> None:
    cpu = peer("implicit.cpu.als")
    X, start = plays(), np.random.default_rng(1).normal(size=(10, 3))
    with quiet():
        model = cpu.AlternatingLeastSquares(**{**SETTINGS, "iterations": 4}, use_cg=False, num_threads=1)
        model.user_factors, model.item_factors = np.zeros((14, 3)), start.copy()
        model.fit(X, show_progress=False)
    translation = from_implicit(model)
    translation.estimator.set_params(init=start)
    ours = translation.fit(X)
    assert ours.n_iter_ == 4
    # Both solve small systems exactly, in float64.
    np.testing.assert_allclose(ours.column_factors_, model.item_factors, rtol=1e-9, atol=1e-12)


def test_conjugate_gradients_go_to_the_same_minimum() -> None:
    X = plays()
    model = fitted(X, **SETTINGS, use_cg=True)
    translation = from_implicit(model)
    assert any("conjugate gradients" in note for note in translation.notes)
    assert slope(translation, X, model.user_factors, model.item_factors) < 1e-6


def test_an_estimator_is_read_as_its_parameters_are() -> None:
    cpu = peer("implicit.cpu.als")
    with quiet():
        model = cpu.AlternatingLeastSquares(**SETTINGS, num_threads=2, random_state=5)
    named = from_implicit(**SETTINGS, num_threads=2, random_state=5)
    assert repr(from_implicit(model).estimator) == repr(named.estimator)
    assert from_implicit(model).notes == named.notes
    assert from_implicit(model, factors=9).estimator.n_components == 9


def test_half_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="dtype=float16 of implicit has no counterpart"):
        from_implicit(dtype=np.float16)


def test_the_user_matrix_is_left_as_it_was() -> None:
    X = with_dislikes_and_zeros()
    before = X.copy()
    from_implicit(factors=2).fit(X)
    assert (X.data == before.data).all()
    assert X.nnz == before.nnz
