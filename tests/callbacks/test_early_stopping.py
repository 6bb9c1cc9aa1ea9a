"""Early stopping, and the bar."""

from __future__ import annotations

import io

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone

from alsatian import ALS, ImplicitALS
from alsatian.callbacks import EarlyStopping, ProgressBar
from alsatian.models import _progress


@pytest.fixture(scope="module")
def split():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 40)) + rng.normal(size=(50, 40))
    held = rng.random(X.shape) < 0.25
    return np.where(held, np.nan, X), np.where(held, X, np.nan)


MODEL = ALS(8, reg=0.01, bias="both", max_iter=100, tol=0, random_state=0, relaxation=1.0)


def test_it_stops_and_goes_back_to_the_best(split):
    train, held = split
    stopping = EarlyStopping(held, patience=4)
    model = clone(MODEL).set_callbacks(stopping).fit(train)
    assert stopping.stopped_
    assert len(stopping.scores_) == stopping.best_iteration_ + 4
    assert stopping.best_score_ == min(stopping.scores_)
    rows, columns = np.nonzero(~np.isnan(held))
    error = np.sqrt(np.mean((model.predict_cells(rows, columns) - held[rows, columns]) ** 2))
    assert error == pytest.approx(stopping.best_score_, rel=1e-12)
    shorter = clone(MODEL).set_params(max_iter=stopping.best_iteration_).fit(train)
    np.testing.assert_array_equal(model.column_factors_, shorter.column_factors_)
    assert model.history_ == shorter.history_
    assert model.n_iter_ == shorter.n_iter_
    assert not model.converged_
    np.testing.assert_array_equal(model.transform(train), model.row_factors_)


def test_the_last_iteration_may_be_kept(split):
    train, held = split
    stopping = EarlyStopping(held, patience=2, restore_best=False)
    model = clone(MODEL).set_callbacks(stopping).fit(train)
    assert model.n_iter_ == stopping.best_iteration_ + 2


def test_where_the_fit_ends_by_itself_the_best_is_restored_too(split):
    train, held = split
    best = EarlyStopping(held, patience=50)
    clone(MODEL).set_callbacks(best).fit(train)
    last = best.best_iteration_ + 3
    stopping = EarlyStopping(held, patience=50)
    model = clone(MODEL).set_params(max_iter=last).set_callbacks(stopping).fit(train)
    assert not stopping.stopped_
    assert len(stopping.scores_) == last
    assert model.n_iter_ == stopping.best_iteration_ == best.best_iteration_


def test_a_sparse_matrix_of_held_out_cells_gives_the_same(split):
    train, held = split
    rows, columns = np.nonzero(~np.isnan(held))
    sparse = csr_array((held[rows, columns], (rows, columns)), shape=held.shape)
    one, two = EarlyStopping(held), EarlyStopping(sparse)
    clone(MODEL).set_callbacks(one).fit(train)
    clone(MODEL).set_callbacks(two).fit(train)
    assert one.scores_ == two.scores_


def test_a_score_of_ones_own():
    X = np.random.default_rng(0).poisson(0.5, size=(30, 20)).astype(float)
    seen = []

    def score(model):
        seen.append(model.n_iter_)
        return -abs(len(seen) - 3)

    stopping = EarlyStopping(score=score, greater_is_better=True, patience=2)
    model = ImplicitALS(3, max_iter=30, tol=0, random_state=0).set_callbacks(stopping).fit(X)
    assert seen == [1, 2, 3, 4, 5]
    assert model.n_iter_ == stopping.best_iteration_ == 3


def test_a_small_gain_does_not_count(split):
    train, held = split
    stopping = EarlyStopping(held, min_delta=1e9, patience=2)
    clone(MODEL).set_callbacks(stopping).fit(train)
    assert stopping.best_iteration_ == 1
    assert len(stopping.scores_) == 3


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, "either X_val"),
        ({"X_val": np.eye(2), "score": len}, "either X_val"),
        ({"X_val": np.eye(2), "patience": 0}, "patience must be"),
        ({"X_val": np.eye(2), "min_delta": -1}, "min_delta"),
    ],
)
def test_wrong_arguments(how, told):
    with pytest.raises(ValueError, match=told):
        EarlyStopping(**how)


@pytest.mark.parametrize(
    ("model", "stopping", "told"),
    [
        (MODEL, EarlyStopping(np.eye(3)), r"X_val is of shape \(3, 3\), but the model"),
        (MODEL, EarlyStopping(np.full((50, 40), np.nan)), "has no cell"),
        (MODEL, EarlyStopping(np.full((50, 40), np.inf)), "holds inf in row 0, column 0"),
        (MODEL, EarlyStopping(np.zeros(3)), "must be a matrix"),
        (MODEL, EarlyStopping(score=lambda model: np.nan), "after iteration 1 is nan"),
        (ImplicitALS(2), EarlyStopping(np.eye(3)), "give score="),
    ],
)
def test_what_does_not_fit_is_refused(model, stopping, told, split):
    data = np.nan_to_num(np.abs(split[0])) if isinstance(model, ImplicitALS) else split[0]
    with pytest.raises(ValueError, match=told):
        clone(model).set_callbacks(stopping).fit(data)


def test_the_bar_tells_the_loss_its_fall_and_the_time_left(split, monkeypatch):
    out = io.StringIO()
    real = _progress.progress
    clock = iter(np.arange(0.0, 100.0, 1.0))
    monkeypatch.setattr(_progress, "_REFRESH", 0.0)
    monkeypatch.setattr(
        _progress, "progress", lambda *what: real(*what, stream=out, interval=0, clock=lambda: next(clock))
    )
    clone(MODEL).set_params(max_iter=5).set_callbacks(ProgressBar()).fit(split[0])
    lines = out.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[1].startswith("Fitting ALS:  40%, 2 s, at most 3 s left, loss ")
    assert lines[1].endswith(" % lower")
    assert lines[-1].startswith("Fitting ALS: 100%, 5 s, loss ")


def test_what_was_fitted_with_it_can_be_pickled():
    import pickle

    from alsatian import Recommender

    X = np.arange(48.0).reshape(8, 6)
    held_out = np.eye(8, 6, dtype=bool)
    stopping = EarlyStopping(np.where(held_out, X, np.nan))
    model = ALS(2, max_iter=5, random_state=0).set_callbacks(stopping).fit(np.where(held_out, np.nan, X))
    for copy in (pickle.loads(pickle.dumps(model)), pickle.loads(pickle.dumps(Recommender(model))).model):
        copy.fit(np.where(held_out, np.nan, X))
        np.testing.assert_array_equal(copy.row_factors_, model.row_factors_)
    assert pickle.loads(pickle.dumps(stopping)).scores_ == stopping.scores_
