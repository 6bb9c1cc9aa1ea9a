from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from alsatian import ALS, ImplicitALS, Interactions, Recommender
from alsatian.data import UnknownIdError
from alsatian.models import NoEntryWarning
from alsatian.recommend import UnknownIdWarning
from listeners import MODELS, fitted, frame


def scores(recommender: Recommender) -> np.ndarray:
    """All scores, by brute force."""
    model = recommender.model_
    found = model.row_factors_.astype(np.float64) @ model.column_factors_.T.astype(np.float64) + model.mean_
    if model.row_bias_ is not None:
        found = found + model.row_bias_[:, np.newaxis]
    if model.column_bias_ is not None:
        found = found + model.column_bias_
    return found


@pytest.mark.parametrize("name", MODELS)
def test_lists_are_the_best_unseen_items_and_their_scores_those_of_predict(name: str) -> None:
    recommender = fitted(name)
    lists = recommender.recommend(n=7)
    assert lists.queries.tolist() == recommender.users_.to_list()
    every = scores(recommender)
    for row, user in enumerate(lists.queries):
        seen = set(recommender.interactions_.history(user)[0].tolist())
        ids = lists.ids[row][lists.mask[row]].tolist()
        assert not seen & set(ids)
        assert len(ids) == len(set(ids)) == min(7, 20 - len(seen))
        assert all(a >= b for a, b in zip(lists.scores[row], lists.scores[row][1:], strict=False) if not np.isnan(b))
        unseen = [s for item, s in zip(recommender.items_.to_list(), every[row], strict=True) if item not in seen]
        np.testing.assert_allclose(lists.scores[row][lists.mask[row]], np.sort(unseen)[::-1][: len(ids)], atol=1e-4)
        if ids:
            np.testing.assert_allclose(lists.scores[row][lists.mask[row]], recommender.predict(user, ids), atol=1e-5)


def test_more_than_there_is_gives_shorter_lists_and_never_a_padded_id() -> None:
    recommender = fitted()
    lists = recommender.recommend(["u3", "u0"], n=50)
    for row, user in enumerate(["u3", "u0"]):
        assert lists.mask[row].sum() == 20 - len(recommender.interactions_.history(user)[0])
    assert (lists.positions[~lists.mask] == -1).all()
    assert np.isnan(lists.scores[~lists.mask]).all()
    assert all(id is None for id in lists.ids[~lists.mask])
    assert lists.ids.shape == (2, 20)
    assert recommender.recommend("u3", n=10**12).ids.shape == (1, 20)
    assert len(lists["u3"]) == lists.mask[0].sum()
    everything = recommender.recommend("u3", n=50, exclude_seen=False)
    assert sorted(everything.ids[0][everything.mask[0]].tolist()) == recommender.items_.to_list()


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3", None])
def test_the_length_has_to_be_a_number_from_one_up(n: Any) -> None:
    recommender = fitted()
    for call in (
        recommender.recommend,
        recommender.similar_items,
        recommender.similar_users,
        recommender.recommend_for,
    ):
        argument: Any = {recommender.similar_items: 100, recommender.recommend_for: [100]}.get(call, "u1")
        with pytest.raises(ValueError, match="n, the length of the lists"):
            call(argument, n=n)


@pytest.mark.parametrize("unknown", ["nobody", -1, 5, None, 1.5])
def test_an_unknown_user_is_named(unknown: Any) -> None:
    with pytest.raises(KeyError, match=str(unknown)):
        fitted().recommend(["u1", unknown] if unknown is not None else ["u1", "None"])


def test_numbers_and_texts_are_different_ids() -> None:
    recommender = fitted()
    for call in (lambda: recommender.similar_items("100"), lambda: recommender.recommend("u1", only=["100"])):
        with pytest.raises(UnknownIdError, match=r"'100'.*ids are not converted"):
            call()


def test_only_and_exclude_work_together_on_every_listing() -> None:
    recommender = fitted()
    only, exclude = [101, 105, 110, 112], {105}
    calls = {
        "recommend": recommender.recommend("u2", n=9, exclude_seen=False, only=only, exclude=exclude),
        "recommend_for": recommender.recommend_for({103: 2.0}, n=9, only=only, exclude=exclude),
        "similar_items": recommender.similar_items(103, n=9, only=only, exclude=exclude),
    }
    for name, lists in calls.items():
        assert set(lists.ids[lists.mask].tolist()) == {101, 110, 112}, name
    users = recommender.similar_users("u2", n=9, only=["u1", "u2", "u3"], exclude="u3")
    assert users.ids[users.mask].tolist() == ["u1"]


