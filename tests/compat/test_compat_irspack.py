"""What `from_irspack` gives minimises what irspack does: shown at irspack's own converged factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alsatian.compat import from_irspack
from compat.peers import converged, loss_at, peer, plays, product_gap, quiet, slope

LOSSES = ["IALSPP", "ORIGINAL"]
SETTINGS: dict[str, Any] = {"n_components": 3, "alpha0": 0.3, "reg": 0.05, "random_seed": 0, "n_threads": 1}


def learnt(X: Any, epochs: int = 600, solver: str = "CHOLESKY", **settings: Any) -> Any:
    ials = peer("irspack.recommenders.ials")
    with quiet():
        model = ials.IALSRecommender(X, **{**SETTINGS, **settings}, solver_type=solver, init_std=1.0)
        model.start_learning()
        for _ in range(epochs):
            model.run_epoch()
    return model


@pytest.mark.parametrize(
    "settings",
    [
        {"nu": 0.0, "reg": 0.5},
        {"nu": 0.5},
        {"nu": 1.0},
        {"nu": 1.0, "alpha0": 0.0},
        {"nu": 1.0, "confidence_scaling": "log", "epsilon": 2.0},
        {"nu": 1.0, "nu_star": 0.5, "reg": 0.1},
    ],
    ids=str,
)
@pytest.mark.parametrize("loss_type", LOSSES)
def test_our_slope_is_zero_at_their_minimum(loss_type: str, settings: dict[str, Any]) -> None:
    X = plays()
    model = learnt(X, loss_type=loss_type, **settings)
    translation = from_irspack(model)
    users, items = model.get_user_embedding(), model.get_item_embedding()
    # irspack works in float32: a thousand or so roundings of 6e-8, and a bad condition where there is no α₀.
    assert slope(translation, X, users, items) < 2e-4
    assert model.trainer.compute_loss() == pytest.approx(loss_at(translation, X, users, items), rel=1e-5)
    other = {"IALSPP": "ORIGINAL", "ORIGINAL": "IALSPP"}[loss_type]
    if model.alpha0 > 0:
        assert slope(from_irspack(model, loss_type=other), X, users, items) > 0.01
    ours = converged(translation, X, items)
    assert product_gap(ours.row_factors_ @ ours.components_, users @ items.T) < 1e-3


@pytest.mark.parametrize("solver", ["CG", "IALSPP"])
def test_their_other_solvers_go_to_the_same_minimum(solver: str) -> None:
    X = plays()
    model = learnt(X, solver=solver, nu=1.0)
    translation = from_irspack(model)
    assert any("solved exactly" in note for note in translation.notes)
    assert slope(translation, X, model.get_user_embedding(), model.get_item_embedding()) < 2e-4


def test_an_estimator_is_read_as_its_parameters_are() -> None:
    ials = peer("irspack.recommenders.ials")
    X = plays()
    model = ials.IALSRecommender(X, **SETTINGS, nu_star=0.5, confidence_scaling="log", loss_type="ORIGINAL")
    named = from_irspack(X_train_all=X, **SETTINGS, nu_star=0.5, confidence_scaling="log", loss_type="ORIGINAL")
    assert repr(from_irspack(model).estimator) == repr(named.estimator)
    assert from_irspack(model).notes == named.notes
    assert named.estimator.reg == pytest.approx(model.scaled_reg, rel=1e-12)


def test_what_they_count_otherwise_is_refused() -> None:
    zero, negative = plays(), plays()
    zero.data[3] = 0
    negative.data[3] = -2
    row = int(np.searchsorted(zero.indptr, 3, side="right")) - 1
    place = rf"in row {row}, column {zero.indices[3]}"
    with pytest.raises(ValueError, match=rf"X stores 0.0 {place}: irspack counts a stored zero as observed"):
        from_irspack().fit(zero)
    with pytest.raises(ValueError, match=rf"X stores -2.0 {place}: irspack takes it as a negative weight"):
        from_irspack().fit(negative)
    with pytest.raises(ValueError, match="nu_star scales reg by the counts of the data: give X_train_all"):
        from_irspack(nu_star=0.5)
    with pytest.raises(ValueError, match=r"(?s)user_features=array.* has no counterpart: alsatian has no side"):
        from_irspack(user_features=np.eye(3))
    with pytest.raises(ValueError, match="loss_type='HKV' is none of the choices of irspack's IALSRecommender"):
        from_irspack(loss_type="HKV")


def test_without_alpha0_a_note_says_that_nothing_speaks_against_a_cell() -> None:
    assert any("alpha0" in note for note in from_irspack().notes)
    assert not any("alpha0" in note for note in from_irspack(alpha0=0.1).notes)
