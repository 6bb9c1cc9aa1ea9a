"""What a recommender may be asked by, and what comes back under these ids: every way in has one reading."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from alsatian import ImplicitALS, Interactions, Recommender
from alsatian.data import UnknownIdError
from alsatian.recommend import _ids
from listeners import fitted, frame

SMALL = ImplicitALS(2, random_state=0, max_iter=3)


def of(users: list[Any], items: list[Any] | None = None) -> Recommender:
    """Everyone has two of the items, in a ring."""
    items = list(range(len(users))) if items is None else items
    pairs = [(user, items[(p + step) % len(items)]) for p, user in enumerate(users) for step in (0, 1)]
    return Recommender(SMALL).fit(Interactions.from_arrays([user for user, _ in pairs], [item for _, item in pairs]))


DAY, ZONED = datetime(2024, 5, 1), datetime(2024, 5, 1, 2, tzinfo=timezone(timedelta(hours=2)))
SAME: dict[str, tuple[list[Any], list[Any]]] = {
    "int": ([1, 2, 3, 4], [1, np.int64(1), np.uint8(1), 1.0, np.float32(1), np.array(1)]),
    "str": (["1", "b", "c", "d"], ["1", np.str_("1"), np.array("1")]),
    "time": (
        [DAY, datetime(2024, 5, 2), datetime(2024, 5, 3, 4), datetime(2025, 1, 1)],
        [DAY, date(2024, 5, 1), ZONED, DAY.replace(tzinfo=UTC), np.datetime64("2024-05-01"), pd.Timestamp(DAY),
         pd.Timestamp(ZONED), np.datetime64("2024-05-01", "ns")],
    ),
    "mixed": ([1, "1", True, (1, "a")], [1, np.int64(1), 1.0]),
    "tuple": ([(1, "a"), (2, "a"), (1, "b"), (3, "c")], [(1, "a"), (np.int64(1), np.str_("a"))]),
    "uuid": ([UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)], [UUID(int=1)]),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAME)
def test_a_listing_knows_every_id_that_the_other_methods_take(kind: str) -> None:
    users, same = SAME[kind]
    recommender = of(users)
    lists = recommender.recommend(n=3)
    for query in same:
        expected = recommender.recommend(query if kind != "tuple" else [query], n=3).to_list()[0]
        assert lists[query] == expected
        assert lists.to_dict()[lists.queries.tolist()[0] if kind != "time" else DAY] is not None
    for row, query in enumerate(lists.queries):
        assert lists[query] == lists.to_list()[row]
    for other in ("nobody", 77, kind != "mixed", None):
        with pytest.raises(KeyError, match="is not among the 4"):
            lists[other]


@pytest.mark.parametrize("kind", SAME)
def test_limits_of_a_user_may_come_under_every_id_that_is_the_same(kind: str) -> None:
    users, same = SAME[kind]
    recommender = of(users)
    for query in same:
        try:
            limits = {query: [2]}
        except TypeError:  # an array of no dimension has no hash
            continue
        lists = recommender.recommend([users[1], users[0]], n=4, exclude_seen=False, only=limits)
        assert [item for item, _ in lists[users[0]]] == [2]
        assert len(lists[users[1]]) == 4
        lists = recommender.recommend([users[0], users[0]], n=4, exclude_seen=False, exclude=limits)
        assert all({item for item, _ in one} == {0, 1, 3} for one in lists)


def test_the_first_of_two_equal_queries_is_found() -> None:
    lists = of([1, 2, 3, 4]).recommend([3, 1, 3], n=2)
    assert lists[3] == lists.to_list()[0]
    assert lists[1] == lists.to_list()[1]


def test_limits_come_in_every_container() -> None:
    recommender = fitted()
    expected = recommender.recommend(["u1", "u2", "u3"], n=20, exclude={"u1": [100, 101], "u3": [102]}).to_list()
    make: list[Callable[[list[int]], Any]] = [
        tuple, set, np.array, pd.Series, pl.Series, pa.array, pd.Index, iter, np.ma.masked_array,
        lambda ids: np.array(ids, dtype=np.float32), lambda ids: pd.array(ids, dtype="Int64"),
    ]  # fmt: skip
    for one in make:
        limits = {"u3": one([102]), "u1": one([100, 101]), "u9": [100]}
        assert recommender.recommend(["u1", "u2", "u3"], n=20, exclude=limits).to_list() == expected
    assert recommender.recommend(["u1", "u2", "u3"], n=20, exclude={"u1": (100, 101), "u3": 102}).to_list() == expected
    with pytest.raises(UnknownIdError, match="item 7 is not known, and 1 more of the 3"):
        recommender.recommend(["u1", "u3"], exclude={"u1": [100, 7], "u3": [8]})
    own = recommender.recommend_for([103], n=20, only={None: [101, 102]})
    assert {item for item, _ in own[None]} == {101, 102}
    assert len(recommender.recommend_for([103], n=20, only={"u1": [101, 102]})[None]) == 19


def test_what_many_ask_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 300
    rng = np.random.default_rng(0)
    known = Interactions.from_arrays(np.repeat(np.arange(n), 3), rng.integers(50, size=3 * n))
    recommender = Recommender(ImplicitALS(2, random_state=0, max_iter=1)).fit(known)
    limits = {user: [int(item)] for user, item in enumerate(rng.integers(50, size=n))}
    calls = []
    look_up = _ids.positions_of
    monkeypatch.setattr(_ids, "positions_of", lambda *asked: calls.append(asked) or look_up(*asked))
    lists = recommender.recommend(n=5, exclude=limits)
    assert len(calls) == 1  # for the limits of all users together
    every = lists.to_dict()
    assert all(lists[user] == every[user] for user in range(n))
    assert lists._asked is lists._asked  # made once, not for each list that is asked for
    assert not any(limits[user][0] in {item for item, _ in every[user]} for user in every)


def test_tuples_among_scalars_and_of_several_lengths() -> None:
    users = ["a", ("a", 1), ("a", 1, 2), 5]
    recommender = of(users)
    for user in users:
        assert recommender.recommend([user], n=3)[user] == recommender.recommend(n=3)[user]
    assert recommender.recommend(users, n=3).to_list() == [recommender.recommend(n=3)[user] for user in users]
    assert len(recommender.recommend(("a", ("a", 1)))) == 2
    assert len(recommender.recommend(("a", 1))) == 1  # it is an id itself
    assert recommender.predict(("a", 1, 2), [0, 1]).shape == (2,)
    assert len(recommender.similar_users(("a", 1))) == 1
    only = recommender.similar_users("a", only=("a", 1))
    assert [user for user, _ in only["a"]] == [("a", 1)]


def test_a_tuple_is_one_id_where_all_ids_are_tuples() -> None:
    recommender = of([("a", 1), ("b", 1), ("c", 2)], [("x", 1), ("y", 1), ("z", 2)])
    assert len(recommender.recommend(("a", 1))) == 1
    assert len(recommender.recommend((("a", 1), ("b", 1)))) == 2
    assert recommender.recommend_for(("x", 1))[None] == recommender.recommend_for([("x", 1)])[None]
    with pytest.raises(UnknownIdError, match=r"\('d', 1\) is not known"):
        recommender.recommend(("d", 1))


def test_a_frame_is_no_ids() -> None:
    for table in (frame(), pl.DataFrame(frame()), pa.Table.from_pandas(frame())):
        with pytest.raises(TypeError, match="give the one that has the ids"):
            fitted().recommend(table)


@pytest.mark.parametrize("make", [pd.Series, pl.Series, pa.array, np.array, tuple, set, pd.Index])
def test_a_visitor_may_come_as_ids_in_any_container(make: Callable[[list[int]], Any]) -> None:
    recommender = fitted()
    expected = recommender.recommend_for([100, 105], n=5).to_list()
    assert recommender.recommend_for(make([100, 105]), n=5).to_list() == expected


def test_a_series_of_pandas_is_ids_or_refused() -> None:
    recommender = fitted()
    table = frame()
    some = table.loc[table["user"] == "u4", "item"]  # with the labels of the rows of a frame
    assert recommender.recommend_for(some, n=5).to_list() == recommender.recommend_for(some.tolist(), n=5).to_list()
    plays = table[table["user"] == "u4"].groupby("item")["rating"].sum()
    for wrong in (plays, table.set_index("user")["item"], pd.Series([3.0], index=["x"])):
        with pytest.raises(TypeError, match=r"to_dict\(\).*to_list\(\)"):
            recommender.recommend_for(wrong)
    lists = recommender.recommend_for(plays.to_dict(), n=5)
    assert lists.to_list() == recommender.recommend(["u4"], n=5).to_list()


def test_what_is_no_frame_takes_no_keywords_of_frames() -> None:
    recommender = fitted()
    for given in ({100: 1.0}, [100], 100, pd.Series([100]), Interactions.from_frame(frame())):
        for wrong in ({"exclude_sen": False}, {"value": "rating"}):
            with pytest.raises(TypeError, match=f"{next(iter(wrong))} says how a frame is read"):
                recommender.recommend_for(given, **wrong)
    with pytest.raises(TypeError, match="exclude_sen"):
        recommender.recommend_for(frame(), exclude_sen=False)


@pytest.mark.parametrize("value", [1e300, float("nan"), float("inf"), -float("inf"), np.float64(1e39)])
def test_a_value_that_cannot_be_is_told_with_its_item(value: float) -> None:
    with pytest.raises(ValueError, match=r"value of item 103 is .*finite number that the model's float32 can hold"):
        fitted().recommend_for({100: 1.0, 103: value})


@pytest.mark.parametrize("value", ["3", None, 1j, [1], 10**400])
def test_a_value_that_is_no_number_is_told_with_its_item(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="value of item 103"):
        fitted().recommend_for({100: 1.0, 103: value})


def test_nobody_asks() -> None:
    recommender = fitted()
    for empty in (frame().iloc[:0], pl.DataFrame(frame()).clear(), pa.Table.from_pandas(frame()).slice(0, 0)):
        lists = recommender.recommend_for(empty)
        assert len(lists) == 0
        assert lists.to_list() == []
        assert lists.to_dict() == {}
    assert recommender.recommend([]).to_dict() == {}
    with pytest.raises(KeyError):
        recommender.recommend([])["u1"]


TIMES = {
    "fine": np.array(["2024-05-01T00:00:00.000000001", "2024-05-01", "2024-05-02T00:00:00.000000005"], "M8[ns]"),
    "far": np.array(["12024-05-01", "2024-05-01", "-5000-01-01"], "M8[D]"),
}


@pytest.mark.parametrize("kind", TIMES)
def test_times_that_python_has_no_datetime_for_stay_times(kind: str) -> None:
    times = TIMES[kind]
    recommender = of(list(times), list(times))
    lists = recommender.recommend(times, n=3)
    for row, (query, pairs) in enumerate(lists.to_dict().items()):
        assert np.datetime64(query) == times[row]
        assert lists[query] == lists[times[row]] == lists.to_list()[row] == pairs
        assert all(isinstance(item, np.datetime64 | datetime) for item, _ in pairs)
    assert all(
        isinstance(item, np.datetime64 | datetime) for item, _ in recommender.explain(times[0], times[2]).to_list()
    )
    assert "2024-05-01" in repr(lists)
    assert lists[times[0]] == recommender.recommend(times[0], n=3).to_list()[0]
    some = recommender.recommend(times[0], n=3, exclude_seen=False, only={times[0]: times[1:]})
    assert len(some.to_list()[0]) == 2


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_an_empty_frame_has_the_types_of_one_with_rows(backend: Any) -> None:
    def types(lists: Any) -> list[str]:
        made = lists.to_frame(backend)
        return [str(t) for t in (made.schema.types if backend == "pyarrow" else made.dtypes)]

    texts = of(["a", "b", "c"], ["x", "y", "z"])
    numbers, binary, days = of([1, 2, 3]), of([b"a", b"b", b"c"]), of([DAY, DAY + timedelta(1), DAY + timedelta(2)])
    for recommender in (texts, numbers, binary, days):
        first = recommender.users_.to_list()[0]
        full = types(recommender.recommend(first))
        assert types(recommender.recommend(first, only=[])) == full
        assert types(recommender.recommend([])) == full
    assert types(texts.recommend_for(pd.DataFrame({"user": ["v"], "item": ["x"]}), only=[])) == types(
        texts.recommend("a")
    )
    assert types(texts.similar_items("x", only=[])) == types(texts.similar_items("x"))


@pytest.mark.parametrize("kind", SAME)
def test_a_listing_is_a_mapping_of_its_queries(kind: str) -> None:
    users, same = SAME[kind]
    lists = of(users).recommend(users[:2], n=2)
    assert all(query in lists for query in [*same, *lists.queries])
    assert not any(query in lists for query in (users[3], "nobody", None))
    assert dict(lists) == lists.to_dict() == dict(zip(lists.keys(), lists, strict=True))
    own = of(users).recommend_for([0], n=2)
    assert None in own
    assert users[0] not in own
    assert dict(own) == {None: own[None]}


def test_ids_are_looked_up_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    recommender = fitted()
    expected = recommender.recommend(n=3)
    lists = recommender.recommend(n=3)
    monkeypatch.setattr(type(recommender.items_), "__getitem__", lambda *_: pytest.fail("nobody has asked"))
    assert lists.positions.shape == lists.scores.shape == (30, 3)
    monkeypatch.undo()
    np.testing.assert_array_equal(lists.ids, expected.ids)
    few = recommender.recommend("u1", n=2)
    again = pickle.loads(pickle.dumps(few))
    assert again.to_list() == few.to_list()
    assert again.to_frame().equals(few.to_frame())
    assert again._map is None  # the ids of all other items are not in it
    assert few._map is not None


@pytest.mark.parametrize("how", ["only", "exclude"])
@pytest.mark.parametrize(
    ("limits", "told"), [({"2": [0]}, "'2'"), ({2: [0], 9: [0]}, "9"), ({2: [1], None: [1]}, "None")]
)
def test_limits_of_somebody_who_is_not_known_are_refused(how: str, limits: Any, told: str) -> None:
    recommender = of([1, 2, 3, 4], [1, 2, 3, 0])
    limit = {how: limits}
    with pytest.raises(UnknownIdError, match=f"user {told} is not known"):
        recommender.recommend([2, 4], **limit)
    with pytest.raises(UnknownIdError, match=f"user {told} is not known"):
        recommender.recommend_for(pd.DataFrame({"user": [2], "item": [0]}), **limit)
    with pytest.raises(UnknownIdError, match=f"item {told} is not known"):
        recommender.similar_items(1, **limit)


def test_limits_of_a_visitor_and_of_new_users() -> None:
    recommender = of([1, 2, 3, 4])
    with pytest.raises(UnknownIdError, match="user 9 is not known"):
        recommender.recommend_for([0], only={None: [1], 9: [1]})
    visit = pd.DataFrame({"user": ["new", "new"], "item": [0, 1]})
    lists = recommender.recommend_for(visit, n=4, only={"new": [2], 3: [3]})
    assert [item for item, _ in lists["new"]] == [2]
    with pytest.raises(UnknownIdError, match="user 1 is not known"):
        recommender.forget(users=1).recommend_for([0], only={1: [1]})


def test_limits_of_those_who_do_not_ask_are_looked_at_too() -> None:
    recommender = of([1, 2, 3, 4])
    assert len(recommender.recommend(2, n=4, exclude_seen=False, exclude={1: [0], 3: [1]})[2]) == 4
    with pytest.raises(UnknownIdError, match="item 7 is not known"):
        recommender.recommend(2, exclude={1: [7]})


@pytest.mark.parametrize("value", [[1, 2], [[1], [2]], (), np.ones(2)])
def test_a_list_is_no_value_of_an_item(value: Any) -> None:
    with pytest.raises(TypeError, match="the value of item 0 must be a number, got"):
        of([1, 2, 3]).recommend_for({0: value})
