"""Errors of values: against scikit-learn, by users, and by what must always hold."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from alsatian.evaluation.metrics import calibration, mae, r2, rmse

PAIRS = [(rmse, root_mean_squared_error), (mae, mean_absolute_error), (r2, r2_score)]
NUMBERS = st.floats(-1e100, 1e100)


def cells(seed=0, number=300, users=12):
    rng = np.random.default_rng(seed)
    seen = rng.integers(1, 6, number).astype(float)
    weight = rng.choice([0.0, 0.5, 2.0], number)
    return seen, seen + rng.standard_normal(number), weight, rng.integers(0, users, number)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@pytest.mark.parametrize("weighted", [False, True])
def test_errors_equal_scikit_learn(ours, theirs, weighted):
    x, p, c, users = cells()
    weight = c if weighted else None
    assert ours(x, p, weight=weight) == pytest.approx(theirs(x, p, sample_weight=weight), rel=1e-13)
    pooled = ours(x, p, weight=weight, users=users)
    assert float(pooled) == pooled.value == pytest.approx(ours(x, p, weight=weight), rel=1e-13)
    own = [theirs(x[m], p[m], sample_weight=None if weight is None else c[m]) for m in users == np.arange(12)[:, None]]
    np.testing.assert_allclose(pooled.per_user.per_user, own, rtol=1e-12)


@pytest.mark.parametrize(
    ("metric", "plain"),
    [
        (rmse, lambda x, p, c: math.sqrt((c * (p - x) ** 2).sum() / c.sum())),
        (mae, lambda x, p, c: (c * np.abs(p - x)).sum() / c.sum()),
        (r2, lambda x, p, c: 1 - (c * (p - x) ** 2).sum() / (c * (x - (c * x).sum() / c.sum()) ** 2).sum()),
    ],
)
def test_the_interval_draws_users(metric, plain):
    # The same by the definition: cells of the users drawn, put together.
    x, p, c, users = cells(3)
    pooled = metric(x, p, weight=c, users=users.astype(str))
    values = []
    rng = np.random.default_rng(7)
    for _ in range(3000):
        drawn = np.concatenate([np.flatnonzero(users == user) for user in rng.integers(0, 12, 12)])
        values.append(plain(x[drawn], p[drawn], c[drawn]))
    low, high = pooled.interval(0.9, n_resamples=3000)
    spread = np.std(values)
    assert abs(low - np.quantile(values, 0.05)) < 0.15 * spread
    assert abs(high - np.quantile(values, 0.95)) < 0.15 * spread
    assert pooled.stderr == pytest.approx(spread, rel=0.1)
    assert "12 users" in repr(pooled)


def test_users_in_any_order_give_the_same_interval():
    x, p, c, users = cells(4)
    order = np.random.default_rng(1).permutation(12)
    for metric in (rmse, mae, r2):
        first, second = (metric(x, p, weight=c, users=who) for who in (users, order[users]))
        assert first.interval() == second.interval() == pickle.loads(pickle.dumps(first)).interval()
        np.testing.assert_array_equal(second.per_user.per_user[order], first.per_user.per_user)


def test_a_user_whose_values_are_all_equal_has_no_r2():
    pooled = r2([0.1] * 3 + [1, 2], [0, 1, 2, 1, 2], users=[7, 7, 7, 9, 9])
    assert pooled.per_user.left_out.tolist() == [True, False]
    assert math.isnan(r2([0.1] * 10, np.arange(10)))
    assert math.isnan(r2([5.0] + [0.1] * 3, np.arange(4), weight=[0, 0.1, 0.7, 0.3])), "a weight of 0 counts as nothing"
    assert math.isnan(rmse([1, 2], [1, 1], weight=[1, 0], users=[0, 1]).per_user.per_user[1])
    assert math.isnan(rmse([1, 2], [1, 1], users=[0, 0]).stderr)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.floats(0, 10)), min_size=1, max_size=20), st.data())
def test_ranges_and_order(given_cells, data):
    x, p, c = np.array(given_cells).T
    c[0] = 1.0
    order = np.array(data.draw(st.permutations(range(len(x)))))
    assert rmse(x, p, weight=c) >= 0
    assert rmse(x, p, weight=c) >= mae(x, p, weight=c) * (1 - 1e-12) >= 0
    assert rmse(x, x, weight=c) == mae(x, x, weight=c) == 0
    assert math.isnan(r2(x, p, weight=c)) or r2(x, p, weight=c) <= 1
    assert math.isnan(r2(x, x, weight=c)) or r2(x, x, weight=c) == 1
    for metric in (rmse, mae):
        assert metric(x[order], p[order], weight=c[order]) == pytest.approx(metric(x, p, weight=c), rel=1e-12)


def test_calibration_by_deciles():
    rng = np.random.default_rng(0)
    p = rng.random(1000) * 4 + 1
    found = calibration(p + 0.25, p)
    order = np.sort(p).reshape(10, 100)
    np.testing.assert_allclose(found.predicted, order.mean(axis=1))
    np.testing.assert_allclose(found.seen, order.mean(axis=1) + 0.25)
    np.testing.assert_array_equal(found.weight, 100)
    assert found.error == pytest.approx(0.25)
    assert calibration(p, p).error == 0


def test_calibration_keeps_equal_predictions_together():
    p = np.array([1.0] * 6 + [2.0] * 2 + [3.0, 4.0])
    x = np.arange(10.0)
    found = calibration(x, p, weight=np.r_[np.ones(9), 0.0], n_groups=5)
    np.testing.assert_array_equal(found.predicted, [1, 2, 3])
    np.testing.assert_array_equal(found.seen, [2.5, 6.5, 8])
    np.testing.assert_array_equal(found.weight, [6, 2, 1])
    order = np.random.default_rng(0).permutation(10)
    shuffled = calibration(x[order], p[order], n_groups=5)
    np.testing.assert_allclose(np.array(shuffled), np.array(calibration(x, p, n_groups=5)))
    one = calibration(x, np.zeros(10), n_groups=10)
    assert (one.predicted.tolist(), one.seen.tolist(), one.error) == ([0], [4.5], 4.5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-3, 3), st.integers(0, 3)), min_size=1), st.integers(1, 12))
def test_calibration_counts_every_cell_once(given_cells, n_groups):
    x, p, c = np.array(given_cells, dtype=float).T
    c[0] = 1
    found = calibration(x, p, weight=c, n_groups=n_groups)
    assert 1 <= len(found.weight) <= n_groups
    assert (np.diff(found.predicted) > 0).all()
    assert found.weight.sum() == c.sum()
    assert found.error <= np.average(np.abs(x - p), weights=c) + 1e-12


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (([1.0, math.nan], [1.0, 2.0]), ValueError, r"true\[1\] is nan"),
        (([1.0, 2.0], [math.inf, math.nan]), ValueError, r"predicted\[0\] is inf; 2 of 2"),
        (([1.0, 2.0], [1.0]), ValueError, "2 entries"),
        (([], []), ValueError, "no cell"),
        (([[1.0]], [[1.0]]), TypeError, "one-dimensional"),
        ((["a"], [1.0]), TypeError, "true must be"),
        (([1.0], [1.0], [-1.0]), ValueError, r"weight\[0\] is -1"),
        (([1.0], [1.0], [0.0]), ValueError, "all weights are 0"),
        (([1.0], [1.0], [1.0, 2.0]), ValueError, "weight must have 1"),
        (([1.0, 2.0], [[1.0], [2.0, 3.0]]), ValueError, r"predicted\[0\] has 1 entries, and predicted\[1\] has 2"),
        (([1.0, 1e308], [1.0, -1e308]), ValueError, r"predicted\[1\] = -1e\+308 and true\[1\] = 1e\+308 are farther"),
        (([1.0, 2.0], [1.0, 2.0], [1e308, 1e308]), ValueError, "weights add up to more than a float64 holds"),
    ],
)
@pytest.mark.parametrize("metric", [rmse, mae, r2, calibration])
def test_what_has_no_error_is_refused(metric, given, error, message):
    x, p, *weight = given
    with pytest.raises(error, match=message):
        metric(x, p, weight=weight[0] if weight else None)


def test_users_must_be_one_a_cell():
    for users in ([1], np.array([[1], [2]])):
        with pytest.raises(ValueError, match="users must have 2"):
            rmse([1, 2], [1, 2], users=users)


@pytest.mark.parametrize(
    "users", [["a", None], [1.0, math.nan], np.array(["a", None], dtype=object), np.array([1, "NaT"], dtype="M8[D]")]
)
def test_a_missing_user_is_refused_with_its_row(users):
    with pytest.raises(ValueError, match=r"an entry of users is missing .* in row 1"):
        rmse([1, 2], [1, 2], users=users)


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        (["1", 1, "1"], [2.0, 3.0]),  # mixed types: numbers come first, and "1" is not 1
        (["b", "a", "b"], [2.0, 3.0]),
        (np.array([True, False, True]), [2.0, 3.0]),
        ([1, 1.0, 2], [2.0, 4.0]),
    ],
)
def test_users_are_told_apart_as_everywhere(users, expected):
    np.testing.assert_allclose(mae([0, 0, 0], [2, 2, 4], users=users).per_user.per_user.tolist(), expected)


@pytest.mark.parametrize("size", [1e160, 1e200, 3e307])
def test_errors_whose_squares_overflow(size):
    x, p, users = np.zeros(3), np.array([1.0, -2.0, 4.0]), [1, 2, 2]
    for metric in (rmse, mae):
        small, large = metric(x, p, users=users), metric(x, size * p, users=users)
        assert metric(x, size * p) / size == pytest.approx(metric(x, p))
        assert large.stderr / size == pytest.approx(small.stderr)
        assert np.array(large.interval()) / size == pytest.approx(np.array(small.interval()))
        assert large.per_user.mean / size == pytest.approx(small.per_user.mean)
        assert large.per_user.stderr / size == pytest.approx(small.per_user.stderr)
    assert calibration(x, size * p, n_groups=1).error / size == pytest.approx(1.0)
    with pytest.raises(ValueError, match=r"predicted\[2\] = .* too large for sums of squares"):
        r2(x, size * p)
