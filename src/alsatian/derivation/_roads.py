"""The roads to the gradient: by entries, by rows, and (in its own file) by the differential."""

from __future__ import annotations

from collections.abc import Callable

from alsatian.derivation._differential import by_differential
from alsatian.derivation._expr import HALF, Delta, Deriv, Entry, Expr, F, Neg, Square, Sym, Total, add, mul
from alsatian.derivation._options import Road
from alsatian.derivation._scene import BETA, A, R, Scene
from alsatian.derivation._steps import Step


def road(s: Scene) -> list[Step]:
    """Walk the road that the options name, up to the line in which all of them end."""
    roads: dict[Road, Callable[[Scene], list[Step]]] = {
        "entries": _by_entries,
        "rows": _by_rows,
        "differential": by_differential,
    }
    return roads[s.o.by](s)


# Entries


def entry_slope(s: Scene) -> Expr:
    """Give the derivative by one entry of the unknown."""
    return add(Total((s.q,), mul(s.cell, R["i", "j"], s.V[s.q, "t"])), s.ridge_entry())


def _by_entries(s: Scene) -> list[Step]:
    part = "By entries"
    u_pt, v_qt = s.U[s.p, "t"], s.V[s.q, "t"]
    one_square = HALF * mul(s.cell, Square(R["i", "j"]))
    same = (s.q, s.p2) if s.o.wrt == "Z" else (s.p2, s.q)
    students = Total((s.q,), mul(s.cell, s.target["i", "j"] - Entry(s.product, ("i", "j")), v_qt))
    return [
        s.step(
            "cell",
            part,
            "One cell of the product",
            (Entry(s.product, ("i", "j")), Total(("t",), mul(s.left["i", "t"], s.right["j", "t"]))),
            words="""The definition of the matrix product. The second factor is transposed, so its indices are swapped:
                its cell {t}{j} is {z}.""",
            z=s.right["j", "t"],
        ),
        s.step(
            "touched",
            part,
            "Which cells depend on the entry",
            (Deriv(Entry(s.product, same), u_pt), Delta((s.p, s.p2)) * v_qt),
            words="""The entry {u_pt} stands in the sums of {line} {p} and in no other, once in each, and its
                coefficient there is {v_qt}. (The bracket [{p} = {p2}] is 1 where the indices are equal and 0
                elsewhere.)""",
            p2=Sym(s.p2),
        ),
        s.step(
            "chain",
            part,
            "Derive one square",
            (Deriv(one_square, u_pt), mul(s.cell, R["i", "j"], v_qt)),
            words="""The chain rule: the derivative of the square is twice the residual, times the derivative of the
                residual, which is that of the product. The 2 and the ½ cancel; this is all that the ½ is for."""
            + (" The weight is a constant factor and stays." if s.cell else ""),
        ),
        s.step(
            "entry",
            part,
            "Add up the {line}",
            (Deriv(F, u_pt), entry_slope(s)),
            (Deriv(F, u_pt), add(Neg(students), s.ridge_entry())),
            words="""The derivative of a sum is the sum of the derivatives, and only the cells of {line} {p} have one
                that is not zero. The second form is the first with the sign of the residual turned."""
            + (" The ridge has one square of {u_pt}, and its derivative is linear in {u_pt}." if s.o.ridge else ""),
        ),
        s.step(
            "gather",
            part,
            "Gather {t} into a vector".replace("{t}", s.letters.plain("t")),
            (
                Deriv(F, s.u),
                add(Total((s.q,), mul(s.cell, R["i", "j"], s.v)), s.ridge_of(s.u)),
                add(mul(s.V.T, s.diagonal, R[s.p]), s.ridge_of(s.u)),
            ),
            words="""The last line has the same numbers {r} for every {t}; only {v_qt} changes. So the {wide}
                derivatives by the entries of {u} are one vector, a sum of the rows {v} with those numbers. A matrix
                times a vector is the sum of its columns with the vector's numbers: the columns of {Vt} are the rows
                {v}, and the vector is {line} {p} of {R}."""
            + (" {C_p} is the diagonal matrix of the weights in that {line}." if s.cell else ""),
            r=mul(s.cell, R["i", "j"]),
            Vt=s.V.T,
        ),
        _lay_down(s, part),
        _stack(s, part),
    ]


def _lay_down(s: Scene, part: str) -> Step:
    r = R[s.p]
    return s.step(
        "lay",
        part,
        "Lay the vector down",
        (Deriv(F, s.u).T, add(mul(r.T, s.diagonal, s.V), s.ridge_laid(s.u))),
        words="""Row {p} of a matrix of the shape of {U} is a vector that lies. Transposing a product turns its order:
            the transpose of {one} is {other}.""",
        one=mul(s.V.T, s.diagonal, r),
        other=mul(r.T, s.diagonal, s.V),
    )


