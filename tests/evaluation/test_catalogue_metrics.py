"""What lists do to the catalogue: against plain definitions, at both ends of the ranges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from alsatian import Interactions
from alsatian.evaluation.metrics import coverage, exposure, gini, novelty, popularity_bias
from evaluation.ranked_lists import random_problem


def problem(seed, users=60, items=20, n=6):
    lists, histories = random_problem(np.random.default_rng(seed), users, items, n)
    histories[:, -1] = 0  # nobody has it
    histories[0] = 0  # and one has nothing
    return lists, histories


@pytest.mark.parametrize("seed", range(3))
def test_they_equal_their_definitions(seed):
    lists, histories = problem(seed)
    items = histories.shape[1]
    shown = [[int((row == item).any()) for row in lists] for item in range(items)]
    e = np.array(shown).sum(axis=1)
    np.testing.assert_array_equal(exposure(lists, items), e)
    assert coverage(lists, items) == np.mean(e > 0)
    pairs = np.abs(e[:, np.newaxis] - e).sum()  # half the relative mean absolute difference
    assert gini(lists, items) == pytest.approx(pairs / (2 * items * e.sum()), rel=1e-13)
    active = (histories > 0).any(axis=1).sum()
    share = (histories > 0).sum(axis=0) / active
    bits = [-math.log2(max(p, 1 / active)) for p in share]
    listed = [[int(i) for i in row if i >= 0] for row in lists]
    expected = [np.mean([bits[i] for i in row]) if row else math.nan for row in listed]
    np.testing.assert_allclose(novelty(lists, histories).per_user, expected, rtol=1e-12, atol=1e-12)
    scaled = novelty(lists, Interactions.from_matrix(sparse.csr_array(histories)), normalized=True)
    np.testing.assert_allclose(scaled.per_user, np.array(expected) / math.log2(active), rtol=1e-12, atol=1e-12)
    bias = popularity_bias(lists, histories)
    of_lists = [np.mean(share[row]) if row else math.nan for row in listed]
    of_histories = [np.mean(share[h > 0]) if h.any() else math.nan for h in histories]
    np.testing.assert_allclose(bias.recommended.per_user, of_lists, rtol=1e-12)
    np.testing.assert_allclose(bias.history.per_user, of_histories, rtol=1e-12)
    both = ~np.isnan(of_lists) & ~np.isnan(of_histories)
    ratio = np.mean(np.array(of_lists)[both]) / np.mean(np.array(of_histories)[both])
    assert bias.lift == pytest.approx(ratio - 1, rel=1e-12)


def test_lists_of_some_users_are_compared_with_their_own_histories():
    lists, histories = problem(1)
    whole = popularity_bias(lists, histories)
    chosen = [7, 3, 3]
    some = popularity_bias(lists[chosen], histories, users=chosen)
    for part, full in zip(some, whole, strict=True):
        np.testing.assert_array_equal(part.per_user, full.per_user[chosen])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 8), st.integers(1, 10))
def test_ranges_order_and_padding(seed, users, items, n):
    rng = np.random.default_rng(seed)
    lists, histories = random_problem(rng, users, items, n)
    order = rng.permutation(users)
    padded = np.pad(lists, ((0, 0), (0, 3)), constant_values=-1)
    assert 0 <= coverage(lists, items) <= 1
    assert math.isnan(gini(lists, items)) or 0 <= gini(lists, items) <= 1 - 1 / items
    for metric in (coverage, gini):
        np.testing.assert_array_equal(metric(lists, items), metric(lists[order], items))
        np.testing.assert_array_equal(metric(lists, items), metric(padded, items))
    found = novelty(lists, histories, normalized=True)
    empty = ~(lists >= 0).any(axis=1)
    np.testing.assert_array_equal(found.left_out, empty)
    assert (empty | (found.per_user >= 0) & (found.per_user <= 1 + 1e-12)).all()
    np.testing.assert_array_equal(novelty(padded, histories, normalized=True).per_user, found.per_user)
    bias = popularity_bias(lists, histories)
    for part in bias:
        assert (part.left_out | (part.per_user >= 0) & (part.per_user <= 1 + 1e-12)).all()
    np.testing.assert_array_equal(popularity_bias(padded, histories).recommended.per_user, bias.recommended.per_user)


def test_the_ends_of_the_ranges():
    everyone_the_same, each_another = np.zeros((5, 1), dtype=int), np.arange(5)[:, np.newaxis]
    assert gini(everyone_the_same, 5) == 1 - 1 / 5
    assert gini(each_another, 5) == 0
    assert coverage(everyone_the_same, 5) == 1 / 5
    assert coverage(each_another, 5) == 1
    assert math.isnan(gini([[-1]], 3))
    assert coverage([[-1]], 3) == 0
    assert novelty([[0]], [[1, 0]]).mean == 0
    assert novelty([[1]], [[1, 0]], normalized=True).mean == 0, "one user: nothing can be new"
    assert novelty([[0]], np.zeros((2, 2))).mean == 0
    assert math.isnan(popularity_bias([[0]], [[0, 0]]).lift)


def test_lists_are_checked_as_everywhere():
    with pytest.raises(ValueError, match="twice"):
        coverage([[1, 1]], 3)
    with pytest.raises(IndexError, match="item 3"):
        gini([[3]], 3)
    with pytest.raises(ValueError, match="n_items"):
        coverage([[0]], 0)
    with pytest.raises(ValueError, match="2 lists"):
        popularity_bias([[0], [0]], [[1]])
