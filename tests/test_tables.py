"""Frames and arrays of every kind: what becomes a number, what is missing, and what is refused with its place."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from alsatian import ALS, ALSImputer, ImplicitALS
from alsatian._tables import like, plain, plain_weights
from alsatian.objective import check_gradient, gradient, loss

try:
    import pyarrow as pa
except ImportError:  # the library does not need it, and neither do the other tests
    pa = None

NAN = np.nan
NULLS = np.array([[1.0, 0.0, 3.0], [NAN, 1.0, 0.0], [2.0, 1.0, NAN], [4.0, 0.0, 1.0]])
A, B, C = NULLS.T


def ints(column):
    return [None if np.isnan(x) else int(x) for x in column]


def frames():
    """The same table, in every way in which a frame can hold it."""
    yield "numpy", pd.DataFrame(NULLS, columns=list("abc"))
    yield "sparse, zero fills", pd.DataFrame(NULLS, columns=list("abc")).astype(pd.SparseDtype(float, 0.0))
    yield "sparse, NaN fills", pd.DataFrame(NULLS, columns=list("abc")).astype(pd.SparseDtype(float, NAN))
    for kind in ("Int64", "Float64", "Float32", *(("int64[pyarrow]", "double[pyarrow]") if pa else ())):
        columns = {name: pd.array(ints(x), dtype=kind) for name, x in zip("abc", NULLS.T, strict=True)}
        yield kind, pd.DataFrame(columns)
    mixed = {"a": pd.array(ints(A), dtype="Int8"), "b": pd.array([False, True, True, False], dtype="boolean"), "c": C}
    yield "nullable and not", pd.DataFrame(mixed)
    yield "sparse and not", pd.DataFrame({"a": A, "b": pd.arrays.SparseArray(B.astype(bool)), "c": C})
    yield "objects with NA", pd.DataFrame({"a": [1, pd.NA, 2.0, 4], "b": ints(B), "c": [3, 0, None, np.float32(1)]})
    yield "categories", pd.DataFrame({"a": pd.Categorical(A), "b": B, "c": C})
    yield "polars", pl.DataFrame({"a": ints(A), "b": [False, True, True, False], "c": ints(C)})
    decimals = [None if np.isnan(x) else decimal.Decimal(int(x)) for x in C]
    yield "polars, decimals", pl.DataFrame({"a": A, "b": B, "c": decimals})
    if pa:
        yield "arrow", pa.table({"a": ints(A), "b": [False, True, True, False], "c": ints(C)})
        yield "record batch", pa.record_batch({"a": ints(A), "b": [False, True, True, False], "c": ints(C)})


@pytest.mark.parametrize(("kind", "frame"), list(frames()), ids=lambda x: x if isinstance(x, str) else "")
def test_only_what_is_null_in_a_frame_is_missing_however_it_is_stored(kind, frame):
    np.testing.assert_array_equal(plain(frame, "X"), NULLS)
    expected, model = (ALS(2, bias="both", dtype="float64", random_state=0).fit(X) for X in (NULLS, frame))
    assert model.history_ == expected.history_
    assert list(model.feature_names_in_) == list("abc")
    np.testing.assert_array_equal(model.transform(frame), expected.row_factors_)
    settings = expected.objective_settings()
    factors = expected.row_factors_, expected.column_factors_
    assert loss(frame, *factors, **settings) == loss(NULLS, *factors, **settings)
    np.testing.assert_array_equal(gradient(frame, *factors, **settings).W, gradient(NULLS, *factors, **settings).W)
    assert check_gradient(frame, *factors, weights=np.ones((4, 3)), **settings).passed
    filled = ALSImputer(2, random_state=0).fit_transform(frame)
    np.testing.assert_allclose(filled, ALSImputer(2, random_state=0).fit_transform(NULLS), rtol=1e-5)


@pytest.mark.parametrize(("kind", "frame"), list(frames()), ids=lambda x: x if isinstance(x, str) else "")
def test_impute_gives_a_frame_back_with_its_labels(kind, frame):
    if isinstance(frame, pd.DataFrame):
        frame.index = ["w", "x", "y", "z"]
    model = ALS(2, dtype="float64", random_state=0).fit(frame)
    filled = model.impute(frame)
    assert type(filled) is type(frame)
    expected = ALS(2, dtype="float64", random_state=0).fit(NULLS).impute(NULLS)
    np.testing.assert_allclose(np.asarray(filled), expected, rtol=1e-6)
    if isinstance(frame, pd.DataFrame):
        assert filled.index.equals(frame.index)
        assert filled.columns.equals(frame.columns)
    else:
        assert (filled.columns if isinstance(frame, pl.DataFrame) else filled.column_names) == list("abc")


def test_dummies_stored_sparse_are_a_table_of_zeros_and_ones():
    dummies = pd.get_dummies(pd.Series(list("aabbc")), sparse=True)
    expected = ALS(2, random_state=0).fit(np.asarray(dummies, dtype=float))
    assert ALS(2, random_state=0).fit(dummies).history_ == expected.history_


def test_single_precision_stays_in_frames_of_any_kind():
    single = pd.DataFrame({"a": A, "b": B}, dtype=np.float32)
    for frame in (single, single.astype("Float32"), pl.DataFrame({"a": A, "b": B}).cast(pl.Float32)):
        assert plain(frame, "X").dtype == np.float32
    assert plain(single.astype({"a": "float64"}), "X").dtype == np.float64


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"])
def test_integers_and_booleans_mean_double_precision_with_nulls_and_without_in_every_container(kind):
    X = [[1, 1], [0, 1], [1, 0]]
    masked = np.ma.masked_array(np.array(X, dtype=kind), mask=[[0, 0], [0, 0], [1, 0]])
    polars = {"bool": pl.Boolean}.get(kind) or getattr(pl, kind.title().replace("Ui", "UI"))
    pandas = "boolean" if kind == "bool" else kind.title().replace("Ui", "UI")
    for a in ([1, 0, None], [1, 0, 0]):
        values = [v if kind != "bool" or v is None else bool(v) for v in a]
        columns = {"a": values, "b": [bool(v) if kind == "bool" else v for v in (1, 1, 0)]}
        tables = [pl.DataFrame(columns).cast(polars), pd.DataFrame(columns).astype(pandas), pd.DataFrame(columns)]
        tables += [pd.DataFrame(columns).astype(object), masked, sparse.csr_array(np.array(X, dtype=kind))]
        if pa:
            schema = pa.schema([("a", getattr(pa, kind + "_" * (kind == "bool"))()), ("b", pa.float32())])
            arrays = [pa.array(values, schema.field(0).type), pa.array([1, 1, 0], pa.float32())]
            tables += [pa.Table.from_arrays(arrays, schema=schema), pa.RecordBatch.from_arrays(arrays, schema=schema)]
        tables += [pl.DataFrame(columns).cast(polars).with_columns(b=pl.Series([1, 1, 0], dtype=pl.Float32))]
        tables += [pd.DataFrame(columns).astype({"a": pandas, "b": np.float32})]
        for table in tables:
            assert ALS(1).fit(table).row_factors_.dtype == np.float64
            assert plain(table, "X").dtype != np.float32


@pytest.mark.skipif(pa is None, reason="needs pyarrow")
def test_a_record_batch_is_an_arrow_table():
    for columns in (
        {"a": [1.0, None, 2.0], "b": [1.0, 2.0, 3.0]},
        {"a": [True, None, False], "b": [True, True, False]},
        {"a": [True, False, False], "b": [1, 2, None]},
    ):
        table, batch = pa.table(columns), pa.record_batch(columns)
        weights = pa.record_batch({"b": [1.0, 2.0, 1.0], "a": [3.0, 1.0, 1.0]})
        for kind in (ALS, ALSImputer):
            model, expected = (kind(1, random_state=0).fit(X) for X in (batch, table))
            np.testing.assert_array_equal(model.transform(batch), expected.transform(table))
            assert list(model.feature_names_in_) == ["a", "b"]
            with pytest.raises(ValueError, match="feature names should match"):
                model.transform(batch.rename_columns(["a", "c"]))
        assert weighted(weights, batch) == weighted(weights, table)
        factors = np.ones((3, 1)), np.ones((2, 1))
        assert loss(batch, *factors, weights=weights) == loss(table, *factors, weights=weights)
        assert check_gradient(batch, *factors).passed
    plays = {"a": [1, 0, 2], "b": [False, True, False]}
    of_batch, of_table = (ImplicitALS(1, random_state=0).fit(f(plays)) for f in (pa.record_batch, pa.table))
    np.testing.assert_array_equal(of_batch.row_factors_, of_table.row_factors_)
    assert list(of_batch.feature_names_in_) == ["a", "b"]


def test_arrays_of_numbers_and_sparse_matrices_are_passed_on_as_they_are():
    X = np.ones((2, 2), dtype=np.int8)
    S = sparse.csr_array(X)
    assert plain(X, "X") is X
    assert plain(S, "X") is S


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.array([["1", "2"]]), ValueError, "X holds text .first: 1 in row 0, column 0"),
        ([[1, "2"]], ValueError, "X holds '2' in row 0, column 1: this is text"),
        (np.array([[1, "2"]], dtype=object), ValueError, "X holds '2' in row 0, column 1: this is text"),
        (np.array([["2020-01-01"]], dtype="M8[D]"), ValueError, "X holds dates or durations .first: 2020-01-01"),
        (np.array([[5]], dtype="m8[s]"), ValueError, "X holds dates or durations"),
        ([[1, datetime.date(2020, 1, 1)]], ValueError, "row 0, column 1: this is a date"),
        ([[1, pd.NaT]], ValueError, "row 0, column 1: this is a date"),
        (np.array([[1j]]), ValueError, "Complex data not supported: X holds complex numbers"),
        (sparse.csr_array(np.array([[1j]])), ValueError, "Complex data not supported: X holds complex numbers"),
        ([[1, 10**400]], ValueError, "row 0, column 1: int too large"),
        (np.array([[1, {}]], dtype=object), TypeError, "row 0, column 1: .*argument must be .* number"),
        (pd.DataFrame({"a": [1], "b": ["x"]}), ValueError, "X holds 'x' in row 0, column 'b'"),
        (pd.DataFrame({"a": [1], "b": pd.Categorical(["x"])}), ValueError, "X holds 'x' in row 0, column 'b'"),
        (pd.DataFrame({"a": [1], "b": pd.to_datetime(["2020"])}), ValueError, "dates or durations .*column 'b'"),
        (pl.DataFrame({"a": [1], "b": [datetime.date(2020, 1, 1)]}), ValueError, "dates or durations .*column 'b'"),
        (pl.DataFrame({"a": [1], "b": [datetime.timedelta(1)]}), ValueError, "dates or durations .*column 'b'"),
        (pl.DataFrame({"a": [1], "b": ["1"]}), ValueError, "X holds '1' in row 0, column 'b'"),
        (pl.DataFrame({"a": [1], "b": [{"x": 1}]}), (ValueError, TypeError), "X holds .* column 'b'"),
        (pl.DataFrame({"a": [[1]], "b": [1]}), (ValueError, TypeError), "X holds .* column 'a'"),
        ("text", ValueError, "X holds text: turn it into numbers"),
        (pl.LazyFrame({"a": [1]}), TypeError, r"call .collect\(\)"),
        (sparse.coo_array(np.ones((2, 2, 2))), ValueError, r"two dimensions; got a sparse array of shape \(2, 2, 2\)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("user", ["ALS", "ALSImputer", "objective"])
def test_what_is_no_number_is_refused_with_its_place(X, error, message, user):
    attempts = {
        "ALS": lambda: ALS().fit(X),
        "ALSImputer": lambda: ALSImputer().fit(X),
        "objective": lambda: loss(X, np.ones((1, 1)), np.ones((2, 1))),
    }
    with pytest.raises(error, match=message):
        attempts[user]()


@pytest.mark.parametrize("bad", [np.ones((4, 3), dtype=complex), np.ones((4, 3)).astype(str), np.ones((4, 3), "M8[s]")])
def test_weights_starts_and_biases_are_held_to_the_same(bad):
    model = ALS(3).fit(NULLS)
    for attempt in (
        lambda: ALS(2).fit(NULLS, weights=bad),
        lambda: model.transform(NULLS, weights=bad),
        lambda: model.impute(NULLS, weights=bad),
        lambda: ALS(3, init=bad[:3]).fit(NULLS),
        lambda: ALS(3, bias="columns", init=(np.ones((3, 3)), bad[0])).fit(NULLS),
        lambda: ALS(3, bias="rows").fit(NULLS).inverse_transform(np.ones((3, 3)), bad[0]),
        lambda: model.inverse_transform(bad),
        lambda: loss(NULLS, np.ones((4, 1)), np.ones((3, 1)), weights=bad),
        lambda: loss(NULLS, bad, np.ones((3, 3))),
    ):
        with pytest.raises(ValueError, match=r"Complex data not supported|holds text|holds dates"):
            attempt()


def weighted(weights, X=None):
    return ALS(2, random_state=0).fit(NULLS if X is None else X, weights=weights).history_


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_a_frame_of_weights_is_matched_by_the_names_of_its_columns(library):
    W = np.arange(1.0, 13).reshape(4, 3)
    X = library(dict(zip("abc", NULLS.T, strict=True)))
    expected = weighted(W)
    shuffled = library(dict(zip("cab", W.T[[2, 0, 1]], strict=True)))
    assert weighted(shuffled, X) == expected
    np.testing.assert_array_equal(plain_weights(shuffled, X), W)
    model = ALS(2, random_state=0).fit(X, weights=W)
    np.testing.assert_array_equal(model.transform(X, weights=shuffled), model.row_factors_)
    np.testing.assert_array_equal(model.impute(X, weights=shuffled), model.impute(X, weights=W))
    factors = model.row_factors_, model.column_factors_
    assert loss(X, *factors, weights=shuffled) == loss(NULLS, *factors, weights=W)
    assert weighted(W, X) == expected
    assert weighted(shuffled) != expected  # X has no names: by position
    with pytest.raises(ValueError, match="X has the column 'a', weights has not"):
        weighted(library(dict(zip("dbc", W.T, strict=True))), X)


def test_a_frame_of_weights_is_matched_by_its_index_too():
    W = np.arange(1.0, 13).reshape(4, 3)
    X = pd.DataFrame(NULLS, columns=list("abc"), index=[7, 3, 5, 1])
    expected = weighted(W)
    turned = pd.DataFrame(W, columns=list("abc"), index=X.index).sort_index()[["b", "c", "a"]]
    assert weighted(turned, X) == expected
    with pytest.raises(ValueError, match=r"X has the row 7, weights has not.*as an array to match by position"):
        weighted(pd.DataFrame(W, columns=list("abc")), X)
    twice = pd.DataFrame(W, columns=list("abc"), index=[7, 7, 3, 5])
    with pytest.raises(ValueError, match="X has the row 1, weights has not"):
        weighted(twice, X)
    same_name = pd.DataFrame(W, columns=list("aac"))
    np.testing.assert_array_equal(plain_weights(same_name, pd.DataFrame(NULLS, columns=list("aac"))), W)
    with pytest.raises(ValueError, match="some columns have one label twice"):
        plain_weights(same_name, pd.DataFrame(NULLS, columns=list("caa")))
    with pytest.raises(ValueError, match="shape"):
        weighted(turned[["a", "b"]], X)


@pytest.mark.parametrize(
    "names",
    [
        ("user", "item", "rating"),
        ("UserID", "MovieID", "Rating", "Timestamp"),
        ("user_id", "item_id", "value"),
        ("customer id", "Product", "stars"),
        ("user", "item"),
        ("user", "item", "rating", "timestamp", "device"),
        ("rating", "timestamp", "userId", "movieId", "title", "genre"),
    ],
)
@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_a_long_table_of_ratings_is_not_taken_for_the_matrix(names, library):
    frame = library({name: [1.0, 2.0, 3.0] for name in names})
    with pytest.raises(ValueError, match=r"long table.*3 rows by .*Interactions\.from_frame\(frame\)\.csr"):
        ALS(1).fit(frame)
    with pytest.raises(ValueError, match="long table"):
        ImplicitALS(1).fit(frame)
    assert ALS(1).fit(frame.to_numpy()).row_factors_.shape == (3, 1)


@pytest.mark.parametrize("ids", [["ann", "bob", "cy"], pd.Categorical(["x", "y", "z"]), [7, 7, 8]])
def test_text_and_integers_are_ids(ids):
    frame = pd.DataFrame({"user": ids, "item": [1, 2, 3], "rating": [4, 5, 6], "when": [1, 2, 3], "where": [1, 1, 1]})
    for table in (frame, pl.from_pandas(frame)):
        with pytest.raises(ValueError, match=r"long table.*3 rows by 5 columns"):
            ALS(1).fit(table)


@pytest.mark.parametrize(
    ("user", "item"),
    [
        ([0, 0, 0, 0, 1, 0], [0, 2, 0, 0, 0, 2]),  # counts of words: pairs come again
        ([0.5, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]),
        ([1, None, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]),
        ([-1, 0, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]),
    ],
)
@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_a_matrix_of_many_words_may_have_user_and_item_among_them(user, item, library):
    frame = library({"bark": [1, 0, 2, 0, 1, 3], "user": user, "dog": [1, 1, 0, 0, 1, 2], "item": item, "x": [1] * 6})
    assert ALS(1).fit(frame).column_factors_.shape == (5, 1)


@pytest.mark.parametrize("names", [("a", "b", "c"), ("user", "b", "c"), ("u", "item", "x", "y", "z")])
def test_other_frames_are(names):
    ALS(1).fit(pd.DataFrame({name: [1.0, 2.0, 3.0] for name in names}))


@pytest.mark.parametrize("names", [["a", "b", "a"], [0, 1, 0]])
def test_two_columns_of_one_name_are_told(names):
    for kind in (ALS, ALSImputer):
        with pytest.raises(ValueError, match=f"X has several columns named {names[0]!r}"):
            kind(1).fit(pd.DataFrame(NULLS, columns=names))


def test_a_frame_of_objects_that_only_look_alike_keeps_its_kind():
    class Table(pd.DataFrame):
        pass

    filled = like(Table(NULLS), np.zeros((4, 3)))
    assert type(filled) is Table
    assert filled.shape == (4, 3)
