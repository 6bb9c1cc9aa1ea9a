"""The stated objective against its formula summed cell by cell, and its gradient against differences."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from alsatian.objective import check_gradient, gradient, loss, loss_parts
from alsatian.objective._differences import evaluate
from problems import BIASES, small_ratings, stored

M, N, K = 7, 6, 3
EXPLICIT = ("full", "missing", "weighted", "sparse", "sparse_weighted", "zero", "zero_weighted")
IMPLICIT = ("hkv", "hkv_log", "ials", "ials_log")
NUS = (0.0, 0.5, 1.0, 1.5)
NAN = float("nan")


@dataclass
class Case:
    """A problem as `loss` takes it, and the plain tables of the formula for it: which cells are stored, x and c."""

    mode: str
    X: Any
    x: np.ndarray
    is_stored: np.ndarray
    c: np.ndarray
    variables: dict[str, Any]  # W, Z, and the biases there are
    settings: dict[str, Any]

    def value(self, **changed: np.ndarray) -> float:
        return loss(self.X, **{**self.variables, **changed}, **self.settings)


def build(mode: str, bias: str = "none", nu: float = 1.0, **settings: Any) -> Case:
    rng = np.random.default_rng([len(mode), BIASES.index(bias)])
    is_stored = np.ones((M, N), dtype=bool) if mode == "full" else rng.random((M, N)) < 0.5
    if mode != "full":
        is_stored[2] = False  # a row without a cell
    c = np.ones((M, N))
    x = rng.normal(size=(M, N))
    given: dict[str, Any] = {"reg": (0.3, 0.2), "reg_exponent": nu}
    if mode in IMPLICIT:
        x = np.round(3 * x)  # zeros and negative numbers among them
        given |= {"objective": mode.removesuffix("_log"), "alpha": 1.5, "unobserved_weight": 0.4}
        if mode.endswith("_log"):
            given |= {"confidence": "log", "confidence_scale": 0.7}
    X: Any = np.where(is_stored, x, 0.0 if mode in IMPLICIT else NAN)
    if mode.endswith("weighted"):
        c = rng.choice([0.0, 0.5, 1.0, 4.0], size=(M, N))
    if mode in EXPLICIT[3:]:
        X = stored(X)
        if mode.endswith("weighted"):
            given["weights"] = sparse.csr_array((c[X.tocoo().coords], X.indices, X.indptr), shape=X.shape)
    elif mode == "weighted":
        given["weights"] = c
    if mode.startswith("zero"):
        given["absent"] = "zero"
    variables: dict[str, Any] = {"W": rng.normal(size=(M, K)), "Z": rng.normal(size=(N, K))}
    if bias != "none":
        given["mean"] = 0.7
    if bias in ("rows", "both"):
        variables["row_bias"] = rng.normal(size=M)
    if bias in ("columns", "both"):
        variables["column_bias"] = rng.normal(size=N)
    return Case(mode, X, x, is_stored, c, variables, given | settings)


def by_hand(case: Case) -> tuple[float, float, float]:
    """f of q, p, κ and α₀, one cell at a time."""
    s, mode = case.settings, case.mode
    W, Z = case.variables["W"], case.variables["Z"]
    b, d = case.variables.get("row_bias", np.zeros(M)), case.variables.get("column_bias", np.zeros(N))
    alpha0 = s["unobserved_weight"] if mode in IMPLICIT else float(mode.startswith("zero"))
    fit, row_count, column_count = 0.0, np.zeros(M), np.zeros(N)
    for i, j in product(range(M), range(N)):
        score = s.get("mean", 0.0) + b[i] + d[j] + sum(W[i, f] * Z[j, f] for f in range(K))
        fit += 0.5 * alpha0 * score**2
        x, c = case.x[i, j], case.c[i, j]
        if not case.is_stored[i, j] or (mode in IMPLICIT and x == 0):
            continue
        if mode in IMPLICIT:
            g = np.log1p(abs(x) / 0.7) if mode.endswith("log") else abs(x)
            q = s["alpha"] * g
            p = kappa = (x > 0) * (q + (alpha0 if mode.startswith("hkv") else 0.0))
        else:
            q, p, kappa = c - alpha0, c * x, c * x**2
        fit += 0.5 * (q * score**2 - 2 * p * score + kappa)
        row_count[i] += c > 0
        column_count[j] += c > 0
    if mode.startswith("zero"):
        row_count[:], column_count[:] = N, M
    if mode in IMPLICIT and s.get("reg_count", "all") == "all":
        row_count += alpha0 * N
        column_count += alpha0 * M
    bias_reg = s.get("bias_reg")
    lambda_b, lambda_d = s["reg"] if bias_reg is None else np.broadcast_to(bias_reg, 2)
    ridges = []
    for factors, bias, lam, lam_bias, count in (
        (W, b, s["reg"][0], lambda_b, row_count),
        (Z, d, s["reg"][1], lambda_d, column_count),
    ):
        per_row = [
            lam * sum(f * f for f in row) + lam_bias * extra**2 for row, extra in zip(factors, bias, strict=True)
        ]
        ridges.append(0.5 * sum(t ** s["reg_exponent"] * r for t, r in zip(count, per_row, strict=True)))
    return fit, ridges[0], ridges[1]


def cases() -> list[Any]:
    names = [*product(EXPLICIT, BIASES, NUS), *product(IMPLICIT, ["none"], NUS)]
    return [pytest.param(build(*name), id="-".join(map(str, name))) for name in names]


@pytest.mark.parametrize("case", cases())
def test_loss_is_the_formula(case: Case) -> None:
    parts = loss_parts(case.X, **case.variables, **case.settings)
    np.testing.assert_allclose(parts, by_hand(case), rtol=1e-12)
    assert case.value() == pytest.approx(sum(parts), rel=1e-15)


@pytest.mark.parametrize("case", cases())
def test_gradient_is_the_limit_of_differences(case: Case) -> None:
    g = gradient(case.X, **case.variables, **case.settings)
    step = 1e-3  # f is a quadratic in each number alone, so that central differences are exact but for rounding
    for name, at in case.variables.items():
        differences = np.empty_like(at)
        for place in np.ndindex(at.shape):
            shift = np.zeros_like(at)
            shift[place] = step
            rise = case.value(**{name: at + shift}) - case.value(**{name: at - shift})
            differences[place] = rise / (2 * step)
        np.testing.assert_allclose(getattr(g, name), differences, rtol=1e-8, atol=1e-8)
    for name in {"row_bias", "column_bias"} - set(case.variables):
        assert getattr(g, name) is None


@pytest.mark.parametrize("bias_reg", [0.05, (0.05, 0.6), 0.0])
def test_biases_have_their_own_ridge(bias_reg: Any) -> None:
    case = build("missing", "both", bias_reg=bias_reg)
    assert case.value() == pytest.approx(sum(by_hand(case)), rel=1e-12)


@pytest.mark.parametrize("mode", IMPLICIT)
def test_count_of_observed_cells_alone(mode: str) -> None:
    case = build(mode, reg_count="observed")
    assert case.value() == pytest.approx(sum(by_hand(case)), rel=1e-12)
    assert case.value() < build(mode).value()


@pytest.mark.parametrize(("objective", "all_cells"), [("hkv", True), ("ials", False)])
def test_implicit_losses_as_they_were_published(objective: str, all_cells: bool) -> None:
    rng = np.random.default_rng(5)
    x = rng.poisson(0.7, size=(M, N)) - 0.0
    W, Z = rng.normal(size=(M, K)), rng.normal(size=(N, K))
    score, preference = W @ Z.T, x > 0
    if all_cells:
        published = np.sum((1 + 2 * x) * (preference - score) ** 2)
    else:
        published = np.sum((2 * x * (preference - score) ** 2)[preference]) + np.sum(score**2)
    assert loss(x, W, Z, objective=objective, alpha=2.0) == pytest.approx(0.5 * published, rel=1e-12)


def test_one_observed_cell_by_hand() -> None:
    # X = [[3, ·]], α = 2, α₀ = 1, linear: confidence 7, preference 1
    value = loss([[3, 0]], [[2.0]], [[0.25], [0.5]], objective="hkv", alpha=2.0, unobserved_weight=1.0)
    assert value == pytest.approx(0.5 * (7 * (1 - 0.5) ** 2 + 1 * (0 - 1.0) ** 2))


def test_a_negative_value_is_a_dislike_with_confidence_by_its_size() -> None:
    value = loss([[-5.0]], [[1.0]], [[0.5]], objective="hkv", alpha=2.0)
    assert value == pytest.approx(0.5 * (1 + 2 * 5) * 0.5**2)


@pytest.mark.parametrize("objective", ["hkv", "ials"])
def test_a_stored_zero_is_unobserved_where_implicit(objective: Any) -> None:
    dense = np.array([[2.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
    with_zeros = sparse.coo_array((dense.ravel(), np.divmod(np.arange(6), 3)), shape=(2, 3))
    without = sparse.csr_array(dense)
    W, Z = np.ones((2, 1)), np.arange(3.0)[:, None]
    values = [loss(X, W, Z, objective=objective, reg=0.1) for X in (dense, with_zeros, without)]
    assert with_zeros.nnz == 6
    assert values[0] == values[1] == values[2]


def test_a_stored_zero_is_observed_where_explicit() -> None:
    x = small_ratings()
    with_zero = x.copy()
    with_zero[0, 2] = 0
    W, Z = np.ones((5, 2)), np.arange(8.0).reshape(4, 2)
    as_missing = [loss(stored(a), W, Z, reg=0.1) for a in (x, with_zero)]
    as_zero = [loss(stored(a), W, Z, reg=0.1, absent="zero") for a in (x, with_zero)]
    assert as_missing[0] != as_missing[1]
    assert as_zero[0] == pytest.approx(as_zero[1], rel=1e-14)
    filled = np.nan_to_num(x)
    assert as_zero[0] == pytest.approx(loss(filled, W, Z, reg=0.1), rel=1e-14)


@pytest.mark.parametrize("container", ["csr_array", "csc_array", "coo_array", "csr_matrix", "coo_matrix", "lil_array"])
def test_every_container_is_one_matrix(container: str) -> None:
    case = build("missing", "both")
    X = getattr(sparse, container)(stored(case.X))
    g, expected = (gradient(a, **case.variables, **case.settings) for a in (X, case.X))
    assert loss(X, **case.variables, **case.settings) == case.value()
    for ours, other in zip(g, expected, strict=True):
        np.testing.assert_array_equal(ours, other)


def test_weights_dense_and_sparse_agree_whatever_x_is() -> None:
    case = build("weighted", "both")
    X = stored(case.X)
    # weights in another format than X, to see that their cells are matched
    weights = sparse.csc_array(sparse.csr_array((case.c[X.tocoo().coords], X.indices, X.indptr), shape=X.shape))
    for x, c in ((X, weights), (X.tocsc(), weights), (X, case.c), (case.X, weights)):
        assert loss(x, **case.variables, **(case.settings | {"weights": c})) == case.value()


def test_dense_weights_weigh_absent_zeros_too() -> None:
    case = build("zero_weighted", "both")
    assert np.any((case.c == 0) & ~case.is_stored)
    x, everywhere = np.where(case.is_stored, case.x, 0.0), np.ones_like(case.is_stored)
    dense = Case(case.mode, case.X, x, everywhere, case.c, case.variables, case.settings | {"weights": case.c})
    assert dense.value() == pytest.approx(sum(by_hand(dense)), rel=1e-12)


@pytest.mark.parametrize("dtype", [float, int])
def test_a_masked_cell_is_missing_and_a_masked_weight_is_zero(dtype: type) -> None:
    W, Z = np.ones((2, 1)), np.array([[2.0], [3.0]])
    masked = np.ma.masked_array(np.array([[1, 2], [3, 1000]], dtype=dtype), mask=[[0, 0], [0, 1]])
    expected = loss([[1, 2], [3, NAN]], W, Z, reg=0.1)
    assert loss(masked, W, Z, reg=0.1) == expected
    weights = np.ma.masked_array(np.full((2, 2), 1, dtype=dtype), mask=masked.mask)
    assert loss(masked.data, W, Z, weights=weights, reg=0.1) == expected
    with pytest.raises(ValueError, match=r"nan at row 1, column 1.*no missing cells"):
        loss(masked, W, Z, objective="hkv")


@pytest.mark.parametrize("kind", ["csr_array", "csc_array", "coo_array"])
def test_duplicates_in_any_order_have_one_sum(kind: str) -> None:
    parts = np.array([0.1, 0.7, 1e16, -1e16, 0.3, 2.0])
    rng = np.random.default_rng(0)
    values = set()
    for _ in range(20):
        order = rng.permutation(6)
        X = sparse.coo_array((parts[order], (np.array([0, 0, 0, 0, 0, 1])[order], np.zeros(6, int))), shape=(2, 1))
        X.has_canonical_format = True  # so that SciPy leaves the duplicates in
        X = X.asformat(kind[:3])
        assert X.nnz == 6
        values.add(loss(X, np.ones((2, 1)), np.ones((1, 1))))
    assert len(values) == 1


def test_a_weight_of_zero_is_a_missing_cell() -> None:
    x = small_ratings()
    filled, weights = np.nan_to_num(x, nan=99.0), (~np.isnan(x)).astype(float)
    W, Z = np.ones((5, 2)), np.arange(8.0).reshape(4, 2)
    assert loss(filled, W, Z, weights=weights, reg=0.1) == loss(x, W, Z, reg=0.1)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_duplicates_are_summed_after_conversion_and_inputs_are_left_alone(dtype: type) -> None:
    X = sparse.csr_array((np.array([200, 100, 7], dtype=dtype), [0, 0, 1], [0, 2, 3]), shape=(2, 2))
    W, Z = np.ones((2, 1)), np.array([[2.0], [3.0]])
    assert loss(X, W, Z) == loss([[300, NAN], [NAN, 7]], W, Z)
    assert X.nnz == 3
    assert X.data.tolist() == [200, 100, 7]


def test_memory_follows_the_stored_cells() -> None:
    rng = np.random.default_rng(0)
    m, n, cells, k = 200_000, 100_000, 50_000, 4
    X = sparse.coo_array((rng.normal(size=cells), (rng.integers(m, size=cells), rng.integers(n, size=cells))), (m, n))
    W, Z = rng.normal(size=(m, k)), rng.normal(size=(n, k))
    tracemalloc.start()
    value = loss(X, W, Z, absent="zero", reg=0.1)
    g = gradient(X, W, Z, absent="zero", reg=0.1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150e6
    assert np.isfinite(value)
    assert g.W.shape == (m, k)


@pytest.mark.parametrize(
    ("X", "settings", "message"),
    [
        ([[1, 2], [0, float("inf")]], {}, "inf at row 1, column 1"),
        ([[1, 2], [0, NAN]], {"objective": "hkv"}, "nan at row 1, column 1.*no missing cells"),
        (sparse.csr_array(np.array([[1, NAN], [0, 2]])), {}, "nan at row 0, column 1.*do not store it"),
        (sparse.csc_array(np.array([[1, 0], [NAN, -np.inf]])), {}, "nan at row 1, column 0"),
        (sparse.csr_array(np.array([[1, 3], [0, np.inf]])), {"objective": "ials"}, "inf at row 1, column 1"),
        ([1, 2], {}, r"two dimensions; got an array of shape \(2,\)"),
        (np.eye(3), {}, r"W must have shape \(3, k\) and Z shape \(3, k\); got \(2, 1\) and \(2, 1\)"),
        (np.eye(2) * 1j, {}, "complex"),
        (np.eye(2), {"row_bias": [1.0]}, r"row_bias must have shape \(2,\).*got \(1,\)"),
        (np.eye(2), {"column_bias": np.ones((2, 1))}, r"column_bias must have shape \(2,\).*got \(2, 1\)"),
        (np.eye(2), {"mean": NAN}, "mean must be finite; got nan"),
        (np.eye(2), {"weights": [[1, 1], [-1, 1]]}, "weights has the value -1.0 at row 1, column 0"),
        (np.eye(2), {"weights": [[1, NAN], [1, 1]]}, "weights has the value nan at row 0, column 1"),
        (np.eye(2), {"weights": np.ones((2, 3))}, r"weights has shape \(2, 3\), but X has shape \(2, 2\)"),
        (np.eye(2), {"weights": sparse.csr_array(np.eye(2))}, r"another sparsity than X \(2 stored .* 4 observed"),
        (sparse.csr_array(np.eye(2)), {"weights": np.ones((2, 3))}, r"weights has shape \(2, 3\)"),
        (sparse.csr_array(np.eye(2)), {"weights": [[1, NAN], [1, 1]]}, "weights has the value nan at row 0, column 1"),
        (sparse.csr_array(np.eye(2)), {"weights": sparse.csr_array(np.ones((2, 2)))}, "another sparsity than X"),
        (sparse.csr_array(np.eye(2)), {"weights": sparse.csr_array(np.eye(3))}, r"weights has shape \(3, 3\)"),
        (sparse.csr_array(np.eye(2)), {"weights": sparse.csr_array(-np.eye(2))}, "-1.0 at row 0, column 0"),
        (np.eye(2), {"alpha": 1.0}, "alpha has no meaning where objective='explicit'"),
        (np.eye(2), {"reg_count": "all"}, "reg_count has no meaning"),
        (np.eye(2), {"objective": "hkv", "weights": np.ones((2, 2))}, "weights has no meaning where objective='hkv'"),
        (np.eye(2), {"objective": "ials", "mean": 0.5}, "mean has no meaning"),
        (np.eye(2), {"objective": "ials", "row_bias": [0, 0]}, "row_bias has no meaning"),
        (np.eye(2), {"objective": "als"}, "objective must be one of 'explicit', 'hkv', 'ials'; got 'als'"),
        (np.eye(2), {"absent": "none"}, "absent must be one of 'missing', 'zero'; got 'none'"),
        (np.eye(2), {"objective": "hkv", "confidence": "sqrt"}, "confidence must be one of 'linear', 'log'"),
        (np.eye(2), {"objective": "hkv", "reg_count": "none"}, "reg_count must be one of 'all', 'observed'"),
        (np.eye(2), {"objective": "hkv", "confidence_scale": 0.0}, "confidence_scale must be > 0"),
        (np.eye(2), {"objective": "hkv", "alpha": -1.0}, "alpha must be finite and >= 0; got -1.0"),
        (np.eye(2), {"reg": -0.1}, "reg must be finite and >= 0; got -0.1"),
        (np.eye(2), {"reg": (0.1, NAN)}, "reg must be finite and >= 0; got nan"),
        (np.eye(2), {"reg": (0.1, 0.1, 0.1)}, "reg must be one number or a pair"),
        (np.eye(2), {"bias_reg": float("inf")}, "bias_reg must be finite"),
        (np.eye(2), {"reg_exponent": -1.0}, "reg_exponent must be finite and >= 0"),
        (np.eye(2), {"reg_exponent": "a"}, "reg_exponent must be a number; got 'a'"),
        (np.eye(2), {"reg": "a"}, "reg must be a number; got 'a'"),
        (np.eye(2), {"reg": "ab"}, "reg must be a number; got 'ab'"),
        (np.eye(2), {"reg": None}, "reg must be a number; got None"),
        (np.eye(2), {"reg": (0.1, None)}, "reg must be a number; got None"),
        (np.eye(2), {"reg": ([0.1], [0.1, 2])}, r"reg must be a number; got \[0.1\]"),
        (np.eye(2), {"reg": 10**400}, "reg must be finite and >= 0; got 1000"),
        (np.eye(2), {"bias_reg": {}}, "bias_reg must be a number; got {}"),
        (np.eye(2), {"mean": "a"}, "mean must be a number; got 'a'"),
        (np.eye(2), {"mean": None}, "mean must be a number; got None"),
        (np.eye(2), {"mean": np.array(["a"])}, "mean must be a number; got array"),
        (np.eye(2), {"objective": "hkv", "alpha": "a"}, "alpha must be a number; got 'a'"),
        (np.eye(2), {"row_bias": [0, NAN]}, "row_bias must be finite; it is nan at index 1"),
        (np.eye(2), {"column_bias": [-np.inf, NAN]}, "column_bias must be finite; it is -inf at index 0"),
    ],
)
def test_errors_say_what_and_where(X: Any, settings: dict[str, Any], message: str) -> None:
    for function in (loss, loss_parts, gradient):
        with pytest.raises(ValueError, match=message):
            function(X, W=np.ones((2, 1)), Z=np.ones((2, 1)), **settings)


@pytest.mark.parametrize("bad", [NAN, np.inf, None])
@pytest.mark.parametrize("block", ["W", "Z"])
def test_a_factor_that_is_not_finite_is_told_with_its_place(block: str, bad: float | None) -> None:
    for objective in ("explicit", "hkv"):
        blocks: dict[str, Any] = {"W": [[1, 2], [1, 2]], "Z": [[1, 2], [1, 2]]}
        blocks[block][1][0] = bad
        for function in (loss, loss_parts, gradient, check_gradient):
            with pytest.raises(ValueError, match=rf"{block} must be finite; it is (nan|inf) at row 1, column 0"):
                function(np.eye(2), **blocks, objective=objective)


@pytest.mark.parametrize("moved", [np.inf, -np.inf, NAN])
def test_a_step_out_of_the_numbers_is_not_taken_for_bad_input(moved: float) -> None:
    ones = np.ones((1, 1))
    for block in ("W", "Z", "row_bias", "column_bias"):
        assert np.isnan(evaluate(np.eye(1), {"W": ones, "Z": ones} | {block: moved * ones}, {}))
    assert evaluate(np.eye(1), {"W": ones, "Z": ones}, {}) == 0
    found = check_gradient([[1e200]], [[1e200]], [[1e-300]])  # steps grow until squares overflow
    assert not found
    assert "Cannot tell" in str(found)


@pytest.mark.parametrize("number", [2, 2.0, np.float32(2), np.array(2.0), Fraction(2)])
def test_numbers_of_any_type_are_numbers(number: Any) -> None:
    W, Z = np.ones((2, 1)), np.ones((2, 1))
    assert loss(np.eye(2), W, Z, reg=number, mean=number) == loss(np.eye(2), W, Z, reg=2.0, mean=2.0)


def test_factors_of_two_widths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"got \(2, 1\) and \(2, 3\)"):
        loss(np.eye(2), np.ones((2, 1)), np.ones((2, 3)))


def test_a_dense_matrix_has_no_absent_cells() -> None:
    case = build("missing", "both")
    assert loss(case.X, **case.variables, **case.settings, absent="zero") == case.value()


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1)])
def test_smallest_shapes(shape: tuple[int, int]) -> None:
    W, Z = np.ones((shape[0], 2)), np.ones((shape[1], 2))
    for X in (np.zeros(shape), sparse.csr_array(shape)):
        for settings in ({}, {"objective": "hkv"}, {"absent": "zero"}):
            assert np.isfinite(loss(X, W, Z, reg=0.1, **settings))
            assert gradient(X, W, Z, reg=0.1, **settings).Z.shape == Z.shape
