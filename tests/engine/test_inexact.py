"""Rows that are improved: the native core against the reference, the loss against the objective, and turned axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from alsatian._engine import _core, reference
from alsatian._engine.axes import align, cell_weights
from alsatian._engine.contract import OBSERVED, ZERO, Cells, Inexact, hkv
from alsatian._engine.native import counted_half_step
from alsatian.objective import loss
from problems import Problem, problem

ISAS = _core.available_isas()
OWN_SYSTEMS = ("missing", "weighted", "zero_weighted", "hkv", "ials")  # each row has its own matrix


def typical_of(p: Problem) -> np.ndarray:
    z = p.factors.astype(np.float64)
    return np.vstack([np.mean(z**2, axis=0), z.mean(axis=0)])


def ways(p: Problem, steps: int = 2) -> list[Inexact]:
    typical = typical_of(p)
    return [Inexact("cg", steps, 0.0, 0, typical), Inexact("cg", steps, 0.3, 0, typical),
            Inexact("subspace", steps, 0.0, 7, typical)]  # fmt: skip


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", OWN_SYSTEMS)
def test_it_equals_the_reference(mode: str, dtype: Any, isa: str) -> None:
    tolerance = 1e-10 if dtype == np.float64 else 5e-4
    counted = {"cg": 0, "subspace": 0}
    for k in (8, 40, 67):
        for bias in ("none", "both") if mode not in {"hkv", "ials"} else ("none",):
            p = problem(mode, bias, 0.5, shape=(8, 80), k=k, dtype=dtype, ridge=(2.0, 0.5), seed=k)
            for place, how in enumerate(ways(p)):
                omega = (1.0, 1.7)[(place + k) % 2]
                (w, b), (x, c) = p.start(), p.start()
                arguments = {"relaxation": omega, "inexact": how, "form": "primal", **p.arguments}
                told = reference.half_step(p.cells, p.factors, out=w, out_bias=b, **arguments)
                result, counts = counted_half_step(p.cells, p.factors, out=x, out_bias=c, isa=isa, **arguments)
                size = np.abs(w).max()
                np.testing.assert_allclose(x, w, rtol=0, atol=tolerance * size, err_msg=f"{k} {bias} {how[:4]}")
                if b is not None:
                    np.testing.assert_allclose(c, b, rtol=0, atol=tolerance * max(size, np.abs(b).max()))
                total = told.fit.max() + told.ridge.max()
                np.testing.assert_allclose(result.fit, told.fit, rtol=0, atol=tolerance * total)
                np.testing.assert_allclose(result.ridge, told.ridge, rtol=0, atol=tolerance * total)
                for name in counted:
                    counted[name] += counts[name]
    assert min(counted.values()) > 15


@pytest.mark.parametrize("mode", OWN_SYSTEMS)
def test_the_loss_is_that_of_the_objective_and_never_rises(mode: str) -> None:
    for bias in ("none", "both") if mode not in {"hkv", "ials"} else ("none",):
        p = problem(mode, bias, 1.0, shape=(15, 90), k=48, ridge=(0.3, 0.2))
        for how in ways(p):
            w, b = p.start()
            before = loss(p.X, w, p.factors, row_bias=b, **p.settings)
            for omega in (1.0, 1.9, 1.3):
                result, _ = counted_half_step(
                    p.cells, p.factors, out=w, out_bias=b, relaxation=omega, inexact=how, **p.arguments
                )
                told = loss(p.X, w, p.factors, row_bias=b, **p.settings)
                assert float(result.fit.sum() + result.ridge.sum()) == pytest.approx(told, rel=1e-10)
                assert told <= before * (1 + 1e-12)
                before = told


def test_rows_for_which_solving_costs_less_are_solved() -> None:
    p = problem("missing", shape=(15, 90), k=6)
    for how, name in [(ways(p)[0], "primal"), (Inexact("subspace", 1, 0.0, 6, typical_of(p)), "primal")]:
        (w, b), (x, _) = p.start(), p.start()
        _, counts = counted_half_step(p.cells, p.factors, out=w, out_bias=b, inexact=how, **p.arguments)
        counted_half_step(p.cells, p.factors, out=x, out_bias=None, **p.arguments)
        assert counts[name] == 14
        assert counts["cg"] == counts["subspace"] == 0
        np.testing.assert_array_equal(w, x)


def test_full_matrices_and_rows_without_a_ridge_are_solved() -> None:
    for mode, ridge in [("full", (0.3, 0.1)), ("zero", (0.3, 0.1)), ("missing", (0.0, 0.0))]:
        p = problem(mode, shape=(15, 90), k=48, ridge=ridge)
        for how in ways(p):
            _, counts = counted_half_step(
                p.cells, p.factors, out=p.start()[0], out_bias=None, inexact=how, **p.arguments
            )
            assert counts["cg"] == counts["subspace"] == 0


def long_cells(rule: Any, dtype: Any) -> Cells:
    rng = np.random.default_rng(0)
    lengths = [4_000, 700, 5, 7_000, 300, 0, 2_500, 260]
    indices = np.concatenate([np.sort(rng.choice(8_000, n, replace=False)) for n in lengths]).astype(np.int32)
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Cells((len(lengths), 8_000), indptr, indices, rng.normal(size=indices.size).astype(dtype), None, rule)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", [OBSERVED, hkv(2.0, 0.5)])
@pytest.mark.parametrize("method", ["cg", "subspace"])
def test_long_rows_do_not_depend_on_threads_or_company(method: Any, rule: Any, dtype: Any) -> None:
    rng = np.random.default_rng(1)
    cells, k = long_cells(rule, dtype), 40
    z = rng.normal(size=(cells.shape[1], k)).astype(dtype)
    how = Inexact(method, 3, 0.0, 16, np.vstack([np.ones(k), np.zeros(k)]))
    arguments: dict[str, Any] = {"offset": None, "ridge": (0.5, 0.1), "scale": 2.0, "relaxation": 1.5, "inexact": how}
    answers = []
    for n_jobs in (1, 2, 7):
        w, b = np.ones((8, k), dtype), np.ones(8, dtype)
        result, _ = counted_half_step(cells, z, out=w, out_bias=b, n_jobs=n_jobs, **arguments)
        answers.append((w, b, result.fit, result.ridge))
    for other in answers[1:]:
        for left, right in zip(answers[0], other, strict=True):
            np.testing.assert_array_equal(left, right)
    assert cells.indptr is not None
    assert cells.indices is not None
    for i in range(8):
        span = slice(int(cells.indptr[i]), int(cells.indptr[i + 1]))
        size = np.array([0, span.stop - span.start])
        alone = Cells((1, cells.shape[1]), size, cells.indices[span], cells.values[span], None, rule)
        w, b = np.ones((1, k), dtype), np.ones(1, dtype)
        counted_half_step(alone, z, out=w, out_bias=b, **arguments)
        np.testing.assert_array_equal(w[0], answers[0][0][i])
    w, b = np.ones((8, k)), np.ones(8)
    wide = Cells(cells.shape, cells.indptr, cells.indices, cells.values.astype(np.float64), None, rule)
    reference.half_step(wide, z.astype(np.float64), out=w, out_bias=b, **arguments)
    np.testing.assert_allclose(answers[0][0], w, rtol=0, atol=(1e-9 if dtype == np.float64 else 1e-3) * np.abs(w).max())


def test_unsorted_cells_of_a_long_row_all_have_their_turn() -> None:
    cells, k = long_cells(OBSERVED, np.float64), 40
    assert cells.indptr is not None
    assert cells.indices is not None
    order = np.random.default_rng(5).permutation(4_000)
    indices, values = cells.indices.copy(), cells.values.copy()
    indices[:4_000], values[:4_000] = indices[order], values[order]
    shuffled = Cells(cells.shape, cells.indptr, indices, values)
    z = np.random.default_rng(1).normal(size=(cells.shape[1], k))
    how = Inexact("cg", 3, 0.0, 0, np.vstack([np.ones(k), np.zeros(k)]))
    found = []
    for given in (cells, shuffled):
        w = np.ones((8, k))
        counted_half_step(given, z, offset=None, ridge=(0.5, 0.0), scale=2.0, out=w, out_bias=None, inexact=how)
        found.append(w)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("gram_weight", [0.0, 0.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_alignment_keeps_scores_and_diagonalises(dtype: Any, gram_weight: float) -> None:
    rng = np.random.default_rng(0)
    z, w = rng.normal(size=(70, 9)).astype(dtype), rng.normal(size=(400, 9)).astype(dtype)
    weights = rng.uniform(0, 5, size=70)
    scores, tolerance = w @ z.T, 1e-5 if dtype == np.float32 else 1e-13
    typical = align(z, w, weights, gram_weight=gram_weight, n_jobs=2)
    np.testing.assert_allclose(w @ z.T, scores, rtol=0, atol=20 * tolerance)
    z64 = z.astype(np.float64)
    mean_square = (z64.T * weights) @ z64 / weights.sum()
    np.testing.assert_allclose(typical, [np.diag(mean_square), weights @ z64 / weights.sum()], rtol=0, atol=tolerance)
    matrix = z64.T @ z64 if gram_weight else mean_square
    np.testing.assert_allclose(matrix, np.diag(np.diag(matrix)), rtol=0, atol=tolerance * np.trace(matrix))


def test_alignment_of_what_is_not_finite_changes_nothing() -> None:
    z, w = np.full((3, 2), 1e30, dtype=np.float32), np.ones((4, 2), dtype=np.float32)
    align(z, w, np.ones(3), gram_weight=0.0)
    assert (z == np.float32(1e30)).all()
    assert (w == 1).all()


def test_cell_weights_are_row_sums() -> None:
    dense = np.array([[1.0, 0, 3], [0, 0, 0], [0, -2, 0]])
    X = sparse.csr_array(dense)
    c = Cells(X.shape, X.indptr.astype(np.int64), X.indices.astype(np.int32), X.data, np.array([0.5, 2.0, 4.0]))
    np.testing.assert_allclose(cell_weights(c), [2.5, 0, 4])
    np.testing.assert_allclose(cell_weights(Cells(c.shape, c.indptr, c.indices, c.values)), [2, 0, 1])
    np.testing.assert_allclose(
        cell_weights(Cells(c.shape, c.indptr, c.indices, c.values, rule=hkv(2.0, 0.5))), [8, 0, 4]
    )
    weighted = Cells(c.shape, c.indptr, c.indices, c.values, c.weights, ZERO)
    np.testing.assert_allclose(cell_weights(weighted), [1, 0, 3])  # what is below one is not counted
    np.testing.assert_allclose(cell_weights(Cells((2, 3), None, None, dense[:2])), [3, 3])


def test_cell_weights_go_by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem("weighted", shape=(40, 30))
    whole = cell_weights(p.cells)
    monkeypatch.setattr("alsatian._engine.axes._BLOCK", 7)
    np.testing.assert_allclose(cell_weights(p.cells), whole)


def test_what_is_typical_must_fit() -> None:
    p = problem("missing", k=4)
    for typical, words in [(np.ones((2, 3)), "2 × components"), (None, "not given")]:
        with pytest.raises(ValueError, match=words):
            counted_half_step(
                p.cells, p.factors, out=p.start()[0], out_bias=None, inexact=Inexact("cg", 1, 0.0, 0, typical),
                **p.arguments,
            )  # fmt: skip
