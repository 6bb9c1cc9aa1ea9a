"""The fit loop: rows, then columns, again and again, then rows once more. It knows no estimator and no container."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from alsatian._engine import Cells, Prepared, half_step
from alsatian._engine.axes import cell_weights
from alsatian._engine.cells import blocks
from alsatian._engine.contract import Floats, Inexact
from alsatian.models._history import History, Record
from alsatian.models._overflow import check_loss
from alsatian.models._solver import Improving

Relaxation = Callable[[int], float]

_ROLLBACK_BYTES = 48 << 20  # below this size of both factors together, a copy of the last whole iteration is kept


@dataclass(frozen=True, slots=True)
class Side:
    """What one side's half-step needs beside the factors: its cells, its ridge (λ_w, λ_b) and count^ν."""

    cells: Cells
    ridge: tuple[float, float]
    scale: float | NDArray[np.float64]


@dataclass(slots=True)
class Factors:
    """The unknowns of the model, changed in place, and μ; a bias is None where the model has none."""

    rows: Floats
    columns: Floats
    row_bias: Floats | None
    column_bias: Floats | None
    mean: float = 0.0

    def arrays(self) -> list[Floats]:
        """Return the arrays that are there."""
        return [array for array in (self.rows, self.columns, self.row_bias, self.column_bias) if array is not None]

    def copy(self) -> Factors:
        """Return factors with arrays of their own."""
        row_bias = None if self.row_bias is None else self.row_bias.copy()
        column_bias = None if self.column_bias is None else self.column_bias.copy()
        return Factors(self.rows.copy(), self.columns.copy(), row_bias, column_bias, self.mean)


class Observer(Protocol):
    """Who watches a fit and may end it."""

    def begin(self, iteration: int) -> None:
        """Take note that an iteration, counted from 0, begins."""

    def poll(self, fraction: float) -> None:
        """Take note of the fraction done of the half-step under way; may raise to cancel."""

    def end(self, history: History) -> bool:
        """Take note of a finished iteration, the last of the history; return whether to stop."""


class FitState(NamedTuple):
    """All that a fit needs to go on as if it had never stopped, after a whole iteration; its arrays are its own."""

    factors: Factors
    history: History
    converged: bool
    row_ridge: float
    column_ridge: float


class Parts(NamedTuple):
    """The objective of one half-step in two numbers; the ridge of the other side is not in it."""

    fit: float
    ridge: float


def auto_relaxation(iteration: int) -> float:
    """Return ω_t = min(1.9, 1 + t / (t + 3)): exact at first, bold once the factors have found their place.

    Examples
    --------
    >>> [auto_relaxation(t) for t in (0, 3, 1000)]
    [1.0, 1.5, 1.9]
    """
    return min(1.9, 1.0 + iteration / (iteration + 3.0))


def smallest_gain(tol: float, at_zero: float) -> float:
    """Return the gain in the loss that is too small to go on for: `tol` times the loss at zero factors.

    It is 0 for ``tol=0`` alone, which asks for all iterations, and not where the loss at zero factors is 0 itself, as
    nothing is left to gain then.
    """
    return max(float(tol) * at_zero, float(np.finfo(np.float64).tiny)) if tol else 0.0


def solve_side(
    side: Side,
    fixed: Floats,
    fixed_bias: Floats | None,
    mean: float,
    *,
    out: Floats,
    out_bias: Floats | None,
    relaxation: float = 1.0,
    n_jobs: int = 1,
    poll: Callable[[float], None] | None = None,
    prepared: Prepared | None = None,
    inexact: Inexact | None = None,
) -> Parts:
    """Take one half-step, for `fit` and `transform` alike: every solved factor of the package comes from here.

    Raises
    ------
    ValueError
        Where the loss is not finite.
    """
    result = half_step(
        side.cells,
        fixed,
        offset=fixed_scores(fixed_bias, mean, fixed.shape[0], fixed.dtype),
        ridge=side.ridge,
        scale=side.scale,
        out=out,
        out_bias=out_bias,
        relaxation=relaxation,
        n_jobs=n_jobs,
        poll=poll,
        prepared=prepared,
        inexact=inexact,
    )
    with np.errstate(over="ignore", invalid="ignore"):  # told in a moment, in words
        parts = Parts(float(result.fit.sum()), float(result.ridge.sum()))
    check_loss(*parts, side.cells, fixed)
    return parts


def fixed_scores(bias: Floats | None, mean: float, size: int, dtype: Any) -> Floats | None:
    """Return the part of the scores that a half-step holds fixed, μ + bias; None where there is neither."""
    if bias is None:
        return np.full(size, mean, dtype=dtype) if mean else None
    scores: Floats = (mean + bias.astype(np.float64)).astype(dtype)
    return scores


