"""The NumPy half-step against solutions written another way, and against the objective it minimises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from alsatian._engine.contract import ZERO, Cells, HalfStepResult
from alsatian._engine.reference import half_step
from alsatian.objective import gradient, loss, loss_parts
from problems import BIASES, MODES, Problem, as_cells, dense_row, problem, problems, small_ratings, stored

ALL = [pytest.param(p, id=p.name) for p in problems()]
TINY = np.finfo(np.float64).eps


def run(p: Problem, **how: Any) -> tuple[np.ndarray, np.ndarray | None, HalfStepResult]:
    w, b = p.start()
    result = half_step(p.cells, p.factors, out=w, out_bias=b, **{**p.arguments, **how})
    return w, b, result


def stated(p: Problem, function: Callable[..., Any], w: np.ndarray, b: np.ndarray | None) -> Any:
    return function(p.X, w, p.factors, row_bias=b, **p.settings)


def design(p: Problem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Z̃, the fixed part of the scores, and the unscaled ridge."""
    n, k = p.factors.shape
    z, ridge = p.factors.astype(np.float64), [p.arguments["ridge"][0]] * k
    if p.old_bias is not None:
        z, ridge = np.hstack([z, np.ones((n, 1))]), [*ridge, p.arguments["ridge"][1]]
    offset = p.arguments["offset"]
    return z, np.zeros(n) if offset is None else offset.astype(np.float64), np.array(ridge)


