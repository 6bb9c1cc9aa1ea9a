"""A derivation as a text, as Markdown, and as a LaTeX document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import fill

from alsatian.derivation._report import Report
from alsatian.derivation._steps import Step, escape, indent

_WIDTH = 80


def text(title: str, about: str, steps: Sequence[Step], report: Report | None = None) -> str:
    """Write plain Unicode."""
    blocks = [title + "\n" + "=" * len(title), _sentence(about)]
    for part, members in _parts(steps):
        blocks.append(part + "\n" + "-" * len(part))
        for number, step in members:
            head = f"{number}. {step.title}"
            statement = indent(step.text, 8) + (f"\n\n        {step.quantified}" if step.quantified else "")
            reason = fill(step.reason, _WIDTH, initial_indent="    ", subsequent_indent="    ")
            checked = [] if report is None else [f"    In numbers: {report[step.key]}."]
            blocks.append("\n\n".join([head, statement, reason, *checked]))
    return "\n\n".join(blocks) + "\n"


def markdown(title: str, about: str, steps: Sequence[Step], report: Report | None = None) -> str:
    """Write Markdown."""
    blocks = [f"# {title}", _sentence(about)]
    for part, members in _parts(steps):
        blocks.append(f"## {part}")
        for number, step in members:
            blocks += [f"**{number}. {step.title}.**", f"$$\n{step.latex}\n$$"]
            blocks.append(" ".join(filter(None, [step.quantified_latex, step.reason_markdown])))
            if report is not None:
                blocks.append(f"*In numbers: {report[step.key]}.*")
    return "\n\n".join(blocks) + "\n"


def latex(title: str, about: str, steps: Sequence[Step], report: Report | None = None) -> str:
    """Write a LaTeX document."""
    head = "\n".join(
        [
            r"\documentclass[11pt,a4paper]{article}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage{amsmath,amssymb}",
            r"\usepackage[margin=2.4cm]{geometry}",
            r"\setlength{\parindent}{0pt}\setlength{\parskip}{0.6ex plus 0.2ex}",
            r"\newcommand{\step}[2]{\medskip\textbf{#1.\enspace #2.}\nopagebreak\par}",
            rf"\title{{{escape(title)}}}",
            rf"\author{{}}\date{{{escape(_sentence(about))}}}",
            r"\begin{document}",
            r"\maketitle",
        ]
    )
    blocks = [head]
    for part, members in _parts(steps):
        blocks.append(rf"\section*{{{escape(part)}}}")
        for number, step in members:
            blocks.append(rf"\step{{{number}}}{{{escape(step.title)}}}" + "\n" + rf"\[ {step.latex} \]")
            blocks.append(" ".join(filter(None, [step.quantified_latex, step.reason_latex])))
            if report is not None:
                blocks.append(rf"\emph{{In numbers: {escape(str(report[step.key]))}.}}")
    return "\n\n".join([*blocks, r"\end{document}"]) + "\n"


def _parts(steps: Sequence[Step]) -> Iterator[tuple[str, list[tuple[int, Step]]]]:
    numbered = enumerate(steps, 1)
    for part, members in groupby(numbered, key=lambda pair: pair[1].part):
        yield part, list(members)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."
