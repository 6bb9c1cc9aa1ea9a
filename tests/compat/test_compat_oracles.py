"""Spark and Surprise, for which their documented updates stand, written out in NumPy; and TruncatedSVD itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import NMF, TruncatedSVD

from alsatian.compat import from_spark, from_surprise, from_truncated_svd
from alsatian.objective import gradient
from compat.peers import converged, objective_of, plays, product_gap, slope


def spark_half_step(X: Any, Z: np.ndarray, reg: float, alpha: float, implicit: bool) -> np.ndarray:
    """One row after the other as Spark's computeFactors has it: the normal equations, and λ times numExplicits."""
    k = Z.shape[1]
    W = np.zeros((X.shape[0], k))
    for i in range(X.shape[0]):
        A = Z.T @ Z if implicit else np.zeros((k, k))
        b, n_explicit = np.zeros(k), 0
        for p in range(X.indptr[i], X.indptr[i + 1]):
            z, rating = Z[X.indices[p]], X.data[p]
            if implicit:
                c1 = alpha * abs(rating)
                A += c1 * np.outer(z, z)
                b += (1 + c1 if rating > 0 else 0.0) * z
                n_explicit += rating > 0
            else:
                A += np.outer(z, z)
                b += rating * z
                n_explicit += 1
        W[i] = np.linalg.solve(A + reg * n_explicit * np.eye(k), b)
    return W


@pytest.mark.parametrize("implicit", [False, True], ids=["explicit", "implicit"])
def test_spark_by_its_update_iteration_by_iteration_and_at_its_minimum(implicit: bool) -> None:
    X = plays()
    if implicit:
        X.data[4] = 0  # a stored zero is not counted
    Z = start = np.random.default_rng(1).normal(size=(10, 3))
    translation = from_spark(rank=3, regParam=0.1, alpha=1.5, implicitPrefs=implicit, maxIter=5)
    for iteration in range(400):
        W = spark_half_step(X, Z, 0.1, 1.5, implicit)
        Z = spark_half_step(X.T.tocsr(), W, 0.1, 1.5, implicit)
        if iteration == 4:
            after_five = Z
    assert slope(translation, X, W, Z) < 1e-6
    translation.estimator.set_params(init=start, dtype="float64")
    np.testing.assert_allclose(translation.fit(X).column_factors_, after_five, rtol=1e-9, atol=1e-12)
    ours = converged(translation, X, Z)
    assert product_gap(ours.row_factors_ @ ours.components_, W @ Z.T) < 1e-6


def test_spark_counts_positive_ratings_alone_so_dislikes_are_refused() -> None:
    X = plays()
    X.data[0] = -1
    with pytest.raises(ValueError, match=r"X stores -1\.0 in row 0.*number of positive ratings"):
        from_spark(implicitPrefs=True).fit(X)
    from_spark(rank=2).fit(X)
    with pytest.raises(ValueError, match="nonnegative=True of pyspark's ALS has no counterpart"):
        from_spark(nonnegative=True)


def test_an_estimator_of_spark_is_read_by_its_map_of_parameters() -> None:
    # As in pyspark, the attributes are descriptions of parameters; the seed is any 64-bit number.
    values = {"rank": 7, "maxIter": 4, "regParam": 0.2, "implicitPrefs": True, "alpha": 3.0, "seed": -5, "maxMemory": 1}
    descriptions = {name: SimpleNamespace(name=name) for name in values}
    of_spark = type("ALS", (), {"__module__": "pyspark.ml.recommendation", **descriptions})()
    of_spark.extractParamMap = lambda: Map([(descriptions[name], value) for name, value in values.items()])
    model = from_spark(of_spark).estimator
    assert (model.n_components, model.max_iter, model.reg, model.alpha) == (7, 4, 0.2, 3.0)
    assert model.random_state == (1 << 32) - 5


class Map:
    def __init__(self, pairs: list[tuple[Any, Any]]) -> None:
        self._pairs = pairs

    def items(self) -> list[tuple[Any, Any]]:
        return self._pairs


@pytest.mark.parametrize("biased", [True, False])
def test_the_steps_of_surprise_add_up_to_our_gradient(biased: bool) -> None:
    # Its steps for each rating, all taken at one point, sum to the slope of what it descends, times its learning rate.
    rng, X = np.random.default_rng(0), plays()
    reg = {"reg_bu": 0.1, "reg_bi": 0.2, "reg_pu": 0.3, "reg_qi": 0.4}
    p, q, bu, bi = rng.normal(size=(14, 3)), rng.normal(size=(10, 3)), rng.normal(size=14), rng.normal(size=10)
    if not biased:
        bu, bi = np.zeros(14), np.zeros(10)
    mean = X.data.mean() if biased else 0.0
    steps = [np.zeros_like(a) for a in (p, q, bu, bi)]
    for u, i, r in zip(*X.nonzero(), X.data, strict=True):
        error = r - (mean + bu[u] + bi[i] + q[i] @ p[u])
        steps[0][u] += error * q[i] - reg["reg_pu"] * p[u]
        steps[1][i] += error * p[u] - reg["reg_qi"] * q[i]
        steps[2][u] += error - reg["reg_bu"] * bu[u]
        steps[3][i] += error - reg["reg_bi"] * bi[i]
    prepared, settings = objective_of(from_surprise(n_factors=3, biased=biased, **reg), X)
    biases = {"row_bias": bu, "column_bias": bi} if biased else {}
    ours = gradient(prepared, p, q, **settings, **biases)
    for step, slope_ in zip(steps, ours, strict=True):
        if slope_ is not None:
            np.testing.assert_allclose(-step, slope_, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("sparse", [True, False], ids=["sparse", "array"])
@pytest.mark.parametrize("k", [1, 3])
def test_truncated_svd_by_its_product(sparse: bool, k: int) -> None:
    X = plays() if sparse else plays().toarray()
    svd = TruncatedSVD(k, algorithm="arpack", random_state=0).fit(X)
    translation = from_truncated_svd(svd)
    model = translation.fit(X)
    theirs = svd.transform(X) @ svd.components_
    scores = model.row_factors_ @ model.components_
    # The loss is met to 1e-12 and is quadratic around the minimum: 1e-6 of the scores, times what is left to go.
    assert product_gap(scores, theirs) < 1e-4
    assert slope(translation, X, svd.transform(X), svd.components_.T) == pytest.approx(1, abs=1e-9)  # no ridge at all
    prepared, settings = objective_of(translation, X)
    at_theirs = gradient(prepared, svd.transform(X), svd.components_.T, **settings)
    assert max(np.abs(at_theirs.W).max(), np.abs(at_theirs.Z).max()) < 1e-10 * np.abs(X).max() * svd.singular_values_[0]
    np.testing.assert_allclose(np.linalg.svd(scores)[1][:k], svd.singular_values_, rtol=1e-6)


def test_what_truncated_svd_would_refuse_is_refused() -> None:
    with pytest.raises(ValueError, match="X holds NaN, which TruncatedSVD refuses"):
        from_truncated_svd().fit(np.array([[1.0, np.nan], [2.0, 3.0]]))
    with pytest.raises(TypeError, match="NMF has no counterpart"):
        from_truncated_svd(NMF())
