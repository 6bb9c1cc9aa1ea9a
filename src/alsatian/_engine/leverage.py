"""Native leave-one-out errors and variances: what the row systems of a half-step say beside their solutions.

With Z held fixed, row i is the ridge regression w̃_i = A_i⁻¹ r_i of :mod:`alsatian._engine.contract`. Two things follow
from A_i⁻¹ at little cost, both in float64 whatever the precision of what comes in:

- the variance z̃ᵀ A_i⁻¹ z̃ of the score of any column, in units of the variance of a cell of weight one, and the
  parameters tr(A_i⁻¹ (A_i − Λ_i)) that the cells of the row determine;
- the score s₋ that a cell of the row would have if it were missing, all else (Λ_i too) as it is. With
  h = C z̃ᵀ A_i⁻¹ z̃, C the whole weight of the cell, its error is x − s₋ = (x − s) / (1 − h).

Where A_i is singular, which takes a ridge of zero, its pseudo-inverse stands for the inverse. Explicit cells only: the
rules `OBSERVED` and `ZERO`, and under `OBSERVED` only weights above zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import _core
from alsatian._engine.cells import places
from alsatian._engine.contract import OBSERVED, Cells, Floats, Poll
from alsatian._engine.native import half_step

Vector = NDArray[np.float64]
Scale = float | NDArray[np.float64]

LEAST_REST = 1e-3
"""Where less is left of 1 − h in a primal solution, what is left is mostly rounding: the row is solved again."""

_BLOCK = 1 << 20  # cells laid out at a time


class Targets(NamedTuple):
    """Columns asked about, row by row (CSR)."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]


class LeftOut(NamedTuple):
    """Of each stored cell (of all cells, row by row, where they are full): x − s₋, and 1 − h."""

    errors: Vector
    rest: Vector


