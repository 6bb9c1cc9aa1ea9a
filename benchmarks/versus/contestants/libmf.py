"""LIBMF: stochastic gradients for ratings. Its ridge is added with each rating, which is the count of a row times λ."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import Any

import numpy as np
from libmf import mf
from scipy.sparse import coo_matrix

from contestants import Tell, one_fit_each


def version() -> str:
    """Return the version."""
    return version_of("libmf")


def fits(x: Any, spec: dict[str, Any], tell: Tell) -> None:
    """Fit Σ_Ω (x − s)² + λ(|w|² + |z|²), by epochs."""
    cells = coo_matrix(x)
    triples = np.column_stack([cells.row, cells.col, cells.data]).astype(np.float64)

    def fit(iterations: int) -> tuple[Any, Any]:
        model = mf.MF(
            fun=0, k=spec["k"], nr_threads=spec["threads"], nr_iters=iterations, lambda_p2=spec["problem"]["reg"],
            lambda_q2=spec["problem"]["reg"], lambda_p1=0, lambda_q1=0, quiet=True,
        )  # fmt: skip
        model.fit(triples)
        return model.p_factors(), model.q_factors()

    one_fit_each(spec, fit, tell)