def _stack(s: Scene, part: str) -> Step:
    words = """One rule of matrix products does it: row {p} of a product A B is row {p} of A, times B. The vector {r}
        that lies is row {p} of {R_turned}. All {many} rows have the same {V} on their right, so the stack of the
        products is the product of the stack with {V}."""
    if s.weight is not None:
        words += """ The weights differ from row to row, but they multiply the residual cell by cell, so they go into
            it before the rows are stacked."""
    if s.o.counted:
        words += " {Gamma} is the diagonal matrix of the counts {scale}, one for each row."
    words += " This is why one may write {U} for {u} and {target} for {y}: nothing was guessed, the rows were stacked."
    return s.step("stack", part, "Stack the rows", (Deriv(F, s.U), s.gradient), words=words, r=R[s.p].T)


# Rows


def _row_miss(s: Scene) -> Expr:
    return s.V * s.u - s.y


def _by_rows(s: Scene) -> list[Step]:
    part = "By rows"
    one_row = add(mul(HALF, _row_miss(s).T, s.diagonal, _row_miss(s)), None if not s.o.ridge else HALF * _form(s, s.u))
    quadratic = add(mul(HALF, s.u.T, A[s.p], s.u), Neg(BETA[s.p].T * s.u), mul(HALF, s.y.T, s.diagonal, s.y))
    slope = A[s.p] * s.u - BETA[s.p]
    put_back = add(mul(s.V.T, s.diagonal, _row_miss(s)), s.ridge_of(s.u))
    shared = s.weight is None
    return [
        s.step(
            "apart",
            part,
            "f falls apart into {line}s",
            (F, add(Total((s.p,), one_row), s.constant)),
            words="""{line_up} {p} of the product is {Vu}, and no other {line} holds {u}. So f is a sum of {many}
                functions of one row of {U} each, and the derivative by {u} sees one of them. This one is least squares
                with the matrix {V} and the data {y}, which is {line} {p} of {target} as a column vector."""
            + (" {C_p} holds the weights of that {line} on its diagonal." if s.cell else ""),
            Vu=s.V * s.u,
            line_up=s.line.capitalize(),
        ),
        s.step(
            "open",
            part,
            "Open the brackets",
            (one_row, quadratic),
            (A[s.p], s.system),
            (BETA[s.p], s.right_side),
            words="""The two middle terms are numbers and transposes of each other, so they are equal and add up to
                twice one of them. What is left is a quadratic with a matrix that is called {A_p}, a
                linear term with a vector that is called {beta_p}, and a constant. {A_p} is symmetric."""
            + (" {I} is the identity." if s.o.ridge and not s.o.bias else ""),
        ),
        s.step(
            "quadratic",
            part,
            "Derive a quadratic",
            (Deriv(F, s.u), slope),
            words="""Entry by entry: {u_pt} stands in the quadratic once on the left, once on the right and in its own
                square; because {A_p} is symmetric this gives twice entry {t} of {Au}, and the ½ takes the 2 away. The
                linear term gives its coefficients.""",
            Au=A[s.p] * s.u,
        ),
        s.step(
            "put_back",
            part,
            "Put the letters back",
            (slope, put_back),
            words="{Vt} is taken out of both terms, and the bracket is {R_p}, the residual of {line} {p}.",
            Vt=s.V.T,
            R_p=R[s.p],
        ),
        s.step(
            "lay",
            part,
            "Lay the vector down",
            (Deriv(F, s.u).T, add(mul(s.u.T * s.V.T - s.y.T, s.diagonal, s.V), s.ridge_laid(s.u))),
            words="""Row {p} of a matrix of the shape of {U} is a vector that lies, so transpose: the order of each
                product turns. {ut} is row {p} of {U}, and {yt} is row {p} of {turned}.""",
            ut=s.u.T,
            yt=s.y.T,
            turned=s.turn(s.target),
        ),
        _stack_of_rows(s, part, shared=shared),
    ]


def _form(s: Scene, vector: Expr) -> Expr:
    form = s.ridge_form(vector)
    assert form is not None
    return form


def _stack_of_rows(s: Scene, part: str, *, shared: bool) -> Step:
    if shared:
        stacked = add((s.U * s.V.T - s.turn(s.target)) * s.V, s.ridge_block(s.U))
        words = """Row {p} of a product A B is row {p} of A, times B, and here B is the same for all rows: {Vt}, then
            {V}. So {many} equations, one below the other, are one equation of matrices, with {U} where the rows had
            {u} and with {target} where they had {y}. That is the whole licence for writing the capital letters: the
            rows share what stands on their right."""
        chains: tuple[Expr, ...] = (Deriv(F, s.U), stacked, s.gradient_in_full)
        return s.step("stack", part, "Stack the rows: why {u} may become {U}", chains, words=words, Vt=s.V.T)
    words = """Row {p} of a product A B is row {p} of A, times B. {V} is the same for all rows; the weights {C_p} are
        not. But they only multiply the residual, cell by cell, so they go into it before the rows are stacked, as
        {weight} ∘. The gradient stays one product of matrices. The solution will not: there the weights stand between
        {Vt} and {V}, where no stacking reaches them."""
    if s.o.counted:
        words += " {Gamma} is the diagonal matrix of the counts {scale}, one for each row."
    return s.step(
        "stack",
        part,
        "Stack the rows: why {u} may become {U}",
        (Deriv(F, s.U), s.gradient_in_full),
        words=words,
        Vt=s.V.T,
    )
