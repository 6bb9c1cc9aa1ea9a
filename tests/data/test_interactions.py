"""Interactions: the same from every container, by every rule for duplicates, and nothing that can change them."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import alsatian
from alsatian import Interactions
from alsatian.data import Ids, UnknownIdError

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

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


def frames(frame):
    """Give the same table in everything that holds tables."""
    pa = pytest.importorskip("pyarrow")
    yield frame
    yield frame.iloc[::-1].iloc[::-1]
    yield frame.convert_dtypes()
    yield frame.convert_dtypes(dtype_backend="pyarrow")
    yield frame.astype({"user_id": "category", "item_id": "category"})
    yield frame.astype({"item_id": np.int16, "rating": object, "user_id": object})
    yield frame.astype({"item_id": float, "when": "datetime64[ns]"})
    yield frame.set_index(pd.Index([5] * len(frame)))
    polars = pl.from_pandas(frame)
    yield polars
    yield polars.lazy()
    yield polars.with_columns(pl.col("user_id").cast(pl.Categorical), pl.col("when").cast(pl.Date))
    yield polars.with_columns(
        pl.col("user_id").cast(pl.Enum(["z", "c", "b", "a"])), pl.col("rating").cast(pl.Decimal(10, 2))
    )
    yield polars.with_columns(pl.col("when").dt.replace_time_zone("UTC"))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    yield table
    yield pa.concat_tables([table[:2], table[2:]])
    yield table.set_column(0, "user_id", table["user_id"].dictionary_encode())


@pytest.mark.parametrize("duplicates", ["sum", "mean", "last"])
def test_all_containers_give_the_same_bits(duplicates):
    expected = Interactions.from_frame(FRAME, duplicates=duplicates, **ROLES)
    for frame in frames(FRAME):
        found = Interactions.from_frame(frame, duplicates=duplicates, **ROLES)
        assert found == expected, frame
        assert found.timestamps.dtype == expected.timestamps.dtype == np.dtype("datetime64[D]")
        assert found.users.kind == "str"
        assert found.items.values.dtype == np.int64
    arrays = [FRAME[name].to_numpy() for name in ("user_id", "item_id", "rating")]
    rest = {"weight": FRAME["strength"].tolist(), "timestamp": [t.to_pydatetime() for t in FRAME["when"]]}
    assert Interactions.from_arrays(*arrays, duplicates=duplicates, **rest) == expected
    lists = [array.tolist() for array in arrays]
    assert Interactions.from_arrays(*lists, duplicates=duplicates, **rest) == expected


def test_what_is_in_them():
    x = Interactions.from_frame(FRAME, **ROLES)
    assert x.shape == (x.n_users, x.n_items) == (3, 3)
    assert len(x) == x.n_interactions == 4
    assert x.density == 4 / 9
    assert x.users.to_list() == ["a", "b", "c"]
    assert x.items.to_list() == [10, 20, 30]
    assert x.csr.toarray().tolist() == [[2, 0, 0], [3, 0, 2], [0, 4, 0]]
    assert x.weights.toarray().tolist() == [[2, 0, 0], [0, 0, 4], [0, 1, 0]]
    assert x.weights.nnz == 4  # also the weight of zero
    assert x.timestamps.astype(str).tolist() == ["2020-01-02", "2020-01-03", "2020-01-05", "2020-01-04"]
    assert x.rows.tolist() == [0, 1, 1, 2]
    assert x.columns.tolist() == [0, 0, 2, 1]
    assert x.values.tolist() == [2, 3, 2, 4]
    assert x.to_dict() == {"a": {10: 2}, "b": {10: 3, 30: 2}, "c": {20: 4}}
    items, values = x.history("b")
    assert (items.tolist(), values.tolist()) == ([10, 30], [3, 2])
    assert repr(x) == (
        "Interactions(3 users × 3 items, 4 cells (44.4%), float32 values 2 … 4, weights, "
        "timestamps 2020-01-02 … 2020-01-05)"
    )
    summary = x.summary()
    assert summary["per_user"] == (1, 1.0, 2)
    assert summary["per_item"] == (1, 1.0, 2)
    assert summary["values"] == (2, 2.75, 4)
    assert summary["weights"] == (0, 1.75, 4)
    assert summary["timestamps"] == (np.datetime64("2020-01-02"), np.datetime64("2020-01-05"))
    assert alsatian.data.Interactions is Interactions


def test_the_matrices_are_canonical_and_made_once():
    x = Interactions.from_frame(FRAME, **ROLES)
    for matrix in (x.csr, x.csc, x.weights):
        assert matrix.dtype == np.float32
        assert matrix.indices.dtype == matrix.indptr.dtype == np.int32
        assert matrix.has_canonical_format
        matrix.check_format(full_check=True)
        for array in (matrix.data, matrix.indices, matrix.indptr):
            assert not array.flags.writeable
    assert np.shares_memory(x.csr.data, x.csr.data)
    assert np.shares_memory(x.csc.data, x.csc.data)
    np.testing.assert_array_equal(x.csc.toarray(), x.csr.toarray())
    x.csr.data = np.zeros(4)  # what is handed out is a shell
    assert x.values.tolist() == [2, 3, 2, 4]


def test_nothing_can_be_changed_from_outside():
    users, items, values = np.array([1, 0]), np.array([5, 6]), np.array([1, 2], dtype=np.float32)
    weights, times = np.array([1, 2], dtype=np.float32), np.array([3, 4])
    x = Interactions.from_arrays(users, items, values, weight=weights, timestamp=times)
    X = sp.csr_array(np.array([[1, 2]], dtype=np.float32))
    y = Interactions.from_matrix(X)
    before = pickle.loads(pickle.dumps((x, y)))
    for array in (users, items, values, weights, times, X.data, X.indices):
        array[:] = 0
    assert (x, y) == before
    for array in (x.values, x.timestamps, x.columns, before[0].values, before[0].columns, x.history(1)[1]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    for name in ("users", "values", "something"):
        with pytest.raises(AttributeError):
            setattr(x, name, None)
    with pytest.raises(TypeError, match="from_frame"):
        Interactions()


def test_copies_are_equal():
    x = Interactions.from_frame(FRAME, **ROLES)
    assert copy.copy(x) is copy.deepcopy(x) is x
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(x, protocol)) == x
    assert x != Interactions.from_frame(FRAME)
    assert x != Interactions.from_frame(FRAME, **ROLES, dtype=np.float64)
    assert x != x.select(np.array([True, True, True, False]))
    assert x != x.with_ids(users=["b", "a", "c"])
    assert x != 5


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("ids", [("b", "a"), (2**40, -1), (datetime(2020, 1, 1), datetime(2021, 1, 1, 1)), (0.5, 7)])
def test_frames_come_back(backend, ids):
    pytest.importorskip(backend)
    for time in ([5, 7, 9], [0.5, 1, 2], [datetime(2020, 1, 1), datetime(2021, 1, 1), datetime(2020, 1, 2, 0, 0, 1)]):
        x = Interactions.from_arrays(
            [ids[0], ids[1], ids[1]], ["x", "x", "y"], [1, 2, 3], timestamp=time, weight=[1, 2, 0]
        )
        frame = x.to_frame(backend)
        assert type(frame).__module__.startswith(backend)
        assert Interactions.from_frame(frame, weight="weight", timestamp="timestamp") == x
    x = Interactions.from_arrays([ids[0], ids[1]], [1, 2])
    assert list(x.to_frame("pandas").columns) == ["user", "item", "value"]
    with pytest.raises(ValueError, match="backend must be one of 'pandas', 'polars', 'pyarrow', got 'excel'"):
        x.to_frame("excel")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["userId", "movieId", "rating", "timestamp"], ["userId", "movieId", "rating"]),
        (["USER", "Item"], ["USER", "Item", None]),
        (["customer_id", "SKU", "quantity"], ["customer_id", "SKU", "quantity"]),
        (["user id", "artist-id", "plays"], ["user id", "artist-id", "plays"]),
        (["uid", "product", "day"], ["uid", "product", None]),
    ],
)
def test_columns_of_usual_names_are_found(columns, expected):
    frame = pd.DataFrame([range(1, len(columns) + 1)], columns=columns)
    x = Interactions.from_frame(frame)
    value = 1 if expected[2] is None else frame[expected[2]][0]
    assert x.to_dict() == {frame[expected[0]][0]: {frame[expected[1]][0]: value}}


def refused(match, error=ValueError, frame=FRAME, **options):
    with pytest.raises(error, match=match):
        Interactions.from_frame(frame, **options)


def test_columns_that_are_not_clear():
    both = FRAME.assign(user=1)
    refused(
        r"2 columns may hold the users: 'user_id', 'user'. Say user=... with one of 'user_id', 'item_id'", frame=both
    )
    assert Interactions.from_frame(both, user="user").n_users == 1
    refused(
        "no column is named like items. Say item=... with one of 'user_id', 'rating'",
        frame=FRAME.drop(columns="item_id"),
    )
    refused("2 columns may hold the values: 'rating', 'count'.*value=False", frame=FRAME.assign(count=1))
    refused("user='who': the frame has no such column. It has 'user_id', 'item_id'", user="who")
    refused("user and item are the same column, 'user_id'", item="user_id")
    weighted = FRAME.rename(columns={"strength": "weight"})
    refused("the frame has a column 'weight', and nothing says what it is", frame=weighted)
    assert Interactions.from_frame(weighted, weight=False).weights is None
    assert Interactions.from_frame(weighted, weight="weight").weights is not None
    assert Interactions.from_frame(weighted, value="weight").values.sum() == 7
    assert Interactions.from_frame(FRAME, value=False).values.tolist() == [1, 1, 2, 1]
    refused("columns must have texts for names, got 0", frame=pd.DataFrame([[1, 2]]))
    refused("several columns of one name", frame=pd.DataFrame([[1, 2, 3]], columns=["user", "user", "item"]))
    refused("a frame of pandas, polars or pyarrow is needed, got list", TypeError, frame=[[1, 2]])
    refused("a frame of pandas, polars or pyarrow is needed, got Series", TypeError, frame=pd.Series([1]))
    refused("there are no interactions: the table has no row", frame=FRAME[:0])
    refused("duplicates must be one of 'sum', 'mean', 'last', 'error', got 'max'", duplicates="max")
    for dtype in (np.int32, np.float16, None, "text"):
        refused("dtype must be float32 or float64, got", dtype=dtype)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize(
    ("column", "bad", "told"),
    [
        ("rating", None, r"column 'rating' (is missing|holds nan) in row 1 \(counting from 0; user 'a', item 10\)"),
        ("rating", np.nan, r"column 'rating' (is missing|holds nan) in row 1 \(counting from 0; user 'a', item 10\)"),
        ("rating", np.inf, "column 'rating' holds inf in row 1 .*must be a finite number"),
        ("rating", 1e300, "column 'rating' holds 1e.300 in row 1 .*too large for float32: take dtype=numpy.float64"),
        ("strength", -1.0, "column 'strength' holds -1.0 in row 1 .*user 'a', item 10.*finite number >= 0"),
        ("strength", np.nan, r"column 'strength' (is missing|holds nan) in row 1"),
        ("when", None, r"column 'when' is missing .*in row 1 \(counting from 0; user 'a', item 10\)"),
        ("user_id", None, r"user \(column 'user_id'\) is missing \(None, NaN or null\) in row 1"),
        ("item_id", None, r"item \(column 'item_id'\) is missing \(None, NaN or null\) in row 1"),
    ],
)
def test_bad_cells_are_named(library, column, bad, told):
    values = FRAME[column].tolist()
    values[1] = bad
    frame = FRAME.assign(**{column: values})
    if library == "polars":
        frame = pl.from_pandas(frame.drop(columns=column), nan_to_null=False).with_columns(pl.Series(column, values))
    elif library == "pyarrow":
        frame = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    refused(told, frame=frame, **ROLES)
    if "_id" in column:
        refused(told, frame=frame, users=["a", "b", "c"], items=[10, 20, 30])


def test_columns_of_the_wrong_type():
    texts = FRAME.assign(rating=list("12345"))
    refused("column 'rating' must be numbers, got '1' of type str in row 0.*pandas.to_numeric", TypeError, frame=texts)
    refused("must be numbers, got '1' of type str.*cast", TypeError, frame=pl.from_pandas(texts))
    refused("column 'when' must be numbers, got datetime64.*timestamp=", TypeError, value="when")
    mixed = FRAME.assign(rating=[1, 2, "x", 4, 5])
    refused("must be numbers, got 'x' of type str in row 2", TypeError, frame=mixed)
    refused("column 'user_id' must be dates, times or numbers, got 'b'.*to_datetime", TypeError, timestamp="user_id")
    refused("must be dates, times or numbers, got bool", TypeError, frame=FRAME.assign(t=True), timestamp="t")
    nested = pl.from_pandas(FRAME).with_columns(pl.concat_list("rating").alias("user_id"))
    refused("one plain value a row", TypeError, frame=nested)


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 0, 1], dtype=bool),
        np.array([1, 0, 1], dtype=np.uint8),
        np.array([1, 0, 1], dtype=np.int64),
        np.array([1, 0, 1], dtype=np.float16),
        np.array([1, 0, 1], dtype=">f8"),
        [1, 0, 1],
        [True, 0, 1.0],
        [Decimal(1), Fraction(0), np.float32(1)],
        pd.Series([1, 0, 1], dtype="Int8"),
        pd.Series([True, False, True], dtype="boolean"),
        pl.Series([Decimal(1), Decimal(0), Decimal(1)]),
        pl.Series([1, 0, 1], dtype=pl.Int128),
        np.ma.array([1, 0, 1], mask=False),
    ],
    ids=lambda v: f"{type(v).__module__.split('.')[0]}-{getattr(v, 'dtype', type(v).__name__)}",
)
def test_numbers_of_any_type(values):
    expected = Interactions.from_arrays([1, 2, 3], [1, 1, 1], [1.0, 0.0, 1.0])
    assert Interactions.from_arrays([1, 2, 3], [1, 1, 1], values) == expected
    assert expected.n_interactions == 3  # a stored zero is an interaction


def test_arrays_that_do_not_fit():
    for bad in ({"user": [1, 2, 3]}, {"value": [1]}, {"weight": [1, 2, 3]}, {"timestamp": []}):
        with pytest.raises(ValueError, match=r"elements, but .* has"):
            Interactions.from_arrays(**({"user": [1, 2], "item": [1, 2]} | bad))
    with pytest.raises(ValueError, match="no row"):
        Interactions.from_arrays([], [])
    with pytest.raises(TypeError, match="got 'ab' of type str"):
        Interactions.from_arrays("ab", [1, 2])
    with pytest.raises(ValueError, match="value is missing in row 1"):
        Interactions.from_arrays([1, 2], [1, 2], np.ma.array([1, 2], mask=[0, 1]))
    with pytest.raises(ValueError, match="timestamp is missing"):
        Interactions.from_arrays([1, 2], [1, 2], timestamp=[1, np.nan])
    one = Interactions.from_arrays(["a"], [-1], [2], timestamp=[datetime(2020, 1, 1, tzinfo=UTC)])
    assert one.to_dict() == {"a": {-1: 2}}
    assert one.timestamps == np.datetime64("2020-01-01")


def test_given_maps_are_kept():
    x = Interactions.from_frame(FRAME, users=["c", "b", "a", "z"], items=Ids([30, 20, 10]))
    assert x.csr.toarray().tolist() == [[0, 4, 0], [2, 0, 3], [0, 0, 2], [0, 0, 0]]
    assert x.users.to_list() == ["c", "b", "a", "z"]
    refused(r"user 'a' is not known \(column 'user_id', row 1, counting from 0\)", UnknownIdError, users=["b", "c"])
    refused("item 30 is not known.*and 3 more of the 5.*'30' of type str is", UnknownIdError, items=["30", 20])
    refused("id 'b' is there more than once", users=["b", "b"])


def test_repeated_rows():
    options = {"value": "rating", **ROLES}
    assert Interactions.from_frame(FRAME, **options).to_dict()["b"] == {10: 3, 30: 2}
    mean = Interactions.from_frame(FRAME, duplicates="mean", **options)
    assert mean.to_dict()["b"] == {10: 3, 30: (1.5 * 1 + 0.5 * 3) / 4}
    assert mean.weights.toarray()[1].tolist() == [0, 0, 2]
    plain = Interactions.from_frame(FRAME, duplicates="mean")
    assert plain.to_dict()["b"] == {10: 3, 30: 1}
    last = Interactions.from_frame(FRAME, duplicates="last", **options)
    assert last.to_dict()["b"] == {10: 3, 30: 1.5}  # the first row, of the later time
    assert last.weights.toarray()[1].tolist() == [0, 0, 1]
    assert Interactions.from_frame(FRAME, duplicates="last").to_dict()["b"] == {10: 3, 30: 0.5}
    refused("user 'b' and item 30 come together more than once, in rows 0 and 4", duplicates="error")
    assert Interactions.from_frame(FRAME[:4], duplicates="error").n_interactions == 4
    weightless = Interactions.from_arrays([1, 1], [1, 1], [1, 2], weight=[0, 0], duplicates="mean")
    assert weightless.values.tolist() == [1.5]
    with pytest.raises(ValueError, match=r"values of user 1 and item 'a' sum to more than float64 can hold"):
        Interactions.from_arrays([1, 1], ["a", "a"], [1e308, 1e308], dtype=float, duplicates="sum")


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


def by_hand(rows, duplicates, timed):
    """Put rows together in a plain loop; values and weights in float32, from the smallest up."""
    groups: dict = {}
    for row in rows:
        groups.setdefault(row[:2], []).append(row[2:])
    found = {}
    for pair, group in groups.items():
        values, weights, times = (list(column) for column in zip(*group, strict=True))
        if duplicates == "last":
            chosen = max(range(len(group)), key=lambda i: (times[i] if timed else 0, i))
            value, weight = values[chosen], weights[chosen]
        elif duplicates == "sum":
            value, weight = (np.add.reduce(np.sort(np.array(column, dtype=np.float32))) for column in (values, weights))
        else:
            total = sum(weights)
            value = sum(v * w for v, w in zip(values, weights, strict=True)) / total if total else np.mean(values)
            weight = total / len(group)
        found[pair] = (value, weight, max(times))
    return found


@settings(max_examples=100, deadline=None)
@given(CELLS, st.sampled_from(["sum", "mean", "last"]), st.booleans())
def test_duplicates_are_what_a_loop_makes_of_them(rows, duplicates, timed):
    users, items, values, weights, times = (list(column) for column in zip(*rows, strict=True))
    x = Interactions.from_arrays(
        users, items, values, weight=weights, timestamp=times if timed else None, duplicates=duplicates
    )
    wide = Interactions.from_arrays(  # few cells in a large matrix are sorted in another way
        *(users, items, values),
        weight=weights,
        timestamp=times if timed else None,
        duplicates=duplicates,
        users=range(1000),
        items=["p", "q", "r"],
    )
    assert wide.with_ids(users=x.users, items=x.items) == x
    assert wide.of_users(x.users).with_ids(items=x.items) == x
    expected = by_hand(rows, duplicates, timed)
    pairs = list(zip(x.users[x.rows].tolist(), x.items[x.columns].tolist(), strict=True))
    assert pairs == sorted(expected)
    np.testing.assert_allclose(x.values, [expected[p][0] for p in pairs], rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(x.weights.data, [expected[p][1] for p in pairs], rtol=1e-5)
    if timed:
        assert x.timestamps.tolist() == [expected[p][2] for p in pairs]
    if duplicates != "last" or (timed and len({r[:2] + r[4:] for r in rows}) == len(rows)):
        order = sorted(range(len(rows)), key=lambda i: hash((i, len(rows))))
        mixed = [[column[i] for i in order] for column in (users, items, values, weights, times)]
        again = Interactions.from_arrays(
            *mixed[:3], weight=mixed[3], timestamp=mixed[4] if timed else None, duplicates=duplicates
        )
        assert again.values.tobytes() == x.values.tobytes()
        assert again == x


def test_more_pairs_than_32_bits_count():
    users, items = np.arange(100_000), np.arange(100_000)[::-1]
    x = Interactions.from_arrays(users, items, users)
    assert x.shape == (100_000, 100_000)
    assert x.history(99_999)[0].tolist() == [0]
    assert x.history(0)[0].tolist() == [99_999]


def test_movielens(shared_data):
    frame = pl.read_parquet(shared_data / "ml-100k" / "u.data.parquet")
    x = Interactions.from_frame(frame, timestamp="ts", duplicates="error")
    assert x.shape == (943, 1682)
    assert len(x) == 100_000
    assert x.values.mean(dtype=float) == pytest.approx(frame["rating"].mean())
    some = frame.filter(pl.col("user") == 196).sort("item")
    assert x.history(196)[0].tolist() == some["item"].to_list()
    assert x.history(196)[1].tolist() == some["rating"].to_list()
    p = int(np.argmin(x.timestamps))
    earliest = frame.sort("ts").row(0, named=True)
    assert x.timestamps[p] == earliest["ts"]
    assert Interactions.from_frame(frame.to_pandas().sample(frac=1, random_state=0), timestamp="ts") == x
    texts = Interactions.from_frame(frame.with_columns(pl.col("user").cast(pl.String)))
    assert texts.history("196")[1].tolist() == some["rating"].to_list()


def test_lastfm(shared_data):
    plays = pl.read_parquet(shared_data / "hetrec-lastfm" / "user_artists.parquet")
    x = Interactions.from_frame(plays, value="weight")
    assert x.shape == (1892, 17632)
    assert len(x) == 92_834
    assert x.values.sum(dtype=float) == plays["weight"].sum()
    names = pl.read_parquet(shared_data / "hetrec-lastfm" / "artists.parquet")
    named = Interactions.from_frame(
        plays.join(names, left_on="artistID", right_on="id"), value="weight", item="name", user="userID"
    )
    assert named.values.sum(dtype=float) == plays["weight"].sum()


def test_gowalla(shared_data):
    frame = pl.read_parquet(shared_data / "gowalla" / "interactions.parquet")
    train = Interactions.from_frame(frame.filter(pl.col("split") != "test"))
    assert train.shape == (29_858, 40_981)
    assert len(train) == 810_128
    test = Interactions.from_frame(frame.filter(pl.col("split") == "test"), users=train.users, items=train.items)
    assert len(test) == 217_242
    both = train.added(test, duplicates="error")
    assert len(both) == frame.height
    assert both == Interactions.from_frame(frame)


def test_a_record_batch_is_a_frame():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"user": ["a", "b"], "item": [1, 2], "rating": [3.0, 4.0]})
    assert Interactions.from_frame(table.to_batches()[0]) == Interactions.from_frame(table)


@pytest.mark.parametrize("weights", [None, [1.0, 1.0, 3.0], [0.0, 0.0, 0.0], [1e308, 1e308, 1e308]])
def test_means_that_can_be_held_are_there_where_sums_cannot(weights):
    huge = [1.7e308, 1.6e308, 1.5e308, 2.0, 4.0]
    rest = None if weights is None else [*weights, 1.0, 3.0]
    x = Interactions.from_arrays(
        [1, 1, 1, 2, 2], [1, 1, 1, 1, 1], huge, weight=rest, duplicates="mean", dtype=np.float64
    )
    expected = 1.56e308 if weights == [1.0, 1.0, 3.0] else 1.6e308
    np.testing.assert_allclose(x.values, [expected, 3.0 if weights is None else 3.5], rtol=1e-12)
    if weights is not None:
        np.testing.assert_allclose(x.weights.data, [np.sum(np.array(weights) / 3), 2.0], rtol=1e-12)


@pytest.mark.parametrize("role", ["value", "weight", "timestamp"])
@pytest.mark.parametrize("number", [3, 2.5, np.float64(1), np.array(3), "12", b"12"])
def test_one_number_for_all_rows_is_no_column(role, number):
    with pytest.raises(TypeError, match=f"{role} must have an element for each row, 2 in all"):
        Interactions.from_arrays(["a", "b"], ["x", "y"], **{role: number})
