"""A wrong step must not pass: every formula is spoilt in every place, one at a time, and the check must see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace

import numpy as np
import pytest

from alsatian.derivation import derive
from alsatian.derivation._expr import HALF, ONE, TWO, Add, Expr, Had, Inv, Mul, Neg, Square, Sym, Transpose
from alsatian.derivation._sample import Given, sample
from derivation.cases import ROADS, name

Rule = Callable[[Expr], Expr | None]


def lose_the_half(e: Expr) -> Expr | None:
    return ONE if e == HALF else None


def lose_the_transpose(e: Expr) -> Expr | None:
    return e.body if isinstance(e, Transpose) else None


def square_the_weights(e: Expr) -> Expr | None:
    return Square(e) if isinstance(e, Sym) and e.role == "C" else None


def lose_the_sign(e: Expr) -> Expr | None:
    if not isinstance(e, Add) or not any(isinstance(term, Neg) for term in e.terms):
        return None
    return Add(tuple(term.body if isinstance(term, Neg) else term for term in e.terms))


def double_the_ridge(e: Expr) -> Expr | None:
    return TWO * e if isinstance(e, Sym) and e.role in ("lam", "Lambda") else None


def lose_the_mask(e: Expr) -> Expr | None:
    # M ∘ M and M ∘ X, where X has zeros in its holes, do not need their mask.
    has_effect = isinstance(e, Had) and e.left == Sym("M") and e.right not in (Sym("M"), Sym("X"))
    return e.right if isinstance(e, Had) and has_effect else None


def swap_two_factors(e: Expr) -> Expr | None:
    if not isinstance(e, Mul) or len(e.factors) != 2 or not all(isinstance(f, Sym | Transpose) for f in e.factors):
        return None
    scalar = any(isinstance(f, Sym) and (f.role[0].islower() or len(f.sub) == 2) for f in e.factors)
    return None if scalar or e.factors[0] == Sym("Q", (), "prime") else Mul(e.factors[::-1])


RULES = (
    lose_the_half,
    lose_the_transpose,
    square_the_weights,
    lose_the_sign,
    double_the_ridge,
    lose_the_mask,
    swap_two_factors,
)
DERIVATIONS = (
    {"wrt": "Z"},
    {"wrt": "W"},
    {"wrt": "Z", "missing": True, "reg_exponent": 1},
    {"wrt": "W", "weights": True, "bias": True, "reg_exponent": 0},
    {"wrt": "Z", "objective": "ials", "reg_exponent": 1},
    {"wrt": "W", "objective": "hkv", "reg_exponent": 0},
)


def spoilt(e: Expr, rule: Rule) -> Iterator[Expr]:
    """Yield the formula with the rule applied in one place, for each place."""
    changed = rule(e)
    if changed is not None:
        yield changed
    for field in fields(e):
        value = getattr(e, field.name)
        if isinstance(value, Expr):
            yield from (replace(e, **{field.name: new}) for new in spoilt(value, rule))
        elif isinstance(value, tuple):
            for i, part in enumerate(value):
                if isinstance(part, Expr):
                    for new in spoilt(part, rule):
                        yield replace(e, **{field.name: (*value[:i], new, *value[i + 1 :])})


@pytest.mark.parametrize("options", DERIVATIONS, ids=name)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_spoilt_formula_fails(options, rule):
    tried = 0
    for road in ROADS:
        derivation = derive(**options, by=road)
        numbers = sample(derivation.options, Given(), 0)
        for step in derivation:
            for chain in step.chains:
                for place, side in enumerate(chain):
                    for wrong in spoilt(side, rule):
                        bad = replace(step, chains=((*chain[:place], wrong, *chain[place + 1 :]),))
                        tried += 1
                        assert not bad.check(numbers).passed, bad.text
    assert tried > 0 or rule in (square_the_weights, double_the_ridge, lose_the_mask)


@pytest.mark.parametrize(
    ("key", "rule"), [("stack", lose_the_transpose), ("chain", lose_the_half), ("weights", square_the_weights)]
)
def test_a_derivation_with_a_wrong_step_fails_and_names_it(key, rule):
    derivation = derive("Z", weights=True, reg_exponent=0)
    step = derivation[key]
    *first, last = step.chains
    wrong = next(bad for side in last for bad in spoilt(side, rule))
    changed = tuple(wrong if next(spoilt(side, rule), None) == wrong else side for side in last)
    report = derivation.with_step(replace(step, chains=(*first, changed))).check()
    assert not report
    assert [check.key for check in report.failed] == [key]
    assert "DIFFERS" in str(report) or "FAILS" in str(report)
    assert report["gradient"].passed


@pytest.mark.parametrize("nu", [None, 0])
def test_a_wrong_formula_with_a_singular_system_is_reported_as_such(nu):
    derivation = derive("Z", missing=True, reg_exponent=nu)
    step = derivation["closed"]
    ((best, _),) = step.chains
    mask, factors = Sym("M")["j"], Sym("W")
    too_wide = Mul((Transpose(factors), Inv(Mul((mask, factors, Transpose(factors), mask))), Sym("X")["j"]))
    report = derivation.with_step(replace(step, chains=((best, too_wide),))).check()
    assert [check.key for check in report.failed] == ["closed"]
    assert "the matrix to invert is singular" in report["closed"].note
    assert "FAILS: the matrix to invert is singular" in str(report)


@pytest.mark.parametrize("objective", ["hkv", "ials"])
def test_a_row_without_stored_cells_agrees_too(objective):
    X = np.arange(12.0).reshape(4, 3)
    X[1] = 0
    report = derive("W", objective=objective, reg_exponent=1).check(X, k_factors(4), k_factors(3))
    assert report.passed, str(report)


@pytest.mark.parametrize("nu", [0, None])
def test_rounding_beside_zero_is_no_difference(nu):
    X = np.arange(12.0).reshape(4, 3)
    X[:, 1] = np.nan  # filling it with zeros changes nothing: both sides are zero, but for rounding
    given = {} if nu is None else {"reg": 1.0}
    report = derive(missing=True, reg_exponent=nu).check(X, k_factors(4), k_factors(3), **given)
    assert report["zero_filling"].passed, str(report)
    assert nu is None or report.passed, str(report)


def k_factors(rows):
    return np.random.default_rng(rows).normal(size=(rows, 2))