def test_each_user_may_have_limits_of_its_own() -> None:
    recommender = fitted()
    lists = recommender.recommend(
        ["u1", "u2", "u3"],
        n=20,
        exclude_seen=False,
        only={"u1": [101, 102, 103]},
        exclude={"u1": [102], "u2": [104, 105]},
    )
    assert {id for id, _ in lists["u1"]} == {101, 103}
    assert {id for id, _ in lists["u2"]} == set(recommender.items_) - {104, 105}
    assert {id for id, _ in lists["u3"]} == set(recommender.items_)
    others = recommender.recommend("u1", n=20, exclude={"u9": [101]})  # a list of everybody's may be given as it is
    assert others["u1"] == recommender.recommend("u1", n=20)["u1"]
    nothing = recommender.recommend("u1", only=[])
    assert not nothing.mask.any()
    assert nothing["u1"] == []


def test_seen_items_and_excluded_ones_add_up() -> None:
    recommender = fitted()
    seen = set(recommender.interactions_.history("u4")[0].tolist())
    unseen = sorted(set(recommender.items_) - seen)
    lists = recommender.recommend("u4", n=20, exclude={"u4": unseen[:2]})
    assert {id for id, _ in lists["u4"]} == set(unseen[2:])


@pytest.mark.parametrize("name", MODELS)
def test_a_visitor_with_the_past_of_a_user_gets_the_same_list(name: str) -> None:
    recommender = fitted(name)
    table = frame()
    own = table[table["user"] == "u5"]
    expected = recommender.recommend("u5", n=6)
    for visit in (
        own,
        Interactions.from_frame(own),
        dict(zip(own["item"], own["rating"], strict=True)),
        pl.DataFrame(own),
    ):
        lists = recommender.recommend_for(visit, n=6)
        np.testing.assert_array_equal(lists.positions, expected.positions)
        np.testing.assert_array_equal(lists.scores, expected.scores)


def test_a_visitor_may_come_with_ids_alone() -> None:
    recommender = fitted()
    by_ids, by_values = recommender.recommend_for([100, 103]), recommender.recommend_for({100: 1, 103: 1})
    np.testing.assert_array_equal(by_ids.positions, by_values.positions)
    assert by_ids.queries.tolist() == [None]
    assert not recommender.recommend_for({}).mask.any()
    with pytest.raises(UnknownIdError, match="999"):
        recommender.recommend_for([999])


def test_a_user_without_an_interaction() -> None:
    table = frame()
    known = Interactions.from_frame(table).with_ids(users=[*Interactions.from_frame(table).users, "new"])
    with pytest.warns(NoEntryWarning):
        implicit = Recommender(MODELS["implicit"]).fit(known)
    assert implicit.recommend("new")["new"] == []
    with pytest.warns(NoEntryWarning):
        ratings = Recommender(MODELS["ratings"]).fit(known)
    best = np.argsort(-ratings.model_.column_bias_)[:3]
    assert [id for id, _ in ratings.recommend("new", n=3)["new"]] == ratings.items_[best].tolist()


def test_an_item_without_an_interaction_is_never_listed_and_similar_to_nothing() -> None:
    known = Interactions.from_frame(frame())
    known = known.with_ids(items=[*known.items, 500])
    with pytest.warns(NoEntryWarning):
        recommender = Recommender(MODELS["implicit"]).fit(known)
    assert 500 not in recommender.recommend(n=21, exclude_seen=False).ids[:, :20]
    with pytest.warns(NoEntryWarning, match="500"):
        assert recommender.similar_items([500, 100], n=3)[500] == []
    everywhere = recommender.similar_items(100, n=30)
    assert np.isfinite(everywhere.scores[everywhere.mask]).all()
    assert 500 not in everywhere.ids[everywhere.mask]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("side", ["items", "users"])
