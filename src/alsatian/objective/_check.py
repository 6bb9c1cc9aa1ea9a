"""The gradient against central differences, on the user's own data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsatian._tables import plain, plain_weights, real
from alsatian.objective._differences import ROW_BLOCKS, Lines
from alsatian.objective._directions import DIRECTIONS, Side, along_directions, side_of

if TYPE_CHECKING:
    from alsatian.objective import Gradient, Settings

Matrix = NDArray[np.float64]

_BLOCKS = ("W", "Z", "row_bias", "column_bias")
_CANCELLED = 1e-4  # where a derivative is less than this part of its terms, the rounding of these begins to show


class Place(NamedTuple):
    """One entry of the gradient, and what was found there."""

    block: str
    row: int
    column: int
    analytic: float
    numeric: float
    difference: float  # relative
    claimed: bool = False  # whether the analytic value is the user's and not the library's

    @property
    def apart(self) -> float:
        """The difference itself, in the unit of the gradient."""
        return abs(self.analytic - self.numeric)

    @property
    def name(self) -> str:
        """The entry, as one would write it in a program."""
        return (
            f"{self.block}[{self.row}]" if self.block.endswith("bias") else f"{self.block}[{self.row}, {self.column}]"
        )

    def __str__(self) -> str:
        whose = "claimed" if self.claimed else "analytic"
        return f"{self.name}: {whose} {self.analytic:.8g}, by differences {self.numeric:.8g}"


class WorstLine(NamedTuple):
    """The line (a row of W or Z, or its bias) whose slopes along random directions are farthest from the gradient's."""

    line: int
    difference: float  # relative


class BlockCheck(NamedTuple):
    """What was found in one block of the gradient."""

    block: str
    checked: int  # entries, one by one
    entries: int  # that there are
    step: float  # at the worst place
    worst: Place  # by the relative difference
    largest: Place  # by the difference itself
    along: WorstLine  # all entries at once


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """What `check_gradient` found; it prints as a table.

    Attributes
    ----------
    blocks : tuple of BlockCheck
        One for each of W, Z and the biases that were given: how many entries were checked one by one, where the two
        differ most, and with which step; and `along`, the line that differs most where all entries move at once.
    tolerance : float
        Largest relative difference that passes.
    """

    blocks: tuple[BlockCheck, ...]
    tolerance: float

    @property
    def worst(self) -> Place:
        """The entry whose relative difference is the largest, of those that were checked one by one."""
        return max((block.worst for block in self.blocks), key=lambda place: place.difference)

    @property
    def largest(self) -> Place:
        """The entry whose difference itself is the largest, of those that were checked one by one."""
        return max((block.largest for block in self.blocks), key=_by_size)

    @property
    def difference(self) -> float:
        """The largest relative difference, of an entry or along a direction."""
        return max(self.worst.difference, *(block.along.difference for block in self.blocks))

    @property
    def passed(self) -> bool:
        """Whether all agrees within the tolerance: each entry that was checked, and each line along the directions."""
        return self.difference <= self.tolerance

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        lines = ["block         one by one              step   difference   all at once   largest at"]
        for block in self.blocks:
            counted = f"{block.checked} of {block.entries}"
            lines.append(
                f"{block.block:<12}  {counted:<20}  {block.step:6.2g}   {block.worst.difference:10.1e}"
                f"   {block.along.difference:11.1e}   {block.worst}"
            )
        return "\n".join([*lines, self._found(), self._how()])

    def _found(self) -> str:
        """Say in a sentence what was found."""
        if self.passed:
            return "The gradient and the differences agree."
        if self.worst.difference <= self.tolerance:
            block = max(self.blocks, key=lambda block: block.along.difference)
            where = f"line {block.along.line} of {block.block}"
            if np.isfinite(block.along.difference):
                return f"The gradient and the differences DIFFER, most in {where}, where all entries move at once."
            return f"Cannot tell: the differences are not finite in {where}."
        if not np.isfinite(self.worst.numeric):
            return f"Cannot tell: the differences are not finite, as at {self.worst}."
        larger = self.largest
        beside = (
            "" if larger.name == self.worst.name else f" The largest difference is {larger.apart:.8g}, at {larger}."
        )
        return f"The gradient and the differences DIFFER, most at {self.worst}.{beside}"

    def _how(self) -> str:
        """Say in a sentence what was compared."""
        checked, entries = (sum(counts) for counts in zip(*((b.checked, b.entries) for b in self.blocks), strict=True))
        all_of = f"All {entries} entries were compared one by one"
        some = f"{checked} of {entries} entries were compared one by one"
        return f"{all_of if checked == entries else some}, and all at once along {DIRECTIONS} random directions."

    def __repr__(self) -> str:
        return str(self)


