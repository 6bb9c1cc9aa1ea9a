"""`CellRegressor`: cells as samples, in everything of scikit-learn that splits and searches."""

from __future__ import annotations

import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
    learning_curve,
)
from sklearn.utils.estimator_checks import parametrize_with_checks

from alsatian import ALS, CellRegressor, ImplicitALS
from alsatian._engine.threads import allowed_processors
from alsatian.models._base import checked_numbers
from processors import Counting, threads_of

SHAPE = (30, 20)


def cells(seed=0, share=0.6):
    """Pairs in any order, and values of rank two with a mean."""
    rng = np.random.default_rng(seed)
    rows, columns = np.divmod(rng.permutation(SHAPE[0] * SHAPE[1])[: int(share * SHAPE[0] * SHAPE[1])], SHAPE[1])
    y = 3 + np.sin(rows) * np.cos(columns) + 0.3 * np.cos(rows) * np.sin(2 * columns)
    return np.column_stack([rows, columns]), y


def als(k=2, **params):
    return ALS(k, **{"bias": "both", "reg": 0.003, "random_state": 0} | params)


def test_it_is_the_model_on_the_matrix_of_the_cells():
    X, y = cells()
    found = CellRegressor(als(), SHAPE).fit(X, y)
    matrix = csr_array((y, X.T), shape=SHAPE)
    model = als().fit(matrix)
    np.testing.assert_array_equal(found.model_.row_factors_, model.row_factors_)
    np.testing.assert_array_equal(found.predict(X), model.predict_cells(*X.T))
    assert found.shape_ == SHAPE
    assert found.score(X, y) > 0.99
    assert found.seen(X).all()


def test_any_order_of_cells_is_one_model():
    X, y = cells()
    order = np.random.default_rng(1).permutation(len(y))
    one, two = CellRegressor(als()).fit(X, y), CellRegressor(als()).fit(X[order], y[order])
    np.testing.assert_array_equal(one.predict(X), two.predict(X))


@pytest.mark.parametrize("kind", ["pandas", "polars", "list", "float", "uint8"])
def test_pairs_come_in_any_container(kind):
    X, y = cells()
    given = {
        "pandas": lambda: pd.DataFrame(X, columns=["user", "item"]),
        "polars": lambda: pl.DataFrame({"user": X[:, 0], "item": X[:, 1]}),
        "list": X.tolist,
        "float": lambda: X.astype(float),
        "uint8": lambda: X.astype(np.uint8),
    }[kind]()
    found = CellRegressor(als(), SHAPE).fit(given, pd.Series(y) if kind == "pandas" else y)
    np.testing.assert_array_equal(found.predict(given), CellRegressor(als(), SHAPE).fit(X, y).predict(X))


@pytest.mark.parametrize("bias", ["none", "mean", "rows", "columns", "both"])
@pytest.mark.parametrize("shape", [SHAPE, None])
def test_what_was_not_seen_is_predicted_by_what_is_known(bias, shape):
    """CASE 28."""
    X, y = cells()
    keep = (X[:, 0] < 20) & (X[:, 1] != 3)
    found = CellRegressor(als(bias=bias), shape).fit(X[keep], y[keep])
    model, mean = found.model_, y[keep].mean()
    asked = np.array([[5, 3], [25, 4], [25, 3], [29, 19]])
    row = 0 if model.row_bias_ is None else model.row_bias_[5]
    column = (0, 0) if model.column_bias_ is None else model.column_bias_[[4, 19]]
    np.testing.assert_allclose(found.predict(asked), [mean + row, mean + column[0], mean, mean + column[1]], rtol=1e-10)
    assert found.seen(asked).tolist() == [False] * 4
    assert found.mean_ == pytest.approx(mean)


def test_predictions_stay_within_the_limits_of_the_model():
    X, y = cells()
    found = CellRegressor(als(clip=(3.2, 3.4)), SHAPE).fit(X[X[:, 0] > 2], y[X[:, 0] > 2])
    scores = found.predict(X)
    assert (scores.min(), scores.max()) == (3.2, 3.4)


