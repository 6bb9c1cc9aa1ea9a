"""Evaluating formulas on arrays.

Vectors are columns, so that the product of a formula is the product of NumPy. A result of one number may stand
wherever a number may.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from alsatian.derivation import _expr as ex
from alsatian.derivation._expr import Expr, Sym, free_indices
from alsatian.derivation._numbers import CELLS, DIAGONAL, Array, Numbers

Bound = Mapping[str, int]

_NOISE = 1e-11  # relative difference below which no second look is needed
_VANISHED = 1e-5  # sides this much smaller than their terms have lost the digits to compare
_OVERFLOW = ", as numbers of this size leave the range of float64; divide the data by a large number"
_FULL = "where the count of all cells to the power reg_exponent overflows"
_ILL, _SINGULAR = 1e6, 1e12  # condition numbers above which too few digits are left to compare, and none


class Compared(NamedTuple):
    """What comparing the sides of an equation has found."""

    difference: float
    places: int  # the number of values of its indices for which it could be compared
    left_out: Mapping[str, tuple[int, ...]]  # the lines for which a side is not defined, by reason; () is all of them


class NotDefinedError(ArithmeticError):
    """A formula divides by zero, or takes the inverse of a matrix that has none."""


def compare(chain: tuple[Expr, ...], numbers: Numbers) -> Compared:
    """Evaluate the sides of an equation for all values of its indices, and give their largest relative difference.

    Relative is to the largest number on any side; where all sides vanish beside the terms that they are sums of, what
    is left is rounding, and these terms count. Lines for which the formula itself has no value (the count of an empty
    row is zero) are left out. Sides of different shapes, or not finite, raise `ValueError`.
    """
    indices = list(dict.fromkeys(index for side in chain for index in free_indices(side)))
    places = [
        dict(zip(indices, values, strict=True))
        for values in product(*(range(numbers.size(index)) for index in indices))
    ]
    may_be_nan = _speaks_of_nan(chain)
    apart = size = 0.0
    defined = []
    left_out: dict[str, list[int]] = {}
    for at in places:
        try:
            first, *others = (_flat(evaluate(side, numbers, at)) for side in chain)
        except NotDefinedError as error:
            left_out.setdefault(_why_not_defined(at, numbers, error), []).extend(at[p] for p in at if p == numbers.p)
            continue
        defined.append(at)
        if not may_be_nan and not all(np.isfinite(side).all() for side in (first, *others)):
            raise ValueError(f"a side is not finite{_OVERFLOW}")
        for other in others:
            if first.shape != other.shape:
                raise ValueError(f"one side has shape {first.shape}, another {other.shape}")
            size = max(size, _largest(first), _largest(other))
            apart = max(apart, _apart(first, other))
    if apart > _NOISE * size:
        size = max(size, _VANISHED * max(_magnitude(side, numbers, at) for side in chain for at in defined))
    found = {reason: tuple(dict.fromkeys(lines)) for reason, lines in left_out.items()}
    return Compared(apart / size if apart > 0 else 0.0, len(defined), found)


def _why_not_defined(at: Bound, numbers: Numbers, error: NotDefinedError) -> str:
    """Say why a formula has no value here; where the data do not explain it, it is an error."""
    if str(error) == _FULL:
        return _FULL
    line = at.get(numbers.p, 0)
    shared = numbers.p not in at or numbers.options.implicit
    cells = len(numbers.fixed) if shared else int(numbers.count(numbers.p)[line])
    if cells == 0:
        return "where no cell counts and the formula is not defined"
    if not numbers.options.ridge:
        if cells < numbers.unknown.shape[1]:
            return "where fewer cells count than there are unknowns, so that without a ridge there is no inverse"
        if not _condition(numbers.systems[0][line]) <= _SINGULAR:
            return (
                "where the other side's rows at the cells that count do not span all directions, so that without a "
                "ridge there is no inverse"
            )
    if _ILL < _spread(numbers, line) < np.inf:
        return "where the matrix to invert has parts both so large and so small that float64 has too few digits"
    raise ValueError(str(error)) from error


def _spread(numbers: Numbers, line: int) -> float:
    """Bound the condition of the right matrices of a line, by the data."""
    A, V = numbers.systems[0][line], numbers.fixed
    spread = _condition(A)
    if numbers.options.ridge:
        ridge = numbers.scale(numbers.p)[line] * numbers.Lambda.diagonal().min()
        return max(spread, float(np.abs(A).max() / ridge))
    return max(spread, _condition(V.T @ V) * numbers.C.max() / numbers.alpha0) if numbers.options.implicit else spread


def evaluate(e: Expr, numbers: Numbers, at: Bound) -> Array:  # noqa: PLR0911, PLR0912 - one case for each kind of node
    """Evaluate a formula, its open indices bound by `at`."""

    def value(part: Expr) -> Array:
        return evaluate(part, numbers, at)

    match e:
        case ex.Num(number):
            return _one(number)
        case ex.Leaf(value=number):
            return _one(number)
        case Sym():
            return _symbol(e, numbers, at)
        case ex.Unit((p, t)):
            unit = np.zeros_like(numbers.unknown)
            unit[at[p], at[t]] = 1.0
            return unit
        case ex.Delta((a, b)):
            return _one(at[a] == at[b])
        case ex.Add(terms):
            return _add([value(term) for term in terms])
        case ex.Neg(body):
            return -value(body)
        case ex.Mul(factors):
            return _multiply([value(factor) for factor in factors])
        case ex.Had(left, right):
            return _same_shape(value(left), value(right), "∘") * value(right)
        case ex.Frac(over, under):
            divisor = _number(value(under))
            if divisor == 0:
                raise NotDefinedError("a number is divided by zero")
            return np.asarray(value(over) / divisor)
        case ex.Transpose(body):
            return value(body).T
        case ex.Inv(body):
            return _inverse(value(body))
        case ex.Square(body):
            return value(body) ** 2
        case ex.Power(body, exponent):
            return value(body) ** exponent
        case ex.Sqrt(body):
            return np.sqrt(value(body))
        case ex.Total():
            return _total(e, numbers, at)
        case ex.Norm2(body):
            return _one(np.sum(value(body) ** 2))
        case ex.Trace(body):
            return _one(np.trace(value(body)))
        case ex.Inner(left, right):
            return _one(np.sum(_same_shape(value(left), value(right), "⟨ , ⟩") * value(right)))
        case ex.Entry(body, (a, b)):
            return _one(_whole(body, numbers, at)[at[a], at[b]])
        case ex.Stack(body, over):
            sizes = [numbers.size(index) for index in over]
            cells = [evaluate(body, numbers, {**at, **_bind(over, place)}) for place in np.ndindex(*sizes)]
            if any(cell.shape[0] != 1 for cell in cells):
                raise ValueError(f"a row of shape {cells[0].shape} does not lie")
            return np.reshape(cells, (sizes[0], -1))
        case ex.Cat(vector, number):
            return np.vstack([value(vector), value(number)])
        case ex.Loss(blocks):
            return _loss([(block, value(part)) for block, part in blocks], numbers)
        case ex.Deriv(of, by):
            return _derivative(of, by, numbers, at)
        case ex.Hess(rows, columns):
            return numbers.curvature[at[rows.sub[0]], :, at[columns.sub[0]], :]
    raise TypeError(f"no way to evaluate {e!r}")


def _magnitude(e: Expr, numbers: Numbers, at: Bound) -> float:  # noqa: PLR0911 - one case for each kind of node
    """Give the size of the largest terms that a formula is a sum of."""
    match e:
        case ex.Add(terms):
            return max(_magnitude(term, numbers, at) for term in terms)
        case ex.Neg(body) | ex.Transpose(body):
            return _magnitude(body, numbers, at)
        case ex.Mul(factors):
            return math.prod(_magnitude(factor, numbers, at) for factor in factors)
        case ex.Had(left, right) | ex.Inner(left, right):
            return _magnitude(left, numbers, at) * _magnitude(right, numbers, at)
        case ex.Entry(body) | ex.Trace(body):
            return _magnitude(body, numbers, at)
        case ex.Frac(over, under):
            return _magnitude(over, numbers, at) / _largest(evaluate(under, numbers, at))
        case Sym(role="R"):
            return _largest(np.abs(numbers.fixed) @ np.abs(numbers.unknown).T) + _largest(numbers.target)
        case ex.Loss():
            return max(numbers.terms, _largest(evaluate(e, numbers, at)))
        case ex.Deriv() | Sym(role="library"):
            return numbers.slope_size
    return _largest(evaluate(e, numbers, at))


def _whole(body: Expr, numbers: Numbers, at: Bound) -> Array:
    """Evaluate a matrix of which cells are taken, once for all of them where it has no open index."""
    if body not in numbers.matrices:
        if free_indices(body):
            return evaluate(body, numbers, at)
        numbers.matrices[body] = evaluate(body, numbers, at)
    return numbers.matrices[body]


def _symbol(e: Sym, numbers: Numbers, at: Bound) -> Array:
    if e.role == "Omega":
        return _one(numbers.count(e.sub[0].rstrip("'"))[at[e.sub[0]]])
    if e.mark.endswith("zero") and not np.isfinite(numbers.full_scale):
        raise NotDefinedError(_FULL)
    array = np.asarray(numbers.array(e.role, e.mark))
    if array.ndim == 0:
        return _one(array)
    if not e.sub:
        return array
    if len(e.sub) == array.ndim < 3:
        return _one(array[tuple(at[index] for index in e.sub)])
    # One index: a row of W or Z, one of the matrices A, or the row or column of X that the index belongs to.
    by_columns = e.role in CELLS and e.sub[0].startswith("j")
    line = np.asarray((array.T if by_columns else array)[at[e.sub[0]]])
    if e.role in DIAGONAL:
        return np.diag(line)
    return line[:, None] if line.ndim == 1 else line


def _total(e: ex.Total, numbers: Numbers, at: Bound) -> Array:
    sizes = [numbers.size(index) for index in e.over]
    total: Array | None = None
    bound = dict(at)
    for place in np.ndindex(*sizes):
        bound = {**at, **_bind(e.over, place)}
        if e.stored and not numbers.M[bound["i"], bound["j"]] * numbers.C[bound["i"], bound["j"]] > 0:
            continue
        term = evaluate(e.body, numbers, bound)
        total = term if total is None else total + term
    return np.zeros_like(evaluate(e.body, numbers, bound)) if total is None else total


def _loss(blocks: list[tuple[Sym, Array]], numbers: Numbers) -> Array:
    for block, _ in blocks:
        if block.role == numbers.options.wrt and len(blocks) == 1:
            return _one(numbers.with_unknown(blocks[0][1]).loss())
    return _one(numbers.loss(**{block.role: array for block, array in blocks}))


def _derivative(of: Expr, by: Sym, numbers: Numbers, at: Bound) -> Array:
    if of == ex.Loss():
        if not by.sub:
            return numbers.slopes
        row = numbers.slopes[at[by.sub[0]]]
        return row[:, None] if len(by.sub) == 1 else _one(row[at[by.sub[1]]])
    p, t = (at[index] for index in by.sub)
    # What depends on the unknown alone wants a step of its size, what holds data one that suits them: take the one
    # that loses fewer digits.
    tried = []
    for step in (numbers.usual_size, float(numbers.steps[p, t])):
        up, down = (evaluate(of, numbers.moved(p, t, move), at) for move in (step, -step))
        tried.append(((_largest(up) + _largest(down)) / step, (up - down) / (2 * step)))
    return min(tried, key=lambda pair: pair[0])[1]


def _add(terms: list[Array]) -> Array:
    shapes = {term.shape for term in terms}
    if len(shapes) > 1:
        raise ValueError(f"terms of shapes {' and '.join(map(str, sorted(shapes)))} are added")
    return np.asarray(np.sum(terms, axis=0))


def _multiply(factors: list[Array]) -> Array:
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor if result.size == 1 or factor.size == 1 else result @ factor
    return result


def _inverse(matrix: Array) -> Array:
    """Invert a matrix, its rows and columns brought to one size first, so that units do not count."""
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a matrix of shape {matrix.shape} has no inverse")
    if not np.isfinite(matrix).all():
        raise ValueError(f"the matrix to invert is not finite{_OVERFLOW}")
    even, rows, columns = _evened(matrix)
    if np.linalg.cond(even) > _ILL:
        raise NotDefinedError("the matrix to invert is singular: the other side's rows at the cells do not span")
    return np.asarray(columns[:, None] * np.linalg.inv(even) * rows, dtype=np.float64)


def _condition(matrix: Array) -> float:
    return float(np.linalg.cond(_evened(matrix)[0]))


def _evened(matrix: Array) -> tuple[Array, Array, Array]:
    """Scale rows and columns to one size; give the matrix and both scales."""
    rows = _reciprocal(np.max(np.abs(matrix), axis=1))
    columns = _reciprocal(np.max(np.abs(rows[:, None] * matrix), axis=0))
    return rows[:, None] * matrix * columns, rows, columns


def _reciprocal(sizes: Array) -> Array:
    return np.divide(1.0, sizes, out=np.ones_like(sizes), where=sizes > 0)


def _same_shape(left: Array, right: Array, sign: str) -> Array:
    if left.shape != right.shape:
        raise ValueError(f"{sign} joins shapes {left.shape} and {right.shape}")
    return left


def _one(number: Any) -> Array:
    return np.full((1, 1), number, dtype=np.float64)


def _number(array: Array) -> float:
    return float(array.reshape(()))


def _bind(indices: tuple[str, ...], place: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(indices, place, strict=True))


def _flat(array: Array) -> Array:
    return array.reshape(-1) if array.size == 1 else array


def _largest(array: Array) -> float:
    return float(np.nanmax(np.abs(array), initial=0.0))


def _apart(one: Array, other: Array) -> float:
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        return float("inf")
    return _largest(one - other)


def _speaks_of_nan(chain: tuple[Expr, ...]) -> bool:
    return any(isinstance(e, ex.Leaf) and math.isnan(e.value) for side in chain for e in (side, *ex.children(side)))
