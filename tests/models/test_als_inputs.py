from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from alsatian.models import ALS
from alsatian.models._inputs import cells_of
from alsatian.objective import loss
from problems import small_ratings, stored

R = small_ratings()
RNG = np.random.default_rng(0)


def shuffled(X):
    coo = X.tocoo()
    order = RNG.permutation(coo.nnz)
    return sparse.coo_array((coo.data[order], (coo.row[order], coo.col[order])), shape=X.shape)


def unsorted(X):
    X = X.copy()
    for row in range(X.shape[0]):
        span = slice(X.indptr[row], X.indptr[row + 1])
        X.indices[span], X.data[span] = X.indices[span][::-1].copy(), X.data[span][::-1].copy()
    return sparse.csr_array((X.data, X.indices, X.indptr), X.shape)


def split(X):
    """Every entry stored twice, as halves."""
    coo = X.tocoo()
    pairs = (np.tile(coo.data / 2, 2), (np.tile(coo.row, 2), np.tile(coo.col, 2)))
    return sparse.coo_array(pairs, shape=X.shape)


def wide(X):
    X = X.copy()
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


S = stored(R)
CONTAINERS = {
    "nan": R,
    "fortran": np.asfortranarray(R),
    "list": R.tolist(),
    "object": R.astype(object),
    "pandas": pd.DataFrame(R, columns=list("abcd")),
    "polars": pl.DataFrame(R, schema=list("abcd")),
    "csr_array": S,
    "csr_matrix": sparse.csr_matrix(S),
    "csc": S.tocsc(),
    "coo": S.tocoo(),
    "lil": S.tolil(),
    "shuffled": shuffled(S),
    "unsorted": unsorted(S),
    "duplicated": split(S),
    "int64 indices": wide(S),
    "int values": S.astype(int),
    "uint8 values": S.astype(np.uint8),
}


@pytest.mark.parametrize("bias", ["none", "both"])
@pytest.mark.parametrize("name", CONTAINERS)
def test_equal_data_give_equal_bits_whatever_they_come_in(name, bias):
    expected = ALS(2, bias=bias, random_state=0).fit(R)
    model = ALS(2, bias=bias, random_state=0).fit(CONTAINERS[name])
    np.testing.assert_array_equal(model.row_factors_, expected.row_factors_)
    np.testing.assert_array_equal(model.column_factors_, expected.column_factors_)
    assert model.history_ == expected.history_


@pytest.mark.parametrize("absent", ["missing", "zero"])
@pytest.mark.parametrize("same", [np.asfortranarray, sparse.csr_array, sparse.csc_matrix, lambda X: X.astype(bool)])
def test_a_full_matrix_is_full_in_every_container(same, absent):
    X = np.ones((4, 3))
    assert cells_of(np.ascontiguousarray(X), absent_zero=absent == "zero").full
    models = [ALS(2, absent=absent, random_state=0).fit(Y) for Y in (X, same(X))]
    np.testing.assert_array_equal(models[0].row_factors_, models[1].row_factors_)


@pytest.mark.parametrize("weighted", [False, True])
def test_an_array_and_a_sparse_matrix_agree_where_absent_cells_are_zeros(weighted):
    X = np.nan_to_num(R)
    W = np.where(X == 1, 2.0, 1.0) if weighted else None
    models = [ALS(2, absent="zero", random_state=0).fit(Y, weights=W) for Y in (X, sparse.csr_array(X), stored(X))]
    for model in models[1:]:
        np.testing.assert_array_equal(models[0].row_factors_, model.row_factors_)


@pytest.mark.parametrize("reg_exponent", [0, 1])
def test_an_array_has_no_absent_cells_so_that_weight_zero_is_missing_whatever_absent_says(reg_exponent):
    rng = np.random.default_rng(0)
    X, C = rng.normal(size=(8, 6)), rng.choice([0.0, 1, 2], size=(8, 6))
    model = ALS(2, absent="zero", reg_exponent=reg_exponent, random_state=0).fit(X, weights=C)
    missing = ALS(2, absent="missing", reg_exponent=reg_exponent, random_state=0).fit(X, weights=C)
    assert model.history_ == missing.history_
    stated = loss(X, model.row_factors_, model.column_factors_, weights=C, **model.objective_settings())
    assert model.history_.loss[-1] == pytest.approx(stated, rel=1e-12)
    # The cells of weight zero that a sparse X does not store are out of it too, but counted.
    as_sparse = ALS(2, absent="zero", reg_exponent=reg_exponent, random_state=0).fit(sparse.csr_array(X), weights=C)
    settings = as_sparse.objective_settings()
    stated = loss(sparse.csr_array(X), as_sparse.row_factors_, as_sparse.column_factors_, weights=C, **settings)
    assert as_sparse.history_.loss[-1] == pytest.approx(stated, rel=1e-12)
    assert (np.abs(as_sparse.history_.loss[-1] - missing.history_.loss[-1]) > 1e-3) == (reg_exponent == 1)


