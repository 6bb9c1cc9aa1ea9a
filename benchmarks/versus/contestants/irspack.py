"""irspack: `IALSTrainer`, an epoch an iteration, with Cholesky, conjugate gradients or iALS++ as solver."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import Any

import numpy as np
from irspack.recommenders import ials
from scipy.sparse import csr_matrix

from contestants import Tell, Watch

SOLVERS = {"exact": "CHOLESKY", "cg": "CG", "subspace": "IALSPP"}


def version() -> str:
    """Return the version."""
    return version_of("irspack")


def fits(x: Any, spec: dict[str, Any], tell: Tell) -> None:
    """Fit Σ_Ω (α₀ + c)(1 − s)² + α₀ Σ_else s² with α₀ = 1 and c = α − 1, plain ridge."""
    problem = spec["problem"]
    strength = csr_matrix((np.full(x.nnz, problem["alpha"] - 1, np.float32), x.indices, x.indptr), shape=x.shape)
    watch = Watch(tell)
    trainer = ials.IALSTrainer(
        strength, spec["k"], alpha0=1.0, reg=problem["reg"], nu=0.0, init_std=0.1, loss_type=ials.LossType.ORIGINAL,
        solver_type=getattr(ials.SolverType, SOLVERS[spec["solver"]]), max_cg_steps=3, ialspp_subspace_dimension=64,
        random_seed=0, n_threads=spec["threads"], prediction_time_max_cg_steps=3, prediction_time_ialspp_iteration=1,
    )  # fmt: skip
    for iteration in range(1, max(spec["checkpoints"]) + 1):
        trainer.run_epoch()
        if watch.tell(iteration, trainer.core_trainer.user, trainer.core_trainer.item):
            return
