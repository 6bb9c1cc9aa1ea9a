"""Resampling users, exchanging labels, and Holm's method, against SciPy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alsatian.evaluation._resampling import Values, holm, terms_of, two_sided
from alsatian.evaluation.metrics import PerUser, rmse


def pair(n=12, shift=0.1, seed=0):
    rng = np.random.default_rng(seed)
    a = rng.random(n)
    return a, a + shift + rng.normal(scale=0.15, size=n)


def values_of(*models, users=None):
    users = np.arange(len(models[0])) if users is None else users
    return Values([[terms_of(PerUser("x", model), users)] for model in models])


def test_all_exchanges_are_counted_where_they_are_few():
    a, b = pair(10)
    p, n = values_of(a, b).permutation(0, 1, 5000, 0)
    theirs = stats.permutation_test(
        (a, b), lambda x, y, axis: np.mean(x - y, axis=axis), permutation_type="samples", vectorized=True,
        n_resamples=np.inf,
    )  # fmt: skip
    assert n == 2**10
    assert p == pytest.approx(theirs.pvalue, abs=1e-12)


def test_drawn_exchanges_come_near_to_all_of_them():
    a, b = pair(14)
    exact, n = values_of(a, b).permutation(0, 1, 2**14, 0)
    drawn, m = values_of(a, b).permutation(0, 1, 5000, 3)
    assert (n, m) == (2**14, 5000)
    assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 5000))


def test_exchanges_of_an_error_of_cells_put_whole_users_in_each_others_place():
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(6), 4)
    true = rng.normal(size=24)
    predictions = true + rng.normal(size=24), true + 1.7 * rng.normal(size=24)
    terms = [[terms_of(rmse(true, p, users=users), np.arange(6))] for p in predictions]
    p, n = Values(terms).permutation(0, 1, 100, 0)
    gaps = []
    for mask in range(2**6):
        swapped = (mask >> users & 1).astype(bool)
        a, b = np.where(swapped, predictions[::-1], predictions)
        gaps.append(rmse(true, a) - rmse(true, b))
    assert n == 64
    assert p == np.mean(np.abs(gaps) >= abs(gaps[0]) - 1e-12)


def test_p_values_are_uniform_where_there_is_no_difference():
    rng = np.random.default_rng(1)
    p = [values_of(*rng.random((2, 25))).permutation(0, 1, 400, 0)[0] for _ in range(250)]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) <= 0.05) < 0.1


def test_equal_models_do_not_differ():
    a, _ = pair()
    assert values_of(a, a).permutation(0, 1, 1000, 0) == (1.0, 1)


def test_the_bootstrap_draws_pairs():
    a, b = pair(40)
    drawn = values_of(a, b).bootstrap(4000, 0)
    gaps = drawn[:, 0] - drawn[:, 1]
    theirs = stats.bootstrap((a - b,), np.mean, n_resamples=4000, method="percentile", rng=0).confidence_interval
    assert np.quantile(gaps, [0.025, 0.975]) == pytest.approx([theirs.low, theirs.high], abs=0.01)
    assert two_sided(gaps) < 0.01 < two_sided(gaps - gaps.mean())
    assert math.isnan(two_sided(np.array([np.nan])))


def test_folds_are_drawn_together():
    """A user in two folds is drawn in both: the mean over folds of equal values varies as one of them."""
    a, _ = pair(30)
    terms = terms_of(PerUser("x", a), np.arange(30))
    one, two = Values([[terms]]).bootstrap(200, 0), Values([[terms, terms]]).bootstrap(200, 0)
    np.testing.assert_allclose(one, two, rtol=1e-12)


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_the_order_of_users_changes_no_bit(seed):
    rng = np.random.default_rng(seed)
    models = rng.integers(0, 3, (2, 9)) / 2.0
    models[rng.random((2, 9)) < 0.2] = np.nan
    order = rng.permutation(9)
    one, two = values_of(*models), values_of(*models[:, order])
    np.testing.assert_array_equal(one.bootstrap(20, 5), two.bootstrap(20, 5))
    assert one.permutation(0, 1, 50, 5) == two.permutation(0, 1, 50, 5)
    np.testing.assert_array_equal(one.observed(), two.observed())


def test_users_who_are_in_one_result_only_count_there():
    one = terms_of(PerUser("x", [1.0, 0.0]), np.array([3, 7]))
    two = terms_of(PerUser("x", [0.5, np.nan, 0.5]), np.array([1, 3, 7]))
    values = Values([[one], [two]])
    assert values.n_users == 3
    assert values.observed().tolist() == [0.5, 0.5]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm(p):
    adjusted = holm(p)
    order = np.argsort(p, kind="stable")
    by_definition = np.maximum.accumulate(np.minimum(1, (len(p) - np.arange(len(p))) * np.array(p)[order]))
    assert np.array(adjusted)[order].tolist() == by_definition.tolist()
    assert all(a >= b for a, b in zip(adjusted, p, strict=True))
    with_gap = holm([*p, math.nan])
    assert with_gap[:-1] == adjusted
    assert math.isnan(with_gap[-1])