def test_similarity_is_the_cosine_and_never_beyond_one(name: str, side: str) -> None:
    recommender = fitted(name)
    factors = recommender.model_.column_factors_ if side == "items" else recommender.model_.row_factors_
    unit = factors / np.linalg.norm(factors, axis=1, keepdims=True)
    ids = recommender.items_ if side == "items" else recommender.users_
    call = recommender.similar_items if side == "items" else recommender.similar_users
    lists = call(ids.to_list(), n=len(ids))
    for row in range(len(ids)):
        assert lists.mask[row].sum() == len(ids) - 1
        assert row not in lists.positions[row]
        np.testing.assert_allclose(lists.scores[row][:-1], (unit[row] @ unit.T)[lists.positions[row][:-1]], atol=1e-5)
    assert np.abs(lists.scores[lists.mask]).max() <= 1
    products = call(ids.to_list()[0], n=3, metric="dot")
    np.testing.assert_allclose(products.scores[0], np.sort(np.delete(factors @ factors[0], 0))[::-1][:3], rtol=1e-4)
    with pytest.raises(ValueError, match="metric must be"):
        call(ids.to_list()[0], metric="euclid")


def test_equal_scores_are_ranked_in_the_order_of_the_ids() -> None:
    table = pd.DataFrame({"user": ["a", "a", "a", "b", "b", "b", "c"], "item": [3, 1, 2, 3, 1, 2, 9]})
    recommender = Recommender(ImplicitALS(2, random_state=0)).fit(table)  # 1, 2 and 3 are alike
    assert [id for id, _ in recommender.recommend("c", n=3)["c"]] == [1, 2, 3]


@pytest.mark.parametrize("n", [1, 2, 5, 39])
def test_items_of_one_direction_are_similar_in_the_order_of_the_ids(n: int) -> None:
    rng = np.random.default_rng(0)
    recommender = fitted(items=40, users=50)
    model = recommender.model_
    direction = rng.normal(size=5)
    model.column_factors_[5:35] = direction * rng.uniform(0.1, 3, size=(30, 1))  # cosines of one, but for rounding
    lists = recommender.similar_items(120, n=n)
    ones = lists.scores[0] == 1
    assert ones.sum() >= min(n, 5)
    assert (np.diff(lists.positions[0][ones]) > 0).all()
    unit = model.column_factors_ / np.linalg.norm(model.column_factors_.astype(np.float64), axis=1, keepdims=True)
    assert (np.diff(lists.scores[0]) <= 0).all()
    np.testing.assert_allclose(lists.scores[0], np.sort((unit @ unit[20])[np.arange(40) != 20])[::-1][:n], atol=1e-6)
    some = recommender.similar_items([120, 100], n=n, only=[101, 134, 130])
    assert some.to_list()[0] == recommender.similar_items([120], n=n, only=[101, 134, 130]).to_list()[0]


@pytest.mark.parametrize("name", MODELS)
def test_contributions_sum_to_the_score(name: str) -> None:
    recommender = fitted(name)
    for user in ("u0", "u7", "u21"):
        for item in (100, 107, 119):
            why = recommender.explain(user, item)
            assert why.score == pytest.approx(why.base + why.contributions.sum(), abs=1e-12)
            np.testing.assert_allclose(
                why.score, recommender.predict(user, item)[0], atol=1e-4 if name != "no bias" else 1e-9
            )
            items, values = recommender.interactions_.history(user)
            assert dict(zip(why.items.tolist(), why.values.tolist(), strict=True)) == dict(
                zip(items.tolist(), values.tolist(), strict=True)
            )
            assert (np.diff(np.abs(why.contributions)) <= 0).all()


def test_contributions_sum_to_the_score_with_dislikes_and_weights() -> None:
    table = frame()
    disliked = table.assign(rating=np.where(table["rating"] < 3, -table["rating"], table["rating"]))
    recommender = Recommender(ImplicitALS(5, random_state=0, dtype="float64")).fit(disliked)
    assert abs(recommender.explain("u1", 102).score - recommender.predict("u1", 102)[0]) < 1e-9
    weighted = table.assign(importance=np.linspace(0.5, 3, len(table)))
    ratings = Recommender(ALS(4, bias="both", random_state=0)).fit(weighted, weight="importance")
    assert abs(ratings.explain("u1", 102).score - ratings.predict("u1", 102)[0]) < 1e-4


