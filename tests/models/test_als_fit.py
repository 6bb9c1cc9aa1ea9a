from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import sparse

from alsatian.models import ALS, ALSImputer, NoEntryWarning
from alsatian.objective import gradient, loss
from problems import BIASES, EXPONENTS, small_ratings, stored

R = small_ratings()


# Sparse modes, and arrays of which some cells have weight zero: those are missing, whatever `absent` says.
MODES = ("full", "missing", "weighted", "zero", "zero_weighted", "array_weighted", "array_zero_weighted")
NUS = (*EXPONENTS, 1.5)


def data(mode, rng):
    full = rng.normal(size=(9, 7)) + 1
    if mode == "full":
        return full, None
    holes = rng.random(full.shape) < 0.4
    holes[np.arange(7), np.arange(7)] = False
    holes[8, 0] = holes[7, 0] = False
    weights = np.where(rng.random(full.shape) < 0.2, 0.0, rng.choice([0.5, 1.0, 3.0], size=full.shape))
    weights[np.arange(9), np.arange(9) % 7] = 2.0
    if mode.startswith("array"):
        return full, weights
    X = stored(np.where(holes, np.nan, full))
    if mode in ("missing", "zero"):
        return X, None
    return X, sparse.csr_array((weights[X.tocoo().coords], X.indices, X.indptr), X.shape)


def fitted(mode, **params):
    X, weights = data(mode, np.random.default_rng(0))
    absent = "zero" if "zero" in mode else "missing"
    params = {"n_components": 3, "reg": (0.1, 0.2), "max_iter": 5, "tol": 0, "random_state": 0} | params
    return ALS(absent=absent, **params).fit(X, weights=weights), X, weights


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("nu", NUS)
def test_the_gradient_by_the_rows_is_zero_and_the_loss_is_the_objective(mode, bias, nu):
    model, X, weights = fitted(mode, bias=bias, reg_exponent=nu, bias_reg=(0.05, 0.3))
    told = model.objective_settings()
    at = gradient(X, model.row_factors_, model.column_factors_, weights=weights, **told)
    scale = np.abs(gradient(X, model.row_factors_ + 1, model.column_factors_, weights=weights, **told).W).max()
    assert np.abs(at.W).max() < 1e-12 * scale
    if at.row_bias is not None:
        assert np.abs(at.row_bias).max() < 1e-12 * scale
    expected = loss(X, model.row_factors_, model.column_factors_, weights=weights, **told)
    assert model.history_.loss[-1] == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("relaxation", ["auto", 1.0, 1.9, 0.5])
def test_no_half_step_raises_the_loss(mode, dtype, relaxation):
    for bias, nu in product(BIASES, NUS):
        model, *_ = fitted(mode, bias=bias, reg_exponent=nu, relaxation=relaxation, dtype=dtype, max_iter=12)
        losses = model.history_.half_step_loss
        assert len(losses) == 2 * model.n_iter_ + 1 > 10
        assert np.all(np.diff(losses) <= 16 * np.finfo(dtype).eps * losses[0]), (bias, nu)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", ["none", "both"])
@pytest.mark.parametrize("mode", MODES)
def test_each_fitted_row_solves_its_own_equations_to_rounding(mode, bias, dtype):
    model, X, weights = fitted(mode, bias=bias, dtype=dtype, bias_reg=0.05)
    dense, c = np.nan_to_num(X), np.ones(X.shape)
    if sparse.issparse(X):
        dense, c = X.toarray(), np.full(X.shape, float(model.absent == "zero"))
        c[X.tocoo().coords] = 1 if weights is None else weights.data
    elif weights is not None:
        c = weights
    Z, fixed, ridge = model.column_factors_.astype(float), np.full(7, model.mean_), [0.1] * 3
    W = model.row_factors_.astype(float)
    if bias == "both":
        Z, W = np.column_stack([Z, np.ones(7)]), np.column_stack([W, model.row_bias_])
        fixed, ridge = fixed + model.column_bias_, [*ridge, 0.05]
    eps = np.finfo(dtype).eps
    for x, c_row, w in zip(dense.astype(dtype).astype(float), c, W, strict=True):
        count = 7 if sparse.issparse(X) and model.absent == "zero" else np.count_nonzero(c_row)
        A, r = (Z.T * c_row) @ Z + count * np.diag(ridge), (Z.T * c_row) @ (x - fixed)
        bound = np.linalg.norm(A) * np.linalg.norm(w) + (np.abs(Z.T) * c_row) @ (np.abs(x) + np.abs(fixed))
        assert np.linalg.norm(A @ w - r) <= 50 * eps * np.linalg.norm(bound)
        if np.linalg.cond(A) < 100:
            expected = np.linalg.solve(A, r)
            limit = 1e-12 if dtype == "float64" else 1e-5
            assert np.linalg.norm(w - expected) <= limit * max(np.linalg.norm(expected), 0.1)


