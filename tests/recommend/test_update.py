from __future__ import annotations

import os
import signal
from threading import Thread
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsatian import ALS, ImplicitALS, Interactions, Recommender
from alsatian.models import NoEntryWarning
from alsatian.objective import loss
from listeners import MODELS, fitted, frame


def arrays(recommender: Recommender) -> list[np.ndarray]:
    model = recommender.model_
    every = (model.row_factors_, model.column_factors_, model.row_bias_, model.column_bias_)
    return [array for array in every if array is not None]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("whose", [["u3"], ["u3", "u9", "u1"]])
def test_replacing_a_history_by_itself_changes_nothing(name: str, whose: list[str]) -> None:
    recommender = fitted(name)
    before = [array.copy() for array in arrays(recommender)]
    table = frame()
    recommender.update(table[table["user"].isin(whose)], mode="replace")
    for old, new in zip(before, arrays(recommender), strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize("name", MODELS)
def test_after_an_update_all_is_as_of_now(name: str) -> None:
    recommender = fitted(name)
    for call in (recommender.similar_items, recommender.similar_users):  # what is worked out once, and must not stay
        call(100 if call == recommender.similar_items else "u1")
    recommender.explain("u1", 100)
    new = pd.DataFrame({
        "user": ["newcomer", "newcomer", "u1", "newcomer"], "item": [100, 104, 999, 999], "rating": [5.0, 1.0, 4.0, 5.0]
    })  # fmt: skip
    recommender.update(new)
    model = recommender.model_
    assert recommender.users_.position("newcomer") == 30
    assert recommender.items_.position(999) == 20
    assert model.row_factors_.shape[0] == 31
    assert model.column_factors_.shape[0] == model.n_features_in_ == 21
    # Every row is the solution for the items as they are.
    np.testing.assert_array_equal(model.row_factors_, model.transform(recommender.interactions_.csr))
    unit = model.column_factors_ / np.linalg.norm(model.column_factors_, axis=1, keepdims=True)
    lists = recommender.similar_items(999, n=20)
    np.testing.assert_allclose(lists.scores[0], np.sort(unit[:20] @ unit[20])[::-1], atol=1e-5)
    seen = {id for id, _ in recommender.explain("newcomer", 101).to_list()}
    assert seen == {100, 104, 999}
    assert not seen & {id for id, _ in recommender.recommend("newcomer", n=30)["newcomer"]}
    why = recommender.explain("newcomer", 101)
    assert why.score == pytest.approx(float(recommender.predict("newcomer", 101)[0]), abs=1e-4)


def excess(recommender: Recommender) -> float:
    """The loss over that of a new fit to the same data, in units of the loss at zero factors."""
    whole = Recommender(recommender.model).fit(recommender.interactions_)
    losses = []
    for one in (recommender, whole):
        settings = one.model_.objective_settings()
        if "alpha" in settings:
            settings["alpha"] = whole.model_.alpha_
        losses.append(loss(one.interactions_.csr, one.model_.row_factors_, one.model_.column_factors_, **settings))
    zero = loss(whole.interactions_.csr, 0 * whole.model_.row_factors_, 0 * whole.model_.column_factors_, **{
        name: value for name, value in settings.items() if "bias" not in name or name == "bias_reg"
    })  # fmt: skip
    return (losses[0] - losses[1]) / zero


@pytest.mark.parametrize("name", ["implicit", "ratings", "no bias"])
def test_an_update_is_close_to_a_new_fit(name: str) -> None:
    table = frame(users=200, items=60, density=0.15)
    late = table["user"].isin([f"u{i}" for i in range(0, 200, 20)])
    assert excess(Recommender(MODELS[name]).fit(table[~late]).update(table[late])) < 0.03


def newcomers(*, acquainted: bool) -> pd.DataFrame:
    """New users of new items; with one old item among them, or none."""
    block = frame(users=40, items=25, density=0.3, seed=5)
    block = block.assign(user="n" + block["user"], item=block["item"] + 1000)
    link = pd.DataFrame({"user": ["nu1"], "item": [100], "rating": [4.0]})
    return pd.concat([block, link], ignore_index=True) if acquainted else block


@pytest.mark.parametrize("acquainted", [False, True])
@pytest.mark.parametrize("name", [name for name in MODELS if name != "zeros"])
def test_new_users_of_new_items_are_close_to_a_new_fit(name: str, acquainted: bool) -> None:
    recommender = Recommender(MODELS[name]).fit(frame(users=200, items=60, density=0.15))
    recommender.update(newcomers(acquainted=acquainted))
    assert excess(recommender) < 0.01
    model = recommender.model_
    assert model.row_factors_[200:].any(axis=1).all()
    assert model.column_factors_[60:].any(axis=1).all()
    np.testing.assert_array_equal(model.row_factors_, model.transform(recommender.interactions_.csr))


def test_new_users_of_new_items_are_the_same_in_any_order_of_the_rows() -> None:
    new = newcomers(acquainted=False)
    first, second = fitted().update(new), fitted().update(new.sample(frac=1, random_state=1))
    for one, other in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_new_user_of_an_item_that_nobody_had_is_known_afterwards() -> None:
    known = Interactions.from_frame(frame())
    known = known.with_ids(items=[*known.items, 500])
    with pytest.warns(NoEntryWarning):
        recommender = Recommender(MODELS["implicit"]).fit(known)
    recommender.update(pd.DataFrame({"user": ["v", "w"], "item": [500, 500], "rating": [3.0, 3.0]}))
    assert recommender.predict("v", 500)[0] > 0.3
    assert recommender.recommend("v").mask.any()


def test_adding_adds_and_replacing_replaces() -> None:
    table = frame()
    value = float(table[(table["user"] == "u1")].iloc[0]["rating"])
    item = int(table[(table["user"] == "u1")].iloc[0]["item"])
    more = pd.DataFrame({"user": ["u1"], "item": [item], "rating": [2.0]})
    added = fitted().update(more)
    items, values = added.interactions_.history("u1")
    assert values[items.tolist().index(item)] == value + 2
    assert fitted("ratings").update(more).interactions_.history("u1")[1][items.tolist().index(item)] == 2  # rated anew
    last = fitted().update(more, duplicates="last")
    items, values = last.interactions_.history("u1")
    assert values[items.tolist().index(item)] == 2
    replaced = fitted().update(more, mode="replace")
    assert replaced.interactions_.history("u1")[0].tolist() == [item]
    with pytest.raises(ValueError, match="mode must be"):
        fitted().update(more, mode="append")  # type: ignore[arg-type]


def test_weights_are_kept_up_to_date() -> None:
    table = frame().assign(importance=1.0)
    recommender = Recommender(ALS(3, bias="both", random_state=0)).fit(table, weight="importance")
    before = recommender.model_.row_factors_.copy()
    first = table[table["user"] == "u1"]
    recommender.update(first.assign(importance=5.0), mode="replace", weight="importance")
    row = recommender.users_.position("u1")
    assert np.abs(recommender.model_.row_factors_[row] - before[row]).max() > 1e-4


def test_what_was_given_out_before_does_not_change() -> None:
    recommender = fitted()
    model, known, lists = recommender.model_, recommender.interactions_, recommender.recommend(n=3)
    kept: list[Any] = [model.row_factors_.copy(), model.column_factors_.copy(), lists.positions.copy(), len(known)]
    recommender.update(pd.DataFrame({"user": ["u1", "z"], "item": [100, 555], "rating": [3.0, 4.0]}))
    np.testing.assert_array_equal(model.row_factors_, kept[0])
    np.testing.assert_array_equal(model.column_factors_, kept[1])
    np.testing.assert_array_equal(lists.positions, kept[2])
    assert len(known) == kept[3]


def test_a_failed_update_leaves_all_as_it_was() -> None:
    recommender = fitted()
    before = recommender.model_
    with pytest.raises(ValueError, match=r"nan|NaN|missing"):
        recommender.update(pd.DataFrame({"user": ["u1"], "item": [100], "rating": [np.nan]}))
    assert recommender.model_ is before
    assert isinstance(recommender.interactions_, Interactions)
    assert isinstance(before, ImplicitALS)


def test_later_frames_are_read_as_the_first_was() -> None:
    first = pd.DataFrame({"user": ["a", "a", "b"], "item": ["x", "y", "x"], "minutes": [3.0, 2.0, 9.0]})
    recommender = Recommender(ImplicitALS(2, random_state=0)).fit(first, value="minutes")
    recommender.update(pd.DataFrame({"user": ["c"], "item": ["x"], "minutes": [500.0]}))
    assert recommender.interactions_.history("c")[1].tolist() == [500]
    visit = pd.DataFrame({"user": ["v"], "item": ["x"], "minutes": [500.0]})
    np.testing.assert_array_equal(
        recommender.recommend_for(visit).scores, recommender.recommend_for({"x": 500.0}).scores
    )


def test_a_day_without_news_changes_nothing() -> None:
    recommender = fitted()
    before = recommender.model_
    recommender.update(frame().iloc[:0])
    assert recommender.model_ is before


@pytest.mark.parametrize("nothing", [None, {}, [], (), "", np.empty(0), 3])
def test_what_is_no_frame_is_no_update_however_empty(nothing: Any) -> None:
    with pytest.raises(TypeError, match="a frame of pandas, polars or pyarrow is needed"):
        fitted().update(nothing)


def test_ids_of_another_type_are_new_ones_and_told() -> None:
    table = pd.DataFrame({"user": [1, 2, 2], "item": [7, 7, 8]})
    recommender = Recommender(ImplicitALS(2, random_state=0)).fit(table)
    with pytest.warns(UserWarning, match="users so far are of type int.*'2'.*not converted"):
        recommender.update(pd.DataFrame({"user": ["2"], "item": [7]}))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("who", [{"items": [104, 107]}, {"users": ["u3"]}, {"items": 101, "users": ["u1", "u2"]}])
def test_after_forgetting_every_way_to_ask_has_one_answer(name: str, who: dict[str, Any]) -> None:
    recommender = fitted(name).forget(**who)
    model, known = recommender.model_, recommender.interactions_
    np.testing.assert_array_equal(model.row_factors_, model.transform(known.csr))
    lists = recommender.recommend(["u5", "u9"], n=5)
    for row, user in enumerate(lists.queries):
        visitor = recommender.recommend_for(known.of_users([user]), n=5)
        np.testing.assert_array_equal(visitor.positions[0], lists.positions[row])
        np.testing.assert_allclose(visitor.scores[0], lists.scores[row], rtol=1e-5)
        item = lists.ids[row, 0]
        why = recommender.explain(user, item)
        assert why.score == pytest.approx(float(recommender.predict(user, item)[0]), abs=1e-4)


@pytest.mark.parametrize("name", ["implicit", "zeros"])
def test_more_items_without_a_cell_are_more_that_nobody_chose(name: str) -> None:
    recommender = fitted(name)
    known = recommender.interactions_
    recommender.update(known.select(np.zeros(len(known), dtype=bool)).with_ids(items=[*known.items, 999]))
    model = recommender.model_
    np.testing.assert_array_equal(model.row_factors_, model.transform(recommender.interactions_.csr))


@pytest.mark.parametrize("name", MODELS)
def test_who_is_forgotten_leaves_no_trace_and_the_others_are_consistent(name: str) -> None:
    recommender = fitted(name).forget(users=["u3", "u7"], items=[104])
    assert "u3" not in recommender.users_
    assert 104 not in recommender.items_
    model = recommender.model_
    assert recommender.interactions_.shape == (len(model.row_factors_), len(model.column_factors_)) == (28, 19)
    np.testing.assert_array_equal(model.row_factors_, model.transform(recommender.interactions_.csr))
    expected = Interactions.from_frame(frame().query("user not in ['u3', 'u7'] and item != 104"))
    assert recommender.interactions_.to_dict() == expected.to_dict()
    assert recommender.recommend("u1").mask.any()
    with pytest.raises(KeyError, match="'u3'"):
        recommender.forget(users="u3")
    with pytest.raises(ValueError, match="would be left"):
        recommender.forget(items=recommender.items_)


def test_updates_from_several_threads_lose_nothing() -> None:
    recommender = fitted()

    def write(which: int) -> None:
        for step in range(5):
            recommender.update(pd.DataFrame({"user": [f"t{which}-{step}"], "item": [100], "rating": [1.0]}))

    threads = [Thread(target=write, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recommender.users_) == 30 + 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_forked_in_the_middle_of_an_update_can_update() -> None:
    recommender = fitted()
    with recommender._writing:  # as a thread of the parent that is in update
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            recommender.forget(users="u1")
            os._exit(0 if "u1" not in recommender.users_ else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert "u1" in recommender.users_
