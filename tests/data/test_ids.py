"""Ids of every type, in every container: which are the same, how they are numbered, what is said of those unknown."""

from __future__ import annotations

import copy
import json
import pickle
import random
from collections import namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsatian.data import Ids, UnknownIdError

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

CET = timezone(timedelta(hours=1))


class Colour(Enum):
    RED = 1
    BLUE = 2


# kind, ids in the order that Ids.of gives them
KINDS = {
    "int": ("int", [-5, 0, 3, 2**31 + 1]),
    "int far apart": ("int", [-(2**63), -1, 0, 2**62, 2**63 - 1]),
    "uint": ("int", [1, 2**63, 2**64 - 1]),
    "big int": ("object", [-1, 2**64, 2**70]),
    "float": ("float", [-1.5, 0, 2, 2.5]),
    "whole float": ("int", [-1.0, 2.0, 1e15]),
    "bool": ("bool", [False, True]),
    "str": ("str", ["", "10", "9", "a", "a\0", "é", "日"]),
    "bytes": ("bytes", [b"", b"a", b"a\0", b"b"]),
    "date": ("time", [date(1600, 1, 1), date(2020, 1, 1), date(2020, 1, 2)]),
    "datetime": ("time", [datetime(2020, 1, 1, 12), datetime(2020, 1, 1, 12, 0, 0, 1)]),
    "zone": ("time", [datetime(2020, 1, 1, 0, tzinfo=CET), datetime(2020, 1, 1, 0, tzinfo=UTC)]),
    "uuid": ("object", [UUID(int=1), UUID(int=2**100)]),
    "tuple": ("object", [(1, "a"), (1, "b"), (2, "a")]),
    "mixed": ("object", [-1, 2.5, 5, False, True, b"5", "10", "5"]),
    "decimal": ("object", [Decimal("0.1"), Decimal("0.3")]),
}
CASES = pytest.mark.parametrize(("kind", "ordered"), KINDS.values(), ids=KINDS)


def shuffled(values, seed=0):
    return random.Random(seed).sample(values, len(values))


@CASES
def test_a_column_is_numbered_ascending_whatever_the_order_of_its_rows(kind, ordered):
    for seed in range(3):
        column = shuffled(ordered * 3, seed)
        ids = Ids.of(column)
        assert ids.kind == kind
        assert ids.positions(ordered).tolist() == list(range(len(ordered)))
        assert [ordered[p] for p in ids.positions(column)] == column
    assert len(ids) == len(ordered)


@CASES
def test_given_ids_keep_their_order(kind, ordered):
    given_order = shuffled(ordered, 5)
    ids = Ids(given_order)
    assert ids.positions(given_order).tolist() == list(range(len(ordered)))
    assert [ids.position(id) for id in given_order] == list(range(len(ordered)))
    assert ids.positions(list(ids)).tolist() == list(range(len(ordered)))
    assert ids.positions(ids.values).tolist() == list(range(len(ordered)))
    assert ids.positions(ids.to_list()).tolist() == list(range(len(ordered)))
    assert all(id in ids for id in given_order)
    assert ids[np.arange(len(ids))[::-1]].tolist() == ids.values[::-1].tolist()
    assert ids != Ids.of(given_order) or given_order == ordered


@CASES
def test_copies_and_files_give_the_same_map(kind, ordered):
    ids = Ids(shuffled(ordered))
    assert copy.copy(ids) is ids
    assert copy.deepcopy(ids) is ids
    again = pickle.loads(pickle.dumps(ids))
    assert again == ids
    assert not again.values.flags.writeable
    header, arrays = ids.to_stored()
    assert all(array.ndim == 1 and array.dtype.kind in "iuf" for array in arrays.values())
    restored = Ids.from_stored(json.loads(json.dumps(header)), arrays)
    assert restored == ids
    assert restored.values.dtype == ids.values.dtype
    assert list(map(type, restored)) == list(map(type, ids))