@pytest.mark.parametrize(
    ("bias", "has"), [("none", ""), ("mean", "m"), ("rows", "mb"), ("columns", "md"), ("both", "mbd")]
)
def test_each_bias_has_its_attributes(bias, has):
    model = ALS(2, bias=bias, random_state=0).fit(R)
    assert model.mean_ == (pytest.approx(np.nanmean(R)) if "m" in has else 0.0)
    assert (model.row_bias_ is not None) == ("b" in has)
    assert (model.column_bias_ is not None) == ("d" in has)


def test_the_mean_is_weighted_and_counts_absent_zeros():
    X = sparse.csr_array(np.array([[2.0, 0], [0, 4]]))
    weights = sparse.csr_array(np.array([[3.0, 0], [0, 1]]))
    assert ALS(1, bias="mean").fit(X, weights=weights).mean_ == pytest.approx(10 / 4)
    assert ALS(1, bias="mean", absent="zero").fit(X, weights=weights).mean_ == pytest.approx(10 / 6)


@pytest.mark.parametrize("nu", EXPONENTS)
def test_each_row_is_the_ridge_regression_done_by_hand(nu):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2, 100))
    X[0, 1:] = np.nan
    Z = rng.normal(size=(100, 3))
    model = ALS(3, reg=0.7, reg_exponent=nu, max_iter=0, init=Z).fit(X)
    for row, columns in ((0, [0]), (1, range(100))):
        z = Z[list(columns)]
        by_hand = np.linalg.solve(z.T @ z + 0.7 * len(z) ** nu * np.eye(3), z.T @ X[row, list(columns)])
        np.testing.assert_allclose(model.row_factors_[row], by_hand, rtol=1e-11)


def test_the_last_iteration_is_exact_and_the_first_rows_are_solved_whatever_omega():
    model = ALS(2, max_iter=6, tol=0, random_state=0).fit(R)
    np.testing.assert_allclose(model.history_.to_dict()["relaxation"], [1, 1.25, 1.4, 1.5, 4 / 7 + 1, 1, 1])
    stopped = ALS(2, max_iter=500, tol=1e-3, random_state=0).fit(R)
    assert stopped.converged_
    assert stopped.n_iter_ < 500
    assert stopped.history_[-2].relaxation == 1.0 < stopped.history_[-3].relaxation
    fixed = ALS(2, max_iter=1, relaxation=1.7, tol=0, random_state=0).fit(R)
    again = ALS(2, max_iter=1, relaxation=1.2, tol=0, random_state=0).fit(R)
    assert fixed.history_[0].row_step_loss == again.history_[0].row_step_loss


def test_over_relaxation_needs_fewer_iterations_than_plain_als():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4)) @ rng.normal(size=(4, 20)) + rng.normal(size=(30, 20))
    X[rng.random(X.shape) < 0.5] = np.nan
    kinds = [ALS(6, reg=0.05, tol=0, max_iter=25, relaxation=r, random_state=0).fit(X) for r in ("auto", 1.0)]
    assert kinds[0].history_.loss[-1] < kinds[1].history_.loss[-1]


def test_tol_is_relative_to_the_loss_at_zero_factors():
    at_zero = 0.5 * np.nansum((R - np.nanmean(R)) ** 2)
    model = ALS(2, bias="both", tol=0.01, relaxation=1.0, max_iter=100, random_state=0).fit(R)
    gains = -np.diff(model.history_.loss)[:-1]
    assert model.converged_
    assert gains[-1] <= 0.01 * at_zero
    assert np.all(gains[:-1] > 0.01 * at_zero)


