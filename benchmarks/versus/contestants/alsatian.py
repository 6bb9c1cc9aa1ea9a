"""alsatian, with the solver that is asked for; a whole fit for each number of iterations, closing row step included."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from alsatian import ALS, ImplicitALS, __version__
from contestants import Fit, one_fit_each


def version() -> str:
    """Return the version."""
    return __version__


def fits(x: Any, spec: dict[str, Any]) -> Iterator[Fit]:
    """Fit the problem of the spec."""
    problem = spec["problem"]
    shared = {"solver": spec["solver"], "tol": 0, "random_state": 0, "n_jobs": spec["threads"], "reg": problem["reg"]}
    cells = csr_array(x)
    if problem["kind"] == "implicit":
        cells = csr_array((np.ones(x.nnz, np.float32), x.indices, x.indptr), shape=x.shape)

    def fit(iterations: int) -> tuple[Any, Any]:
        if problem["kind"] == "explicit":
            model = ALS(spec["k"], max_iter=iterations, **shared)
        else:
            model = ImplicitALS(
                spec["k"], objective="hkv", alpha=problem["alpha"] - 1, unobserved_weight=1.0, confidence="linear",
                reg_exponent=0.0, max_iter=iterations, **shared,
            )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # columns without a cell
            model.fit(cells)
        return model.row_factors_, model.column_factors_

    return one_fit_each(spec, fit)
