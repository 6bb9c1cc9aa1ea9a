"""What a derivation looks like: text, Markdown, LaTeX, other letters."""

from __future__ import annotations

import re
import shutil
import subprocess
from textwrap import dedent

import numpy as np
import pytest

from alsatian.derivation import derive
from derivation.cases import ROADS, combinations, name

GOLDEN = """\
The gradient with respect to Z, by the differential
===================================================

Every cell observed, no ridge.

The function
------------

1. What is minimised

        f = ½ Σᵢⱼ (xᵢⱼ − wᵢᵀ zⱼ)²

    Every cell of X should be met by the product of a row of W and a row of Z.
    In matrices the sum is the squared Frobenius norm of what is missed. X is m
    × n, W is m × k and Z is n × k; W and Z are the unknowns.

2. Name the residual

        R = W Zᵀ − X
        rᵢⱼ = wᵢᵀ zⱼ − xᵢⱼ

        For all i and j.

    R is product minus data, and not the other way round: then the derivative of
    the residual has no minus sign. The square does not care. Cell ij of the
    product is row i of the left factor times row j of the right one, because of
    the transpose.

3. The same in matrices

        f = ½ ‖W Zᵀ − X‖²

    All cells at once; ‖·‖² is the sum of the squares of all cells of a matrix,
    its squared Frobenius norm. For a fixed W this is linear regression: W holds
    the regressors, Z the coefficients, and each column of X is one set of
    responses.

By the differential
-------------------

4. Move Z, and see the residual move

        W (Z + H)ᵀ − X = R + W Hᵀ

    Add any matrix H of the shape of Z. The product is linear in Z, so the
    residual moves by a term that is linear in H, and exactly so.
"""


def test_the_text():
    assert derive("Z", by="differential").to_text().startswith(GOLDEN)


def test_the_statements_of_the_road_by_rows():
    rows = derive("Z", missing=True, reg_exponent=1, by="rows")
    statements = "\n".join(step.text for step in rows if step.part == "By rows")
    assert statements == dedent("""\
        f = Σⱼ (½ (W zⱼ − xⱼ)ᵀ Mⱼ (W zⱼ − xⱼ) + ½ λ |Ωⱼ| ‖zⱼ‖²) + const
        ½ (W zⱼ − xⱼ)ᵀ Mⱼ (W zⱼ − xⱼ) + ½ λ |Ωⱼ| ‖zⱼ‖²
             = ½ zⱼᵀ Aⱼ zⱼ − βⱼᵀ zⱼ + ½ xⱼᵀ Mⱼ xⱼ
        Aⱼ = Wᵀ Mⱼ W + λ |Ωⱼ| I
        βⱼ = Wᵀ Mⱼ xⱼ
        ∂f/∂zⱼ = Aⱼ zⱼ − βⱼ
        Aⱼ zⱼ − βⱼ = Wᵀ Mⱼ (W zⱼ − xⱼ) + λ |Ωⱼ| zⱼ
        (∂f/∂zⱼ)ᵀ = (zⱼᵀ Wᵀ − xⱼᵀ) Mⱼ W + λ |Ωⱼ| zⱼᵀ
        ∂f/∂Z = (M ∘ (W Zᵀ − X))ᵀ W + λ Γ Z""")


@pytest.mark.parametrize(
    ("options", "closed"),
    [
        ({"reg_exponent": 0}, "Z* = Xᵀ W (Wᵀ W + λ I)⁻¹"),
        ({"wrt": "W", "reg_exponent": 0}, "W* = X Z (Zᵀ Z + λ I)⁻¹"),
        ({"reg_exponent": 1}, "Z* = Xᵀ W (Wᵀ W + λ m I)⁻¹"),
        ({"wrt": "W", "missing": True}, "wᵢ* = (Zᵀ Mᵢ Z)⁻¹ Zᵀ Mᵢ xᵢ"),
        ({"weights": True, "reg_exponent": 0}, "zⱼ* = (Wᵀ Cⱼ W + λ I)⁻¹ Wᵀ Cⱼ xⱼ"),
        ({"bias": True, "reg_exponent": 0}, "Z̃* = Yᵀ W̃ (W̃ᵀ W̃ + Λ)⁻¹"),
        ({"wrt": "W", "objective": "hkv"}, "wᵢ* = (Zᵀ Cᵢ Z)⁻¹ Zᵀ Cᵢ pᵢ"),
    ],
)
def test_closed_forms(options, closed):
    assert derive(**options)["closed"].text == closed