def test_unknown_pairs_are_predicted_by_what_is_left_and_counted() -> None:
    recommender = fitted("ratings")
    model = recommender.model_
    with pytest.warns(UnknownIdWarning, match="Of 4 pairs 2 are of an unknown user and 2 of an unknown item"):
        predicted = recommender.predict(["u1", "x", "u1", "x"], [100, 100, 7, 7])
    row, column = recommender.users_.position("u1"), recommender.items_.position(100)
    expected = [model.mean_ + model.column_bias_[column], model.mean_ + model.row_bias_[row], model.mean_]
    np.testing.assert_allclose(predicted[1:], expected, rtol=1e-6)
    with pytest.warns(UnknownIdWarning):
        assert fitted("implicit").predict("x", 100)[0] == 0
    with pytest.raises(ValueError, match="must pair up"):
        recommender.predict(["u1", "u2"], [100, 101, 102])


def test_predictions_are_clipped_where_the_model_is() -> None:
    recommender = Recommender(ALS(4, bias="both", clip=(2, 4), random_state=0)).fit(frame())
    assert recommender.predict("u1", recommender.items_).max() <= 4
    lists = recommender.recommend(n=5)
    assert lists.scores[lists.mask].max() <= 4


def test_what_it_is_given_may_be_anything_that_holds_rows() -> None:
    table = frame()
    expected = Recommender(MODELS["implicit"]).fit(table).recommend(n=5).positions
    for given in (
        pl.DataFrame(table),
        pl.LazyFrame(table),
        pl.DataFrame(table).to_arrow(),
        Interactions.from_frame(table),
    ):
        np.testing.assert_array_equal(Recommender(MODELS["implicit"]).fit(given).recommend(n=5).positions, expected)
    renamed = table.rename(columns={"user": "who", "item": "what", "rating": "how much"})
    recommender = Recommender(MODELS["implicit"]).fit(renamed, user="who", item="what", value="how much")
    np.testing.assert_array_equal(recommender.recommend(n=5).positions, expected)


def test_what_cannot_be_is_told() -> None:
    recommender = Recommender()
    for call in (lambda: recommender.recommend("a"), lambda: recommender.model_, lambda: recommender.save("x")):
        with pytest.raises(Exception, match="not fitted yet: call fit"):
            call()
    with pytest.raises(TypeError, match="model must be an ALS"):
        Recommender("magic").fit(frame())
    with pytest.raises(ValueError, match="weights, which ImplicitALS does not take"):
        Recommender().fit(frame().assign(importance=1.5), weight="importance")
    with pytest.raises(TypeError, match="user says how a frame is read"):
        Recommender().fit(Interactions.from_frame(frame()), user="user")


def test_the_presets() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert isinstance(Recommender().fit(frame()).model_, ImplicitALS)
        ratings = Recommender("ratings").fit(frame()).model_
    assert isinstance(ratings, ALS)
    assert ratings.bias == "both"
    assert ratings.row_factors_.dtype == np.float32


def test_the_model_given_is_not_changed() -> None:
    model = ImplicitALS(3, random_state=0)
    Recommender(model).fit(frame())
    assert not hasattr(model, "row_factors_")


def test_listings_as_frames_and_dicts() -> None:
    recommender = fitted()
    lists = recommender.recommend(["u1", "u2"], n=4)
    table = lists.to_frame()
    assert list(table.columns) == ["user", "rank", "item", "score"]
    assert table.groupby("user")["rank"].apply(list).tolist() == [[1, 2, 3, 4]] * 2
    assert lists.to_frame("polars").shape == lists.to_frame("pyarrow").shape == (8, 4)
    assert lists.to_dict() == {"u1": lists["u1"], "u2": lists["u2"]}
    assert lists.to_list() == list(lists) == [lists["u1"], lists["u2"]]
    assert "u1" in repr(lists)
    with pytest.raises(KeyError, match="'u3' is not among the 2"):
        lists["u3"]
    assert list(recommender.similar_items(100, n=2).to_frame().columns) == ["item", "rank", "similar", "score"]


def test_ids_of_mixed_types_live_side_by_side() -> None:
    users, items = ["a", 5, "5", 2**31 + 1, -7, "a"], ["x", 1, "1", "x", 1, "1"]
    recommender = Recommender(ImplicitALS(2, random_state=0)).fit(Interactions.from_arrays(users, items))
    assert {id for id, _ in recommender.recommend([5], n=9)[5]} == {"x", "1"}
    assert {id for id, _ in recommender.recommend(["5"], n=9)["5"]} == {"x", 1}
    assert recommender.recommend(-7, n=1).mask.all()
    with pytest.raises(UnknownIdError, match="-8"):
        recommender.recommend(-8)


