from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from alsatian.models import ALS, ALSImputer, ImplicitALS, NoEntryWarning
from problems import BIASES, small_ratings, stored

R = small_ratings()
S = stored(R)


def scores_by_hand(model):
    scores = model.mean_ + model.row_factors_ @ model.column_factors_.T
    if model.row_bias_ is not None:
        scores = scores + model.row_bias_[:, None]
    if model.column_bias_ is not None:
        scores = scores + model.column_bias_
    return scores


@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("X", [R, S, np.nan_to_num(R)], ids=["nan", "sparse", "full"])
def test_transform_gives_the_fitted_rows_alone_or_together(X, bias):
    model = ALS(3, bias=bias, random_state=0).fit(X)
    W, b = model.transform(X, return_bias=True)
    np.testing.assert_array_equal(W, model.row_factors_)
    assert (b is None) == (model.row_bias_ is None)
    for i in range(5):
        np.testing.assert_allclose(model.transform(X[[i]]), model.row_factors_[[i]], rtol=1e-12)
    many = np.repeat(R if not sparse.issparse(X) and np.isnan(X).any() else np.nan_to_num(R), 2, axis=0)
    if not sparse.issparse(X):
        np.testing.assert_allclose(model.transform(many)[::2], model.row_factors_, rtol=1e-12)
    fresh = clone(model)
    np.testing.assert_array_equal(fresh.fit_transform(X), model.row_factors_)
    assert not np.shares_memory(fresh.fit_transform(X), fresh.row_factors_)


def test_a_full_row_is_solved_alike_with_and_without_incomplete_company():
    X = R.copy()
    X[2] = [1, 1, 2, 5]
    model = ALS(3, random_state=0).fit(X)
    np.testing.assert_array_equal(model.transform(X[[2]]), model.row_factors_[[2]])


def test_weights_take_part_in_the_fold_in():
    weights = np.where(np.arange(20).reshape(5, 4) % 3, 1.0, 4.0)
    model = ALS(2, random_state=0).fit(R, weights=weights)
    np.testing.assert_array_equal(model.transform(R, weights=weights), model.row_factors_)
    assert np.abs(model.transform(R) - model.row_factors_).max() > 1e-3


@pytest.mark.parametrize("bias", BIASES)
def test_all_ways_to_predict_agree(bias):
    model = ALS(2, bias=bias, random_state=0).fit(R)
    expected = scores_by_hand(model)
    i, j = np.indices(R.shape)
    np.testing.assert_allclose(model.predict_cells(i, j), expected, rtol=1e-12)
    np.testing.assert_allclose(model.predict_cells(2, [0, 1]), expected[2, :2], rtol=1e-12)
    W, b = model.transform(R, return_bias=True)
    np.testing.assert_allclose(model.inverse_transform(W, b), expected, rtol=1e-12)
    filled = model.impute(R)
    np.testing.assert_allclose(filled, np.where(np.isnan(R), expected, R), rtol=1e-12)
    np.testing.assert_array_equal(filled[~np.isnan(R)], R[~np.isnan(R)])
    np.testing.assert_array_equal(model.impute(S, dense=True), filled)


def test_clip_limits_predictions_and_nothing_else():
    free, clipped = (ALS(2, clip=clip, random_state=0).fit(R) for clip in (None, (2, 3)))
    np.testing.assert_array_equal(free.row_factors_, clipped.row_factors_)
    scores = np.clip(scores_by_hand(free), 2, 3)
    i, j = np.indices(R.shape)
    np.testing.assert_allclose(clipped.predict_cells(i, j), scores)
    np.testing.assert_allclose(clipped.inverse_transform(clipped.row_factors_), scores)
    assert set(clipped.impute(R)[~np.isnan(R)]) == set(R[~np.isnan(R)])
    assert ALS(2, clip=(None, 1.5), random_state=0).fit(R).predict_cells(i, j).max() == 1.5


def test_impute_keeps_the_type_and_asks_before_it_makes_a_sparse_matrix_dense():
    model = ALS(2, dtype="float32", random_state=0).fit(R)
    X = R + 1e-12
    filled = model.impute(X)
    assert filled.dtype == np.float64
    np.testing.assert_array_equal(filled[~np.isnan(R)], X[~np.isnan(R)])
    assert np.isnan(X).any()
    with pytest.raises(ValueError, match=r"5 x 4 cells.*dense=True"):
        model.impute(S)
    zero = ALS(2, absent="zero", random_state=0).fit(S)
    assert (zero.impute(S) != S).nnz == 0


