"""Means, standard errors and bootstrap intervals."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from alsatian.evaluation.metrics import PerUser

NAN = math.nan


def test_mean_and_standard_error_are_those_of_the_users_that_count():
    values = np.random.default_rng(0).random(50)
    found = PerUser("x", np.r_[values, NAN, NAN])
    assert float(found) == found.mean == pytest.approx(values.mean(), rel=1e-14)
    assert found.stderr == pytest.approx(values.std(ddof=1) / math.sqrt(50), rel=1e-14)
    assert (len(found), found.n_users, found.n_left_out) == (52, 50, 2)


@pytest.mark.parametrize("distinct", [40, 5])
def test_the_interval_is_that_of_the_bootstrap(distinct):
    values = np.resize(np.random.default_rng(1).exponential(size=distinct), 40)
    rng = np.random.default_rng(9)
    means = values[rng.integers(0, 40, (20_000, 40))].mean(axis=1)
    low, high = PerUser("x", values).interval(0.9, n_resamples=20_000)
    assert low == pytest.approx(np.quantile(means, 0.05), abs=0.05 * means.std())
    assert high == pytest.approx(np.quantile(means, 0.95), abs=0.05 * means.std())


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held = 0
    for seed in range(200):
        low, high = PerUser("x", rng.random(60) < 0.3).interval(0.9, seed, n_resamples=100)
        held += low <= 0.3 <= high
    assert 0.83 < held / 200 < 0.96


def test_seeds():
    found = PerUser("x", np.random.default_rng(3).random(30))
    assert found.interval(seed=1) == found.interval(seed=1) == found.interval(seed=np.random.default_rng(1))
    assert found.interval(seed=1) != found.interval(seed=2)
    narrow, wide = found.interval(0.5), found.interval(0.99)
    assert wide[0] < narrow[0] < found.mean < narrow[1] < wide[1]


@pytest.mark.parametrize("values", [[], [NAN], [0.5, NAN]])
def test_too_few_users_have_no_error(values):
    found = PerUser("x", values)
    assert math.isnan(found.stderr)
    assert all(map(math.isnan, found.interval()))
    assert found.mean == 0.5 if 0.5 in values else math.isnan(found.mean)


def test_parts_are_joined_in_order():
    parts = [PerUser("x", [0.1, NAN]), PerUser("x", []), PerUser("x", [0.3])]
    np.testing.assert_array_equal(PerUser.joined(parts).per_user, [0.1, NAN, 0.3])
    for wrong in ([], [PerUser("x", [1.0]), PerUser("y", [1.0])]):
        with pytest.raises(ValueError, match="one metric"):
            PerUser.joined(wrong)


def test_results_cannot_be_changed_and_travel():
    given = np.array([0.1, 0.2])
    found = PerUser("x", given)
    given[0] = 5
    assert found.per_user[0] == 0.1
    with pytest.raises(ValueError, match="read-only"):
        found.per_user[0] = 1
    with pytest.raises(AttributeError):
        found.name = "y"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).per_user, found.per_user)


def test_bad_parameters_are_refused():
    found = PerUser("x", [0.1, 0.2])
    for level in (0, 1, 95, NAN):
        with pytest.raises(ValueError, match="level"):
            found.interval(level)
    for seed in (-1, 1.5, "a"):
        with pytest.raises(ValueError, match="seed must be a whole number of at least 0"):
            found.interval(seed=seed)
    for number in (0, 1.5):
        with pytest.raises(ValueError, match="n_resamples"):
            found.interval(n_resamples=number)
    with pytest.raises(ValueError, match="one value a user"):
        PerUser("x", [[0.1]])
    for wrong in (["x"], [[1], [2, 3]]):
        with pytest.raises(ValueError, match="one number a user"):
            PerUser("x", wrong)


@pytest.mark.parametrize(
    ("values", "mean"), [([1, math.inf], math.inf), ([-math.inf, 2, 3], -math.inf), ([math.inf, -math.inf], NAN)]
)
def test_infinite_values_have_a_mean_and_nothing_else(values, mean):
    found = PerUser("x", values)
    np.testing.assert_equal([found.mean, found.stderr, *found.interval()], [mean, NAN, NAN, NAN])
