"""Beyond the gradient: curvature, minimisers, closed forms, and what each option changes in them."""

from __future__ import annotations

from alsatian.derivation._expr import (
    HALF,
    TWO,
    Delta,
    Deriv,
    Expr,
    F,
    Frac,
    Had,
    Hess,
    Inv,
    Loss,
    Norm2,
    Num,
    Power,
    Square,
    Sym,
    Total,
    add,
    mul,
)
from alsatian.derivation._scene import (
    ALPHA0,
    BETA,
    LAM,
    OMEGA,
    ONES,
    A,
    H,
    I,
    M,
    Q,
    Scene,
    W,
    Z,
)
from alsatian.derivation._steps import Step

PART = "The minimum"
LONG_I = Sym("I", mark="long")


def minimum(s: Scene) -> list[Step]:
    """Go from the gradient to the half-step of ALS."""
    steps = [_hessian(s), _one_minimiser(s), _normal(s), _closed(s)]
    if not s.o.shared:
        steps.append(_no_single_solve(s))
    if s.o.missing and not s.o.weights:
        steps.append(_zero_filling(s))
    steps += [_drop(s), _many(s)]
    if s.o.ridge:
        steps.append(_rotations(s))
    return steps


def _hessian(s: Scene) -> Step:
    one = "and it is the same for all rows" if s.weight is None else "one for each row, as each has its own weights"
    identity = " ({I} is the identity.)" if s.o.ridge and not s.o.bias else ""
    return s.step(
        "hessian",
        PART,
        "The second derivative",
        (Hess(s.u, s.U[s.p2]), Delta((s.p, s.p2)) * s.system),
        (A[s.p], s.system),
        words=f"""Derive once more: the gradient of row {{p}} is linear in {{u}} and holds no other row. So the Hessian
            in this block is block-diagonal, with {{many}} blocks of {{wide}} × {{wide}}; call them {{A_p}}, {one}. They
            do not depend on {{U}}: f is quadratic in {{U}}, though it is of fourth degree in both
            together.{identity}""",
    )


def _one_minimiser(s: Scene) -> Step:
    h = H[s.p]
    form = Norm2(mul(s.diagonal_root, s.V, h))
    if s.o.ridge:
        because = """The ridge makes this positive for every {h} that is not 0. So f curves upwards in all directions,
            and this half of the problem has exactly one minimiser, whatever the data."""
        if s.o.counted and not s.o.implicit:
            because = """The ridge makes this positive for every {h} that is not 0, in every {line} with at least one
                observed cell. So f curves upwards in all directions, and this half of the problem has exactly one
                minimiser, but for empty {line}s: there the count is 0 and so is the ridge, any {u} will do, and `ALS`
                gives it zero factors."""
    else:
        because = """This is never negative, so f is convex in {U}: wherever the gradient is zero is a minimum. It is
            zero for some {h} if the rows of {V} that count do not span all directions. Without a ridge such a row has
            a whole plane of minimisers; with more counted cells than factors that is rare."""
    return s.step(
        "one",
        PART,
        "Each half has one minimiser" if s.o.ridge else "Each half is convex",
        (mul(h.T, A[s.p], h), add(form, s.ridge_form(h))),
        words=because,
        h=h,
    )


def _normal(s: Scene) -> Step:
    best = s.best[s.p]
    return s.step(
        "normal",
        PART,
        "Set the gradient to zero",
        (A[s.p] * best, BETA[s.p]),
        (mul(s.system, best), s.right_side),
        words="""These are the normal equations, a system of {wide} × {wide} for each row. {best} is computed here in
            another way, by least squares"""
        + (", with the ridge as {wide} more rows of data whose targets are 0." if s.o.ridge else " from a QR or SVD."),
    )


def _closed(s: Scene) -> Step:
    if s.weight is None:
        system = add(s.V.T * s.V, s.ridge_matrix)
        return s.step(
            "closed",
            PART,
            "All rows in one line",
            (s.best, mul(s.turn(s.target), s.V, Inv(system))),
            words="""Transpose the normal equations, and they can be stacked like the gradient, for all rows share one
                matrix. It has {wide} × {wide} numbers however large {X} is: one factorization serves all {many} rows.
                (In a program, solve with a Cholesky factor; do not form the inverse.)"""
            + ("" if s.o.ridge else " Without a ridge there is an inverse only if {V} has full column rank."),
        )
    drops = "" if s.o.implicit else " The cells of weight 0 drop out of both products."
    return s.step(
        "closed",
        PART,
        "Row by row",
        (s.best[s.p], mul(Inv(s.system), s.V.T, s.diagonal, s.y)),
        words="""One system a row, and that is the whole of a half-step of ALS: solve all rows of {U}, then let the
            sides change places."""
        + drops
        + " (In a program, solve with a Cholesky factor; do not form the inverse.)"
        + ("" if s.o.ridge else " Without a ridge the rows of {V} where cells count must have full column rank."),
    )


