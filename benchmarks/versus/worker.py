"""One contestant in an environment of its own: fits, and leaves factors, seconds and memory in a folder.

Run by ``run.py``. Needs NumPy, SciPy and the library that is timed; alsatian is not imported unless it is that library.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix


class Memory:
    """Watches the resident memory of this process and its children, a hundred times a second (Linux)."""

    def __init__(self) -> None:
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self.before = self.now()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.01):
            self.peak = max(self.peak, self.now())

    @staticmethod
    def now() -> int:
        """Return the resident bytes of this process, and of a Java process that it has started."""
        page = os.sysconf("SC_PAGE_SIZE")
        pids = [os.getpid(), *children(os.getpid())]
        total = 0
        for pid in pids:
            try:
                total += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * page
            except (OSError, IndexError):
                continue
        return total


def children(pid: int) -> list[int]:
    """Return the processes below one."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            direct = [int(child) for child in task.read_text(encoding="ascii").split()]
        except OSError:
            continue
        for child in direct:
            found += [child, *children(child)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("spec", type=Path, help="JSON: data, library, solver, problem, k, threads, checkpoints, out")
    spec = json.loads(parser.parse_args().spec.read_text(encoding="utf-8"))
    with np.load(spec["data"]) as stored:
        parts = stored["data"], stored["indices"], stored["indptr"]
        x = csr_matrix(parts, shape=tuple(stored["shape"]))
    sys.path.insert(0, str(Path(__file__).parent))
    contestant = importlib.import_module(f"contestants.{spec['library']}")
    out, told = Path(spec["out"]), []
    with Memory() as memory:
        began = time.perf_counter()

        def tell(iterations: int, seconds: float, w: Any, z: Any) -> bool:
            if iterations in spec["checkpoints"]:
                np.savez(out / f"{iterations}.npz", W=np.asarray(w, np.float32), Z=np.asarray(z, np.float32))
                told.append({"iterations": iterations, "seconds": seconds})
                report = {"version": contestant.version(), "told": told, "bytes": memory.peak - memory.before}
                (out / "report.json").write_text(json.dumps(report), encoding="utf-8")
            return time.perf_counter() - began > spec["patience"]

        contestant.fits(x, spec, tell)


if __name__ == "__main__":
    main()
