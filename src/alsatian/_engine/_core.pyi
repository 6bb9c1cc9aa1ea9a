"""The native core of alsatian."""

from typing import Annotated

import numpy
from numpy.typing import NDArray


class FixedSideFloat32:
    """What half-steps share of the side held fixed."""

def prepare_float32(factors: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], offset: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, rule: tuple[float, float, float, float], bias: bool, ridge: float, ridge_bias: float, eigenvalues: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, eigenvectors: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None, n_jobs: int, isa: str, poll: object | None) -> FixedSideFloat32:
    """
    Make what half-steps that begin with a Gram matrix need of the fixed side alone.
    """

class FixedSideFloat64:
    """What half-steps share of the side held fixed."""

def prepare_float64(factors: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], offset: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, rule: tuple[float, float, float, float], bias: bool, ridge: float, ridge_bias: float, eigenvalues: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, eigenvectors: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None, n_jobs: int, isa: str, poll: object | None) -> FixedSideFloat64:
    """
    Make what half-steps that begin with a Gram matrix need of the fixed side alone.
    """

def half_step_float32(rows: int, columns: int, indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, values: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu', writable=False)], weights: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, rule: tuple[float, float, float, float], factors: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], offset: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, ridge: float, ridge_bias: float, scale: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], prepared: FixedSideFloat32 | None, out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], out_bias: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')] | None, relaxation: float, fit: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], penalty: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], n_jobs: int, form: str, isa: str, poll: object | None, inexact: tuple[str, int, float, int], typical: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None) -> dict[str, int]:
    """
    Solve every row of one side with the other side fixed; see contract.py.
    """

def half_step_float64(rows: int, columns: int, indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, values: Annotated[NDArray[numpy.float64], dict(order='C', device='cpu', writable=False)], weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, rule: tuple[float, float, float, float], factors: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], offset: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, ridge: float, ridge_bias: float, scale: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], prepared: FixedSideFloat64 | None, out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], out_bias: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')] | None, relaxation: float, fit: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], penalty: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], n_jobs: int, form: str, isa: str, poll: object | None, inexact: tuple[str, int, float, int], typical: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)] | None) -> dict[str, int]:
    """
    Solve every row of one side with the other side fixed; see contract.py.
    """

def gram_float32(factors: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], root_weights: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, bias: bool, out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], n_jobs: int, poll: object | None) -> None:
    """
    The Gram matrix of the rows, with a column of ones where there is a bias, in float64.
    """

def gram_float64(factors: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], root_weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, bias: bool, out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], n_jobs: int, poll: object | None) -> None:
    """
    The Gram matrix of the rows, with a column of ones where there is a bias, in float64.
    """

def leverages(indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, rule: tuple[float, float], factors: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], bias: bool, ridge: float, ridge_bias: float, scale: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], target_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], targets: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], variance: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], freedom: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')] | None, n_jobs: int, isa: str, poll: object | None) -> None:
    """
    Variances of scores by the row systems, and the parameters that each row determines.
    """

def leave_one_out(indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], weights: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, rule: tuple[float, float], factors: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], offset: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, bias: bool, ridge: float, ridge_bias: float, scale: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], rest: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], error: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], n_jobs: int, isa: str, poll: object | None) -> None:
    """
    What each cell's score would be without the cell: 1 - h, and the error.
    """

def time_chains_float32(factor: float, term: float, calls: int, n_jobs: int, isa: str) -> tuple[float, int, float]:
    """
    Multiply-adds in registers: seconds, calls of all workers, and the sum of the registers.
    """

def time_pack_float32(factors: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], index: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], calls: int, n_jobs: int, isa: str) -> tuple[float, int]:
    """Gathering rows: seconds, and calls of all workers."""

def time_gram_float32(factors: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], calls: int, n_jobs: int, isa: str) -> tuple[float, int]:
    """The Gram matrix of packed rows: seconds, and calls of all workers."""

def time_cholesky_float32(matrix: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], calls: int, n_jobs: int, isa: str) -> tuple[float, int, bool]:
    """
    The factor of a matrix: seconds, calls of all workers, and whether it went well.
    """

def time_solve_float32(factor: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], right: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu')], calls: int, n_jobs: int, isa: str) -> tuple[float, int]:
    """The two triangular solves: seconds, and calls of all workers."""

def probe_sizes_float32(isa: str, components: int) -> dict[str, int]:
    """
    Multiply-adds of a call of time_chains, and its steps; rows of a call of time_pack and time_gram; multiply-adds that the latter makes for each.
    """