@pytest.mark.parametrize(
    ("rows", "columns", "error", "message"),
    [
        ([0, -1], [0, 0], IndexError, r"row index -1 \(at position 1\) is out of range.*rows 0 to 4"),
        ([5], [0], IndexError, "row index 5"),
        ([0], [4], IndexError, "column index 4 .*columns 0 to 3"),
        ([0.5], [0], TypeError, "row indices must be integers"),
        (["5"], [0], TypeError, "row indices must be integers"),
        ([0, 1], [0, 1, 2], ValueError, "pair up"),
        (np.ma.masked_array([0, 1], mask=[False, True]), [0, 0], ValueError, "row indices are masked at position 1"),
        ([0, np.ma.masked], [0, 0], ValueError, "row indices are masked at position 1"),
        ([0, 0], np.ma.masked_array([0, 1], mask=True), ValueError, "column indices are masked at position 0"),
    ],
)
def test_a_cell_outside_the_matrix_is_an_error_that_names_it(rows, columns, error, message):
    with pytest.raises(error, match=message):
        ALS(2, random_state=0).fit(R).predict_cells(rows, columns)


def test_a_row_of_another_width_is_an_error_with_both_widths():
    model = ALS(2, random_state=0).fit(R)
    with pytest.raises(ValueError, match=r"X has 12 features, but ALS is expecting 4 features") as told:
        model.transform(np.ones((1, 12)))
    assert "transposed" not in str(told.value)
    for X in (R.T, S.T):
        with pytest.raises(ValueError, match=r"X has 5 features.* expecting 4 .*transposed\?"):
            model.transform(X)
    with pytest.raises(ValueError, match="W has 3 columns, but the model has 2"):
        model.inverse_transform(np.ones((1, 3)))
    with pytest.raises(ValueError, match="fitted without one"):
        model.inverse_transform(np.ones((1, 2)), [1.0])


def test_a_new_row_without_data_gets_zeros_and_a_warning():
    model = ALS(2, bias="both", random_state=0).fit(R)
    with pytest.warns(NoEntryWarning, match="1 row"):
        W, b = model.transform([[np.nan] * 4], return_bias=True)
    assert not W.any()
    assert not b.any()


@pytest.mark.parametrize("method", ["fit", "fit_transform", "transform", "impute"])
def test_the_warning_points_at_the_line_of_the_user(method):
    model = ALS(2, random_state=0).fit(R)
    X = R.copy()
    X[1] = np.nan
    for estimator, how in ((model, method), (make_pipeline(ALS(2, random_state=0)).fit(R), "transform")):
        with pytest.warns(NoEntryWarning) as caught:
            getattr(estimator, how)(X)
        assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("method", ["transform", "impute", "inverse_transform"])
def test_nothing_is_predicted_before_fit(method):
    with pytest.raises(NotFittedError):
        getattr(ALS(), method)(R)
    with pytest.raises(NotFittedError):
        ALS().predict_cells([0], [0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_components", 0),
        ("reg", -1),
        ("reg", np.nan),
        ("reg", (0.1, -1)),
        ("reg", (1, 2, 3)),
        ("bias_reg", (np.nan, 0)),
        ("reg_exponent", -0.5),
        ("max_iter", -1),
        ("tol", np.nan),
        ("solver", "magic"),
        ("cg_steps", 0),
        ("cg_steps", "many"),
        ("block_size", 0),
        ("block_size", 1.5),
        ("bias", "all"),
        ("relaxation", 2.0),
        ("clip", (3, 1)),
        ("dtype", "int8"),
        ("n_jobs", 0),
    ],
)
def test_a_parameter_out_of_range_has_one_uniform_message(name, value):
    with pytest.raises(ValueError, match=rf"The '{name}' parameter of ALS must be .*\. Got .* instead\."):
        ALS(**{name: value}).fit(R)


