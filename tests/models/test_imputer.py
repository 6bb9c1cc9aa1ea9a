from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from alsatian.models import ALS, ALSImputer


def with_holes(X, share, seed=0):
    return np.where(np.random.default_rng(seed).random(X.shape) < share, np.nan, X)


def error(imputer, X, holed):
    missing = np.isnan(holed)
    return np.sqrt(np.mean((((imputer.fit_transform(holed) - X) / X.std(axis=0))[missing]) ** 2))


@pytest.mark.parametrize("load", [load_iris, load_wine, load_diabetes, load_breast_cancer])
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_the_defaults_beat_means_by_far_and_match_neighbours(load, share):
    X = load().data[:150]
    holed = with_holes(X, share)
    ours = error(ALSImputer(random_state=0), X, holed)
    assert ours < 0.85 * error(SimpleImputer(), X, holed)
    assert ours < 1.1 * error(KNNImputer(), X, holed)  # which clusters, as in iris, suit well


def test_observed_cells_stay_and_new_rows_are_folded_in():
    X = load_iris().data
    holed = with_holes(X, 0.2)
    imputer = ALSImputer(random_state=0).fit(holed[:100])
    new = holed[100:].copy()
    filled = imputer.transform(new)
    np.testing.assert_array_equal(new, holed[100:])
    np.testing.assert_array_equal(filled[~np.isnan(new)], new[~np.isnan(new)])
    assert np.isfinite(filled).all()
    np.testing.assert_allclose(imputer.transform(new[[3]]), filled[[3]], rtol=1e-9)


def test_units_do_not_matter_where_columns_are_scaled():
    X = with_holes(load_wine().data[:80], 0.2)
    units = 10.0 ** np.arange(X.shape[1])
    plain = ALSImputer(random_state=0).fit_transform(X)
    np.testing.assert_allclose(ALSImputer(random_state=0).fit_transform(X * units) / units, plain, rtol=1e-6)
    raw = ALSImputer(random_state=0, scale=False, bias="none").fit(X)
    assert (raw.scale_ == 1).all()


def test_a_row_without_data_gets_about_the_means_and_a_constant_column_its_constant():
    X = load_iris().data.copy()
    X[:, 1] = 7.0
    holed = with_holes(X, 0.1)
    imputer = ALSImputer(bias="none", random_state=0).fit(holed)
    filled = imputer.transform([[np.nan] * 4])
    np.testing.assert_allclose(filled[0], np.nanmean(holed, axis=0))
    np.testing.assert_allclose(imputer.transform(holed)[:, 1], 7.0)


def test_statistics_empty_columns_and_the_indicator_are_as_in_simple_imputer():
    X = with_holes(load_iris().data, 0.2)
    X[:, 2] = np.nan
    frame = pd.DataFrame(X, columns=list("abcd"))
    ours, theirs = (kind(add_indicator=True).fit(frame) for kind in (ALSImputer, SimpleImputer))
    np.testing.assert_allclose(ours.statistics_, theirs.statistics_)
    with pytest.warns(UserWarning, match="Skipping features without any observed values"):
        Y = ours.transform(frame)
    with pytest.warns(UserWarning, match="Skipping features"):
        Z = theirs.transform(frame)
    assert Y.shape == Z.shape
    np.testing.assert_array_equal(Y[:, 3:], Z[:, 3:])
    np.testing.assert_array_equal(ours.get_feature_names_out(), theirs.get_feature_names_out())
    kept = ALSImputer(keep_empty_features=True).fit(frame)
    assert not kept.transform(frame)[:, 2].any()
    assert list(kept.get_feature_names_out()) == list("abcd")


def test_another_mark_of_missing_cells():
    X = with_holes(load_iris().data, 0.2)
    marked = np.where(np.isnan(X), -1, X)
    expected = ALSImputer(random_state=0).fit_transform(X)
    np.testing.assert_array_equal(ALSImputer(missing_values=-1, random_state=0).fit_transform(marked), expected)
    with pytest.raises(ValueError, match="NaN"):
        ALSImputer(missing_values=-1).fit(X)


@pytest.mark.parametrize("mark", [np.nan, -1])
def test_a_masked_cell_is_missing_whatever_marks_the_others(mark):
    X = with_holes(np.round(load_iris().data * 10), 0.2)
    expected = ALSImputer(random_state=0).fit_transform(X)
    marked = np.where(np.isnan(X), 1000, X).astype(int)
    masked = np.ma.masked_array(marked, mask=np.isnan(X))
    imputer = ALSImputer(missing_values=mark, add_indicator=True, random_state=0)
    np.testing.assert_array_equal(imputer.fit_transform(masked)[:, :4], expected)
    np.testing.assert_array_equal(imputer.transform(masked)[:, 4:], np.isnan(X))
    assert (masked.data == marked).all()