def check_gradient(
    X: Any,
    W: ArrayLike,
    Z: ArrayLike,
    *,
    claimed: Mapping[str, ArrayLike] | Gradient | None = None,
    max_entries: int = 200,
    tolerance: float = 1e-8,
    random_state: int | None = 0,
    **settings: Unpack[Settings],
) -> GradientCheck:
    """Compare the gradient with central differences of the loss, and say where they differ most.

    Every row of each block is compared, at every size: the loss of each row is derived along random directions in which
    all its entries move, and compared with the inner product of gradient and direction. So one wrong entry shows
    wherever it is. In which entry of a row the difference is, single entries say: all of the row that differs most, and
    a random choice of the others.

    In each block the loss is a quadratic, and for a quadratic the central difference is the derivative itself, whatever
    the step. A small step would only lose digits, and a huge one too: the best is one whose square term is as large as
    the terms of the row (what the row costs if in no residual anything cancels, each being abs(x) + Σ abs(w) abs(z)).
    That is the step of each entry, within a factor of two. Moving an entry of row i changes the terms of row i alone;
    these are all that is computed, so large and sparse data are no trouble, and the differences do not drown in a large
    sum.

    Parameters
    ----------
    X, W, Z, **settings
        The problem, as in :func:`loss`. A sparse X is never made dense.
    claimed : dict or Gradient, optional
        A gradient of your own to check, by block: "W", "Z", "row_bias", "column_bias". Blocks that are not in it are
        those of :func:`gradient`.
    max_entries : int, default=200
        Entries to check one by one in each block; where there are more, a random choice.
    tolerance : float, default=1e-8
        Largest difference that passes. It is relative to the analytic value (along a direction, to the values of all
        its entries), or to 1e-4 of the terms that the derivative is a sum of where that is larger: at a minimum these
        cancel, and what is left is their rounding. Where the loss is not finite nothing can be told, and nothing
        passes.
    random_state : int or None, default=0
        Seed of the choice and of the directions.

    Returns
    -------
    GradientCheck
        True if all agree.

    Examples
    --------
    >>> X, W, Z = [[5.0, 3.0], [4.0, float("nan")], [1.0, 1.0]], [[2.0], [1.0], [0.5]], [[2.0], [1.0]]
    >>> check_gradient(X, W, Z, reg=0.1).passed
    True
    >>> wrong = check_gradient(X, W, Z, claimed={"Z": [[1.0], [-2.25]]})
    >>> wrong.passed, wrong.worst.block, wrong.worst.row
    (False, 'Z', 0)
    >>> print(wrong.worst)
    Z[0, 0]: claimed 1, by differences -4
    """
    from alsatian.objective import gradient

    if max_entries < 1:
        raise ValueError(f"max_entries must be >= 1; got {max_entries}")
    if not 0 <= tolerance < np.inf:
        raise ValueError(f"tolerance must be finite and >= 0; got {tolerance}")
    settings["weights"], X = plain_weights(settings.get("weights"), X), plain(X, "X")
    values: dict[str, Matrix] = {"W": real("W", W), "Z": real("Z", Z)}
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows cannot be told, and the result says so
        own = gradient(X, W, Z, **settings)._asdict()  # it checks the input, with its own messages
    for name in ("row_bias", "column_bias"):
        bias: Any = settings.get(name)
        if bias is not None:
            values[name] = real(name, bias)[:, None]
    for name, value in values.items():
        if value.size == 0:
            raise ValueError(f"{name} has shape {value.shape}; there is no entry to check")
    given = _blocks(claimed)
    analytic = _analytic(own, given, values)
    rng = np.random.default_rng(random_state)
    sides = {rows: Lines(X, values, settings, rows=rows) for rows in (True, False)}
    with np.errstate(over="ignore", invalid="ignore"):
        whole = {rows: side_of(X, values["W"], values["Z"], settings, rows=rows) for rows in (True, False)}
    blocks = []
    for name in (name for name in _BLOCKS if name in values):
        rows = name in ROW_BLOCKS
        along = _along(whole[rows], name, analytic[name], rng)
        chosen = _chosen(analytic[name].shape, max_entries, along if along.difference > tolerance else None, rng)
        places = list(_places(sides[rows], name, analytic[name], chosen, claimed=name in given))
        worst, step = max(places, key=lambda found: found[0].difference)
        largest = max((place for place, _ in places), key=_by_size)
        blocks.append(BlockCheck(name, len(places), analytic[name].size, step, worst, largest, along))
    return GradientCheck(tuple(blocks), tolerance)


