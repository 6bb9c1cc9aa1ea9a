"""What the machine can do at most, and the kernels on data in its caches, timed in native code.

Every function makes `calls` calls on each of `n_jobs` threads at once. Its answer is that of one call, so that a test
can look at what was timed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from alsatian._engine import _core
from alsatian._engine.contract import Floats


class Timed(NamedTuple):
    """Processor time of the slowest thread, and the calls of all threads together; of copies, by the clock."""

    seconds: float
    calls: int


class Sizes(NamedTuple):
    """What one call does."""

    chains: int  # multiply-adds of time_chains
    steps: int  # of its chains
    rows: int  # that time_pack takes, and time_gram at most
    gram_row: int  # multiply-adds that time_gram makes for each, those below the diagonal too


def sizes(dtype: DTypeLike, components: int, isa: str = "") -> Sizes:
    """Say what the calls of one working precision and rank do."""
    return Sizes(**_native("probe_sizes", dtype)(isa, components))


def time_chains(
    dtype: DTypeLike, *, calls: int, n_jobs: int = 1, isa: str = "", factor: float = 0.5, term: float = 1.0
) -> tuple[Timed, float]:
    """Time multiply-adds x · factor + term in registers alone; also return the sum of the registers."""
    seconds, done, total = _native("time_chains", dtype)(factor, term, calls, n_jobs, isa)
    return Timed(seconds, done), total


def time_copy(n_bytes: int, *, calls: int, n_jobs: int = 1) -> Timed:
    """Time a copy of so many bytes in memory, of which each thread makes its part: the quickest of `calls`."""
    return Timed(*_core.time_copy(n_bytes, calls, n_jobs))


def time_pack(
    factors: Floats, index: NDArray[np.int32], *, calls: int, n_jobs: int = 1, isa: str = ""
) -> tuple[Timed, Floats]:
    """Time the gathering of rows, a block of the index a call; also return the rows of the first block."""
    out = np.empty((min(len(index), sizes(factors.dtype, 1).rows), factors.shape[1]), dtype=factors.dtype)
    return Timed(*_native("time_pack", factors.dtype)(factors, index, out, calls, n_jobs, isa)), out


def time_gram(factors: Floats, *, calls: int, n_jobs: int = 1, isa: str = "") -> tuple[Timed, Floats]:
    """Time ZᵀZ of a block of packed rows; also return its upper triangle."""
    out = np.empty((factors.shape[1],) * 2, dtype=factors.dtype)
    return Timed(*_native("time_gram", factors.dtype)(factors, out, calls, n_jobs, isa)), out


def time_cholesky(matrix: Floats, *, calls: int, n_jobs: int = 1, isa: str = "") -> tuple[Timed, Floats]:
    """Time A = UᵀU, but not the copy of A to where it is factored; also return U.

    Raises
    ------
    ValueError
        Where A is not positive definite.
    """
    out = np.empty_like(matrix)
    seconds, done, regular = _native("time_cholesky", matrix.dtype)(matrix, out, calls, n_jobs, isa)
    if not regular:
        raise ValueError("The matrix is not positive definite.")
    return Timed(seconds, done), out


def time_solve(factor: Floats, right: Floats, *, calls: int, n_jobs: int = 1, isa: str = "") -> tuple[Timed, Floats]:
    """Time the two triangular solves; also return x = (UᵀU)⁻¹ b."""
    out = np.empty_like(right)
    return Timed(*_native("time_solve", factor.dtype)(factor, right, out, calls, n_jobs, isa)), out


def _native(name: str, dtype: DTypeLike) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(_core, f"{name}_{np.dtype(dtype).name}")
    return function
