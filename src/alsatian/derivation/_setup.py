"""The first part of a derivation: the function, and how every form of it becomes one weighted sum of squares."""

from __future__ import annotations

from alsatian.derivation._expr import (
    HALF,
    ONE,
    ZERO,
    Cat,
    Expr,
    F,
    Frac,
    Had,
    Leaf,
    Norm2,
    Sqrt,
    Square,
    Sym,
    Total,
    add,
    mul,
)
from alsatian.derivation._scene import (
    ALPHA,
    ALPHA0,
    LAM,
    LAM_B,
    MU,
    OFFSET,
    OMEGA,
    B,
    C,
    D,
    G,
    M,
    P,
    R,
    Scene,
    W,
    X,
    Y,
    Z,
)
from alsatian.derivation._steps import Step

PART = "The function"
_FUNCTION_LETTERS: dict[str, Expr | str] = {
    "g": G["i", "j"],
    "x": X["i", "j"],
    "c": C["i", "j"],
    "b_i": B["i"],
    "d_j": D["j"],
    "omega_i": OMEGA["i"],
    "omega_j": OMEGA["j"],
}


def setup(s: Scene) -> list[Step]:
    """State f, and write it with matrices."""
    steps = [_function(s)]
    if s.o.bias:
        steps.append(_bias(s))
    if s.o.objective == "ials":
        steps.append(_complete_the_square(s))
    steps.append(_residual(s))
    if s.o.missing:
        steps += [_mask(s), _nan(s)]
    if s.o.weights:
        steps.append(_weights(s))
    return [*steps, _matrix_form(s)]


def _function(s: Scene) -> Step:
    score = W["i"].T * Z["j"]
    if s.o.objective == "ials":
        own = HALF * Total(("i", "j"), ALPHA * G["i", "j"] * Square(P["i", "j"] - score), stored=True)
        f = own + HALF * ALPHA0 * Total(("i", "j"), Square(score))
    elif s.o.objective == "hkv":
        f = HALF * Total(("i", "j"), C["i", "j"] * Square(P["i", "j"] - score))
    else:
        fixed = (MU, B["i"], D["j"]) if s.o.bias else ()
        miss: Expr = X["i", "j"]
        for part in (*fixed, score):
            miss = miss - part
        weight = C["i", "j"] if s.o.weights else None
        f = HALF * Total(("i", "j"), mul(weight, Square(miss)), stored=s.o.missing)
    chains: list[tuple[Expr, ...]] = [(F, add(f, _both_ridges(s)))]
    if s.o.objective == "hkv":
        chains.append((C["i", "j"], ALPHA0 + ALPHA * G["i", "j"]))
    return s.step("function", PART, "What is minimised", *chains, words=_about_the_function(s), **_FUNCTION_LETTERS)


def _about_the_function(s: Scene) -> str:
    sizes = " {X} is {m} × {n}, {W} is {m} × {k} and {Z} is {n} × {k}; {W} and {Z} are the unknowns."
    return _about_the_cells(s) + sizes + _about_the_biases(s) + _about_the_ridges(s)


def _about_the_cells(s: Scene) -> str:
    if s.o.implicit:
        words = """{x} counts how often something happened. The preference {P} is 1 where {x} > 0 and 0 elsewhere, and
            the strength {g} is |{x}|; both are 0 in the cells that are not stored. The stored ones are the set {Omega}.
            Every cell of {X} has a term, stored or not:"""
        if s.o.objective == "hkv":
            return (
                words
                + """ its weight {c} is {alpha0} for all cells and {alpha} for each unit of the strength
                more."""
            )
        return (
            words
            + """ {alpha0} is the weight with which every score is drawn to 0, and {alpha} the weight of a
            stored cell for each unit of its strength."""
        )
    score = "its score: {mu}, the biases, and a row of {W} times a row of {Z}" if s.o.bias else ""
    score = score or "the product of a row of {W} and a row of {Z}"
    if s.o.missing:
        words = "Only the observed cells count. They are the set {Omega}; of the others nothing is known. Each of them"
    else:
        words = "Every cell of {X}"
    words += f" should be met by {score}."
    if s.o.weights:
        return (
            words
            + """ {c} ≥ 0 says how much a cell counts: one of weight 2 counts like two of weight 1, and one of
            weight 0 not at all. {C} is the matrix of the weights."""
        )
    if s.o.missing:
        return words
    return words + " In matrices the sum is the squared Frobenius norm of what is missed."


