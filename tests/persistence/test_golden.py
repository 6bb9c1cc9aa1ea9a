"""Files that earlier releases wrote are read, and the models say what they said then (see scripts/make_golden.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alsatian
from alsatian.persistence import describe
from alsatian.recommend import Listing
from persistence.stored import assert_same

CLASSES = {"als": "ALS", "als_zero": "ALS", "implicit": "ImplicitALS", "imputer": "ALSImputer"}
CLASSES["recommender"] = "ImplicitALS"  # that of its model
GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.alsatian"))


def test_there_are_golden_files_and_they_are_small():
    assert CLASSES.keys() == {path.stem.split("-")[1] for path in GOLDEN}
    assert all(path.stat().st_size < 10_000 for path in GOLDEN)


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_file_is_read_and_says_what_it_said(path, verify):
    model = alsatian.load(path, verify=verify)
    for call in json.loads(path.with_suffix(".json").read_text(encoding="utf-8")):
        returned = getattr(model, call["method"])(*map(with_nan, call["arguments"]))
        assert_close(returned, call["returned"], call["method"])


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_file_can_be_described_and_saved_again(path, tmp_path):
    told = describe(path)
    version, name = path.stem.split("-")
    assert told.alsatian == version
    assert told.class_name == CLASSES[name]
    model = alsatian.load(path)
    alsatian.save(model, tmp_path / "again")
    assert_same(alsatian.load(tmp_path / "again"), model)


def with_nan(value: Any) -> Any:
    """What JSON says, lists as arrays, null in them as NaN."""
    if not isinstance(value, list) or any(isinstance(item, str) for item in value):
        return value
    return np.array(value, dtype=float if "null" in json.dumps(value) else None)


def assert_close(returned: Any, told: Any, name: str) -> None:
    if isinstance(told, dict):  # parameters: later releases may have more
        for key, value in told.items():
            assert_close(returned[key], value, key)
    elif isinstance(returned, Listing):
        for ours, theirs in zip(returned.to_list(), told, strict=True):
            assert [id for id, _ in ours] == [id for id, _ in theirs], name
            np.testing.assert_allclose([score for _, score in ours], [score for _, score in theirs], rtol=1e-5)
    elif isinstance(returned, tuple):
        for ours, theirs in zip(returned, told, strict=True):
            assert_close(ours, theirs, name)
    elif isinstance(returned, np.ndarray) and returned.dtype != object:
        np.testing.assert_allclose(returned, np.array(told, dtype=float), rtol=1e-6, atol=1e-6, err_msg=name)
    elif isinstance(returned, np.ndarray):
        assert returned.tolist() == told, name
    else:
        assert returned == told, name
