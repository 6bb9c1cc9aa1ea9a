"""Parts of interactions, and two in one: the ids that stay, and the cells that follow them."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsatian import Interactions
from alsatian.data import UnknownIdError

pd = pytest.importorskip("pandas")

FRAME = pd.DataFrame(
    {
        "user_id": ["b", "a", "b", "c", "b"],
        "item_id": [30, 10, 10, 20, 30],
        "rating": [1.5, 2.0, 3.0, 4.0, 0.5],
        "strength": [1.0, 2.0, 0.0, 1.0, 3.0],
        "when": pd.to_datetime(["2020-01-05", "2020-01-02", "2020-01-03", "2020-01-04", "2020-01-01"]),
    }
)
ROLES = {"weight": "strength", "timestamp": "when"}


CELLS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["p", "q", "r"]),
        st.floats(-1e3, 1e3, width=32),
        st.floats(0, 4, width=16),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(CELLS, CELLS, st.sampled_from(["sum", "last"]))
def test_adding_is_reading_both(first, second, duplicates):
    def read(rows, **options):
        users, items, values, weights, times = (list(column) for column in zip(*rows, strict=True))
        return Interactions.from_arrays(users, items, values, weight=weights, timestamp=times, **options)

    second = [(u + 2, i, v, w, t) for u, i, v, w, t in second]
    a, b = read(first, duplicates="last"), read(second, duplicates="last")
    both = a.added(b, duplicates=duplicates)
    assert both.users.positions(a.users).tolist() == list(range(a.n_users))
    assert both.items.positions(a.items).tolist() == list(range(a.n_items))
    rows = [
        (u, i, v, w, t)
        for x in (a, b)
        for u, i, v, w, t in zip(
            x.users[x.rows].tolist(),
            x.items[x.columns].tolist(),
            x.values.tolist(),
            x.weights.data.tolist(),
            x.timestamps.tolist(),
            strict=True,
        )
    ]
    assert read(rows, duplicates=duplicates, users=both.users, items=both.items) == both

    new = a.replaced(b)
    assert {u: h for u, h in new.to_dict().items() if u not in b.users} == {
        u: h for u, h in a.to_dict().items() if u not in b.users
    }
    assert {u: h for u, h in new.to_dict().items() if u in b.users} == b.to_dict()
    assert a.replaced(a) == a


def test_adding_what_is_not_alike():
    x, timed = (
        Interactions.from_arrays([1, 2], ["a", "b"], [1, 2]),
        Interactions.from_arrays([2], ["c"], [5], timestamp=[7]),
    )
    for pair in ((x, timed), (timed, x)):
        with pytest.raises(ValueError, match=r"have timestamps, .* have none: give both timestamps, or neither"):
            pair[0].added(pair[1])
    dated = Interactions.from_arrays([2], ["c"], [5], timestamp=[datetime(2020, 1, 1)])
    with pytest.raises(ValueError, match="timestamps of two kinds"):
        timed.added(dated)
    later = Interactions.from_arrays([2], ["d"], [5], timestamp=[datetime(2020, 1, 1, 1)])
    assert dated.added(later).timestamps.dtype == np.dtype("datetime64[s]")
    weighted = Interactions.from_arrays([2], ["b"], [5], weight=[3], dtype=np.float64)
    both = x.added(weighted)
    assert both.dtype == np.float32
    assert both.weights.toarray().tolist() == [[1, 0], [0, 4]]
    assert weighted.added(x).dtype == np.float64
    with pytest.raises(ValueError, match="both have user 2 with item 'b'"):
        x.added(weighted, duplicates="error")
    with pytest.raises(TypeError, match="Interactions are needed, got DataFrame"):
        x.added(FRAME)
    huge = Interactions.from_arrays([2], ["b"], [1e300], dtype=np.float64)
    with pytest.raises(ValueError, match="user 2 and item 'b' sum to more than float32"):
        x.added(huge)
    other_kind = x.added(Interactions.from_arrays(["1"], [0]))
    assert other_kind.users.to_list() == [1, 2, "1"]
    assert other_kind.items.to_list() == ["a", "b", 0]


def test_replacing_empties_a_user_without_cells():
    x = Interactions.from_arrays([1, 2], ["a", "b"], [1, 2])
    new = Interactions.from_arrays([3], ["c"], [5], users=[1, 3])
    assert x.replaced(new).to_dict() == {2: {"b": 2}, 3: {"c": 5}}
    assert x.replaced(new).users.to_list() == [1, 2, 3]


def test_parts():
    x = Interactions.from_frame(FRAME, **ROLES)
    users = x.of_users(["c", "b"])
    assert users.users.to_list() == ["c", "b"]
    assert users.items is x.items
    assert users.to_dict() == {"c": {20: 4}, "b": {10: 3, 30: 2}}
    assert users.weights.data.tolist() == [1, 0, 4]
    assert users.timestamps.astype(str).tolist() == ["2020-01-04", "2020-01-03", "2020-01-05"]
    items = x.of_items([30, 10])
    assert items.users is x.users
    assert items.csr.toarray().tolist() == [[0, 2], [2, 3], [0, 0]]
    assert items.weights.toarray().tolist() == [[0, 2], [4, 0], [0, 0]]
    some = x.select(x.timestamps >= np.datetime64("2020-01-04"))
    rest = x.select(x.timestamps < np.datetime64("2020-01-04"))
    assert some.shape == rest.shape == x.shape
    assert some.to_dict() == {"b": {30: 2}, "c": {20: 4}}
    assert rest.added(some) == x
    assert x.select(np.zeros(4, dtype=bool)).n_interactions == 0
    assert repr(x.select(np.zeros(4, dtype=bool))) == "Interactions(3 users × 3 items, 0 cells (0%), weights)"
    assert x.of_users([]).shape == (0, 3)
    for bad in ([True], [1, 0, 1, 0], np.ones((2, 2), dtype=bool)):
        with pytest.raises(ValueError, match="mask must be an array of 4 bools"):
            x.select(bad)
    with pytest.raises(ValueError, match="id 'b' is there more than once"):
        x.of_users(["b", "b"])
    with pytest.raises(UnknownIdError, match=r"item '10' is not known. 10 of type int is"):
        x.of_items(["10"])
    for unknown in (-1, 5, "x", None):
        with pytest.raises(UnknownIdError, match=r"user .* is not known"):
            x.history(unknown)


def test_other_maps():
    x = Interactions.from_frame(FRAME, **ROLES)
    wide = x.with_ids(users=["z", "c", "b", "a"], items=x.items.union([5]))
    assert wide.to_dict() == {"c": {20: 4}, "b": {10: 3, 30: 2}, "a": {10: 2}}
    assert wide.shape == (4, 4)
    assert wide.with_ids(users=x.users, items=x.items) == x
    train = x.select(np.array([True, False, True, True]))
    assert train.with_ids(items=[20, 10, 30]).n_interactions == 3
    with pytest.raises(UnknownIdError, match="user 'b' is not known, and 1 more of the 2"):
        x.with_ids(users=["a"])
    assert x.of_users(["a"]).with_ids(items=[10]).shape == (1, 1)


@pytest.mark.parametrize("ids", [["b", "a", "c", "z", "q"], [2**40, -1, 7, 9, 0], [1, "1", True, 0.5, (1, "a")]])
@pytest.mark.parametrize(
    "time", [None, [5, 1, 2, 3, 4], [0.5, 1, 2, 3, 4], [datetime(2020, 1, d) for d in (5, 1, 2, 3, 4)]]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_stored_comes_back(ids, time, dtype):
    weight = None if time is None else [1, 0, 2, 3, 4]
    x = Interactions.from_arrays(ids, [7, 7, 8, 9, 7], [1, 2, 3, 4, 5], weight=weight, timestamp=time, dtype=dtype)
    header, arrays = x.to_stored()
    header = json.loads(json.dumps(header))
    assert all(array.ndim == 1 and array.dtype.kind in "iuf" for array in arrays.values())
    again = Interactions.from_stored(header, arrays)
    assert again == x
    assert np.shares_memory(again.values, x.values)
    if time is not None:
        assert again.timestamps.dtype == x.timestamps.dtype
    copies = {name: array.copy() for name, array in arrays.items()}
    again = Interactions.from_stored(header, copies)
    for array in copies.values():
        array[:] = 0
    assert again == x


def test_what_is_stored_wrongly_is_refused():
    x = Interactions.from_frame(FRAME, **ROLES)
    header, arrays = x.to_stored()

    def spoilt(name, place, value):
        array = arrays[name].copy()
        array[place] = value
        return arrays | {name: array}

    for bad_header, bad_arrays in (
        ({}, arrays),
        (header, {}),
        (header | {"timestamps": "eons"}, arrays),
        (header | {"users": header["items"]}, arrays),
        (header, spoilt("indptr", 1, 9)),
        (header, spoilt("indptr", 0, 1)),
        (header, spoilt("indptr", -1, 3)),
        (header, spoilt("indices", 1, 2)),
        (header, spoilt("indices", 0, 3)),
        (header, spoilt("indices", 0, -1)),
        (header, spoilt("values", 0, np.nan)),
        (header, spoilt("weights", 0, -1)),
        (header, spoilt("weights", 0, np.inf)),
        (header, spoilt("timestamps", 0, -(2**63))),
        (header, arrays | {"values": arrays["values"][:2]}),
        (header, arrays | {"weights": arrays["weights"][:2]}),
        (header, arrays | {"timestamps": arrays["timestamps"][:2]}),
        (header, arrays | {"indptr": arrays["indptr"][:2]}),
        (header, arrays | {"indptr": arrays["indptr"].astype(np.int64)}),
        (header, arrays | {"indptr": arrays["indptr"][:0]}),
        (header, arrays | {"values": arrays["values"].astype(np.float16)}),
        (header, arrays | {"values": arrays["values"].astype(np.float64)}),
        (header, arrays | {"indices": arrays["indices"].reshape(2, 2)}),
    ):
        with pytest.raises(ValueError, match="described wrongly"):
            Interactions.from_stored(bad_header, bad_arrays)
