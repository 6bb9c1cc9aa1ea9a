"""Where a formula has no value: the lines are left out and named; numbers out of range are refused in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alsatian.derivation import derive
from alsatian.derivation._expr import Add
from derivation.test_wrong_steps import spoilt

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 4))
ALL = [0, 1, 2, 3]


def k_ones(size):
    return np.full((5, 2), size)


def k_factors(rows):
    return RNG.normal(size=(rows, 2))


def holed(wrt, lines):
    """X with empty columns, or for the derivative by W its transpose with empty rows."""
    empty = X.copy()
    empty[:, lines] = np.nan
    return empty if wrt == "Z" else empty.T


@pytest.mark.parametrize("wrt", "ZW")
@pytest.mark.parametrize(
    ("nu", "bias", "keys"),
    [
        (None, False, ["closed"]),
        (None, True, ["closed"]),
        (0, False, ["count"]),
        (0.5, False, ["closed", "count", "dual"]),
        (1, False, ["closed", "dual"]),
        (1, True, ["closed", "dual"]),
    ],
)
def test_empty_lines_are_left_out_and_named(wrt, bias, nu, keys):
    word = "column" if wrt == "Z" else "row"
    for lines, named in (
        ([1, 3] if bias else [1], f"{word}s 1 and 3" if bias else f"{word} 1"),
        (ALL, f"all 4 {word}s"),
    ):
        derivation = derive(wrt, missing=True, bias=bias, reg_exponent=nu)
        report = derivation.check(holed(wrt, lines))
        assert report.passed, str(report)
        noted = {check.key: check for check in report.checks if check.note}
        assert sorted(noted) == keys
        for check in noted.values():
            assert check.note == f"{named} left out, where no cell counts and the formula is not defined"
            assert check.compared == (len(lines) < 4)
            shown = "agrees (" if check.compared else "not compared: "
            assert f"{shown}{named} left out" in str(report)
            for page in (derivation.to_text, derivation.to_markdown, derivation.to_latex):
                assert f"{shown}{named} left out" in page(report=report).replace("\n    ", " ")
        unseen = len(keys) * (len(lines) == 4)
        count = len(report.checks)
        assert f"{count - unseen} of {count} steps agree" + "; " * bool(unseen) in str(report)


def test_a_column_of_weight_zero_is_empty_too():
    weights = np.ones((5, 4))
    weights[:, 2] = 0
    report = derive(weights=True).check(X, weights=weights)
    assert report.passed
    assert report["closed"].note.startswith("column 2 left out")
    assert derive(weights=True, reg_exponent=1).check(X, weights=0 * weights).passed


def test_a_wrong_closed_form_fails_beside_an_empty_column():
    good = derive(missing=True)
    other = derive(missing=True, reg_exponent=0)  # its closed form has a ridge
    report = good.with_step(other["closed"]).check(holed("Z", [1]))
    assert [check.key for check in report.failed] == ["closed"]


def test_too_few_cells_for_the_factors():
    few = X.copy()
    few[1:, 2] = np.nan
    report = derive(missing=True).check(few, k_factors(5))
    assert report.passed
    assert report["closed"].note.startswith("column 2 left out, where fewer cells count than there are unknowns")
    assert derive(missing=True, reg_exponent=0).check(few, k_factors(5))["closed"].note == ""
    wide = derive().check(X, RNG.normal(size=(5, 7)))
    assert wide.passed
    assert not wide["closed"].compared


NO_SPAN = (
    "where the other side's rows at the cells that count do not span all directions, so that without a ridge there is"
)


def test_a_column_whose_cells_have_parallel_factors_is_left_out_and_named():
    nan = np.nan
    rated = np.array([[5, 3, nan, 1], [4, nan, nan, 1], [nan, 1, nan, 5], [nan, nan, 5, 4], [nan, 1, 5, 4]])
    factors = np.array([[2.0, 0.0], [2.0, 0.0], [0.0, 2.0], [1.0, 2.0], [0.0, 2.0]])
    for by in ("entries", "rows", "differential"):
        report = derive("Z", missing=True, by=by).check(rated, factors, k_factors(4))
        assert report.passed, str(report)
        assert report["closed"].note == f"column 0 left out, {NO_SPAN} no inverse"
        assert report["closed"].compared
        assert "agrees (column 0 left out" in str(report)
        other = derive("W", missing=True, by=by).check(rated.T, k_factors(4), factors)
        assert other["closed"].note.startswith("row 0 left out")
        assert other.passed
    assert not any(check.note for check in derive("Z", missing=True, reg_exponent=0).check(rated, factors).checks)


@pytest.mark.parametrize("options", [{}, {"missing": True}, {"bias": True}, {"weights": True}, {"objective": "hkv"}])
@pytest.mark.parametrize("wrt", "ZW")
def test_factors_that_span_nowhere_leave_all_lines_out(options, wrt):
    flat = np.ones((5, 2)), np.ones((4, 2))
    report = derive(wrt, **options).check(np.abs(X), *flat)
    assert report.passed, str(report)
    assert not report["closed"].compared
    assert report["closed"].note.startswith("all ")
    assert NO_SPAN in report["closed"].note


def test_lines_that_do_not_span_hide_no_wrong_formula_in_the_others():
    good, other = derive(missing=True), derive(missing=True, reg_exponent=0)  # whose closed form has a ridge
    factors = k_factors(5)
    factors[1] = 2 * factors[0]
    few = X.copy()
    few[2:, 3] = np.nan
    assert good.check(few, factors)["closed"].note.startswith("column 3 left out, where the other side's rows")
    report = good.with_step(other["closed"]).check(few, factors)
    assert [check.key for check in report.failed] == ["closed"]


@pytest.mark.parametrize("key", ["closed", "dual"])
def test_a_singular_matrix_that_the_data_do_not_explain_fails(key):
    derivation = derive(missing=True, reg_exponent=0)
    step = derivation[key]
    ((best, formula),) = step.chains
    lost = next(bad for bad in spoilt(formula, lose_the_ridge))
    report = derivation.with_step(replace(step, chains=((best, lost),))).check(X, k_factors(5)[:, [0, 0]])
    assert [check.key for check in report.failed] == [key]
    assert "singular" in report[key].note


def lose_the_ridge(e):
    return Add(e.terms[:-1]) if isinstance(e, Add) else None


def test_digits_that_run_out_are_no_difference():
    report = derive(reg_exponent=0).check(X, reg=1e-300)
    assert report.passed
    assert "too few digits" in report["dual"].note
    assert derive(objective="hkv").check(np.abs(X) * 1e100).passed


@pytest.mark.parametrize(
    ("options", "given", "message"),
    [
        ({"reg_exponent": 1e6}, {}, r"a count of 7 cells to the power reg_exponent=1e\+06 overflows.*smaller"),
        ({"reg_exponent": 1e6, "missing": True}, {}, "to the power reg_exponent"),
        ({}, {"X": X * 1e200}, r"f overflows in float64.*X up to 2e\+200, W up to .*; scale them down"),
        ({}, {"X": X, "W": k_ones(1e160)}, r"f overflows.*W up to 1e\+160"),
        ({"reg_exponent": 0}, {"X": X, "reg": 1e300}, r"f overflows.*reg 1e\+300"),
        ({"weights": True, "bias": True}, {"weights": np.full((5, 4), 1e301)}, r"weights up to 1e\+301, row_bias"),
        ({"objective": "hkv"}, {"X": np.abs(X), "alpha": 1e301}, r"alpha 1e\+301"),
        ({}, {"X": X * 1e-200, "W": k_ones(1e-200), "Z": 1e-200 * X.T[:, :2]}, "f vanishes in float64.*scale them up"),
        ({}, {"tolerance": float("nan")}, "tolerance must be finite and >= 0; got nan"),
    ],
)
def test_what_is_out_of_range_is_refused(options, given, message):
    with pytest.raises(ValueError, match=message):
        derive(**options).check(**given)


def test_what_overflows_on_the_way_is_said_by_the_step():
    report = derive(weights=True).check(X * 1e100, weights=np.full((5, 4), 1e90))
    assert report["weights"].note.startswith("a side is not finite, as numbers of this size leave the range of float64")
    assert report["gradient"].passed


def test_data_of_zeros_and_large_exponents_of_one_cell_are_fine():
    assert derive(reg_exponent=0).check(np.zeros((4, 3)), np.zeros((4, 2)), np.zeros((3, 2))).passed
    one = derive(missing=True, reg_exponent=1e6).check(np.where(np.eye(3) == 1, 1.0, np.nan))
    assert one.passed, str(one)
    assert one["zero_filling"].note == (
        "all 3 columns left out, where the count of all cells to the power reg_exponent overflows"
    )
