"""alsatian, with the solver that is asked for; the time is that of a whole fit, closing row half-step included."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from alsatian import ALS, ImplicitALS, __version__
from alsatian.callbacks._base import Callback
from alsatian.models._fitting import running_fit
from contestants import Tell, Watch


def version() -> str:
    """Return the version."""
    return __version__


def fits(x: Any, spec: dict[str, Any], tell: Tell) -> None:
    """Fit the problem of the spec."""
    problem = spec["problem"]
    shared = {"solver": spec["solver"], "tol": 0, "random_state": 0, "n_jobs": spec["threads"], "reg": problem["reg"]}
    cells = csr_array(x)
    if problem["kind"] == "implicit":
        cells = csr_array((np.ones(x.nnz, np.float32), x.indices, x.indptr), shape=x.shape)

    shared["max_iter"] = max(spec["checkpoints"])
    if problem["kind"] == "explicit":
        model: Any = ALS(spec["k"], **shared)
    else:
        model = ImplicitALS(
            spec["k"], objective="hkv", alpha=problem["alpha"] - 1, unobserved_weight=1.0, confidence="linear",
            reg_exponent=0.0, **shared,
        )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # columns without a cell
        model.set_callbacks(Course(tell, spec["checkpoints"])).fit(cells)


class Course(Callback):
    """Tells, at each checkpoint, what a fit that ends there would leave, and when it would have come to that."""

    def __init__(self, tell: Tell, checkpoints: list[int]) -> None:
        self._tell, self._checkpoints = tell, set(checkpoints)

    def setup(self, estimator: Any, context: Any) -> None:
        """Start the clock, before the data are looked at."""
        self._watch = Watch(self._tell)

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        """Close the fit by its row half-step, on the side."""
        if context.task_name != "iteration":
            return False
        iterations = estimator.history_[-1].iteration
        if iterations not in self._checkpoints:
            return False
        began = time.perf_counter()
        factors = running_fit(estimator).as_if_stopped().factors
        closing = time.perf_counter() - began
        stop = self._watch.tell(iterations, factors.rows, factors.columns)
        self._watch.leave_out(closing)
        return stop
