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
        Each with `key`, `title`, `difference`, `passed`, and a `note` where a side could not be computed.
    """

    title: str
    shape: tuple[int, int, int]
    checks: tuple[StepCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether all steps passed."""
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
            lines.append(f"{number:3d}. {check.title:<{wide}}  {check.difference:8.1e}  {verdict(check)}")
        good = sum(check.passed for check in self.checks)
        lines += ["", f"{good} of {len(self.checks)} steps agree."]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        m, n, k = self.shape
        rows = [f"{self.title}, on X of {m} × {n} with k = {k}", "", "| step | difference | |", "| --- | --- | --- |"]
        rows += [f"| {check.title} | {check.difference:.1e} | {verdict(check)} |" for check in self.checks]
        return "\n".join(rows)


def verdict(check: StepCheck) -> str:
    """Say how a step fared."""
    if check.passed:
        return "agrees"
    return f"FAILS: {check.note}" if check.note else "DIFFERS"