def test_a_bad_value_is_named_with_its_place():
    with pytest.raises(ValueError, match="X holds inf in row 1, column 0"):
        ALSImputer().fit([[1, 2], [np.inf, 3]])
    with pytest.raises(ValueError, match="X holds NaN in row 0, column 1, but missing_values=-1"):
        ALSImputer(missing_values=-1).fit([[1, np.nan], [-1, 3]])


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_fit_that_fails_leaves_the_imputer_as_it_was(error, monkeypatch):
    def fail(*args, **kwargs):
        raise error

    X = with_holes(load_iris().data, 0.2)
    imputer = ALSImputer(random_state=0).fit(X)
    before, filled = dict(vars(imputer)), imputer.transform(X)
    monkeypatch.setattr(ALS, "fit", fail)
    with pytest.raises(error):
        imputer.fit(X[:, :3])
    with pytest.raises(ValueError, match="inf"):
        imputer.fit([[np.inf, 2]])
    assert vars(imputer) == before
    np.testing.assert_array_equal(imputer.transform(X), filled)
    fresh = ALSImputer()
    with pytest.raises(error):
        fresh.fit(X)
    assert vars(fresh) == vars(ALSImputer())


def test_copy_false_fills_in_place():
    X = with_holes(load_iris().data, 0.2)
    imputer = ALSImputer(copy=False, random_state=0).fit(X)
    assert np.isnan(X).any()
    assert imputer.transform(X) is X
    assert np.isfinite(X).all()


def test_it_works_as_a_step_of_pipelines_and_of_column_transformers():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    holed = X.mask(np.random.default_rng(0).random(X.shape) < 0.2)
    columns = ColumnTransformer([("numbers", ALSImputer(random_state=0), list(X.columns))])
    model = make_pipeline(columns.set_output(transform="pandas"), LinearRegression())
    assert model.fit(holed[:300], y[:300]).score(holed[300:], y[300:]) > 0.3
    assert columns.get_feature_names_out()[0] == "numbers__age"


def test_a_table_without_any_data_has_nothing_left():
    imputer = ALSImputer().fit(np.full((3, 2), np.nan))
    with pytest.warns(UserWarning, match="Skipping"):
        assert imputer.transform(np.full((3, 2), np.nan)).shape == (3, 0)


@pytest.mark.parametrize(("name", "value"), [("n_components", 0), ("reg", (1, -1)), ("missing_values", "x")])
def test_a_parameter_out_of_range_has_the_uniform_message(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of ALSImputer must be"):
        ALSImputer(**{name: value}).fit([[1.0]])


def test_pandas_na_marks_missing_cells_as_nan_does():
    X = with_holes(np.round(load_iris().data * 10), 0.2)
    frame = pd.DataFrame(X).astype("Int64")
    frame.columns = list("abcd")
    imputers = [ALSImputer(missing_values=mark, add_indicator=True, random_state=0) for mark in (pd.NA, np.nan)]
    filled = [imputer.fit_transform(frame) for imputer in imputers]
    np.testing.assert_array_equal(filled[0], filled[1])
    np.testing.assert_array_equal(filled[0][:, :4], ALSImputer(random_state=0).fit_transform(X))
    with pytest.raises(ValueError, match="The 'missing_values' parameter of ALSImputer must be"):
        ALSImputer(missing_values=None).fit(X)


def test_a_parameter_set_after_the_fit_is_checked_when_it_is_used():
    imputer = ALSImputer(2, random_state=0).fit(load_iris().data)
    with pytest.raises(ValueError, match="The 'missing_values' parameter of ALSImputer must be"):
        imputer.set_params(missing_values="x").transform(load_iris().data)


def test_another_mark_after_the_fit_is_one_for_the_indicator_too():
    X = np.array([[1.0, np.nan, 3], [2, 5, np.nan], [3, 1, 2], [4, 4, 4]])
    imputer = ALSImputer(1, add_indicator=True, random_state=0).fit(X)
    expected = imputer.transform(X)
    imputer.set_params(missing_values=-9)
    np.testing.assert_array_equal(imputer.transform(np.nan_to_num(X, nan=-9)), expected)