def _blocks(claimed: Any) -> Mapping[str, ArrayLike]:
    """Give a claimed gradient by blocks."""
    if claimed is None:
        return {}
    if hasattr(claimed, "_asdict"):  # a Gradient
        return {name: block for name, block in claimed._asdict().items() if block is not None}
    if not isinstance(claimed, Mapping):
        raise TypeError(f"claimed must map blocks to arrays, as in {{'Z': ...}}; got {type(claimed).__name__}")
    return claimed


def _analytic(
    own: Mapping[str, Matrix | None], claimed: Mapping[str, ArrayLike], values: Mapping[str, Matrix]
) -> dict[str, Matrix]:
    """Put together the gradient to check; biases are columns."""
    found = {}
    for name in claimed:
        if name not in values:
            raise ValueError(f"claimed has the block {name!r}; there are {', '.join(values)}")
    for name, block in values.items():
        array = np.asarray(claimed.get(name, own[name]), dtype=np.float64)
        array = array[:, None] if name.endswith("bias") and array.ndim == 1 else array
        if array.shape != block.shape:
            raise ValueError(f"the claimed gradient of {name} has shape {array.shape}; it should be {block.shape}")
        found[name] = array
    return found


def _along(side: Side, name: str, analytic: Matrix, rng: np.random.Generator) -> WorstLine:
    """Compare all lines of a block along random directions, and give the one that differs most."""
    worst = WorstLine(0, 0.0)
    with np.errstate(all="ignore"):  # what overflows, or is not finite, cannot be told
        for found in along_directions(side, name, analytic, rng):
            gap = np.abs(found.claimed - found.numeric)
            apart = np.where(gap == 0, 0.0, gap / np.maximum(found.parts, _CANCELLED * found.size))
            told = np.isfinite(apart) & np.isfinite(found.size) & np.isfinite(found.parts)
            apart = np.where(told, apart, np.inf)
            line = int(apart.argmax())
            if apart[line] > worst.difference:
                worst = WorstLine(line, float(apart[line]))
    return worst


def _chosen(
    shape: tuple[int, ...], max_entries: int, suspect: WorstLine | None, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Choose the entries to compare one by one: all of the suspect line are among them."""
    size, wide = shape[0] * shape[1], shape[1]
    if size <= max_entries:
        return np.arange(size)
    chosen = rng.choice(size, max_entries, replace=False)
    line: Any = [] if suspect is None else np.arange(suspect.line * wide, (suspect.line + 1) * wide)
    return np.union1d(chosen, line).astype(np.intp)


def _by_size(place: Place) -> float:
    return place.apart if np.isfinite(place.apart) else float("inf")


def _places(
    side: Lines, name: str, analytic: Matrix, chosen: NDArray[np.intp], *, claimed: bool
) -> Iterator[tuple[Place, float]]:
    """Compare the chosen entries of a block; each comes with its step."""
    for row, column in zip(*np.unravel_index(chosen, analytic.shape), strict=True):
        line, t = int(row), int(column)
        found = side.derivative(name, line, t)
        exact, numeric = float(analytic[line, t]), found.slope
        apart = 0.0 if exact == numeric else abs(exact - numeric) / max(abs(exact), _CANCELLED * found.size)
        told = np.isfinite([exact, numeric, apart]).all()
        yield Place(name, line, t, exact, numeric, apart if told else float("inf"), claimed), found.step
