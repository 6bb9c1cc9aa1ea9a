"""Fits that improve rows: the loss falls and is what it is said to be, the end is the exact solver's, and exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from alsatian import ALS, ImplicitALS
from alsatian.models import _fit, _solver
from alsatian.models._solver import improving_of
from alsatian.objective import gradient, loss

INEXACT = ("cg", "subspace")


def ratings(m: int = 60, n: int = 45, seed: int = 0) -> sparse.csr_array:
    rng = np.random.default_rng(seed)
    scores = 3 + rng.normal(size=(m, 1)) + rng.normal(size=(m, 3)) @ rng.normal(size=(3, n))
    stored = rng.random((m, n)) < rng.uniform(0.1, 0.9, size=(m, 1))
    stored[[3, 7]] = False
    stored[3, 0] = True
    rows, columns = np.nonzero(stored)
    values = (scores + 0.5 * rng.normal(size=(m, n)))[rows, columns]
    return sparse.csr_array((values, (rows, columns)), shape=(m, n))


def weights_of(X: sparse.csr_array) -> sparse.csr_array:
    weights = X.copy()
    weights.data = np.random.default_rng(1).uniform(0.2, 3, size=X.nnz)
    return weights


def plays() -> sparse.csr_array:
    X = ratings()
    X.data = np.maximum(1, np.abs(X.data).round()) * np.where(np.arange(X.nnz) % 11 == 0, -1, 1)
    return X


CASES: dict[str, tuple[Any, dict[str, Any], Any, Any]] = {
    "explicit": (ALS, {"reg": 0.05}, ratings(), None),
    "plain ridge": (ALS, {"reg": (0.5, 0.2), "reg_exponent": 0}, ratings(), None),
    "biases": (ALS, {"bias": "both", "bias_reg": 0.02}, ratings(), None),
    "column bias": (ALS, {"bias": "columns"}, ratings(), None),
    "row bias, weights": (ALS, {"bias": "rows", "reg": 0.1}, ratings(), weights_of(ratings())),
    "zero, weights": (ALS, {"absent": "zero", "bias": "both"}, ratings(), weights_of(ratings())),
    "hkv": (ImplicitALS, {"dtype": "float64"}, plays(), None),
    "ials": (ImplicitALS, {"objective": "ials", "dtype": "float64", "unobserved_weight": 0.3}, plays(), None),
    "observed only": (ImplicitALS, {"unobserved_weight": 0.0, "dtype": "float64"}, plays(), None),
}  # fmt: skip
CASE = pytest.mark.parametrize("case", CASES)
SOLVER = pytest.mark.parametrize("solver", INEXACT)

pytestmark = pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")


def fitted(case: str, solver: str, **how: Any) -> Any:
    kind, parameters, X, weights = CASES[case]
    how = {"n_components": 30, "tol": 0, "random_state": 0, "block_size": 8, "max_iter": 6, **parameters, **how}
    model = kind(solver=solver, **how)
    return model.fit(X) if weights is None else model.fit(X, weights=weights)


def settings_of(model: Any, case: str) -> dict[str, Any]:
    weights = CASES[case][3]
    return model.objective_settings() | ({} if weights is None else {"weights": weights})


@CASE
@SOLVER
def test_the_loss_falls_and_is_what_it_is_said_to_be(case: str, solver: str) -> None:
    model = fitted(case, solver)
    f = loss(CASES[case][2], model.row_factors_, model.column_factors_, **settings_of(model, case))
    assert model.history_.loss[-1] == pytest.approx(f, rel=1e-9)
    steps = model.history_.half_step_loss
    assert np.all(np.diff(steps) <= 1e-9 * steps[0])
    assert [record.solver for record in model.history_] == [solver] * 6 + ["exact"]
    assert model.history_.to_dict()["solver"][-1] == "exact"


@CASE
@SOLVER
def test_the_loss_of_every_iteration_is_that_of_its_factors(case: str, solver: str) -> None:
    told = fitted(case, solver).history_.loss
    for n in (1, 3):
        # The n-th iteration of a longer fit is relaxed and its last is not: with ω = 1 they are the same.
        long, short = (fitted(case, solver, relaxation=1.0, max_iter=i) for i in (6, n))
        assert short.history_.loss[n - 1] == long.history_.loss[n - 1]
        f = loss(CASES[case][2], short.row_factors_, short.column_factors_, **settings_of(short, case))
        assert short.history_.loss[-1] == pytest.approx(f, rel=1e-9)
    assert np.isfinite(told).all()


@CASE
@SOLVER
def test_it_converges_to_where_the_gradient_is_zero_and_the_exact_solver_leads(case: str, solver: str) -> None:
    model, exact = (fitted(case, name, n_components=25, max_iter=200) for name in (solver, "exact"))
    assert model.history_.loss[-1] == pytest.approx(exact.history_.loss[-1], rel=2e-2)  # minima differ a little
    parts = gradient(CASES[case][2], model.row_factors_, model.column_factors_, **settings_of(model, case))
    for part in (part for part in parts if part is not None):
        assert np.abs(part).max() <= 2e-4 * model.history_.loss[0]
    # From where one has converged, the other does not move.
    again = type(model)(**{**model.get_params(), "solver": "exact", "max_iter": 3, "init": model.column_factors_})
    if case in {"explicit", "plain ridge", "hkv", "ials", "observed only"}:
        again.fit(CASES[case][2])
        assert again.history_.loss[-1] == pytest.approx(model.history_.loss[-1], rel=1e-5)


@CASE
@SOLVER
def test_rows_in_the_end_are_exact(case: str, solver: str) -> None:
    model = fitted(case, solver)
    _, _, X, weights = CASES[case]
    folded = model.transform(X) if weights is None else model.transform(X, weights=weights)
    np.testing.assert_array_equal(folded, model.row_factors_)


@SOLVER
def test_threads_and_seeds_change_no_bit_or_all(solver: str) -> None:
    one, two = (fitted("biases", solver, n_jobs=n) for n in (1, 3))
    assert one.history_ == two.history_
    np.testing.assert_array_equal(one.column_factors_, two.column_factors_)


@SOLVER
def test_float32(solver: str) -> None:
    for case in CASES:
        model, wide = (fitted(case, solver, dtype=dtype) for dtype in ("float32", "float64"))
        assert model.row_factors_.dtype == np.float32
        assert model.history_.loss[-1] == pytest.approx(wide.history_.loss[-1], rel=1e-2)
        steps = model.history_.half_step_loss
        assert np.all(np.diff(steps) <= 1e-5 * steps[0])


def test_auto_is_exact_where_that_takes_no_time_and_cg_where_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, parameters, X, _ = CASES["explicit"]
    model = kind(70, **parameters, max_iter=3, random_state=0)
    assert {record.solver for record in model.fit(X).history_} == {"exact"}
    monkeypatch.setattr(_solver, "_LEAST_WORK", 0.0)
    assert [record.solver for record in model.fit(X).history_] == ["cg"] * 3 + ["exact"]
    assert {record.solver for record in model.set_params(n_components=8).fit(X).history_} == {"exact"}


@pytest.mark.parametrize("solver", [*INEXACT, "auto"])
def test_where_all_rows_have_one_matrix_they_are_solved(solver: str) -> None:
    X = np.nan_to_num(ratings().toarray())
    for model, data in [(ALS(20, solver=solver), X), (ALS(20, solver=solver, absent="zero"), sparse.csr_array(X))]:
        assert {record.solver for record in model.fit(data).history_} == {"exact"}


@SOLVER
def test_without_a_ridge_rows_are_solved(solver: str) -> None:
    for ridge in ({"reg": 0.0}, {"reg": (0.1, 0.0)}, {"bias": "both", "bias_reg": 0.0}):
        model = ALS(30, solver=solver, max_iter=2, **ridge).fit(ratings())
        assert {record.solver for record in model.history_} == {"exact"}


@pytest.mark.parametrize(("solver", "name"), [("cg", "cg_steps"), ("subspace", "block_size")])
def test_more_steps_than_the_core_counts_are_as_many_as_it_counts(solver, name):
    both = [fitted("explicit", solver, max_iter=1, **{name: most}) for most in (2**31, 2**31 - 1)]
    assert np.array_equal(both[0].row_factors_, both[1].row_factors_)


def test_the_number_of_steps_and_the_block_are_as_asked_for() -> None:
    model, X = ALS(8, solver="cg", cg_steps=7, block_size=3), CASES["explicit"][2]
    rows = model._prepared(X, None, None)[0].rows.cells
    how = improving_of(model, rows, rows)
    assert how is not None
    assert (how.method, how.steps, how.block) == ("cg", 7, 3)
    beside_gram = ImplicitALS(8, solver="cg")._prepared(plays())[0].improving
    assert beside_gram is not None
    assert beside_gram.steps == 2
    losses = [fitted("explicit", "cg", cg_steps=steps, max_iter=1).history_.loss[0] for steps in (1, 2, 6)]
    assert losses[0] > losses[1] > losses[2]


@SOLVER
@pytest.mark.parametrize("copied", [True, False])
def test_an_interrupt_leaves_sides_that_fit_each_other(
    solver: str, copied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both sides are turned at once: an interrupt after that finds the same scores as before."""
    kind, parameters, X, _ = CASES["explicit"]
    calls, true_align = [], _solver.align

    def align(*args: Any, **kwargs: Any) -> Any:
        typical = true_align(*args, **kwargs)
        calls.append(None)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return typical

    monkeypatch.setattr(_solver, "align", align)
    if not copied:
        monkeypatch.setattr(_fit, "_ROLLBACK_BYTES", 0)
    model = kind(30, solver=solver, tol=0, max_iter=9, random_state=0, **parameters)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert model.n_iter_ == 3
    f = loss(X, model.row_factors_, model.column_factors_, **model.objective_settings())
    assert model.history_.loss[-1] == pytest.approx(f, rel=1e-9)
