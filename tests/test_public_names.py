"""What `dir` and attribute access show of the packages: their public names, once each, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import alsatian


@pytest.mark.parametrize(
    "name",
    [
        "alsatian",
        "alsatian.callbacks",
        "alsatian.plot",
        "alsatian.report",
        "alsatian.compat",
        "alsatian.models",
        "alsatian.datasets",
        "alsatian.evaluation",
    ],
)
def test_dir_lists_public_names_once(name):
    module = import_module(name)
    shown = dir(module)
    assert len(shown) == len(set(shown))
    assert set(module.__all__) <= set(shown)
    assert not {"import_module", "TYPE_CHECKING", "Any", "annotations"} & set(shown)
    for public in shown:
        assert getattr(module, public) is not None


def test_the_package_shows_its_submodules_before_and_after_their_import():
    code = """import alsatian
before = dir(alsatian)
alsatian.objective.loss, alsatian.models.ALS, alsatian.datasets.make_ratings
print(before == dir(alsatian), *before)"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["True", *dir(alsatian)]
    assert {"datasets", "models", "objective", "ALS", "__version__"} <= set(dir(alsatian))
