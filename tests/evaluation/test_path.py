"""`ALSPath`: each point is the solution at its λ, and for ν = 0 that of softImpute."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from alsatian import ALS, ALSPath, ImplicitALS, Interactions
from alsatian.evaluation import splits
from alsatian.evaluation._path import largest_reg, svd_of
from evaluation.judging import ratings


def matrix():
    m, n, rank, noise, missing, seed = 25, 18, 2, 0.3, 0.4, 0
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, rank)) @ rng.normal(size=(rank, n)) + noise * rng.normal(size=(m, n))
    X[rng.random((m, n)) < missing] = np.nan
    return X


def soft_impute(X, reg, n_iter=2500):
    """Proximal gradient for ½ |P(X − M)|² + λ |M|_*: fill in, take the SVD, shrink (Mazumder et al., algorithm 1)."""
    seen = ~np.isnan(X)
    M = np.zeros_like(X)
    for _ in range(n_iter):
        u, s, vt = np.linalg.svd(np.where(seen, X, M), full_matrices=False)
        M = (u * np.maximum(s - reg, 0)) @ vt
    return M


def test_the_points_are_those_of_soft_impute():
    X = matrix()
    split = splits.from_masks(Interactions.from_matrix(X, dtype="float64"), np.arange(np.sum(~np.isnan(X))) % 9 == 0)
    template = ALS(18, reg_exponent=0.0, max_iter=4000, tol=1e-13, random_state=0)
    path = ALSPath(template, regs=[1.0, 2.0, 4.0, 8.0], refit=False).fit(split)
    train = np.full(X.shape, np.nan)
    train[split.train.rows, split.train.columns] = split.train.values
    for point in path.points_:
        M = soft_impute(train, point.reg)
        u, s, vt = path.svd(path.points_.index(point))
        np.testing.assert_allclose((u * s) @ vt, M, atol=2e-3 * np.abs(M).max())
        np.testing.assert_allclose(s, np.linalg.svd(M)[1], atol=2e-3 * s[0])
        assert point.nuclear_norm == pytest.approx(np.linalg.svd(M)[1].sum(), rel=2e-3)
    assert path.regs_.tolist() == [8.0, 4.0, 2.0, 1.0]


@pytest.mark.parametrize("bias", ["none", "mean", "both"])
@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_largest_reg_is_where_factors_begin(bias, exponent, weighted):
    data = Interactions.from_matrix(
        matrix(), weights=np.random.default_rng(1).uniform(0.5, 2, (25, 18)) if weighted else None, dtype="float64"
    )
    template = ALS(3, bias=bias, bias_reg=0.01, reg_exponent=exponent, max_iter=3000, tol=1e-14, random_state=0)
    edge = largest_reg(template, data)
    sizes = []
    for share in (1.05, 0.95):
        model = clone(template).set_params(reg=share * edge).fit(data.csr, weights=data.weights)
        sizes.append(svd_of(model).s[0])
    assert sizes[0] < 1e-4 * sizes[1]


@pytest.mark.parametrize("model", [None, ALS(4, bias="both", random_state=0)])
def test_the_first_point_has_no_factors(model):
    X = np.random.default_rng(0).normal(size=(12, 8))
    path = ALSPath(model, n_regs=4).fit(X)
    assert path.points_[0].rank == 0
    assert not path.singular_values_[0].any()
    assert path.points_[-1].rank > 0


def test_errors_are_those_of_the_models_on_held_out_cells():
    split = splits.random_cells(ratings(), test=0.2)
    path = ALSPath(ALS(4, bias="both", bias_reg=0.1, random_state=0), n_regs=6).fit(split)
    for point, error in zip(path.points_, path.errors_, strict=True):
        for part, told in ((split.test, point.error), (split.train, point.train_error)):
            predicted = point.model.predict_cells(part.rows, part.columns)
            assert told == pytest.approx(np.sqrt(np.mean((predicted - part.values) ** 2)), rel=1e-5)
        assert error == point.error
    assert path.best_index_ == np.argmin(path.errors_)
    assert (np.diff([point.train_error for point in path.points_]) < 1e-3).all()
    assert path.points_[-1].rank == 4
    assert path.singular_values_.shape == (6, 4)


def test_warm_starts_lose_nothing():
    split = splits.random_cells(ratings(users=100, items=50), test=0.1)
    template = ALS(4, bias="both", bias_reg=0.1, random_state=0, max_iter=200, tol=1e-7)
    path = ALSPath(template, n_regs=8).fit(split)
    for point in path.points_[2:]:
        cold = clone(template).set_params(reg=point.reg).fit(split.train.csr)
        assert point.loss <= cold.history_.loss[-1] * 1.003


def test_the_best_is_fitted_on_all_cells():
    X = matrix()
    path = ALSPath(n_regs=5, random_state=3).fit(X)
    assert path.model_.reg == path.best_reg_
    again = ALS(**(path.model_.get_params() | {"tol": 1e-9, "max_iter": 500})).fit(np.where(np.isnan(X), np.nan, X))
    np.testing.assert_allclose(path.model_.impute(X), again.impute(X), atol=0.1)
    assert path.model_.init == "random"
    alone = ALSPath(n_regs=5, random_state=3, refit=False).fit(X)
    assert alone.model_ is alone.points_[alone.best_index_].model


def test_data_come_in_many_forms():
    X = matrix()
    rows, columns = np.nonzero(~np.isnan(X))
    sparse = csr_array((X[rows, columns], (rows, columns)), shape=X.shape)
    wanted = ALSPath(n_regs=4).fit(X).errors_
    for given in (sparse, pd.DataFrame(X), Interactions.from_matrix(X, dtype="float64")):
        np.testing.assert_array_equal(ALSPath(n_regs=4).fit(given).errors_, wanted)
    chosen = splits.random_cells(Interactions.from_matrix(X), test=0.1, validation=0.2)
    by_validation = ALSPath(n_regs=3).fit(chosen).points_[0]
    test = chosen.validation.test
    predicted = by_validation.model.predict_cells(test.rows, test.columns)
    assert by_validation.error == pytest.approx(np.sqrt(np.mean((predicted - test.values) ** 2)), rel=1e-4)


def test_two_sides_keep_their_ratio():
    path = ALSPath(ALS(2, reg=(4.0, 1.0), random_state=0), n_regs=3).fit(matrix())
    for point in path.points_:
        low, high = point.model.reg
        assert low / high == pytest.approx(4)
        assert np.sqrt(low * high) == pytest.approx(point.reg)


def test_frames():
    path = ALSPath(n_regs=4).fit(matrix())
    frame = path.to_frame()
    assert frame.shape == (4, 8)
    assert frame["reg"].is_monotonic_decreasing
    with pytest.raises(NotFittedError):
        ALSPath().to_frame()
    assert clone(ALSPath(n_regs=7)).n_regs == 7


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"model": ImplicitALS()}, TypeError, "model must be an ALS"),
        ({"model": ALS(absent="zero")}, ValueError, "held-out cells would be fitted as zeros"),
        ({"regs": [0.0, 1.0]}, ValueError, "regs must be"),
        ({"regs": []}, ValueError, "regs must be"),
        ({"ratio": 1.0}, ValueError, "ratio must lie"),
        ({"n_regs": 0}, ValueError, "n_regs"),
        ({"regs": ["a"]}, ValueError, "regs must be"),
        ({"held_out": 0}, ValueError, "held_out must be a share"),
        ({"held_out": 0.0001}, ValueError, "held_out = 0.0001 means 0 of .* cells: both parts need"),
        ({"held_out": 5000}, ValueError, "held_out = 5000, but there are only"),
        ({"random_state": -1}, ValueError, "random_state must be a whole number of at least 0"),
        ({"random_state": 1.5}, ValueError, "random_state must be a whole number"),
    ],
)
def test_bad_parameters_are_refused(how, error, message):
    with pytest.raises(error, match=message):
        ALSPath(**how).fit(matrix())


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ValueError, match="weights of their own"):
        ALSPath().fit(ratings(), weights=np.ones((40, 25)))
    with pytest.raises(ValueError, match="explain every cell"):
        ALSPath().fit(np.ones((5, 4)))
