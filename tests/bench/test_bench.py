"""The benchmark room: what work there is, and that everything is measured. No test depends on a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import csr_array

from alsatian._bench import work
from alsatian._bench.measure import Benchmark, Effort, Measured, Peak, measure
from alsatian._bench.timing import shortest
from alsatian._engine import Cells, takes_downdate
from alsatian._engine.native import counted_half_step
from alsatian._engine.probes import Timed

TINY = Effort(seconds=0.0, copied=1 << 12, gathered=1 << 12)


def ragged(lengths: np.ndarray, columns: int) -> csr_array:
    rng = np.random.default_rng(0)
    indices = np.concatenate([np.sort(rng.permutation(columns)[:n]) for n in lengths]).astype(np.int32)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return csr_array((rng.normal(size=indices.size), indices, indptr), shape=(len(lengths), columns))


@pytest.mark.parametrize("k", [64, 95, 96, 128])
def test_the_dual_form_is_where_the_solver_takes_it(k: int) -> None:
    lengths = np.array([0, 1, 30, *range(k - 20, k + 3), 150])
    X = ragged(lengths, 160)
    _, counts = counted_half_step(
        Cells(X.shape, X.indptr.astype(np.int64), X.indices.astype(np.int32), X.data),
        np.random.default_rng(1).normal(size=(160, k)),
        offset=None,
        ridge=(1.0, 0.0),
        scale=1.0,
        out=np.zeros((len(lengths), k)),
        out_bias=None,
    )
    few = takes_downdate(lengths, 160, k)
    dual = np.count_nonzero(work.takes_dual(lengths, k) & ~few)
    downdate = np.count_nonzero(few)
    assert downdate > 0
    assert (counts["dual"], counts["downdate"], counts["empty"]) == (dual, downdate, 1)
    assert counts["primal"] == len(lengths) - 1 - dual - downdate


def test_rounds_grow_until_they_are_long_enough() -> None:
    made = []

    def round_of(calls: int) -> Timed:
        made.append(calls)
        return Timed(1e-5 * calls / (1 + (calls == max(made))), calls)

    assert shortest(round_of, 0.05) == pytest.approx(0.5e-5)
    assert 100 < max(made) < 1000


def test_everything_is_measured() -> None:
    seen: list[tuple[str, float]] = []
    found = measure(
        ragged(np.array([3, 0, 7]), 8), [4, 8], n_jobs=2, effort=TINY, watch=lambda *what: seen.append(what)
    )
    assert (found.threads, found.dtype, found.shape, found.cells) == (2, "float32", (3, 8), 10)
    assert [(p.dtype, p.threads) for p in found.peaks] == [
        ("float32", 1), ("float32", 2), ("float64", 1), ("float64", 2)
    ]  # fmt: skip
    for k, parts in found.ranks.items():
        useful = {part.what: part.amount for part in parts}
        assert useful["Cholesky"] == work.cholesky(k)
        assert useful["iteration: both"] == useful["half-step, rows"] + useful["half-step, columns"]
        assert useful["top-n scan of all items"] == 2 * 3 * 8 * k
        for part in parts:
            assert math.isfinite(part.rate)
            assert part.rate > 0
            assert found.share(part) > 0
    done = [part for _, part in seen]
    assert done == sorted(done)
    assert done[0] >= 0
    assert done[-1] < 1


def test_shares() -> None:
    peaks = (Peak("float32", 1, 8.0, 10.0), Peak("float32", 2, 20.0, 16.0), Peak("float64", 2, 5.0, 5.0))
    found = Benchmark("avx2", 2, "float32", (1, 1), 1, peaks, 100.0, {})
    assert found.unsteadiness == pytest.approx(0.2)
    assert found.share(Measured("kernel", 2.0, 10.0, "flop", at_once=2)) == pytest.approx(0.5)
    assert found.share(Measured("gather", 1.0, 25.0, "byte")) == pytest.approx(0.25)
    waited = Measured("half-step", 4.0, 20.0, "flop", processor_seconds=4.0)  # two threads had half of the time
    assert found.share(waited) == pytest.approx(0.25)
    assert found.processor_share(waited) == pytest.approx(0.5)
    assert found.processor_share(Measured("kernel", 1.0, 1.0, "flop")) is None