def _no_single_solve(s: Scene) -> Step:
    assert s.diagonal is not None
    assert s.weight is not None
    first, second = s.weight[s.p], s.weight[s.p2]
    ridge: Expr | None = None
    if s.o.counted:
        mine, other = s.scale(s.p), s.scale(s.p2)
        assert mine is not None
        assert other is not None
        ridge = (mine - other) * (Sym("Lambda") if s.o.bias else LAM * I)
    return s.step(
        "no_single_solve",
        PART,
        "Why no single solve is left",
        (A[s.p] - A[s.p2], add(mul(s.V.T, first - second, s.V), ridge)),
        words="""In general, two rows have the same matrix only if the same cells count in them, and equally. So there
            are {many} systems in place of one. That is the price of weights and of missing cells: not the gradient,
            but the solution stops being one formula.""",
    )


def _zero_filling(s: Scene) -> Step:
    filled = s.zero_filled
    product = s.across(filled, s.V)
    holes = ONES - M
    shared = None
    if s.o.ridge:
        nu = s.o.reg_exponent
        size = Sym("m" if s.o.wrt == "Z" else "n")
        scale = None if not nu else (size if nu == 1 else Power(size, nu))
        shared = mul(scale, filled, Sym("Lambda")) if s.o.bias else mul(LAM, scale, filled)
    known = s.turn(Had(M, product - s.target)) * s.V
    pulled = s.turn(Had(holes, product)) * s.V
    chains: list[tuple[Expr, ...]] = [
        (
            Norm2(Had(M, s.target) - s.product),
            Norm2(Had(M, s.target - s.product)) + Norm2(Had(holes, s.product)),
        )
    ]
    chains.append((add(known, shared), -pulled))
    ridge = " and the ridge" if s.o.ridge else ""
    if s.o.counted:
        ridge += " (that of a full {line}, whose count is {whole_count})"
    offset = " (Here that means filling {X} with the fixed part of the scores.)" if s.o.bias else ""
    return s.step(
        "zero_filling",
        PART,
        "What filling with zeros minimises",
        *chains,
        words="""Fill the holes of {target} with zeros, and all rows share one system again. But its solution {filled}
            is that of another problem, in which every prediction for a missing cell is pulled to zero, as the second
            norm says. ({ones} is the matrix of ones, so the mask of the holes is {holes}.) At {filled} the gradient of
            the observed cells"""
        + ridge
        + " is not zero but what is on the right of the last line."
        + offset,
        holes=holes,
        filled=filled,
    )


def _drop(s: Scene) -> Step:
    gap = s.u - s.best[s.p]
    return s.step(
        "drop",
        PART,
        "A half-step cannot raise f",
        (
            Loss(((s.U, s.U),)) - Loss(((s.U, s.best),)),
            HALF * Total((s.p,), mul(gap.T, A[s.p], gap)),
        ),
        words="""A quadratic lies above its minimum by half the quadratic form of the distance. The right side is not
            negative, so going from {U} to {best} lowers f by just this much, or leaves it where it is. Nothing has to
            be tuned: there is no step size. Moving past {best} by less than the same distance lowers f still, which is
            why over-relaxation is safe.""",
    )


def _many(s: Scene) -> Step:
    mixed = (W * Q) * (Z * Inv(Q).T).T
    chains: list[tuple[Expr, ...]] = [(mixed, W * Z.T)]
    if not s.o.ridge:
        chains.append((Loss(((W, W * Q), (Z, Z * Inv(Q).T))), F))
    if not s.o.bias:
        chains.append((Loss(((W, -W), (Z, -Z))), F))
    tail = (
        " f does not change."
        if not s.o.ridge
        else """ The sum over the cells does not change; the ridge does, except as the next step says. (If the ridge is
            so strong that zero factors are the best, there is but that one minimiser.)"""
    )
    more = (
        ""
        if s.o.bias
        else """ By the last line, f as a whole is not convex as soon as some {W} and {Z} do better than zeros: they and
            their negatives have equal f, and {W} = {Z} = 0 lies half-way between them, where a convex function would
            be no larger."""
    )
    sure = s.o.ridge or not (s.o.missing or s.o.weights)
    if not sure:
        tail += """ So a minimiser is never alone. There need not be one: nothing holds the factors back, and with cells
            that do not count f may come ever nearer to a value that no factors reach, while they grow without end. A
            ridge puts an end to this."""
    return s.step(
        "many",
        PART,
        "The whole has many minimisers" if sure else "If the whole has a minimiser, it has many",
        *chains,
        words="""Only the product meets the data, and any invertible {Q} of {k} × {k} can be slipped in between the
            factors."""
        + tail
        + more,
    )


