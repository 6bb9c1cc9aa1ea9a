"""`leave_one_out` against the same model solved again without the cell, through the public interface."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from alsatian import ALS
from alsatian.datasets import make_ratings
from alsatian.models import LeaveOneOut, NoEntryWarning
from problems import small_ratings, stored


def brute_force(model: ALS, X: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The scores of all cells, each by its row without it; one transform a cell. Needs ν = 0, as counts change."""
    scores = np.full(X.shape, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)  # of rows with one cell
        for i, j in np.argwhere(~np.isnan(X)):
            row = X[[i]].copy()
            row[0, j] = np.nan
            how = {} if weights is None else {"weights": weights[[i]]}
            w, b = model.transform(row, return_bias=True, **how)
            scores[i, j] = model.inverse_transform(w, b)[0, j]
    return scores


def table(kind: str, m: int, n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.normal(3.0, 1.0, (m, n))
    if kind != "full":
        X[rng.random((m, n)) < {"half": 0.5, "sparse": 0.8}[kind]] = np.nan
        X[0, 0] = 2.0
    return X


@pytest.mark.parametrize("bias", ["none", "mean", "rows", "columns", "both"])
@pytest.mark.parametrize("kind", ["full", "half", "sparse"])
@pytest.mark.parametrize(("k", "reg"), [(2, 0.3), (5, 1e-4), (3, 0.0), (30, 0.0), (30, 0.5)])
def test_it_equals_brute_force(kind: str, bias: str, k: int, reg: float) -> None:
    X = table(kind, 20, 12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        model = ALS(k, reg=0.3, reg_exponent=0.0, bias=bias, random_state=0).fit(X[:15])
        model.set_params(reg=reg)
        if reg == 0:  # a fit with a ridge leaves Z near singular, and then both ways are as bad
            model.column_factors_ = np.random.default_rng(1).normal(size=model.column_factors_.shape)
        found = model.leave_one_out(X[15:])
        expected = brute_force(model, X[15:])[found.rows, found.columns]
    np.testing.assert_allclose(found.scores, expected, rtol=1e-8, atol=1e-8)
    assert np.array_equal(np.argwhere(~np.isnan(X[15:])), np.column_stack([found.rows, found.columns]))
    assert np.array_equal(found.errors, X[15:][found.rows, found.columns] - found.scores)


@pytest.mark.parametrize("bias", ["none", "both"])
def test_with_weights_it_equals_brute_force(bias: str) -> None:
    X, rng = table("half", 20, 14), np.random.default_rng(1)
    weights = rng.choice([0.0, 0.5, 1.0, 30.0], size=X.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        model = ALS(4, reg=0.3, reg_exponent=0.0, bias=bias, random_state=0).fit(X[:12], weights=weights[:12])
        found = model.leave_one_out(X[12:], weights=weights[12:])
        expected = brute_force(model, X[12:], weights[12:])[found.rows, found.columns]
    np.testing.assert_allclose(found.scores, expected, rtol=1e-8, atol=1e-8)
    assert found.weights is not None
    assert np.array_equal(found.weights, weights[12:][found.rows, found.columns])
    assert (found.weights > 0).all()
    c, e = found.weights, found.errors
    assert found.rmse == pytest.approx(np.sqrt((c * e**2).sum() / c.sum()), rel=1e-14)
    assert found.mae == pytest.approx((c * np.abs(e)).sum() / c.sum(), rel=1e-14)


@pytest.mark.parametrize("weighted", [False, True], ids=["shared", "weighted"])
def test_where_absent_cells_are_zeros_the_cell_left_out_is_missing(weighted: bool) -> None:
    rng = np.random.default_rng(2)
    dense = np.where(rng.random((18, 12)) < 0.3, rng.normal(2.0, 1.0, (18, 12)), 0.0)
    X = sparse.csr_array(dense)
    c = sparse.csr_array((rng.choice([0.5, 3.0], X.nnz), X.indices, X.indptr), shape=X.shape) if weighted else None
    model = ALS(3, bias="both", absent="zero", reg=0.2, random_state=0).fit(X, weights=c)
    found = model.leave_one_out(X, weights=c)
    assert len(found) == X.nnz
    # The same model said in full, with the weight of one cell zero: all n cells of the row count, but for that one.
    table = np.ones(dense.shape) if c is None else np.where(dense != 0, c.toarray(), 1.0)
    same = ALS(3, bias="both", reg=0.2 * 12, reg_exponent=0.0, random_state=0, max_iter=0).fit(dense)
    same.column_factors_, same.column_bias_, same.mean_ = model.column_factors_, model.column_bias_, model.mean_
    for p in range(0, len(found), 7):
        i, j = found.rows[p], found.columns[p]
        without = table[[i]].copy()
        without[0, j] = 0
        w, b = same.transform(dense[[i]], weights=without, return_bias=True)
        assert found.scores[p] == pytest.approx(same.inverse_transform(w, b)[0, j], rel=1e-8, abs=1e-8)


def test_the_ridge_of_the_row_stays_that_of_all_its_cells() -> None:
    X = table("half", 12, 9)
    model = ALS(3, reg=0.2, reg_exponent=1.0, random_state=0).fit(X)
    found, counts = model.leave_one_out(X), (~np.isnan(X)).sum(axis=1)
    plain = ALS(3, reg=0.2, reg_exponent=0.0, random_state=0, max_iter=0).fit(X)
    plain.column_factors_ = model.column_factors_
    for i in range(12):
        plain.set_params(reg=0.2 * counts[i])
        mine = found.rows == i
        np.testing.assert_allclose(found.scores[mine], brute_force(plain, X[[i]])[0, found.columns[mine]], rtol=1e-8)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_container_gives_the_same_bits_and_the_precision_changes_little(dtype: str) -> None:
    X = table("half", 20, 10)
    model = ALS(3, bias="both", random_state=0, dtype=dtype).fit(X[:12])
    first = model.leave_one_out(X[12:])
    for other in (stored(X[12:]), stored(X[12:]).tocsc(), pd.DataFrame(X[12:]), np.ma.masked_invalid(X[12:])):
        again = model.leave_one_out(other)
        assert np.array_equal(first.scores, again.scores)
        assert np.array_equal(first.leverages, again.leverages)
    wide = ALS(3, bias="both", random_state=0).fit(X[:12]).leave_one_out(X[12:])
    np.testing.assert_allclose(first.scores, wide.scores, rtol=2e-3)


def test_threads_change_no_bit() -> None:
    X = make_ratings((300, 200), random_state=0).X
    model = ALS(12, bias="both", random_state=0, n_jobs=1).fit(X)
    first = model.leave_one_out(X).scores
    for jobs in (2, 7):
        assert np.array_equal(first, model.set_params(n_jobs=jobs).leave_one_out(X).scores)


def test_it_is_honest_for_rows_apart_from_the_fit_and_too_good_for_the_others() -> None:
    ratings = make_ratings((900, 150), n_ratings=20_000, noise=0.7, random_state=3)
    X, rng = ratings.X, np.random.default_rng(0)
    apart, seen = X[:450], X[450:]
    model = ALS(16, bias="both", reg=0.02, random_state=0).fit(seen)
    # What is honest: a tenth of the cells of the rows apart, predicted from the other nine tenths of their rows.
    held = rng.random(apart.nnz) < 0.1
    rest = apart.tocoo()
    known = sparse.csr_array((rest.data[~held], (rest.row[~held], rest.col[~held])), shape=apart.shape)
    w, b = model.transform(known, return_bias=True)
    scores = model.inverse_transform(w, b)[rest.row[held], rest.col[held]]
    truth = float(np.sqrt(np.mean((rest.data[held] - scores) ** 2)))
    assert model.leave_one_out(apart).rmse == pytest.approx(truth, rel=0.03)
    assert model.leave_one_out(seen).rmse < 0.95 * truth


def test_a_row_with_one_cell_gets_what_the_column_alone_says() -> None:
    X = small_ratings()
    model = ALS(2, bias="both", random_state=0).fit(X)
    one = np.full((1, 4), np.nan)
    one[0, 2] = 4.0
    found = model.leave_one_out(one)
    np.testing.assert_allclose(found.scores, [model.mean_ + model.column_bias_[2]], rtol=1e-12)


def test_it_says_what_it_found_and_refuses_what_it_cannot_use() -> None:
    X = small_ratings()
    model = ALS(2, bias="both", random_state=0).fit(X)
    found = model.leave_one_out(X)
    assert isinstance(found, LeaveOneOut)
    assert repr(found).startswith("LeaveOneOut(13 cells, RMSE ")
    assert len(found) == 13
    assert ((found.leverages > 0) & (found.leverages < 1)).all()
    with pytest.raises(ValueError, match="no observed cell that could be left out"):
        model.leave_one_out(np.full((2, 4), np.nan))
    with pytest.raises(ValueError, match="transposed"):
        model.leave_one_out(X.T)
    with pytest.raises(ValueError, match=r"weights must have the shape of X.*\(2, 4\)"):
        model.leave_one_out(X, weights=np.ones((2, 4)))
    with pytest.raises(Exception, match="not fitted"):
        ALS().leave_one_out(X)


def test_implicit_models_have_none() -> None:
    from alsatian import ImplicitALS

    assert not hasattr(ImplicitALS, "leave_one_out")


def test_the_model_is_left_as_it_was() -> None:
    X = small_ratings()
    model = ALS(2, bias="both", random_state=0).fit(X)
    before: dict[str, Any] = {name: np.copy(getattr(model, name)) for name in ("row_factors_", "column_factors_")}
    model.leave_one_out(X)
    for name, array in before.items():
        assert np.array_equal(array, getattr(model, name))
