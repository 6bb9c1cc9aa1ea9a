"""``reg="auto"``: the λ that the rows apart ask for, along a path that can be read afterwards."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

import alsatian
from alsatian import ALS, ImplicitALS
from alsatian._engine.cells import moments, take_rows
from alsatian.datasets import make_ratings
from alsatian.models import NoEntryWarning
from alsatian.models._inputs import cells_of
from alsatian.models._reg_path import HELD_OUT, split_rows, unit_of_reg
from alsatian.objective import gradient
from problems import small_ratings

pytestmark = pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")


@pytest.fixture(scope="module")
def ratings() -> Any:
    return make_ratings((500, 160), n_ratings=16_000, n_components=4, noise=0.7, random_state=0)


def parts(X: Any, seed: int = 0) -> tuple[sparse.csr_array, sparse.coo_array]:
    """Nine tenths of the cells, and one."""
    cells = X.tocoo()
    held = np.random.default_rng(seed).random(cells.nnz) < 0.1
    train, test = (
        sparse.coo_array((cells.data[which], (cells.row[which], cells.col[which])), shape=X.shape)
        for which in (~held, held)
    )
    return train.tocsr(), test


def test_error(model: ALS, test: sparse.coo_array) -> float:
    return float(np.sqrt(np.mean((model.predict_cells(test.row, test.col) - test.data) ** 2)))


test_error.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("nu", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("bias", ["none", "both"])
def test_it_is_as_good_as_a_search_on_cells_held_out(ratings: Any, bias: str, nu: float) -> None:
    train, test = parts(ratings.X)
    how: dict[str, Any] = {"bias": bias, "reg_exponent": nu, "random_state": 0}
    chosen = ALS(6, reg="auto", **how).fit(train)
    searched = {
        reg: test_error(ALS(6, reg=reg, **how).fit(train), test) for reg in chosen.reg_ * 2.0 ** np.arange(-3, 4)
    }
    assert test_error(chosen, test) < min(searched.values()) + 0.01  # 1,600 test cells; MovieLens has a benchmark
    assert chosen.reg_path_ is not None
    assert chosen.reg_path_.min() < chosen.reg_ < chosen.reg_path_.max()


def test_the_path_is_kept_and_its_least_error_is_chosen(ratings: Any) -> None:
    model = ALS(4, reg="auto", bias="both", random_state=0).fit(ratings.X)
    path, errors = model.reg_path_, model.reg_path_errors_
    assert path is not None
    assert errors is not None
    assert path.dtype == errors.dtype == np.float64
    assert path.shape == errors.shape
    assert (np.diff(path) > 0).all()
    assert model.reg_ == path[np.argmin(errors)]


def test_the_factors_are_those_of_a_fit_at_the_winner(ratings: Any) -> None:
    model = ALS(4, reg="auto", bias="both", random_state=0, tol=1e-7, max_iter=200, dtype="float64").fit(ratings.X)
    plain = ALS(4, reg=model.reg_, bias="both", random_state=0, tol=1e-7, max_iter=200, dtype="float64").fit(ratings.X)
    assert model.history_.loss[-1] == pytest.approx(plain.history_.loss[-1], rel=1e-4)
    by_rows = gradient(ratings.X, model.row_factors_, model.column_factors_, **model.objective_settings()).W
    assert np.abs(by_rows).max() < 1e-9
    assert np.array_equal(model.transform(ratings.X), model.row_factors_)


def test_the_scale_of_the_data_is_no_matter(ratings: Any) -> None:
    first = ALS(4, reg="auto", bias="both", random_state=0).fit(ratings.X)
    for factor in (2.0**-40, 2.0**40):
        model = ALS(4, reg="auto", bias="both", bias_reg=None, random_state=0).fit(ratings.X * factor)
        # λ of the factors has the unit of X; that of the biases, which is the same number, has none.
        assert 0.02 < model.reg_ / (first.reg_ * factor) < 50
    for factor in (2.0**-40, 2.0**40):
        plain = ALS(4, reg="auto", bias="mean", random_state=0)
        assert plain.fit(ratings.X * factor).reg_ / factor == pytest.approx(plain.fit(ratings.X).reg_, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_have_their_say(ratings: Any, dtype: str) -> None:
    X = ratings.X
    weights = X.copy()
    weights.data = np.random.default_rng(1).choice([0.5, 2.0], X.nnz)
    model = ALS(4, reg="auto", bias="both", random_state=0, dtype=dtype).fit(X, weights=weights)
    assert model.row_factors_.dtype == dtype
    tenfold = weights.copy()
    tenfold.data *= 8
    again = ALS(4, reg="auto", bias="both", random_state=0, dtype=dtype).fit(X, weights=tenfold)
    assert again.reg_ == pytest.approx(8 * model.reg_, rel=1e-2)


@pytest.mark.parametrize("weighted", [False, True])
def test_where_absent_cells_are_zeros_they_count(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    signal = rng.random((150, 4)) @ rng.random((4, 60))
    X = sparse.csr_array(np.where(rng.random(signal.shape) < 0.3, signal + rng.normal(0, 0.3, signal.shape), 0))
    how = {}
    if weighted:
        how = {"weights": sparse.csr_array((rng.choice([0.5, 2.0], X.nnz), X.indices, X.indptr), shape=X.shape)}
    model = ALS(8, reg="auto", absent="zero", random_state=0).fit(X, **how)
    # The error is that of all cells, zeros among them: about the size of what is not zero, and no larger.
    assert model.reg_path_errors_ is not None
    assert 0.3 < model.reg_path_errors_.min() < np.sqrt(np.mean(X.toarray() ** 2)) * (2 if weighted else 1)


def test_the_same_seed_is_the_same_model_and_threads_change_no_bit(ratings: Any) -> None:
    models = [
        ALS(4, reg="auto", random_state=state, n_jobs=jobs).fit(ratings.X)
        for state, jobs in ((0, 1), (0, 2), (np.random.RandomState(0), 1), (np.random.RandomState(0), 7), (1, 1))
    ]
    for one, other in (models[:2], models[2:4]):
        assert np.array_equal(one.reg_path_errors_, other.reg_path_errors_)
        assert np.array_equal(one.column_factors_, other.column_factors_)
    assert not np.array_equal(models[0].reg_path_errors_, models[4].reg_path_errors_)


def test_a_number_leaves_no_path_behind() -> None:
    X = make_ratings((60, 30), n_ratings=900, random_state=0).X
    model = ALS(2, reg="auto", random_state=0).fit(X)
    chosen = model.reg_
    model.set_params(reg=0.3).fit(X)
    assert (model.reg_, model.reg_path_, model.reg_path_errors_) == (0.3, None, None)
    assert model.set_params(reg=(0.1, 0.2)).fit(X).reg_ == (0.1, 0.2)
    assert model.set_params(reg="auto").fit(X).reg_ == chosen
    assert clone(model).reg == "auto"


@pytest.mark.parametrize(
    "X", [small_ratings(), np.ones((9, 5)), np.eye(3), [[4.0]]], ids=["ratings", "ones", "eye", "one"]
)
def test_where_rows_are_too_few_it_says_what_it_takes(X: Any) -> None:
    with pytest.warns(UserWarning, match=r"fewer than 10 rows with two observed cells or more: reg_ is") as told:
        model = ALS(2, reg="auto", bias="mean", random_state=0).fit(X)
    assert told[0].filename == __file__
    assert model.reg_ > 0
    assert model.reg_path_ is not None
    assert model.reg_path_.size == 0
    assert np.isfinite(model.row_factors_).all()


@pytest.mark.parametrize("X", [np.ones((30, 5)), np.zeros((30, 5)), np.outer(np.arange(30.0), np.ones(5))])
@pytest.mark.parametrize("bias", ["none", "both"])
def test_data_without_noise_end_somewhere(X: np.ndarray, bias: str) -> None:
    model = ALS(2, reg="auto", bias=bias, random_state=0).fit(X)
    assert np.isfinite(model.reg_)
    assert model.reg_ > 0
    assert np.isfinite(model.row_factors_).all()


@pytest.mark.parametrize("max_iter", [0, 1])
@pytest.mark.parametrize("tol", [0.0, 1e-4])
def test_few_iterations_are_enough_to_choose(ratings: Any, max_iter: int, tol: float) -> None:
    model = ALS(2, reg="auto", random_state=0, max_iter=max_iter, tol=tol).fit(ratings.X[:60])
    assert model.n_iter_ == max_iter
    assert model.reg_ > 0


def test_a_warm_start_and_a_given_start_begin_the_path(ratings: Any) -> None:
    X = ratings.X[:200]
    model = ALS(3, reg="auto", bias="both", random_state=0, warm_start=True).fit(X)
    again = model.fit(X)
    given = ALS(3, reg="auto", bias="both", init=(model.column_factors_, model.column_bias_), random_state=0).fit(X)
    for other in (again, given):
        assert other.reg_ == pytest.approx(model.reg_, rel=0.5)


def test_it_is_saved_and_loaded(ratings: Any, tmp_path: Any) -> None:
    X = ratings.X[:100]
    model = ALS(3, reg="auto", bias="both", random_state=0).fit(X)
    alsatian.save(model, tmp_path / "model")
    loaded = alsatian.load(tmp_path / "model")
    assert loaded.reg == "auto"
    assert loaded.reg_ == model.reg_
    assert np.array_equal(loaded.reg_path_, model.reg_path_)
    assert np.array_equal(loaded.reg_path_errors_, model.reg_path_errors_)
    assert np.array_equal(loaded.transform(X), model.row_factors_)


def test_it_serves_a_recommender(ratings: Any) -> None:
    users, items = ratings.X[:80].nonzero()
    import pandas as pd

    frame = pd.DataFrame({"user": users, "item": items, "rating": ratings.X[:80].data})
    recommender = alsatian.Recommender(ALS(2, reg="auto", bias="both", random_state=0)).fit(frame)
    recommender.update(pd.DataFrame({"user": [10_000] * 3, "item": items[:3], "rating": [1.0, 2.0, 3.0]}))
    assert recommender.predict([10_000], [items[0]]).shape == (1,)


def test_each_point_is_told_where_it_is_asked_for(ratings: Any, capsys: Any) -> None:
    model = ALS(2, reg="auto", random_state=0, verbose=2).fit(ratings.X[:100])
    told = re.findall(r"\[ALS\] λ (\S+): leave-one-out RMSE (\S+)", capsys.readouterr().out)
    assert model.reg_path_ is not None
    np.testing.assert_allclose(sorted(float(reg) for reg, _ in told), model.reg_path_, rtol=1e-3)


def test_it_is_refused_where_it_has_no_meaning() -> None:
    with pytest.raises(ValueError, match=r"ImplicitALS has no reg='auto'.*metric of ranking"):
        ImplicitALS(2, reg="auto").fit(np.eye(12))
    with pytest.raises(ValueError, match=r"'reg' parameter of ALS must be 'auto', a float"):
        ALS(2, reg="automatic").fit(np.eye(12))
    with pytest.raises(ValueError, match="'bias_reg' parameter"):
        ALS(2, bias_reg="auto").fit(np.eye(12))
    model = ALS(2).fit(np.eye(12))
    del model.reg_  # as in a file of an earlier release
    with pytest.raises(ValueError, match="has chosen nothing yet"):
        model.set_params(reg="auto").transform(np.eye(12))


def test_a_failure_leaves_the_model_as_it_was(ratings: Any, monkeypatch: Any) -> None:
    model = ALS(2, reg="auto", random_state=0).fit(ratings.X[:60])
    before = dict(vars(model))

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("alsatian.models._reg_path.left_out", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(ratings.X[60:120])
    assert vars(model) == before


def test_rows_apart_are_a_fifth_of_those_with_two_cells(ratings: Any) -> None:
    X = sparse.vstack([ratings.X, sparse.csr_array((50, 160))]).tocsr()
    rows = cells_of(X)
    data = split_rows(rows, np.random.RandomState(0))
    assert data is not None
    assert data.fitted.shape[0] + data.apart.shape[0] == X.shape[0]
    assert data.fitted.values.size + data.apart.values.size == X.nnz
    assert data.apart.shape[0] == round(HELD_OUT * (np.diff(X.indptr) >= 2).sum())
    assert data.apart.indptr is not None
    assert (np.diff(data.apart.indptr) >= 2).all()


@pytest.mark.parametrize("full", [False, True])
def test_rows_are_taken_in_the_order_asked_for(full: bool) -> None:
    X = np.arange(20.0).reshape(5, 4)
    cells = cells_of(X if full else sparse.csr_array(X))
    taken = take_rows(cells, np.array([3, 0, 3]))
    assert np.array_equal(
        taken.values.reshape(-1), X[[3, 0, 3]].reshape(-1) if full else X[[3, 0, 3]][X[[3, 0, 3]] > 0]
    )
    assert taken.shape == (3, 4)


def test_the_unit_has_that_of_the_data() -> None:
    cells = cells_of(np.array([[1.0, 3.0], [5.0, np.nan]]))
    spread = moments(cells)
    deviation = np.sqrt(((1 - 3) ** 2 + 0 + (5 - 3) ** 2) / 3)
    assert unit_of_reg(cells, spread, 3.0, 1.0) == pytest.approx(deviation)
    assert unit_of_reg(cells, spread, 3.0, 0.0) == pytest.approx(deviation * 1.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert unit_of_reg(cells_of(np.ones((2, 2))), moments(cells_of(np.ones((2, 2)))), 1.0, 1.0) == 0
    assert issubclass(NoEntryWarning, UserWarning)
