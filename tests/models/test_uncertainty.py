"""Standard deviations of predictions: the formula by hand, what they cover, and what cold rows and columns get."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from alsatian import ALS, ImplicitALS
from alsatian.datasets import make_ratings
from alsatian.models import NoEntryWarning, Uncertainty
from problems import small_ratings


def by_hand(model: ALS, X: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """z̃ᵀA⁻¹z̃ and w̃ᵀB⁻¹w̃ of all cells, and σ, by dense inverses; c is 0 where X is missing."""
    sides = []
    for factors, b, weights, reg, bias_reg in (
        (model.column_factors_, model.row_bias_, c, _pair(model.reg, 0), _pair(model.bias_reg, 0)),
        (model.row_factors_, model.column_bias_, c.T, _pair(model.reg, 1), _pair(model.bias_reg, 1)),
    ):
        has_bias = b is not None
        z = np.column_stack([factors, np.ones(len(factors))]) if has_bias else factors
        ridge = np.array([reg] * factors.shape[1] + [reg if bias_reg is None else bias_reg] * has_bias)
        variances, parameters = np.empty(weights.shape), 0.0
        for i, own in enumerate(weights):
            gram = (z.T * own) @ z
            count = (own > 0).sum() if model.absent == "missing" else own.size
            inverse = np.linalg.inv(gram + np.diag(ridge) * float(count) ** model.reg_exponent)
            variances[i] = np.einsum("jk,kl,jl->j", z, inverse, z)
            parameters += float(np.trace(inverse @ gram))
        sides.append((variances, parameters))
    counts = int((c > 0).sum()) if model.absent == "missing" else c.size
    scores = model.inverse_transform(model.row_factors_, model.row_bias_)
    squares = float((c * (np.nan_to_num(X) - scores) ** 2).sum())
    parameters = sides[0][1], sides[1][1]
    least = (counts - parameters[0]) * (counts - parameters[1]) / counts / 2
    freedom = max(counts - sum(parameters), least)
    return sides[0][0], sides[1][0].T, float(np.sqrt(squares / freedom))


def _pair(value: Any, which: int) -> Any:
    return value[which] if isinstance(value, tuple) else value


@pytest.mark.parametrize("bias", ["none", "mean", "rows", "columns", "both"])
@pytest.mark.parametrize("kind", ["full", "missing", "weighted", "zero", "zero weighted"])
def test_it_is_the_formula(kind: str, bias: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(3.0, 1.0, (25, 18))
    absent = "zero" if kind.startswith("zero") else "missing"
    observed = np.ones(X.shape, dtype=bool) if kind == "full" else rng.random(X.shape) < 0.5
    c = np.where(observed, rng.choice([0.5, 1.0, 3.0], X.shape) if "weighted" in kind else 1.0, 0.0)
    X = np.where(observed, X, np.nan)
    given: Any = X
    weights: Any = None
    if kind != "full":
        where = np.nonzero(observed)
        given, weights = (sparse.csr_array((t[where], where), shape=X.shape) for t in (X, c))
    how = {"weights": weights} if "weighted" in kind else {}
    if absent == "zero":
        X, c = np.nan_to_num(X), np.where(observed, c, 1.0)
    model = ALS(3, reg=(0.3, 0.2), bias=bias, bias_reg=(0.1, 0.4), absent=absent, reg_exponent=0.5, random_state=0)
    model.fit(given, **how)
    found = model.uncertainty(given, **how)
    by_rows, by_columns, sigma = by_hand(model, X, c)
    assert found.noise_std == pytest.approx(sigma, rel=1e-9)
    rows, columns = np.indices(X.shape)
    np.testing.assert_allclose(found.std(rows, columns), sigma * np.sqrt(1 + by_rows + by_columns), rtol=1e-9)
    scores, std = model.predict_cells([3, 3, 24], [0, 0, 17], return_std=True, X=given, **how)
    assert np.array_equal(scores, model.predict_cells([3, 3, 24], [0, 0, 17]))
    np.testing.assert_allclose(std, found.std([3, 3, 24], [0, 0, 17]), rtol=1e-12)


# Nominal intervals of 95 % on cells that took no part. Of 1.96 σ √(1 + …) with one side alone they cover less.
CASES = {
    "as MovieLens 100K": ({"shape": "ml-100k", "n_components": 8}, {"n_components": 8, "reg": 0.1}, (0.935, 0.955)),
    "plain ridge": (
        {"shape": "ml-100k", "n_components": 8}, {"n_components": 8, "reg": 6.0, "reg_exponent": 0.0}, (0.93, 0.955),
    ),
    "too small a ridge": ({"shape": "ml-100k", "n_components": 8}, {"n_components": 8, "reg": 0.03}, (0.92, 0.95)),
    "more components than there are": (
        {"shape": "ml-100k", "n_components": 4}, {"n_components": 16, "reg": 0.1}, (0.93, 0.955),
    ),
    "dense": (
        {"shape": (300, 200), "n_ratings": 20_000, "n_components": 4}, {"n_components": 4, "reg": 0.05}, (0.93, 0.96),
    ),
    "chosen ridge": ({"shape": "ml-100k", "n_components": 8}, {"n_components": 8, "reg": "auto"}, (0.925, 0.955)),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")
@pytest.mark.parametrize("case", CASES)
def test_intervals_cover_what_they_promise(case: str) -> None:
    drawn, fitted, (low, high) = CASES[case]
    ratings = make_ratings(**drawn, noise=0.75, random_state=1)
    cells, held = ratings.X.tocoo(), np.random.default_rng(2).random(ratings.X.nnz) < 0.1
    train = sparse.csr_array((cells.data[~held], (cells.row[~held], cells.col[~held])), shape=ratings.X.shape)
    i, j, x = cells.row[held], cells.col[held], cells.data[held]
    model = ALS(bias="both", random_state=0, **fitted).fit(train)
    told = model.uncertainty(train)
    error = np.abs(x - model.predict_cells(i, j))
    std = told.std(i, j)
    covered = float(np.mean(error <= 1.96 * std))
    assert low <= covered <= high
    assert covered > float(np.mean(error <= 1.96 * told.noise_std))
    # Where it says that it knows less, it is off by more.
    sure, unsure = np.array_split(np.argsort(std), 2)
    assert np.mean(error[sure] ** 2) < np.mean(error[unsure] ** 2)
    assert told.noise_std == pytest.approx(0.75, rel=0.1)


@pytest.fixture(scope="module")
def with_cold() -> tuple[ALS, sparse.csr_array]:
    X = make_ratings((120, 60), n_ratings=2_400, random_state=0).X.toarray()
    X[[4, 9]], X[:, [2, 7]] = 0, 0
    given = sparse.csr_array(X.astype(np.float64))
    with pytest.warns(NoEntryWarning):
        return ALS(3, bias="both", random_state=0).fit(given), given


def test_a_cold_row_or_column_may_be_anybodys(with_cold: tuple[ALS, sparse.csr_array]) -> None:
    model, X = with_cold
    told = model.uncertainty(X)
    seen = np.diff(X.indptr) > 0
    others = np.column_stack([model.row_factors_, model.row_bias_])[seen]
    z = np.append(model.column_factors_[11], 1.0)
    assert told.std(4, 11) == pytest.approx(np.sqrt(told.noise_std**2 + np.mean((others @ z) ** 2)))
    assert told.of_pairs(np.array([-1]), np.array([11]))[0] == told.std(4, 11)
    counts = np.bincount(X.indices, minlength=60) > 0
    others = np.column_stack([model.column_factors_, model.column_bias_])[counts]
    w = np.append(model.row_factors_[5], 1.0)
    assert told.std(5, 7) == pytest.approx(np.sqrt(told.noise_std**2 + np.mean((others @ w) ** 2)))
    assert told.std(4, 7) == pytest.approx(np.std(X.data))
    warm = told.std(np.flatnonzero(seen), 11)
    assert (told.std(4, 11) > np.median(warm)).all()


def test_it_does_not_matter_what_else_is_asked(with_cold: tuple[ALS, sparse.csr_array]) -> None:
    model, X = with_cold
    told = model.uncertainty(X)
    rng = np.random.default_rng(0)
    i, j = rng.integers(0, 120, 500), rng.integers(0, 60, 500)
    together = told.std(i, j)
    one_by_one = np.array([told.std(a, b) for a, b in zip(i[:40], j[:40], strict=True)])
    np.testing.assert_allclose(together[:40], one_by_one, rtol=1e-12)
    assert np.isfinite(together).all()
    assert told.std(i.reshape(50, 10), j.reshape(50, 10)).shape == (50, 10)
    assert told.std([], []).shape == (0,)


def test_threads_change_no_bit_and_the_precision_is_that_of_the_model() -> None:
    X = make_ratings((200, 120), n_ratings=5_000, random_state=0).X
    first = ALS(5, bias="both", random_state=0, dtype="float32").fit(X)
    rows, columns = np.indices((200, 120))
    std = first.uncertainty(X).std(rows, columns)
    assert std.dtype == np.float32
    for jobs in (2, 7):
        assert np.array_equal(first.set_params(n_jobs=jobs).uncertainty(X).std(rows, columns), std)
    wide = ALS(5, bias="both", random_state=0, dtype="float64").fit(X).uncertainty(X).std(rows, columns)
    np.testing.assert_allclose(std, wide, rtol=2e-3)


def test_without_a_ridge_what_is_left_open_is_left_out() -> None:
    X = make_ratings((80, 40), n_ratings=2_000, random_state=0).X
    told = ALS(2, reg=0.0, bias="mean", random_state=0).fit(X).uncertainty(X)
    rows, columns = np.indices((80, 40))
    assert np.isfinite(told.std(rows, columns)).all()


def test_a_model_of_more_parameters_than_cells_has_some_noise_left() -> None:
    X = make_ratings((200, 100), n_ratings=1_500, random_state=0).X
    told = ALS(8, reg=0.01, bias="both", random_state=0).fit(X).uncertainty(X)
    assert told.n_parameters > told.n_cells
    assert 0 < told.degrees_of_freedom < 0.2 * told.n_cells
    assert told.noise_std > 0


def test_where_the_cells_determine_nothing_but_parameters_it_says_so() -> None:
    model = ALS(6, reg=0.0, random_state=0).fit(small_ratings())
    with pytest.raises(ValueError, match="none are left to tell the noise by"):
        model.uncertainty(small_ratings())


@pytest.mark.parametrize("X", [[[2.0]], [[np.nan, 2.0], [np.nan, np.nan]]])
def test_one_cell_says_nothing_of_noise(X: list[list[float]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an empty row
        model = ALS(2, bias="both").fit(X)
    with pytest.raises(ValueError, match="1 observed cell: the noise"):
        model.uncertainty(X)
    with pytest.raises(ValueError, match="0 observed cells: the noise"):
        model.uncertainty(np.full_like(X, np.nan))


def test_what_it_says_and_refuses() -> None:
    X = small_ratings()
    model = ALS(1, reg=0.5, random_state=0).fit(X)
    told = model.uncertainty(X)
    assert isinstance(told, Uncertainty)
    assert repr(told).startswith("Uncertainty(σ ")
    assert told.n_cells == 13
    assert 0 < told.n_parameters < 9
    assert told.degrees_of_freedom == 13 - told.n_parameters
    assert np.array_equal(pickle.loads(pickle.dumps(told)).std([0, 1], 2), told.std([0, 1], 2))
    with pytest.raises(ValueError, match=r"X has 3 rows, but the model was fitted on 5"):
        model.uncertainty(X[:3])
    with pytest.raises(IndexError, match="row index 5"):
        told.std(5, 0)
    with pytest.raises(IndexError, match="column index -1"):
        told.std(0, -1)
    with pytest.raises(ValueError, match="must pair up"):
        told.std([0, 1], [0, 1, 2])
    with pytest.raises(ValueError, match="needs the training matrix"):
        model.predict_cells(0, 0, return_std=True)
    with pytest.raises(ValueError, match="for return_std=True alone"):
        model.predict_cells(0, 0, X=X)
    with pytest.raises(Exception, match="not fitted"):
        ALS().uncertainty(X)
    assert not hasattr(ImplicitALS, "uncertainty")


@pytest.mark.parametrize("asked", [{"return_std": True}, {"return_std": True, "X": np.eye(3)}, {"weights": np.eye(3)}])
def test_implicit_scores_have_no_standard_deviation(asked):
    model = ImplicitALS(1, random_state=0).fit(np.eye(3))
    with pytest.raises(ValueError, match=r"a score of ImplicitALS is for putting items in order.*For ratings use ALS"):
        model.predict_cells([0], [1], **asked)
    assert model.predict_cells([0], [1]).shape == (1,)