def test_weights_and_repeated_pairs():
    X, y = cells()
    weight = np.random.default_rng(0).integers(0, 4, y.size)
    weighted = CellRegressor(als(reg_exponent=0), SHAPE).fit(X, y, sample_weight=weight)
    repeated = CellRegressor(als(reg_exponent=0), SHAPE).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-8)
    left_out = CellRegressor(als(), SHAPE).fit(X, y, sample_weight=(weight > 0).astype(float))
    fewer = CellRegressor(als(), SHAPE).fit(X[weight > 0], y[weight > 0])
    np.testing.assert_allclose(left_out.predict(X), fewer.predict(X), rtol=1e-10)
    assert left_out.seen(X).tolist() == fewer.seen(X).tolist()


SPLITTERS = {
    "k-fold": KFold(3),
    "repeated": RepeatedKFold(n_splits=2, n_repeats=2, random_state=0),
    "shuffled": ShuffleSplit(2, random_state=0),
    "by groups": GroupKFold(3),
    "one group out": LeaveOneGroupOut(),
    "by time": TimeSeriesSplit(3),
}


@pytest.mark.parametrize("name", SPLITTERS)
@pytest.mark.parametrize("shape", [SHAPE, None])
def test_every_splitter_works(name, shape):
    X, y = cells()
    groups = X[:, 0] % 3 if "group" in name else None  # whole rows are held out: none of their cells was seen
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = cross_val_score(CellRegressor(als(), shape), X, y, cv=SPLITTERS[name], groups=groups)
    assert np.isfinite(scores).all()
    if name in ("k-fold", "repeated", "shuffled"):
        assert scores.min() > 0.8


def test_a_search_may_set_parameters_of_the_default_model():
    rows, columns = np.divmod(np.arange(60), 6)
    search = GridSearchCV(CellRegressor(), {"model__reg": [0.1, 1.0], "model__n_components": [1]}, cv=2)
    search.fit(np.column_stack([rows, columns]), rows + columns)
    assert search.best_estimator_.model.bias == "both"
    assert search.best_estimator_.model.n_components == 1
    assert CellRegressor().set_params(shape=(3, 3)).model is None


def test_searches_set_parameters_of_the_model():
    X, y = cells()
    grid = {"model__reg": [0.003, 3.0], "model__n_components": [1, 2]}
    search = GridSearchCV(CellRegressor(als(), SHAPE), grid, cv=3, scoring="neg_root_mean_squared_error").fit(X, y)
    assert search.best_params_ == {"model__n_components": 2, "model__reg": 0.003}
    assert search.best_estimator_.model_.n_components == 2
    predicted = cross_val_predict(CellRegressor(als(), SHAPE), X, y, cv=3)
    assert np.corrcoef(predicted, y)[0, 1] > 0.95
    _, _, held_out = learning_curve(CellRegressor(als(), SHAPE), X, y, cv=3, train_sizes=[0.2, 1.0])
    assert held_out[1].mean() > held_out[0].mean()


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_workers_do_not_oversubscribe_the_processors(backend, n_jobs):
    X, y = cells()
    with joblib.parallel_config(backend, n_jobs=n_jobs):
        taken = cross_val_score(CellRegressor(Counting(2, random_state=0), SHAPE), X, y, cv=2, scoring=threads_of)
    allowed = allowed_processors()
    assert (taken * n_jobs <= max(allowed, n_jobs)).all()
    if n_jobs == 1:
        assert taken.tolist() == [allowed] * 2