def _rotations(s: Scene) -> Step:
    turn = Sym("Q", mark="prime")
    return s.step(
        "rotations",
        PART,
        "The ridge leaves the rotations",
        (turn * turn.T, Sym("I", mark="short")),
        (Norm2(Z * turn), Norm2(Z)),
        (Loss(((W, W * turn), (Z, Z * turn))), F),
        words="""Of all these changes, the ridge lets through those that keep the length of every row: {turn} with
            orthonormal columns, rotations and reflections. ({I_k} is the identity.) So compare products,
            or scores, of two fits, and never their factors cell by cell.""",
        I_k=Sym("I", mark="short"),
        turn=turn,
    )


def conventions(s: Scene) -> list[Step]:
    """Say what the ridge changes, and which conventions are about."""
    if not s.o.ridge:
        return []
    u_pt = s.U[s.p, "t"]
    halves = s.step(
        "halves",
        "The ridge",
        "With ½ or without",
        (Deriv(mul(HALF, LAM, Square(u_pt)), u_pt), LAM * u_pt),
        (Deriv(LAM * Square(u_pt), u_pt), mul(TWO, LAM, u_pt)),
        words="""Twice f has twice the gradient and the same minimiser, so it does not matter whether both the squares
            and the ridge have a ½, or neither. It matters if only one has: ½ of the squares + {lam} times the norm is
            the problem with 2{lam}; the mean of the squares in place of their sum is the one with {lam} times the
            number of cells. Check this first if two programs disagree.""",
    )
    return [halves, _counting(s)]


def _counting(s: Scene) -> Step:
    per_row = Norm2(s.u)
    part = "The ridge"
    if s.o.reg_exponent == 1 and not s.o.shared:
        count = s.scale(s.p)
        assert count is not None
        cells = Total(("i", "j"), per_row, stored=True)
        everywhere = ALPHA0 * Total(("i", "j"), per_row) if s.o.implicit else None
        return s.step(
            "count",
            part,
            "A ridge for each cell",
            (Total((s.p,), count * per_row), add(cells, everywhere)),
            words="""Scaled by the count, the ridge is a sum over cells: each brings the norm of its row with it, as it
                would in stochastic gradient descent. So the balance of data and ridge is the same in long rows and
                short ones."""
            + (
                " A cell that is not stored counts too, by its weight {alpha0}."
                if s.o.implicit
                else " This is ALS-WR, and the default of `ALS`."
            ),
        )
    if s.o.shared:
        size = Sym("m" if s.o.wrt == "Z" else "n")
        return s.step(
            "count",
            part,
            "The ridge against the data",
            (A[s.p], size * add(over(s.V.T * s.V, size), over(s.ridge_matrix, size))),
            words="""A mean over the {others} cells of the {line}, plus the ridge over their number. Every {line} has
                as many cells as every other, so a ridge that is scaled by the count is a plain one with another {lam}.
                But the factor is {m} for the rows of {Z} and {n} for those of {W}: unless {X} is square, no one {lam}
                makes the two alike on both sides.""",
        )
    count = OMEGA[s.p]
    total = Total((s.q,), mul(s.cell, s.v, s.v.T))
    return s.step(
        "count",
        part,
        "The ridge against the data",
        (A[s.p], count * add(over(total, count), over(s.ridge_matrix, count))),
        words="""The sum over the data grows with the number {count} of observed cells of the {line} (here at least
            one). A plain ridge does not, so it fades in long rows and rules in short ones, where it draws {u} to
            zero. """
        + (
            "That is what a prior with one fixed variance says."
            if s.o.reg_exponent == 0
            else "Scaled by a power of the count, it fades more slowly, or not at all where the power is 1."
        ),
    )


def over(e: Expr | None, size: Expr) -> Expr:
    """Divide a matrix by a number."""
    assert e is not None
    return mul(Frac(Num(HALF.value * 2), size), e)
