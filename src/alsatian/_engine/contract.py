"""What a half-step takes and gives: the contract that the native core and its NumPy reference both keep.

One half-step minimises, row by row, the objective of ``ARCHITECTURE.md`` ("One objective") over one side while the
other is held fixed. The same call serves rows and columns: for columns, pass the cells of the transpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # float32 or float64, the working dtype
Poll = Callable[[float], None]  # told the fraction done, now and then; may raise to cancel
Form = Literal["auto", "primal", "dual", "downdate"]
Prepared = Any  # made by `prepare`, for half-steps on one fixed side


class Rule(NamedTuple):
    """What a stored cell of weight c and value x is to the objective ½ Σ_Ω (q s² − 2 p s + κ) + ½ α₀ Σ_all s².

    q = c − less, p = (c + more) x and κ = (c + more) x². With α > 0 a value v says both: c = α |v|, and x is 1 where
    v > 0, else 0.
    """

    gram_weight: float = 0.0  # α₀
    less: float = 0.0
    more: float = 0.0
    alpha: float = 0.0


OBSERVED = Rule()
"""Cells that are not stored are missing."""
ZERO = Rule(gram_weight=1.0, less=1.0)
"""Cells that are not stored are zeros of weight one."""


def hkv(alpha: float, unobserved_weight: float) -> Rule:
    """Σ_all C (P − s)², C = α₀ + αg where something is stored and α₀ elsewhere (Hu, Koren and Volinsky 2008, eq. 3)."""
    return Rule(gram_weight=unobserved_weight, more=unobserved_weight, alpha=alpha)


def ials(alpha: float, unobserved_weight: float) -> Rule:
    """Σ_Ω αg (P − s)² + α₀ Σ_all s² (Rendle et al. 2022, eq. 1)."""
    return Rule(gram_weight=unobserved_weight, alpha=alpha)


@dataclass(frozen=True, slots=True)
class Cells:
    """The stored cells of an m × n matrix, row by row.

    Attributes
    ----------
    shape : (m, n)
    indptr : int64 array of shape (m + 1,), or None
        None says that every cell is observed with weight one: then `values` is the m × n matrix itself.
    indices : int32 array of shape (nnz,), or None
        Sorted and unique within a row.
    values : array of shape (nnz,), or C-contiguous of shape (m, n)
    weights : array of shape (nnz,), or None
        Non-negative weight c of each stored cell; None is one everywhere. Under the rule `OBSERVED` a cell of weight
        zero is missing. None where the values hold their confidence (``rule.alpha > 0``).
    rule : Rule
    """

    shape: tuple[int, int]
    indptr: NDArray[np.int64] | None
    indices: NDArray[np.int32] | None
    values: Floats
    weights: Floats | None = None
    rule: Rule = OBSERVED

    def weighed(self, span: slice = slice(None)) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return weights c and targets x of stored cells as the rule reads them, in float64."""
        x = self.values[span].astype(np.float64)
        if self.rule.alpha > 0:
            return self.rule.alpha * np.abs(x), (x > 0).astype(np.float64)
        return (np.ones(x.size) if self.weights is None else self.weights[span].astype(np.float64)), x

    @property
    def full(self) -> bool:
        """Whether every cell is observed with weight one."""
        return self.indptr is None

    @property
    def absent_zero(self) -> bool:
        """Whether cells that are not stored are zeros of weight one."""
        return self.rule == ZERO


class Inexact(NamedTuple):
    """How rows are improved from where they are, instead of solved; a row for which that costs less is solved.

    Attributes
    ----------
    method : {"cg", "subspace"}
        Conjugate gradients, or exact solutions in one block of columns after the other.
    steps : int
        Largest number of steps of conjugate gradients, or of passes over all blocks.
    tolerance : float
        Conjugate gradients stop where the residual, in the norm of the preconditioner, is below this part of the first.
    block : int
        Number of columns that a block has.
    typical : float64 array of shape (2, k)
        What a cell adds to A on average: the diagonal of C̄ = Σ ω_j z_j z_jᵀ / Σ ω_j, then the mean Σ ω_j z_j / Σ ω_j,
        ω_j the weight of all cells of column j. It makes the preconditioner, and so the path, never the solution.
    """

    method: Literal["cg", "subspace"]
    steps: int
    tolerance: float
    block: int
    typical: NDArray[np.float64]


class HalfStepResult(NamedTuple):
    """What a half-step says of each row, after the step: float64 arrays of shape (m,).

    The objective is ``fit.sum() + ridge.sum()`` plus the ridge of the side that was held fixed.
    """

    fit: NDArray[np.float64]  # ½ Σ_Ω (q s² − 2 p s + κ) + ½ α₀ Σ_all s²
    ridge: NDArray[np.float64]  # ½ w̃ᵀ Λ_i w̃


# half_step(
#     cells: Cells,
#     factors: Floats,               # Z, shape (n, k), C-contiguous: the side held fixed
#     *,
#     offset: Floats | None,         # o_j = μ + d_j, shape (n,), the fixed part of the scores; None is zero
#     ridge: tuple[float, float],    # (λ_w, λ_b), both >= 0
#     scale: float | NDArray[np.float64],  # count_i^ν, one number or shape (m,); a number where cells.full
#     out: Floats,                   # W, shape (m, k), C-contiguous: read as the old rows, overwritten with the new
#     out_bias: Floats | None,       # b, shape (m,), likewise; None where the side has no bias
#     relaxation: float = 1.0,       # ω: w ← w + ω (w* − w); at exactly 1.0 the old rows are not read
#     n_jobs: int = 1,               # number of threads, already resolved
#     form: Form = "auto",           # for tests: insist on one form of the row system
#     poll: Poll | None = None,
#     inexact: Inexact | None = None,  # improve the rows instead of solving them
#     prepared: Prepared | None = None,  # what `prepare` made of this fixed side; None makes it anew
# ) -> HalfStepResult
#
# A row without a cell of positive weight gets w = 0 and b = 0, whatever ω, where α₀ = 0. With λ = 0 a
# rank-deficient row gets the minimum-norm solution (singular values under √eps · σ_max count as zero).
# Values are assumed validated: finite, in range, right dtypes. All arrays share one dtype, float32 or float64.
