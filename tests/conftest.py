"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a few seconds; leave out with -m 'not slow'")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data sets that may not be shipped: ALSATIAN_DATA, or shared/data beside the repository."""
    folder = Path(os.environ.get("ALSATIAN_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no shared data in {folder}; set ALSATIAN_DATA to the folder that has them")
    return folder
