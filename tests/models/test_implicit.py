from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from alsatian.models import ALS, ImplicitALS, NoEntryWarning
from alsatian.objective import gradient, loss, loss_parts


def counts(shape: tuple[int, int] = (40, 30), density: float = 0.2, seed: int = 0) -> sparse.csr_array:
    """Counts with some dislikes among them, every row and column with one at least."""
    rng = np.random.default_rng(seed)
    dense = np.where(rng.random(shape) < density, rng.poisson(3, shape) + 1.0, 0.0)
    dense[np.arange(max(shape)) % shape[0], np.arange(max(shape)) % shape[1]] = 2.0
    return sparse.csr_array(np.where(rng.random(shape) < 0.05, -dense, dense))


EVERY = list(itertools.product(["hkv", "ials"], ["linear", "log"], [0.0, 0.5, 1.0], ["all", "observed"]))


@pytest.mark.parametrize("n_components", [3, 100])
@pytest.mark.parametrize(("objective", "confidence", "nu", "reg_count"), EVERY)
def test_the_loss_falls_and_the_gradient_ends_at_zero(
    objective: str, confidence: Any, nu: float, reg_count: str, n_components: int
) -> None:
    X = counts()
    model = ImplicitALS(
        n_components, objective=objective, alpha=2.0, unobserved_weight=0.3, confidence=confidence,
        confidence_scale=0.5 if confidence == "log" else 1.0, reg=(0.05, 0.02), reg_exponent=nu, reg_count=reg_count,
        dtype="float64", max_iter=6, tol=0, random_state=0,
    ).fit(X)  # fmt: skip
    settings = model.objective_settings()
    at_zero = loss(X, 0 * model.row_factors_, 0 * model.column_factors_, **settings)
    parts = loss_parts(X, model.row_factors_, model.column_factors_, **settings)
    last = model.history_[-1]
    np.testing.assert_allclose([last.fit, last.row_ridge, last.column_ridge], parts, rtol=0, atol=1e-11 * at_zero)
    assert np.diff(model.history_.half_step_loss).max() <= 1e-12 * at_zero
    at_solution, at_origin = (
        np.abs(gradient(X, scale * model.row_factors_, model.column_factors_, **settings).W).max() for scale in (1, 0)
    )
    assert at_solution <= 1e-10 * at_origin


@pytest.mark.parametrize("objective", ["hkv", "ials"])
@pytest.mark.parametrize("n_components", [5, 100])
def test_float32_is_float64_to_rounding(objective: str, n_components: int) -> None:
    X = counts()
    first = np.random.default_rng(1).normal(size=(30, n_components))
    scores = [
        model.row_factors_ @ model.column_factors_.T
        for model in (
            ImplicitALS(n_components, objective=objective, dtype=dtype, init=first, max_iter=3, tol=0).fit(X)
            for dtype in ("float32", "float64")
        )
    ]
    assert scores[0].dtype == np.float32
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)


def test_confidence_and_preference_of_one_cell_by_hand() -> None:
    # A row [3, ·], α = 2, α₀ = 1, linear: C = 1 + 2·3 = 7 and P = 1 for the first cell, C = 1 and P = 0 for the other.
    z = np.array([[1.0, 0.5], [0.25, -1.0]])
    model = ImplicitALS(
        2, objective="hkv", alpha=2, unobserved_weight=1, confidence="linear", reg=0.1, reg_exponent=0, init=z,
        max_iter=0, dtype="float64",
    ).fit(sparse.csr_array([[3.0, 0.0], [0.0, 1.0]]))  # fmt: skip
    a = 7 * np.outer(z[0], z[0]) + 1 * np.outer(z[1], z[1]) + 0.1 * np.eye(2)
    np.testing.assert_allclose(model.row_factors_[0], np.linalg.solve(a, 7 * z[0]), rtol=1e-12)


def test_a_dislike_is_preference_zero_with_confidence_by_its_size() -> None:
    X = np.array([[4.0, -5.0], [3.0, 2.0]])
    model = ImplicitALS(
        2, alpha=3, unobserved_weight=0.1, confidence="linear", reg=0.01, random_state=0, dtype="float64"
    ).fit(X)
    z, w = model.column_factors_, model.row_factors_
    c = 0.1 + 3 * np.abs(X[0])
    count = 2 + 0.1 * 2
    a = (z.T * c) @ z + 0.01 * count * np.eye(2)
    np.testing.assert_allclose(w[0], np.linalg.solve(a, z.T @ (c * [1, 0])), rtol=1e-9)
    assert model.predict_cells(0, 1) < model.predict_cells(0, 0)
    assert np.abs(w).max() < 10


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array, np.asarray])
def test_any_container_gives_the_same_bits(container: Any) -> None:
    X = counts()
    expected = ImplicitALS(4, random_state=0).fit(X).row_factors_
    given = container(X.toarray())
    np.testing.assert_array_equal(ImplicitALS(4, random_state=0).fit(given).row_factors_, expected)