def test_a_cell_of_zero_says_nothing_and_neither_do_dislikes_alone() -> None:
    table = pd.concat([
        frame(),
        pd.DataFrame({"user": ["u1", "idle", "grump"], "item": [900, 101, 102], "rating": [0.0, 0.0, -3.0]}),
    ])  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        recommender = Recommender(MODELS["implicit"]).fit(table)
    lists = recommender.recommend(["u2", "idle", "grump"], n=30)
    assert 900 not in {id for id, _ in lists["u2"]}
    assert lists["idle"] == lists["grump"] == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        assert recommender.recommend_for({103: 0.0}).to_list() == [[]]


def test_a_zero_is_no_interaction_of_implicit_feedback_in_any_container() -> None:
    rng = np.random.default_rng(0)
    X = rng.poisson(0.4, size=(12, 9)).astype(np.float64)
    X[3] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        expected = Recommender(MODELS["implicit"]).fit(Interactions.from_matrix(csr_array(X)))
        dense = Recommender(MODELS["implicit"]).fit(Interactions.from_matrix(X))
        rows, columns = np.indices(X.shape).reshape(2, -1)
        table = pd.DataFrame({"user": rows, "item": columns, "plays": X[rows, columns]})
        framed = Recommender(MODELS["implicit"]).fit(table)
    for recommender in (dense, framed):
        assert recommender.interactions_ == expected.interactions_
        np.testing.assert_array_equal(recommender.recommend(n=9).scores, expected.recommend(n=9).scores)
    popular = dense.recommend(3, fallback="popular")[3]
    assert [count for _, count in popular] == sorted((X > 0).sum(axis=0), reverse=True)
    visit = pd.DataFrame({"user": "v", "item": np.arange(9), "plays": X[0]})
    bought = np.flatnonzero(X[0])
    own = expected.recommend_for(dict(zip(bought.tolist(), X[0, bought].tolist(), strict=True)), n=9)
    for given in (visit, dict(enumerate(X[0].tolist()))):
        lists = dense.recommend_for(given, n=9)
        np.testing.assert_array_equal(lists.positions, own.positions)
    assert dense.recommend_for({0: 0.0, 1: 0.0}, fallback="popular").mask.all()


def test_an_update_that_comes_to_zero_takes_an_interaction_back() -> None:
    recommender = fitted()
    item, value = (part[0] for part in recommender.interactions_.history("u1"))
    assert item not in {id for id, _ in recommender.recommend("u1", n=20)["u1"]}
    recommender.update(pd.DataFrame({"user": ["u1", "u2"], "item": [item, 900], "rating": [-value, 0.0]}))
    assert item not in recommender.interactions_.history("u1")[0]
    assert item in {id for id, _ in recommender.recommend("u1", n=20)["u1"]}
    assert 900 in recommender.items_
    assert 900 not in recommender.interactions_.history("u2")[0]


def test_ratings_of_zero_are_seen() -> None:
    X = np.random.default_rng(0).integers(0, 3, size=(6, 5)).astype(np.float64)
    recommender = Recommender(MODELS["ratings"]).fit(Interactions.from_matrix(X))
    assert len(recommender.interactions_) == X.size
    assert not recommender.recommend(n=5).mask.any()


@pytest.mark.parametrize("name", ["ratings", "no bias", "implicit"])
def test_nobody_is_explained_by_the_base_alone(name: str) -> None:
    recommender = fitted(name)
    nothing = recommender.interactions_.of_users(["u1"])
    recommender.update(nothing.select(np.zeros(len(nothing), dtype=bool)), mode="replace")
    why = recommender.explain("u1", 104)
    assert why.items.size == 0
    assert why.score == why.base == pytest.approx(float(recommender.predict("u1", 104)[0]), abs=1e-6)


