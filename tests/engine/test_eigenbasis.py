"""The eigenbasis of the fixed side: of many rows by its Gram matrix, of few by a QR decomposition."""

from __future__ import annotations

import numpy as np
import pytest

from alsatian._engine import native


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("n", "k"), [(1, 40), (2, 129), (19, 40), (20, 40), (60, 40)])
def test_it_is_that_of_the_scaled_gram_matrix(n: int, k: int, bias: bool, dtype: type, monkeypatch) -> None:
    factors = np.random.default_rng(0).normal(size=(n, k)).astype(dtype)
    factors[: n // 3] = factors[0]  # and rows may be the same
    decomposed: list[int] = []
    eigh = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda a: decomposed.append(len(a)) or eigh(a))
    values, vectors = native._eigenbasis(factors, (0.25, 4.0), bias, 1, None)
    assert decomposed == [n if 2 * n < k + bias else k + bias]  # few rows need no large decomposition
    wide = np.column_stack([factors, np.ones(n)]) if bias else factors.astype(np.float64)
    root = np.array([0.25] * k + [4.0] * bias) ** -0.5
    gram = root[:, np.newaxis] * (wide.T @ wide) * root
    assert vectors.flags.c_contiguous
    assert (np.diff(values) >= 0).all()
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(k + bias), atol=1e-12)
    close = 1e-11 if dtype == np.float64 else 1e-6  # many rows of float32 are summed in float32
    np.testing.assert_allclose((vectors * values) @ vectors.T, gram, atol=close * values[-1])
