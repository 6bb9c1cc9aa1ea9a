"""The stub of the extension says what the extension has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def test_the_stub_is_fresh() -> None:
    pytest.importorskip("nanobind", reason="the stub is made by nanobind's generator (extra: dev)")
    script = Path(__file__).parents[2] / "scripts" / "make_stub.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
