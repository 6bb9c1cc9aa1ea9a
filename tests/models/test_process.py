"""Fits as their process sees them: threads, forks, Ctrl-C and memory."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from scipy import sparse
from threadpoolctl import threadpool_info

from alsatian.models import ALS, _fit
from problems import small_ratings

# kind of fit -> its parameters, whether the cells have weights, and whether X is full
KINDS = {
    "missing": ({"bias": "both", "n_components": 20}, False, False),
    "weighted": ({"bias": "rows", "n_components": 100}, True, False),
    "zero": ({"bias": "both", "n_components": 20, "absent": "zero"}, False, False),
    "zero weighted, in the eigenbasis": ({"bias": "both", "n_components": 100, "absent": "zero"}, True, False),
    "full": ({"bias": "columns", "n_components": 30}, False, True),
}


def data(weighted, full):
    rng = np.random.default_rng(0)
    if full:
        return rng.normal(size=(2000, 300)), None
    rows = np.minimum(2000 * rng.random(30_000) ** 2, 1999).astype(int)  # rows of very different lengths
    columns = rng.integers(500, size=30_000)
    rows[:400], columns[:400] = 0, np.arange(400)
    cells = sparse.csr_array((np.ones(rows.size), (rows, columns)), shape=(2000, 500))
    X, weights = cells.copy(), cells.copy()
    X.data, weights.data = rng.normal(size=cells.nnz), rng.choice([0.5, 1.0, 4.0], size=cells.nnz)
    return X, weights if weighted else None


def fitted(kind, n_jobs, dtype="float32"):
    params, weighted, full = KINDS[kind]
    X, weights = data(weighted, full)
    model = ALS(**params, dtype=dtype, n_jobs=n_jobs, max_iter=2, tol=0, random_state=0)
    return model.fit(X, weights=weights), X, weights


def python(code, *args):
    return [sys.executable, "-c", textwrap.dedent(code), *map(str, args)]


def run(code, *args):
    done = subprocess.run(python(code, *args), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_number_of_threads_changes_no_bit_of_a_large_fit(kind, dtype):
    one, X, weights = fitted(kind, 1, dtype)
    for n_jobs in (2, 7):
        many, *_ = fitted(kind, n_jobs, dtype)
        assert many.history_ == one.history_
        for name in ("row_factors_", "column_factors_", "row_bias_", "column_bias_"):
            np.testing.assert_array_equal(getattr(many, name), getattr(one, name))
        np.testing.assert_array_equal(many.transform(X, weights=weights), one.row_factors_)


def test_one_job_is_one_busy_thread():
    code = """
    import time, numpy as np
    from scipy import sparse
    from alsatian import ALS

    rng = np.random.default_rng(0)
    X = sparse.random_array((1500, 900), density=0.03, rng=rng, format="csr")
    weights = X.copy()
    weights.data[:] = rng.choice([1.0, 2.0], size=X.nnz)
    dense = rng.normal(size=(900, 400))

    def elsewhere(n_jobs):
        process, own = time.process_time(), time.thread_time()
        for params, x, w in (
            ({"absent": "zero"}, X, weights), ({"bias": "both"}, X, None), ({}, dense, None)
        ):
            model = ALS(100, **params, reg=0.1, max_iter=2, tol=0, n_jobs=n_jobs, random_state=0).fit(x, weights=w)
            model.transform(x, weights=w)
            model.inverse_transform(model.row_factors_)
        own, process = time.thread_time() - own, time.process_time() - process
        return (process - own) / process

    elsewhere(1)
    print(elsewhere(1), elsewhere(2))
    """
    alone, shared = map(float, run(code).split())
    assert alone < 0.02
    assert shared > 0.2  # or nothing was measured


@pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")
@pytest.mark.parametrize("kind", ["missing", "zero weighted, in the eigenbasis"])
def test_two_fits_at_once_are_as_one_after_the_other(kind):
    blas = [library["num_threads"] for library in threadpool_info()]
    expected, *_ = fitted(kind, 2)
    found = []
    threads = [threading.Thread(target=lambda: found.append(fitted(kind, 2)[0])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    for model in found:
        assert model.history_ == expected.history_
        np.testing.assert_array_equal(model.row_factors_, expected.row_factors_)
    assert [library["num_threads"] for library in threadpool_info()] == blas


def test_a_forked_child_fits_after_its_parent_has():
    code = """
    import multiprocessing, warnings
    import numpy as np
    from alsatian import ALS

    # Python 3.12 and later warn of any fork beside idle threads, such as those of BLAS. None of ours is left by then.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
    rng = np.random.default_rng(0)
    X = np.where(rng.random((300, 200)) < 0.5, np.nan, rng.normal(size=(300, 200)))
    fit = lambda: ALS(8, bias="both", n_jobs=2, random_state=0).fit(X).row_factors_
    parents = fit()
    connection, end = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("fork").Process(target=lambda: end.send(fit()))
    child.start()
    assert connection.poll(60), "the child hangs"
    np.testing.assert_array_equal(connection.recv(), parents)
    child.join(10)
    assert child.exitcode == 0
    np.testing.assert_array_equal(fit(), parents)
    """
    run(code)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process there")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_ends_a_long_fit_at_once_and_leaves_the_last_whole_iteration(n_jobs):
    code = """
    import sys, threading, time
    import numpy as np
    from scipy import sparse
    from alsatian import ALS
    from alsatian.objective import loss

    rng = np.random.default_rng(0)
    X = sparse.random_array((20_000, 1_000), density=0.03, rng=rng, format="csr")

    class Watcher:
        def setup(self, estimator, context): pass
        def teardown(self, estimator, context): pass
        def on_fit_task_begin(self, estimator, context): pass
        def on_fit_task_end(self, estimator, context):
            if context.task_name == "iteration" and context.task_id == 1:
                print("under way", flush=True)

    model = ALS(64, reg=0.01, max_iter=100_000, tol=0, n_jobs=int(sys.argv[1]), random_state=0).set_callbacks(Watcher())
    try:
        model.fit(X)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    assert len(model.history_) - 1 == model.n_iter_ >= 2
    assert np.array_equal(model.transform(X), model.row_factors_)
    stated = loss(X, model.row_factors_, model.column_factors_, **model.objective_settings())
    assert abs(model.history_.loss[-1] / stated - 1) < 1e-9, (model.history_, stated)
    assert np.isfinite(ALS(2, random_state=0).fit(X[:50]).history_.loss).all()
    print("usable", flush=True)
    """
    with subprocess.Popen(python(code, n_jobs), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "under way\n", child.stderr.read()
            time.sleep(0.05)  # somewhere within a half-step
            sent = time.monotonic()
            child.send_signal(signal.SIGINT)
            assert child.stdout.readline() == "interrupted\n", child.stderr.read()
            assert time.monotonic() - sent < 5
            rest, errors = child.communicate(timeout=60)
            assert (rest, child.returncode) == ("usable\n", 0), errors
        finally:
            child.kill()


def test_the_process_does_not_grow_with_the_iterations():
    R = small_ratings()

    def fit():  # in steps so small that the loss falls to the end
        model = ALS(3, bias="both", relaxation=0.02, max_iter=500, tol=0, n_jobs=2, random_state=0).fit(R)
        assert model.n_iter_ == 500

    for _ in range(3):
        fit()
    before = psutil.Process().memory_info().rss
    for _ in range(6):
        fit()
    assert psutil.Process().memory_info().rss - before < 4 << 20


def test_a_canonical_matrix_reaches_the_engine_without_a_copy(monkeypatch):
    seen = []

    def half_step(cells, *args, **kwargs):
        seen.append(cells)
        return true_half_step(cells, *args, **kwargs)

    true_half_step = _fit.half_step
    monkeypatch.setattr(_fit, "half_step", half_step)
    X = sparse.random_array((60, 50), density=0.2, rng=0, format="csr", dtype=np.float32)
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    model = ALS(2, max_iter=1, random_state=0).fit(X)
    model.transform(X)
    assert len(seen) == 4
    for cells in (seen[0], seen[-1]):
        assert np.shares_memory(cells.values, X.data)
        assert np.shares_memory(cells.indices, X.indices)
    full = np.ones((3, 2), dtype=np.float32)
    ALS(2, max_iter=1, random_state=0).fit(full)
    assert np.shares_memory(seen[4].values, full)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_a_fit_takes_the_columns_form_and_the_factors_and_little_else(tmp_path):
    m, n, each, k = 150_000, 40_000, 80, 8
    rng = np.random.default_rng(0)
    steps = rng.integers(1, n // each, size=(m, each))
    np.save(tmp_path / "indices.npy", (np.cumsum(steps, axis=1) - 1).astype(np.int32).ravel())
    np.save(tmp_path / "data.npy", rng.random(m * each, dtype=np.float32))
    code = """
    import sys
    from pathlib import Path
    import numpy as np, psutil
    from scipy import sparse
    from alsatian import ALS

    folder, m, n, each, k = sys.argv[1], *map(int, sys.argv[2:])
    model = ALS(k, max_iter=2, tol=0, n_jobs=2, random_state=0)
    model.fit(sparse.eye_array(20, dtype=np.float32, format="csr"))  # whatever is loaded on first use
    data, indices = np.load(f"{folder}/data.npy"), np.load(f"{folder}/indices.npy")
    X = sparse.csr_array((data, indices, np.arange(0, m * each + 1, each, dtype=np.int32)), shape=(m, n))
    before = psutil.Process().memory_info().rss
    model.fit(X)
    # Not ru_maxrss: a new process inherits that of the one that started it.
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    print(peak * 1024 - before)
    """
    raised = int(run(code, tmp_path, m, n, each, k))
    columns_form, factors = m * each * 8 + (n + 1) * 8, (m + n) * k * 4
    assert raised > columns_form  # or something else was measured
    assert raised <= 1.2 * (columns_form + factors) + 50e6
