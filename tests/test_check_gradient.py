"""`check_gradient` on every kind of problem, and on gradients that are wrong."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from alsatian import ALS
from alsatian.objective import check_gradient, gradient
from problems import small_ratings, stored

RNG = np.random.default_rng(0)
W, Z = RNG.normal(size=(5, 3)), RNG.normal(size=(4, 3))
B, D = RNG.normal(size=5), RNG.normal(size=4)
BIASED: dict[str, Any] = {"row_bias": B, "column_bias": D, "mean": 2.5, "bias_reg": (0.2, 0.7)}
DENSE = small_ratings()
SPARSE = stored(DENSE)
WEIGHTS = sparse.csr_array((RNG.uniform(0, 2, SPARSE.nnz), SPARSE.indices, SPARSE.indptr), shape=SPARSE.shape)
COUNTS = np.round(RNG.normal(size=(5, 4)))


@pytest.mark.parametrize("nu", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    ("X", "settings"),
    [
        (DENSE, {}),
        (DENSE, BIASED),
        (DENSE, {"weights": RNG.integers(0, 3, DENSE.shape)}),
        (np.ma.masked_invalid(DENSE), BIASED),
        (SPARSE, {"weights": WEIGHTS} | BIASED),
        (SPARSE.tocoo(), {"absent": "zero"} | BIASED),
        (SPARSE.tocsc(), {"absent": "zero", "weights": WEIGHTS}),
        (COUNTS, {"objective": "hkv", "alpha": 2.0, "unobserved_weight": 0.3}),
        (sparse.csr_array(COUNTS), {"objective": "ials", "confidence": "log", "reg_count": "observed"}),
    ],
)
def test_the_gradient_of_the_library_is_right(X, settings, nu):
    found = check_gradient(X, W, Z, reg=(0.3, 0.1), reg_exponent=nu, **settings)
    assert found, str(found)
    assert found.difference < 1e-12
    blocks = ["W", "Z", "row_bias", "column_bias"] if "row_bias" in settings else ["W", "Z"]
    assert [block.block for block in found.blocks] == blocks


@pytest.mark.parametrize(
    ("block", "row", "column"), [("W", 3, 1), ("Z", 2, 0), ("row_bias", 4, 0), ("column_bias", 1, 0)]
)
def test_it_says_where_a_gradient_is_wrong(block, row, column):
    wrong = {name: value.copy() for name, value in gradient(DENSE, W, Z, reg=0.1, **BIASED)._asdict().items()}
    wrong[block].reshape(wrong[block].shape[0], -1)[row, column] += 0.01
    found = check_gradient(DENSE, W, Z, reg=0.1, claimed=wrong, **BIASED)
    assert not found.passed
    assert (found.worst.block, found.worst.row, found.worst.column) == (block, row, column)
    assert found.worst.analytic - found.worst.numeric == pytest.approx(0.01)
    place = f"{block}[{row}]" if block.endswith("bias") else f"{block}[{row}, {column}]"
    assert f"DIFFER, most at {place}" in str(found)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_the_step_has_the_size_of_the_block_or_that_of_the_data_beside_the_other(size):
    small = {"reg": 0.1, "max_entries": 5}
    found = check_gradient(DENSE, size * W, Z / size, **small)
    usual = check_gradient(DENSE, W, Z, **small)
    large = check_gradient(1e8 * DENSE, W, Z, **small)
    assert found.difference < 1e-10
    assert size / 100 < found.blocks[0].step < size * 100
    assert 0.1 < usual.blocks[1].step < 100
    assert 1e7 < large.blocks[1].step < 1e10


@pytest.mark.parametrize("scale", [(1e8, 1, 1), (1e-8, 1, 1), (1, 1e6, 1), (1, 1e-6, 1), (1e60, 1e-30, 1e-30)])
def test_one_wrong_entry_shows_at_every_scale(scale):
    data = DENSE * scale[0], W * scale[1], Z * scale[2]
    right = gradient(*data).Z
    assert check_gradient(*data)
    for place in np.ndindex(right.shape):
        wrong = right.copy()
        wrong[place] *= 1 + 1e-6
        assert not check_gradient(*data, claimed={"Z": wrong})


def test_rows_and_factors_of_different_sizes_do_not_hide_each_other():
    factors, rows = np.array([1e5, 1.0, 1e-4]), np.array([1e-6, 1.0, 1e6, 1e3])
    data = DENSE * rows, W * factors, Z / factors * rows[:, None]
    right = gradient(*data).Z
    assert check_gradient(*data)
    for place in np.ndindex(right.shape):
        wrong = right.copy()
        wrong[place] *= 1 + 1e-6
        found = check_gradient(*data, claimed={"Z": wrong})
        assert not found
        assert (found.worst.row, found.worst.column) == place


def test_a_forgotten_ridge_shows_beside_large_data_and_tiny_factors():
    rng = np.random.default_rng(0)
    P, w, z = 2e5 + 5e4 * rng.normal(size=(20, 8)), rng.normal(size=(20, 3)), rng.normal(size=(8, 3))
    settings: Any = {"reg": 100.0, "reg_exponent": 0}
    assert not check_gradient(P, w, z, claimed={"Z": (w @ z.T - P).T @ w}, **settings)
    assert check_gradient(P, w, z, **settings)
    z = z * 1e-12
    assert not check_gradient(P, w, z, claimed={"Z": 2 * gradient(P, w, z, **settings).Z}, **settings)
    assert check_gradient(P, w, z, **settings)


def test_what_cannot_be_computed_is_no_agreement():
    found = check_gradient([[1e200, 1.0]], [[1.0]], [[1.0], [1.0]], claimed={"W": [[np.inf]]})
    assert not found.passed
    assert "Cannot tell: the differences are not finite" in str(found)


def test_a_step_that_would_overflow_is_no_agreement():
    found = check_gradient(DENSE * 1e100, W * 1e-60, Z * 1e-60)
    assert not found
    assert "Cannot tell" in str(found)


def test_entries_that_do_not_count_agree():
    empty = np.where(np.arange(4) == 1, np.nan, DENSE)
    found = check_gradient(empty, W * [1, 0, 1], Z)
    assert found, str(found)
    wrong = gradient(empty, W * [1, 0, 1], Z).Z.copy()
    for place in ((1, 0), (2, 1)):  # of an empty column, and of a factor without a partner
        claimed = wrong.copy()
        claimed[place] = 1e-9
        assert not check_gradient(empty, W * [1, 0, 1], Z, claimed={"Z": claimed})


def test_it_says_how_many_entries_were_checked():
    assert "agree (on 14 of 27 entries)." in str(check_gradient(DENSE, W, Z, max_entries=7))
    assert "agree." in str(check_gradient(DENSE, W, Z))


def test_a_gradient_may_be_claimed_as_it_comes():
    assert check_gradient(DENSE, W, Z, claimed=gradient(DENSE, W, Z, reg=0.1), reg=0.1)
    assert not check_gradient(DENSE, W, Z, claimed=gradient(DENSE, W, Z, reg=0.2), reg=0.1)
    with pytest.raises(TypeError, match=r"claimed must map blocks to arrays.*got ndarray"):
        check_gradient(DENSE, W, Z, claimed=Z)  # type: ignore[arg-type]


def test_zero_factors_and_nan():
    assert check_gradient(DENSE, 0 * W, 0 * Z).passed
    found = check_gradient(DENSE, W, Z, claimed={"Z": np.full_like(Z, np.nan)})
    assert not found.passed
    assert found.worst.block == "Z"


def test_at_the_minimum_rounding_is_no_difference():
    model = ALS(3, reg=0.1, random_state=0, max_iter=200, tol=0).fit(DENSE)
    assert check_gradient(DENSE, model.row_factors_, model.column_factors_, reg=0.1).passed


def test_large_sparse_data_stay_sparse_and_only_some_entries_are_checked():
    m, n, k = 20_000, 10_000, 4
    rows, columns = RNG.integers(0, m, 40_000), RNG.integers(0, n, 40_000)
    X = sparse.coo_array((RNG.normal(size=40_000), (rows, columns)), shape=(m, n))
    left, right = RNG.normal(size=(m, k)), RNG.normal(size=(n, k))
    tracemalloc.start()
    found = check_gradient(X, left, right, reg=0.1, max_entries=10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found
    assert [block.checked for block in found.blocks] == [10, 10]
    assert found.blocks[0].entries == m * k
    assert peak < 40e6  # X as an array has 1.6 GB


def test_inputs_are_not_modified():
    before = W.copy(), Z.copy(), B.copy()
    check_gradient(DENSE, W, Z, **BIASED)
    assert all(np.array_equal(a, b) for a, b in zip(before, (W, Z, B), strict=True))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_entries": 0}, "max_entries must be >= 1; got 0"),
        ({"tolerance": float("nan")}, "tolerance must be finite and >= 0; got nan"),
        ({"tolerance": -1.0}, "tolerance must be finite and >= 0; got -1.0"),
        ({"claimed": {"Y": W}}, "claimed has the block 'Y'; there are W, Z"),
        ({"claimed": {"W": W.T}}, r"the claimed gradient of W has shape \(3, 5\); it should be \(5, 3\)"),
        ({"reg": -1.0}, "reg must be finite"),
    ],
)
def test_bad_input(given, message):
    with pytest.raises(ValueError, match=message):
        check_gradient(DENSE, W, Z, **given)


@pytest.mark.parametrize(("m", "k"), [(5, 0), (0, 3)])
def test_nothing_to_check(m, k):
    with pytest.raises(ValueError, match=r"W has shape .*; there is no entry to check"):
        check_gradient(np.ones((m, 4)), np.ones((m, k)), np.ones((4, k)))
