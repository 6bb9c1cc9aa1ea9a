"""What the steps say in words is true of what they show."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter

import numpy as np
import pytest

from alsatian.derivation import _expr as ex
from alsatian.derivation import derive
from alsatian.derivation._steps import width
from alsatian.objective import loss
from derivation.cases import ROADS, combinations, name

SIGNS = {
    ex.Inner: ("⟨, ⟩", "⟨"),
    ex.Trace: ("tr", "trace"),
    ex.Had: ("∘", "∘"),
    ex.Norm2: ("‖ ‖", "‖"),
    ex.Unit: ("E", ""),
}


def letters_of(e: ex.Expr) -> Iterator[str]:
    """Yield the letters and signs that a formula needs explained."""
    if isinstance(e, ex.Sym) and e.role != "library":
        yield f"{e.role} {e.mark}"
    if type(e) in SIGNS:
        yield SIGNS[type(e)][0]
    for child in ex.children(e):
        yield from letters_of(child)


@pytest.mark.parametrize("options", list(combinations()), ids=name)
def test_every_letter_is_explained_where_it_first_stands(options):
    for road in ROADS:
        known: set[str] = set()
        for step in derive(**options, by=road):
            for _, field, _, _ in Formatter().parse(step.words):
                value = step.fields[field] if field else ""
                known |= set() if isinstance(value, str) else set(letters_of(value))
            known |= {sign for sign, word in SIGNS.values() if word and word in step.words}
            shown = {letter for chain in step.chains for side in chain for letter in letters_of(side)}
            assert shown <= known, (road, step.key, shown - known)


@pytest.mark.parametrize("options", list(combinations()), ids=name)
def test_the_sum_is_called_a_frobenius_norm_only_where_all_cells_count_alike(options):
    said = derive(**options)["function"].reason
    plain = not options.get("missing") and not options.get("weights") and "objective" not in options
    assert ("Frobenius" in said) == plain
    assert ("met by the product of a row of W and a row of Z" in said) == (
        "objective" not in options and not options["bias"]
    )
    if options.get("weights"):
        assert "cᵢⱼ ≥ 0 says how much a cell counts" in said
        assert "C is the matrix of the weights" in said
        assert "C holds the weight cᵢⱼ of each cell" in derive(**options)["weights"].reason


@pytest.mark.parametrize("names", [None, "course"])
@pytest.mark.parametrize("options", list(combinations()), ids=name)
def test_text_fits_a_terminal_of_80_columns(options, names):
    for road in ROADS:
        derivation = derive(**options, by=road, names=names)
        assert max(map(width, derivation.to_text().splitlines())) <= 80
        # A panel takes seven columns of a terminal.
        assert max(width(line) for step in derivation for line in step.text.splitlines()) <= 73


def test_a_long_formula_is_broken_between_its_terms():
    assert derive()["differences"].text.splitlines() == [
        "(f(Z + τⱼₜ Eⱼₜ) − f(Z − τⱼₜ Eⱼₜ))/(2 τⱼₜ)",
        "     = (f(Z + 8 τⱼₜ Eⱼₜ) − f(Z − 8 τⱼₜ Eⱼₜ))/(16 τⱼₜ)",
        "     = (Rᵀ W)ⱼₜ",
    ]
    assert derive(missing=True, reg_exponent=1)["function"].text.splitlines() == [
        "f = ½ Σ_{(i,j) ∈ Ω} (xᵢⱼ − wᵢᵀ zⱼ)² + ½ λ Σᵢ |Ωᵢ| ‖wᵢ‖²",
        "    + ½ λ Σⱼ |Ωⱼ| ‖zⱼ‖²",
    ]


@pytest.mark.parametrize("nu", [None, 0, 0.5, 1, 2])
@pytest.mark.parametrize("bias", [False, True])
def test_filling_with_zeros_shows_the_line_that_it_speaks_of(nu, bias):
    step = derive(missing=True, reg_exponent=nu, bias=bias)["zero_filling"]
    assert "what is on the right of the last line" in step.reason
    assert len(step.text.splitlines()) >= 2
    assert step.chains[-1][-1] == ex.Neg(step.chains[-1][-1].body)
    assert ("a full column, whose count is m" in step.reason) == bool(nu)
    assert derive("W", missing=True, reg_exponent=nu, bias=bias).check()["zero_filling"].passed


@pytest.mark.parametrize("options", list(combinations()), ids=name)
def test_minimisers_of_the_whole_are_promised_only_where_there_are_any(options):
    step = derive(**options)["many"]
    may_be_none = options["reg_exponent"] is None and bool(options.get("missing") or options.get("weights"))
    assert (step.title == "If the whole has a minimiser, it has many") == may_be_none
    assert ("There need not be one" in step.reason) == may_be_none


def test_without_a_ridge_and_with_a_hole_f_may_have_no_minimiser():
    X = np.array([[0.0, 1.0], [1.0, np.nan]])
    found = [loss(X, [[e], [1.0]], [[1.0], [1 / e]]) for e in (1.0, 1e-2, 1e-4)]
    assert np.allclose(found, [0.5, 0.5e-4, 0.5e-8])  # 0 needs one product 0 and two others 1


def test_what_scaling_by_the_count_does_to_a_full_matrix():
    for wrt in "ZW":
        said = derive(wrt, reg_exponent=0)["count"].reason
        assert "the factor is m for the rows of Z and n for those of W" in said
    rng = np.random.default_rng(0)
    X, W, Z = rng.normal(size=(7, 3)), rng.normal(size=(7, 2)), rng.normal(size=(3, 2))
    scaled = loss(X, W, Z, reg=0.3, reg_exponent=1)
    assert np.isclose(scaled, loss(X, W, Z, reg=(0.3 * 3, 0.3 * 7), reg_exponent=0))


def test_with_a_bias_there_is_one_more_unknown():
    derivation = derive(bias=True, reg_exponent=0, missing=True)
    for key in ("normal", "hessian", "gradient", "gather"):
        assert "k + 1" in derivation[key].reason
    assert derivation["normal"].text.splitlines()[-1] == "(W̃ᵀ Mⱼ W̃ + Λ) z̃ⱼ* = W̃ᵀ Mⱼ yⱼ"
    assert "k + 1" not in derive(reg_exponent=0).to_text()
    assert r"\tilde{z}_{j}^{\star}" in derivation["normal"].latex


def test_a_bias_on_one_side_alone_and_a_ridge_of_each_side():
    rng = np.random.default_rng(0)
    X, b = rng.normal(size=(5, 4)), rng.normal(size=5)
    assert derive("W", bias=True).check(X, row_bias=b, column_bias=np.zeros(4), mean=0.0).passed
    assert derive("Z").check(X - b[:, None]).passed


def test_the_usual_letters_have_a_name():
    assert derive(names="usual").to_text() == derive().to_text()
