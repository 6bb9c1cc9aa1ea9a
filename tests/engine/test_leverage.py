"""Native leave-one-out errors and variances against brute force in NumPy, in every form, mode and instruction set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alsatian._engine import Cells, _core, leverage_reference
from alsatian._engine.leverage import LEAST_REST, Regression, Targets
from problems import Problem, problem

ISAS = _core.available_isas()
MODES = ("full", "missing", "weighted", "zero", "zero_weighted")


def counted(p: Problem) -> Cells:
    """The cells without those of weight zero, as a model gives them."""
    cells = p.cells
    if cells.weights is None or cells.absent_zero:
        return cells
    keep = cells.weights > 0
    running = np.concatenate([[0], np.cumsum(keep)])
    return replace(
        cells, indptr=running[cells.indptr], indices=cells.indices[keep], values=cells.values[keep],
        weights=cells.weights[keep],
    )  # fmt: skip


def arguments(p: Problem, **changes: Any) -> dict[str, Any]:
    return {**p.arguments, "bias": p.old_bias is not None, **changes}


def everywhere(cells: Cells) -> Targets:
    m, n = cells.shape
    return Targets(np.arange(m + 1) * n, np.tile(np.arange(n, dtype=np.int32), m))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("bias", ["columns", "both"])
@pytest.mark.parametrize("mode", MODES)
def test_errors_without_a_cell_are_those_of_the_row_solved_without_it(mode: str, bias: str, isa: str) -> None:
    for k, nu in [(1, 1.0), (3, 0.0), (6, 0.5), (11, 1.0), (30, 1.0)]:
        for ridge in [(0.4, 0.2), (1e-3, 1e-4)]:
            p = problem(mode, bias, nu, shape=(7, 11), k=k, ridge=ridge, seed=k)
            cells, how = counted(p), arguments(p)
            expected = leverage_reference.leave_one_out(cells, p.factors, **how)
            got = Regression(cells, p.factors, isa=isa, **how).leave_one_out()
            np.testing.assert_allclose(got.errors, expected.errors, rtol=1e-8, atol=1e-8, err_msg=f"k={k} {ridge}")
            np.testing.assert_allclose(got.rest, expected.rest, rtol=0, atol=1e-8)


@pytest.mark.parametrize("twins", [False, True], ids=["", "two equal columns of Z"])
@pytest.mark.parametrize("bias", ["none", "both"])
@pytest.mark.parametrize("mode", MODES)
def test_without_a_ridge_they_are_those_of_the_solution_of_minimum_norm(mode: str, bias: str, twins: bool) -> None:
    certain = 0
    for k in (2, 5, 12, 20):
        p = problem(mode, bias, 0.0, shape=(6, 14), k=k, ridge=(0.0, 0.0), seed=k)
        if twins:
            p.factors[:, -1] = p.factors[:, 0]
        cells, how = counted(p), arguments(p)
        expected = leverage_reference.leave_one_out(cells, p.factors, **how)
        got = Regression(cells, p.factors, **how).leave_one_out()
        assert np.isfinite(got.errors).all()
        certain += int((got.rest < LEAST_REST).sum())
        # Both are as good as the least singular value of what is left allows.
        limit = 1e-7 * np.maximum(1.0, np.abs(expected.errors))
        assert (np.abs(got.errors - expected.errors) <= limit).all(), (k, np.abs(got.errors - expected.errors).max())
        np.testing.assert_allclose(got.rest, np.clip(expected.rest, 0, 1), rtol=0, atol=1e-7)
    assert certain > 0


@pytest.mark.parametrize("weight", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("ridge", [1e-12, 1e-6, 1e-2])
def test_a_cell_that_alone_says_something_is_left_out_without_loss(weight: float, ridge: float) -> None:
    # Twelve cells in six unknowns, one of which only the last cell knows of: h is 1 but for rounding.
    rng = np.random.default_rng(3)
    z = rng.normal(size=(12, 6))
    z[:, 5] = 0
    z[11, 5] = 1.0
    weights = np.ones(12)
    weights[11] = weight
    cells = Cells((1, 12), np.array([0, 12]), np.arange(12, dtype=np.int32), rng.normal(size=12), weights)
    how: dict[str, Any] = {"bias": False, "ridge": (ridge, 0.0), "scale": 1.0}
    got, expected = Regression(cells, z, **how).leave_one_out(), leverage_reference.leave_one_out(cells, z, **how)
    np.testing.assert_allclose(got.errors, expected.errors, rtol=1e-8)
    assert 0 <= got.rest[11] < 0.1


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("mode", MODES)
def test_variances_and_freedoms_are_quadratic_forms_and_traces(mode: str, isa: str) -> None:
    for k, bias in [(1, "none"), (4, "both"), (33, "rows"), (70, "none")]:
        p = problem(mode, bias, 0.0, shape=(9, 40), k=k, ridge=(0.4, 0.1), seed=k)
        cells, how = counted(p), arguments(p)
        reference_how = {name: how[name] for name in ("bias", "ridge", "scale")}
        expected, freedoms = leverage_reference.variances(cells, p.factors, **reference_how)
        rows = Regression(cells, p.factors, isa=isa, **how)
        np.testing.assert_allclose(rows.variances(everywhere(cells)), expected.reshape(-1), rtol=1e-9)
        np.testing.assert_allclose(rows.freedoms(), freedoms, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("mode", MODES)
def test_threads_change_no_bit_and_float32_is_computed_in_float64(mode: str) -> None:
    p = problem(mode, "both", 1.0, shape=(60, 30), k=20, seed=4, dtype=np.float32)
    cells, how = counted(p), arguments(p)
    wide = replace(
        cells, values=cells.values.astype(float), weights=None if cells.weights is None else cells.weights.astype(float)
    )
    results = [Regression(c, p.factors, n_jobs=jobs, **how) for c, jobs in ((cells, 1), (cells, 2), (wide, 7))]
    first = results[0].leave_one_out()
    for other in results[1:]:
        again = other.leave_one_out()
        assert np.array_equal(first.errors, again.errors)
        assert np.array_equal(first.rest, again.rest)
        assert np.array_equal(results[0].variances(everywhere(cells)), other.variances(everywhere(cells)))
        assert np.array_equal(results[0].freedoms(), other.freedoms())


def test_a_poll_can_stop_it() -> None:
    p = problem("missing", shape=(400, 300), k=60, seed=1)

    def stop(_: float) -> None:
        raise InterruptedError

    # A poll comes every 50 ms, so that a quick machine may be done before the first: then nothing was to be stopped.
    rows = Regression(p.cells, p.factors, poll=stop, **arguments(p))
    try:
        errors = rows.leave_one_out().errors
    except InterruptedError:
        return
    assert np.isfinite(errors).all()


def test_the_binding_refuses_what_would_read_outside_its_arrays() -> None:
    p = problem("missing")
    rows = Regression(p.cells, p.factors, **arguments(p))
    with pytest.raises(IndexError, match="column index 13"):
        rows.variances(Targets(np.arange(18), np.full(17, 13, dtype=np.int32)))
    with pytest.raises(ValueError, match="target_indptr"):
        rows.variances(Targets(np.arange(3), np.zeros(2, dtype=np.int32)))
