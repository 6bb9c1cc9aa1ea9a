"""A lock for who writes, one writer after the other; a process that is forked meanwhile gets a free one."""

from __future__ import annotations

import os
from threading import Lock
from typing import Any
from weakref import WeakSet


class WritingLock:
    """A lock that belongs to one process: in a fork's child no thread is left to release it, so it is a new one."""

    def __init__(self) -> None:
        self._lock = Lock()
        _LOCKS.add(self)

    def __enter__(self) -> None:
        """Wait until no one else writes."""
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        """Let others write."""
        self._lock.release()

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy, and pickle, as a lock of one's own."""
        return WritingLock, ()


_LOCKS: WeakSet[WritingLock] = WeakSet()


def _renew() -> None:
    for lock in _LOCKS:
        lock._lock = Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_renew)