@pytest.mark.parametrize("weighted", [False, True])
def test_weights_of_absent_zeros_are_as_in_the_objective(weighted):
    X = sparse.csr_array(np.nan_to_num(R))
    C = np.where(np.arange(20).reshape(5, 4) % 3, 1.0, 0.0 if weighted else 4.0)
    model = ALS(2, bias="both", absent="zero", random_state=0).fit(X, weights=C)
    stated = loss(X, model.row_factors_, model.column_factors_, weights=C, **model.objective_settings())
    assert model.history_.loss[-1] == pytest.approx(stated, rel=1e-12)


def test_a_row_of_an_array_is_solved_as_in_company_whatever_absent_says():
    X = np.random.default_rng(0).normal(size=(40, 30))
    X[0, 1] = np.nan
    model = ALS(3, absent="zero", random_state=0).fit(X)
    for row in (1, 2, 3):
        np.testing.assert_array_equal(model.transform(X[[row]]), model.row_factors_[[row]])


@pytest.mark.parametrize("dtype", [float, np.float32, int, object])
def test_a_masked_cell_is_missing(dtype):
    X, mask = np.nan_to_num(R).astype(dtype), np.isnan(R)
    X[mask] = 1000
    masked = np.ma.masked_array(X, mask=mask)
    expected = ALS(2, bias="mean", dtype="float64", random_state=0).fit(R)
    model = ALS(2, bias="mean", dtype="float64", random_state=0).fit(masked)
    assert model.history_ == expected.history_
    np.testing.assert_array_equal(model.transform(masked), expected.transform(R))
    np.testing.assert_array_equal(model.impute(masked), expected.impute(R.astype(model.impute(masked).dtype)))
    assert not np.ma.isMaskedArray(model.impute(masked))
    assert (masked.data[mask] == 1000).all()
    assert ALS(1).fit(masked).row_factors_.dtype == (np.float32 if dtype is np.float32 else np.float64)


def test_a_masked_weight_is_zero():
    weights = np.ma.masked_array(np.full(R.shape, 2.0), mask=np.zeros(R.shape, dtype=bool))
    weights[0, 0] = np.ma.masked
    plain = np.where(weights.mask, 0, 2.0)
    expected = ALS(2, random_state=0).fit(R, weights=plain)
    assert ALS(2, random_state=0).fit(R, weights=weights).history_ == expected.history_


def with_duplicates(kind, seed):
    """Cells stored up to five times, in another order for each seed: a sum that rounds differently in each."""
    rng = np.random.default_rng(0)
    i, j, x = rng.integers(6, size=150), rng.integers(5, size=150), 10.0 ** rng.integers(-9, 9, size=150)
    order = np.random.default_rng(seed).permutation(150)
    X = sparse.coo_array((x[order], (i[order], j[order])), shape=(6, 5))
    X.has_canonical_format = True  # or SciPy sums duplicates on the way to another format
    X = X.asformat(kind)
    X.has_canonical_format = False
    assert X.nnz == 150
    return X


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["coo", "csr", "csc"])
def test_duplicates_have_one_sum_in_whatever_order_they_are_stored(kind, dtype):
    expected = cells_of(with_duplicates("coo", 0).astype(np.float64))
    assert expected.values.size < 31
    first = ALS(2, dtype=dtype, random_state=0).fit(with_duplicates("coo", 0))
    for seed in range(1, 6):
        X = with_duplicates(kind, seed)
        np.testing.assert_array_equal(cells_of(X).values, expected.values)
        model = ALS(2, dtype=dtype, random_state=0).fit(X)
        np.testing.assert_array_equal(model.row_factors_, first.row_factors_)
        np.testing.assert_array_equal(model.transform(X), first.row_factors_)
        np.testing.assert_array_equal(model.impute(X, dense=True), first.impute(with_duplicates("coo", 0), dense=True))


