"""Data and factors of any size: what is right is found right, and what is wrong is still found wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alsatian import ALS
from alsatian.derivation import derive
from alsatian.derivation._numbers import Numbers
from alsatian.derivation._sample import Given, sample
from derivation.cases import ROADS
from derivation.test_wrong_steps import lose_the_half, lose_the_sign, lose_the_transpose, spoilt, square_the_weights

RNG = np.random.default_rng(0)
X, W, Z = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2))
C = RNG.uniform(0.5, 3.0, size=X.shape)
HOLED = np.where(np.eye(4, 3) == 1, np.nan, X)
SCALES = [
    (1e8, 1.0, 1.0),
    (1e-8, 1.0, 1.0),
    *((1.0, s, 1.0) for s in (1e6, 1e-6)),
    *((1.0, 1.0, s) for s in (1e6, 1e-6)),
]


def scaled(data: Any, scale: tuple[float, float, float]) -> dict[str, Any]:
    return {"X": data * scale[0], "W": W * scale[1], "Z": Z * scale[2]}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("wrt", "ZW")
@pytest.mark.parametrize("by", ROADS)
def test_every_step_holds_at_every_scale(by, wrt, scale):
    for data, options in ((X, {"reg_exponent": 0}), (HOLED, {"missing": True, "bias": True, "reg_exponent": 1})):
        report = derive(wrt, by=by, **options).check(**scaled(data, scale))
        assert report.passed, str(report)
        assert {check.key for check in report.checks if not check.compared} <= {"dual"}


@pytest.mark.parametrize("scale", [(1e140, 1.0, 1.0), (1e-130, 1e-60, 1e-70), (1e100, 1e90, 1e-60), (1.0, 1e-9, 1e9)])
def test_only_the_range_of_float64_is_the_limit(scale):
    report = derive("Z").check(**scaled(X, scale))
    assert report.passed, str(report)
    assert max(check.difference for check in report.checks) < 1e-11


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("wrt", "ZW")
def test_a_wrong_formula_fails_at_every_scale(wrt, scale):
    seen = 0
    for by in ROADS:
        derivation = derive(wrt, weights=True, by=by)
        numbers = sample(derivation.options, Given(weights=C, **scaled(X, scale)), 0)
        for key in ("entry", "lay", "stack", "gradient", "hessian", "remainder"):
            if any(step.key == key for step in derivation):
                seen += spoil_everywhere(derivation[key], numbers)
    assert seen > 40


def spoil_everywhere(step, numbers: Numbers) -> int:
    tried = 0
    for chain in step.chains:
        for place, side in enumerate(chain):
            for rule in (lose_the_transpose, lose_the_half, lose_the_sign, square_the_weights):
                for wrong in spoilt(side, rule):
                    bad = replace(step, chains=((*chain[:place], wrong, *chain[place + 1 :]),))
                    tried += 1
                    assert not bad.check(numbers).passed, bad.text
    return tried


def test_a_small_row_beside_large_ones_is_told_apart():
    sizes = np.array([1.0, 1e4, 1e-4])
    for wrt in "ZW":
        report = derive(wrt, reg_exponent=0).check(X * sizes, W, Z * sizes[:, None])
        assert report.passed, str(report)


@pytest.mark.parametrize("scale", [1.0, 1e8])
@pytest.mark.parametrize("wrt", "ZW")
@pytest.mark.parametrize("by", ROADS)
def test_rounding_at_a_minimum_and_at_a_perfect_fit_is_no_difference(by, wrt, scale):
    exact = derive(wrt, by=by).check(scale * W @ Z.T, scale * W, Z)
    assert exact.passed, str(exact)
    model = ALS(2, reg=0.1, relaxation=1.0, tol=0, max_iter=300, dtype="float64", random_state=0).fit(X * scale)
    fitted = model.row_factors_, model.column_factors_
    report = derive(wrt, by=by, missing=True, reg_exponent=1).check(X * scale, *fitted, reg=0.1)
    assert report.passed, str(report)
