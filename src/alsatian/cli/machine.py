"""``alsatian doctor --bench``: the speed of the machine, and how near the kernels and half-steps come to it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from alsatian.cli.arguments import UsageError, positive_int
from alsatian.cli.models import add_n_jobs
from alsatian.cli.output import counted, note, print_json
from alsatian.console import Bar, print_table, progress

if TYPE_CHECKING:
    from alsatian._bench.measure import Benchmark, Effort, Measured, Watch

_RANKS = (64, 128, 256)
_MOST = 16_384  # components, as the probes allow
_PATIENCE = 2.0  # seconds before a bar appears
_UNSTEADY = 0.1  # difference of the two measurements of the peak that is worth a word


def add_bench(parser: argparse.ArgumentParser) -> None:
    """Add the options of the measurement."""
    group = parser.add_argument_group("measuring")
    group.add_argument(
        "--bench",
        action="store_true",
        help="measure instead how near the kernels and half-steps come to what this machine can do (half a minute)",
    )
    group.add_argument(
        "--n-components", "--components", "--rank", dest="ranks", type=positive_int, nargs="+", metavar="K",
        help=f"ranks to measure (default: {' '.join(map(str, _RANKS))})",
    )  # fmt: skip
    group.add_argument(
        "--dtype", choices=("float32", "float64"), help="working precision of the kernels (default: float32)"
    )
    group.add_argument(
        "--shape",
        choices=("ml-100k", "ml-1m", "ml-20m"),
        help="data set whose shape the half-steps have (default: ml-1m)",
    )
    add_n_jobs(group)


def check_bench(args: argparse.Namespace) -> None:
    """Refuse options that mean nothing without the measurement, or that it cannot do.

    Raises
    ------
    UsageError
        Names the option.
    """
    given = {
        "--n-components": args.ranks, "--dtype": args.dtype, "--shape": args.shape, "--n-jobs": args.n_jobs
    }  # fmt: skip
    lone = [option for option, value in given.items() if value is not None]
    if lone and not args.bench:
        raise UsageError(f"{lone[0]} says how to measure: add --bench.")
    if args.bench and args.ranks and max(args.ranks) > _MOST:
        raise UsageError(f"--n-components {max(args.ranks)}: at most {_MOST:,} are measured.")


def run_bench(args: argparse.Namespace) -> int:
    """Measure and tell."""
    from alsatian._bench.measure import measure
    from alsatian.datasets import make_ratings

    ranks = list(dict.fromkeys(args.ranks or _RANKS))
    with _watched(args) as watch:
        watch("making ratings", 0.0)
        X = make_ratings(args.shape or "ml-1m", random_state=0).X
        found = measure(X, ranks, dtype=args.dtype or "float32", n_jobs=args.n_jobs, effort=effort(), watch=watch)
    if args.json:
        print_json(_plain(found))
        return 0
    _show(found)
    if found.unsteadiness > _UNSTEADY:
        note(args, f"the peak changed by {found.unsteadiness:.0%} meanwhile: other programs are running, or the clock"
             " of the processor changes. Shares may be too small.")  # fmt: skip
    return 0


def effort() -> Effort:
    """Return how long and how large the measurements are."""
    from alsatian._bench.measure import Effort

    return Effort()


@contextmanager
def _watched(args: argparse.Namespace) -> Iterator[Watch]:
    """Show a bar on a terminal, once two seconds have passed."""
    began = time.monotonic()
    with ExitStack() as stack:
        bar: list[Bar] = []

        def watch(what: str, done: float) -> None:
            if args.quiet or not sys.stderr.isatty() or time.monotonic() - began < _PATIENCE:
                return
            if not bar:
                bar.append(stack.enter_context(progress("Measuring", 1.0)))
            bar[0].update(done, what)

        yield watch


def _show(found: Benchmark) -> None:
    print_table(["machine", ""], [
        ["instruction set", found.isa],
        ["threads", f"{found.threads}"],
        ["matrix", f"{found.shape[0]:,} × {found.shape[1]:,}, {counted(found.cells, 'cell')}"],
        ["precision", found.dtype],
    ], align=["left", "left"])  # fmt: skip
    print()
    peaks = [[f"multiply-adds, {p.dtype}", f"{p.threads}", f"{p.rate / 1e9:.1f} Gflop/s"] for p in found.peaks]
    copy = ["copy in memory", f"{found.threads}", f"{found.copy / 1e9:.1f} GB/s"]
    print_table(["at most", "threads", ""], [*peaks, copy])
    for k, parts in found.ranks.items():
        print()
        print_table(
            [f"rank {k}", "a call", "speed", "share", "if not kept waiting"], [_row(found, part) for part in parts]
        )


def _row(found: Benchmark, part: Measured) -> list[str]:
    undisturbed = found.processor_share(part)
    return [
        part.what,
        _duration(part.seconds),
        _speed(part),
        f"{found.share(part):.0%}",
        "" if undisturbed is None else f"{undisturbed:.0%}",
    ]


def _speed(part: Measured) -> str:
    return f"{part.rate / 1e9:.1f} {'GB/s' if part.unit == 'byte' else 'Gflop/s'}"


def _duration(seconds: float) -> str:
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _plain(found: Benchmark) -> dict[str, Any]:
    """Return all that was measured, for scripts: in operations and bytes a second, and seconds."""
    return {
        "isa": found.isa,
        "threads": found.threads,
        "dtype": found.dtype,
        "matrix": {"rows": found.shape[0], "columns": found.shape[1], "cells": found.cells},
        "peaks": [
            {"dtype": p.dtype, "threads": p.threads, "flops": p.rate, "before": p.before, "after": p.after}
            for p in found.peaks
        ],
        "copy_bytes": found.copy,
        "ranks": [
            {
                "rank": k,
                "parts": [
                    {
                        "what": part.what,
                        "seconds": part.seconds,
                        "processor_seconds": part.processor_seconds,
                        "unit": part.unit,
                        "amount": part.amount,
                        "rate": part.rate,
                        "share": found.share(part),
                        "processor_share": found.processor_share(part),
                    }
                    for part in parts
                ],
            }
            for k, parts in found.ranks.items()
        ],
    }