def time_chains_float64(factor: float, term: float, calls: int, n_jobs: int, isa: str) -> tuple[float, int, float]:
    """
    Multiply-adds in registers: seconds, calls of all workers, and the sum of the registers.
    """

def time_pack_float64(factors: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], index: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], calls: int, n_jobs: int, isa: str) -> tuple[float, int]:
    """Gathering rows: seconds, and calls of all workers."""

def time_gram_float64(factors: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], calls: int, n_jobs: int, isa: str) -> tuple[float, int]:
    """The Gram matrix of packed rows: seconds, and calls of all workers."""

def time_cholesky_float64(matrix: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], calls: int, n_jobs: int, isa: str) -> tuple[float, int, bool]:
    """
    The factor of a matrix: seconds, calls of all workers, and whether it went well.
    """

def time_solve_float64(factor: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], right: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], out: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], calls: int, n_jobs: int, isa: str) -> tuple[float, int]:
    """The two triangular solves: seconds, and calls of all workers."""

def probe_sizes_float64(isa: str, components: int) -> dict[str, int]:
    """
    Multiply-adds of a call of time_chains, and its steps; rows of a call of time_pack and time_gram; multiply-adds that the latter makes for each.
    """

def time_copy(bytes: int, calls: int, n_jobs: int) -> tuple[float, int]:
    """
    Copying from memory to memory: seconds of the quickest call, and how many parts were copied.
    """

def judge_lists_float32(lists: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)], items: int, relevant_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], relevant_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], relevant_values: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], gains: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], lengths: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu')], n_jobs: int, poll: object | None) -> None:
    """The relevance of each place of each list; see rank_metrics.py."""

def pairs_in_order_float32(scores: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], relevant_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], relevant_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], exclude_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, exclude_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, auc: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], n_jobs: int, poll: object | None) -> None:
    """
    The share of pairs of items in the right order, for each row; see rank_metrics.py.
    """

def judge_lists_float64(lists: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu', writable=False)], items: int, relevant_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], relevant_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], relevant_values: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)], gains: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], lengths: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu')], n_jobs: int, poll: object | None) -> None:
    """The relevance of each place of each list; see rank_metrics.py."""

def pairs_in_order_float64(scores: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], relevant_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], relevant_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)], exclude_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, exclude_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, auc: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu')], n_jobs: int, poll: object | None) -> None:
    """
    The share of pairs of items in the right order, for each row; see rank_metrics.py.
    """

def turn_float32(one: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], other: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], matrix: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], n_jobs: int) -> None:
    """Multiply the rows of both sides by a matrix, in place."""

def turn_float64(one: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], other: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], matrix: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], n_jobs: int) -> None:
    """Multiply the rows of both sides by a matrix, in place."""

def top_n_float32(queries: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], items: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], query_offset: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, item_offset: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, constant: float, allowed: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, exclude_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, exclude_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, only_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, only_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, indices: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu')], scores: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], counts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu')], prune: bool, n_jobs: int, isa: str, poll: object | None) -> int:
    """
    The items of highest score for each query; see top_n.py. Returns how many scores were computed.
    """

def top_n_float64(queries: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], items: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu', writable=False)], query_offset: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, item_offset: Annotated[NDArray[numpy.float64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, constant: float, allowed: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, exclude_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, exclude_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, only_indptr: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, only_indices: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, indices: Annotated[NDArray[numpy.int32], dict(shape=(None, None), order='C', device='cpu')], scores: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], counts: Annotated[NDArray[numpy.int32], dict(shape=(None,), order='C', device='cpu')], prune: bool, n_jobs: int, isa: str, poll: object | None) -> int:
    """
    The items of highest score for each query; see top_n.py. Returns how many scores were computed.
    """

def available_isas() -> list[str]:
    """Instruction sets that this build and machine have, best first."""

def current_isa() -> str:
    """
    The instruction set in use: the best, or the one that ALSATIAN_ISA names.
    """

def wants_eigenbasis(size: int, bias: bool, ridge: float, ridge_bias: float, form: str) -> bool:
    """
    Whether rows beside a shared Gram matrix may be solved in its eigenbasis.
    """

def downdate_pays(length: int, columns: int, size: int) -> bool:
    """
    Whether a row of so many cells of weight one is solved by a downdate of the Gram matrix.
    """

def build_config() -> dict[str, object]:
    """How the extension was built."""
