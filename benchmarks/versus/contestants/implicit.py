"""implicit: `AlternatingLeastSquares`, exact or by three steps of conjugate gradients."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import version as version_of
from typing import Any

import implicit
import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from contestants import Tell, Watch


class EnoughError(Exception):
    """Ends a fit from inside."""


def version() -> str:
    """Return the version."""
    return version_of("implicit")


def fits(x: Any, spec: dict[str, Any], tell: Tell) -> None:
    """Fit Σ C (P − s)² with C = α on observed cells and 1 elsewhere, plain ridge."""
    problem = spec["problem"]
    ones = csr_matrix((np.ones(x.nnz, np.float32), x.indices, x.indptr), shape=x.shape)

    model = implicit.als.AlternatingLeastSquares(
        spec["k"], alpha=problem["alpha"], regularization=problem["reg"], use_cg=spec["solver"] == "cg",
        iterations=max(spec["checkpoints"]), num_threads=spec["threads"], random_state=0,
    )  # fmt: skip
    watch = Watch(tell)

    def after(iteration: int, *_: object) -> None:
        if watch.tell(iteration + 1, model.user_factors, model.item_factors):
            raise EnoughError

    with threadpool_limits(1, "blas"), suppress(EnoughError):  # one thread, as it asks
        model.fit(ones, show_progress=False, callback=after)
