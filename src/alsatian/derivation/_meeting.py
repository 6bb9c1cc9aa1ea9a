"""Where the roads meet: the gradient, what the library computes, and differences."""

from __future__ import annotations

from fractions import Fraction

from alsatian.derivation._differential import ridge_block
from alsatian.derivation._expr import Deriv, Entry, Expr, F, Frac, Inner, Loss, Num, Stack, Sym, Unit, add
from alsatian.derivation._roads import entry_slope
from alsatian.derivation._scene import BETA, TAU, A, H, R, Scene
from alsatian.derivation._steps import Step


def meeting(s: Scene) -> list[Step]:
    """Show that the roads end in one line, that the library computes it, and that differences agree."""
    part = "Where the roads meet"
    unit = Unit((s.p, "t"))
    direction = s.across(unit, s.V)
    ridge_part = None if not s.o.ridge else Inner(ridge_block(s, s.U), unit)
    linear = add(Inner(s.weigh(R), direction), ridge_part)
    row = (A[s.p] * s.u - BETA[s.p]).T

    def slope(times: int) -> Expr:
        tau = TAU[s.p, "t"]
        step = tau if times == 1 else Num(Fraction(times)) * tau
        up, down = (Loss(((s.U, moved),)) for moved in (s.U + step * unit, s.U - step * unit))
        return Frac(up - down, Num(Fraction(2 * times)) * tau)

    sizes = "({n} × {m})({m} × {wide})" if s.o.wrt == "Z" else "({m} × {n})({n} × {wide})"
    shape = "{many} × {wide}"
    return [
        _other_roads(s, linear, unit),
        s.step(
            "gradient",
            part,
            "The gradient",
            (
                Deriv(F, s.U),
                Stack(entry_slope(s), (s.p, "t")),
                Stack(row, (s.p,)),
                Stack(linear, (s.p, "t")),
                s.gradient,
            ),
            (s.gradient, s.gradient_in_full),
            words=f"""By entries, by rows, by the differential: the same numbers in every cell. (A bracket with indices
                below it is the matrix that has this formula in each cell, or as each row.) A look at the sizes makes a
                good habit: {sizes} is {shape}, the shape of {{U}}. Where the three sizes differ, a factor on the
                wrong side, or not transposed, would not fit; square data hide it.""",
        ),
        s.step(
            "library",
            part,
            "The library computes the same",
            (Sym("library"), s.gradient),
            words="""`alsatian.objective.gradient` is written for sparse data, over the stored cells alone. The solver
                is tested against it.""",
        ),
        s.step(
            "differences",
            part,
            "Central differences, exact at any step",
            (slope(1), slope(8), Entry(s.gradient, (s.p, "t"))),
            words="""With the other side held fixed, f is a quadratic, and for a quadratic the central difference is
                the derivative, not an approximation to it: the second-order terms cancel and there are no others. So
                the step {tau_pt} need not be small, and should not be: a small step only loses digits, as two nearly
                equal numbers are subtracted. So does one that is far too long, whose square term is all that is left of
                f. The fewest are lost where the square term is as large as the other terms of f, and this is the step
                taken here: one of the size of {U}, unless {target} is larger than the product. Two steps, eight times
                apart, agree to rounding. {E_pt} is 1 in one cell, as above.""",
            E_pt=unit,
            tau_pt=TAU[s.p, "t"],
        ),
    ]


def _other_roads(s: Scene, linear: Expr, unit: Expr) -> Step:
    """Bring the letters of the roads that were not walked."""
    chains: list[tuple[Expr, ...]] = [(Deriv(F, s.U[s.p, "t"]), linear)]
    words = """By the differential: {UH} in place of {U} changes f by ⟨gradient, {H}⟩ and what is of second order, where
        ⟨A, B⟩ is the sum of all products of equal cells. Take for {H} the matrix {E_pt} of the shape of {U}, which is 1
        in row {p}, column {t} and 0 elsewhere, and the first line is one entry of the gradient."""
    if s.o.by != "rows":
        chains += [(A[s.p], s.system), (BETA[s.p], s.right_side), (Deriv(F, s.u), A[s.p] * s.u - BETA[s.p])]
        words += """ By rows: {line} {p} is a least-squares problem of its own, ½ {quadratic} − {linear} and a constant,
            with the matrix {A_p} and the vector {beta_p}, and its gradient is a row of the whole one."""
    if s.o.ridge and not s.o.bias:
        words += " ({I} is the identity.)"
    if s.o.counted and s.o.by == "rows":
        words += " {Gamma} is the diagonal matrix of the counts {scale}."
    return s.step(
        "other_roads",
        "Where the roads meet",
        "What the other roads bring along",
        *chains,
        words=words,
        UH=s.U + H,
        E_pt=unit,
        quadratic=s.u.T * A[s.p] * s.u,
        linear=BETA[s.p].T * s.u,
    )
