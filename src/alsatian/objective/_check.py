"""The gradient against central differences, on the user's own data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alsatian._tables import plain, plain_weights, real
from alsatian.objective._differences import ROW_BLOCKS, Lines
from alsatian.objective._sweep import Side, side_of, sweep

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


class BlockCheck(NamedTuple):
    """What was found in one block of the gradient."""

    block: str
    checked: int  # entries, one at a time
    entries: int  # that there are
    step: float  # at the worst of those
    worst: Place  # of all entries, by the relative difference
    largest: Place  # of all entries, by the difference itself


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """What `check_gradient` found; it prints as a table.

    Attributes
    ----------
    blocks : tuple of BlockCheck
        One for each of W, Z and the biases that were given: where of all entries the two differ most, how many were
        also checked one at a time, and with which step.
    tolerance : float
        Largest relative difference that passes.
    """

    blocks: tuple[BlockCheck, ...]
    tolerance: float

    @property
    def worst(self) -> Place:
        """The entry whose relative difference is the largest."""
        return max((block.worst for block in self.blocks), key=lambda place: place.difference)

    @property
    def largest(self) -> Place:
        """The entry whose difference itself is the largest."""
        return max((block.largest for block in self.blocks), key=_by_size)

    @property
    def difference(self) -> float:
        """The largest relative difference."""
        return self.worst.difference

    @property
    def passed(self) -> bool:
        """Whether all entries agree within the tolerance."""
        return self.difference <= self.tolerance

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        head = "block          entries   one at a time     step   difference   largest at"
        rows = (
            f"{block.block:<12} {block.entries:9d}   {block.checked:13d}   {block.step:6.2g}"
            f"   {block.worst.difference:10.1e}   {block.worst}"
            for block in self.blocks
        )
        return "\n".join([head, *rows, self._found(), self._how()])

    def _found(self) -> str:
        """Say in a sentence what was found."""
        if self.passed:
            return "The gradient and the differences agree."
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
        again = "all" if checked == entries else f"{checked}"
        return f"All {entries} entries were compared, and {again} of them also one at a time."

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

    Every entry of every block is compared, at every size of the data: an entry of row i moves the terms of row i alone,
    so one component of all rows can move at once while the loss of each row is looked at by itself. Some entries, among
    them the one that differs most, are compared again one at a time, by :func:`loss` itself and with a step that is
    searched for.

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
        Entries of each block to compare also one at a time; where there are more, a random choice.
    tolerance : float, default=1e-8
        Largest difference that passes. It is relative to the analytic value, or to 1e-4 of the terms that the
        derivative is a sum of where that is larger: at a minimum these cancel, and what is left is their rounding.
        Where the loss is not finite nothing can be told, and nothing passes.
    random_state : int or None, default=0
        Seed of the choice.

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
        swept = _Swept.of(whole[rows], name, analytic[name], claimed=name in given)
        size = analytic[name].size
        chosen = np.arange(size) if size <= max_entries else rng.choice(size, max_entries, replace=False)
        chosen = np.union1d(chosen, swept.worst)
        places = list(_places(sides[rows], name, analytic[name], chosen, claimed=name in given))
        worst, step = max(places, key=lambda found: found[0].difference)
        worst = max(worst, swept.place(swept.worst), key=lambda place: place.difference)
        largest = max(*(place for place, _ in places), swept.place(swept.largest), key=_by_size)
        blocks.append(BlockCheck(name, len(places), size, step, worst, largest))
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


@dataclass(frozen=True)
class _Swept:
    """All entries of a block, compared at once."""

    block: str
    analytic: Matrix
    numeric: Matrix
    difference: Matrix
    claimed: bool

    @classmethod
    def of(cls, side: Side, block: str, analytic: Matrix, *, claimed: bool) -> _Swept:
        with np.errstate(all="ignore"):  # what overflows, or is not finite, cannot be told
            numeric, sizes = sweep(side, block, analytic.shape[1])
            gap = np.abs(analytic - numeric)
            apart = np.where(gap == 0, 0.0, gap / np.maximum(np.abs(analytic), _CANCELLED * sizes))
        told = np.isfinite(analytic) & np.isfinite(numeric) & np.isfinite(apart)
        return cls(block, analytic, numeric, np.where(told, apart, np.inf), claimed)

    @property
    def worst(self) -> int:
        """The entry whose relative difference is the largest."""
        return int(self.difference.argmax())

    @property
    def largest(self) -> int:
        """The entry whose difference itself is the largest."""
        gap = np.abs(self.analytic - self.numeric)
        return int(np.where(np.isfinite(gap), gap, np.inf).argmax())

    def place(self, entry: int) -> Place:
        """Say what was found at an entry."""
        line, t = divmod(entry, self.analytic.shape[1])
        exact, numeric, apart = (float(array[line, t]) for array in (self.analytic, self.numeric, self.difference))
        return Place(self.block, line, t, exact, numeric, apart, self.claimed)


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
