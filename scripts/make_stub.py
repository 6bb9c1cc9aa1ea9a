"""Write the stub of the native extension, or check that the one in the tree is fresh.

Usage: ``python scripts/make_stub.py [--check]``, with the extension importable.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from nanobind.stubgen import StubGen

STUB = Path(__file__).parents[1] / "src" / "alsatian" / "_engine" / "_core.pyi"


def make_stub() -> str:
    """Return the stub of the extension as it is built now."""
    generator = StubGen(module=importlib.import_module("alsatian._engine._core"))
    generator.put(generator.module)
    return str(generator.get())


def main() -> int:
    """Write the stub; with ``--check``, only compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    check = parser.parse_args().check
    stub = make_stub()
    if not check:
        STUB.write_text(stub, encoding="utf-8")
        return 0
    if STUB.read_text(encoding="utf-8") == stub:
        return 0
    print(f"{STUB.name} is stale: run python scripts/make_stub.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