def ridge_of(side: Side, factors: Floats, bias: Floats | None) -> float:
    """Return ½ Σ_i w̃_iᵀ Λ_i w̃_i in float64, for the one time that no half-step has told it: at the start."""
    scale = np.broadcast_to(np.asarray(side.scale, dtype=np.float64), (factors.shape[0],))
    total = 0.0
    for block in blocks(factors.shape[0], 4096):
        w = factors[block].astype(np.float64)
        squares = side.ridge[0] * np.sum(w * w, axis=1)
        if bias is not None:
            squares += side.ridge[1] * bias[block].astype(np.float64) ** 2
        total += 0.5 * float(np.sum(scale[block] * squares))
    return total


class Alternation:
    """One fit under way; what it has reached can be read at any time, also after an interrupt.

    Parameters
    ----------
    rows, columns : Side
    factors : Factors
        The start: the columns and their bias are read, rows and their bias are overwritten at once.
    n_jobs : int
    improving : Improving or None
        How rows are improved; None is solving them. The row half-step that closes the fit solves them whatever it is.

    Raises
    ------
    ValueError
        Where the ridge of the start is not finite.

    Attributes
    ----------
    history : History
    n_iter : int
        Number of whole iterations done.
    converged : bool
    after_rows : callable or None
        Called between the two half-steps of an iteration, with its number from 0; it must not raise.
    ending : bool
        Whether the iteration that was done last is the last one, whatever the observer says.
    """

    after_rows: Callable[[int], None] | None = None

    def __init__(
        self, rows: Side, columns: Side, factors: Factors, *, n_jobs: int = 1, improving: Improving | None = None
    ) -> None:
        self.rows, self.columns, self.factors, self.n_jobs = rows, columns, factors, n_jobs
        self.improving = improving = improving if self._all_have_a_ridge() else None
        # How much the cells of each row, and of each column, weigh in the systems of the other side.
        self._weights = None if improving is None else (cell_weights(rows.cells), cell_weights(columns.cells))
        self.history = History()
        self.n_iter = 0
        self.converged = False
        self.ending = False
        self._rollback = _Rollback(factors)
        self._began = time.perf_counter()
        self._row_ridge = 0.0
        with np.errstate(over="ignore", invalid="ignore"):  # told in a moment, in words
            self._column_ridge = ridge_of(columns, factors.columns, factors.column_bias)
        check_loss(0.0, self._column_ridge, columns.cells, factors.columns)

    def _all_have_a_ridge(self) -> bool:
        """Whether no λ is zero: without one, the solution of least norm is wanted, to which no improvement leads."""
        f = self.factors
        sides = (self.rows, f.row_bias), (self.columns, f.column_bias)
        return all(side.ridge[0] > 0 and (bias is None or side.ridge[1] > 0) for side, bias in sides)

    def run(self, max_iter: int, smallest_gain: float, relaxation: Relaxation, observer: Observer) -> None:
        """Iterate until an iteration lowers the loss by no more than `smallest_gain`, then close with the rows.

        Where `smallest_gain` is 0, all `max_iter` iterations are done.

        The last iteration is exact (ω = 1): the `max_iter`-th, or one more after a relaxed one that met the tolerance.
        A stop asked for by the observer is taken at once. An exception, be it Ctrl-C or an error of the observer, is
        passed on once all is as it was after the last whole iteration (see `_Rollback`).
        """
        self._began = time.perf_counter() - (self.history[-1].seconds if self.history else 0.0)
        try:
            self._iterate(max_iter, smallest_gain, relaxation, observer)
            self.close(observer.poll)
        except BaseException:
            self.history = self._rollback.restore()
            self.n_iter, self.converged = len(self.history), False
            raise

    def _iterate(self, max_iter: int, smallest_gain: float, relaxation: Relaxation, observer: Observer) -> None:
        if self.converged and self.history[-1].relaxation == 1.0:
            return  # resumed where the other fit had ended
        for iteration in range(self.n_iter, max_iter):
            exact = self.converged or iteration == max_iter - 1
            omega = 1.0 if exact else relaxation(iteration)
            observer.begin(iteration)
            record = self._iteration(iteration, omega, observer.poll)
            gain = self.history[-1].loss - record.loss if self.history else np.inf
            history = History([*self.history, record])
            self._rollback.save(history)
            self.history, self.n_iter = history, iteration + 1
            done = exact and self.converged
            # With tol = 0 rounding decides nothing: all iterations are done.
            self.converged = done or (smallest_gain > 0 and gain <= smallest_gain)
            self.ending = done or (self.converged and omega == 1.0) or iteration == max_iter - 1
            if observer.end(self.history) or self.ending:
                return

    def _iteration(self, iteration: int, omega: float, poll: Callable[[float], None]) -> Record:
        # There are no old rows to move on from at first: whatever ω, they take their solution.
        self._solve_rows(1.0 if iteration == 0 else omega, lambda done: poll(done / 2), self._how(0))
        middle = self._loss
        if self.after_rows is not None:
            self.after_rows(iteration)
        f = self.factors
        how = self._how(1)
        parts = solve_side(
            self.columns, f.rows, f.row_bias, f.mean, out=f.columns, out_bias=f.column_bias,
            relaxation=omega, n_jobs=self.n_jobs, poll=lambda done: poll((1 + done) / 2), inexact=how,
        )  # fmt: skip
        self._fit, self._column_ridge = parts
        return self._record(iteration + 1, "columns", middle, omega)

    def close(self, poll: Callable[[float], None]) -> None:
        """Solve the rows exactly once more, so that they are what `transform` would give."""
        self._solve_rows(1.0, poll)
        closing = self._record(self.n_iter, "closing rows", self._loss, 1.0)
        self.history = History([*self.history, closing])

    def close_after_error(self) -> None:
        """Close a fit that an exception ended: rows are then what `transform` gives, and explanations sum to scores.

        What fails on the way, such as a second Ctrl-C, leaves the last whole iteration as it is.
        """
        f = self.factors
        try:
            self._column_ridge = ridge_of(self.columns, f.columns, f.column_bias)  # of the columns that are left
            self.close(lambda _: None)
        except BaseException:  # the exception that ended the fit is the one to tell of
            self.history = self._rollback.restore()

    def state(self) -> FitState:
        """Return a copy of what is reached; to be asked for between two iterations."""
        return FitState(self.factors.copy(), self.history, self.converged, self._row_ridge, self._column_ridge)

    def go_to(self, state: FitState) -> None:
        """Go on from a state of this fit, or of an equal one: before the first iteration, or between two."""
        for live, stored in zip(self.factors.arrays(), state.factors.arrays(), strict=True):
            np.copyto(live, stored)
        self.history, self.n_iter, self.converged = state.history, len(state.history), state.converged
        self._row_ridge, self._column_ridge = state.row_ridge, state.column_ridge
        self._rollback.save(self.history)

    def as_if_stopped(self) -> Alternation:
        """Return what the fit would be if it ended here, closing row half-step included; this one goes on as it is."""
        ended = copy.copy(self)
        ended.factors = self.factors.copy()
        ended.close(lambda _: None)
        return ended

    def _how(self, which: int) -> Inexact | None:
        """Make ready to improve rows (0) or columns (1); None where they are solved."""
        if self.improving is None or self._weights is None:
            return None
        f = self.factors
        fixed, other = (f.columns, f.rows) if which == 0 else (f.rows, f.columns)
        gram_weight = self.rows.cells.rule.gram_weight
        return self.improving.prepared(fixed, other, self._weights[1 - which], gram_weight, self.n_jobs)

    def _solve_rows(self, omega: float, poll: Callable[[float], None], how: Inexact | None = None) -> None:
        f = self.factors
        self._fit, self._row_ridge = solve_side(
            self.rows, f.columns, f.column_bias, f.mean, out=f.rows, out_bias=f.row_bias,
            relaxation=omega, n_jobs=self.n_jobs, poll=poll, inexact=how,
        )  # fmt: skip

    @property
    def _loss(self) -> float:
        return self._fit + self._row_ridge + self._column_ridge

    def _record(self, iteration: int, step: Literal["columns", "closing rows"], middle: float, omega: float) -> Record:
        seconds = time.perf_counter() - self._began
        solver = "exact" if self.improving is None or step == "closing rows" else self.improving.method
        return Record(
            iteration, step, self._loss, self._fit, self._row_ridge, self._column_ridge, middle, omega, seconds, solver
        )


class _Rollback:
    """The last whole iteration: its history, and a copy of its factors where that is small.

    Where it is not, an interrupt leaves the side in progress with some rows of the unfinished iteration. Each of them
    has been moved to a place no worse than before, so the loss is at most that of the last whole iteration.
    """

    def __init__(self, factors: Factors) -> None:
        self._live = factors.arrays()
        small = sum(array.nbytes for array in self._live) <= _ROLLBACK_BYTES
        self._saved = [array.copy() for array in self._live] if small else None
        self._state = (History(), small)  # and whether it is the copy that goes with the history

    def save(self, history: History) -> None:
        """Take a copy. While it is being taken it is of no use, and the factors themselves are whole."""
        self._state = (history, False)
        if self._saved is not None:
            for saved, live in zip(self._saved, self._live, strict=True):
                np.copyto(saved, live)
            self._state = (history, True)

    def restore(self) -> History:
        """Put the factors back to the copy, and return the history that goes with them."""
        history, copied = self._state
        if copied and self._saved is not None:
            for saved, live in zip(self._saved, self._live, strict=True):
                np.copyto(live, saved)
        return history