def containers(values):
    """Give the same ids in everything that holds ids."""
    yield values
    yield tuple(values)
    yield np.array(values)
    yield np.array(values, dtype=object)
    yield (value for value in values)
    yield dict.fromkeys(values).keys()
    yield pd.Series(values)
    yield pd.Series(values, dtype=object)
    yield pd.Index(values)
    yield pd.Series(values).astype("category")
    yield pd.Categorical(values)
    yield pl.Series(values)


@pytest.mark.parametrize(
    "values",
    [
        [3, -1, 2**40],
        ["b", "a", "é"],
        [True, False],
        [0.5, 7.25],
        [date(2020, 1, 2), date(1999, 1, 1)],
        [datetime(2020, 1, 2, 3, 4, 5, 678), datetime(1999, 1, 1)],
    ],
    ids=lambda v: type(v[0]).__name__,
)
def test_all_containers_hold_the_same_ids(values):
    expected = Ids(values)
    for container in containers(values):
        ids = Ids(container)
        assert ids == expected, type(container)
        assert ids.values.dtype == expected.values.dtype, type(container)
        assert Ids.of(values * 2).positions(ids).size == len(values)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", ">i4", ">f8"])
def test_numbers_of_any_width_are_the_same_ids(dtype):
    array = np.array([7, 100, 3], dtype=dtype)
    assert Ids(array) == Ids([7, 100, 3])
    assert Ids([3, 7, 100]).positions(array).tolist() == [1, 2, 0]
    array[0] = 9
    assert Ids([3, 7, 100]).find(array).tolist() == [-1, 2, 0]


@pytest.mark.parametrize("unit", ["D", "h", "m", "s", "ms", "us", "ns", "15m"])
def test_times_of_any_unit_are_the_same_ids(unit):
    array = np.array(["2020-01-02", "1970-01-01"], dtype="datetime64[D]").astype(f"datetime64[{unit}]")
    assert Ids(array) == Ids([date(2020, 1, 2), date(1970, 1, 1)])
    assert Ids([date(2020, 1, 2)]).find(array).tolist() == [0, -1]


def test_times_are_the_same_by_instant():
    ids = Ids([datetime(2020, 1, 1, 11, tzinfo=UTC), datetime(2021, 1, 1)])
    assert ids.find([datetime(2020, 1, 1, 12, tzinfo=CET), datetime(2020, 1, 1, 12)]).tolist() == [0, -1]
    series = pd.Series(pd.to_datetime(["2020-01-01 12:00"])).dt.tz_localize("Europe/Berlin")
    assert ids.find(series).tolist() == [0]
    assert ids.find(pl.from_pandas(series)).tolist() == [0]
    assert ids.find([pd.Timestamp(2021, 1, 1), date(2021, 1, 1), np.datetime64("2021")]).tolist() == [1, 1, 1]
    # a nanosecond is not lost, a time of long ago is not wrapped around
    late = Ids([pd.Timestamp(2021, 1, 1) + pd.Timedelta(1, "ns")])
    assert late.find([pd.Timestamp(2021, 1, 1)]).tolist() == [-1]
    assert late.find(np.array(["1600-01-01"], dtype="M8[D]")).tolist() == [-1]
    assert late.find(late.values).tolist() == [0]
    assert Ids([*late, "a"]).find([pd.Timestamp(2021, 1, 1), *late]).tolist() == [-1, 0]


def test_one_fine_time_among_many_coarse_ones_is_kept():
    days = np.arange(5000).astype("datetime64[D]").astype("datetime64[ns]")
    days[-1] += 1
    ids = Ids(days)
    assert ids.values.dtype == np.dtype("datetime64[ns]")
    assert Ids(days[:-1]).values.dtype == np.dtype("datetime64[D]")
    assert ids.find(days[-1:] - np.timedelta64(1, "ns")).tolist() == [-1]


