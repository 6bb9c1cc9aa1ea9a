"""Numbers too large or too small for the working precision: an error that says so, never NaN, never a wrong number."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import sparse

from alsatian.models import ALS, ALSImputer
from alsatian.models._limits import check_memory
from alsatian.objective import loss
from problems import small_ratings

R = small_ratings()
X = np.random.default_rng(0).normal(size=(20, 15)) + 3
HOLES = np.where(np.random.default_rng(1).random(X.shape) < 0.3, np.nan, X)


@pytest.mark.parametrize("absent", ["missing", "zero"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", [np.asarray, lambda Y: sparse.csr_array(np.nan_to_num(Y))], ids=["array", "csr"])
@pytest.mark.parametrize(("dtype", "size"), [("float32", 1e28), ("float32", 1e35), ("float64", 1e154)])
def test_data_whose_loss_is_not_finite_are_refused(dtype, size, container, weighted, absent):
    for table in (X, HOLES):
        data = container(table * size).astype(dtype)
        weights = np.full(X.shape, 2.0) if weighted else None
        model = ALS(2, absent=absent, random_state=0)
        with pytest.raises(ValueError, match=r"(overflows|no longer finite).*numbers up to .*Scale the data") as told:
            model.fit(data, weights=weights)
        assert ("dtype='float64'" in str(told.value)) == (dtype == "float32")
        assert vars(model) == vars(ALS(2, absent=absent, random_state=0))


@pytest.mark.parametrize("size", [1e-135, 1e-30, 1e30, 1e140])
def test_data_of_any_size_that_leaves_the_loss_finite_have_one_model_but_for_the_unit(size):
    plain, scaled = (ALS(2, reg=0, random_state=0).fit(X * unit) for unit in (1, size))
    np.testing.assert_allclose(scaled.history_.loss / size / size, plain.history_.loss, rtol=1e-6)


@pytest.mark.parametrize("container", [np.asarray, lambda Y: sparse.csr_array(np.nan_to_num(Y))], ids=["array", "csr"])
@pytest.mark.parametrize("absent", ["missing", "zero"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("dtype", "size"), [("float32", 1e-22), ("float32", 1e-60), ("float64", 1e-142), ("float64", 1e-170)]
)
def test_data_whose_squares_are_lost_are_refused(dtype, size, weighted, absent, container):
    weights = np.full(X.shape, 2.0) if weighted else None
    for table in (X, -HOLES):
        model = ALS(2, reg=size / 1000, dtype=dtype, absent=absent, random_state=0)
        before = dict(vars(model))
        with pytest.raises(
            ValueError, match=rf"so small that .* lost in {dtype}.*numbers up to \d.*Scale the data"
        ) as told:
            model.fit(container(table * size), weights=weights)
        assert ("dtype='float64'" in str(told.value)) == (dtype == "float32")
        assert vars(model) == before


@pytest.mark.parametrize(("dtype", "size"), [("float32", 1e-20), ("float64", 1e-140)])
@pytest.mark.parametrize("data", [X, HOLES], ids=["full", "holes"])
def test_data_just_large_enough_have_the_model_of_larger_ones(data, dtype, size):
    plain, scaled = (ALS(2, reg=0.1 * unit, dtype=dtype, random_state=0).fit(data * unit) for unit in (1, size))
    np.testing.assert_allclose(scaled.history_.loss[-1] / size / size, plain.history_.loss[-1], rtol=1e-5)
    small = np.full(X.shape, 1e-10)
    with pytest.raises(ValueError, match=r"times the roots of weights below one, are so small.*weights up to 1e-10"):
        ALS(2, dtype=dtype).fit(data * size, weights=small)
    one = np.where(data == data[0, 0], 1, data * size)  # the largest counts
    with pytest.warns(UserWarning, match="in sums with the largest these are lost"):
        ALS(2, dtype=dtype, random_state=0).fit(one)


def with_largest(value):
    return np.where(np.nanmax(HOLES) == HOLES, value, HOLES)


@pytest.mark.parametrize("container", [np.asarray, lambda Y: sparse.csr_array(np.nan_to_num(Y))], ids=["array", "csr"])
@pytest.mark.parametrize(("dtype", "largest"), [("float32", 1e25), ("float64", 1e18)])
def test_a_number_beside_which_all_others_are_lost_is_warned_of(container, dtype, largest):
    outlier = with_largest(largest)
    with pytest.warns(UserWarning, match=rf"numbers up to 1e\+\d\d, but half .* lost in {dtype}.*wrong values"):
        ALS(2, bias="both", dtype=dtype, random_state=0).fit(container(outlier))
    ALS(2, dtype=dtype, random_state=0).fit(container(with_largest(1e6)))


@pytest.mark.parametrize("bias", ["none", "both"])
@pytest.mark.filterwarnings("ignore:X holds numbers up to")
def test_scores_are_finite_or_the_fit_is_refused(bias):
    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 5, (30, 20)).astype(np.float32)
    ratings[rng.random(ratings.shape) < 0.5] = np.nan
    refused = []
    for largest in (1e25, 1e38, 2e38, 3e38):
        ratings[3, 4] = largest
        model = ALS(16, bias=bias, random_state=0).fit(R)
        before = dict(vars(model))
        try:
            model.fit(ratings)
        except ValueError as error:
            refused.append(str(error))
            assert vars(model) == before
            model.set_params(dtype="float64").fit(ratings)
        assert np.isfinite(model.predict_cells(*np.indices(ratings.shape))).all()
    assert refused or bias == "none"  # whose scores are those of the values, here
    for told in refused:
        assert re.search("would not be finite in float32: .* numbers up to [23]e.38. Scale .*dtype='float64'", told)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_data_that_are_all_zero_are_not_too_small(dtype):
    zeros = np.zeros((5, 4))
    for data in (
        zeros,
        zeros.astype(dtype),
        zeros.tolist(),
        sparse.csr_array(zeros),
        np.where(np.eye(5, 4), np.nan, 0),
    ):
        for absent in ("missing", "zero"):
            if absent == "zero" or not sparse.issparse(data):
                model = ALS(2, dtype=dtype, absent=absent, random_state=0).fit(data)
                assert not model.row_factors_.any()
    weights = np.ones((5, 4))
    weights[0, 0] = 0
    far = zeros.copy()
    far[0, 0] = 1
    assert not ALS(2, dtype=dtype, random_state=0).fit(far, weights=weights).row_factors_.any()


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("size", [1e-38, 1e-30, 1e-13, 0.1])
def test_the_imputer_takes_constant_columns_of_any_size(size, scale):
    table = np.full((7, 3), size, dtype=np.float32) * np.array([1, 3, 7], dtype=np.float32)
    holes = table.copy()
    holes[0, 1] = np.nan
    filled = ALSImputer(1, scale=scale, random_state=0).fit_transform(holes)
    np.testing.assert_allclose(filled, table, rtol=1e-5)


def test_the_imputer_without_scale_tells_of_small_data():
    with pytest.raises(ValueError, match=r"so small.*ALSImputer with scale=True"):
        ALSImputer(2, scale=False).fit((HOLES * 1e-30).astype(np.float32))
    small, plain = (ALSImputer(2, random_state=0).fit_transform((HOLES * s).astype(np.float32)) for s in (1e-30, 1))
    np.testing.assert_allclose(small / 1e-30, plain, rtol=1e-3)


def test_a_row_folded_in_is_held_to_the_same():
    model = ALS(2, dtype="float32", random_state=0).fit(X)
    for call in (model.transform, model.impute):
        with pytest.raises(ValueError, match="no longer finite in float32"):
            call(np.where(HOLES < 3, 1e38, HOLES))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("data", [X, HOLES], ids=["full", "holes"])
def test_a_power_of_the_counts_that_overflows_is_named(data, dtype):
    for reg in (0.1, 0.0):
        with pytest.raises(ValueError, match=r"count\^ν λ overflows in float.*reg_exponent=1000.*smaller reg_exponent"):
            ALS(2, reg=reg, reg_exponent=1e3, dtype=dtype).fit(data)
        with pytest.raises(ValueError, match="reg_exponent=1000"):
            loss(data, np.ones((20, 1)), np.ones((15, 1)), reg=reg, reg_exponent=1e3)
    with pytest.raises(ValueError, match="λ up to 1e"):
        ALS(2, reg=1e308, dtype=dtype).fit(data)
    with pytest.raises(ValueError, match="reg_exponent=1000"):
        ALSImputer(2, reg_exponent=1e3).fit(data)


def test_a_large_power_that_stays_finite_is_a_large_ridge():
    model = ALS(2, reg_exponent=60, random_state=0).fit(X)
    assert np.abs(model.row_factors_).max() < 1e-20
    assert np.isfinite(model.history_.loss).all()


def test_weights_that_overflow_the_loss_are_told_with_their_size():
    with pytest.raises(ValueError, match=r"overflows.*weights up to 1e\+308"):
        ALS(2).fit(X, weights=np.full(X.shape, 1e308))
    with pytest.raises(ValueError, match=r"weights holds 1e\+40 in row 0, column 0, which is inf in float32"):
        ALS(2, dtype="float32").fit(X, weights=np.full(X.shape, 1e40))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array], ids=["array", "csr"])
@pytest.mark.parametrize("absent", ["missing", "zero"])
def test_a_weight_that_would_vanish_in_the_working_precision_is_an_error(container, absent):
    weights = np.ones((3, 2))
    weights[1, 1] = 1e-50
    model = ALS(1, absent=absent, dtype="float32", random_state=0)
    with pytest.raises(ValueError, match=r"weights holds 1e-50 in row 1, column 1, which is 0.0 in float32"):
        model.fit(container(np.ones((3, 2))), weights=container(weights))
    ALS(1, absent=absent, random_state=0).fit(container(np.ones((3, 2))), weights=container(weights))


def test_the_imputer_scales_columns_of_any_size():
    units = 10.0 ** np.linspace(-300, 300, X.shape[1])
    plain, scaled = (ALSImputer(3, random_state=0).fit(Y) for Y in (HOLES, HOLES * units))
    np.testing.assert_allclose(scaled.scale_ / units, plain.scale_, rtol=1e-12)
    np.testing.assert_allclose(scaled.statistics_ / units, plain.statistics_, rtol=1e-12)
    np.testing.assert_allclose(scaled.transform(HOLES * units) / units, plain.transform(HOLES), rtol=1e-9)
    single = (HOLES * 10.0 ** np.linspace(-30, 30, X.shape[1])).astype(np.float32)
    assert np.isfinite(ALSImputer(3, random_state=0).fit_transform(single)).all()


def test_the_imputer_reaches_the_ends_of_the_range():
    largest, smallest = np.finfo(float).max / 8, np.finfo(float).smallest_subnormal
    table = [[largest, smallest], [-largest, 2 * smallest], [np.nan, 3 * smallest], [largest / 2, np.nan]]
    filled = ALSImputer(1, random_state=0).fit_transform(table)
    assert np.isfinite(filled).all()
    assert (filled[:3, 1] == [smallest, 2 * smallest, 3 * smallest]).all()


def test_a_value_to_fill_in_that_is_too_large_is_told_with_its_column():
    table = np.outer([1.0, 2, 3, -3, 1], [1.0, 1, 1]) * np.array([1, 1, 1e38])
    table[1, 2] = np.nan
    imputer = ALSImputer(1, reg=1e-6, bias="none", random_state=0).fit(table.astype(np.float32))
    with pytest.raises(ValueError, match="fill column 2 with is too large for float32"):
        imputer.transform(np.array([[30.0, 30.0, np.nan]], dtype=np.float32))


@pytest.mark.parametrize("reg", [0.0, 0.1])
@pytest.mark.parametrize("data", [X, HOLES], ids=["full", "holes"])
def test_a_start_that_overflows_is_told(data, reg):
    Z = np.random.default_rng(0).normal(size=(X.shape[1], 2))
    with pytest.raises(ValueError, match=r"no longer finite.*factors hold numbers from .*e\+198 to .*given in init"):
        ALS(2, reg=reg, init=1e200 * Z).fit(data)


def test_weights_that_are_all_zero_leave_nothing_to_fit_whatever_absent_says():
    for data in (R, sparse.csr_array(np.nan_to_num(R))):
        for absent in ("missing", "zero"):
            with pytest.raises(ValueError, match=r"has no observed cell.*of weight zero"):
                ALS(2, absent=absent).fit(data, weights=np.zeros(R.shape))
    some = sparse.csr_array(np.nan_to_num(R))
    none = sparse.csr_array((np.zeros(some.nnz), some.indices, some.indptr), some.shape)
    ALS(2, absent="zero").fit(some, weights=none)  # the other cells are zeros still


def test_memory_that_is_not_there_is_told_before_the_work():
    with pytest.raises(ValueError, match=r"n_components=99999 needs at least .* TiB of memory .*this machine has"):
        check_memory(99_999, (2**31 - 1, 2**31 - 1), np.float64)
    check_memory(16, (1000, 1000), np.float64)


def test_an_allocation_that_fails_is_told_in_the_words_of_the_parameters(monkeypatch):
    def fail(*args, **kwargs):
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr("alsatian.models._fit.half_step", fail)
    with pytest.raises(MemoryError, match="n_components=7 and 3 threads"):
        ALS(7, n_jobs=3).fit(X)