def test_unknown_items_of_a_visitor_can_be_ignored() -> None:
    recommender = fitted()
    expected = recommender.recommend_for({100: 3.0})
    for visit in ({100: 3.0, 999: 5.0}, pd.DataFrame({"user": ["v"] * 2, "item": [100, 999], "rating": [3.0, 5.0]})):
        with pytest.raises(UnknownIdError, match="999"):
            recommender.recommend_for(visit)
        np.testing.assert_array_equal(recommender.recommend_for(visit, unknown="ignore").positions, expected.positions)
    with pytest.raises(ValueError, match="unknown must be"):
        recommender.recommend_for([100], unknown="drop")  # type: ignore[arg-type]


def test_words_that_are_no_truth_values_are_refused() -> None:
    for call in (
        lambda: fitted().recommend("u1", exclude_seen="no"),
        lambda: fitted().recommend_for([100], exclude_seen=0),
    ):
        with pytest.raises(TypeError, match="exclude_seen must be True or False"):
            call()


def test_ratings_without_a_column_of_values_are_refused() -> None:
    with pytest.raises(ValueError, match="every value is 1"):
        Recommender("ratings").fit(frame().rename(columns={"rating": "my vote"}))


def test_ids_that_no_column_holds_are_told() -> None:
    recommender = Recommender(ImplicitALS(2, random_state=0)).fit(Interactions.from_arrays(["a", 5, "b"], ["x", 1, 1]))
    with pytest.raises(TypeError, match="use to_dict"):
        recommender.recommend(n=2, exclude_seen=False).to_frame("polars")
    with pytest.raises(ValueError, match="backend must be one of"):
        recommender.recommend(n=2).to_frame("dask")  # type: ignore[arg-type]


def test_an_interrupted_fit_leaves_its_last_whole_iteration() -> None:
    class Impatient:
        def setup(self, estimator: Any, context: Any) -> None: ...
        def teardown(self, estimator: Any, context: Any) -> None: ...
        def on_fit_task_begin(self, estimator: Any, context: Any, **_: Any) -> None: ...
        def on_fit_task_end(self, estimator: Any, context: Any, **_: Any) -> None:
            if len(getattr(estimator, "history_", ())) == 3:
                raise KeyboardInterrupt

    recommender = Recommender(ImplicitALS(4, random_state=0, max_iter=50, tol=0).set_callbacks(Impatient()))
    with pytest.raises(KeyboardInterrupt):
        recommender.fit(frame())
    assert recommender.model_.n_iter_ == 3
    assert recommender.recommend("u1").mask.any()
    known = recommender.interactions_
    np.testing.assert_array_equal(recommender.model_.transform(known.csr), recommender.model_.row_factors_)
    own = recommender.recommend_for(known.of_users(["u1", "u2"]), n=9)
    np.testing.assert_array_equal(own.positions, recommender.recommend(["u1", "u2"], n=9).positions)
    why = recommender.explain("u1", 104)
    assert why.score == pytest.approx(float(recommender.predict("u1", 104)[0]), abs=1e-5)


def test_parameters_are_those_of_scikit_learn() -> None:
    recommender = Recommender(ImplicitALS(3, random_state=0))
    assert recommender.get_params(deep=False) == {"model": recommender.model}
    assert recommender.get_params()["model__n_components"] == 3
    assert recommender.set_params(model__n_components=4, model__reg=0.1).model.reg == 0.1
    again = clone(recommender.fit(frame()))
    assert again.model.n_components == 4
    assert again.model is not recommender.model
    with pytest.raises(NotFittedError):
        again.recommend()
    assert again.set_params(model=ALS(2), model__reg=0.5).model.reg == 0.5
    assert clone(Recommender("ratings")).get_params() == {"model": "ratings"}
    for wrong in ({"reg": 1}, {"model__colour": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong)).removeprefix("model__")):
            recommender.set_params(**wrong)
    with pytest.raises(ValueError, match="no parameter 'model__reg'"):
        Recommender("ratings").set_params(model__reg=1)