def _about_the_biases(s: Scene) -> str:
    if not s.o.bias:
        return ""
    return """ {mu} is a number that is held fixed (the mean, say), and there is a bias {b_i} for each row of {X} and
        {d_j} for each column."""


def _about_the_ridges(s: Scene) -> str:
    if not s.o.ridge:
        return ""
    ridge = """ The ridge {lam} keeps the factors small, and there is one for each side; ‖·‖² is the sum of all squares.
        Its ½ is there for the same reason as that of the squares: it meets the 2 of the derivative."""
    if s.o.counted:
        count = "stored" if s.o.implicit else "observed"
        ridge += f" It grows with the number {{omega_i}} of {count} cells of the row, or {{omega_j}} of the column."
    if s.o.bias:
        ridge += " The biases have their own, {lam_b}" + (", which grows likewise." if s.o.counted else ".")
    return ridge


def _both_ridges(s: Scene) -> Expr | None:
    if not s.o.ridge:
        return None
    if s.o.bias:
        rows = Total(("i",), mul(s.scale("i"), LAM * Norm2(W["i"]) + LAM_B * Square(B["i"])))
        columns = Total(("j",), mul(s.scale("j"), LAM * Norm2(Z["j"]) + LAM_B * Square(D["j"])))
        return HALF * rows + HALF * columns
    by_rows, by_columns = (
        (Total((index,), mul(scale, Norm2(block[index]))) if s.o.counted else mul(scale, Norm2(block)))
        for block, index, scale in ((W, "i", s.scale("i")), (Z, "j", s.scale("j")))
    )
    return HALF * LAM * by_rows + HALF * LAM * by_columns


def _bias(s: Scene) -> Step:
    if s.o.wrt == "Z":
        fixed, left, right = MU + B["i"], Cat(W["i"], ONE), Cat(Z["j"], D["j"])
    else:
        fixed, left, right = MU + D["j"], Cat(W["i"], B["i"]), Cat(Z["j"], ONE)
    miss = X["i", "j"] - MU - B["i"] - D["j"] - W["i"].T * Z["j"]
    return s.step(
        "bias",
        PART,
        "A bias is one more factor",
        (OFFSET[s.q], fixed),
        (Y["i", "j"], X["i", "j"] - OFFSET[s.q]),
        (s.left["i"], left),
        (s.right["j"], right),
        (miss, Y["i", "j"] - s.left["i"].T * s.right["j"]),
        words="""The bias that is solved together with {U} is a factor whose partner is 1, so {V} gets a column of ones
            and {U} the biases as a last column. What stays fixed in this half-step is {mu} and the other bias, together
            {o}; it is taken off the data, which leaves {Y}. The tilde marks the factors with the new column. From here
            on nothing differs from a model without biases.""",
        o=OFFSET[s.q],
    )


def _complete_the_square(s: Scene) -> Step:
    own, score = ALPHA * G["i", "j"], (W["i"].T * Z["j"])
    weight, target = C["i", "j"], Frac(own * P["i", "j"], C["i", "j"])
    left = own * Square(P["i", "j"] - score) + ALPHA0 * Square(score)
    rest = own * Square(P["i", "j"]) - Frac(Square(own * P["i", "j"]), C["i", "j"])
    return s.step(
        "square",
        PART,
        "Two squares in one",
        (weight, ALPHA0 + own),
        (Y["i", "j"], target),
        (left, add(weight * Square(Y["i", "j"] - score), rest)),
        words="""Both sums are squares of the same score, so they complete to one square with the weight {C} and a
            smaller target {Y}: the preference, drawn towards 0. What is left over does not hold the score. So "ials"
            is "hkv" with this target, and where {alpha0} is small beside the weight of a stored cell the two hardly
            differ.""",
    )


def _residual(s: Scene) -> Step:
    return s.step(
        "residual",
        PART,
        "Name the residual",
        (R, s.product - s.target),
        (R["i", "j"], s.left["i"].T * s.right["j"] - s.target["i", "j"]),
        words="""{R} is product minus data, and not the other way round: then the derivative of the residual has no
            minus sign. The square does not care. Cell {i}{j} of the product is row {i} of the left factor times row {j}
            of the right one, because of the transpose.""",
    )


