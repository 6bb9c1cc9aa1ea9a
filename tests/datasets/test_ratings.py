from __future__ import annotations

import numpy as np
import pytest

from alsatian.datasets import make_ratings
from alsatian.datasets._cells import draw_cells, long_tail


def lengths(X):
    return np.diff(X.indptr), np.bincount(X.indices, minlength=X.shape[1])


def assert_distinct(X):
    rows = np.repeat(np.arange(X.shape[0], dtype=np.int64), np.diff(X.indptr))
    assert np.all(np.diff(rows * X.shape[1] + X.indices) > 0)


@pytest.mark.parametrize(
    ("preset", "shape", "count", "median_row", "median_column"),
    [("ml-100k", (943, 1682), 100_000, 65, 27), ("ml-1m", (6040, 3706), 1_000_209, 96, 123.5)],
)
def test_presets_have_the_real_shape(preset, shape, count, median_row, median_column):
    X = make_ratings(preset, random_state=0).X
    assert X.shape == shape
    assert X.nnz == count
    assert X.dtype == np.float32
    assert X.indices.dtype == X.indptr.dtype == np.int32
    assert_distinct(X)
    rows, columns = lengths(X)
    assert rows.min() == 20
    assert columns.min() == 1
    assert np.median(rows) == pytest.approx(median_row, rel=0.05)
    assert np.median(columns) == pytest.approx(median_column, rel=0.1)


@pytest.mark.slow
def test_ml_20m():
    X = make_ratings("ml-20m", random_state=0).X
    assert X.shape == (138_493, 26_744)
    assert X.nnz == 20_000_263
    assert_distinct(X)
    rows, columns = lengths(X)
    assert rows.min() == 20
    assert np.median(rows) == pytest.approx(68, abs=3)
    assert rows.max() == pytest.approx(9_000, rel=0.1)
    assert columns.min() == 1
    assert np.median(columns) == pytest.approx(18, abs=2)
    assert columns.max() == pytest.approx(67_000, rel=0.05)


def test_values_follow_the_stated_model():
    ratings = make_ratings((400, 300), n_ratings=60_000, n_components=5, noise=0.3, random_state=1)
    cells = ratings.X.tocoo()
    residual = cells.data - ratings.scores(*cells.coords)
    assert residual.mean() == pytest.approx(0.0, abs=0.01)
    assert residual.std() == pytest.approx(0.3, rel=0.02)
    inner = ratings.row_factors @ ratings.column_factors.T
    assert inner.std() == pytest.approx(0.5, rel=0.15)
    assert ratings.row_bias.std() == pytest.approx(0.45, rel=0.15)
    i, j = 3, 7
    expected = ratings.mean + ratings.row_bias[i] + ratings.column_bias[j] + inner[i, j]
    assert ratings.scores(i, j) == pytest.approx(expected)


def test_the_seed_settles_everything():
    a, b = (make_ratings((60, 40), n_ratings=500, random_state=5) for _ in range(2))
    c = make_ratings((60, 40), n_ratings=500, random_state=6)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(a.X, name), getattr(b.X, name))
    np.testing.assert_array_equal(a.row_factors, b.row_factors)
    assert not np.array_equal(a.X.data, c.X.data)


@pytest.mark.parametrize("step", [1.0, 0.5])
def test_rounded_values_lie_on_the_scale(step):
    values = np.unique(make_ratings(round_to=step, random_state=0).X.data)
    np.testing.assert_allclose(values, np.arange(step, 5 + step / 2, step))


@pytest.mark.parametrize(
    ("shape", "count"),
    [((1, 1), 1), ((5, 4), 20), ((5, 4), 5), ((1, 40), 40), ((40, 1), 40), ((200, 300), 59_999), ((700, 700), 700)],
)
def test_extreme_densities(shape, count):
    X = make_ratings(shape, n_ratings=count, random_state=0).X
    assert X.nnz == count
    assert_distinct(X)
    rows, columns = lengths(X)
    assert rows.min() >= 1
    assert columns.min() >= 1


def test_a_preset_can_be_thinned():
    X = make_ratings("ml-100k", n_ratings=10_000, random_state=0).X
    assert X.shape == (943, 1682)
    assert X.nnz == 10_000


def test_no_components_leaves_the_biases():
    ratings = make_ratings((30, 40), n_components=0, bias_scale=0.2, random_state=0)
    assert ratings.row_factors.shape == (30, 0)
    assert ratings.scores([0], [1])[0] == pytest.approx(3.5 + ratings.row_bias[0] + ratings.column_bias[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": "ml-7"}, "'ml-7' is not a preset"),
        ({"shape": (0, 3)}, "at least one row"),
        ({"shape": (3,)}, r"must be \(rows, columns\)"),
        ({"shape": (10, 10), "n_ratings": 9}, "n_ratings=9 does not fit 10 rows"),
        ({"shape": (10, 10), "n_ratings": 101}, "from 10 to 100"),
        ({"shape": "ml-100k", "n_ratings": 3}, "n_ratings=3"),
        ({"shape": (5, 5), "n_components": -1}, "n_components=-1"),
        ({"shape": (5, 5), "noise": -1.0}, "noise=-1"),
        ({"shape": (5, 5), "bias_scale": (0.1, -2.0)}, "bias_scale=-2"),
        ({"shape": (5, 5), "round_to": 0.0}, "round_to=0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_ratings(**arguments)


def test_long_tail_sums_exactly_within_its_limits():
    for total in (100, 777, 5_000, 9_999, 10_000):
        result = long_tail(100, total, low=1, median=20, high=100)
        assert result.sum() == total
        assert result.min() >= 1
        assert result.max() <= 100
        assert np.all(np.diff(result) >= 0)


def test_column_lengths_are_unbiased_even_where_columns_are_crowded():
    rng = np.random.default_rng(0)
    rows = np.full(500, 30)
    columns = np.full(100, 110)
    columns[:10] = 510 - 10  # every row but a few would have to take these
    columns[10:] = (500 * 30 - columns[:10].sum()) // 90
    columns[-1] += 500 * 30 - columns.sum()
    got = np.mean([np.bincount(draw_cells(rng, rows, columns)[1], minlength=100) for _ in range(10)], axis=0)
    np.testing.assert_allclose(got[:10], columns[:10], rtol=0.05)
    np.testing.assert_allclose(got[10:].mean(), columns[10:].mean(), rtol=0.02)
