"""The road by the differential."""

from __future__ import annotations

from alsatian.derivation._expr import HALF, Deriv, Expr, F, Inner, Leaf, Loss, Mul, Trace, add
from alsatian.derivation._scene import H, R, Scene
from alsatian.derivation._steps import Step

_TRACE_RULE = Leaf(r"\langle A, B \rangle = \operatorname{tr}(A^{\top} B)", "⟨A, B⟩ = tr(Aᵀ B)", 0.0)


def by_differential(s: Scene) -> list[Step]:
    """Walk the road by the differential: what stands beside H in f(U + H) is the gradient."""
    part = "By the differential"
    VH = s.across(H, s.V)
    G = s.weigh(R)
    moved = Loss(((s.U, s.U + H),))
    result = s.turn(G) * s.V
    trace = Trace(_product(G.T, VH))
    turned = Trace(H.T * (G.T * s.V)) if s.o.wrt == "Z" else Trace(s.V.T * (G.T * H))
    remainder = add(HALF * Inner(s.weigh(VH), VH), _ridge_remainder(s))
    ridge_part = None if not s.o.ridge else Inner(ridge_block(s, s.U), H)
    steps = [
        s.step(
            "move",
            part,
            "Move {U}, and see the residual move",
            (
                (s.left * (s.right + H).T if s.o.wrt == "Z" else (s.left + H) * s.right.T) - s.target,
                R + VH,
            ),
            words="""Add any matrix {H} of the shape of {U}. The product is linear in {U}, so the residual moves by a
                term that is linear in {H}, and exactly so.""",
        ),
        s.step(
            "expand",
            part,
            "Expand the square",
            (moved, add(Loss(((s.U, s.U),)), Inner(G, VH), ridge_part, remainder)),
            words="""With ⟨A, B⟩ for the sum of all products of equal cells, ‖A‖² is ⟨A, A⟩, and the square opens as
                that of numbers does. The two mixed terms are equal; the ½ leaves one."""
            + (" The ridge opens in the same way." if s.o.ridge else "")
            + (" {Gamma} is the diagonal matrix of the counts {scale}, one for each row." if s.o.counted else ""),
        ),
        s.step(
            "trace",
            part,
            "Write the inner product as a trace",
            (Inner(G, VH), trace),
            words="""{rule}: cell {t}{t} of the product is column {t} of A times column {t} of B, and the trace adds
                these up over all columns.""",
            rule=_TRACE_RULE,
        ),
    ]
    steps.append(
        s.step(
            "cycle",
            part,
            "Turn the trace by one place",
            (trace, turned),
            words="""tr(A B) = tr(B A), whatever the shapes, as both are the sum over all cells of A times the cells of
                B across the diagonal. Take {last} for B: the last factor goes to the front, and the others keep their
                order. That is all the cyclic rule allows: no two neighbours may change places.""",
            last=H.T if s.o.wrt == "Z" else s.V.T,
        )
    )
    steps.append(
        s.step(
            "inner",
            part,
            "Back to an inner product with {H}".replace("{H}", s.letters.plain("H")),
            (turned, Inner(result, H)),
            words=(
                """The last rule backwards: a trace of {Ht} times something is the inner product of {H} with it, and
                that does not mind the order. Now {H} stands alone on one side."""
                if s.o.wrt == "Z"
                else """The two factors before {H} are the transpose of {result}, as transposing turns the order. So
                    the trace is an inner product again, and now {H} stands alone on one side."""
            ),
            result=result,
            Ht=H.T,
        )
    )
    steps.append(
        s.step(
            "remainder",
            part,
            "What is left is of second order",
            (moved, add(Loss(((s.U, s.U),)), Inner(s.gradient, H), remainder)),
            words="""The gradient is by definition the matrix whose inner product with {H} is the linear part of the
                change, if the rest is small beside {H}. Here the rest is known exactly: it is quadratic, so it is at
                most a constant times the square of the norm of {H}, and that is o(‖{H}‖).""",
        )
    )
    words = """Read it off: the gradient is what stands beside {H}. No other matrix would do, because two matrices with
        the same inner product with every {H} are equal: take for {H} the matrices that are 1 in one cell and 0
        elsewhere."""
    steps.append(s.step("stack", part, "Read off the gradient", (Deriv(F, s.U), s.gradient), words=words))
    return steps


def _product(one: Expr, other: Expr) -> Expr:
    factors = other.factors if isinstance(other, Mul) else (other,)
    return Mul((one, *factors))


def _ridge_remainder(s: Scene) -> Expr | None:
    return HALF * Inner(ridge_block(s, H), H) if s.o.ridge else None


def ridge_block(s: Scene, block: Expr) -> Expr:
    """Apply the ridge, where there is one."""
    applied = s.ridge_block(block)
    assert applied is not None
    return applied