def test_rows_and_columns_without_data_are_zero_and_counted_once():
    X = R.copy()
    X[1], X[:, 2] = np.nan, np.nan
    with pytest.warns(NoEntryWarning, match=r"1 row \(first: row 1\) and 1 column \(first: column 2\)") as caught:
        model = ALS(2, bias="both", reg_exponent=0, random_state=0).fit(X)
    assert len(caught) == 1
    assert not model.row_factors_[1].any()
    assert not model.column_factors_[2].any()
    assert model.row_bias_[1] == model.column_bias_[2] == 0
    assert np.isfinite(model.row_factors_).all()
    assert np.isfinite(model.history_.loss).all()


def test_an_empty_row_is_a_row_of_zeros_where_absent_cells_are_zeros():
    X = np.nan_to_num(R)
    X[1] = 0
    model = ALS(2, absent="zero", random_state=0).fit(sparse.csr_array(X))
    assert model.row_factors_.shape == (5, 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_more_components_than_the_matrix_has_sides(dtype):
    model = ALS(15, reg=0.1, dtype=dtype, random_state=0).fit(np.eye(10))
    assert model.row_factors_.dtype == dtype
    assert np.isfinite(model.row_factors_).all()
    assert np.isfinite(model.column_factors_).all()


def test_a_constant_matrix_does_not_drift():
    model = ALS(4, max_iter=100, tol=0, random_state=0).fit(np.ones((2, 2)))
    losses = model.history_.half_step_loss
    assert np.all(np.diff(losses) <= 1e-13)
    assert np.abs(model.row_factors_).max() < 10
    assert np.abs(model.column_factors_).max() < 10


@pytest.mark.parametrize("X", [R, np.array([[3.0, np.nan], [np.nan, 2.0]]), np.array([[1.0, 2, 2]])])
def test_without_ridge_the_solution_of_least_norm_stays_small(X):
    model = ALS(15, reg=0, random_state=0).fit(X)
    assert np.isfinite(model.row_factors_).all()
    scores = model.inverse_transform(model.row_factors_)
    assert np.nanmax(np.abs(scores - X)) < 1e-6
    assert np.abs(scores).max() < 50


def test_the_completion_of_a_rank_one_matrix_is_found():
    X = np.array([[1.0, 1, 1], [1, 1, np.nan], [1, np.nan, np.nan]])
    filled = ALS(1, reg=1e-6, max_iter=200, tol=1e-12, random_state=0).fit(X).impute(X)
    np.testing.assert_allclose(filled, 1, atol=1e-4)


def test_a_stored_zero_is_data_only_where_absent_is_missing():
    plain = stored(R)
    with_zero = stored(np.where(np.isnan(R) & (np.add.outer(np.arange(5), np.arange(4)) == 2), 0, R))
    assert with_zero.nnz > plain.nnz
    missing, zero = (
        [ALS(2, absent=absent, random_state=0).fit(X).row_factors_ for X in (plain, with_zero)]
        for absent in ("missing", "zero")
    )
    assert np.abs(missing[0] - missing[1]).max() > 1e-3
    np.testing.assert_array_equal(*zero)


@pytest.mark.parametrize("shape", [(3, 4), (5, 6), (8, 4), (60, 4), (5, 60), (40, 40), (1, 5), (5, 1), (1, 1)])
def test_a_second_fit_of_another_shape_is_as_if_fresh(shape):
    X = np.random.default_rng(0).normal(size=shape)
    reused = ALS(2, bias="both", random_state=0).fit(R).fit(X)
    fresh = ALS(2, bias="both", random_state=0).fit(X)
    np.testing.assert_array_equal(reused.row_factors_, fresh.row_factors_)
    np.testing.assert_array_equal(reused.column_factors_, fresh.column_factors_)
    assert reused.history_ == fresh.history_


def test_warm_start_goes_on_where_the_last_fit_ended():
    model = ALS(2, bias="both", max_iter=4, tol=0, warm_start=True, random_state=0).fit(R)
    before = model.history_
    model.fit(R)
    assert model.history_[0].row_step_loss == pytest.approx(before.loss[-1], rel=1e-10)
    model.fit(R[1:])
    assert model.row_factors_.shape == (4, 2)
    with pytest.raises(
        ValueError, match=r"warm_start=True .* the number of columns of X was 4 and is now 3\. Set warm"
    ):
        model.fit(R[:, :3])
    with pytest.raises(ValueError, match=r"warm_start=True .* n_components was 2 and is now 3\. Set warm_start=False"):
        model.set_params(n_components=3).fit(R)
    assert model.row_factors_.shape == (4, 2)


def test_init_takes_column_factors_and_bias():
    Z, d = np.random.default_rng(0).normal(size=(4, 2)), np.array([1.0, -1, 0, 2])
    model = ALS(2, init=(Z, d), bias="columns", max_iter=0).fit(R)
    np.testing.assert_array_equal(model.column_factors_, Z)
    np.testing.assert_array_equal(model.column_bias_, d)
    assert model.column_factors_ is not Z
    for pair in ([Z, d], [Z.tolist(), d.tolist()], (Z.tolist(), d)):
        same = ALS(2, init=pair, bias="columns", max_iter=0).fit(R)
        np.testing.assert_array_equal(same.row_factors_, model.row_factors_)
    two = ALS(2, init=[[1.0, 2.0], [3.0, 4.0]], max_iter=0).fit(np.ones((3, 2)))  # a list of two rows is no pair
    np.testing.assert_array_equal(two.column_factors_, [[1, 2], [3, 4]])
    assert (model.n_iter_, len(model.history_)) == (0, 1)
    with pytest.raises(ValueError, match=r"init gives column factors of shape \(4, 2\).*ask for \(4, 3\)"):
        ALS(3, init=Z).fit(R)
    with pytest.raises(ValueError, match="init gives column factors that are not finite: inf"):
        ALS(2, init=Z * 1e300, dtype="float32").fit(R)
    with pytest.raises(ValueError, match="the model has none"):
        ALS(2, init=(Z, d)).fit(R)
    with pytest.raises(ValueError, match=r"not finite: nan at \(3, 1\)"):
        ALS(2, init=np.where(Z[3, 1] == Z, np.nan, Z)).fit(R)


def test_a_seed_means_the_same_start_in_both_precisions():
    both = [ALS(2, dtype=dtype, max_iter=0, random_state=3).fit(R) for dtype in (np.float32, np.float64)]
    np.testing.assert_allclose(both[0].column_factors_, both[1].column_factors_, rtol=1e-6)
    other = ALS(2, max_iter=0, random_state=4).fit(R)
    assert np.abs(other.column_factors_ - both[1].column_factors_).max() > 0.01


def test_precisions_agree_in_their_predictions():
    models = [ALS(2, bias="both", dtype=dtype, random_state=0).fit(R) for dtype in ("float32", "float64")]
    scores = [model.inverse_transform(model.row_factors_, model.row_bias_) for model in models]
    np.testing.assert_allclose(*scores, atol=1e-4)


@pytest.mark.parametrize("kind", [ALS, ALSImputer])
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("n_jobs", 10**10, r"n_jobs.* \[1, 65536\]\. Got 10000000000"),
        ("n_components", 100_000, r"n_components.* \[1, 99999\]\. Got 100000"),
        ("random_state", np.random.default_rng(), r"random_state.*int\(rng.integers.*RandomState\(rng.bit_generator\)"),
    ],
)
def test_what_cannot_be_asked_for_is_told_by_the_name_of_the_parameter(kind, name, value, message):
    with pytest.raises(ValueError, match=f"The '{message}"):
        kind(**{name: value}).fit(R)


def test_a_random_state_of_a_generator_is_made_as_the_message_says():
    states = [np.random.RandomState(np.random.default_rng(0).bit_generator) for _ in range(2)]
    one, two = (ALS(2, random_state=state).fit(R).history_ for state in states)
    assert one == two
    ALS(2, random_state=int(np.random.default_rng(0).integers(2**32))).fit(R)
