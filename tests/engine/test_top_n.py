"""The native top-n against full sorting in NumPy: every option, instruction set and dtype."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from alsatian._engine import _core, top_n_reference
from alsatian._engine.top_n import TopN, counted_top_n, top_n

ISAS = _core.available_isas()
DTYPES = [np.float32, np.float64]
RANKS = [*range(1, 41), *range(63, 67), *range(127, 131)]
OPTIONS = ["none", "offsets", "allowed", "exclude", "only", "exclude and only", "all"]


def lists(rng: np.random.Generator, queries: int, items: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """One sorted list of distinct items a query, of 0 to `most` entries; the first is empty, the second whole."""
    each = [np.sort(rng.choice(items, rng.integers(0, min(most, items) + 1), replace=False)) for _ in range(queries)]
    each[:2] = [np.arange(0), np.arange(items)][:queries]
    indptr = np.concatenate(([0], np.cumsum([len(part) for part in each]))).astype(np.int64)
    return indptr, np.concatenate([*each, np.arange(0)]).astype(np.int32)


def options(
    which: str, rng: np.random.Generator, queries: int, items: int, dtype: Any, *, whole: bool
) -> dict[str, Any]:
    """Arguments beside the factors; those of integer value where `whole`."""
    given: dict[str, Any] = {}
    if which in ("offsets", "all"):
        draw = (lambda size: rng.integers(-3, 4, size)) if whole else rng.standard_normal
        given["query_offset"], given["item_offset"] = draw(queries).astype(dtype), draw(items).astype(dtype)
        given["constant"] = 3.0 if whole else 3.3
    if which in ("allowed", "all"):
        given["allowed"] = rng.random(items) < 0.7
    if which in ("exclude", "exclude and only", "all"):
        given["exclude"] = lists(rng, queries, items, items // 2)
    if which in ("only", "exclude and only", "all"):
        given["only"] = lists(rng, queries, items, items)
    return given


def assert_same(found: TopN, expected: TopN) -> None:
    for name, got, wanted in zip(TopN._fields, found, expected, strict=True):
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted, err_msg=name)


def check_lists(found: TopN, scores: np.ndarray, mask: np.ndarray, tolerance: float) -> None:
    """What a list has to be, by the scores of the reference, which are not the same to the last bit."""
    best = top_n_reference.select(scores, mask, found.indices.shape[1])
    np.testing.assert_array_equal(found.counts, best.counts)
    real = np.arange(found.indices.shape[1]) < found.counts[:, np.newaxis]
    assert (found.indices[~real] == -1).all()
    assert (found.scores[~real] == -np.inf).all()
    np.testing.assert_allclose(found.scores, best.scores, rtol=0, atol=tolerance)
    rows = np.nonzero(real)[0]
    assert mask[rows, found.indices[real]].all()
    np.testing.assert_allclose(scores[rows, found.indices[real]], found.scores[real], rtol=0, atol=tolerance)
    assert np.unique(rows * scores.shape[1] + found.indices[real]).size == rows.size  # nothing twice
    before, after, rising = found.scores[:, :-1], found.scores[:, 1:], np.diff(found.indices) > 0
    assert ((after < before) | ((after == before) & rising))[real[:, 1:]].all()


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("which", OPTIONS)
def test_it_equals_the_reference_at_every_rank(which: str, dtype: Any, isa: str) -> None:
    rng = np.random.default_rng(0)
    for k in RANKS:
        q, m = ((7, 301), (2, 40), (11, 150), (1, 65))[k % 4]
        n = (1, 10, 100)[k % 3]
        w, z = rng.standard_normal((q, k)).astype(dtype), rng.standard_normal((m, k)).astype(dtype)
        given = options(which, rng, q, m, dtype, whole=False)
        found = top_n(w, z, n=n, isa=isa, **given)
        offsets = {name: value for name, value in given.items() if name.endswith("offset") or name == "constant"}
        scores = top_n_reference.score_matrix(w, z, **offsets)
        rest = {name: given.get(name) for name in ("allowed", "exclude", "only")}
        mask = top_n_reference.candidates(scores.shape, **rest)
        check_lists(found, scores, mask, 8 * np.finfo(dtype).eps * (k + 8))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("which", OPTIONS)
@pytest.mark.parametrize("n", [1, 10, 100, 700])
def test_ties_go_to_the_lower_index(n: int, which: str, dtype: Any, isa: str) -> None:
    # Integers: scores are exact, and nearly all of them shared by several items.
    rng = np.random.default_rng(n)
    for q, m, k in ((1, 500, 3), (3, 500, 3), (30, 500, 3), (30, 129, 17), (5, 1, 2)):
        w, z = rng.integers(-2, 3, (q, k)).astype(dtype), rng.integers(-2, 3, (m, k)).astype(dtype)
        z[::3], z[1::7], w[:1] = 0, z[:1], 0
        given = options(which, rng, q, m, dtype, whole=True)
        expected = top_n_reference.top_n(w, z, n=n, **given)
        for prune in (True, False):
            found, _ = counted_top_n(w, z, n=n, isa=isa, prune=prune, **given)
            assert_same(found, expected)


def long_tailed(dtype: Any, q: int = 400, m: int = 3000, k: int = 20) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Factors as popularity makes them: few items of large norm, which have large offsets too."""
    rng = np.random.default_rng(5)
    popular = rng.permutation(np.geomspace(1, 0.01, m))
    w = (rng.standard_normal((q, k)) + 0.5).astype(dtype)
    z = ((rng.standard_normal((m, k)) + 0.5) * popular[:, np.newaxis]).astype(dtype)
    z[m // 2 :: 2] = z[m // 2 - 1]  # the same row again and again
    z[::5], w[::50] = 0, 0
    given = {
        "query_offset": rng.standard_normal(q).astype(dtype),
        "item_offset": popular.astype(dtype),
        "constant": 0.1,
    }
    given["exclude"] = lists(rng, q, m, 300)
    return w, z, given


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_pruning_leaves_work_out_and_changes_no_bit(dtype: Any, isa: str) -> None:
    w, z, given = long_tailed(dtype)
    for n in (1, 10, 100):
        full, all_scores = counted_top_n(w, z, n=n, isa=isa, prune=False, **given)
        found, scored = counted_top_n(w, z, n=n, isa=isa, **given)
        assert_same(found, full)
        assert all_scores == len(w) * len(z)
        assert scored < 0.7 * all_scores


@pytest.mark.parametrize("dtype", DTYPES)
def test_pruning_survives_bounds_that_are_attained(dtype: Any) -> None:
    # All items are parallel to all queries, so Cauchy–Schwarz is an equation, and norms differ in the last bits.
    k, m = 37, 900
    direction = np.random.default_rng(0).random(k) + 0.1
    size = 1 + np.random.default_rng(1).integers(0, 5, m) * np.finfo(dtype).eps
    for scale in (1.0, 1e-30, 1e18):
        z = (scale * size[:, np.newaxis] * direction).astype(dtype)
        w = np.tile(direction.astype(dtype), (20, 1))
        w[10:] *= -1
        for n in (1, 5, 400):
            full, _ = counted_top_n(w, z, n=n, prune=False)
            assert_same(top_n(w, z, n=n), full)


@pytest.mark.parametrize("scale", [1e-25, 1e-170, 1e-200])
def test_pruning_survives_squares_that_vanish(scale: float) -> None:
    rng = np.random.default_rng(0)
    w, z = rng.standard_normal((9, 5)) / scale**0.9, rng.standard_normal((700, 5)) * scale
    w[0] = scale
    full, _ = counted_top_n(w, z, n=7, prune=False)
    assert_same(top_n(w, z, n=7), full)
    assert (full.counts == 7).all()


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_score_has_the_same_bits_however_it_is_reached(dtype: Any, isa: str) -> None:
    rng = np.random.default_rng(2)
    for k in (1, 5, 8, 31, 64, 130):
        q, m = 50, 333
        w, z = rng.standard_normal((q, k)).astype(dtype), rng.standard_normal((m, k)).astype(dtype)
        given = options("offsets", rng, q, m, dtype, whole=False)
        everything = np.arange(q + 1) * m, np.tile(np.arange(m, dtype=np.int32), q)
        together = top_n(w, z, n=m, isa=isa, **given)
        assert (together.counts == m).all()
        assert_same(top_n(w, z, n=m, isa=isa, only=everything, **given), together)
        for i in (0, 17, 49):
            part = {**given, "query_offset": given["query_offset"][i : i + 1]}
            alone = top_n(w[i : i + 1], z, n=m, isa=isa, **part)
            assert_same(alone, TopN(*(field[i : i + 1] for field in together)))
        # Other items around, in another order.
        order = rng.permutation(m)[:100]
        moved = top_n(
            w, np.ascontiguousarray(z[order]), n=100, isa=isa, **{**given, "item_offset": given["item_offset"][order]}
        )
        scores = np.empty((q, m), dtype=dtype)
        np.put_along_axis(scores, together.indices.astype(np.int64), together.scores, axis=1)
        np.testing.assert_array_equal(np.take_along_axis(scores, order[moved.indices], axis=1), moved.scores)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("which", OPTIONS)
def test_the_number_of_threads_changes_no_bit(which: str, dtype: Any) -> None:
    rng = np.random.default_rng(3)
    w, z = rng.standard_normal((700, 30)).astype(dtype), rng.standard_normal((1000, 30)).astype(dtype)
    given = options(which, rng, 700, 1000, dtype, whole=False)
    one = top_n(w, z, n=10, n_jobs=1, **given)
    for n_jobs in (0, 2, 7):
        assert_same(top_n(w, z, n=10, n_jobs=n_jobs, **given), one)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("q", [0, 1, 20])
def test_nothing_to_list(q: int, dtype: Any) -> None:
    w, z = np.ones((q, 3), dtype=dtype), np.ones((6, 3), dtype=dtype)
    none = np.zeros(q + 1, dtype=np.int64), np.zeros(0, dtype=np.int32)
    every = np.arange(q + 1) * 6, np.tile(np.arange(6, dtype=np.int32), q)
    for given in (
        {"exclude": every}, {"only": none}, {"allowed": np.zeros(6, dtype=bool)}, {"only": every, "exclude": every}
    ):  # fmt: skip
        found = top_n(w, z, n=4, n_jobs=2, **given)
        assert (found.counts == 0).all()
        assert (found.indices == -1).all()
        assert (found.scores == -np.inf).all()
    found = top_n(w, z[:0], n=4)
    assert found.indices.shape == found.scores.shape == (q, 4)
    assert (found.indices == -1).all()


@pytest.mark.parametrize("q", [1, 10])
def test_lists_may_name_an_item_twice(q: int) -> None:
    w, z = np.ones((q, 2)), np.arange(10.0).reshape(5, 2)
    twice = np.arange(q + 1) * 6, np.tile(np.array([0, 2, 2, 3, 3, 3], dtype=np.int32), q)
    np.testing.assert_array_equal(top_n(w, z, n=4, only=twice).indices, np.tile([3, 2, 0, -1], (q, 1)))
    np.testing.assert_array_equal(top_n(w, z, n=4, exclude=twice).indices, np.tile([4, 1, -1, -1], (q, 1)))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("q", [2, 9])
def test_infinite_scores_are_ranked_and_nan_is_never_listed(q: int, dtype: Any, isa: str) -> None:
    z = np.random.default_rng(0).standard_normal((400, 3)).astype(dtype)
    z[7], z[100], z[200, 1], z[300] = np.inf, -np.inf, np.nan, np.finfo(dtype).max
    w = np.ones((q, 3), dtype=dtype)
    offset = np.zeros(400, dtype=dtype)
    offset[30], offset[31], offset[32] = np.nan, np.inf, -np.inf
    queries = np.zeros(q, dtype=dtype)
    for n in (1, 5, 400):
        for given in ({}, {"item_offset": offset}):
            assert_same(top_n(w, z, n=n, isa=isa, **given), top_n_reference.top_n(w, z, n=n, **given))
        for bad in (np.nan, np.inf, -np.inf):
            queries[-1] = bad
            found = top_n(w, z, n=n, isa=isa, query_offset=queries)
            assert_same(found, top_n_reference.top_n(w, z, n=n, query_offset=queries))
            w_bad = w.copy()
            w_bad[-1, 0] = bad
            assert_same(top_n(w_bad, z, n=n, isa=isa), top_n_reference.top_n(w_bad, z, n=n))


GOOD: dict[str, Any] = {"queries": np.ones((4, 3)), "items": np.ones((5, 3)), "n": 2}
SHORT = np.arange(4, dtype=np.int64)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"queries": np.ones((4, 2))}, ValueError, "components"),
        ({"queries": np.ones((4, 0)), "items": np.ones((5, 0))}, ValueError, "component"),
        ({"n": 0}, ValueError, "n must be at least 1"),
        ({"query_offset": np.ones(5)}, ValueError, "query_offset"),
        ({"item_offset": np.ones(4)}, ValueError, "item_offset"),
        ({"allowed": np.ones(4, dtype=bool)}, ValueError, "allowed"),
        ({"exclude": (SHORT, np.zeros(3, np.int32))}, ValueError, "indptr"),
        ({"only": (np.array([0, 1, 2, 1, 2]), np.zeros(2, np.int32))}, ValueError, "after row 2"),
        ({"only": (np.array([0, 1, 2, 2, 9]), np.zeros(2, np.int32))}, ValueError, "runs from 0 to 9"),
        ({"only": (np.array([0, 1, 1, 2, 2]), np.array([1, 5], np.int32))}, IndexError, "index 5 in row 2"),
        ({"exclude": (np.array([0, 1, 1, 2, 2]), np.array([-1, 0], np.int32))}, IndexError, "index -1 in row 0"),
        ({"exclude": (np.array([0, 1, 3, 3, 3]), np.array([1, 4, 2], np.int32))}, ValueError, "row 1 must be sorted"),
        ({"isa": "abacus"}, ValueError, "abacus"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(changed: dict[str, Any], error: type[Exception], message: str) -> None:
    given = {**GOOD, **changed}
    with pytest.raises(error, match=message):
        top_n(given.pop("queries"), given.pop("items"), **given)


def test_items_beyond_one_packing() -> None:
    # 64 MiB hold 4,096 items of 2,000 float64; the lists go on from one piece to the next.
    rng = np.random.default_rng(0)
    z = rng.integers(-1, 2, (4500, 2000)).astype(np.float64)
    w = rng.integers(-1, 2, (8, 2000)).astype(np.float64)
    for prune in (True, False):
        found, _ = counted_top_n(w, z, n=20, n_jobs=2, prune=prune)
        scores = w @ z.T
        assert_same(found, top_n_reference.select(scores, np.ones(scores.shape, dtype=bool), 20))


def test_the_poll_sees_progress_and_may_stop() -> None:
    w, z = np.ones((500_000, 64), np.float32), np.ones((20_000, 64), np.float32)  # seconds on the fastest machine
    seen: list[float] = []

    def poll(fraction: float) -> None:
        seen.append(fraction)
        if len(seen) == 2:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        top_n(w, z, n=5, poll=poll)
    assert len(seen) == 2
    assert all(0 <= fraction <= 1 for fraction in seen)


def python(code: str, *args: object) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code), *map(str, args)]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process there")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_ends_a_long_call_at_once(n_jobs: int) -> None:
    code = """
    import sys
    import numpy as np
    from alsatian._engine.top_n import top_n

    rng = np.random.default_rng(0)
    w, z = rng.standard_normal((200_000, 64), dtype=np.float32), rng.standard_normal((100_000, 64), dtype=np.float32)
    try:
        top_n(w, z, n=10, n_jobs=int(sys.argv[1]), poll=lambda done: print("under way", flush=True))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    assert top_n(w[:50], z, n=10).counts.min() == 10
    print("usable", flush=True)
    """
    with subprocess.Popen(python(code, n_jobs), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "under way\n"
            sent = time.monotonic()
            child.send_signal(signal.SIGINT)
            rest, errors = child.communicate(timeout=60)
            assert time.monotonic() - sent < 20
            assert child.returncode == 0, errors
            assert rest.replace("under way\n", "") == "interrupted\nusable\n"
        finally:
            child.kill()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_memory_is_bounded_by_blocks() -> None:
    code = """
    from pathlib import Path
    import numpy as np, psutil
    from alsatian._engine.top_n import top_n

    w, z = np.ones((100_000, 8), np.float32), np.ones((100_000, 8), np.float32)
    z[10:] *= 0.5  # so that most of the work is left out: it is the memory that counts
    top_n(w[:9], z, n=10)
    before = psutil.Process().memory_info().rss
    found = top_n(w, z, n=10, n_jobs=2)
    assert (found.indices == np.arange(10)).all()
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    print(peak * 1024 - before)
    """
    done = subprocess.run(python(code), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert 100_000 * 10 * 8 <= int(done.stdout) < 60e6  # a matrix of all scores would be 40 GB


def test_the_process_does_not_grow_with_the_calls() -> None:
    w, z, given = long_tailed(np.float32)

    def some() -> None:
        for _ in range(100):
            top_n(w[:1], z, n=10)
            top_n(w, z, n=10, n_jobs=2, **given)

    some()
    before = psutil.Process().memory_info().rss
    some()
    assert psutil.Process().memory_info().rss - before < 4 << 20
