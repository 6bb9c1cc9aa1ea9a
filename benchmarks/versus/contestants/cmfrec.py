"""cmfrec: `CMF` for ratings and `CMF_implicit`, exact or by conjugate gradients."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import Any

import cmfrec
import numpy as np
from scipy.sparse import coo_matrix

from contestants import Tell, one_fit_each


def version() -> str:
    """Return the version."""
    return version_of("cmfrec")


def fits(x: Any, spec: dict[str, Any], tell: Tell) -> None:
    """Fit the ridge times the count of a row for ratings; 1 + αx and a plain ridge for implicit feedback."""
    problem = spec["problem"]
    cells = coo_matrix(x)
    if problem["kind"] == "implicit":
        cells.data = np.ones_like(cells.data)
    shared = {
        "k": spec["k"], "lambda_": problem["reg"], "use_cg": spec["solver"] == "cg", "finalize_chol": False,
        "nthreads": spec["threads"], "precompute_for_predictions": False, "verbose": False, "handle_interrupt": False,
        "random_state": 0,
    }  # fmt: skip

    def fit(iterations: int) -> tuple[Any, Any]:
        if problem["kind"] == "explicit":
            model = cmfrec.CMF(
                method="als", niter=iterations, user_bias=False, item_bias=False, center=False, scale_lam=True, **shared
            )
        else:
            model = cmfrec.CMF_implicit(alpha=problem["alpha"] - 1, niter=iterations, **shared)
        model.fit(cells)
        return model.A_, model.B_

    one_fit_each(spec, fit, tell)
