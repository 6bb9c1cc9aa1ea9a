"""Tables with few holes: rows are solved by a downdate, and fits, folding in and bits are what they are elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alsatian import ALS
from alsatian._engine import native
from alsatian.models._fold import FoldIn
from alsatian.models._solver import improving_of
from alsatian.objective import gradient, loss


def dense(m: int = 150, n: int = 160, seed: int = 0) -> np.ndarray:
    """A table of rank 6 and noise, with a hole in fifty cells; rows 0 and 1 are whole, row 2 lacks most, row 3 all."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, 6)) @ rng.normal(size=(6, n)) + rng.normal(size=(m, n)) + 2.0
    holes = rng.random((m, n)) < 0.02
    holes[:2], holes[2, 20:], holes[3] = False, True, True
    return np.where(holes, np.nan, X)


SETTINGS: list[dict[str, Any]] = [
    {},
    {"bias": "both", "bias_reg": 0.05},
    {"reg": 1e-3, "reg_exponent": 0.0, "dtype": "float64"},
    {"dtype": "float32", "bias": "rows"},
]
WAYS = pytest.mark.parametrize("settings", SETTINGS)
pytestmark = pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")


def fitted(settings: dict[str, Any], **how: Any) -> tuple[ALS, np.ndarray]:
    X = dense().astype(settings.get("dtype", "float64"))
    return ALS(24, **{"max_iter": 5, "random_state": 0, "tol": 0.0, **settings, **how}).fit(X), X


@WAYS
def test_folding_in_has_the_bits_of_the_fit_for_all_rows_and_for_one_at_a_time(settings: dict[str, Any]) -> None:
    model, X = fitted(settings)
    np.testing.assert_array_equal(model.transform(X), model.row_factors_)
    some = [5, 0, 2, 7]
    np.testing.assert_array_equal(model.transform(X[some]), model.row_factors_[some])
    for i in range(12):
        np.testing.assert_array_equal(model.transform(X[[i]])[0], model.row_factors_[i], err_msg=f"row {i}")


@WAYS
def test_the_number_of_threads_changes_no_bit(settings: dict[str, Any]) -> None:
    (one, _), (two, _) = (fitted(settings, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert one.history_ == two.history_
    np.testing.assert_array_equal(one.row_factors_, two.row_factors_)
    np.testing.assert_array_equal(one.column_factors_, two.column_factors_)


@WAYS
def test_the_loss_and_the_gradient_are_those_of_the_objective(settings: dict[str, Any]) -> None:
    model, X = fitted(settings)
    told = loss(X, model.row_factors_, model.column_factors_, **model.objective_settings())
    single = model.row_factors_.dtype == np.float32
    assert model.history_.loss[-1] == pytest.approx(told, rel=1e-5 if single else 1e-11)
    by_rows = gradient(X, model.row_factors_, model.column_factors_, **model.objective_settings())[0]
    assert np.abs(by_rows).max() <= (1e-4 if single else 1e-11) * model.history_.loss[0]
    steps = model.history_.half_step_loss
    assert np.all(np.diff(steps) <= (1e-6 if single else 1e-12) * steps[0])


def test_most_rows_are_solved_by_a_downdate(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    whole = native.counted_half_step

    def counting(*arguments: Any, **named: Any) -> Any:
        result, counts = whole(*arguments, **named)
        counted.append(counts["downdate"])
        return result, counts

    monkeypatch.setattr(native, "counted_half_step", counting)
    fitted({}, max_iter=1)
    assert len(counted) == 3
    assert min(counted) > 100  # in the rows and in the columns


def test_what_is_shared_is_made_once_for_many_calls() -> None:
    model, X = fitted({"bias": "both"})
    fold = FoldIn(model)
    made = []
    for i in (2, 5, 6):  # the first one has many holes, and needs nothing
        folded = fold(model._cells_to_fold(X[[i]]))
        made.append(fold._prepared)
        np.testing.assert_array_equal(folded.factors[0], model.row_factors_[i])
    assert made[0] is None
    assert made[1] is not None
    assert made[1] is made[2]


def test_auto_knows_that_such_rows_are_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alsatian.models._solver._LEAST_WORK", 0.0)
    chosen = []
    for missing in (0.01, 0.5):
        rng = np.random.default_rng(0)
        X = np.where(rng.random((300, 400)) < missing, np.nan, rng.normal(size=(300, 400)))
        model = ALS(64, solver="auto")
        side = model._prepared(X, None, None)[0].rows.cells
        chosen.append(improving_of(model, side, side))
    assert chosen[0] is None
    assert chosen[1] is not None