@pytest.mark.parametrize("p", ALL)
def test_each_row_solves_its_normal_equations(p: Problem) -> None:
    w, b, _ = run(p)
    z, o, ridge = design(p)
    for i in range(p.cells.shape[0]):
        x, c = dense_row(p.cells, i)
        row = w[i] if b is None else np.append(w[i], b[i])
        if not c.any():
            assert not row.any()
            continue
        a = np.einsum("j,jk,jl->kl", c, z, z) + np.diag(np.broadcast_to(p.arguments["scale"], w.shape[:1])[i] * ridge)
        np.testing.assert_allclose(row, np.linalg.solve(a, np.einsum("j,jk->k", c * (x - o), z)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("p", ALL)
def test_gradient_is_zero_at_the_new_rows(p: Problem) -> None:
    w, b, _ = run(p)
    g = stated(p, gradient, w, b)
    size = 1 + np.abs(stated(p, gradient, np.zeros_like(w), None if b is None else np.zeros_like(b)).W).max()
    assert np.abs(g.W).max() <= 200 * TINY * size
    if b is not None:
        assert np.abs(g.row_bias).max() <= 200 * TINY * size


@pytest.mark.parametrize("relaxation", [1.0, 1.6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", ALL)
def test_rows_add_up_to_the_objective(p: Problem, dtype: type, relaxation: float) -> None:
    p = rebuilt(p, dtype=dtype)
    w, b, result = run(p, relaxation=relaxation)
    parts = stated(p, loss_parts, w, b)
    assert result.fit.dtype == result.ridge.dtype == np.float64
    assert result.fit.sum() == pytest.approx(parts.fit, rel=1e-12)
    assert result.ridge.sum() == pytest.approx(parts.row_ridge, rel=1e-12)


def rebuilt(p: Problem, **how: Any) -> Problem:
    mode, bias, nu = p.name.split("-")
    return problem(mode, bias, float(nu.removeprefix("nu")), **how)


@pytest.mark.parametrize("omega", [0.5, 1.5, 1.9, 2.0])
@pytest.mark.parametrize("p", ALL)
def test_relaxation_changes_the_loss_as_a_quadratic_does(p: Problem, omega: float) -> None:
    # f(w + ω (w* − w)) = f* + (1 − ω)² (f(w) − f*), but for rows without data, which become zero at any ω
    w_old, b_old = p.start()
    w_best, b_best, _ = run(p)
    for i in range(p.cells.shape[0]):
        if not dense_row(p.cells, i)[1].any():
            w_old[i] = 0
            if b_old is not None:
                b_old[i] = 0
    w, b, _ = run(p, relaxation=omega)
    old, best, new = (stated(p, loss, *rows) for rows in ((w_old, b_old), (w_best, b_best), (w, b)))
    assert new == pytest.approx(best + (1 - omega) ** 2 * (old - best), rel=1e-12)
    np.testing.assert_allclose(w, w_old + omega * (w_best - w_old), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("mode", MODES)
def test_old_rows_are_not_read_without_relaxation(mode: str) -> None:
    p = problem(mode, "both")
    expected, expected_bias, _ = run(p)
    assert p.old_bias is not None
    w, b = np.full_like(p.old, np.nan), np.full_like(p.old_bias, np.nan)
    half_step(p.cells, p.factors, out=w, out_bias=b, **p.arguments)
    np.testing.assert_array_equal(w, expected)
    np.testing.assert_array_equal(b, expected_bias)


@pytest.mark.parametrize("relaxation", [1.0, 1.5])
@pytest.mark.parametrize("mode", ["missing", "weighted"])
def test_rows_without_a_cell_become_zero(mode: str, relaxation: float) -> None:
    w, b, result = run(problem(mode, "both"), relaxation=relaxation)
    assert b is not None
    for i in [0, 3] if mode == "weighted" else [0]:
        assert not w[i].any()
        assert b[i] == result.fit[i] == result.ridge[i] == 0.0


def test_an_empty_row_is_a_row_of_zeros_where_absent_is_zero() -> None:
    p = problem("zero", "columns")
    w, _, _ = run(p)
    z, o, ridge = design(p)
    expected = np.linalg.solve(z.T @ z + p.arguments["scale"] * np.diag(ridge), -z.T @ o)
    np.testing.assert_allclose(w[0], expected, rtol=1e-12)
    assert w[0].any()


@pytest.mark.parametrize("nu", [0.0, 0.5, 1.0])
def test_ridge_of_a_row_with_one_and_with_a_hundred_ratings(nu: float) -> None:
    rng = np.random.default_rng(3)
    x, z = np.full((2, 100), np.nan), rng.normal(size=(100, 3))
    x[0, 7], x[1] = 2.0, rng.normal(size=100)
    w = np.empty((2, 3))
    count = np.array([1.0, 100.0])
    half_step(as_cells(stored(x)), z, offset=None, ridge=(0.2, 0.0), scale=count**nu, out=w, out_bias=None)
    # one rating, by Sherman and Morrison: w = z x / (λ + z·z)
    np.testing.assert_allclose(w[0], 2.0 * z[7] / (0.2 + z[7] @ z[7]), rtol=1e-12)
    np.testing.assert_allclose(w[1], np.linalg.solve(z.T @ z + 0.2 * 100**nu * np.eye(3), z.T @ x[1]), rtol=1e-12)


def minimum_norm(z: np.ndarray, c: np.ndarray, target: np.ndarray, rcond: float) -> np.ndarray:
    """Least squares by the pseudo-inverse, written out."""
    u, s, vt = np.linalg.svd(np.sqrt(c)[:, None] * z, full_matrices=False)
    kept = s > rcond * s.max()
    return vt[kept].T @ ((u[:, kept].T @ (np.sqrt(c) * target)) / s[kept])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("mode", MODES)
def test_without_ridge_a_row_has_minimum_norm(mode: str, bias: str, dtype: type) -> None:
    p = problem(mode, bias, k=15, ridge=(0.0, 0.0), dtype=dtype)
    w, b, _ = run(p)
    z, o, _ = design(p)
    for i in range(p.cells.shape[0]):
        x, c = dense_row(p.cells, i)
        row = w[i] if b is None else np.append(w[i], b[i])
        expected = minimum_norm(z, c, x - o, float(np.sqrt(np.finfo(dtype).eps))) if c.any() else np.zeros_like(row)
        np.testing.assert_allclose(row, expected, rtol=1e-5 if dtype == np.float32 else 1e-9, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_singular_values_below_the_cut_count_as_zero(dtype: type) -> None:
    root = float(np.sqrt(np.finfo(dtype).eps))
    for size, expected in ((0.5 * root, [1.0, 0.0]), (4 * root, [1.0, 1.0])):
        z = np.diag(np.array([1.0, size], dtype=dtype))
        w = np.empty((1, 2), dtype=dtype)
        half_step(
            as_cells(np.diag(z)[None], dtype=dtype), z, offset=None, ridge=(0, 0), scale=1.0, out=w, out_bias=None
        )
        np.testing.assert_allclose(w[0], expected, rtol=1e-5)


def test_two_equal_columns_with_weights_share_their_weighted_mean() -> None:
    x = sparse.csr_array(np.array([[2.0, 6.0]]))
    z = np.array([[1.0, 1.0], [1.0, 1.0]])
    w = np.empty((1, 2))
    cells = as_cells(x, sparse.csr_array(np.array([[1.0, 9.0]])))
    half_step(cells, z, offset=None, ridge=(0.0, 0.0), scale=1.0, out=w, out_bias=None)
    np.testing.assert_allclose(w, [[2.8, 2.8]], rtol=1e-12)


def test_a_ridge_on_the_factors_alone_or_on_the_bias_alone() -> None:
    for ridge in ((0.3, 0.0), (0.0, 0.3)):
        p = problem("missing", "rows", 0.0, ridge=ridge, k=6)
        w, b, _ = run(p)
        g = stated(p, gradient, w, b)
        assert max(np.abs(g.W).max(), np.abs(g.row_bias).max()) < 1e-12


def test_ratings_with_more_factors_than_cells_stay_small() -> None:
    cells = as_cells(stored(small_ratings()))
    z, w = np.random.default_rng(0).normal(size=(4, 15)), np.empty((5, 15))
    half_step(cells, z, offset=None, ridge=(0.0, 0.0), scale=1.0, out=w, out_bias=None)
    known = ~np.isnan(small_ratings())
    np.testing.assert_allclose((w @ z.T)[known], small_ratings()[known], rtol=1e-10)
    assert np.abs(w).max() < 10


def test_alternating_completes_a_rank_one_matrix() -> None:
    x = np.array([[1, 1, 1], [1, 1, np.nan], [1, np.nan, np.nan]])
    rows, columns = as_cells(stored(x)), as_cells(stored(x.T))
    w, z = np.empty((3, 1)), np.array([[0.3], [1.7], [0.9]])
    how: dict[str, Any] = {"offset": None, "ridge": (1e-9, 0.0), "scale": 1.0, "out_bias": None}
    losses = []
    for _ in range(200):
        half_step(rows, z, out=w, **how)
        result = half_step(columns, w, out=z, **how)
        losses.append(result.fit.sum())
    np.testing.assert_allclose(w @ z.T, np.ones((3, 3)), atol=1e-6)
    assert np.all(np.diff(losses) <= 1e-12)


def implicit_cells(x: np.ndarray, alpha: float, objective: str) -> Cells:
    """The two implicit objectives with α₀ = 1, as weighted least squares over all cells."""
    rows, columns = np.nonzero(x)
    values = x[rows, columns]
    c, preference = 1 + alpha * np.abs(values), (values > 0).astype(float)
    if objective == "ials":  # α g (P − s)² + s² = (1 + α g) (s − α g P / (1 + α g))² + a constant
        preference = preference * (c - 1) / c
    return as_cells(*(sparse.csr_array((v, (rows, columns)), shape=x.shape) for v in (preference, c)), rule=ZERO)


@pytest.mark.parametrize("nu", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("objective", ["hkv", "ials"])
def test_gradient_is_zero_for_implicit_objectives(objective: str, nu: float) -> None:
    rng = np.random.default_rng(1)
    x = np.where(rng.random((9, 7)) < 0.4, rng.integers(-2, 6, size=(9, 7)), 0).astype(float)
    z, w = rng.normal(size=(7, 3)), np.empty((9, 3))
    scale = ((x != 0).sum(axis=1) + 7.0) ** nu
    half_step(implicit_cells(x, 2.0, objective), z, offset=None, ridge=(0.1, 0.0), scale=scale, out=w, out_bias=None)
    g = gradient(x, w, z, objective=objective, alpha=2.0, reg=0.1, reg_exponent=nu)
    assert np.abs(g.W).max() < 1e-12
    assert g.row_bias is None


def test_confidence_of_a_single_cell_by_hand() -> None:
    # X = [[3, ·]], α = 2: confidence 7, preference 1; k = 1, so that w = 7 z₀ / (7 z₀² + z₁² + λ)
    x, z, w = np.array([[3.0, 0.0]]), np.array([[0.5], [2.0]]), np.empty((1, 1))
    half_step(implicit_cells(x, 2.0, "hkv"), z, offset=None, ridge=(0.1, 0.0), scale=1.0, out=w, out_bias=None)
    assert w[0, 0] == pytest.approx(7 * 0.5 / (7 * 0.25 + 4 + 0.1))


def test_inputs_are_left_alone_and_the_fraction_is_told() -> None:
    p = problem("zero_weighted", "both", shape=(200, 13))
    assert p.cells.weights is not None
    watched = [p.cells.values, p.cells.weights, p.factors, p.arguments["offset"]]
    before = [array.copy() for array in watched]
    told: list[float] = []
    run(p, poll=told.append, n_jobs=3, form="dual")
    for array, copy in zip(watched, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0


def test_poll_can_cancel() -> None:
    def stop(fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(problem("full"), poll=stop)
