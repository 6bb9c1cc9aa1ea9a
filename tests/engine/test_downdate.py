"""Rows with few holes, solved by a downdate of Z̃ᵀZ̃: right, as accurate as the primal form, and guarded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from alsatian._engine import Cells, _core, reference, shares_gram, takes_downdate
from alsatian._engine.contract import OBSERVED, Inexact, Rule, hkv
from alsatian._engine.native import counted_half_step, prepare
from alsatian.objective import loss

ISAS = _core.available_isas()
DTYPES = [np.float32, np.float64]


def table(x: np.ndarray, holes: np.ndarray, dtype: Any = np.float64) -> Cells:
    """The cells of a dense table that are no holes."""
    here = ~holes
    indptr = np.concatenate([[0], np.cumsum(here.sum(axis=1))])
    return Cells(x.shape, indptr, np.nonzero(here)[1].astype(np.int32), x[here].astype(dtype))


def random_table(m: int, n: int, missing: float, dtype: Any = np.float64, seed: int = 0) -> Cells:
    """The first row is whole, the second lacks its end, the last lacks two cells in three, the one before all."""
    rng = np.random.default_rng(seed)
    holes = rng.random((m, n)) < missing
    holes[0], holes[1] = False, np.arange(n) >= n - n // 10
    holes[-2], holes[-1] = True, np.arange(n) % 3 > 0
    return table(rng.normal(size=(m, n)) + 0.5, holes, dtype)


def factors(n: int, k: int, dtype: Any, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, k)).astype(dtype)


class Solved(NamedTuple):
    w: np.ndarray
    b: np.ndarray | None
    result: Any
    counts: dict[str, int]


def solve(cells: Cells, z: np.ndarray, *, bias: bool = False, solver: Any = counted_half_step, **how: Any) -> Solved:
    m, k = cells.shape[0], z.shape[1]
    old = np.random.default_rng(2).normal(size=(m, k + 1)).astype(z.dtype)
    w, b = old[:, :k].copy(), old[:, k].copy() if bias else None
    arguments: dict[str, Any] = {"offset": None, "scale": 2.0, "ridge": (0.5, 0.25), **how}
    told = solver(cells, z, out=w, out_bias=b, **arguments)
    result, counts = told if solver is counted_half_step else (told, {})
    return Solved(w, b, result, dict(counts))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bias", [False, True])
def test_it_equals_the_reference(bias: bool, dtype: Any, isa: str) -> None:
    tolerance = 1e-11 if dtype == np.float64 else 2e-4
    for k, n in [(1, 5), (3, 70), (8, 40), (15, 300), (17, 90), (31, 200), (33, 300), (64, 200), (70, 260), (129, 400)]:
        cells, z = random_table(9, n, 0.08, dtype), factors(n, k, dtype)
        offset = np.random.default_rng(3).normal(size=n).astype(dtype)
        for omega in (1.0, 1.7):
            how = {"bias": bias, "offset": offset, "relaxation": omega}
            want = solve(cells, z, solver=reference.half_step, **how)
            got = solve(cells, z, form="downdate", isa=isa, **how)
            assert got.counts["empty"] == 1
            if n >= 40:
                assert got.counts["downdate"] == 7  # all but the empty one, and the one that lacks most cells
                assert got.counts["primal"] == 1
            size = np.abs(want.w).max()
            np.testing.assert_allclose(got.w, want.w, rtol=0, atol=tolerance * size, err_msg=f"{k} {n}")
            if want.b is not None:
                np.testing.assert_allclose(got.b, want.b, rtol=0, atol=tolerance * size)
            total = want.result.fit.max() + want.result.ridge.max()
            np.testing.assert_allclose(got.result.fit, want.result.fit, rtol=0, atol=tolerance * total)
            np.testing.assert_allclose(got.result.ridge, want.result.ridge, rtol=0, atol=tolerance * total)


@pytest.mark.parametrize("omega", [1.0, 1.9])
def test_the_loss_is_that_of_the_objective(omega: float) -> None:
    cells, z = random_table(9, 300, 0.05), factors(300, 40, np.float64)
    got = solve(cells, z, form="downdate", bias=True, relaxation=omega)
    assert got.counts["downdate"] == 7
    X = np.full(cells.shape, np.nan)
    for i in range(9):
        span = slice(cells.indptr[i], cells.indptr[i + 1])
        X[i, cells.indices[span]] = cells.values[span]
    told = loss(X, got.w, z, row_bias=got.b, reg=(1.0, 0.0), bias_reg=(0.5, 0.0), reg_exponent=0)
    assert float(got.result.fit.sum() + got.result.ridge.sum()) == pytest.approx(told, rel=1e-12)


def test_auto_takes_it_where_it_pays_and_nowhere_else() -> None:
    n = 200
    for k in (15, 16, 40, 96, 150, 190, 250):
        lengths = np.array([0, 1, 20, 100, 140, 160, 170, 180, 190, 199, 200])
        holes = np.arange(n) >= lengths[:, None]
        cells = table(np.ones(holes.shape), holes[:, ::-1])
        counts = solve(cells, factors(n, k, np.float64)).counts
        assert counts["downdate"] == np.count_nonzero(takes_downdate(lengths, n, k)), k
        assert (counts["downdate"] > 0) == (k >= 16)
        assert (counts["dual"] > 0) == (k >= 96)
        for form in ("primal", "dual"):
            assert solve(cells, factors(n, k, np.float64), form=form).counts["downdate"] == 0
    for n, k in [(127, 64), (40, 40), (1000, 15)]:
        assert not takes_downdate(np.arange(n + 1), n, k).any()
    assert not takes_downdate(np.array([1001]), 1000, 64).any()  # a column may not come twice: not this form's matter
    assert takes_downdate(np.array([], dtype=np.int64), 1000, 64).size == 0


@pytest.mark.parametrize("change", ["weights", "no ridge", "no ridge of the bias", "alpha", "gram"])
def test_other_modes_do_not(change: str) -> None:
    cells, z = random_table(9, 300, 0.02), factors(300, 40, np.float64)
    rule = {"alpha": Rule(alpha=2.0), "gram": hkv(1.0, 0.5)}.get(change, OBSERVED)
    weights = np.full(cells.values.size, 2.0) if change == "weights" else None
    ridge = {"no ridge": (0.0, 0.0), "no ridge of the bias": (1.0, 0.0)}.get(change, (1.0, 1.0))
    changed = Cells(cells.shape, cells.indptr, cells.indices, cells.values, weights, rule)
    for form in ("auto", "downdate"):
        assert solve(changed, z, bias=rule == OBSERVED, ridge=ridge, form=form).counts["downdate"] == 0
    assert shares_gram(changed, 41, ridge) == (rule.gram_weight > 0)
    assert shares_gram(cells, 41, (1.0, 1.0))


def gradients(cells: Cells, z: np.ndarray, w: np.ndarray, ridge: float) -> np.ndarray:
    """Of each row's problem at w, in float64, each entry relative to the sizes of what it sums."""
    z64, found = z.astype(np.float64), []
    for i in range(len(w)):
        span = slice(cells.indptr[i], cells.indptr[i + 1])
        z_i, x, w_i = z64[cells.indices[span]], cells.values[span].astype(np.float64), w[i].astype(np.float64)
        summed = z_i.T @ (z_i @ w_i - x) + ridge * w_i
        size = np.abs(z_i).T @ (np.abs(z_i) @ np.abs(w_i) + np.abs(x)) + ridge * np.abs(w_i)
        found.append(np.abs(summed) / np.maximum(size, 1e-300))
    return np.array(found)


