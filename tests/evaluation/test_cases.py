"""Small inputs on which metrics elsewhere leave [0, 1] or lose users: K above the items, short perfect lists."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from alsatian import ALS, Interactions
from alsatian.evaluation import evaluate, metrics, splits


def judged(lists, relevant):
    return metrics.judge(np.array(lists, dtype=np.int32), csr_array(np.array(relevant, dtype=np.float64)))


def test_ten_places_and_four_items():
    found = judged([[2, 0, 1, 3] + [-1] * 6], [[1, 0, 1, 0]])
    assert metrics.precision(found, 10).mean == pytest.approx(2 / 10)  # over K, however few items there are
    assert metrics.recall(found, 10).mean == 1
    assert metrics.ndcg(found, 10).mean == 1
    assert metrics.hit_rate(found, 10).mean == 1


def test_a_perfect_list_shorter_than_its_places_is_perfect():
    found = judged([[1, -1, -1, -1]], [[0, 1, 0, 0]])
    for name in ("recall", "ndcg", "hit_rate"):
        assert getattr(metrics, name)(found, 4).mean == 1


def test_who_has_no_relevant_item_is_left_out_and_counted():
    found = judged([[0, 1], [2, 3]], [[0, 0, 0, 0], [0, 0, 1, 1]])
    score = metrics.recall(found, 2)
    assert np.isnan(score.per_user[0])
    assert score.mean == 1


@pytest.mark.parametrize("k", [1, 5, 10, 25])
def test_precision_on_dense_data_is_at_most_one(k):
    rng = np.random.default_rng(0)
    user, item = np.divmod(np.arange(30 * 25), 25)
    data = Interactions.from_arrays(user, item, rng.integers(1, 6, 750).astype(float))
    split = splits.random_cells(data, test=0.5, seed=1)
    names = [
        f"{name}@{k}" for name in ("precision", "recall", "recall_min", "hit_rate", "map", "map_min", "mrr", "ndcg")
    ]
    result = evaluate(ALS(2, random_state=0), split, names)
    for name in names:
        values = result[name].per_user
        assert np.all((values[~np.isnan(values)] >= 0) & (values[~np.isnan(values)] <= 1)), name


@pytest.mark.parametrize("call", [
    lambda: metrics.rmse(np.ma.array([1.0, 2], mask=[0, 1]), [1, 5]),
    lambda: metrics.rmse([1, 2], [1, 3], weight=np.ma.array([1.0, 1], mask=[0, 1])),
    lambda: metrics.judge([[0, 1]], np.ma.array([[1, 1, 1.0]], mask=[[0, 0, 1]])),
    lambda: metrics.judge(np.ma.array([[0, 1]], mask=[[0, 1]]), [[1, 1, 1.0]]),
    lambda: metrics.auc(np.ma.array([[1.0, 2, 3]], mask=[[0, 1, 0]]), [[0, 1, 0]]),
])  # fmt: skip
def test_what_is_masked_is_not_judged(call):
    with pytest.raises(ValueError, match="is masked at"):
        call()


def test_a_masked_array_without_a_mask_is_an_array():
    assert metrics.mae(np.ma.array([1.0, 2]), [1, 5]) == 1.5


def test_parts_without_cells_are_refused():
    data = Interactions.from_arrays([1, 1, 2], ["a", "b", "a"])
    nothing = data.select(np.zeros(3, dtype=bool))
    with pytest.raises(ValueError, match="no cell is in the part 'test'"):
        splits.from_parts(data, nothing)
    with pytest.raises(ValueError, match="no cell is in the part 'train'"):
        splits.from_parts(nothing, data)