def _mask(s: Scene) -> Step:
    if s.o.weights:
        return s.step(
            "mask",
            PART,
            "The mask goes into the weights",
            (
                Total(("i", "j"), mul(C["i", "j"], Square(R["i", "j"])), stored=True),
                Total(("i", "j"), mul(C["i", "j"], Square(R["i", "j"]))),
            ),
            (Had(M, C), C),
            words="""A missing cell is a cell of weight 0. Put 0 into {C} wherever {X} is missing, and the sum may run
                over all cells: it is then {M} ∘ {C} with the mask {M}, which is 1 in the observed cells and 0 in the
            others, already inside. (∘ multiplies cell by cell.)""",
        )
    return s.step(
        "mask",
        PART,
        "A mask in place of a restricted sum",
        (Total(("i", "j"), Square(R["i", "j"]), stored=True), Norm2(Had(M, R))),
        (Had(M, M), M),
        words="""Let {M} be 1 where a cell is observed and 0 where it is not. Multiplied cell by cell, which is
            what ∘ means, it wipes out the residuals of the missing cells. So the sum may run over all cells and
            matrices can be used again: ‖·‖² is the sum of the squares of all cells, the squared Frobenius norm. The
            square changes nothing, as 0² = 0 and 1² = 1.""",
    )


def _nan(s: Scene) -> Step:
    nan = Leaf(r"\mathrm{NaN}", "NaN", float("nan"))
    filled_otherwise = Sym("X", mark="prime")
    return s.step(
        "nan",
        PART,
        "0 · NaN does not hide a NaN",
        (ZERO * nan, nan),
        (s.weigh(X), s.weigh(filled_otherwise)),
        words="""On paper the mask removes a missing cell. In floating point 0 · NaN is NaN, and one such
            product makes whole rows of the gradient NaN. So fill the holes before you multiply, as in
            `np.where(mask, X, 0)`. With what does not matter, since the mask wipes it out: {X} is filled with
            zeros here, {X2} with other numbers.""",
        X2=filled_otherwise,
    )


def _weights(s: Scene) -> Step:
    return s.step(
        "weights",
        PART,
        "The weight stands outside the square",
        (Norm2(Had(Sqrt(C), R)), Total(("i", "j"), mul(C["i", "j"], Square(R["i", "j"])))),
        (Norm2(Had(C, R)), Total(("i", "j"), mul(Square(C["i", "j"]), Square(R["i", "j"])))),
        words="""{C} holds the weight {c} of each cell, ∘ and the root go cell by cell, and ‖·‖² is the sum of the
            squares of all cells. A weight multiplies the square. Inside a norm it is squared too, so it is its root
            that belongs there. The second line is the trap: {C} ∘ {R} in the norm weighs by the squares of the
            weights. With a mask nobody notices, since 0 and 1 are their own squares.""",
        c=C["i", "j"],
    )


def _matrix_form(s: Scene) -> Step:
    form = HALF * Norm2(s.weigh_by_root(s.product - s.target))
    words = "All cells at once; ‖·‖² is the sum of the squares of all cells of a matrix, its squared Frobenius norm."
    if s.weight is not None:
        words += " ∘ multiplies cell by cell"
        words += ", and so the root is taken." if s.weight == C else "."
    if s.o.ridge:
        words += " The ridge of {V} does not move with {U}: it is a constant in this half of the problem, {const}."
    if s.o.bias and s.o.ridge:
        words += " {Lambda} is the diagonal matrix with {lam} for each factor and {lam_b} for the bias."
    if s.o.objective == "ials":
        words += (
            " So is what completing the squares has left."
            if s.o.ridge
            else " What completing the squares has left does not move with {U}: it is a constant, {const}."
        )
    if s.weight is None:
        words += """ For a fixed {V} this is linear regression: {V} holds the regressors, {U} the coefficients, and
            each {line} of {X} is one set of responses."""
    else:
        words += " For a fixed {V} this is weighted linear regression, with other weights for each {line} of {X}."
    return s.step("matrix", PART, "The same in matrices", (F, add(form, s.ridge_total, s.constant)), words=words)
