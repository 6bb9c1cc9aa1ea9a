"""The gradient against central differences along random directions: every entry of every line takes part.

Moving one row of W (or of Z) changes the terms of that row (that column) of X and no others. So all lines can move at
once, each along its own direction, and the loss of each is looked at by itself: one pass over the cells compares every
line of the gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

DIRECTIONS = 2  # one would do for a single wrong entry; in two, several do not cancel
_CELL_NUMBERS = 1 << 18  # numbers gathered at once


class Compared(NamedTuple):
    """The slopes of the lines of one block along one direction."""

    claimed: Vector
    numeric: Vector
    size: Vector  # about the terms that the derivative is a sum of
    parts: Vector  # what the entries of the gradient bring to the claimed slope, added up without signs


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

    def scores(self, own: Matrix, other: Matrix) -> Vector:
        """Compute the score of each cell, a block of cells at a time."""
        found = np.empty(self.partners.size)
        lines = np.repeat(np.arange(len(own)), np.diff(self.starts))
        step = max(1, _CELL_NUMBERS // own.shape[1])
        for start in range(0, found.size, step):
            block = slice(start, start + step)
            found[block] = np.einsum("ck,ck->c", own[lines[block]], other[self.partners[block]])
        return found

    def losses(self, own: Matrix, scores: Vector) -> Vector:
        """Evaluate the loss of each line, with other rows and their scores."""
        cells = self.C * (self.P - scores) ** 2 - self.e * scores**2
        return 0.5 * (self._by_line(cells) + self._beside_the_cells(own, self.other))

    def terms(self) -> Vector:
        """Evaluate the loss of each line as if nothing in it cancelled."""
        own, other = np.abs(self.own), np.abs(self.other)
        scores = self.scores(own, other)
        cells = self.C * (np.abs(self.P) + scores) ** 2
        return 0.5 * (self._by_line(cells) + self._beside_the_cells(own, other))

    def curvatures(self) -> Matrix:
        """Give the second derivative of the loss by each entry of `own`."""
        shape = len(self.own), len(self.other)
        weights = sparse.csr_array((self.C - self.e, self.partners, self.starts), shape=shape)
        squares = self.other**2
        return np.asarray(weights @ squares + self.alpha0 * squares.sum(axis=0) + self.ridge)

    def _beside_the_cells(self, own: Matrix, other: Matrix) -> Vector:
        ridges: Vector = np.einsum("lk,lk,lk->l", self.ridge, own, own)
        if not self.alpha0:
            return ridges
        return np.asarray(ridges + self.alpha0 * np.einsum("lk,lk->l", own @ (other.T @ other), own))

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


def along_directions(side: Side, block: str, analytic: Matrix, rng: np.random.Generator) -> list[Compared]:
    """Derive the loss of each line along random directions, and compare with what the gradient says.

    An entry moves by about the step at which a difference by it alone would lose the fewest digits, so that entries of
    any size have their say.
    """
    first = {"W": 0, "Z": 0, "row_bias": side.own.shape[1] - 3, "column_bias": side.own.shape[1] - 2}[block]
    place = slice(first, first + analytic.shape[1])
    here, terms = side.scores(side.own, side.other), side.terms()
    steps = _steps(side.curvatures()[:, place], terms)
    found = []
    for _ in range(DIRECTIONS):
        signs = rng.choice([-1.0, 1.0], size=analytic.shape)
        moves = np.zeros_like(side.own)
        moves[:, place] = signs * rng.uniform(0.5, 1.0, size=analytic.shape) * steps
        by = side.scores(moves, side.other)  # scores are linear in the rows
        up, down = side.losses(side.own + moves, here + by), side.losses(side.own - moves, here - by)
        products = analytic * moves[:, place]
        size = np.maximum(np.abs(up) / 2 + np.abs(down) / 2, terms)
        found.append(Compared(products.sum(axis=1), up / 2 - down / 2, size, np.abs(products).sum(axis=1)))
    return found


def _steps(curvatures: Matrix, terms: Vector) -> Matrix:
    """Give the step of each entry whose square term is as large as the terms of the line."""
    found = np.sqrt(2 * terms[:, None] / np.where(curvatures > 0, curvatures, np.inf) / curvatures.shape[1])
    widest = found.max(axis=1, keepdims=True)
    # What moves nothing may go as far as the others, or by one where nothing else moves.
    return np.where(found > 0, found, np.where(widest > 0, widest, 1.0))