def test_what_looks_alike_is_not_the_same():
    ids = Ids(["5", 5, True, b"5"])
    assert ids.positions([True, b"5", 5, "5"]).tolist() == [2, 3, 1, 0]
    assert ids.find([1, False, "True"]).tolist() == [-1, -1, -1]
    assert Ids([1]).find([True]).tolist() == [-1]
    assert Ids([True]).find([1]).tolist() == [-1]
    assert Ids([5]).find([5.0, np.float32(5), Decimal(5), np.int8(5), 5.5]).tolist() == [0, 0, 0, 0, -1]
    assert Ids([0.5, 3]).find([3, 2**53 + 1]).tolist() == [1, -1]
    assert Ids([2**63]).find([float(2**63), -1, 2**63 - 1]).tolist() == [0, -1, -1]
    assert Ids([2**63]).find([-(2**63)]).tolist() == [-1]
    assert Ids([1, 2]).find(np.array([1, 2**64 - 1], dtype=np.uint64)).tolist() == [0, -1]
    assert Ids([1, 2]).find([2**70, 2, "a", 1]).tolist() == [-1, 1, -1, 0]
    assert Ids([1, 2]).find([float("inf"), -float("inf"), 2.0**63]).tolist() == [-1, -1, -1]


def test_types_without_a_total_order_stay_as_they_come():
    values = [frozenset({1}), frozenset({2}), frozenset(), Colour.BLUE, Colour.RED]
    ids = Ids.of(values[::-1] * 2)
    assert ids.to_list() == [Colour.RED, Colour.BLUE, frozenset(), frozenset({2}), frozenset({1})]
    assert Ids.of([(1, "a"), ("a", 1), (0, 0)]).to_list() == [(1, "a"), ("a", 1), (0, 0)]


@pytest.mark.parametrize(
    "column",
    [
        ["a", None, "b"],
        [1, None, 2],
        [1.5, float("nan"), 2],
        [1, float("nan"), 2],
        [1, pd.NA, 2],
        [datetime(2020, 1, 1), pd.NaT, None],
        [UUID(int=1), None],
        [Decimal("0.5"), Decimal("nan")],
        np.array(["2020", "NaT"], dtype="M8[D]"),
        np.ma.array([1, 2, 3], mask=[0, 1, 0]),
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([1, None, 3]),
        pd.Series(["a", None]),
        pd.Series(["a", None, "b"], dtype="category"),
        pd.Series([1, None, 2], dtype="category"),
        pd.Series([True, None], dtype="boolean"),
        pl.Series([1, None, 3]),
        pl.Series([1.0, float("nan"), None]),
        pl.Series(["a", None]),
        pl.Series(["a", None], dtype=pl.Categorical),
        pl.Series(["a", None], dtype=pl.Enum(["a", "b"])),
        pl.Series([date(2020, 1, 1), None]),
        pl.Series([True, None]),
    ],
    ids=lambda c: f"{type(c).__module__.split('.')[0]}-{getattr(c, 'dtype', 'list')}",
)
def test_a_missing_id_is_named_by_its_row(column):
    for make in (Ids, Ids.of):
        with pytest.raises(ValueError, match=r"missing \(None, NaN or null\) in row 1 \(counting from 0\)"):
            make(column)
    some = Ids([1, 1.5, "a", True, datetime(2020, 1, 1), date(2020, 1, 2)][:4])
    assert some.find(column)[1] == -1
    with pytest.raises(UnknownIdError):
        some.positions(column)


def test_a_nullable_column_without_nulls_loses_no_digit():
    big = 2**60 + 1
    for column in (
        pd.Series([big], dtype="Int64"),
        pl.Series([big, None]).head(1),
        pd.Series([big]).astype("category"),
        pd.array([big], dtype="Int64"),
    ):
        assert Ids(column).to_list() == [big]
    with_null = pl.Series([None, big])
    assert Ids([big]).find(with_null).tolist() == [-1, 0]


def test_categories_that_no_row_uses_are_no_ids():
    assert Ids.of(pd.Series(["b"], dtype=pd.CategoricalDtype(["c", "b", "a"]))).to_list() == ["b"]
    assert Ids.of(pl.Series(["b"], dtype=pl.Enum(["c", "b", "a"]))).to_list() == ["b"]
    assert Ids.of(pd.Series([30, 10]).astype("category")).to_list() == [10, 30]
    assert Ids([30, 10]).find(pd.Series([10, None, 20]).astype("category")).tolist() == [1, -1, -1]


