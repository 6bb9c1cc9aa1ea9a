"""``reg="auto"``: λ by the leave-one-out error of rows that take no part, along a path of fits that start warm.

One part of the rows is fitted at one λ after another. The columns so found are tried on the other rows: what each of
their cells would be without the cell, by :mod:`alsatian._engine.leverage`, costs a few solves of these rows alone.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from alsatian._engine.cells import Moments, row_counts, take_rows, transpose
from alsatian._engine.contract import Cells
from alsatian._engine.threads import resolve_n_jobs
from alsatian.models._fit import Alternation, Factors, Side, auto_relaxation
from alsatian.models._history import History
from alsatian.models._inputs import level_of_the_user
from alsatian.models._leave_one_out import left_out

HELD_OUT = 0.2  # of the rows
LEAST_ROWS = 10  # with two cells or more, without which there is nothing to choose by
WITHOUT_UNIT = 0.1  # λ where all cells are alike, and any will do
FIRST_SHARE = 1 / 16  # of the unit of λ, where the path begins

_STEP = 2.0  # from one point to the next, until the error rises; then parabolas
_PARABOLAS = 2
_MOST_STEPS = 20  # either way
_COLD, _WARM = 15, 10  # iterations of the first point, and of each other, at most: fewer would favour a small λ
_BOLD = 1.6  # ω of a warm iteration
_STIR = 0.05  # of the size of Z, added before λ falls: what a larger λ has put to zero would stay there
_ZEROS_LAID_OUT = 1 << 22  # cells of rows apart under absent="zero", where every zero counts
_NEAR = 0.05  # points this near to one that was tried are no new ones


class Model(Protocol):
    """What a choice of λ asks of the model it is for."""

    max_iter: int
    reg_exponent: float
    random_state: Any
    n_jobs: int | None
    verbose: int

    def _side(self, cells: Cells, which: int, reg: Any = None) -> Side: ...
    def _start(self, columns: Cells, spread: Moments, mean: float) -> Factors: ...


class Chosen(NamedTuple):
    """λ, the factors it was found with (None where none were fitted), each λ tried, rising, and their errors."""

    reg: float
    found: Factors | None
    path: NDArray[np.float64]
    errors: NDArray[np.float64]

    def start(self, m: int) -> Factors | None:
        """Return the columns that were found, with zeros for m rows, which are solved first."""
        if self.found is None:
            return None
        f = self.found
        rows = np.zeros((m, f.rows.shape[1]), dtype=f.rows.dtype)
        row_bias = None if f.row_bias is None else np.zeros(m, dtype=rows.dtype)
        return Factors(rows, f.columns, row_bias, f.column_bias, f.mean)


@dataclass(frozen=True)
class Data:
    """What a choice of λ is made on: rows that are fitted, and rows apart whose cells are left out one by one."""

    fitted: Cells
    columns: Cells  # of the rows that are fitted
    apart: Cells
    counts: Cells  # the rows apart as they are counted for the ridge


def unit_of_reg(rows: Cells, spread: Moments, centre: float, exponent: float) -> float:
    """Return the λ at which a ridge is about as strong as the data: s c̄ (n̄_rows n̄_columns)^((1 − ν)/2).

    s is the standard deviation of the cells about μ, c̄ their mean weight, and n̄ the number of cells in the row, and
    column, of a typical cell. With ν = 1 a rank-one part of the data vanishes where λ exceeds its standard deviation.
    """
    if spread.weight <= 0:
        return 0.0
    m, n = rows.shape
    cells = m * n if rows.full or rows.absent_zero else rows.values.size
    deviation = math.sqrt(spread.about(centre) / spread.weight)
    lengths = (cells / m) * (cells / n)
    return float(deviation * (spread.weight / cells) * lengths ** ((1 - exponent) / 2))


def split_rows(rows: Cells, random_state: np.random.RandomState) -> Data | None:
    """Set a fifth of the rows apart, of those with two cells or more; None where there are too few."""
    long = np.flatnonzero(np.broadcast_to(row_counts(rows), rows.shape[:1]) >= 2)
    if long.size < LEAST_ROWS:
        return None
    apart = np.sort(random_state.permutation(long)[: max(2, round(HELD_OUT * long.size))])
    fitted = take_rows(rows, np.setdiff1d(np.arange(rows.shape[0]), apart))
    if rows.absent_zero:
        apart = apart[: max(2, _ZEROS_LAID_OUT // rows.shape[1])]
    held = take_rows(rows, apart)
    return Data(fitted, transpose(fitted), _laid_out(held) if rows.absent_zero else held, held)


def choose_reg(model: Model, rows: Cells, spread: Moments, mean: float, tol: float) -> Chosen:
    """Walk to the λ of least leave-one-out error on a fifth of the rows, apart from those that are fitted.

    Parameters
    ----------
    model : ALS
    rows : Cells
    spread, mean
        Moments of the cells, and μ.
    tol : float
        The gain in the loss that is too small to go on for.
    """
    unit = unit_of_reg(rows, spread, mean, float(model.reg_exponent))
    first = FIRST_SHARE * unit if unit > 0 and math.isfinite(unit) else WITHOUT_UNIT
    random_state = check_random_state(model.random_state)
    data = split_rows(rows, random_state)
    if data is None:
        warnings.warn(
            f"reg='auto' sets a fifth of the rows apart to choose by, but X has fewer than {LEAST_ROWS} rows with two "
            f"observed cells or more: reg_ is {first:.3g}, where a search would have begun. Give reg as a number.",
            UserWarning,
            stacklevel=level_of_the_user(),
        )
        return Chosen(first, None, np.empty(0), np.empty(0))
    path = _Path(model, data, model._start(data.columns, spread, mean), tol, random_state)
    path.try_at(first)
    for factor in (_STEP, 1 / _STEP):
        for _ in range(_MOST_STEPS):
            if not path.try_at(path.best * factor):
                break
    for _ in range(_PARABOLAS):
        path.try_at(path.bottom_of_parabola())
    tried = sorted(path.errors)
    return Chosen(path.best, path.columns, np.array(tried), np.array([path.errors[reg] for reg in tried]))


class _Path:
    """The points tried so far; the next fit starts from the columns of the best of them."""

    def __init__(
        self, model: Model, data: Data, start: Factors, tol: float, random_state: np.random.RandomState
    ) -> None:
        self._model, self._data, self._tol, self._random_state = model, data, tol, random_state
        self.columns = start
        self.best = self._least = math.inf
        self.errors: dict[float, float] = {}

    def try_at(self, reg: float) -> bool:
        """Fit at a λ; return whether its error is the least so far. One as good as tried is not tried again."""
        if any(abs(math.log(reg / other)) < _NEAR for other in self.errors):
            return False
        factors = self._fitted(reg)
        side = replace(self._model._side(self._data.counts, 0, reg), cells=self._data.apart)
        error = left_out(side, factors, self._model.n_jobs).rmse
        self.errors[reg] = error
        if self._model.verbose >= 2:
            print(f"[{type(self._model).__name__}] λ {reg:.5g}: leave-one-out RMSE {error:.6g}")
        if not error < self._least:
            return False
        self.best, self._least, self.columns = reg, error, factors
        return True

    def bottom_of_parabola(self) -> float:
        """Return where the parabola through the best point and its neighbours, in log λ, has its bottom."""
        tried = sorted(self.errors)
        at = tried.index(self.best)
        if at in {0, len(tried) - 1}:
            return self.best
        x = np.log(tried[at - 1 : at + 2])
        curve = np.polyfit(x - x[1], [self.errors[reg] for reg in tried[at - 1 : at + 2]], 2)
        if not curve[0] > 0:
            return self.best
        return float(np.exp(x[1] + np.clip(-curve[1] / (2 * curve[0]), x[0] - x[1], x[2] - x[1])))

    def _fitted(self, reg: float) -> Factors:
        factors, first, model = self.columns.copy(), not self.errors, self._model
        if not first and reg < self.best:
            z = factors.columns
            size = _STIR * float(np.sqrt(np.mean(z.astype(np.float64) ** 2)))
            z += (size * self._random_state.standard_normal(z.shape)).astype(z.dtype)
        rows, columns = model._side(self._data.fitted, 0, reg), model._side(self._data.columns, 1, reg)
        run = Alternation(rows, columns, factors, n_jobs=resolve_n_jobs(model.n_jobs))
        iterations = min(_COLD if first else _WARM, max(1, model.max_iter))
        run.run(iterations, self._tol, auto_relaxation if first else lambda _: _BOLD, _Nobody())
        return factors


class _Nobody:
    """Watches a fit that nobody watches."""

    def begin(self, iteration: int) -> None:
        """Take no note."""

    def poll(self, fraction: float) -> None:
        """Take no note."""

    def end(self, history: History) -> bool:
        """Let it go on."""
        del history
        return False


def _laid_out(rows: Cells) -> Cells:
    """Return rows with every cell stored, the zeros that were absent too."""
    assert rows.indptr is not None
    assert rows.indices is not None
    where = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), rows.indices
    values = np.zeros(rows.shape, dtype=rows.values.dtype)
    values[where] = rows.values
    if rows.weights is None:
        return Cells(rows.shape, None, None, values)
    weights = np.ones_like(values)
    weights[where] = rows.weights
    counts = weights > 0
    indptr = np.concatenate([[0], np.cumsum(counts.sum(axis=1))]).astype(np.int64)
    return Cells(rows.shape, indptr, np.nonzero(counts)[1].astype(np.int32), values[counts], weights[counts])
