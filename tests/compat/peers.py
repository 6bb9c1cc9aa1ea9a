"""What the tests of translations share: small data, the peers where they are installed, and the strongest proof."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from alsatian.objective import gradient, loss


def peer(module: str) -> Any:
    """The module of another library; the test is skipped where it is not installed."""
    with quiet():
        try:
            return import_module(module)
        except ImportError as error:
            pytest.skip(f"{module} is not installed: {error}")


@contextmanager
def quiet() -> Iterator[None]:
    """Let other libraries warn as they like."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def plays(shape: tuple[int, int] = (14, 10), seed: int = 0) -> sparse.csr_matrix:
    """Counts from 1 to 6 in a third of the cells; a column with one cell alone, none of them empty."""
    rng = np.random.default_rng(seed)
    dense = np.where(rng.random(shape) < 0.4, rng.integers(1, 7, shape), 0).astype(float)
    dense[:, 3] = 0
    dense[np.arange(max(shape)) % shape[0], np.arange(max(shape)) % shape[1]] = 2.0
    dense[4, 3] = 1
    return sparse.csr_matrix(dense)


def slope(
    translation: Any, X: Any, W: Any, Z: Any, /, *, row_bias: Any = None, column_bias: Any = None, **how: Any
) -> float:
    """The largest slope of our objective at the peer's factors, relative to that of the fit without its ridge.

    This is 0 at a minimum, and nowhere near it where an objective differs: the slope of the ridge makes up for the
    slope of the fit, cell by cell. `how` is what the peer's fit takes beside X.
    """
    prepared, settings = objective_of(translation, X, **how)
    settings |= {name: b for name, b in (("row_bias", row_bias), ("column_bias", column_bias)) if b is not None}
    bare = {**settings, "reg": 0.0, "bias_reg": 0.0} if "bias_reg" in settings else {**settings, "reg": 0.0}
    whole, fit = (gradient(prepared, W, Z, **s) for s in (settings, bare))
    return max(
        float(np.abs(a).max() / np.abs(b).max()) for a, b in zip(whole, fit, strict=True) if a is not None and a.size
    )


def loss_at(translation: Any, X: Any, W: Any, Z: Any, **more: Any) -> float:
    prepared, settings = objective_of(translation, X)
    return loss(prepared, W, Z, **settings, **more)


def objective_of(translation: Any, X: Any, /, **how: Any) -> tuple[Any, dict[str, Any]]:
    """What `alsatian.objective` is told of a translation: its data, and its parameters without a fit.

    μ is that of the model once it has seen the data.
    """
    prepared, keywords = translation.data(X, **how)
    model = type(translation.estimator)(**translation.estimator.get_params()).set_params(max_iter=0, n_jobs=1)
    model.fit(prepared, **keywords)
    settings = model.objective_settings()
    for name in ("row_bias", "column_bias"):
        settings.pop(name, None)
    if settings.get("bias_reg", 0) is None:
        settings["bias_reg"] = settings["reg"]
    return prepared, settings | keywords


def converged(translation: Any, X: Any, init: Any, **how: Any) -> Any:
    """Our model at its minimum, from the given column factors, in float64."""
    translation.estimator.set_params(max_iter=300, relaxation="auto", tol=0.0, dtype="float64", init=init, n_jobs=1)
    return translation.fit(X, **how)


def product_gap(ours: Any, theirs: Any) -> float:
    """The largest difference of two matrices of scores, relative to the largest of the second."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())
