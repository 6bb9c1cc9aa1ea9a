"""`derive`, and what it returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from alsatian.derivation import _documents
from alsatian.derivation._cost import cost
from alsatian.derivation._meeting import meeting
from alsatian.derivation._minimum import conventions, minimum
from alsatian.derivation._notation import Names, letters
from alsatian.derivation._options import Block, Objective, Options, Road, check_options
from alsatian.derivation._report import Report
from alsatian.derivation._roads import road
from alsatian.derivation._sample import Given, refuse_what_is_out_of_range, sample
from alsatian.derivation._scene import Scene
from alsatian.derivation._setup import setup
from alsatian.derivation._steps import Step


@dataclass(frozen=True, repr=False)
class Derivation:
    """A derivation, step by step; `derive` makes it.

    It is a sequence of steps: ``len(derivation)``, iteration, ``derivation[3]``, and ``derivation["gradient"]`` by the
    key of a step. `print` shows it as text, a notebook as typeset mathematics.

    Attributes
    ----------
    options : Options
        What is derived, with the fields of `derive`'s parameters.
    steps : tuple of Step
        The steps in order.
    """

    options: Options
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        """What is derived, in a few words."""
        letter = self.steps[0].letters.plain(self.options.wrt)
        road = {"entries": "by entries", "rows": "by rows", "differential": "by the differential"}[self.options.by]
        return f"The gradient with respect to {letter}, {road}"

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __getitem__(self, key: int | str) -> Step:
        if not isinstance(key, str):
            return self.steps[index(key)]
        for step in self.steps:
            if step.key == key:
                return step
        raise KeyError(f"no step {key!r}; there are {', '.join(step.key for step in self.steps)}")

    def with_step(self, step: Step) -> Derivation:
        """Put another step in the place of the one with the same key."""
        self[step.key]
        return replace(self, steps=tuple(step if old.key == step.key else old for old in self.steps))

    def check(
        self,
        X: Any = None,
        W: ArrayLike | None = None,
        Z: ArrayLike | None = None,
        *,
        weights: ArrayLike | None = None,
        row_bias: ArrayLike | None = None,
        column_bias: ArrayLike | None = None,
        mean: float | None = None,
        reg: float | None = None,
        bias_reg: float | None = None,
        alpha: float | None = None,
        unobserved_weight: float | None = None,
        tolerance: float = 1e-9,
        random_state: int | None = 0,
    ) -> Report:
        """Compute both sides of every statement in float64 and compare them.

        Derivatives are computed from `alsatian.objective.loss` by central differences, minimisers by least squares: in
        another way than by the formula that they are compared with.

        Parameters
        ----------
        X : array-like of shape (m, n), optional
            Data, NaN where missing. Small: the steps go through it cell by cell. What is not given is drawn, with sizes
            m, n, k that all differ, so that a factor that should be transposed does not fit.
        W, Z : array-like of shape (m, k) and (n, k), optional
            Factors.
        weights, row_bias, column_bias, mean, reg, bias_reg, alpha, unobserved_weight : optional
            As in :func:`alsatian.objective.loss`, where the derivation has them. `reg` and `bias_reg` are one number
            each: that of the side of `wrt`, as the ridge of the other side does not move.
        tolerance : float, default=1e-9
            Largest difference that passes, relative to the largest number on either side. So what is smaller than this
            part of the rest, such as a ridge of 1 beside data of 1e12, is not seen.
        random_state : int or None, default=0
            Seed of what is drawn.

        Returns
        -------
        Report
            The difference of each step; it prints as a table. Rows or columns for which a formula has no value (its
            count is zero, or without a ridge there is no inverse, as fewer cells count than there are unknowns or as
            the other side's rows at these cells do not span) are left out of that formula's comparison, and the report
            says which.

        Raises
        ------
        ValueError
            For arrays whose shapes do not fit, values that are not finite, what has no place in this derivation, and
            data so large or small that f overflows or vanishes.

        Examples
        --------
        >>> derive("Z", by="rows").check().passed
        True
        """
        given = Given(X, W, Z, weights, row_bias, column_bias, mean, reg, bias_reg, alpha, unobserved_weight)
        if not 0 <= tolerance < float("inf"):
            raise ValueError(f"tolerance must be finite and >= 0; got {tolerance}")
        with np.errstate(all="ignore"):  # what leaves the range of float64 is said in words
            numbers = sample(self.options, given, random_state)
            refuse_what_is_out_of_range(numbers)
            checks = tuple(step.check(numbers, tolerance) for step in self.steps)
        m, n = numbers.X.shape
        return Report(self.title, (m, n, numbers.W.shape[1]), checks)

    def to_text(self, *, report: Report | None = None) -> str:
        """Write the derivation in plain Unicode; with a report, the difference below each step."""
        return _documents.text(self.title, self.options.describe(), self.steps, report)

    def to_markdown(self, *, report: Report | None = None) -> str:
        """Write the derivation in Markdown, with formulas in LaTeX between dollar signs."""
        return _documents.markdown(self.title, self.options.describe(), self.steps, report)

    def to_latex(self, *, report: Report | None = None) -> str:
        """Write the derivation as a LaTeX document, complete and in ASCII."""
        return _documents.latex(self.title, self.options.describe(), self.steps, report)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<Derivation: {self.title}; {self.options.describe()}; {len(self)} steps>"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the text in IPython's terminal."""
        printer.text(repr(self) if cycle else self.to_text())


def derive(
    wrt: Block = "Z",
    *,
    missing: bool = False,
    weights: bool = False,
    reg_exponent: float | None = None,
    bias: bool = False,
    objective: Objective = "explicit",
    by: Road = "entries",
    names: Names = None,
) -> Derivation:
    """Derive the gradient of the objective, and all that ALS makes of it, step by step.

    Every step has a title, a statement and a reason in words, and can be checked: :meth:`Derivation.check` computes
    both sides of its statement on arrays. What is printed and what is computed come from one formula.

    Parameters
    ----------
    wrt : {"Z", "W"}, default="Z"
        The block to derive by. X is m × n, W (rows) m × k and Z (columns) n × k, and X ≈ W Zᵀ.
    missing : bool, default=False
        Whether cells of X are missing.
    weights : bool, default=False
        Whether cells have weights.
    reg_exponent : None or float, default=None
        ν. None is no ridge, 0 the plain ridge λ, 1 the ridge times the number of observed cells (ALS-WR).
    bias : bool, default=False
        Whether scores are μ + b_i + d_j + w_i·z_j. The bias of the side of `wrt` is derived by, with its factors. (In a
        model that has this bias alone, the other one is zero. A bias of the other side alone is a part of the data: it
        is subtracted from X.)
    objective : {"explicit", "hkv", "ials"}, default="explicit"
        The loss, as in :func:`alsatian.objective.loss`. The implicit ones have neither missing cells nor weights nor
        biases.
    by : {"entries", "rows", "differential"}, default="entries"
        The road: one entry of Z at a time, one row at a time, or the linear part of f(Z + H). All end in the same line.
    names : dict, "usual", "course" or None, default=None
        Letters to use in place of the usual ones (None), as in ``{"m": "D", "n": "N"}``. "course" is the notation of
        courses whose D × N matrix has its N data points as columns: w_dj, z_ij, x_di and K factors (and a_i for a
        column bias).

    Returns
    -------
    Derivation
        The steps.

    Raises
    ------
    ValueError
        For a combination that has no meaning, with the reason.

    Examples
    --------
    >>> d = derive("Z", by="differential")
    >>> print(d["gradient"].text.splitlines()[-1])
    Rᵀ W = (W Zᵀ − X)ᵀ W
    >>> print(derive("Z", missing=True, reg_exponent=0)["closed"].text)
    zⱼ* = (Wᵀ Mⱼ W + λ I)⁻¹ Wᵀ Mⱼ xⱼ
    >>> print(derive("Z", names="course")["entry"].text.splitlines()[0])
    ∂f/∂z_ij = Σ_d r_di w_dj
    >>> derive("W", reg_exponent=1, bias=True).check().passed
    True
    """
    options = Options(wrt, missing, weights, reg_exponent, bias, objective, by)
    check_options(options)
    scene = Scene(options, letters(names))
    parts = (setup, road, meeting, minimum, conventions, cost)
    return Derivation(options, tuple(step for part in parts for step in part(scene)))