def test_a_parallel_search_finds_the_same():
    X, y = cells()
    searches = [
        GridSearchCV(CellRegressor(als(), SHAPE), {"model__reg": [0.003, 0.3]}, cv=2, n_jobs=n_jobs).fit(X, y)
        for n_jobs in (None, 2)
    ]
    one, two = (search.cv_results_["mean_test_score"] for search in searches)
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            {"X": [[0, 20]]},
            IndexError,
            r"X\[0\] is \[0, 20\]: column 20 is out of range, as shape \(30, 20\) has columns",
        ),
        ({"X": [[-1, 0]]}, IndexError, "row -1 is out of range"),
        ({"X": [[0, 0.5]]}, ValueError, r"X\[0\] is \[0.0, 0.5\]: row and column must be whole numbers"),
        ({"X": [[0, np.nan]]}, ValueError, "must be whole numbers"),
        ({"X": np.zeros((1, 3), int)}, ValueError, "3 feature.*must have 2"),
        ({"y": [np.nan]}, ValueError, "y contains NaN"),
        ({"y": [1.0, 2.0]}, ValueError, "inconsistent numbers"),
        ({"sample_weight": [-1.0]}, ValueError, r"sample_weight\[0\] is -1.0"),
        ({"sample_weight": [0.0]}, ValueError, "all sample_weight are zero"),
        ({"model": ALS(absent="zero")}, ValueError, "held out would be fitted as zeros"),
        ({"model": ImplicitALS()}, ValueError, "'model' parameter of CellRegressor"),
        ({"shape": (3, 0)}, ValueError, "shape must be None or two whole numbers"),
        ({"shape": 3}, ValueError, "'shape' parameter"),
    ],
)
def test_bad_input_is_refused(given, error, message):
    told = {"X": [[0, 0]], "y": [1.0], "model": als(), "shape": SHAPE} | given
    with pytest.raises(error, match=message):
        CellRegressor(told["model"], told["shape"]).fit(told["X"], told["y"], told.get("sample_weight"))


def test_cells_to_predict_are_checked_too():
    X, y = cells()
    found = CellRegressor(als(), SHAPE).fit(X, y)
    with pytest.raises(IndexError, match="row 30 is out of range"):
        found.predict([[30, 0]])
    assert np.isfinite(CellRegressor(als()).fit(X, y).predict([[10**6, 0]])).all()


NO_PAIRS = "its X is drawn from a normal distribution, or has not two columns, and so holds no pairs of row and column"
# What `Paired` below runs instead, on pairs made of such an X.
NEED_NUMBERS = (
    "check_fit_score_takes_y", "check_estimators_overwrite_params", "check_dont_overwrite_parameters",
    "check_estimators_fit_returns_self", "check_readonly_memmap_input", "check_n_features_in_after_fitting",
    "check_positive_only_tag_during_fit", "check_estimators_dtypes", "check_sample_weights_list",
    "check_all_zero_sample_weights_error", "check_sample_weight_equivalence_on_dense_data", "check_dtype_object",
    "check_pipeline_consistency", "check_estimators_nan_inf", "check_estimators_pickle",
    "check_f_contiguous_array_estimator", "check_regressors_train", "check_regressor_data_not_an_array",
    "check_regressors_no_decision_function", "check_supervised_y_2d", "check_regressors_int",
    "check_methods_sample_order_invariance", "check_methods_subset_invariance", "check_fit2d_1sample",
    "check_dict_unchanged", "check_fit_idempotent", "check_fit_check_is_fitted", "check_n_features_in",
    "check_fit2d_predict1d",
)  # fmt: skip
NOT_A_FUNCTION = "cells are no points of a space: what is fitted to a cell says nothing of one that was not seen"


class Paired(CellRegressor):
    """Takes any numbers, and makes pairs of them: so the checks of all else can run."""

    def _pairs(self, X, limits, *, reset):
        numbers = checked_numbers(self, X, reset=reset, dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise ValueError("Input X contains NaN or infinity.")
        pairs = (np.floor(4 * numbers[:, [0, -1]]) % 8).astype(np.int64)
        return pairs[:, 0], pairs[:, 1]


def not_for(estimator):
    if type(estimator) is CellRegressor:
        return dict.fromkeys(NEED_NUMBERS, NO_PAIRS)
    return {"check_regressors_train": NOT_A_FUNCTION}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [CellRegressor(als()), Paired(als(bias="both", reg_exponent=0), (8, 8))], expected_failed_checks=not_for
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
