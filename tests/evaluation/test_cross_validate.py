"""`cross_validate` and `compare`: the same as evaluating by hand, whatever the processes, and reproducible."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alsatian import Interactions
from alsatian.evaluation import compare, cross_validate, evaluate, splits
from evaluation.judging import als, implicit, plays, ratings
from processors import processors

MODELS = {"biases": als(1, reg=1e3, bias_reg=0.05), "small": als(1), "als": als(3)}


def test_each_fold_is_an_evaluation():
    data = ratings()
    found = cross_validate(als(), data, ["rmse", "ndcg@5"], splits=3, seed=4)
    by_hand = [evaluate(als(), split, ["rmse", "ndcg@5"]) for split in splits.k_fold(data, 3, seed=4)]
    for name in ("rmse", "ndcg@5"):
        assert found[name].values.tolist() == [fold[name].value for fold in by_hand]
        assert found[name].value == np.mean(found[name].values)
        assert found[name].stderr == pytest.approx(np.std(found[name].values, ddof=1) / math.sqrt(3))
    assert not hasattr(found.folds[0].model, "row_factors_")


def test_the_interval_of_one_fold_is_that_of_the_evaluation_but_for_the_draw():
    split = splits.random_cells(ratings(), test=0.3)
    folded, alone = cross_validate(als(), None, "rmse", splits=[split])["rmse"], evaluate(als(), split, "rmse")["rmse"]
    assert folded.interval(n_resamples=4000) == pytest.approx(alone.interval(n_resamples=4000), abs=0.02)
    low, high = folded.interval()
    assert low < folded.value < high
    assert math.isnan(folded.stderr)


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_processes_change_no_bit(n_jobs):
    data = plays()
    alone = cross_validate(implicit(n_jobs=2), data, ["ndcg@5", "coverage@5"], splits=3)
    together = cross_validate(implicit(n_jobs=2), data, ["ndcg@5", "coverage@5"], splits=3, n_jobs=n_jobs)
    for name in alone:
        assert alone[name].values.tolist() == together[name].values.tolist()
    assert alone["ndcg@5"].interval() == together["ndcg@5"].interval()


def test_processes_share_the_processors():
    """With n_jobs=2, both fits together keep no more processors busy than there are, whatever the model says."""
    from alsatian._engine.threads import allowed_processors

    found = cross_validate(implicit(n_jobs=64), plays(), processors, splits=2, n_jobs=2)
    assert found["processors"].values.tolist() == [max(1, allowed_processors() // 2)] * 2


def test_tables_and_frames():
    found = cross_validate(als(), ratings(), ["rmse", "coverage@5"], splits=3)
    assert found.to_frame()["metric"].tolist() == ["rmse"] * 3 + ["coverage@5"] * 3
    assert found.to_frame()["fold"].tolist() == [1, 2, 3] * 2
    assert repr(found).startswith("CrossValidation(ALS, 3 splits: rmse ")
    assert repr(found["rmse"]).startswith("rmse ")
    for part in ("on 3 splits, the first: fold 1 of 3", "cold users", "coverage@5"):
        assert part in str(found)
    assert all(map(math.isnan, found["coverage@5"].interval()))
    with pytest.raises(ValueError, match="level"):
        found["rmse"].interval(95)


def test_splits_must_be_of_the_same_data():
    first = splits.random_cells(ratings())
    for wrong, error, message in (
        ([], ValueError, "empty"),
        ([first, splits.random_cells(plays())], ValueError, r"splits\[1\] has other users or items"),
        ([first, 3], TypeError, "a Split is needed, got int"),
        (3, TypeError, "data is None"),
        (2.0, TypeError, "whole number of folds. Got float"),
        (True, TypeError, "Got bool"),
        (ratings(), TypeError, "Got Interactions: split it first"),
    ):
        with pytest.raises(error, match=message):
            cross_validate(als(), None, "rmse", splits=wrong)


def test_data_beside_splits_and_no_processors_are_refused():
    with pytest.raises(TypeError, match="both given"):
        cross_validate(als(), ratings(), "rmse", splits=[splits.random_cells(plays())])
    for wrong in (0, True, 1.5):
        with pytest.raises(ValueError, match="n_jobs must be None or a whole number"):
            cross_validate(als(), ratings(), "rmse", splits=2, n_jobs=wrong)
    with pytest.raises(TypeError, match=r"not the name of one\. Got 'ratings'"):
        evaluate("ratings", splits.random_cells(ratings()), "rmse", refit=False)


@pytest.mark.parametrize("test", ["permutation", "bootstrap"])
def test_a_comparison_finds_what_is_there_and_is_reproducible(test):
    data = splits.random_cells(ratings(users=80), test=0.3)
    found = compare(MODELS, data, ["rmse", "coverage@5"], test=test, n_resamples=2000, seed=3)
    again = compare(MODELS, data, ["rmse", "coverage@5"], test=test, n_resamples=2000, seed=3)
    assert [vars(d)["p"] for d in found.differences if d.metric == "rmse"] == [
        d.p for d in again.differences if d.metric == "rmse"
    ]
    assert found.best("rmse") == "als"
    by_pair = {(d.metric, d.first, d.second): d for d in found.differences}
    gap = by_pair["rmse", "biases", "als"]
    values = {name: evaluate(model, data, "rmse")["rmse"].value for name, model in MODELS.items()}
    assert gap.difference == values["biases"] - values["als"] > 0
    assert gap.low < gap.difference < gap.high
    assert gap.p <= gap.p_adjusted < 0.05
    assert gap.better == "als"
    assert math.isnan(by_pair["coverage@5", "biases", "als"].p)
    assert len(found.differences) == 6


def test_a_model_does_not_differ_from_itself():
    found = compare({"a": als(), "b": als()}, splits.random_cells(ratings()), ["rmse", "ndcg@5"])
    for d in found.differences:
        assert (d.difference, d.p, d.better) == (0, 1, None)


def test_folds_make_a_comparison_sharper():
    data = ratings(users=60)
    models = {"a": als(1), "b": als(2)}
    one = compare(models, splits.k_fold(data, 4)[0], "rmse").differences[0]
    all_of_them = compare(models, splits.k_fold(data, 4), "rmse").differences[0]
    assert all_of_them.high - all_of_them.low < one.high - one.low


def test_cells_as_units():
    split = splits.random_cells(ratings(), test=0.3)
    users, cells = (compare({"a": als(1), "b": als(3)}, split, ["rmse", "ndcg@5"], by=by) for by in ("user", "cell"))
    assert users.differences[0].difference == cells.differences[0].difference
    assert users.differences[0].p != cells.differences[0].p
    assert users.differences[1] == cells.differences[1]
    assert "by cell" in str(cells)


def test_the_ids_of_users_do_not_matter():
    data = ratings()
    turned = np.random.default_rng(0).permutation(data.n_users)
    ids = data.items.values[data.columns]
    other = Interactions.from_arrays(turned[data.rows], ids, data.values)
    mask = np.arange(len(data)) % 4 == 0
    place = {(turned[i], j): m for i, j, m in zip(data.rows, ids, mask, strict=True)}
    moved = np.array([place[i, j] for i, j in zip(other.rows, other.items.values[other.columns], strict=True)])
    one = compare({"a": als(1, dtype="float64", tol=0), "b": als(3, dtype="float64", tol=0)},
                  splits.from_masks(data, mask), "rmse")  # fmt: skip
    two = compare({"a": als(1, dtype="float64", tol=0), "b": als(3, dtype="float64", tol=0)},
                  splits.from_masks(other, moved), "rmse")  # fmt: skip
    assert one.differences[0].difference == pytest.approx(two.differences[0].difference, rel=1e-6)
    assert one.differences[0].p == pytest.approx(two.differences[0].p, abs=0.01)


def test_comparisons_as_tables():
    found = compare(MODELS, splits.random_cells(ratings()), ["rmse", "coverage@5"], n_resamples=200)
    text = str(found)
    for part in ("* is best", "biases − als", "p (Holm)", "adjusted for 3 differences", "two-sided paired permutation"):
        assert part in text
    assert found.to_frame().shape == (6, 8)
    assert found.scores_frame()["model"].tolist() == ["biases", "small", "als"] * 2
    assert repr(found).startswith("Comparison(3 models; rmse: als best")
    assert found.models == list(MODELS)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"models": {"a": als()}}, "at least two"),
        ({"test": "t"}, "test must be"),
        ({"by": "item"}, "by 'user' or 'cell'"),
        ({"level": 95}, "level"),
        ({"level": "a"}, "level must lie between 0 and 1, such as 0.95, got 'a'"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"seed": 1.5}, "seed must be a whole number of at least 0, got 1.5"),
        ({"n_resamples": 0}, "n_resamples"),
        ({"metrics": "accuracy"}, "no metric 'accuracy'"),
    ],
)
def test_bad_comparisons_are_refused(how, message):
    given = {"models": MODELS, "splits": splits.random_cells(ratings()), "metrics": "rmse"} | how
    with pytest.raises(ValueError, match=message):
        compare(**given)