class Regression:
    """The ridge regressions of all rows on the side that is held fixed, in float64.

    Parameters
    ----------
    cells : Cells
    factors : array of shape (n, k)
    bias : bool
        Whether rows have a bias.
    ridge, scale, offset
        As for a half-step.
    n_jobs : int
        Number of threads; it changes no bit.
    isa : str
        Instruction set; "" is the best.
    poll : callable, or None
    """

    def __init__(
        self,
        cells: Cells,
        factors: Floats,
        *,
        bias: bool,
        ridge: tuple[float, float],
        scale: Scale,
        offset: Floats | None = None,
        n_jobs: int = 1,
        isa: str = "",
        poll: Poll | None = None,
    ) -> None:
        weights = None if cells.weights is None else _wide(cells.weights)
        self.cells = replace(cells, values=_wide(cells.values), weights=weights)
        self.factors, self.offset = _wide(factors), None if offset is None else _wide(offset)
        self.bias, self.ridge, self.scale = bias, ridge, scale
        self._n_jobs, self._isa, self._poll = n_jobs, isa, poll

    def variances(self, targets: Targets) -> Vector:
        """Return z̃ᵀ A_i⁻¹ z̃ of each target."""
        if not self._shared:
            return self._leverages(self.cells, self.scale, targets, None)
        return self._column_variances()[targets.indices]

    def freedoms(self) -> Vector:
        """Return tr(A_i⁻¹ (A_i − Λ_i)) of each row, the number of parameters that its cells determine."""
        rows = self.cells.shape[0]
        none = Targets(np.zeros(rows + 1, dtype=np.int64), np.empty(0, dtype=np.int32))
        if not self._shared:
            freedom = np.empty(rows)
            self._leverages(self.cells, self.scale, none, freedom)
            return freedom
        one = np.empty(1)
        self._leverages(self._one_row(), self.scale, Targets(none.indptr[:2] * 0, none.indices), one)
        return np.repeat(one, rows)

    def leave_one_out(self) -> LeftOut:
        """Return what each stored cell's score would be without the cell, as an error, and 1 − h.

        Errors are finite whatever h: where 1 − h is smaller than `LEAST_REST` and the formula would divide rounding by
        rounding, the row is solved once more without the cell.
        """
        found = self._left_out_shared() if self._shared else self._left_out_by_row()
        lost = np.flatnonzero(np.isnan(found.errors))
        if lost.size:
            again = self._without_columns if self._shared else self._without_cells
            found.errors[lost] = again(lost)
        return LeftOut(found.errors, np.clip(found.rest, 0.0, 1.0))

    @property
    def _shared(self) -> bool:
        """Whether all rows have one A."""
        return self.cells.full or (self.cells.absent_zero and self.cells.weights is None)

    def _one_row(self) -> Cells:
        """Return one row that has the A of all."""
        n = self.cells.shape[1]
        if not self.cells.full:
            return Cells((1, n), np.zeros(2, dtype=np.int64), _NO_COLUMN, np.empty(0), rule=self.cells.rule)
        return Cells((1, n), np.array([0, n]), np.arange(n, dtype=np.int32), np.zeros(n))

    def _column_variances(self) -> Vector:
        n = self.cells.shape[1]
        every = Targets(np.array([0, n]), np.arange(n, dtype=np.int32))
        return self._leverages(self._one_row(), self.scale, every, None)

    def _leverages(self, cells: Cells, scale: Scale, targets: Targets, freedom: Vector | None) -> Vector:
        variance = np.empty(targets.indices.size)
        _core.leverages(
            *_stored(cells), self.factors, self.bias, *self.ridge, _atleast_1d(scale), *targets, variance, freedom,
            n_jobs=self._n_jobs, isa=self._isa, poll=self._poll,
        )  # fmt: skip
        return variance

    def _left_out_by_row(self) -> LeftOut:
        cells = self.cells
        found = LeftOut(np.empty(cells.values.size), np.empty(cells.values.size))
        _core.leave_one_out(
            *_stored(cells), self.factors, self.offset, self.bias, *self.ridge, _atleast_1d(self.scale), found.rest,
            found.errors, n_jobs=self._n_jobs, isa=self._isa, poll=self._poll,
        )  # fmt: skip
        return found

    def _left_out_shared(self) -> LeftOut:
        left = 1.0 - self._column_variances()
        rows, columns = places(self.cells)
        rest = left[columns]
        errors = self.cells.values.reshape(-1) - self._scores(self._solved(self.cells, self.scale), rows, columns)
        return LeftOut(np.divide(errors, rest, out=np.full(rest.size, np.nan), where=rest >= LEAST_REST), rest)

    def _solved(self, cells: Cells, scale: Scale, kept: slice | NDArray[np.int64] = slice(None)) -> Vector:
        """Return w̃ of rows of cells, by the half-step, on the columns kept."""
        rows, k = cells.shape[0], self.factors.shape[1]
        w, b = np.empty((rows, k)), np.empty(rows) if self.bias else None
        half_step(
            cells, np.ascontiguousarray(self.factors[kept]), ridge=self.ridge, scale=scale, out=w, out_bias=b,
            offset=None if self.offset is None else np.ascontiguousarray(self.offset[kept]),
            n_jobs=self._n_jobs, poll=self._poll,
        )  # fmt: skip
        return w if b is None else np.column_stack([w, b])

    def _scores(self, rows: Vector, at: NDArray[np.int64], columns: NDArray[np.integer]) -> Vector:
        """Return the scores of columns for the rows w̃ at some places."""
        k, scores = self.factors.shape[1], np.empty(at.size)
        block = max(1, _BLOCK // k)
        for start in range(0, at.size, block):
            part = slice(start, start + block)
            scores[part] = np.einsum("pk,pk->p", rows[at[part], :k], self.factors[columns[part]])
        if self.bias:
            scores += rows[at, k]
        return scores if self.offset is None else scores + self.offset[columns]

    def _without_columns(self, lost: NDArray[np.int64]) -> Vector:
        """Solve the rows of the lost cells again, those of a column together: their A is one, and lacks that column."""
        rows, columns = places(self.cells)
        errors = np.empty(lost.size)
        for j in np.unique(columns[lost]):
            which = np.flatnonzero(columns[lost] == j)
            kept = np.delete(np.arange(self.cells.shape[1]), j)
            w = self._solved(_rows_without(self.cells, rows[lost[which]], int(j)), self.scale, kept)
            scores = self._scores(w, np.arange(which.size), np.full(which.size, j))
            errors[which] = self.cells.values.reshape(-1)[lost[which]] - scores
        return errors

    def _without_cells(self, lost: NDArray[np.int64]) -> Vector:
        """Solve the row of each lost cell again without it, many at a time."""
        rows, columns = places(self.cells)
        lengths = np.bincount(rows, minlength=self.cells.shape[0])[rows[lost]]
        if self.cells.absent_zero:
            lengths = np.full(lost.size, self.cells.shape[1])
        batch = np.cumsum(lengths) // _BLOCK
        errors = np.empty(lost.size)
        for number in np.unique(batch):
            which = np.flatnonzero(batch == number)
            cells = lost[which]
            scale = self.scale if np.ndim(self.scale) == 0 else np.asarray(self.scale)[rows[cells]]
            w = self._solved(_each_without(self.cells, rows[cells], columns[cells]), scale)
            scores = self._scores(w, np.arange(which.size), columns[cells])
            errors[which] = self.cells.values[cells] - scores
        return errors


_NO_COLUMN = np.empty(0, dtype=np.int32)


def _rows_without(cells: Cells, rows: NDArray[np.int64], j: int) -> Cells:
    """Return some rows of a matrix whose rows share one A, without column j."""
    if cells.indptr is None or cells.indices is None:
        return Cells((rows.size, cells.shape[1] - 1), None, None, np.delete(cells.values[rows], j, axis=1))
    parts = [slice(cells.indptr[i], cells.indptr[i + 1]) for i in rows]
    gone = [np.searchsorted(cells.indices[part], j) for part in parts]
    indices = [np.delete(cells.indices[part], at) for part, at in zip(parts, gone, strict=True)]
    values = [np.delete(cells.values[part], at) for part, at in zip(parts, gone, strict=True)]
    flat = np.concatenate(indices)
    return Cells(
        (rows.size, cells.shape[1] - 1), _indptr(indices), (flat - (flat > j)).astype(np.int32),
        np.concatenate(values), rule=cells.rule,
    )  # fmt: skip


def _each_without(cells: Cells, rows: NDArray[np.int64], columns: NDArray[np.integer]) -> Cells:
    """Return a row for each pair: the row of the matrix without that one column, absent cells laid out."""
    indices, values, weights = [], [], []
    for i, j in zip(rows, columns, strict=True):
        at, x, c = _laid_out(cells, int(i))
        keep = (at != j) & (c > 0)
        indices.append(at[keep])
        values.append(x[keep])
        weights.append(c[keep])
    weight = None if cells.weights is None else np.concatenate(weights)
    return Cells(
        (rows.size, cells.shape[1]), _indptr(indices), np.concatenate(indices).astype(np.int32),
        np.concatenate(values), weight, OBSERVED,
    )  # fmt: skip


def _laid_out(cells: Cells, i: int) -> tuple[NDArray[np.integer], Vector, Vector]:
    """Return columns, values and weights of all cells of a row that count, absent zeros among them."""
    indptr, indices, *_ = _stored(cells)
    part, n = slice(indptr[i], indptr[i + 1]), cells.shape[1]
    c, x = cells.weighed(part)
    if not cells.absent_zero:
        return indices[part], x, c
    values, weights = np.zeros(n), np.ones(n)
    values[indices[part]], weights[indices[part]] = x, c
    return np.arange(n), values, weights


def _stored(
    cells: Cells,
) -> tuple[NDArray[np.int64], NDArray[np.int32], Floats, Floats | None, tuple[float, float]]:
    """Return the arrays of stored cells, and what of the rule explicit cells need."""
    assert cells.indptr is not None
    assert cells.indices is not None
    return cells.indptr, cells.indices, cells.values, cells.weights, (cells.rule.gram_weight, cells.rule.less)


def _indptr(parts: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([part.size for part in parts])]).astype(np.int64)


def _wide(array: Floats) -> Floats:
    return np.ascontiguousarray(array, dtype=np.float64)


def _atleast_1d(scale: Scale) -> Vector:
    return np.atleast_1d(np.asarray(scale, dtype=np.float64))
