"""A matrix that is a file on the disk: the same bits as in memory, and no copy of it in memory."""

from __future__ import annotations

import errno
import mmap
import shutil
import tracemalloc

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from alsatian import ALS, ImplicitALS
from alsatian._engine import cells as cells_module
from alsatian._engine import mapped
from alsatian._engine.cells import _transposed_by_blocks, transpose
from alsatian._engine.contract import OBSERVED, Cells


def on_disk(X, folder):
    """The matrix with its arrays mapped from files."""
    parts = []
    for name in ("data", "indices", "indptr"):
        np.save(folder / f"{name}.npy", getattr(X, name))
        parts.append(np.load(folder / f"{name}.npy", mmap_mode="r"))
    return csr_array(tuple(parts), shape=X.shape)


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(mapped, "LEAST", 0)


def counts(m, n, density=0.1, dtype=np.float32):
    X = csr_array(random_array((m, n), density=density, rng=3, format="csr", dtype=dtype))
    X.data = np.ceil(X.data * 5).astype(dtype)
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return X


@pytest.mark.parametrize("block", [1, 7, 100, 10**6])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_transpose_by_blocks_is_the_transpose(block, weighted, small_limit):
    X = counts(40, 23)
    X = csr_array((X.data, X.indices, X.indptr), shape=(40, 23))
    weights = X.data[::-1].copy() if weighted else None
    cells = Cells(X.shape, X.indptr.astype(np.int64), X.indices, X.data, weights, OBSERVED)
    ours, theirs = _transposed_by_blocks(cells, block), transpose(cells)
    assert ours.shape == theirs.shape
    for name in ("indptr", "indices", "values", "weights"):
        a, b = getattr(ours, name), getattr(theirs, name)
        if b is None:
            assert a is None
            continue
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("model", [
    ALS(5, random_state=0, max_iter=4),
    ALS(5, random_state=0, max_iter=4, bias="both", absent="zero"),
    ImplicitALS(5, random_state=0, max_iter=4),
    ImplicitALS(5, random_state=0, max_iter=4, confidence="log", alpha=2.0),
])  # fmt: skip
def test_a_mapped_matrix_gives_the_same_bits(model, tmp_path, small_limit, monkeypatch):
    made = []
    real = mapped.empty_like_place

    def watched(*args):
        made.append(real(*args))
        return made[-1]

    monkeypatch.setattr(cells_module, "empty_like_place", watched)
    X = counts(60, 31)
    first = model.fit(X).row_factors_.copy(), model.column_factors_.copy()
    assert not made
    second = model.fit(on_disk(X, tmp_path))
    assert made
    assert all(isinstance(array, np.memmap) for array in made)
    np.testing.assert_array_equal(first[0], second.row_factors_)
    np.testing.assert_array_equal(first[1], second.column_factors_)


def test_weights_may_be_mapped_too(tmp_path, small_limit):
    X = counts(60, 31)
    C = csr_array((X.data[::-1] / 2, X.indices, X.indptr), shape=X.shape)
    (tmp_path / "c").mkdir()
    model = ALS(5, random_state=0, max_iter=4)
    first = model.fit(X, weights=C).column_factors_.copy()
    second = model.fit(on_disk(X, tmp_path), weights=on_disk(C, tmp_path / "c")).column_factors_
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("model", [ALS(2, max_iter=1), ImplicitALS(2, max_iter=1, confidence="log")])
def test_nothing_of_the_size_of_a_mapped_matrix_is_in_memory(model, tmp_path, small_limit, monkeypatch):
    monkeypatch.setattr(cells_module, "_AT_ONCE", 1 << 14)
    X = counts(400, 25_000, density=0.2)
    X = on_disk(X, tmp_path)
    size = X.nnz * 8
    assert size > 15_000_000
    model.fit(counts(30, 20, density=0.9))  # what is loaded once
    tracemalloc.start()
    try:
        model.fit(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak > 100_000  # the factors, at least: NumPy's memory is seen
    assert peak < size / 2  # blocks, which do not grow with the matrix


def test_what_is_mapped_and_what_is_not(tmp_path):
    path = tmp_path / "numbers"
    path.write_bytes(np.arange(4096.0).tobytes())
    with open(path, "rb") as file:
        table = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    assert mapped.is_mapped(np.frombuffer(table, dtype=float)[3:9])
    assert mapped.is_mapped(np.memmap(path, mode="r")[::2])
    assert mapped.is_mapped(np.frombuffer(memoryview(table)[8:], dtype=float))
    assert not mapped.is_mapped(np.arange(3.0)[1:])
    assert not mapped.is_mapped(np.frombuffer(b"12345678", dtype=float))


def test_a_small_array_goes_to_memory(tmp_path):
    path = tmp_path / "numbers"
    path.write_bytes(bytes(64))
    assert not mapped.is_mapped(mapped.empty_like_place(8, np.float32, np.memmap(path, mode="r")))


def test_a_disk_without_room_is_named(tmp_path, small_limit, monkeypatch):
    X = on_disk(counts(60, 31), tmp_path)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(mapped.shutil, "disk_usage", lambda folder: usage._replace(free=10))
    with pytest.raises(OSError, match=r"1e-08 GB are free.*TMPDIR"):
        ALS(5).fit(X)


def test_room_that_cannot_be_reserved_is_named(tmp_path, small_limit, monkeypatch):
    def refuse(descriptor, start, size):
        raise OSError(errno.EFBIG, "File too large")

    X = on_disk(counts(60, 31), tmp_path)
    monkeypatch.setattr(mapped.os, "posix_fallocate", refuse, raising=False)
    with pytest.raises(OSError, match=r"needs beside a matrix.*TMPDIR"):
        ALS(5).fit(X)


def test_wide_indices_of_a_file_are_narrowed_in_a_file(tmp_path, small_limit):
    X = counts(60, 31)
    wide = csr_array((X.data, X.indices, X.indptr), shape=X.shape)
    wide.indices, wide.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    from_file = on_disk(wide, tmp_path)
    narrow = mapped.narrowed(from_file.indices)
    assert from_file.indices.dtype == np.int64
    assert narrow.dtype == np.int32
    assert mapped.is_mapped(narrow)
    assert np.array_equal(narrow, X.indices)
    assert not mapped.is_mapped(mapped.narrowed(wide.indices))
    assert mapped.narrowed(X.indices) is X.indices
    np.testing.assert_array_equal(
        ALS(3, random_state=0).fit(from_file).row_factors_, ALS(3, random_state=0).fit(X).row_factors_
    )
