"""What means nothing is refused, and the message says why."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from alsatian.derivation import derive


@pytest.mark.parametrize("objective", ["hkv", "ials"])
@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("missing", "it has no missing cells"),
        ("weights", "its weights are made from X already"),
        ("bias", "its scores are w·z and nothing else"),
    ],
)
def test_combinations_that_mean_nothing(objective, option, reason):
    with pytest.raises(ValueError, match=f"{option}=True means nothing where objective='{objective}': {reason}"):
        derive(objective=objective, **{option: True})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wrt": "X"}, "wrt must be one of 'W', 'Z'; got 'X'"),
        ({"by": "magic"}, "by must be one of 'entries', 'rows', 'differential'; got 'magic'"),
        ({"objective": "poisson"}, "objective must be one of 'explicit', 'hkv', 'ials'; got 'poisson'"),
        ({"reg_exponent": -1}, "reg_exponent must be None"),
        ({"reg_exponent": float("nan")}, "reg_exponent must be None"),
        ({"reg_exponent": True}, "reg_exponent must be None"),
        ({"missing": 1}, "missing must be True or False; got 1"),
        ({"names": {"x": "y"}}, "names has no letter 'x' to rename"),
        ({"names": {"m": "DD"}}, "names must give 'm' one letter"),
        ({"names": {"X": "x"}}, "names must give 'X' a capital letter"),
        ({"names": {"X": "R"}}, r"'R' would stand both for .* rename the other one too"),
        ({"names": {"i": "w"}}, "'w' would stand both for the row factors"),
        ({"names": "mine"}, "names must be 'usual' or 'course', or map letters"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        derive(**options)


@pytest.mark.parametrize(
    ("options", "given", "message"),
    [
        ({}, {"X": [[1.0, np.nan]]}, "value nan at row 0, column 1; derive with missing=True"),
        ({"missing": True}, {"X": [[1.0, np.inf]]}, "value inf at row 0, column 1"),
        ({"objective": "hkv"}, {"X": [[1.0, np.nan]]}, "value nan at row 0, column 1$"),
        ({}, {"X": [1.0, 2.0]}, r"X must be a matrix .* shape \(2,\)"),
        ({}, {"X": csr_array((3, 3))}, "X is sparse.*check_gradient"),
        ({}, {"X": np.ones((300, 200))}, "too large to go through cell by cell.*check_gradient"),
        ({}, {"X": np.ones((3, 2)), "W": np.ones((2, 2))}, r"W has shape \(2, 2\); it should be \(3, 2\)"),
        ({}, {"Z": [[np.nan]]}, "Z must be finite"),
        ({}, {"reg": 1.0}, "reg has no place in this derivation; derive with reg_exponent=0 or 1"),
        ({}, {"weights": [[1.0]]}, "weights has no place in this derivation; derive with weights=True"),
        ({}, {"mean": 1.0}, "mean has no place .* bias=True"),
        ({}, {"alpha": 1.0}, "alpha has no place .* objective="),
        (
            {"reg_exponent": 0},
            {"reg": 0.0},
            "reg must be finite and > 0 here; got 0.0; for no ridge, derive with reg_exp",
        ),
        ({"weights": True}, {"X": np.ones((3, 2)), "weights": np.ones((2, 3))}, r"weights has shape \(2, 3\)"),
        (
            {"weights": True},
            {"X": np.ones((1, 1)), "weights": [[-1.0]]},
            "weights must be finite .* row 0, column 0 is -1.0",
        ),
        ({"weights": True}, {"weights": [1.0, 2.0]}, r"weights must be a matrix .* shape \(2,\)"),
        ({}, {"X": np.ones((3, 2)), "W": 3.0}, r"W must be a matrix of at least one cell; got .* shape \(\)"),
        ({}, {"X": np.ones((3, 2)), "W": np.ones((3, 0))}, r"W must be a matrix of at least one cell; .*\(3, 0\)"),
        ({}, {"Z": [1.0, 2.0]}, r"Z must be a matrix"),
        ({}, {"X": [["a"]]}, r"X must be real numbers \(NaN where a cell is missing\); could not convert"),
        ({}, {"X": [[1j]]}, "X must be real numbers .*; its type is complex128"),
        ({"bias": True}, {"mean": np.nan}, "mean must be one finite number here; got nan"),
        ({"reg_exponent": 0}, {"reg": (1.0, 2.0)}, r"reg must be one .* got \(1.0, 2.0\); .* give that of the side"),
        ({"reg_exponent": 0}, {"reg": "much"}, "reg must be real numbers; could not convert"),
    ],
)
def test_bad_data(options, given, message):
    with pytest.raises(ValueError, match=message):
        derive(**options).check(**given)