@pytest.mark.parametrize("options", list(combinations()), ids=name)
def test_the_latex_is_in_order(options):
    for road in ROADS:
        derivation = derive(**options, by=road)
        document = derivation.to_latex()
        document.encode("ascii")
        assert document.startswith(r"\documentclass")
        assert document.endswith("\\end{document}\n")
        for step in derivation:
            check_formula(step.latex)
            check_words(step.reason_latex)
            assert not re.search(r"[{}]|[A-Za-z]_[A-Za-z]\b", step.reason.replace("np.where", "")), step.reason


def check_formula(latex: str) -> None:
    assert latex.count("{") == latex.count("}")
    depth = 0
    for sign in re.sub(r"\\[{}]", "", latex):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    for opening, closing in (("(", ")"), ("[", "]"), (r"\lVert", r"\rVert"), (r"\langle", r"\rangle")):
        assert latex.count(opening) == latex.count(closing), latex
    assert latex.count(r"\begin") == latex.count(r"\end")
    assert not re.search(r"\^\{[^{}]*\}\^|_\{[^{}]*\}_", latex), latex  # a double index stops TeX


def check_words(latex: str) -> None:
    assert latex.count("$") % 2 == 0
    assert "`" not in re.sub(r"``", "", latex)
    outside = re.sub(r"\$[^$]*\$", "", latex)
    assert not re.search(r"(?<!\\)[%&#_]", outside), outside


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.parametrize(
    "options", [{}, {"wrt": "W", "missing": True, "weights": True, "reg_exponent": 1, "bias": True}]
)
def test_the_latex_compiles(options, tmp_path):
    derivation = derive(**options, by="differential")
    (tmp_path / "page.tex").write_text(derivation.to_latex(report=derivation.check()), encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_markdown_has_a_display_formula_for_each_step():
    derivation = derive("Z", missing=True, by="rows")
    page = derivation.to_markdown()
    assert page.startswith("# The gradient with respect to Z, by rows\n")
    assert page.count("\n$$\n") == 2 * len(derivation)
    assert r"M_{j}" in page
    assert derivation._repr_markdown_() == page
    assert derivation["closed"]._repr_latex_().startswith("$$")


def test_a_report_goes_into_each_document():
    derivation = derive("W", by="entries")
    report = derivation.check()
    for page in (
        derivation.to_text(report=report),
        derivation.to_markdown(report=report),
        derivation.to_latex(report=report),
    ):
        assert page.count("largest difference") == len(derivation)
    assert report._repr_markdown_().count("agrees") == len(derivation)
    assert f"{len(derivation)} of {len(derivation)} steps agree." in repr(report)


def test_representations():
    derivation = derive("W", missing=True, reg_exponent=1)
    assert repr(derivation).startswith("<Derivation: The gradient with respect to W, by entries; missing cells, ridge")
    assert str(derivation) == derivation.to_text()
    assert derivation["entry"] is next(step for step in derivation if step.key == "entry")
    assert derivation[0].key == "function"
    assert derivation[np.int64(-1)] is derivation.steps[-1]
    assert "\n    " + derivation["entry"].text.splitlines()[0] in str(derivation["entry"])
    assert repr(derivation["entry"]) == "<Step 'entry': Add up the row>"
    with pytest.raises(KeyError, match="no step 'nonsense'; there are function, "):
        derivation["nonsense"]
    with pytest.raises(KeyError, match="no step 'nonsense'"):
        derivation.check()["nonsense"]


def test_what_a_terminal_notebook_shows():
    shown = []
    printer = type("Printer", (), {"text": staticmethod(shown.append)})
    derivation = derive("Z")
    derivation._repr_pretty_(printer, False)
    derivation._repr_pretty_(printer, True)
    assert shown == [str(derivation), repr(derivation)]


def test_the_letters_of_a_course():
    derivation = derive("Z", names="course")
    assert derivation["entry"].text == ("∂f/∂z_ij = Σ_d r_di w_dj\n∂f/∂z_ij = −Σ_d (x_di − (W Zᵀ)_di) w_dj")
    assert "X is D × N, W is D × K and Z is N × K" in derivation["function"].reason
    assert "(N × D)(D × K) is N × K" in derivation["gradient"].reason
    assert derivation.check().passed


def test_own_letters():
    derivation = derive("Z", names={"X": "V", "lam": "γ"}, reg_exponent=0)
    assert derivation["closed"].text == "Z* = Vᵀ W (Wᵀ W + γ I)⁻¹"
    assert r"\gamma" in derivation.to_latex()
    assert "x" not in derivation["entry"].text
    assert derivation.check().passed