def test_duplicated_weights_have_one_sum_too():
    X = sparse.csr_array(np.ones((6, 5)))
    weights = [with_duplicates("csr", seed) for seed in (1, 2)]
    for w in weights:
        assert np.unique(w.indices + 5 * np.repeat(np.arange(6), np.diff(w.indptr))).size == 30
    models = [ALS(2, random_state=0).fit(X, weights=w) for w in weights]
    assert models[0].history_ == models[1].history_


@pytest.mark.parametrize("dtype", [np.float32, np.float64, int])
def test_duplicates_are_summed(dtype):
    X = sparse.csr_array((np.array([2, 3, 1], dtype=dtype), [0, 0, 1], [0, 2, 3]), shape=(2, 2))
    summed = sparse.csr_array((np.array([5, 1], dtype=dtype), [0, 1], [0, 1, 2]), shape=(2, 2))
    models = [ALS(1, random_state=0).fit(Y) for Y in (X, summed)]
    np.testing.assert_array_equal(models[0].row_factors_, models[1].row_factors_)
    assert X.nnz == 3


@pytest.mark.parametrize("name", [name for name in CONTAINERS if name not in ("pandas", "polars", "list", "object")])
def test_inputs_are_left_as_they_were(name):
    X = CONTAINERS[name]
    before = X.copy()
    ALS(2, random_state=0).fit(X).transform(X)
    if sparse.issparse(X):
        assert X.nnz == before.nnz
        assert X.dtype == before.dtype
        fields = ("row", "col") if X.format == "coo" else () if X.format == "lil" else ("indices", "indptr", "data")
        for field in fields:
            np.testing.assert_array_equal(getattr(X, field), getattr(before, field))
    else:
        np.testing.assert_array_equal(X, before)


def test_canonical_csr_is_used_without_a_copy():
    X = sparse.csr_array((S.data.astype(np.float32), S.indices.astype(np.int32), S.indptr.astype(np.int32)), S.shape)
    cells = cells_of(X)
    assert np.shares_memory(cells.values, X.data)
    assert np.shares_memory(cells.indices, X.indices)
    full = sparse.csr_array(np.ones((3, 2), dtype=np.float32))
    assert np.shares_memory(cells_of(full).values, full.data)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_a_bad_stored_value_is_named_with_its_place(bad, kind):
    X = sparse.csr_array(([1.0, bad, 2.0], [0, 1, 1], [0, 2, 3]), shape=(2, 2)).asformat(kind)
    with pytest.raises(ValueError, match=r"X stores -?(nan|inf) in row 0, column 1"):
        ALS(1).fit(X)


def test_an_infinite_value_of_an_array_is_named_with_its_place():
    with pytest.raises(ValueError, match=r"X holds inf in row 0, column 1"):
        ALS(1).fit([[1, np.inf], [np.nan, 2]])
    with pytest.raises(ValueError, match=r"X holds inf in row 1, column 0"):
        ALS(1, dtype="float32").fit([[1, 2], [1e300, 2]])


def test_a_sparse_matrix_with_an_index_out_of_range_is_refused():
    X = sparse.csr_array(([1.0, 2.0], [0, 1], [0, 1, 2]), shape=(2, 2))
    X.indices[1] = 7
    with pytest.raises(ValueError, match="row 1 stores column index 7, but column indices go from 0 to 1"):
        ALS(1).fit(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.empty((0, 4)), "0 sample"),
        (np.full((3, 4), np.nan), r"\(3, 4\) has no observed cell"),
        (sparse.csr_array((3, 4)), r"\(3, 4\) has no observed cell"),
        (sparse.csr_array((1, 2**31)), "2147483648 columns.*at most 2147483647"),
    ],
)
def test_nothing_to_fit_is_an_error(X, message):
    with pytest.raises(ValueError, match=message):
        ALS(2).fit(X)


