"""What the benchmarks share: what they ran on, the peers they compare with, and times taken in turns."""

from __future__ import annotations

import importlib
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from alsatian._engine import _core
from alsatian._engine.threads import resolve_n_jobs

MB = 1e6

# Variables that make a BLAS choose slower code, or another number of threads, than it would by itself.
_BLAS_VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MKL_DEBUG_CPU_TYPE")


def environment(*peers: str) -> str:
    """Say in a few lines what the figures were taken on: processor, instruction set, threads and versions."""
    config = _core.build_config()
    isa = os.environ.get("ALSATIAN_ISA") or config["isa"]
    names = ["numpy", "scipy", "scikit-learn", *peers]
    lines = [
        f"processor  {_processor()}, {os.cpu_count()} logical, {resolve_n_jobs(None)} allowed",
        f"alsatian   {_version('alsatian')}, {config['build_type']} build by {config['compiler']}, ISA {isa}",
        f"python     {platform.python_version()}; " + ", ".join(f"{name} {_version(name)}" for name in names),
    ]
    if hasattr(os, "getloadavg"):
        lines.append(f"load       {os.getloadavg()[0]:.1f} before the start (other work makes figures uncertain)")
    return "\n".join(lines)


def free_blas() -> None:
    """Start again without the variables that tie a BLAS to one core type, so that no peer is held back.

    They are read when NumPy is loaded, so it is too late to unset them: the process replaces itself.
    """
    found = [name for name in _BLAS_VARIABLES if name in os.environ]
    if not found:
        return
    for name in found:
        del os.environ[name]
    print(f"Starting again without {', '.join(found)}.", flush=True)
    os.execv(sys.executable, [sys.executable, *sys.argv])


def peer(name: str) -> Any:
    """Import a peer library; None, and a line that says what to install, where it is not there."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        print(f"Skipping {name} ({error}). To compare with it: pip install -r benchmarks/requirements.txt")
        return None


@dataclass
class Times:
    """Times of one contestant, in seconds, one a round; and the processor time of all its threads."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def least(self) -> float:
        """The shortest."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.seconds)


def in_turns(
    contestants: Mapping[str, Callable[[], float | None]], rounds: int, fewer: Mapping[str, int] | None = None
) -> dict[str, Times]:
    """Time A, B, C, A, B, C, …, so that what slows the machine for a while slows them all.

    A contestant may return the seconds it wants counted; otherwise its whole call counts. Those named in `fewer` take
    part in that many rounds only, the first ones.
    """
    limits = fewer or {}
    times = {name: Times() for name in contestants}
    for turn in range(rounds):
        for name, run in contestants.items():
            if turn >= limits.get(name, rounds):
                continue
            began, busy = time.perf_counter(), time.process_time()
            own = run()
            whole = time.perf_counter() - began
            busy = time.process_time() - busy
            taken = whole if own is None else own
            times[name].seconds.append(taken)
            times[name].processor.append(busy * taken / whole)
            print(f"  round {turn + 1}/{rounds}  {name:<24} {taken:8.2f} s, {busy / whole:.2f} processors", flush=True)
    return times


def ratios(slow: Times, fast: Times) -> tuple[float, list[float]]:
    """Give the ratio of medians, and the ratio of each round in which both took part."""
    pairs = [a / b for a, b in zip(slow.seconds, fast.seconds, strict=False)]
    return slow.median / fast.median, pairs


def verdict(met: bool) -> str:
    """Say whether a requirement is met."""
    return "met" if met else "MISSED"


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Show the range of some numbers."""
    return f"{min(values):.{digits}f}–{max(values):.{digits}f}"


def resident(peak: bool = False) -> float:
    """Return the resident memory of this process, or its peak, in MB.

    Not by `getrusage`: there a new process starts with the peak of the one that started it.
    """
    wanted = "VmHWM:" if peak else "VmRSS:"
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(wanted)) * 1024 / MB


def forget_peak() -> None:
    """Let the peak of resident memory start again from what is resident now (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed" if name != "alsatian" else "(source tree)"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
