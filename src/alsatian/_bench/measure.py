"""The machine, then the kernels and half-steps as fractions of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alsatian._bench import work
from alsatian._bench.timing import Spent, least, shortest
from alsatian._engine import probes
from alsatian._engine.config import build_config
from alsatian._engine.contract import Cells, Floats
from alsatian._engine.native import half_step
from alsatian._engine.threads import resolve_n_jobs
from alsatian._engine.top_n import counted_top_n

Precision = Literal["float32", "float64"]
PRECISIONS: tuple[Precision, ...] = ("float32", "float64")
Watch = Callable[[str, float], Any]  # what comes next, and the part that is done

_LISTED = 10  # items of a list, in the scan
_RIDGE = 0.05


@dataclass(frozen=True)
class Effort:
    """How long and how large the measurements are.

    Attributes
    ----------
    seconds : float
        For each measurement.
    copied : int
        Bytes of the array that is copied: many times the caches.
    gathered : int
        Bytes of the factors that rows are gathered from: more than the caches hold.
    """

    seconds: float = 0.25
    copied: int = 1 << 27
    gathered: int = 1 << 27


@dataclass(frozen=True)
class Measured:
    """One thing that was measured.

    Attributes
    ----------
    what : str
    seconds : float
        Of one call.
    amount : float
        What one call does: operations, or bytes.
    unit : {"flop", "byte"}
    at_once : int
        Calls that are made at a time, one a thread; 1 for what spreads over the threads itself.
    processor_seconds : float or None
        Of all processors together, where it was measured.
    """

    what: str
    seconds: float
    amount: float
    unit: Literal["flop", "byte"]
    at_once: int = 1
    processor_seconds: float | None = None

    @property
    def rate(self) -> float:
        """Operations or bytes in a second, of all threads."""
        return self.at_once * self.amount / self.seconds


@dataclass(frozen=True)
class Peak:
    """The multiply-adds in registers, as operations in a second; measured before all else, and after it."""

    dtype: Precision
    threads: int
    before: float
    after: float = 0.0

    @property
    def rate(self) -> float:
        """The larger: nothing can make the machine faster than it is."""
        return max(self.before, self.after)


@dataclass(frozen=True)
class Benchmark:
    """All of it."""

    isa: str
    threads: int
    dtype: Precision
    shape: tuple[int, int]
    cells: int
    peaks: tuple[Peak, ...]
    copy: float  # bytes read and written, in a second
    ranks: dict[int, tuple[Measured, ...]]

    def share(self, measured: Measured) -> float:
        """Return what part of the peak, or of the bandwidth, something reaches."""
        if measured.unit == "byte":
            return measured.rate / self.copy
        return measured.rate / next(p.rate for p in self.peaks if (p.dtype, p.threads) == (self.dtype, self.threads))

    def processor_share(self, measured: Measured) -> float | None:
        """Return the same had all threads worked all the time: on a busy machine, what it would be on a quiet one."""
        if measured.processor_seconds is None:
            return None
        return self.share(measured) * measured.seconds * self.threads / measured.processor_seconds

    @property
    def unsteadiness(self) -> float:
        """How far the two measurements of the peak are apart, at the most."""
        return max(abs(p.before - p.after) / p.rate for p in self.peaks)


def measure(
    X: Any,
    ranks: Sequence[int],
    *,
    dtype: Precision = "float32",
    n_jobs: int | None = None,
    effort: Effort = Effort(),
    watch: Watch = lambda what, done: None,
) -> Benchmark:
    """Measure the machine, then the kernels and half-steps of some ranks.

    Parameters
    ----------
    X : csr_array of shape (m, n)
        Whose half-steps are measured; canonical.
    ranks : sequence of int
    dtype : {"float32", "float64"}, default="float32"
        The working precision of the kernels.
    n_jobs : int, default=None
        Threads; None is all that are allowed.
    effort : Effort
    watch : callable
        Told what comes next and the part that is done.

    Returns
    -------
    Benchmark
    """
    threads = resolve_n_jobs(n_jobs)
    stages = len(ranks) + 3
    watch("peak", 0)
    before = [Peak(name, count, _peak(name, count, effort)) for name in PRECISIONS for count in sorted({1, threads})]
    watch("copy", 1 / stages)
    calls = 2 + round(40 * effort.seconds)
    copied = probes.time_copy(effort.copied, calls=calls, n_jobs=threads)
    both_sides = _sides(X.astype(dtype))
    parts: dict[int, tuple[Measured, ...]] = {}
    for stage, k in enumerate(ranks):
        watch(f"rank {k}", (stage + 2) / stages)
        parts[k] = (*_kernels(k, dtype, threads, effort), *_whole(both_sides, k, dtype, threads, effort))
    watch("peak", (stages - 1) / stages)
    peaks = tuple(replace(peak, after=_peak(peak.dtype, peak.threads, effort)) for peak in before)
    return Benchmark(
        isa=build_config()["isa"],
        threads=threads,
        dtype=dtype,
        shape=(int(X.shape[0]), int(X.shape[1])),
        cells=int(X.nnz),
        peaks=peaks,
        copy=2 * effort.copied / copied.seconds,
        ranks=parts,
    )


def _peak(dtype: Precision, threads: int, effort: Effort) -> float:
    amount = 2 * probes.sizes(dtype, 1).chains
    time_of = shortest(lambda calls: probes.time_chains(dtype, calls=calls, n_jobs=threads)[0], effort.seconds)
    return amount / time_of


def _kernels(k: int, dtype: Precision, threads: int, effort: Effort) -> list[Measured]:
    """Measure the kernels on random data: one call a thread at a time."""
    rng = np.random.default_rng(0)
    sizes = probes.sizes(dtype, k)
    block = _random(rng, sizes.rows, k, dtype)
    matrix = np.ascontiguousarray(block.T @ block + sizes.rows * np.eye(k, dtype=dtype))
    _, factor = probes.time_cholesky(matrix, calls=1)
    right = block[0].copy()

    def time_of(probe: Callable[..., tuple[probes.Timed, Any]], *data: Any) -> float:
        each = shortest(lambda calls: probe(*data, calls=calls, n_jobs=threads)[0], effort.seconds)
        return threads * each  # of one call, while the other threads make theirs

    itemsize = np.dtype(dtype).itemsize
    gathered = _random(rng, max(sizes.rows, effort.gathered // (k * itemsize)), k, dtype)
    index = rng.permutation(len(gathered))[: len(gathered) // sizes.rows * sizes.rows].astype(np.int32)
    packing = time_of(probes.time_pack, gathered, index)
    gram = time_of(probes.time_gram, block)
    cholesky = time_of(probes.time_cholesky, matrix)
    solving = time_of(probes.time_solve, factor, right)
    n, made = sizes.rows, 2.0 * sizes.rows * sizes.gram_row
    return [
        Measured(f"gather {n} rows", packing, float(n * k * itemsize), "byte", threads),
        Measured(f"Gram matrix of {n} packed rows", gram, work.gram(n, k), "flop", threads),
        Measured("the same, with all that tiles do", gram, made, "flop", threads),
        Measured("Cholesky", cholesky, work.cholesky(k), "flop", threads),
        Measured("two triangular solves", solving, work.solves(k), "flop", threads),
    ]


def _whole(sides: tuple[Cells, Cells], k: int, dtype: Precision, threads: int, effort: Effort) -> list[Measured]:
    """Measure a scan and both half-steps, which spread over the threads themselves."""
    rng = np.random.default_rng(0)
    rows, columns = sides
    W, Z = (_random(rng, side.shape[0], k, dtype) / np.sqrt(np.asarray(k, dtype)) for side in sides)

    def scan() -> None:
        counted_top_n(W, Z, n=min(_LISTED, len(Z)), n_jobs=threads, prune=False)

    parts = [_measured("top-n scan of all items", least(scan, effort.seconds), work.scan(len(W), len(Z), k))]
    total, amount = Spent(0.0, 0.0), 0.0
    for name, cells, fixed, out in (("rows", rows, Z, W), ("columns", columns, W, Z)):
        lengths = _lengths(cells)
        spent = least(_solve(cells, lengths, fixed, out, threads), 2 * effort.seconds)
        useful = work.half_step(lengths, k, cells.shape[1])
        parts.append(_measured(f"half-step, {name}", spent, useful))
        total = Spent(total.seconds + spent.seconds, total.processor_seconds + spent.processor_seconds)
        amount += useful
    return [*parts, _measured("iteration: both", total, amount)]


def _measured(what: str, spent: Spent, amount: float) -> Measured:
    return Measured(what, spent.seconds, amount, "flop", 1, spent.processor_seconds)


def _solve(cells: Cells, lengths: NDArray[np.int64], fixed: Floats, out: Floats, threads: int) -> Callable[[], Any]:
    target, scale = np.zeros_like(out), lengths.astype(np.float64)
    return lambda: half_step(
        cells, fixed, offset=None, ridge=(_RIDGE, 0.0), scale=scale, out=target, out_bias=None, n_jobs=threads
    )


def _sides(X: Any) -> tuple[Cells, Cells]:
    return _cells(X), _cells(X.T.tocsr())


def _cells(X: Any) -> Cells:
    return Cells(X.shape, X.indptr.astype(np.int64), X.indices.astype(np.int32), X.data)


def _lengths(cells: Cells) -> NDArray[np.int64]:
    assert cells.indptr is not None
    return np.diff(cells.indptr)


def _random(rng: np.random.Generator, rows: int, k: int, dtype: Precision) -> Floats:
    return rng.random((rows, k), dtype=np.dtype(dtype).type) - np.asarray(0.5, dtype)  # type: ignore[no-any-return]