class Unmultiplied(np.ndarray):
    """An array that may not be multiplied as a matrix."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **how: Any) -> Any:
        assert ufunc is not np.matmul
        return getattr(ufunc, method)(*map(np.asarray, inputs), **how)


def test_one_call_does_not_work_out_what_all_share(monkeypatch: pytest.MonkeyPatch) -> None:
    recommender = fitted()
    expected = recommender.explain("u1", 104).score
    explainer = recommender._fitted.explainer
    explainer._offset = explainer._offset.view(Unmultiplied)  # of all items: multiplied once, not for each call
    assert recommender.explain("u1", 104).score == expected
    monkeypatch.setattr(ImplicitALS, "_validate_params", None)  # checks of parameters are for those who set them
    assert float(recommender.predict("u1", 104)[0]) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_who_has_no_past_gets_what_is_popular_if_asked_for(name: str) -> None:
    known = Interactions.from_frame(frame())
    known = known.with_ids(users=[*known.users, "new", "newer"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        recommender = Recommender(MODELS[name]).fit(known)
    counts = np.bincount(known.columns, minlength=20)
    best = np.argsort(-counts, kind="stable")
    lists = recommender.recommend(["u1", "new", "newer"], n=4, exclude={"newer": [best[0] + 100]}, fallback="popular")
    assert lists["new"] == [(item + 100, counts[item]) for item in best[:4]]
    assert lists["newer"] == [(item + 100, counts[item]) for item in best[1:5]]
    assert lists["u1"] == recommender.recommend("u1", n=4)["u1"]
    assert recommender.recommend_for([], n=4, fallback="popular")[None] == lists["new"]
    only = recommender.recommend_for({}, n=4, only=[103, 101], fallback="popular")
    assert {item for item, _ in only[None]} == {101, 103}
    for call in (recommender.recommend, lambda **how: recommender.recommend_for([100], **how)):
        with pytest.raises(ValueError, match="fallback must be None or 'popular'"):
            call(fallback="random")


def test_of_what_was_not_liked_nothing_is_popular() -> None:
    table = frame().assign(rating=lambda t: np.where(t["item"] == 101, -1.0, t["rating"]))
    table.loc[table.index[table["item"] == 101][0], "rating"] = 1.0
    recommender = Recommender(MODELS["implicit"]).fit(table)
    lists = recommender.recommend_for([], n=20, fallback="popular")
    assert lists[None][-1] == (101, 1)


def test_a_sparse_matrix_has_positions_for_ids() -> None:
    X = csr_array(np.random.default_rng(0).poisson(0.5, size=(12, 9)).astype(np.float64))
    for name in ("implicit", "zeros"):
        made = Recommender(MODELS[name]).fit(X)
        expected = Recommender(MODELS[name]).fit(Interactions.from_matrix(X))
        assert made.interactions_ == expected.interactions_
        np.testing.assert_array_equal(made.recommend(n=3).ids, expected.recommend(n=3).ids)
    assert Recommender(MODELS["implicit"]).fit(X.tocoo(), dtype="float64").interactions_.dtype == np.float64
    ones = csr_array(X > 0).astype(np.float64)
    assert len(Recommender(MODELS["ratings"]).fit(ones).users_) == 12
    with pytest.raises(TypeError, match="value says how a frame is read, but a sparse matrix is given"):
        made.fit(X, value="plays")
    for call in (made.update, made.recommend_for):
        with pytest.raises(TypeError, match=r"from_matrix\(X, users=\[...\], items=recommender.items_\)"):
            call(X)
    with pytest.raises(TypeError, match=r"Interactions\.from_matrix a matrix"):
        made.fit(X.toarray())


def test_nobody_is_not_everybody_where_the_nearest_are_asked_for() -> None:
    recommender = fitted()
    with pytest.raises(TypeError, match=r"users are needed, got None.* give users_ of the recommender"):
        recommender.similar_users(None)
    with pytest.raises(TypeError, match=r"items are needed, got None.* give items_ of the recommender"):
        recommender.similar_items(None)
    assert len(recommender.similar_users(recommender.users_)) == 30


@pytest.mark.parametrize("index", [["user", "item"], ["user"], ["item"]])
def test_ids_in_the_index_of_a_frame_are_told(index: list[str]) -> None:
    table = frame().set_index(index)
    for how in ({}, {index[0]: index[0]}):
        with pytest.raises(ValueError, match=rf"Its index has '{index[0]}'.*reset_index\(\) makes columns of it"):
            Recommender().fit(table, **how)
    assert Recommender(MODELS["implicit"]).fit(table.reset_index()).recommend("u1", n=1).mask.all()
    with pytest.raises(TypeError, match=r"got Series\. series\.reset_index\(\) makes a frame"):
        Recommender().fit(table.rating)
    with pytest.raises(ValueError, match="the frame has no columns, but one of users"):
        Recommender().fit(pd.DataFrame())
