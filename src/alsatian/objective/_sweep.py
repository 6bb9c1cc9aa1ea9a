"""Central differences by every entry of a block, one component of all lines at a time.

Moving an entry in one row of W (or of Z) changes the terms of that row (that column) of X and no others. So one entry
of each line can move at once, while the loss of each line is looked at by itself: a pass over the cells for each
component compares the whole gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_CELL_NUMBERS = 1 << 18  # numbers gathered at once


class Swept(NamedTuple):
    """The slopes of a block, and about the terms that each is a sum of."""

    slopes: Matrix
    sizes: Matrix


@dataclass(frozen=True)
class Side:
    """The objective line by line: its cells sorted by the line that they belong to.

    The score of a cell is the product of its row in `own` and its row in `other`, and the losses of the lines add up to
    the loss, but for the ridge of the other side.
    """

    starts: NDArray[np.int64]  # where the cells of each line begin, and at the end their number
    partners: NDArray[Any]  # the row of `other` of each cell
    C: Vector
    P: Vector
    e: float
    alpha0: float
    own: Matrix
    other: Matrix
    ridge: Matrix

    @cached_property
    def lines(self) -> NDArray[np.int64]:
        """The line of each cell."""
        return np.repeat(np.arange(len(self.own)), np.diff(self.starts))

    @cached_property
    def scores(self) -> Vector:
        """The score of each cell."""
        return self._scores(self.own, self.other)

    def _scores(self, own: Matrix, other: Matrix) -> Vector:
        """Compute scores, a block of cells at a time."""
        found = np.empty(self.partners.size)
        step = max(1, _CELL_NUMBERS // own.shape[1])
        for start in range(0, found.size, step):
            block = slice(start, start + step)
            found[block] = np.einsum("ck,ck->c", own[self.lines[block]], other[self.partners[block]])
        return found

    @cached_property
    def _gram(self) -> Matrix:
        return np.asarray(self.other.T @ self.other)

    @cached_property
    def _own_by_gram(self) -> Matrix:
        return np.asarray(self.own @ self._gram)

    def losses(self, t: int, moves: Vector) -> Vector:
        """Evaluate the loss of each line, one of its entries being moved."""
        own = self.own.copy()
        own[:, t] += moves
        scores = self.scores + moves[self.lines] * self.other[self.partners, t]
        twice = self._by_line(self.C * (self.P - scores) ** 2 - self.e * scores**2)
        twice += np.einsum("lk,lk,lk->l", self.ridge, own, own)
        if self.alpha0:
            moved = self._own_by_gram + moves[:, None] * self._gram[t]  # own times the Gram matrix
            twice += self.alpha0 * np.einsum("lk,lk->l", moved, own)
        return twice / 2

    @cached_property
    def terms(self) -> Vector:
        """The loss of each line as if nothing in it cancelled."""
        own, other = np.abs(self.own), np.abs(self.other)
        twice = self._by_line(self.C * (np.abs(self.P) + self._scores(own, other)) ** 2)
        twice += np.einsum("lk,lk,lk->l", self.ridge, own, own)
        if self.alpha0:
            twice += self.alpha0 * np.einsum("lk,lk->l", own @ (other.T @ other), own)
        return twice / 2

    def curvatures(self) -> Matrix:
        """Give the second derivative of the loss by each entry of `own`."""
        shape = len(self.own), len(self.other)
        weights = sparse.csr_array((self.C - self.e, self.partners, self.starts), shape=shape)
        squares = self.other**2
        return np.asarray(weights @ squares + self.alpha0 * squares.sum(axis=0) + self.ridge)

    def _by_line(self, cells: Vector) -> Vector:
        """Add up what the cells of each line have."""
        sums = np.zeros(len(self.own))
        held = np.flatnonzero(np.diff(self.starts))
        if held.size:
            sums[held] = np.add.reduceat(cells, self.starts[held])
        return sums


def side_of(X: Any, W: Matrix, Z: Matrix, settings: Mapping[str, Any], *, rows: bool) -> Side:
    """Read a problem, as in :func:`alsatian.objective.loss`, by its rows or by its columns."""
    from alsatian.objective import _state

    f = _state(X, W, Z, **settings)
    line, partner = (f.omega.rows, f.omega.indices) if rows else (f.omega.indices, f.omega.rows)
    order = np.arange(line.size) if rows else np.argsort(line, kind="stable")
    own, other, ridge = (f.rows, f.columns, f.row_ridge) if rows else (f.columns, f.rows, f.column_ridge)
    counts = np.bincount(line, minlength=len(own))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Side(starts, partner[order], f.C[order], f.P[order], f.e, f.alpha0, own, other, ridge)


def sweep(side: Side, block: str, width: int) -> Swept:
    """Derive the loss by every entry of a block, each at about the step that loses the fewest digits."""
    first = {"W": 0, "Z": 0, "row_bias": side.own.shape[1] - 3, "column_bias": side.own.shape[1] - 2}[block]
    steps = _steps(side.curvatures()[:, first : first + width], side.terms)
    slopes, sizes = np.empty_like(steps), np.empty_like(steps)
    base = side.losses(first, np.zeros(len(side.own)))
    for t in range(width):
        step = steps[:, t]
        up, down = side.losses(first + t, step), side.losses(first + t, -step)
        moves = ~((up == base) & (down == base))  # what moves nothing has no terms either
        slopes[:, t] = np.where(moves, (up - down) / (2 * step), 0.0)
        sizes[:, t] = np.where(moves, np.abs(up) / (2 * step) + np.abs(down) / (2 * step), 0.0)
    return Swept(slopes, sizes)


def _steps(curvatures: Matrix, terms: Vector) -> Matrix:
    """Give the step of each entry whose square term is as large as the terms of the line; 1 where nothing moves."""
    found = np.sqrt(2 * terms[:, None] / np.where(curvatures > 0, curvatures, np.inf))
    return np.where(found > 0, found, 1.0)
