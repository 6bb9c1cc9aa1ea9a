"""What keeps a half-step cheap: the stored cells, and the dual form of short rows."""

from __future__ import annotations

from alsatian.derivation._expr import Deriv, Expr, F, Had, Inv, Sym, Total, add, mul
from alsatian.derivation._scene import ALPHA, ALPHA0, BETA, C, G, P, R, Scene
from alsatian.derivation._steps import Step

B = Sym("B")
PART = "What it costs"


def cost(s: Scene) -> list[Step]:
    """Show the forms in which a program computes a half-step."""
    steps = [_stored_system(s), _stored_gradient(s)] if s.o.implicit else []
    if s.o.implicit:
        return [*steps, _dual_of_implicit(s)]
    return [_dual(s)] if s.o.ridge else []


def _own(s: Scene) -> Expr:
    """Give what a stored cell multiplies its row by on the right-hand side."""
    return C["i", "j"] if s.o.objective == "hkv" else ALPHA * G["i", "j"]


def _stored_system(s: Scene) -> Step:
    gram, extra = s.V.T * s.V, C[s.p] - ALPHA0 * Sym("I", mark="long")
    cells = Total((s.q,), mul(ALPHA, G["i", "j"], s.v, s.v.T), stored=True)
    return s.step(
        "stored",
        PART,
        "Only the stored cells cost",
        (
            mul(s.V.T, C[s.p], s.V),
            ALPHA0 * gram + mul(s.V.T, extra, s.V),
            ALPHA0 * gram + cells,
        ),
        (BETA[s.p], Total((s.q,), mul(_own(s), P["i", "j"], s.v), stored=True)),
        words="""The weight is {alpha0} almost everywhere. Take that part out: it gives one matrix for all rows,
            computed once in {others} {k}² operations. What is left of the weights is zero outside the stored cells, so
            the rest of the product is a sum over the {count} stored cells of the {line}; and so is the right-hand
            side, where the preference is zero elsewhere. All rows together cost as many times {k}² as there are stored
            cells, though every cell of {X} has its term in f. For {alpha0} = 1 the first line is the one of Hu, Koren
            and Volinsky. ({long} is the identity.)""",
        long=Sym("I", mark="long"),
    )


def _stored_gradient(s: Scene) -> Step:
    scores = R + s.target
    wanted = C if s.o.objective == "hkv" else ALPHA * G
    sparse = Had(ALPHA * G, scores) - Had(wanted, P)
    return s.step(
        "stored_gradient",
        PART,
        "The gradient over the stored cells",
        (
            Deriv(F, s.U),
            add(s.turn(sparse) * s.V, mul(ALPHA0, s.U, s.V.T, s.V), s.ridge_block(s.U)),
        ),
        words="""The same for the gradient: {scores} is the matrix of all scores, but only those of the stored cells
            are needed, as {G} and {P} are zero elsewhere. The second term needs no matrix of the size of {X} if the
            {k} × {k} product is computed first.""",
        scores=scores,
    )


def _dual(s: Scene) -> Step:
    long = Sym("I", mark="long")
    root = s.diagonal_root
    scaled_y = mul(root, s.y)
    if s.o.bias:
        assert s.lam is not None
        ridge = Inv(s.lam)
        inner = add(mul(root, s.V, ridge, s.V.T, root), long)
        form = mul(ridge, s.V.T, root, Inv(inner), scaled_y)
    else:
        assert s.lam is not None
        inner = add(mul(root, s.V, s.V.T, root), s.lam * long)
        form = mul(s.V.T, root, Inv(inner), scaled_y)
    return s.step(
        "dual",
        PART,
        "The dual form, for short rows",
        (s.best[s.p], form),
        words="""Push {V} through the inverse (Woodbury's identity), and the system has a row for each cell of the
            {line} in place of one for each factor. Cells of weight 0 drop out of it, so its size is the number of
            observed cells: the cheaper form wherever a {line} has fewer cells than there are factors. ({long} is the
            identity.)""",
        long=long,
    )


def _dual_of_implicit(s: Scene) -> Step:
    long = Sym("I", mark="long")
    base = Inv(B[s.p])
    extra = C[s.p] - ALPHA0 * long
    inner = long + mul(extra, s.V, base, s.V.T)
    return s.step(
        "dual",
        PART,
        "The dual form, for short rows",
        (B[s.p], add(mul(ALPHA0, s.V.T, s.V), s.ridge_matrix)),
        (s.best[s.p], mul(base, s.V.T, Inv(inner), C[s.p], s.y)),
        words="""Push {V} through the inverse of {A_p} (Woodbury's identity). The matrix in the last inverse differs
            from the identity only in the rows of the stored cells, so the system that is left has the size of their
            number; and {B_p} is the part that needs no cell of the {line}. This is the cheaper form wherever a {line}
            has fewer stored cells than there are factors.""",
        B_p=B[s.p],
    )
