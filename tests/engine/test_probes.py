"""The native probes: what they time is right, and what they refuse. No test depends on a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from alsatian._engine import _core, probes

ISAS = _core.available_isas()
both = pytest.mark.parametrize("dtype", [np.float32, np.float64])
every = pytest.mark.parametrize("isa", ISAS)


def took(timed: probes.Timed, calls: int) -> None:
    assert math.isfinite(timed.seconds)
    assert timed.seconds > 0
    assert timed.calls == calls


def normal(*shape: int, dtype: Any) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


@every
@both
def test_chains_end_where_they_must(dtype: Any, isa: str) -> None:
    size = probes.sizes(dtype, 1, isa)
    timed, total = probes.time_chains(dtype, calls=2, n_jobs=2, isa=isa, factor=0.5, term=1.0)
    took(timed, 4)
    assert total == pytest.approx(2 * size.chains / size.steps)  # x = x / 2 + 1 goes to 2


def test_a_copy_is_made() -> None:
    took(probes.time_copy(100_001, calls=2, n_jobs=3), 3)


@every
@both
@pytest.mark.parametrize("k", [1, 7, 64, 130])
def test_rows_are_gathered_and_multiplied(k: int, dtype: Any, isa: str) -> None:
    z = normal(50, k, dtype=dtype)
    index = np.random.default_rng(1).integers(0, 50, size=700).astype(np.int32)
    timed, rows = probes.time_pack(z, index, calls=3, n_jobs=2, isa=isa)
    took(timed, 6)
    np.testing.assert_array_equal(rows, z[index[: len(rows)]])
    assert len(rows) == probes.sizes(dtype, k).rows
    timed, gram = probes.time_gram(z, calls=3, n_jobs=2, isa=isa)
    took(timed, 6)
    exact = np.triu(z.T.astype(np.float64) @ z)
    np.testing.assert_allclose(gram, exact, rtol=0, atol=200 * np.finfo(dtype).eps)


@every
@both
@pytest.mark.parametrize("k", [1, 7, 64, 130])
def test_systems_are_factored_and_solved(k: int, dtype: Any, isa: str) -> None:
    z = normal(2 * k, k, dtype=np.float64)
    a = (z.T @ z / k + np.eye(k)).astype(dtype)
    timed, u = probes.time_cholesky(a, calls=2, n_jobs=2, isa=isa)
    took(timed, 4)
    np.testing.assert_allclose(u, np.linalg.cholesky(a.astype(np.float64)).T, rtol=0, atol=300 * np.finfo(dtype).eps)
    right = normal(k, dtype=dtype)
    timed, x = probes.time_solve(u, right, calls=2, n_jobs=2, isa=isa)
    took(timed, 4)
    np.testing.assert_allclose(a @ x, right, rtol=0, atol=1000 * np.finfo(dtype).eps)


@both
def test_tiles_do_more_than_the_triangle(dtype: Any) -> None:
    for k in (1, 8, 64, 100, 256):
        made = probes.sizes(dtype, k).gram_row
        assert k * (k + 1) // 2 <= made <= (k + 16) * (k + 80) // 2


def test_what_cannot_be_timed_is_refused() -> None:
    z, index, square = np.ones((4, 3)), np.zeros(2, dtype=np.int32), np.eye(3)
    with pytest.raises(ValueError, match="calls must be at least 1"):
        probes.time_gram(z, calls=0)
    with pytest.raises(ValueError, match="n_jobs is out of range"):
        probes.time_gram(z, calls=1, n_jobs=0)
    with pytest.raises(ValueError, match="not available"):
        probes.time_gram(z, calls=1, isa="mmx")
    with pytest.raises(ValueError, match="bytes are out of range"):
        probes.time_copy(0, calls=1)
    for bad in (-1, 4):
        with pytest.raises(ValueError, match="index is out of range"):
            probes.time_pack(z, index + np.int32(bad), calls=1)
    with pytest.raises(ValueError, match="index must not be empty"):
        probes.time_pack(z, index[:0], calls=1)
    for rows in (0, 257):
        with pytest.raises(ValueError, match="too few or too many rows"):
            probes.time_gram(np.ones((rows, 3)), calls=1)
    with pytest.raises(ValueError, match="components"):
        probes.time_gram(np.ones((3, 0)), calls=1)
    with pytest.raises(ValueError, match="square"):
        probes.time_cholesky(z, calls=1)
    with pytest.raises(ValueError, match="not positive definite"):
        probes.time_cholesky(-square, calls=1)
    with pytest.raises(ValueError, match="one entry a row"):
        probes.time_solve(square, np.ones(4), calls=1)
    with pytest.raises(ValueError, match="out must"):
        _core.time_gram_float64(z, np.empty((3, 4)), 1, 1, "")
    with pytest.raises(ValueError, match="out must"):
        _core.time_pack_float64(z, index, np.empty((1, 3)), 1, 1, "")
    with pytest.raises(ValueError, match="out must"):
        _core.time_cholesky_float64(square, np.empty((3, 2)), 1, 1, "")
    with pytest.raises(ValueError, match="components"):
        probes.sizes(np.float32, 0)
