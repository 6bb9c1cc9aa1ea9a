"""Interactions of matrices: the same cells from any layout, and what is said of those that are none."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.sparse as sp

from alsatian import Interactions
from alsatian.data import Ids
from alsatian.models._sparse import canonical

pd = pytest.importorskip("pandas")

R = np.array([[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [0, 0, 5, 4], [0, 1, 5, 4]], dtype=float)


def test_a_matrix_in_any_container():
    missing = np.where(R == 0, np.nan, R)
    expected = Interactions.from_matrix(missing)
    assert expected.users == Ids(range(5))
    rows, columns = np.nonzero(R)
    assert Interactions.from_arrays(rows, columns, R[rows, columns]) == expected
    shuffle = np.random.default_rng(0).permutation(rows.size)
    coo = sp.coo_array((R[rows, columns][shuffle], (rows[shuffle], columns[shuffle])), shape=R.shape)
    unsorted = sp.csr_array(coo)
    unsorted.indices[:3], unsorted.data[:3] = unsorted.indices[:3][::-1].copy(), unsorted.data[:3][::-1].copy()
    unsorted.has_sorted_indices = False
    long = sp.csr_array(coo)
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    matrices = [
        getattr(sp, f"{layout}_{kind}")(coo)
        for layout in ("csr", "csc", "coo", "lil", "dok")
        for kind in ("array", "matrix")
    ]
    matrices += [
        unsorted,
        long,
        missing.astype(np.float32),
        np.asfortranarray(missing),
        missing.tolist(),
        np.ma.masked_equal(R, 0),
    ]
    matrices += [sp.csr_array(R.astype(dtype)) for dtype in (np.int64, np.uint8, np.float32)]
    matrices += [np.ma.masked_equal(R.astype(int), 0), pd.DataFrame(missing)]
    for X in matrices:
        before = pickle.dumps(X)
        assert Interactions.from_matrix(X) == expected, type(X)
        assert pickle.dumps(X) == before


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_entries_that_are_stored_twice_are_summed(dtype):
    rng = np.random.default_rng(3)
    rows, columns = rng.integers(0, 4, 60), rng.integers(0, 3, 60)
    values = (100 * rng.standard_normal(60)).astype(dtype)
    X = sp.coo_array((values, (rows, columns)), shape=(4, 3))
    working = np.float64 if dtype == np.float64 else np.float32
    x = Interactions.from_matrix(X, dtype=working)
    assert Interactions.from_arrays(rows, columns, values, dtype=working) == x
    twice = sp.csr_array((np.array([1, 2], dtype=dtype), [0, 0], [0, 2]), shape=(1, 1))
    assert Interactions.from_matrix(twice, dtype=working) == Interactions.from_matrix(
        sp.csr_array([[3.0]]), dtype=working
    )
    # the models read it in the same way
    read = canonical(sp.coo_array((values.astype(working), (rows, columns)), shape=(4, 3)), "X")
    assert read.data.tobytes() == x.values.tobytes()


def test_weights_of_a_matrix():
    X = sp.csr_array(R)
    W = 1 + np.arange(20.0).reshape(5, 4)
    x = Interactions.from_matrix(X, weights=W, users=list("abcde"), items=list("wxyz"))
    np.testing.assert_array_equal(x.weights.toarray(), np.where(R, W, 0))
    assert (
        Interactions.from_matrix(X, weights=sp.csr_array(np.where(R, W, 0))).weights.data.tolist()
        == x.weights.data.tolist()
    )
    assert Interactions.from_matrix(np.where(R, R, np.nan), weights=W.tolist(), users=x.users, items=x.items) == x
    masked = Interactions.from_matrix(X, weights=np.ma.array(W, mask=W == 1))
    assert masked.weights.data[0] == 0
    for bad, told in (
        (W[:4], r"shape of X.*got \(4, 4\), X has \(5, 4\)"),
        (-W, "weights holds -1.0 in row 0, column 0.*>= 0"),
        (
            np.where(W == 6, np.nan, W)[:, ::-1][:, ::-1] * np.where(W == 1, np.nan, 1),
            "weights holds nan in row 0, column 0",
        ),
        (sp.csr_array(W), "weights stores row 0, column 2, X does not"),
        (sp.csr_array(np.eye(5, 4)), "X stores row 0, column 1, weights does not"),
        (sp.csr_array(np.where(R, -1, 0)), "weights holds -1.* in row 0, column 0"),
    ):
        with pytest.raises(ValueError, match=told):
            Interactions.from_matrix(X, weights=bad)


def test_bad_matrices():
    broken = sp.csr_array(R)
    broken.indices[0] = 7
    negative = sp.coo_array(R)
    negative.coords[0][0] = -1
    short = sp.csr_array(R)
    short.indptr[-1] = 99
    for X, told in (
        (np.array([[1, np.inf]]), "X holds inf in row 0, column 1"),
        (sp.csr_array([[1, np.inf]]), "X holds inf in row 0, column 1"),
        (sp.csr_array([[1, np.nan], [0, 2]]), "X holds nan in row 0, column 1"),
        (np.zeros((0, 4)), r"X of shape \(0, 4\) has no cell"),
        (np.full((2, 2), np.nan), r"X of shape \(2, 2\) has no cell"),
        (sp.csr_array((3, 4)), r"X of shape \(3, 4\) has no cell"),
        (np.zeros(4), r"two dimensions.*got \(4,\)"),
        (broken, "not a valid sparse matrix"),
        (short, "not a valid sparse matrix"),
        (negative, "row index -1 is not in 0 … 4"),
        (sp.coo_array(([1e300], ([0], [0]))), "too large for float32"),
        (sp.coo_array(([3e38, 3e38], ([0, 0], [0, 0]))), "entries of X in row 0, column 0 sum to more than float32"),
        (sp.coo_array(([1], ([0], [0])), shape=(1, 2**31)), "at most 2147483647"),
    ):
        with pytest.raises(ValueError, match=told):
            Interactions.from_matrix(X)
    with pytest.raises(ValueError, match=r"items has 3 ids, but X of shape \(5, 4\) has 4 columns"):
        Interactions.from_matrix(R, items=["a", "b", "c"])
    with pytest.raises(TypeError, match="X must be numbers"):
        Interactions.from_matrix(np.array([["a"]]))


def test_a_negative_value_is_kept():
    x = Interactions.from_matrix(np.array([[1, -5], [2, 3]]))
    assert x.csr.toarray().tolist() == [[1, -5], [2, 3]]
