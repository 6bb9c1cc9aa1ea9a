"""How many threads a call may use: what the process is allowed, not what the machine has."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, current_thread, main_thread
from typing import Any

MAX_JOBS = 65_536  # far more than any machine has processors, and few enough to start none by mistake

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
_QUOTA_AGE = 5.0  # seconds
_quota_read: tuple[float, int | None] | None = None  # when, and what it was


def resolve_n_jobs(n_jobs: int | None) -> int:
    """Turn the parameter `n_jobs` into a number of threads, at least one.

    Parameters
    ----------
    n_jobs : int or None
        None and -1 are all processors that affinity, the cgroup quota and ``OMP_NUM_THREADS`` allow; -2 is one fewer,
        and so on, as in joblib. In a worker of joblib, one of several that share the machine, they are the worker's
        share: what joblib sets ``OMP_NUM_THREADS`` to in its processes, and 1 in its threads. A positive number, at
        most `MAX_JOBS`, is taken as it is.

    Raises
    ------
    ValueError
        For 0, and for a number above `MAX_JOBS`.

    Examples
    --------
    >>> resolve_n_jobs(3)
    3
    >>> resolve_n_jobs(None) == resolve_n_jobs(-1) >= 1
    True
    """
    if n_jobs == 0:
        raise ValueError("n_jobs = 0 has no meaning: give a number of threads, or None for all that are allowed.")
    if n_jobs is not None and n_jobs > MAX_JOBS:
        raise ValueError(f"n_jobs = {n_jobs} is out of range: at most {MAX_JOBS} threads are possible.")
    if n_jobs is not None and n_jobs > 0:
        return int(n_jobs)
    allowed = allowed_processors()
    return allowed if n_jobs is None else max(1, allowed + 1 + int(n_jobs))


def allowed_processors() -> int:
    """Return how many processors this process may keep busy."""
    limits = [_affinity(), _recent_quota(), _omp_num_threads(), _share_of_worker()]
    return max(1, min(limit for limit in limits if limit is not None))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to the calling thread: the number of threads is the user's to say, and bits must not depend on it.

    The limit is one for the whole process. So the first of several Python threads sets it, and the last lifts it.
    """
    _blas_limit.enter()
    try:
        yield
    finally:
        _blas_limit.leave()


class _BlasLimit:
    def __init__(self) -> None:
        self._lock, self._users = Lock(), 0
        self._controller: Any = None
        self._limit: Any = None

    def enter(self) -> None:
        from threadpoolctl import ThreadpoolController

        with self._lock:
            if self._users == 0:
                # Looking for libraries takes milliseconds, and NumPy's BLAS, which is the one we call, stays.
                self._controller = self._controller or ThreadpoolController()
                self._limit = self._controller.limit(limits=1, user_api="blas")
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._limit.restore_original_limits()


_blas_limit = _BlasLimit()
if hasattr(os, "register_at_fork"):  # what another thread holds at a fork, nobody gives back in the child
    os.register_at_fork(after_in_child=_blas_limit.__init__)  # type: ignore[misc]


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _omp_num_threads() -> int | None:
    # OpenMP allows a list, one number a nesting level: the first is ours.
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(first) if first.isdecimal() and int(first) > 0 else None


def _share_of_worker() -> int | None:
    """Return how many processors a worker of joblib may keep busy beside the others; None where this is none.

    joblib calls a level of nesting above 0 what runs in a worker. Its processes are told their share by
    ``OMP_NUM_THREADS``. Its threads share one environment, so they have one processor each.
    """
    parallel = sys.modules.get("joblib.parallel")  # not loaded: nobody has workers
    if parallel is None:
        return None
    backend, _ = parallel.get_active_backend()
    if not getattr(backend, "nesting_level", 0):
        return None
    told = current_thread() is main_thread() and _omp_num_threads() is not None
    return None if told else 1


def _recent_quota() -> int | None:
    """Return the quota as it was a moment ago: reading it takes longer than a recommendation to one user."""
    global _quota_read  # noqa: PLW0603
    now = time.monotonic()
    if _quota_read is None or now - _quota_read[0] > _QUOTA_AGE:
        _quota_read = now, _cgroup_quota()
    return _quota_read[1]


def _cgroup_quota(root: Path = _CGROUP_ROOT, own: Path = _OWN_CGROUP) -> int | None:
    """Return the tightest processor quota over this process's cgroup and its ancestors, rounded up."""
    quotas = [quota for folder in _cgroup_folders(root, own) if (quota := _quota_of(folder)) is not None]
    return max(1, min(quotas)) if quotas else None


def _cgroup_folders(root: Path, own: Path) -> list[Path]:
    text = _read(own) or ""
    folders: list[Path] = []
    for line in text.splitlines():
        _, controllers, path = [*line.split(":", 2), "", "", ""][:3]
        if controllers == "":  # version 2: one hierarchy for all controllers
            folders += _with_ancestors(root, path)
        elif "cpu" in controllers.split(","):
            folders += _with_ancestors(root / "cpu", path) + _with_ancestors(root / controllers, path)
    # Inside a container the path may be the host's, while the mount shows our own group at its root.
    return [*folders, root, root / "cpu"]


def _with_ancestors(root: Path, path: str) -> list[Path]:
    folder = root / path.strip("/")
    return [folder, *(parent for parent in folder.parents if parent != root and root in parent.parents), root]


def _quota_of(folder: Path) -> int | None:
    both = (_read(folder / "cpu.max") or "").split()  # version 2: "max 100000" or "150000 100000"
    if len(both) != 2:  # version 1 keeps them in two files, and says "no quota" with -1
        both = [(_read(folder / f"cpu.cfs_{name}_us") or "").strip() for name in ("quota", "period")]
    if not all(number.isdecimal() and int(number) > 0 for number in both):
        return None
    quota, period = (int(number) for number in both)
    return -(-quota // period)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
