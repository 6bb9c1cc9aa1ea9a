"""Every step of every meaningful derivation holds in numbers; the gradient also by automatic differentiation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alsatian.derivation import derive
from derivation.cases import ROADS, combinations, name


@pytest.mark.parametrize("options", list(combinations()), ids=name)
def test_every_step_holds(options):
    checked = set()
    for road in ROADS:
        derivation = derive(**options, by=road)
        # What the roads have in common is checked once.
        own = tuple(step for step in derivation if (step.key, step.chains) not in checked)
        checked |= {(step.key, step.chains) for step in own}
        report = type(derivation)(derivation.options, own).check(tolerance=1e-9)
        assert report.passed, str(report)
        assert len({step.key for step in derivation}) == len(derivation)


@pytest.mark.parametrize("options", list(combinations()), ids=name)
def test_all_roads_end_in_the_same_line(options):
    ends = {derive(**options, by=road)["gradient"].chains for road in ROADS}
    last = {derive(**options, by=road)["stack"].chains[0] for road in ROADS}
    assert len(ends) == 1
    ((three_roads, _),) = ends
    for chain in last:
        assert chain[0] == three_roads[0]
        assert chain[-1] in (*three_roads, *next(iter(ends))[1])


def test_another_exponent_and_other_seeds():
    for seed in (1, 2):
        assert derive("W", missing=True, reg_exponent=0.5, by="rows").check(random_state=seed).passed


def test_the_sizes_differ_so_that_a_lost_transpose_shows():
    m, n, k = derive().check().shape
    assert len({m, n, k, k + 1}) == 4


def test_own_data():
    nan = np.nan
    X = [[5, 3, nan, 1], [4, nan, nan, 1], [1, 1, nan, 5], [nan, nan, 5, 4], [nan, 1, 5, 4]]
    report = derive(missing=True, reg_exponent=1).check(X, reg=0.2)
    assert report.passed
    assert report.shape == (5, 4, 3)
    assert derive("W", weights=True).check(np.ones((8, 9)), np.eye(8, 2), weights=np.full((8, 9), 2.0)).passed
    assert derive(objective="hkv").check([[3, 0, 1], [0, -2, 0]], alpha=2, unobserved_weight=1).passed


def test_the_gradient_by_automatic_differentiation():
    """A third opinion, which knows neither our formulas nor our differences."""
    autograd = pytest.importorskip("autograd")
    anp: Any = pytest.importorskip("autograd.numpy")
    rng = np.random.default_rng(0)
    X, W, Z = rng.normal(size=(7, 6)), rng.normal(size=(7, 3)), rng.normal(size=(6, 3))
    C = rng.integers(0, 3, size=X.shape).astype(float)
    C[0] = 1.0
    counts = np.count_nonzero(C, axis=0), np.count_nonzero(C, axis=1)

    def f(W, Z):
        fit = anp.sum(C * (X - anp.dot(W, Z.T)) ** 2)
        return 0.5 * (fit + 0.3 * anp.sum(counts[1] * anp.sum(W**2, 1)) + 0.3 * anp.sum(counts[0] * anp.sum(Z**2, 1)))

    for wrt, position in (("W", 0), ("Z", 1)):
        derivation = derive(wrt, weights=True, reg_exponent=1)
        assert derivation.check(X, W, Z, weights=C, reg=0.3).passed
        R, A = C * (W @ Z.T - X), autograd.grad(f, position)(W, Z)
        ours = R @ Z + 0.3 * counts[1][:, None] * W if wrt == "W" else R.T @ W + 0.3 * counts[0][:, None] * Z
        np.testing.assert_allclose(ours, A, rtol=1e-12, atol=1e-12)
