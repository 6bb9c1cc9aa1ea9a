"""Central differences of the objective, each at the step that loses the fewest digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Matrix = NDArray[np.float64]

ROW_BLOCKS = ("W", "row_bias")
COLUMN_BLOCKS = ("Z", "column_bias")
_SEARCH = 250  # steps tried at most; a thousand apart where nothing is known, they pass through all of float64


class Difference(NamedTuple):
    """A central difference, and what it was made of."""

    slope: float
    step: float
    terms: float  # the sum of the terms that the function is made of, each taken as large as it is
    size: float  # about the terms that the derivative is a sum of


def central_difference(f: Callable[[float], float], terms: float, start: float) -> Difference:
    """Derive a quadratic f at zero by a central difference.

    For a quadratic any step is exact but for rounding. The values carry the rounding of the terms that they are sums
    of, and of the square term of the step, so what is lost is in proportion to (terms + square term) / step. That is
    least where the square term is as large as the terms; the step found is so within a factor of two.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        step, up, down = _balanced(f, terms, start)
        slope, size = (up - down) / (2 * step), abs(up) / (2 * step) + abs(down) / (2 * step)
    return Difference(float(slope), step, terms, float(size))


def _balanced(f: Callable[[float], float], terms: float, start: float) -> tuple[float, float, float]:
    """Find the step; give it and the values up and down, which are NaN where they overflow first."""
    here = f(0.0)
    step, up, down = start, f(start), f(-start)
    if not (np.isfinite(terms) and np.isfinite(here)) or terms == 0:
        return step, up, down  # nothing to be told, or nothing to be lost
    moves = grown = False
    for _ in range(_SEARCH):
        curve = up / 2 + down / 2 - here
        if terms / 4 <= curve <= 4 * terms:
            return step, up, down
        if np.isfinite(curve):
            moves = moves or not up == here == down
            far = curve > 1e-6 * here
            # Where the square term is lost in rounding, all that is known of the step is that it is far too small.
            step *= float(np.sqrt(terms / curve)) if far else 1e3
            grown = grown or not far
        elif grown:
            break
        else:
            step /= 1e3
        up, down = f(step), f(-step)
    return (start, np.nan, np.nan) if moves else (start, 0.0, 0.0)


class Lines:
    """The losses of single rows of X, or of single columns.

    Moving an entry that belongs to a row changes the terms of this row alone. They are all that is computed, so large
    and sparse data are no trouble, and the differences do not drown in a large sum. The ridge of the other side does
    not move either, and is left out.

    Parameters
    ----------
    X, settings
        The problem, as in :func:`alsatian.objective.loss`; `settings` without the biases.
    values : mapping
        The blocks W, Z and, where there are any, the biases, each a matrix (a bias of one column).
    rows : bool
        Whether the lines are rows.
    """

    def __init__(self, X: Any, values: Mapping[str, Matrix], settings: Mapping[str, Any], *, rows: bool) -> None:
        self._rows = rows
        self._values = values
        self._X = _by_line(X, rows=rows)
        self._weights = _by_line(settings.get("weights"), rows=rows)
        self._settings = dict(settings)
        self._terms: dict[int, float] = {}
        self._start: dict[str, float] = {}  # the last step; the next is often much the same
        for name in ("reg", "bias_reg"):
            ridge = settings.get(name)
            if ridge is None:
                continue
            one, other = (ridge, ridge) if np.ndim(ridge) == 0 else ridge
            self._settings[name] = (one, 0.0) if rows else (0.0, other)

    def derivative(self, block: str, line: int, t: int) -> Difference:
        """Derive the loss by one entry of a block of this side."""
        with np.errstate(over="ignore", invalid="ignore"):
            terms = self._terms_of(line)
        found = central_difference(lambda move: self._loss(line, (block, t, move)), terms, self._start.get(block, 1.0))
        self._start[block] = found.step
        return found

    def _terms_of(self, line: int) -> float:
        """Evaluate the loss of a line as if nothing in it cancelled: a residual is then |x| + Σ |w| |z| + …."""
        if line not in self._terms:
            self._terms[line] = self._loss(line, None)
        return self._terms[line]

    def _loss(self, line: int, moved: tuple[str, int, float] | None) -> float:
        """Evaluate the loss of a line with one entry moved; None makes every term as large as it is."""
        here = slice(line, line + 1)
        changed = dict(self._settings)
        if self._weights is not None:
            changed["weights"] = self._line(self._weights, here)
        blocks = {}
        for block, value in self._values.items():
            part = value[here].copy() if block in (ROW_BLOCKS if self._rows else COLUMN_BLOCKS) else value
            if moved is not None and moved[0] == block:
                part[0, moved[1]] += moved[2]
            blocks[block] = part
        return evaluate(self._line(self._X, here), blocks, changed, uncancelled=moved is None)

    def _line(self, matrix: Any, here: slice) -> Any:
        return matrix[here] if self._rows else matrix[:, here]


def evaluate(X: Any, blocks: Mapping[str, Matrix], settings: Mapping[str, Any], *, uncancelled: bool = False) -> float:
    """Evaluate the loss; `uncancelled` with signs such that all terms of a residual add up.

    It is NaN where a step has led out of float64: that is no bad input, and a search for steps takes a smaller one.
    """
    from alsatian.objective import loss

    if not all(np.isfinite(block).all() for block in blocks.values()):
        return np.nan
    given: dict[str, Any] = dict(settings)
    if uncancelled:
        # x − s is |x| + |s| where the scores are negative. (An implicit x is a strength, and its preference is not.)
        X = X if settings.get("objective", "explicit") != "explicit" else abs(X)
        blocks = {name: np.abs(block) if name == "Z" else -np.abs(block) for name, block in blocks.items()}
        if "mean" in given:
            given["mean"] = -abs(given["mean"])
    given.update((name, block[:, 0] if name.endswith("bias") else block) for name, block in blocks.items())
    return loss(X, **given)


def _by_line(matrix: Any, *, rows: bool) -> Any:
    """Give a matrix from which single rows, or columns, are quickly taken."""
    if matrix is None or isinstance(matrix, np.ma.MaskedArray):
        return matrix
    if not sparse.issparse(matrix):
        return np.asarray(matrix, dtype=np.float64)
    known: Any = matrix
    wide = known.astype(np.float64)  # before duplicates are summed
    return sparse.csr_array(wide) if rows else sparse.csc_array(wide)
