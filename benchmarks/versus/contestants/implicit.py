"""implicit: `AlternatingLeastSquares`, exact or by three steps of conjugate gradients."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version as version_of
from typing import Any

import implicit
import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from contestants import Fit, one_fit_each


def version() -> str:
    """Return the version."""
    return version_of("implicit")


def fits(x: Any, spec: dict[str, Any]) -> Iterator[Fit]:
    """Fit Σ C (P − s)² with C = α on observed cells and 1 elsewhere, plain ridge."""
    problem = spec["problem"]
    ones = csr_matrix((np.ones(x.nnz, np.float32), x.indices, x.indptr), shape=x.shape)

    def fit(iterations: int) -> tuple[Any, Any]:
        with threadpool_limits(1, "blas"):  # as it asks
            model = implicit.als.AlternatingLeastSquares(
                spec["k"], alpha=problem["alpha"], regularization=problem["reg"], use_cg=spec["solver"] == "cg",
                iterations=iterations, num_threads=spec["threads"], random_state=0,
            )  # fmt: skip
            model.fit(ones, show_progress=False)
        return model.user_factors, model.item_factors

    return one_fit_each(spec, fit)
