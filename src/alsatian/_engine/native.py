"""The native half-step, under the contract of :mod:`alsatian._engine.contract`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import _core
from alsatian._engine.contract import Cells, Floats, Form, HalfStepResult, Poll


def counted_half_step(
    cells: Cells,
    factors: Floats,
    *,
    offset: Floats | None,
    ridge: tuple[float, float],
    scale: float | NDArray[np.float64],
    out: Floats,
    out_bias: Floats | None,
    relaxation: float = 1.0,
    n_jobs: int = 1,
    form: Form = "auto",
    isa: str = "",
    poll: Poll | None = None,
) -> tuple[HalfStepResult, Mapping[str, int]]:
    """Do one half-step and also say how many rows were solved in each form."""
    rows, columns = cells.shape
    fit, penalty = np.empty(rows), np.empty(rows)
    solve = _core.half_step_float32 if factors.dtype == np.float32 else _core.half_step_float64
    counts = solve(
        rows,
        columns,
        cells.indptr,
        cells.indices,
        cells.values,
        cells.weights,
        cells.absent_zero,
        factors,
        offset,
        ridge[0],
        ridge[1],
        np.atleast_1d(np.asarray(scale, dtype=np.float64)),
        out,
        out_bias,
        relaxation,
        fit,
        penalty,
        n_jobs,
        form,
        isa,
        poll,
    )
    return HalfStepResult(fit, penalty), counts


def half_step(
    cells: Cells,
    factors: Floats,
    *,
    offset: Floats | None,
    ridge: tuple[float, float],
    scale: float | NDArray[np.float64],
    out: Floats,
    out_bias: Floats | None,
    relaxation: float = 1.0,
    n_jobs: int = 1,
    form: Form = "auto",
    poll: Poll | None = None,
) -> HalfStepResult:
    """Solve every row of one side with the other side fixed, in native code.

    See :mod:`alsatian._engine.contract` for the arguments, and :mod:`alsatian._engine.reference` for the same in NumPy.
    """
    result, _ = counted_half_step(
        cells,
        factors,
        offset=offset,
        ridge=ridge,
        scale=scale,
        out=out,
        out_bias=out_bias,
        relaxation=relaxation,
        n_jobs=n_jobs,
        form=form,
        poll=poll,
    )
    return result
