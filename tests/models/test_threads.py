from __future__ import annotations

import joblib
import pytest

from alsatian._engine import threads


@pytest.fixture
def four_processors(monkeypatch):
    monkeypatch.setattr(threads, "_affinity", lambda: 4)
    monkeypatch.setattr(threads, "_cgroup_quota", lambda: None)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


@pytest.mark.usefixtures("four_processors")
def test_numbers_mean_what_they_mean_in_joblib():
    assert [threads.resolve_n_jobs(n) for n in (None, -1, -2, -9, 1, 7)] == [4, 4, 3, 1, 1, 7]
    with pytest.raises(ValueError, match="n_jobs = 0"):
        threads.resolve_n_jobs(0)
    with pytest.raises(ValueError, match="n_jobs = 10000000000 is out of range: at most 65536"):
        threads.resolve_n_jobs(10**10)


@pytest.mark.usefixtures("four_processors")
@pytest.mark.parametrize(("value", "expected"), [("2", 2), ("3,2", 3), ("16", 4), ("", 4), ("many", 4), ("0", 4)])
def test_omp_num_threads_is_a_limit(monkeypatch, value, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert threads.resolve_n_jobs(None) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"own": "0::/a/b\n", "a/cpu.max": "150000 100000\n", "a/b/cpu.max": "max 100000\n"}, 2),
        ({"own": "0::/a\n", "a/cpu.max": "50000 100000\n"}, 1),
        ({"own": "0::/elsewhere\n", "cpu.max": "300000 100000\n"}, 3),
        ({"own": "4:cpu,cpuacct:/x\n", "cpu/x/cpu.cfs_quota_us": "200000", "cpu/x/cpu.cfs_period_us": "100000"}, 2),
        ({"own": "4:cpu:/x\n", "cpu/x/cpu.cfs_quota_us": "-1", "cpu/x/cpu.cfs_period_us": "100000"}, None),
        ({}, None),
    ],
)
def test_cgroup_quotas_of_both_versions(tmp_path, files, expected):
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert threads._cgroup_quota(tmp_path, tmp_path / "own") == expected


def _threads(_=None):
    return threads.resolve_n_jobs(None)


@pytest.mark.usefixtures("four_processors")
@pytest.mark.parametrize(("n_jobs", "expected"), [(1, 4), (2, 1)])
def test_threads_of_joblib_share_the_processors(n_jobs, expected):
    with joblib.parallel_config("threading", n_jobs=n_jobs):
        assert joblib.Parallel()(joblib.delayed(_threads)() for _ in range(3)) == [expected] * 3
    assert _threads() == 4


@pytest.mark.usefixtures("four_processors")
def test_a_number_that_is_given_counts_in_a_worker_too():
    with joblib.parallel_config("threading", n_jobs=2):
        assert joblib.Parallel()(joblib.delayed(threads.resolve_n_jobs)(3) for _ in range(2)) == [3, 3]