def test_a_cell_of_weight_zero_is_a_missing_cell():
    weights = np.ones(R.shape)
    weights[0, 0] = 0
    without = R.copy()
    without[0, 0] = np.nan
    expected = ALS(2, bias="both", random_state=0).fit(without)
    for X, w in ((R, weights), (S, weights), (S, stored(np.where(np.isnan(R), np.nan, weights)))):
        model = ALS(2, bias="both", random_state=0).fit(X, weights=w)
        np.testing.assert_array_equal(model.row_factors_, expected.row_factors_)
        assert model.history_ == expected.history_


def test_weights_of_one_are_no_weights_and_two_is_a_cell_twice():
    expected = ALS(2, random_state=0).fit(R)
    np.testing.assert_array_equal(
        ALS(2, random_state=0).fit(R, weights=np.ones(R.shape)).row_factors_, expected.row_factors_
    )
    doubled = ALS(2, reg=0.2, random_state=0, tol=0, max_iter=3).fit(R, weights=np.full(R.shape, 2.0))
    plain = ALS(2, reg=0.1, random_state=0, tol=0, max_iter=3).fit(R)
    np.testing.assert_allclose(doubled.row_factors_, plain.row_factors_, rtol=1e-9)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_bad_weight_is_named_with_its_place(bad):
    weights = np.ones(R.shape)
    weights[2, 2] = bad  # a missing cell: the weight is refused all the same
    with pytest.raises(ValueError, match=r"weights holds .* in row 2, column 2"):
        ALS(2).fit(R, weights=weights)
    as_sparse = S.copy()
    as_sparse.data[3] = bad
    with pytest.raises(ValueError, match=r"weights holds .* in row 1, column 0"):
        ALS(2).fit(S, weights=as_sparse)


def test_weights_that_do_not_fit_are_refused():
    other = S.copy()
    other.indices[0] = 2
    with pytest.raises(ValueError, match=r"store the same cells as X.*differ in row 0"):
        ALS(2).fit(S, weights=sparse.csr_array((other.data, other.indices, other.indptr), S.shape))
    with pytest.raises(ValueError, match=r"shape of X.*\(5, 3\).*\(5, 4\)"):
        ALS(2).fit(R, weights=np.ones((5, 3)))


@pytest.mark.parametrize("weight", [2, 2.0, np.float32(2), np.array(2.0), True])
def test_one_number_is_not_taken_for_weights(weight):
    with pytest.raises(ValueError, match=r"weights is one number, (2|True).*numpy.full\(X.shape"):
        ALS(2).fit(R, weights=weight)
    with pytest.raises(ValueError, match=r"weights is one number"):
        loss(R, np.ones((R.shape[0], 1)), np.ones((R.shape[1], 1)), weights=weight)


@pytest.mark.parametrize("X", [R, R.tolist(), pd.DataFrame(R), stored(R)], ids=["array", "list", "frame", "sparse"])
def test_weights_given_by_position_are_not_swallowed_as_y(X):
    W = np.ones(R.shape)
    for y in (W, W.tolist(), tuple(W), pd.DataFrame(W), pl.DataFrame(W), sparse.csr_array(W), np.ma.masked_array(W)):
        for method in ("fit", "fit_transform"):
            model = ALS(2)
            with pytest.raises(ValueError, match=r"y has the shape of X, \(5, 4\).*pass weights=\.\.\. by name"):
                getattr(model, method)(X, y)
            assert not hasattr(model, "column_factors_")
    for y in (None, W[:, 0], W[:, :1], W[:, :2], list("abcde"), [[1], [1, 2], [], [], []], pd.Series(W[:, 0])):
        ALS(2).fit(X, y)
    ALS(1).fit(np.ones((3, 1)), np.ones((3, 1)))  # targets of one column, as scikit-learn passes them


def test_weights_all_zero_in_a_row_leave_it_without_data():
    weights = np.ones(R.shape)
    weights[3] = 0
    with pytest.warns(UserWarning, match=r"1 row \(first: row 3\)"):
        model = ALS(2, random_state=0).fit(R, weights=weights)
    assert not model.row_factors_[3].any()


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_matrix])
def test_an_indptr_of_the_wrong_length_is_an_error_not_a_crash(container: type) -> None:
    X = container((3, 2))
    X.data = np.arange(1.0, 5)
    X.indices = np.array([0, 1, 1, 1], dtype=np.int32)
    X.indptr = np.array([0, 4], dtype=np.int32)
    with pytest.raises(ValueError, match="indptr has 2 entries"):
        ALS(1).fit(X)