def test_polars_texts_among_the_categories_of_others():
    others = pl.Series([f"other {i}" for i in range(300)], dtype=pl.Categorical)
    texts = ["b", None, "a\0", "", "b"]
    for dtype in (pl.String, pl.Categorical, pl.Enum(["", "a\0", "b", "c"])):
        column = pl.Series(texts, dtype=dtype)
        assert Ids(["", "b", "a\0"]).find(column).tolist() == [1, -1, 2, 0, 1]
        assert Ids.of(column.drop_nulls()).to_list() == ["", "a\0", "b"]
        assert Ids(["b"]).find(pl.Series([None, None], dtype=dtype)).tolist() == [-1, -1]
    assert len(Ids.of(others)) == 300
    full = [str(i) for i in range(256)]
    assert Ids(full).find(pl.Series([*full, None], dtype=pl.Enum(full))).tolist() == [*range(256), -1]


def test_arrow_columns():
    pa = pytest.importorskip("pyarrow")
    chunks = pa.chunked_array([pa.array(["b", "a"]).dictionary_encode(), pa.array(["c", None]).dictionary_encode()])
    assert Ids(["a", "b", "c"]).find(chunks).tolist() == [1, 0, 2, -1]
    assert Ids.of(chunks[:3]).to_list() == ["a", "b", "c"]
    assert Ids.of(pa.chunked_array([pa.array([7, 5])]).dictionary_encode()).to_list() == [5, 7]
    assert Ids.of(pa.array(["x", "y", "x"])).to_list() == ["x", "y"]
    assert Ids.of(pa.chunked_array([], type=pa.string())).to_list() == []
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        assert Ids.of(pa.chunked_array([pa.array(["x", "a\0"], type=kind)])).to_list() == ["a\0", "x"]
    assert Ids.of(pa.chunked_array([pa.array([Decimal(3), Decimal(2)])])).values.dtype == np.int64
    assert Ids.of(pl.Series(["x", "a\0"])).to_list() == ["a\0", "x"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("abc", "a list, array or series of ids is needed, got 'abc' of type str"),
        (5, "got 5 of type int"),
        ({"a": 1}, "got a dict"),
        (np.zeros((2, 2)), r"one-dimensional, got an array of shape \(2, 2\)"),
        (np.array([1], dtype="m8[s]"), "timedelta64"),
        (np.array([1j]), "complex128"),
        ([1, [2]], r"\[2\] of type list in row 1 \(counting from 0\) cannot be an id"),
        (pl.Series([[1], [2]]), "one plain value a row"),
        (pl.Series([{"a": 1}]), "one plain value a row"),
    ],
)
def test_what_cannot_be_ids(values, message):
    with pytest.raises(TypeError, match=message):
        Ids(values)


def test_an_id_that_is_there_twice():
    for values, told in (
        (["a", "b", "a"], "'a'"),
        ([7, 0, 7], "7"),
        ([7, 2**50, 7], "7"),
        ([(1,), 2, (1,)], r"\(1,\)"),
    ):
        with pytest.raises(ValueError, match=f"id {told} is there more than once, in rows 0 and 2"):
            Ids(values)
        assert len(Ids.of(values)) == 2


def test_unknown_ids_are_named_and_counted():
    ids = Ids([1, 5, 7])
    with pytest.raises(UnknownIdError) as caught:
        ids.positions([5, 9, 7, -1], what="user")
    assert str(caught.value) == (
        "user 9 is not known, and 1 more of the 4 asked for are not. There are 3 ids, such as 1, 5, 7."
    )
    assert (caught.value.id, caught.value.count) == (9, 2)
    assert isinstance(caught.value, KeyError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.id, again.count) == (str(caught.value), 9, 2)
    for unknown in (-1, 3, 2**70, None, "x", (1, 2), 5.5, True):
        with pytest.raises(UnknownIdError, match="is not known"):
            ids.position(unknown)
        assert unknown not in ids
    assert [] not in ids
    with pytest.raises(UnknownIdError, match="There are none"):
        Ids([]).position(1)