def scaled(z: np.ndarray) -> np.ndarray:
    return z * np.geomspace(1e-3, 1e3, z.shape[1])


def heavy(z: np.ndarray) -> np.ndarray:
    """A twentieth of the rows, which are among the holes of every second row of the table, is larger than others."""
    z = z.copy()
    z[: len(z) // 20] *= 3.5
    return z


def collinear(z: np.ndarray) -> np.ndarray:
    z = z.copy()
    z[:, 1::2] = z[:, ::2] + 1e-4 * z[:, 1::2]
    return z


def mean(z: np.ndarray) -> np.ndarray:
    return z + 5.0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ridge", [3.0, 1e-3, 1e-8])
@pytest.mark.parametrize("kind", [scaled, heavy, collinear, mean])
def test_it_is_as_accurate_as_the_primal_form(kind: Any, ridge: float, dtype: Any) -> None:
    n, k = 500, 40
    rng = np.random.default_rng(0)
    holes = rng.random((30, n)) < 0.1
    holes[::2, : n // 20] = True
    cells = table(rng.normal(size=holes.shape), holes, dtype)
    z = kind(rng.normal(size=(n, k))).astype(dtype)
    how: dict[str, Any] = {"ridge": (ridge, 0.0), "scale": 1.0}
    downdate, primal = (solve(cells, z, form=form, **how) for form in ("downdate", "primal"))
    exact = solve(
        Cells(cells.shape, cells.indptr, cells.indices, cells.values.astype(np.float64)), z.astype(np.float64),
        solver=reference.half_step, **how,
    )  # fmt: skip
    assert downdate.counts["downdate"] + downdate.counts["primal"] + downdate.counts["minimum_norm"] == 30
    eps = np.finfo(dtype).eps
    errors = [np.max(gradients(cells, z, s.w, ridge)) for s in (downdate, primal)]
    assert errors[0] <= max(2 * errors[1], 20 * eps)
    if dtype == np.float64:
        assert errors[0] < 1e-10
    # Where a solution is all rounding, what it is worth is still known.
    values = [s.result.fit + s.result.ridge for s in (downdate, primal, exact)]
    misses = [np.max(np.abs(v - values[2])) for v in values]
    assert misses[0] <= max(3 * misses[1], 50 * eps * values[2].max())
    far = [np.max(np.linalg.norm(s.w - exact.w, axis=1) / np.linalg.norm(exact.w, axis=1)) for s in (downdate, primal)]
    assert far[0] <= max(3 * far[1], 100 * eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_of_which_too_little_would_be_left_is_solved_in_the_primal_form(dtype: Any) -> None:
    n, k = 200, 20
    z = factors(n, k, dtype)
    z[:3] *= 30  # nearly all of ZᵀZ
    z[50, 7] = 200.0  # nearly all of one column
    holes = np.zeros((4, n), dtype=bool)
    holes[1, :3] = holes[2, 50] = holes[3, 100] = True
    cells = table(np.random.default_rng(0).normal(size=holes.shape), holes, dtype)
    got, primal = (solve(cells, z, form=form, ridge=(20.0, 0.0)) for form in ("auto", "primal"))
    assert (got.counts["downdate"], got.counts["primal"]) == (2, 2)
    np.testing.assert_array_equal(got.w[1:3], primal.w[1:3])
    np.testing.assert_array_equal(got.result.fit[1:3], primal.result.fit[1:3])
    assert not np.array_equal(got.w, primal.w)


def test_numbers_that_overflow_are_those_of_the_primal_form() -> None:
    cells, z = random_table(5, 300, 0.02, np.float32), factors(300, 40, np.float32)
    z[:, 3] = 1e30
    got, primal = (solve(cells, z, form=form) for form in ("auto", "primal"))
    assert takes_downdate(np.diff(cells.indptr), 300, 40).sum() == 3
    assert got.counts["downdate"] == 0
    np.testing.assert_array_equal(got.w, primal.w)


def test_cells_in_no_order_are_solved_in_the_primal_form() -> None:
    cells, z = random_table(5, 300, 0.02), factors(300, 40, np.float64)
    right = solve(cells, z)
    indices, values = cells.indices.copy(), cells.values.copy()
    for i in range(5):
        order = slice(cells.indptr[i], cells.indptr[i + 1])
        indices[order], values[order] = indices[order][::-1].copy(), values[order][::-1].copy()
    turned = solve(Cells(cells.shape, cells.indptr, indices, values), z)
    assert (right.counts["downdate"], turned.counts["downdate"]) == (3, 0)
    np.testing.assert_allclose(turned.w, right.w, rtol=1e-10, atol=1e-12)


def alone(cells: Cells, i: int) -> Cells:
    span = slice(int(cells.indptr[i]), int(cells.indptr[i + 1]))
    indptr = np.array([0, span.stop - span.start])
    return Cells((1, cells.shape[1]), indptr, cells.indices[span], cells.values[span])


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_do_not_depend_on_threads_or_company_or_what_is_prepared(dtype: Any) -> None:
    n, k = 20_000, 17  # in several parts
    rng = np.random.default_rng(0)
    holes = rng.random((6, n)) < np.array([0, 1e-3, 0.05, 0.02, 0.6, 0.08])[:, None]
    holes[3, 9_000:10_200] = True
    cells, z = table(rng.normal(size=holes.shape), holes, dtype), factors(n, k, dtype)
    z[np.flatnonzero(holes[5])[0]] *= 1000  # the last one fails the guard
    how: dict[str, Any] = {"bias": True, "relaxation": 1.5, "offset": factors(n, 1, dtype)[:, 0]}
    answers = [solve(cells, z, n_jobs=n_jobs, **how) for n_jobs in (1, 2, 7)]
    assert all(a.counts["downdate"] == 4 and a.counts["primal"] == 2 for a in answers)
    prepared = prepare(OBSERVED, z, offset=how["offset"], ridge=(0.5, 0.25), bias=True, n_jobs=2)
    answers.append(solve(cells, z, prepared=prepared, **how))
    for other in answers[1:]:
        np.testing.assert_array_equal(other.w, answers[0].w)
        np.testing.assert_array_equal(other.b, answers[0].b)
        np.testing.assert_array_equal(other.result, answers[0].result)
    how = {"bias": True, "offset": how["offset"]}
    together = solve(cells, z, **how)
    for i in range(6):
        for made in (None, prepared):
            np.testing.assert_array_equal(solve(alone(cells, i), z, prepared=made, **how).w[0], together.w[i])
    if dtype == np.float64:
        want = solve(cells, z, solver=reference.half_step, **how)
        np.testing.assert_allclose(together.w, want.w, rtol=1e-8, atol=1e-10 * np.abs(want.w).max())


def test_rows_that_a_downdate_makes_cheap_are_not_improved() -> None:
    n, k = 1000, 64
    holes = np.arange(n) >= np.array([980, 1000, 500, 700])[:, None]
    cells, z = table(np.ones(holes.shape), holes), factors(n, k, np.float64)
    how = Inexact("cg", 3, 0.0, 0, np.vstack([np.ones(k), np.zeros(k)]))
    got = solve(cells, z, inexact=how)
    assert (got.counts["downdate"], got.counts["cg"]) == (2, 2)
    np.testing.assert_array_equal(got.w[:2], solve(cells, z).w[:2])
