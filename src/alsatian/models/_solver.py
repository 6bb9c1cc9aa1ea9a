"""Which solver a fit uses: solving each row, or improving it at a fraction of the cost, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import takes_downdate
from alsatian._engine.axes import align
from alsatian._engine.contract import OBSERVED, Cells, Floats, Inexact

_TOLERANCE = 0.1  # of the residual: beyond it, steps are spent on what the other side's move makes void
_STEPS, _STEPS_BESIDE_GRAM = 3, 2
_BLOCK = 32
_MOST = 2**31 - 1  # steps, or factors of a block: as many as the core counts, and more than there is use for
_SPEED = 2.0  # multiply-adds of an exact solution in the time of one of a pass over the cells
_GAIN = 1.5  # by which a solver must be quicker to be worth its few more iterations
_LEAST_DUAL_RANK = 96
_LEAST_WORK = 2e9  # multiply-adds of an exact iteration, below which all of this takes no time worth saving


@dataclass(frozen=True, slots=True)
class Improving:
    """How rows are improved from where they are, where they are not solved."""

    method: Literal["cg", "subspace"]
    steps: int
    block: int

    def prepared(
        self, fixed: Floats, other: Floats, weights: NDArray[np.float64], gram_weight: float, n_jobs: int
    ) -> Inexact:
        """Turn both sides to the axes in which that goes best, and say how a half-step is to be done."""
        typical = align(fixed, other, weights, gram_weight=gram_weight, n_jobs=n_jobs)
        return Inexact(self.method, self.steps, _TOLERANCE if self.method == "cg" else 0.0, self.block, typical)


def improving_of(model: Any, rows: Cells, columns: Cells) -> Improving | None:
    """Return how a model improves its rows, by its parameters `solver`, `cg_steps` and `block_size`; None is solving.

    Parameters
    ----------
    model : FactorModel
    rows, columns : Cells
        Of the two sides.
    """
    if model.solver == "exact" or _one_system(rows):
        return None
    auto_steps = _STEPS_BESIDE_GRAM if rows.rule.gram_weight > 0 else _STEPS
    steps = auto_steps if model.cg_steps == "auto" else min(int(model.cg_steps), _MOST)
    block = _BLOCK if model.block_size == "auto" else min(int(model.block_size), _MOST)
    if model.solver == "subspace":
        return Improving("subspace", 1, block)
    if model.solver == "auto" and not _pays(rows, columns, int(model.n_components), steps):
        return None
    return Improving("cg", steps, block)


def _one_system(cells: Cells) -> bool:
    """Whether all rows have one matrix: then one Cholesky solves them all."""
    return cells.indptr is None or (cells.absent_zero and cells.weights is None)


def _pays(rows: Cells, columns: Cells, size: int, steps: int) -> bool:
    """Compare multiply-adds of an iteration: n k² / 2 + k³ / 6 a row solved, (2 steps + 1) n k a row improved.

    A row solved in the dual form, as the short ones are beside no Gram matrix, takes n² k / 2 + n³ / 6. One that lacks
    few cells, all of weight one, has its matrix by a downdate, made of those that it lacks, beside a pass over its
    cells; for all such rows ZᵀZ is made once. What is improved pays for the turning of both sides as well: 2 k² a row
    of either.
    """
    solved = improved = 0.0
    for cells in (rows, columns):
        assert cells.indptr is not None
        lengths = np.diff(cells.indptr).astype(np.float64)
        primal = lengths * size * (size + 1) / 2 + size**3 / 6
        dual = lengths**2 * size / 2 + lengths**3 / 6
        row = np.minimum(primal, dual) if size >= _LEAST_DUAL_RANK else primal
        if cells.weights is None and cells.rule == OBSERVED:
            n = cells.shape[1]
            few = takes_downdate(np.diff(cells.indptr), n, size)
            row[few] = (n - lengths[few]) * size * (size + 1) / 2 + size**3 / 6 + _SPEED * lengths[few] * size
            solved += n * size * (size + 1) / 2 * few.any()
        solved += float(np.sum(row))
        improved += float(np.sum((2 * steps + 1) * lengths * size)) + 4.0 * size**2 * lengths.size
    return solved > _LEAST_WORK and solved > _GAIN * _SPEED * improved