@pytest.mark.parametrize(
    ("known", "asked", "hint"),
    [
        ([5], "5", "5 of type int is: ids are not converted"),
        ([-5], " -5 ", "-5 of type int is"),
        (["5"], 5, "'5' of type str is"),
        (["a"], b"a", "'a' of type str is"),
        ([b"a"], "a", "b'a' of type bytes is"),
        ([str(UUID(int=5))], UUID(int=5), "of type str is"),
    ],
)
def test_a_text_for_a_number_is_told(known, asked, hint):
    with pytest.raises(UnknownIdError, match=hint):
        Ids(known).position(asked)


def test_positions_are_not_counted_from_the_end():
    ids = Ids(["a", "b"])
    assert ids[1] == "b"
    assert ids[np.array([True, False])].tolist() == ["a"]
    assert ids[:1].tolist() == ["a"]
    for bad in (-1, 2, [0, -1]):
        with pytest.raises(IndexError, match="out of range: the 2 ids have positions 0 … 1"):
            ids[bad]
    with pytest.raises(TypeError, match="positions are integers"):
        ids["a"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([3, 1], [9, 1, 2, 9], [3, 1, 2, 9]),
        (["b"], ["c", "a", "b"], ["b", "a", "c"]),
        ([1], ["a", 1, 0], [1, 0, "a"]),
        ([1], [0.5, 1.0], [1, 0.5]),
        ([True], [1], [True, 1]),
        ([-1], [2**63], [-1, 2**63]),
        ([], ["a"], ["a"]),
        ([2], [], [2]),
        ([date(2020, 1, 1)], [datetime(2020, 1, 1), datetime(2020, 1, 1, 1)], None),
        ([5], Ids([9, 5, 7]), [5, 9, 7]),
    ],
)
def test_a_union_keeps_all_positions(old, new, expected):
    ids = Ids(old)
    both = ids.union(new)
    assert both.positions(old).tolist() == list(range(len(old)))
    assert all(id in both for id in new)
    if expected is not None:
        assert both == Ids(expected)
    assert ids.union(old) == ids
    assert len(ids) == len(old)


def test_a_map_cannot_be_changed():
    array = np.array([5, 3])
    ids, of = Ids(array), Ids.of(array)
    array[:] = 0
    assert ids.to_list() == [5, 3]
    assert of.to_list() == [3, 5]
    assert array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        ids.values[0] = 1
    with pytest.raises(AttributeError):
        ids.kind = "x"
    with pytest.raises(TypeError):
        hash(ids)
    found = ids.positions([5])
    found[:] = 9
    assert ids.positions([5]).tolist() == [0]


def test_equality():
    assert Ids([1, 2]) == Ids((1.0, 2.0))
    assert Ids([1, 2]) != Ids([2, 1])
    assert Ids([1]) != Ids(["1"])
    assert Ids([1, "a"]) != Ids([True, "a"])
    assert Ids([]) == Ids(np.array([], dtype=str))
    assert Ids([1]) != [1]


def test_a_description_that_is_not_one_is_refused():
    header, arrays = Ids(["a", "bc"]).to_stored()
    for bad_header, bad_arrays in (
        (header | {"count": 3}, arrays),
        (header | {"kind": "nonsense"}, arrays),
        ({}, arrays),
        (header, {}),
        (header, arrays | {"offsets": np.array([0, 2, 1])}),
        (header, arrays | {"offsets": np.array([0, 1, 99])}),
        (header, arrays | {"offsets": np.array([0.0, 1, 3])}),
        (header, arrays | {"bytes": np.array([97, 255, 255], dtype=np.uint8)}),
        (header, arrays | {"bytes": np.array([97, 98, 99], dtype=np.int64)}),
        (header | {"kind": "object", "values": [["eval", "1"], ["int", "2"]]}, {}),
        (header | {"kind": "object", "values": [["int", "x"], ["int", "2"]]}, {}),
        (header | {"kind": "object", "values": [["str", 5], ["int", "2"]]}, {}),
        (header | {"kind": "object", "values": 5}, {}),
        (header | {"kind": "int", "dtype": "float64"}, {"values": np.array([1.0, 2.0])}),
        (header | {"kind": "int", "dtype": "object"}, {"values": np.array([1, 2])}),
        (header | {"kind": "float", "dtype": "float64"}, {"values": np.array([1.0, np.nan])}),
        (header | {"kind": "bool", "dtype": "bool"}, {"values": np.array([1, 2], dtype=np.uint8)}),
        (header | {"kind": "time", "unit": "Q"}, {"values": np.array([1, 2])}),
        (header | {"kind": "time", "unit": "s"}, {"values": np.array([1, -(2**63)])}),
        (header | {"kind": "int", "dtype": "int64"}, {"values": np.array([7, 7])}),
    ):
        with pytest.raises(ValueError, match=r"described wrongly|more than once|codec|invalid literal"):
            Ids.from_stored(bad_header, bad_arrays)


