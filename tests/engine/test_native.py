"""The native half-step against the NumPy reference and NumPy's own solvers: every form, instruction set and dtype."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alsatian._engine import Cells, _core, reference
from alsatian._engine.contract import OBSERVED, ZERO, Rule, hkv, ials
from alsatian._engine.native import counted_half_step, half_step, prepare
from problems import BIASES, MODES, Problem, as_cells, dense_row, problem, small_ratings, stored

ISAS = _core.available_isas()
RANKS = [*range(1, 71), *range(127, 131)]
SHAPES = ((12, 9), (6, 150))
TYPICAL = lambda a: np.ones((2, a["factors"].shape[1]))  # noqa: E731


def solve(p: Problem, **how: Any) -> tuple[np.ndarray, np.ndarray | None, Any, Any]:
    w, b = p.start()
    result, counts = counted_half_step(p.cells, p.factors, out=w, out_bias=b, **{**p.arguments, **how})
    return w, b, result, counts


def augmented(p: Problem) -> np.ndarray:
    z = p.factors.astype(np.float64)
    return z if p.old_bias is None else np.column_stack([z, np.ones(len(z))])


def row_system(p: Problem, i: int) -> tuple[np.ndarray, np.ndarray]:
    """A_i and r_i of the row, from dense matrices of weights and values."""
    z = augmented(p)
    x, c = dense_row(p.cells, i)
    offset = p.arguments["offset"]
    t = x - (0.0 if offset is None else offset.astype(np.float64))
    ridge = np.full(z.shape[1], p.arguments["ridge"][0])
    if p.old_bias is not None:
        ridge[-1] = p.arguments["ridge"][1]
    scale = np.broadcast_to(p.arguments["scale"], (p.cells.shape[0],))[i]
    return (z.T * c) @ z + scale * np.diag(ridge), (z.T * c) @ t


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", MODES)
def test_it_equals_the_reference_at_every_rank(mode: str, dtype: Any, isa: str) -> None:
    # Conditioned so that the forms agree; how they behave where they are not has tests of its own.
    tolerance = 1e-10 if dtype == np.float64 else 2e-4
    seen: dict[str, int] = {}
    for k in RANKS:
        bias, shape, omega = BIASES[k % 5], SHAPES[k % 2], (1.0, 1.7)[k % 3 == 0]
        p = problem(mode, bias, 0.5, shape=shape, k=k, dtype=dtype, ridge=(2.0, 0.5), seed=k)
        w, b = p.start()
        expected = reference.half_step(p.cells, p.factors, out=w, out_bias=b, relaxation=omega, **p.arguments)
        for form in ("auto", "primal", "dual"):
            got_w, got_b, result, counts = solve(p, relaxation=omega, form=form, isa=isa)
            size = np.abs(w).max()
            np.testing.assert_allclose(got_w, w, rtol=0, atol=tolerance * size, err_msg=f"k={k} {form} {bias}")
            if b is not None:
                np.testing.assert_allclose(got_b, b, rtol=0, atol=tolerance * max(size, np.abs(b).max()))
            total = expected.fit.max() + expected.ridge.max()
            np.testing.assert_allclose(result.fit, expected.fit, rtol=0, atol=tolerance * total)
            np.testing.assert_allclose(result.ridge, expected.ridge, rtol=0, atol=tolerance * total)
            for name, count in counts.items():
                seen[name] = seen.get(name, 0) + count
    shared = mode in ("full", "zero")
    assert (seen["shared"] > 0) == shared
    assert (seen["primal"] > 0) == (not shared)
    assert (seen["dual"] > 0) == (not shared)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", ["primal", "dual"])
@pytest.mark.parametrize("mode", MODES)
def test_one_row_solved_exactly_equals_solve(mode: str, form: Any, dtype: Any, isa: str) -> None:
    eps = np.finfo(dtype).eps
    checked = 0
    for k, bias in [(3, "none"), (8, "rows"), (20, "both"), (40, "none"), (65, "rows"), (130, "both")]:
        for ridge in (1e-3, 1.0, 30.0):
            # The dual is for rows shorter than the rank; beyond it the system that it solves is singular but for λ.
            shape = (5, max(2, k - 16) if form == "dual" else 300)
            p = problem(mode, bias, 1.0, shape=shape, k=k, dtype=dtype, ridge=(ridge, ridge), seed=k)
            w, b, _, _ = solve(p, form=form, isa=isa)
            for i in range(shape[0]):
                a, r = row_system(p, i)
                if not r.any() or not a.any():
                    continue
                x = np.append(w[i], b[i]) if b is not None else w[i]
                norm = np.linalg.norm(a, 2)
                backward = np.abs(a @ x - r).max()
                assert backward <= 50 * eps * (norm * np.linalg.norm(x) + np.linalg.norm(r))
                if np.linalg.cond(a) < 100:
                    checked += 1
                    exact = np.linalg.solve(a, r)
                    limit = 1e-12 if dtype == np.float64 else 1e-5
                    assert np.linalg.norm(x - exact) <= limit * np.linalg.norm(exact)
    assert checked > 5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bias", ["none", "both"])
@pytest.mark.parametrize("mode", ["full", "missing", "weighted", "zero"])
def test_without_a_ridge_rows_are_of_minimum_norm(mode: str, bias: str, dtype: Any) -> None:
    counted = 0
    for k in (2, 9, 15, 30, 70, 130):
        p = problem(mode, bias, 0.0, shape=(8, 24), k=k, dtype=dtype, ridge=(0.0, 0.0), seed=k)
        p.factors[:, -1] = p.factors[:, 0]  # two equal columns
        w, b, _, counts = solve(p)
        counted += counts["minimum_norm"] + counts["dual"]
        z = augmented(p)
        for i in range(8):
            x, c = dense_row(p.cells, i)
            t = x - (0 if p.arguments["offset"] is None else p.arguments["offset"])
            root = np.sqrt(c)
            use = root > 0
            if not use.any():
                continue
            s = root[use, None] * z[use]
            exact = np.linalg.lstsq(s, root[use] * t[use], rcond=np.sqrt(np.finfo(dtype).eps))[0]
            got = w[i] if b is None else np.append(w[i], b[i])
            singular = np.linalg.svd(s, compute_uv=False)
            condition = singular[0] / singular[singular > np.sqrt(np.finfo(dtype).eps) * singular[0]].min()
            limit = 100 * condition**2 * np.finfo(dtype).eps
            assert np.linalg.norm(got - exact) <= limit * max(np.linalg.norm(exact), 1e-30), (k, i, condition)
    assert counted > 0


def test_one_rating_without_a_ridge() -> None:
    z = np.array([[3.0, 4.0], [1.0, 1.0]])
    cells = Cells((1, 2), np.array([0, 1]), np.array([0], np.int32), np.array([10.0]))
    w = np.empty((1, 2))
    counted_half_step(cells, z, offset=None, ridge=(0.0, 0.0), scale=1.0, out=w, out_bias=None)
    np.testing.assert_allclose(w, [[10 * 3 / 25, 10 * 4 / 25]], rtol=1e-14)


def test_two_equal_columns_with_different_weights() -> None:
    z = np.array([[1.0, 2.0], [1.0, 2.0]])
    weights = np.array([1.0, 9.0])
    cells = Cells((1, 2), np.array([0, 2]), np.array([0, 1], np.int32), np.array([1.0, 2.0]), weights)
    w = np.empty((1, 2))
    counted_half_step(cells, z, offset=None, ridge=(0.0, 0.0), scale=1.0, out=w, out_bias=None)
    np.testing.assert_allclose(w @ z.T, [[1.9, 1.9]], rtol=1e-12)  # the weighted mean
    np.testing.assert_allclose(w, [[1.9 / 5, 3.8 / 5]], rtol=1e-12)


def test_a_rank_above_the_data_without_a_ridge_stays_small() -> None:
    cells = as_cells(stored(small_ratings()))
    z = np.random.default_rng(0).normal(size=(4, 15))
    w = np.empty((5, 15))
    counted_half_step(cells, z, offset=None, ridge=(0.0, 0.0), scale=1.0, out=w, out_bias=None)
    here = ~np.isnan(small_ratings())
    np.testing.assert_allclose((w @ z.T)[here], small_ratings()[here], rtol=1e-10)
    assert np.abs(w).max() < 10


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tiny_ridge_on_a_deficient_row_is_finite(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    z = np.repeat(rng.normal(size=(40, 4)), 5, axis=1).astype(dtype)  # rank 4 of 20
    p = problem("missing", shape=(6, 40), k=20, dtype=dtype)
    w = np.empty((6, 20), dtype)
    counted_half_step(p.cells, z, offset=None, ridge=(1e-30, 1e-30), scale=1.0, out=w, out_bias=None)
    assert np.isfinite(w).all()
    assert np.abs(w).max() < 100


def long_rows(rng: np.random.Generator, columns: int = 40_000) -> Cells:
    lengths = np.array([3, 30_000, 0, 500, 9_000, 8_192, 20])
    indices = [np.sort(rng.choice(columns, n, replace=False)) for n in lengths]
    values = rng.normal(size=lengths.sum())
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return Cells((len(lengths), columns), indptr, np.concatenate(indices).astype(np.int32), values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rule", [OBSERVED, ZERO, hkv(2.0, 0.5), ials(2.0, 0.5)])
def test_the_bits_do_not_depend_on_the_number_of_threads(dtype: Any, weighted: bool, rule: Rule) -> None:
    rng = np.random.default_rng(3)
    c = long_rows(rng)
    weights = rng.uniform(0, 3, c.values.size).astype(dtype) if weighted and not rule.alpha else None
    cells = Cells(c.shape, c.indptr, c.indices, c.values.astype(dtype), weights, rule)
    z = rng.normal(size=(c.shape[1], 17)).astype(dtype)
    offset = rng.normal(size=c.shape[1]).astype(dtype)
    answers = []
    for n_jobs in (1, 2, 7):
        w, b = np.ones((7, 17), dtype), np.ones(7, dtype)
        result, _ = counted_half_step(
            cells,
            z,
            offset=offset,
            ridge=(0.5, 0.1),
            scale=2.0,
            out=w,
            out_bias=b,
            relaxation=1.5,
            n_jobs=n_jobs,
        )
        answers.append((w, b, result.fit, result.ridge))
    for other in answers[1:]:
        for left, right in zip(answers[0], other, strict=True):
            np.testing.assert_array_equal(left, right)
    if dtype == np.float64:
        w, b = np.ones((7, 17)), np.ones(7)
        how = {"offset": offset, "ridge": (0.5, 0.1), "scale": 2.0, "relaxation": 1.5}
        reference.half_step(cells, z, out=w, out_bias=b, **how)
        np.testing.assert_allclose(answers[0][0], w, rtol=1e-9, atol=1e-9)


def test_long_rows_of_light_cells_beside_a_gram_matrix() -> None:
    # c − 1 is negative for every cell: each part of a row begins by taking something away.
    rng = np.random.default_rng(5)
    c = long_rows(rng)
    cells = Cells(c.shape, c.indptr, c.indices, c.values, rng.uniform(0.2, 0.9, c.values.size), ZERO)
    z = rng.normal(size=(c.shape[1], 9))
    w, expected = np.ones((7, 9)), np.ones((7, 9))
    how = {"offset": None, "ridge": (0.5, 0.1), "scale": 2.0, "out_bias": None}
    counted_half_step(cells, z, out=w, **how)
    reference.half_step(cells, z, out=expected, **how)
    np.testing.assert_allclose(w, expected, rtol=1e-9, atol=1e-9)


def test_float32_stays_accurate_on_very_long_rows() -> None:
    rng = np.random.default_rng(0)
    cells = long_rows(rng)
    z = (rng.normal(size=(40_000, 12)) + 1).astype(np.float32)  # a mean makes the sums grow
    short = Cells(cells.shape, cells.indptr, cells.indices, cells.values.astype(np.float32))
    w32, w64 = np.empty((7, 12), np.float32), np.empty((7, 12))
    how = {"offset": None, "ridge": (1.0, 1.0), "scale": 1.0, "out_bias": None}
    counted_half_step(short, z, out=w32, **how)
    wide = Cells(cells.shape, cells.indptr, cells.indices, short.values.astype(np.float64))
    counted_half_step(wide, z.astype(np.float64), out=w64, **how)
    assert np.linalg.norm(w32[1] - w64[1]) < 2e-5 * np.linalg.norm(w64[1])


def test_many_rows_of_a_full_matrix_do_not_depend_on_their_company() -> None:
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(150, 301)), rng.normal(size=(301, 21))
    how = {"offset": None, "ridge": (1.0, 1.0), "scale": 1.0, "out_bias": None}
    w = np.empty((150, 21))
    counted_half_step(Cells(x.shape, None, None, x), z, out=w, **how)
    one = np.empty((1, 21))
    for i in (0, 63, 64, 149):
        counted_half_step(Cells((1, 301), None, None, x[[i]]), z, out=one, **how)
        np.testing.assert_array_equal(one[0], w[i])


def slow_problem() -> tuple[Cells, np.ndarray]:
    rng = np.random.default_rng(0)
    cells = long_rows(rng)
    many = 60
    indptr = np.concatenate(
        [cells.indptr[:-1] + i * cells.indptr[-1] for i in range(many)] + [[many * cells.indptr[-1]]]
    )
    big = Cells((7 * many, cells.shape[1]), indptr, np.tile(cells.indices, many), np.tile(cells.values, many))
    return big, rng.normal(size=(cells.shape[1], 96))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_poll_sees_progress_and_can_stop(n_jobs: int) -> None:
    cells, z = slow_problem()
    seen: list[float] = []

    def poll(fraction: float) -> None:
        seen.append(fraction)
        if len(seen) == 3:
            raise KeyboardInterrupt

    w = np.empty((cells.shape[0], 96))
    with pytest.raises(KeyboardInterrupt):
        counted_half_step(
            cells, z, offset=None, ridge=(1.0, 1.0), scale=1.0, out=w, out_bias=None, n_jobs=n_jobs, poll=poll
        )
    assert len(seen) == 3
    assert seen == sorted(seen)
    assert all(0 <= f <= 1 for f in seen)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads through /proc")
def test_one_job_is_one_thread() -> None:
    cells, z = slow_problem()
    before = len(list(Path("/proc/self/task").iterdir()))
    counts: list[int] = []

    def poll(_: float) -> None:
        counts.append(len(list(Path("/proc/self/task").iterdir())))

    w = np.empty((cells.shape[0], 96))
    how = {"offset": None, "ridge": (1.0, 1.0), "scale": 1.0, "out": w, "out_bias": None, "poll": poll}
    counted_half_step(cells, z, n_jobs=1, **how)
    assert counts
    assert max(counts) == before
    counts.clear()
    counted_half_step(cells, z, n_jobs=3, **how)
    assert max(counts) == before + 2


def test_the_gil_is_released() -> None:
    cells, z = slow_problem()
    w = np.empty((cells.shape[0], 96))
    how = {"offset": None, "ridge": (1.0, 1.0), "scale": 1.0, "out": w, "out_bias": None}
    worker = threading.Thread(target=lambda: counted_half_step(cells, z, **how))
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
        worker.join(0.001)
    assert turns > 20


def arguments() -> dict[str, Any]:
    p = problem("missing", "both", 0.0, shape=(5, 7), k=3)
    w, b = p.start()
    return {
        "rows": 5,
        "columns": 7,
        "indptr": p.cells.indptr,
        "indices": p.cells.indices,
        "values": p.cells.values,
        "weights": None,
        "rule": OBSERVED,
        "factors": p.factors,
        "offset": p.arguments["offset"],
        "ridge": 1.0,
        "ridge_bias": 1.0,
        "scale": np.ones(5),
        "prepared": None,
        "out": w,
        "out_bias": b,
        "relaxation": 1.0,
        "fit": np.empty(5),
        "penalty": np.empty(5),
        "n_jobs": 1,
        "form": "auto",
        "isa": "",
        "poll": None,
        "inexact": ("exact", 0, 0.0, 0),
        "typical": None,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indices": lambda a: np.full_like(a["indices"], 7)}, "column index"),
        ({"indices": lambda a: np.full_like(a["indices"], -1)}, "column index"),
        ({"indices": lambda a: a["indices"][:-1]}, "same length"),
        ({"indptr": lambda a: a["indptr"][::-1].copy()}, "indptr"),
        ({"indptr": lambda a: a["indptr"][:-1]}, "rows \\+ 1"),
        ({"factors": lambda a: a["factors"][:-1]}, "one row for each column"),
        ({"offset": lambda a: a["offset"][:-1]}, "offset"),
        ({"out": lambda a: a["out"][:-1].copy()}, "out must be"),
        ({"out_bias": lambda a: a["out_bias"][:-1].copy()}, "out_bias"),
        ({"scale": lambda a: np.ones(4)}, "scale"),
        ({"prepared": lambda a: prepare(ZERO, a["factors"], offset=None, ridge=(1.0, 1.0), bias=True)}, "belong"),
        ({"fit": lambda a: np.empty(4)}, "fit"),
        ({"weights": lambda a: a["values"][:-1].copy()}, "weights"),
        ({"ridge": lambda a: -1.0}, "ridge"),
        ({"ridge": lambda a: np.nan}, "ridge"),
        ({"form": lambda a: "best"}, "form"),
        ({"isa": lambda a: "mmx"}, "mmx"),
        ({"inexact": lambda a: ("cg", 1, 0.0, 0)}, "not given"),
        ({"inexact": lambda a: ("gradient", 1, 0.0, 0)}, "method"),
        ({"inexact": lambda a: ("cg", -1, 0.0, 0), "typical": TYPICAL}, "steps"),
        ({"inexact": lambda a: ("subspace", 1, 0.0, 0), "typical": TYPICAL}, "block"),
        ({"typical": lambda a: np.ones((2, 1))}, "typical"),
    ],
)
def test_what_would_read_out_of_bounds_is_refused(change: dict[str, Any], message: str) -> None:
    a = arguments()
    _core.half_step_float64(**a)
    with pytest.raises((ValueError, IndexError), match=message):
        _core.half_step_float64(**{**a, **{name: make(a) for name, make in change.items()}})


@pytest.mark.parametrize("mode", ["zero_weighted", "hkv", "ials"])
@pytest.mark.parametrize("k", [5, 113])
def test_rows_one_by_one_on_a_prepared_side_have_the_bits_of_all_together(mode: str, k: int) -> None:
    p = problem(mode, "none", 0.5, shape=(40, 60), k=k, dtype=np.float32)
    arguments = {**p.arguments, "out_bias": None}
    together, _ = p.start()
    half_step(p.cells, p.factors, out=together, **arguments)
    prepared = prepare(p.cells.rule, p.factors, offset=None, ridge=p.arguments["ridge"], bias=False)
    scale = np.broadcast_to(p.arguments["scale"], (40,))
    for i in range(40):
        here = slice(p.cells.indptr[i], p.cells.indptr[i + 1])
        weights = None if p.cells.weights is None else p.cells.weights[here]
        one = Cells(
            (1, 60), p.cells.indptr[i : i + 2] - p.cells.indptr[i], p.cells.indices[here], p.cells.values[here],
            weights, p.cells.rule,
        )  # fmt: skip
        w = np.zeros((1, k), np.float32)
        half_step(one, p.factors, out=w, prepared=prepared, **{**arguments, "scale": float(scale[i])})
        np.testing.assert_array_equal(w[0], together[i])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eigenvalues": np.ones(4)}, "go together"),
        ({"eigenvalues": np.ones(4), "eigenvectors": np.eye(3)}, "eigenbasis"),
        ({"eigenvalues": np.ones(3), "eigenvectors": np.eye(3), "ridge": 0.0}, "ridge"),
        ({"offset": np.ones(4)}, "offset"),
    ],
)
def test_what_cannot_be_prepared_is_refused(change: dict[str, Any], message: str) -> None:
    a: dict[str, Any] = {
        "factors": np.ones((5, 3)), "offset": None, "rule": ZERO, "bias": False, "ridge": 1.0, "ridge_bias": 0.0,
        "eigenvalues": None, "eigenvectors": None, "n_jobs": 1, "isa": "", "poll": None,
    }  # fmt: skip
    _core.prepare_float64(**a)
    with pytest.raises(ValueError, match=message):
        _core.prepare_float64(**{**a, **change})


def test_wrong_dtypes_are_refused() -> None:
    a = arguments()
    with pytest.raises(TypeError):
        _core.half_step_float32(**a)


def test_the_isa_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for isa in ISAS:
        monkeypatch.setenv("ALSATIAN_ISA", isa)
        assert _core.current_isa() == isa
        assert _core.build_config()["isa"] == isa
    monkeypatch.setenv("ALSATIAN_ISA", "mmx")
    with pytest.raises(ValueError, match=r"ALSATIAN_ISA=mmx .*baseline"):
        _core.current_isa()
    monkeypatch.delenv("ALSATIAN_ISA")
    assert _core.current_isa() == ISAS[0]


@pytest.mark.parametrize("bias_ridge", [1e-2, 1e-4, 1e-8])
def test_a_small_ridge_of_the_bias_keeps_short_rows_accurate(bias_ridge: float) -> None:
    # In the dual form 1 / λ_b would swamp the rest of the system: such rows have to go another way.
    p = problem("missing", "both", 0.0, shape=(6, 150), k=128, dtype=np.float32, ridge=(0.1, bias_ridge), seed=5)
    w, b, _, _ = solve(p)
    for i in range(1, 6):
        a, r = row_system(p, i)
        exact = np.linalg.solve(a, r)
        z = augmented(p)
        scores, expected = z @ np.append(w[i], b[i]), z @ exact
        assert np.abs(scores - expected).max() < 1e-3 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("rule", [OBSERVED, ials(1.0, 1e-3)], ids=["observed", "beside a Gram matrix"])
def test_a_ridge_that_float32_cannot_see_is_the_ridge_all_the_same(rule: Rule) -> None:
    """Weights of a million beside a small ridge: as float64 has it, and not by the slow road of minimum norm."""
    rng = np.random.default_rng(0)
    m, n, k, each = 6, 60, 12, 40
    indices = np.concatenate([np.sort(rng.choice(n, each, replace=False)) for _ in range(m)]).astype(np.int32)
    indptr = np.arange(0, m * each + 1, each, dtype=np.int64)
    strengths = np.where(rng.random(m * each) < 0.2, 1e6, 1.0)
    values = strengths if rule.gram_weight else rng.normal(size=m * each)
    weights = None if rule.gram_weight else strengths
    z = rng.normal(size=(n, k))
    z[:, 1:] = z[:, :1] + 1e-3 * z[:, 1:]  # nearly of rank one
    found = {}
    for dtype in ("float32", "float64"):
        stored_weights = None if weights is None else weights.astype(dtype)
        cells = Cells((m, n), indptr, indices, values.astype(dtype), stored_weights, rule)
        w = np.zeros((m, k), dtype)
        arguments = {"offset": None, "ridge": (1e-4, 1e-4), "scale": 1.0, "out": w, "out_bias": None}
        _, counts = counted_half_step(cells, z.astype("float32").astype(dtype), **arguments)
        assert counts["primal"] == m
        found[dtype] = w
    scores = {name: w @ z.T for name, w in found.items()}
    np.testing.assert_allclose(scores["float32"], scores["float64"], atol=1e-4 * np.abs(scores["float64"]).max())
