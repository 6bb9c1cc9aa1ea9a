"""What the numbers said."""

from __future__ import annotations

from dataclasses import dataclass

from alsatian.derivation._steps import StepCheck


@dataclass(frozen=True, repr=False)
class Report:
    """The check of a derivation, step by step.

    Attributes
    ----------
    title : str
        What was derived.
    shape : tuple of int
        m, n and k of the arrays.
    checks : tuple of StepCheck
        Each with `key`, `title`, `difference`, `passed`, `compared`, and a `note` where a side could not be computed or
        some rows or columns had to be left out.
    """

    title: str
    shape: tuple[int, int, int]
    checks: tuple[StepCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether no step failed; one that could not be compared has not."""
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[StepCheck, ...]:
        """The steps that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def __getitem__(self, key: str) -> StepCheck:
        for check in self.checks:
            if check.key == key:
                return check
        raise KeyError(f"no step {key!r}; there are {', '.join(check.key for check in self.checks)}")

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        m, n, k = self.shape
        wide = max(len(check.title) for check in self.checks)
        lines = [f"{self.title}, on X of {m} × {n} with k = {k}", ""]
        for number, check in enumerate(self.checks, 1):
            lines.append(f"{number:3d}. {check.title:<{wide}}  {_figure(check):>8}  {check.verdict}")
        good = sum(check.passed and check.compared for check in self.checks)
        open_ones = sum(not check.compared for check in self.checks)
        rest = f"; {open_ones} could not be compared" if open_ones else ""
        lines += ["", f"{good} of {len(self.checks)} steps agree{rest}."]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        m, n, k = self.shape
        rows = [f"{self.title}, on X of {m} × {n} with k = {k}", "", "| step | difference | |", "| --- | --- | --- |"]
        rows += [f"| {check.title} | {_figure(check)} | {check.verdict} |" for check in self.checks]
        return "\n".join(rows)


def _figure(check: StepCheck) -> str:
    return f"{check.difference:.1e}" if check.compared else "–"