ANY_ID = st.one_of(
    st.integers(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.text(),
    st.binary(),
    st.datetimes(),
    st.uuids(),
    st.tuples(st.integers(), st.text()),
)
ONE_KIND = st.one_of(
    st.lists(kind, max_size=40)
    for kind in (
        st.integers(-20, 20),
        st.integers(-(2**63), 2**63 - 1),
        st.integers(0, 2**64 - 1),
        st.floats(allow_nan=False),
        st.text(max_size=2),
        st.binary(max_size=2),
        st.datetimes(),
        st.booleans(),
    )
)


def plain_key(value):
    return (type(value) is bool, value)


@settings(max_examples=200, deadline=None)
@given(ONE_KIND | st.lists(ANY_ID, max_size=30), ONE_KIND | st.lists(ANY_ID, max_size=30))
def test_a_map_is_what_a_dict_would_be(column, asked):
    ids = Ids.of(column)
    assert {plain_key(id) for id in ids} == {plain_key(value) for value in column}
    assert len(ids) == len({plain_key(value) for value in column})
    place = {plain_key(id): p for p, id in enumerate(ids)}
    asked = asked + column[:5]
    assert ids.find(asked).tolist() == [place.get(plain_key(value), -1) for value in asked]
    assert Ids.of(column[::-1]) == ids
    assert Ids(ids.to_list()) == ids
    header, arrays = ids.to_stored()
    assert Ids.from_stored(json.loads(json.dumps(header)), arrays) == ids
    both = ids.union(asked)
    assert both.positions(ids).tolist() == list(range(len(ids)))
    assert len(both) == len({plain_key(value) for value in column + asked})


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([3, 200, 5000]), st.sampled_from([1, 1 << 16, 1 << 45]))
def test_large_integer_columns(seed, n, step):
    """Tables, hash tables with crowded buckets, and what is not in them."""
    rng = np.random.default_rng(seed)
    values = rng.permutation(n)[: max(1, n // 2)].astype(np.int64) * step - 7
    asked = np.concatenate([values, rng.integers(-(2**63), 2**63 - 1, 50), values + 1])
    expected = {value: p for p, value in enumerate(values.tolist())}
    assert Ids(values).find(asked).tolist() == [expected.get(value, -1) for value in asked.tolist()]
    np.testing.assert_array_equal(Ids.of(np.repeat(values, 2)).values, np.unique(values))


def test_a_column_that_turns_from_texts_to_something_else():
    values = ["a"] * 200 + [1, True, 1.0]
    assert Ids.of(pd.Series(values, dtype=object)).to_list() == [1, True, "a"]
    assert Ids.of(values) == Ids.of(pd.Series(values, dtype=object))


def test_integers_and_floats_that_no_other_type_holds():
    ids = Ids([0.5, 2.0**70, 1e300, 2.0**60])
    assert ids.find([2**70, 2**70 + 1, 2**60, 2**60 + 1, int(1e300), 10**400]).tolist() == [1, -1, 3, -1, 2, -1]
    assert ids.find([2**60, 2**60 + 1]).tolist() == [3, -1]
    assert ids.find(np.array([2**63, 2**64 - 1], dtype=np.uint64)).tolist() == [-1, -1]
    assert Ids([2.0**63, 5]).find([2**63, 5]).tolist() == [0, 1]


def test_times_in_lists_are_held_by_one_unit_or_stay_as_they_are() -> None:
    far = [np.datetime64("12024-05-01"), np.datetime64("-5000-01-01"), datetime(2024, 5, 1)]
    assert Ids(far).values.tolist() == np.array(far, dtype="M8[D]").tolist()
    fine = [np.datetime64("2024-05-01T00:00:00.000000001"), datetime(2024, 5, 1)]
    assert Ids(fine).values.dtype == np.dtype("M8[ns]")
    both = Ids([*far, *fine[:1]])  # no unit holds all of them
    assert both.kind == "object"
    assert both.find([*fine, *far]).tolist() == [3, 2, 0, 1, 2]


Point = namedtuple("Point", "x y")
FINE = np.datetime64("2024-05-01T00:00:00.000000001")
IN_TUPLES = [
    (date(2024, 5, 1), "a"), (np.int64(1), np.str_("b")), Point(2, 3.0), (None, 1), (float("nan"), 2), (True, 1),
    (1, True), (FINE, 1), (time(7, 30), timedelta(days=1, microseconds=3)), (Decimal("0.1"), (UUID(int=3), b"x")), (),
]  # fmt: skip
SAME_TUPLES = [
    (datetime(2024, 5, 1), "a"), (1.0, "b"), (2, np.float32(3)), (np.nan, 1), (None, 2), (np.True_, 1), (1, np.True_),
    (np.datetime64(FINE, "ns"), 1), (time(7, 30), timedelta(days=1, microseconds=3)),
    (Decimal("0.1"), (UUID(int=3), np.bytes_(b"x"))), (),
]  # fmt: skip


def test_what_is_the_same_id_is_so_in_tuples_too_and_files_keep_it():
    ids = Ids(IN_TUPLES)
    assert ids.find(SAME_TUPLES).tolist() == list(range(len(IN_TUPLES)))
    assert ids.find([(1, 1), (2, 3), (None, 3)]).tolist() == [-1, 2, -1]
    assert ids.to_list()[:5] == [(datetime(2024, 5, 1), "a"), (1, "b"), (2, 3), (None, 1), (None, 2)]
    assert type(ids[2]) is tuple
    header, arrays = ids.to_stored()
    again = Ids.from_stored(json.loads(json.dumps(header)), arrays)
    assert again == ids
    assert again.find(SAME_TUPLES).tolist() == list(range(len(IN_TUPLES)))
    with pytest.raises(ValueError, match="more than once, in rows 0 and 11"):
        Ids([*IN_TUPLES, SAME_TUPLES[0]])
    with pytest.raises(TypeError, match=r"\[2\] of type list in row 1 .*must be hashable"):
        Ids([(1, "a"), (1, [2])])


@pytest.mark.parametrize("lone", [time(7, 30), timedelta(1), Decimal("0.1"), FINE])
def test_lone_values_among_others_are_kept(lone):
    ids = Ids([lone, "a", 3])
    header, arrays = ids.to_stored()
    assert Ids.from_stored(json.loads(json.dumps(header)), arrays) == ids


class Size(Enum):
    SMALL = 1


@pytest.mark.parametrize("strange", [Size.SMALL, 1j, frozenset({1})])
def test_an_id_that_no_file_can_keep_is_told_with_its_type(strange):
    for ids in ([strange, "a"], [("a", strange), ("b", 1)]):
        with pytest.raises(
            TypeError, match=f"of type {type(strange).__name__}, an id or a part of one, cannot be kept"
        ):
            Ids(ids).to_stored()


@pytest.mark.parametrize("pair", [["datetime64", ["fortnight", "3"]], ["decimal", "x"], ["time", "25:00"], ["set", []]])
def test_an_id_that_a_file_describes_wrongly_is_told(pair):
    with pytest.raises(ValueError, match="described wrongly"):
        Ids.from_stored({"kind": "object", "count": 1, "values": [pair]}, {})
