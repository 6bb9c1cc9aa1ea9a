"""`evaluate`: equal to fitting and judging by hand, and nobody lost in silence."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

from alsatian import ALS, CellRegressor, ImplicitALS, Interactions, Recommender
from alsatian.evaluation import Score, compare, cross_validate, evaluate, metrics, splits
from alsatian.evaluation._metric import metric_names, parse, parse_all
from evaluation.judging import als, best_unseen, implicit, plays, ratings

LISTS = [
    "precision@5", "recall@5", "recall_min@5", "hit_rate@5", "map@5", "map_min@5", "mrr@5", "ndcg@5", "ndcg_linear@5",
    "ndcg_exponential@5",
]  # fmt: skip
BY_HAND = [
    metrics.precision, metrics.recall, metrics.capped_recall, metrics.hit_rate, metrics.average_precision,
    metrics.capped_average_precision, metrics.reciprocal_rank, metrics.ndcg,
    lambda j, k: metrics.ndcg(j, k, gain="linear"), lambda j, k: metrics.ndcg(j, k, gain="exponential"),
]  # fmt: skip


def fitted_by_hand(model, matrix, weights=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(matrix) if weights is None else model.fit(matrix, weights=weights)


def test_errors_of_cells_equal_those_by_hand():
    split = splits.random_cells(ratings(), test=0.3)
    found = evaluate(als(clip=(1, 5)), split, ["rmse", "mae", "r2", "calibration_error"])
    model = fitted_by_hand(als(clip=(1, 5)), split.train.csr)
    cells = split.test.values, model.predict_cells(split.test.rows, split.test.columns)
    assert found["rmse"].value == metrics.rmse(*cells)
    assert found["mae"].value == metrics.mae(*cells)
    assert found["r2"].value == metrics.r2(*cells)
    assert found["calibration_error"].value == metrics.calibration(*cells).error
    assert found["rmse"].interval() == metrics.rmse(*cells, users=split.test.rows).interval()
    assert found.users.tolist() == split.test.users[split.test_users].tolist()


@pytest.mark.parametrize("exclude_seen", [True, False])
def test_lists_equal_those_by_hand(exclude_seen):
    split = splits.random_per_user(plays(), test=0.3)
    found = evaluate(implicit(), split, [*LISTS, "auc", "coverage@5", "gini@5", "novelty@5", "popularity_lift@5"],
                     exclude_seen=exclude_seen)  # fmt: skip
    model = fitted_by_hand(implicit(), split.train.csr)
    scores = (model.row_factors_ @ model.column_factors_.T)[split.test_users]
    seen, listable = split.train.csr.toarray() > 0, (split.train.csr.toarray() > 0).any(axis=0)
    seen = seen[split.test_users] & exclude_seen
    lists = best_unseen(scores, seen, listable, 5)
    judged = metrics.judge(lists, split.test, users=split.test_users)
    for name, measure in zip(LISTS, BY_HAND, strict=True):
        np.testing.assert_array_equal(found[name].per_user, measure(judged, 5).per_user, err_msg=name)
    for row in range(3):
        own = np.flatnonzero(~seen[row])
        hits = split.test.csr.toarray()[split.test_users[row]][own] > 0
        a, b = scores[row][own][hits], scores[row][own][~hits]
        share = np.mean((a[:, None] > b) + 0.5 * (a[:, None] == b))
        assert found["auc"].per_user[row] == pytest.approx(share, abs=1e-6)
    assert found["coverage@5"].value == metrics.coverage(lists, split.train.n_items)
    assert found["gini@5"].value == metrics.gini(lists, split.train.n_items)
    np.testing.assert_array_equal(found["novelty@5"].per_user, metrics.novelty(lists, split.train).per_user)
    lift = metrics.popularity_bias(lists, split.train, users=split.test_users).lift
    assert found["popularity_lift@5"].value == lift


def test_lists_of_ratings_count_what_is_liked_only():
    split = splits.random_per_user(ratings(), test=0.4)
    found = evaluate(als(), split, "recall@5", relevant_from=4)
    liked = split.test.select(split.test.values >= 4)
    model = fitted_by_hand(als(), split.train.csr)
    scores = model.inverse_transform(model.row_factors_, model.row_bias_)[split.test_users]
    train = split.train.csr.toarray() > 0
    lists = best_unseen(scores, train[split.test_users], train.any(axis=0), 5)
    by_hand = metrics.recall(metrics.judge(lists, liked, users=split.test_users), 5)
    np.testing.assert_array_equal(found["recall@5"].per_user, by_hand.per_user)
    assert found["recall@5"].n_left_out == by_hand.n_left_out > 0
    assert f"Left out: {by_hand.n_left_out} users (no relevant test item) in recall@5." in str(found)


@pytest.mark.parametrize(
    "model",
    [implicit(objective="ials"), als(bias="rows"), als(absent="zero"), als()],
    ids=["ials", "rows", "zero", "both"],
)
def test_strong_generalization_fits_on_others_and_folds_in(model):
    data = ratings()
    split = splits.strong_generalization(data, users=10, held_out=0.3)
    found = evaluate(model, split, "ndcg@6")
    train = split.train.csr
    having = np.flatnonzero(np.diff(train.indptr))
    assert having.size == data.n_users - 10
    fitted = fitted_by_hand(model, train[having])
    users = split.test_users
    told = fitted.transform(
        split.fold_in.csr[users], **({} if isinstance(model, ImplicitALS) else {"return_bias": True})
    )
    factors, bias = told if isinstance(told, tuple) else (told, None)
    scores = fitted.inverse_transform(factors, bias)
    seen = split.fold_in.csr[users].toarray() > 0
    lists = best_unseen(scores, seen, np.diff(train.tocsc().indptr) > 0, 6)
    by_hand = metrics.ndcg(metrics.judge(lists, split.test, users=users), 6)
    np.testing.assert_allclose(found["ndcg@6"].per_user, by_hand.per_user, atol=1e-12)
    assert found.model.row_factors_.shape[0] == having.size


def test_errors_of_folded_in_users_equal_those_by_hand():
    split = splits.strong_generalization(ratings(), users=10, held_out=0.3)
    found = evaluate(als(), split, "rmse")
    model = found.model
    W, b = model.transform(split.fold_in.csr[split.test_users], return_bias=True)
    scores = model.inverse_transform(W, b)
    place = np.searchsorted(split.test_users, split.test.rows)
    assert found["rmse"].value == pytest.approx(metrics.rmse(split.test.values, scores[place, split.test.columns]))


def test_cold_users_and_items_are_predicted_by_what_is_known_and_counted():
    """CASE 28."""
    data = ratings()
    train = data.select((data.rows != 0) & (data.columns != 1))
    split = splits.from_parts(train, data.select((data.rows == 0) | (data.columns == 1)))
    found = evaluate(als(), split, ["rmse", "mae", "ndcg@5"])
    model = found.model
    outcome = {}
    evaluate(als(), split, [lambda o: outcome.setdefault("cells", o.cells) and 0.0])
    cells = outcome["cells"]
    assert np.isfinite(cells.predicted).all()
    bias, other = model.row_bias_[cells.users], model.column_bias_[cells.items]
    unknown = (cells.users == 0) | (cells.items == 1)
    np.testing.assert_allclose(cells.predicted[unknown], (model.mean_ + bias + other)[unknown], rtol=1e-5)
    assert (model.row_bias_[0], model.column_bias_[1]) == (0, 0)
    assert (found.counts["cold_users"], found.counts["cold_items"]) == (1, 1)
    assert "1 cold users and 1 cold items" in str(found)
    assert found["ndcg@5"].n_left_out == 0


def test_cold_users_of_a_model_without_biases_have_empty_lists_which_count_as_nothing():
    data = plays()
    train = data.select(data.rows != 3)
    split = splits.from_parts(train, data.select((data.rows == 3) | (np.arange(len(data)) % 7 == 0)))
    lists = []
    found = evaluate(implicit(), split, ["recall@5", lambda o: float(len(lists.append(o.lists(5)) or []))])
    row = np.flatnonzero(split.test_users == 3)[0]
    assert (lists[0][row] == -1).all()
    assert found["recall@5"].per_user[row] == 0


def test_cells_that_are_known_too_cannot_be_hit_and_do_not_count():
    train = Interactions.from_arrays([1, 1, 2, 2, 3], list("abacc"))
    test = Interactions.from_arrays([1, 1, 2], list("abb"))
    split = splits.from_parts(train, test)
    found = evaluate(implicit(2), split, "recall@3")
    assert math.isnan(found["recall@3"].per_user[0])
    assert found["recall@3"].per_user[1] == 1
    assert "2 test cells are in what is known, too." in str(found)
    seen = evaluate(implicit(2), split, "recall@3", exclude_seen=False)
    assert seen["recall@3"].n_users == 2


@given(st.integers(0, 2**32), st.integers(1, 12), st.sampled_from(["implicit", "ratings", "zero"]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_metric_of_lists_is_in_range_whatever_comes(seed, k, kind, strong):
    """CASE 33, and the kind behind it: K above the number of items, users without a relevant item, dense data."""
    rng = np.random.default_rng(seed)
    users, items = rng.integers(3, 7), rng.integers(2, 5)
    matrix = np.where(rng.random((users, items)) < rng.choice([0.6, 1.0]), rng.integers(1, 6, (users, items)), np.nan)
    matrix[:, :2] = 3
    data = Interactions.from_matrix(matrix)
    model = {"implicit": implicit(2, max_iter=2), "ratings": als(2, max_iter=2), "zero": als(2, absent="zero")}[kind]
    how = {"users": 1, "held_out": 0.5} if strong else {"test": 1}
    split = (splits.strong_generalization if strong else splits.random_per_user)(data, seed=seed % 99, **how)
    names = [f"{name.split('@')[0]}@{k}" for name in LISTS]
    least = min(int(rng.integers(1, 6)), int(split.test.values.max()))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* is NaN, as it speaks of none of")
        found = evaluate(model, split, [*names, "auc", f"coverage@{k}", f"gini@{k}"], relevant_from=least)
    for name, score in found.items():
        values = np.array([score.value]) if score.per_user is None else score.per_user
        assert ((values >= 0) & (values <= 1) | np.isnan(values)).all(), name
        if score.per_user is not None:
            assert score.n_users + score.n_left_out == split.test_users.size


def test_a_function_is_a_metric():
    split = splits.random_per_user(plays(), test=0.3)

    def longest(outcome):
        return metrics.PerUser("x", (outcome.lists(30) >= 0).sum(axis=1))

    longest.greater_is_better = False
    found = evaluate(implicit(), split, [longest, "coverage@30"])
    assert found["longest"].per_user.max() <= 25
    assert not found["longest"].greater_is_better
    assert isinstance(found["longest"], Score)
    for wrong, error, message in (
        (lambda o: "good", TypeError, "gave str"),
        (lambda o: metrics.PerUser("x", [1.0]), TypeError, "1 values for 4"),
        (lambda o: metrics.PerUser("x", [math.inf] * 40), ValueError, "is infinite for 40 users"),
    ):
        with pytest.raises(error, match=message):
            evaluate(implicit(), split, wrong)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ndgc@10", r"no metric 'ndgc@10'. Did you mean 'ndcg'\? There are: rmse, mae, r2, .*ndcg@K"),
        ("ndcg", "needs K"),
        ("ndcg@0", "needs K"),
        ("ndcg@ten", "needs K"),
        ("rmse@5", "has no K"),
        ("", "no metric ''"),
    ],
)
def test_unknown_metrics_are_refused_with_those_that_there_are(name, message):
    with pytest.raises(ValueError, match=message):
        evaluate(implicit(), splits.random_per_user(plays()), name)


def test_every_name_that_is_listed_is_known():
    for name in metric_names():
        assert parse(name.replace("@K", "@3")).name == name.replace("@K", "@3")
    with pytest.raises(TypeError, match="a metric is a name"):
        parse(3)
    for wrong, message in (([], "empty"), (["rmse", "rmse"], "twice")):
        with pytest.raises(ValueError, match=message):
            parse_all(wrong)


def test_errors_of_cells_are_not_for_preferences():
    with pytest.raises(ValueError, match="scores of ImplicitALS are preferences"):
        evaluate(implicit(), splits.random_cells(plays()), "rmse")


@pytest.mark.parametrize("kind", ["Recommender", "CellRegressor", "name"])
def test_models_come_in_many_forms(kind):
    split = splits.random_cells(ratings(), test=0.3)
    given = {"Recommender": Recommender(als()), "CellRegressor": CellRegressor(als()), "name": "ratings"}[kind]
    found = evaluate(given, split, "mae")
    own = als() if kind != "name" else ALS(32, bias="both", dtype="float32")
    if kind != "name":
        assert found["mae"].value == evaluate(own, split, "mae")["mae"].value
    assert found.model.get_params() == own.get_params()


def test_a_model_is_fitted_anew_and_stays_as_it_was():
    split = splits.random_cells(ratings(), test=0.3)
    everything = fitted_by_hand(als(), ratings().csr)  # has seen the test
    before = everything.row_factors_.copy()
    assert evaluate(everything, split, "rmse")["rmse"].value == evaluate(als(), split, "rmse")["rmse"].value
    np.testing.assert_array_equal(everything.row_factors_, before)


def test_a_fitted_model_is_judged_as_it_is_if_asked():
    split = splits.random_cells(ratings(), test=0.3)
    wanted = evaluate(als(), split, "rmse")["rmse"].value
    model = fitted_by_hand(als(), split.train.csr)
    assert evaluate(model, split, "rmse", refit=False)["rmse"].value == wanted
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recommender = Recommender(als()).fit(split.train)
        other = Recommender(als()).fit(ratings())
    assert evaluate(recommender, split, "rmse", refit=False)["rmse"].value == wanted
    with pytest.raises(ValueError, match="other interactions"):
        evaluate(other, split, "rmse", refit=False)
    with pytest.raises(NotFittedError):
        evaluate(als(), split, "rmse", refit=False)
    with pytest.raises(ValueError, match=r"of shape \(40, 25\), but"):
        evaluate(model, splits.random_cells(ratings(30)), "rmse", refit=False)
    strong = splits.strong_generalization(ratings(), users=10)
    having = np.flatnonzero(np.diff(strong.train.csr.indptr))
    part = fitted_by_hand(als(), strong.train.csr[having])
    assert evaluate(part, strong, "rmse", refit=False)["rmse"].value == evaluate(als(), strong, "rmse")["rmse"].value


def test_zeros_of_implicit_feedback_are_no_past_whatever_the_container():
    X = np.random.default_rng(0).poisson(0.6, size=(20, 15)).astype(np.float64)
    held = np.zeros(X.shape, dtype=bool)
    held[np.arange(20), np.argmax(X, axis=1)] = True
    train, model = np.where(held, 0, X), ImplicitALS(4, random_state=0)
    test = Interactions.from_matrix(csr_array(np.where(held, X, 0)))
    found = []
    for table in (csr_array(train), np.where(held, np.nan, train)):
        split = splits.from_parts(Interactions.from_matrix(table), test)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            recommender = Recommender(model).fit(split.train)
        found += [evaluate(one, split, "ndcg@5", refit=one is model)["ndcg@5"].value for one in (model, recommender)]
    assert len(set(found)) == 1


def test_weights_count_in_the_fit_and_in_the_error():
    data = ratings()
    weights = np.where(np.arange(len(data)) % 3, 1.0, 4.0)
    ids = data.users.values[data.rows], data.items.values[data.columns]
    weighted = Interactions.from_arrays(*ids, data.values, weight=weights)
    split = splits.random_cells(weighted, test=0.3)
    found = evaluate(als(), split, "rmse")["rmse"].value
    model = fitted_by_hand(als(), split.train.csr, split.train.weights)
    predicted = model.predict_cells(split.test.rows, split.test.columns)
    assert found == metrics.rmse(split.test.values, predicted, weight=split.test.weights.data)
    with pytest.raises(ValueError, match="ImplicitALS does not take"):
        evaluate(implicit(), split, "ndcg@5")


def test_what_is_no_split_or_model_is_refused():
    with pytest.raises(TypeError, match="a Split is needed, got Interactions"):
        evaluate(als(), ratings(), "rmse")
    accepted = "an ALS, an ImplicitALS, a Recommender, a CellRegressor, 'implicit' or 'ratings'"
    for model, got in (("als", "'als'"), (ALS, r"the class ALS itself: make a model of it, ALS\(\)")):
        with pytest.raises(TypeError, match=f"model must be {accepted}. Got {got}"):
            evaluate(model, splits.random_cells(ratings()), "rmse")


@pytest.mark.parametrize(
    ("relevant_from", "message"),
    [
        ("4", "relevant_from must be a number, such as 4.0, got '4'"),
        (math.nan, "relevant_from must be a number.*got nan"),
        (
            99,
            "no test cell of random cells.* from relevant_from = 99 on are, and the largest is 5. So ndcg@5, auc would",
        ),
    ],
)
def test_lists_that_would_speak_of_nobody_are_refused(relevant_from, message):
    data, how = ratings(), {"relevant_from": relevant_from}
    split = splits.random_cells(data)
    for call in (
        lambda: evaluate(als(), split, ["rmse", "ndcg@5", "auc"], **how),
        lambda: cross_validate(als(), None, ["ndcg@5", "auc"], splits=[split], **how),
        lambda: compare({"a": als(), "b": als(2)}, split, ["ndcg@5", "auc"], **how),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_where_all_relevant_items_are_known_lists_speak_of_nobody():
    data = ratings()
    again = splits.from_parts(data, splits.random_cells(data).test)
    with pytest.warns(UserWarning, match=r"recall@5 is NaN, as it speaks of none of .* exclude_seen=False"):
        found = evaluate(als(), again, ["recall@5", "rmse"])
    assert math.isnan(found["recall@5"].value)
    assert found["rmse"].value > 0
    assert evaluate(als(), again, "recall@5", exclude_seen=False)["recall@5"].value > 0
    assert evaluate(als(), again, "coverage@5", relevant_from=99)["coverage@5"].value > 0, "of no relevant item"


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_results_as_frames(backend):
    found = evaluate(als(), splits.random_cells(ratings(), test=0.3), ["rmse", "coverage@3"])
    frame = found.to_frame(backend)
    assert list(frame["metric"].to_pylist() if backend == "pyarrow" else frame["metric"]) == ["rmse", "coverage@3"]
    users = found.per_user_frame(backend)
    assert len(users["rmse"]) == found["rmse"].per_user.size


def test_results_tell_their_story():
    found = evaluate(als(), splits.random_cells(ratings(), test=0.3), ["rmse", "coverage@3"])
    assert repr(found).startswith("Evaluation(ALS: rmse ")
    assert "\n" not in repr(found)
    text = str(found)
    for part in ("on random cells, test=0.3", "95% interval", "coverage@3", "Judged by"):
        assert part in text
    assert list(found) == ["rmse", "coverage@3"]
    assert math.isnan(found["coverage@3"].stderr)
    assert repr(found["rmse"]).startswith("rmse ")
    assert repr(found["coverage@3"]).startswith("coverage@3 ")
    with pytest.raises(KeyError, match="was not measured; there are: rmse, coverage@3"):
        found["mae"]
