"""Where a fit starts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alsatian import ALS
from alsatian._engine.cells import Moments
from alsatian.datasets import make_ratings
from alsatian.models._init import random_columns


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_random_start_has_the_mean_and_variance_of_the_data(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(3.0, 0.5, 5000)
    spread = Moments(5000.0, float(values.sum()), float(np.sum(values**2)))
    z = random_columns((4000, 6), spread, 0.0, np.random.RandomState(0), dtype)
    w = random_columns((4000, 6), spread, 0.0, np.random.RandomState(1), dtype)
    products = np.einsum("ik,ik->i", w.astype(np.float64), z)
    assert abs(products.mean() - values.mean()) < 0.03
    assert abs(products.std() / values.std() - 1) < 0.15
    assert np.ptp(z[:, 0]) == 0
    about = random_columns((4000, 6), spread, spread.mean, np.random.RandomState(0), dtype)
    assert abs(about.mean()) < 0.01
    assert about[:, 0].std() > 0.1
    np.testing.assert_array_equal(z[:, 1:], about[:, 1:])


def test_the_mean_is_not_what_the_first_iterations_are_spent_on() -> None:
    X = make_ratings("ml-100k", random_state=0).X
    losses = ALS(8, reg=0.05, max_iter=40, tol=0, random_state=0).fit(X).history_.loss
    assert losses[5] < 1.02 * losses[-1]
