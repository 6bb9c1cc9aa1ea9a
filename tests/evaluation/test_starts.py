"""Where fits start: the best part of a solution, and small additions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsatian.evaluation._starts import ladder, resized, start_of
from alsatian.models._fit import Factors


def solution(seed, m=30, n=20, k=5):
    rng = np.random.default_rng(seed)
    W, Z = rng.normal(size=(m, k)), rng.normal(size=(n, k))
    counts = rng.integers(1, 9, m), rng.integers(1, 9, n)
    return Factors(W, Z, None, rng.normal(size=n), 0.0), counts


def weighted(W, Z, counts):
    return np.sqrt(counts[0])[:, None] * (W @ Z.T) * np.sqrt(counts[1])


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_a_smaller_rank_is_the_best_part(seed, k):
    """The rows solved for these columns give the truncated SVD of the weighted product."""
    factors, counts = solution(seed)
    start = start_of(factors, counts)
    product = weighted(factors.rows, factors.columns, counts)
    u, s, vt = np.linalg.svd(product)
    np.testing.assert_allclose(start.singular_values, s[:5], rtol=1e-9)
    Z = resized(start.columns, start.turn, k, np.random.default_rng(0))
    right = np.sqrt(counts[1])[:, None] * Z
    if k < 5:
        np.testing.assert_allclose(right.T @ right, np.diag(s[:k]), atol=1e-8 * s[0])
    rows = product @ right @ np.linalg.inv(right.T @ right)
    np.testing.assert_allclose(rows @ right.T, (u[:, :k] * s[:k]) @ vt[:k], atol=1e-8 * s[0])


def test_a_larger_rank_keeps_what_there_is():
    factors, counts = solution(0)
    start = start_of(factors, counts)
    grown = resized(start.columns.astype(np.float32), start.turn, 9, np.random.default_rng(0))
    assert grown.dtype == np.float32
    np.testing.assert_array_equal(grown[:, :5], start.columns.astype(np.float32))
    assert 0 < np.abs(grown[:, 5:]).max() < 2
    assert resized(start.columns, start.turn, 5, np.random.default_rng(0)) is start.columns


def test_components_that_are_not_there_do_no_harm():
    factors, counts = solution(1)
    factors.columns[:, 3:] = 0
    start = start_of(factors, counts)
    assert (start.singular_values[3:] < 1e-6 * start.singular_values[0]).all()
    assert np.isfinite(resized(start.columns, start.turn, 4, np.random.default_rng(0))).all()
    factors.rows[:] = 0
    empty = start_of(factors, counts)
    assert not empty.singular_values.any()
    assert np.isfinite(resized(empty.columns, empty.turn, 2, np.random.default_rng(0))).all()


def test_a_start_is_a_copy():
    factors, counts = solution(2)
    start = start_of(factors, counts)
    factors.columns[:], factors.column_bias[:] = 0, 0
    assert start.columns.any()
    assert start.bias.any()


@pytest.mark.parametrize(("have", "k", "steps"), [(2, 16, [4, 8, 16]), (5, 6, [6]), (3, 12, [6, 12]), (9, 4, [4])])
def test_ranks_are_doubled(have, k, steps):
    assert ladder(have, k) == steps
