"""``alsatian doctor``: how this installation was built, what it uses here, and whether it works."""

from __future__ import annotations

import argparse
import platform
from typing import Any

from alsatian.cli.machine import add_bench, check_bench, run_bench
from alsatian.cli.output import add_quiet, print_json
from alsatian.console import print_table

_LIBRARIES = {
    "numpy": "needed", "scipy": "needed", "scikit-learn": "needed", "threadpoolctl": "needed", "narwhals": "needed",
    "safetensors": "needed", "polars": "files", "duckdb": "duckdb", "psycopg": "sql", "rich": "progress",
    "matplotlib": "plot", "optuna": "tune", "pandas": "your own frames", "pyarrow": "your own frames",
}  # fmt: skip


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "doctor",
        help="say how this installation was built, and whether it works",
        description="Say how the native core was built, which instruction set and how many threads it uses, and which"
        " libraries are there; then fit a small model and check that it is at the minimum. Status 1 where it is not."
        " With --bench, measure how fast it is instead.",
    )
    add_bench(parser)
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Look, check, tell."""
    check_bench(args)
    if args.bench:
        return run_bench(args)
    import alsatian

    config = alsatian.build_config()
    libraries = {name: _version(name) for name in _LIBRARIES}
    slope = _slope()
    well = slope < 1e-10
    python = f"{platform.python_implementation()} {platform.python_version()}"
    if args.json:
        print_json(
            config
            | {
                "python": python,
                "platform": platform.platform(),
                "libraries": libraries,
                "gradient": slope,
                "well": well,
            }
        )
        return 0 if well else 1
    rows = [
        ["alsatian", config["version"]],
        ["compiler", f"{config['compiler']}, {config['build_type']}{_sanitized(config)}"],
        ["instruction set", f"{config['isa']} (of {', '.join(config['isas'])}; ALSATIAN_ISA chooses)"],
        ["threads", f"{config['threads']} (n_jobs=None; affinity, cgroup quota and OMP_NUM_THREADS allow them)"],
        ["Python", f"{python}, {platform.system()} {platform.machine()}"],
    ]
    print_table(["installation", ""], rows, align=["left", "left"])
    print()
    told = [[name, version or "not installed", _LIBRARIES[name]] for name, version in libraries.items()]
    print_table(["library", "version", "for"], told, align=["left"] * 3)
    print()
    print(
        f"A small fit ends where the gradient is {slope:.1e}: {'all is well' if well else 'THAT IS NOT THE MINIMUM'}."
    )
    return 0 if well else 1


def _sanitized(config: dict[str, Any]) -> str:
    return f", sanitized ({config['sanitize']})" if config["sanitize"] else ""


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _slope() -> float:
    """Return the largest gradient by the rows of a small fit, which is zero at the minimum."""
    import numpy as np

    from alsatian.models import ALS
    from alsatian.objective import gradient

    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 30))
    X[rng.random(X.shape) < 0.3] = np.nan
    model = ALS(4, bias="both", reg=0.1, max_iter=5, random_state=0).fit(X)
    slope = gradient(X, model.row_factors_, model.column_factors_, **model.objective_settings())
    return float(np.abs(slope.W).max())