def test_a_stored_zero_is_unobserved() -> None:
    X = counts()
    with_zeros = X.copy()
    with_zeros.data[::7] = 0
    without = with_zeros.copy()
    without.eliminate_zeros()
    a, b = (ImplicitALS(4, random_state=0, reg_count="observed").fit(x) for x in (with_zeros, without))
    np.testing.assert_array_equal(a.row_factors_, b.row_factors_)


@pytest.mark.parametrize("objective", ["hkv", "ials"])
def test_it_agrees_with_als_where_the_formulas_do(objective: str) -> None:
    # 0/1 data: hkv with α₀ = 1 is weighted least squares on all cells, absent ones of weight one, ν = 0.
    X = counts()
    X.data[:] = 1
    first = np.random.default_rng(0).normal(size=(30, 4))
    how: dict[str, Any] = {"init": first, "reg": 0.3, "reg_exponent": 0.0, "max_iter": 4, "tol": 0}
    implicit = ImplicitALS(
        4, objective=objective, alpha=2.0, unobserved_weight=1.0, confidence="linear", dtype="float64", **how
    ).fit(X)
    # ials: αg (1 − s)² + s² is (1 + αg) (αg / (1 + αg) − s)² and a constant.
    target = X * (1.0 if objective == "hkv" else 2 / 3)
    explicit = ALS(4, absent="zero", **how).fit(target, weights=X * 3.0)
    np.testing.assert_allclose(implicit.row_factors_, explicit.row_factors_, atol=1e-9)


def test_transform_gives_the_rows_of_the_fit_and_of_anyone_like_them() -> None:
    X = counts((60, 50))
    for n_components in (4, 100):
        model = ImplicitALS(n_components, random_state=0).fit(X)
        np.testing.assert_array_equal(model.transform(X), model.row_factors_)
        np.testing.assert_array_equal(model.transform(X[[7]]), model.row_factors_[[7]])
        np.testing.assert_array_equal(model.transform(X[[3] * 10]), model.row_factors_[[3] * 10])


@pytest.mark.parametrize("n_components", [8, 110])
def test_the_bits_do_not_depend_on_the_number_of_threads(n_components: int) -> None:
    X = counts((300, 200))
    one, two, seven = (ImplicitALS(n_components, random_state=0, max_iter=3, n_jobs=n).fit(X) for n in (1, 2, 7))
    for other in (two, seven):
        np.testing.assert_array_equal(one.row_factors_, other.row_factors_)
        np.testing.assert_array_equal(one.column_factors_, other.column_factors_)
        assert one.history_ == other.history_


def test_rows_and_columns_without_a_cell_have_zero_factors() -> None:
    dense = counts().toarray()
    dense[3], dense[:, 5] = 0, 0
    with pytest.warns(NoEntryWarning, match="1 row .*row 3.* and 1 column .*column 5"):
        model = ImplicitALS(4, random_state=0).fit(sparse.csr_array(dense))
    assert not model.row_factors_[3].any()
    assert not model.column_factors_[5].any()
    assert np.isfinite(model.row_factors_).all()


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([[1.0, np.nan], [0, 2]]), "NaN in row 0, column 1.*no missing cells"),
        (np.array([[1.0, 0], [np.inf, 2]]), "inf in row 1, column 0"),
        (sparse.csr_array([[1.0, np.nan], [0, 2]]), "nan in row 0, column 1"),
        (np.zeros((3, 4)), "no observed cell"),
        (sparse.csr_array((3, 4)), "no observed cell"),
        (np.array([[0.0, -1], [-2, 0]]), "no cell above zero"),
        (np.array([[1e-44, 1], [1, 1]]), "row 0, column 0"),
        (np.array([[1e200, 1], [1, 1]]), "row 0, column 0"),
    ],
)
def test_what_cannot_be_fitted_is_told(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ImplicitALS(2, alpha=1e-3, confidence="linear").fit(X)


@pytest.mark.parametrize(
    "change",
    [
        {"alpha": 0.0}, {"alpha": np.nan}, {"unobserved_weight": -1.0}, {"confidence": "square"},
        {"confidence_scale": 0.0}, {"objective": "bpr"}, {"reg_count": "none"}, {"reg": -1.0}, {"n_components": 0},
        {"max_iter": -1}, {"tol": np.nan}, {"solver": "magic"},
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_named(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(change))!r} parameter of ImplicitALS"):
        ImplicitALS(**change).fit(counts())


def test_what_has_no_meaning_here_does_not_exist() -> None:
    assert not {"bias", "bias_reg", "absent", "clip"} & set(ImplicitALS().get_params())
    assert not {"alpha", "unobserved_weight", "confidence", "objective", "reg_count"} & set(ALS().get_params())


def test_without_unobserved_weight_only_observed_cells_count() -> None:
    X = counts()
    model = ImplicitALS(4, unobserved_weight=0.0, random_state=0, dtype="float64", max_iter=4, tol=0).fit(X)
    f = loss(X, model.row_factors_, model.column_factors_, **model.objective_settings())
    np.testing.assert_allclose(f, model.history_.loss[-1], rtol=1e-10)


def test_the_input_is_neither_changed_nor_copied() -> None:
    X = counts().astype(np.float32)
    before = X.copy()
    ImplicitALS(4, confidence="linear", random_state=0).fit(X)
    assert (before != X).nnz == 0