@pytest.mark.parametrize("kind", [ALS, ALSImputer, ImplicitALS])
@pytest.mark.parametrize("reg", ["a", None, -1, (1,), (1, -1), [1, 2, 3], np.inf, True, np.ones(2), {}], ids=str)
def test_all_that_is_no_ridge_is_refused_in_one_wording(kind, reg):
    wanted = r" a float in the range \[0.0, inf\) or a pair of those, for rows and columns. Got .* instead"
    auto = " 'auto'," if kind is ALS else ""
    with pytest.raises(ValueError, match=f"'reg' parameter of {kind.__name__} must be{auto}{wanted}"):
        kind(2, reg=reg).fit(np.ones((3, 2)))
    if kind is not ImplicitALS and reg is not None:
        with pytest.raises(ValueError, match=f"'bias_reg' parameter of {kind.__name__} must be None,{wanted}"):
            kind(2, bias_reg=reg).fit(np.ones((3, 2)))


@pytest.mark.parametrize("clip", ["a", -1, (1,), (3, 1), [1, 2, 3], np.ones(2)], ids=str)
def test_all_that_is_no_range_is_refused_in_one_wording(clip):
    with pytest.raises(ValueError, match=r"'clip' parameter of ALS must be None or a pair \(low, high\) of numbers"):
        ALS(2, clip=clip).fit(R)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_a_row_bias_that_is_not_finite_is_told_with_its_row(bad):
    model = ALS(2, bias="rows", dtype="float32", random_state=0).fit(R)
    W, b = model.transform(R, return_bias=True)
    given = b.astype(np.float64)
    given[2] = bad
    with pytest.raises(ValueError, match=r"row_bias holds (nan|inf) for row 2 of W: .* finite float32"):
        model.inverse_transform(W, given)
    assert np.isfinite(model.inverse_transform(W, b)).all()


@pytest.mark.parametrize("kind", [ALS, ImplicitALS])
def test_components_are_not_there_before_the_fit(kind):
    assert not hasattr(kind(), "components_")
    with pytest.raises(NotFittedError, match=f"This {kind.__name__} instance is not fitted yet"):
        kind().components_  # noqa: B018
    model = kind(2).fit(np.eye(3))
    assert np.shares_memory(model.components_, model.column_factors_)


def test_pickle_and_copies_predict_alike_and_names_come_out():
    model = ALS(2, bias="both", random_state=0).fit(R)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
        np.testing.assert_array_equal(other.impute(R), model.impute(R))
        assert other.history_ == model.history_
    assert list(model.get_feature_names_out()) == ["als0", "als1"]
    assert list(model.set_output(transform="pandas").transform(R).columns) == ["als0", "als1"]
    assert np.shares_memory(model.components_, model.column_factors_)


@pytest.mark.parametrize("n_jobs", [2, 7])
@pytest.mark.parametrize("X", [R, np.nan_to_num(R)])
def test_the_number_of_threads_changes_no_bit(n_jobs, X):
    one, many = (ALS(3, bias="both", n_jobs=n, random_state=0).fit(X) for n in (1, n_jobs))
    np.testing.assert_array_equal(one.row_factors_, many.row_factors_)
    assert one.history_ == many.history_


def test_masked_arrays_without_a_masked_index_are_indices():
    model = ALS(2, random_state=0).fit(R)
    np.testing.assert_array_equal(
        model.predict_cells(np.ma.masked_array([0, 1]), [2, 3]), model.predict_cells([0, 1], [2, 3])
    )


@pytest.mark.parametrize(
    ("name", "value"), [("clip", (5, 1)), ("clip", "x"), ("reg", -1), ("bias_reg", (1,)), ("n_jobs", 0), ("dtype", "x")]
)
def test_a_parameter_set_after_the_fit_is_checked_when_it_is_used(name, value):
    model = ALS(2, random_state=0).fit(R).set_params(**{name: value})
    uses = (
        lambda: model.transform(R),
        lambda: model.impute(R),
        lambda: model.predict_cells([0], [0]),
        lambda: model.inverse_transform(model.row_factors_),
    )
    for use in uses:
        with pytest.raises(ValueError, match=f"The '{name}' parameter of ALS must be"):
            use()


def test_the_parameters_of_the_fold_in_are_those_set_now():
    model = ALS(2, random_state=0).fit(R)
    other = ALS(2, reg=3.0, init=model.column_factors_, max_iter=0).fit(R)
    np.testing.assert_array_equal(model.set_params(reg=3.0).transform(R), other.row_factors_)
    assert model.set_params(clip=(0, 0.5)).predict_cells([0], [0]) == 0.5
