"""``alsatian derive``: the gradient of the objective, step by step, each step checked in numbers."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any

from alsatian.cli.arguments import non_negative_float, non_negative_int
from alsatian.console import Block, is_rich, print_document

if TYPE_CHECKING:
    from alsatian.derivation import Derivation, Report

_EPILOG = """\
examples:
  alsatian derive                                   the full matrix, entry by entry
  alsatian derive --by differential --check         read off the differential, each step checked
  alsatian derive --missing --reg-exponent 1        missing cells and the count-scaled ridge of ALS-WR
  alsatian derive --format latex > gradient.tex     a document that compiles
"""


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "derive",
        help="derive the gradient, step by step",
        description="Derive the gradient of the objective with respect to Z or W, and what ALS makes of it: normal"
        " equations, closed forms, the Hessian. Every step has its reason.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--wrt", choices=["Z", "W"], default="Z", help="the block to derive by (default: %(default)s)")
    parser.add_argument(
        "--by",
        choices=["entries", "rows", "differential"],
        default="entries",
        help="the road: one entry at a time, one row at a time, or the differential (default: %(default)s)",
    )
    parser.add_argument("--missing", action="store_true", help="cells of X are missing")
    parser.add_argument("--weights", action="store_true", help="cells have weights")
    parser.add_argument("--bias", action="store_true", help="scores have a mean and biases")
    parser.add_argument(
        "--reg-exponent",
        type=non_negative_float,
        default=None,
        metavar="NU",
        help="ridge: 0 is plain, 1 times the number of observed cells (default: no ridge)",
    )
    parser.add_argument(
        "--objective", choices=["explicit", "hkv", "ials"], default="explicit", help="the loss (default: %(default)s)"
    )
    parser.add_argument(
        "--names", choices=["usual", "course"], default="usual", help="letters: m, n, k or D, N, K (default: usual)"
    )
    parser.add_argument(
        "--format", choices=["text", "markdown", "latex"], default="text", help="how to write it (default: text)"
    )
    parser.add_argument(
        "--check", action="store_true", help="compute both sides of every step; status 1 where one fails"
    )
    parser.add_argument(
        "--seed", type=non_negative_int, default=0, metavar="S", help="seed of the numbers of --check (default: 0)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the derivation; with ``--check``, the difference below each step."""
    from alsatian.derivation import derive

    derivation = derive(
        args.wrt,
        missing=args.missing,
        weights=args.weights,
        reg_exponent=args.reg_exponent,
        bias=args.bias,
        objective=args.objective,
        by=args.by,
        names=None if args.names == "usual" else args.names,
    )
    report = derivation.check(random_state=args.seed) if args.check else None
    _refuse_narrow_output(args.format)
    if args.format == "markdown":
        print(derivation.to_markdown(report=report), end="")
    elif args.format == "latex":
        print(derivation.to_latex(report=report), end="")
    elif is_rich(sys.stdout):
        print_document(_blocks(derivation, report))
    else:
        print(derivation.to_text(report=report), end="")
    if report is None:
        return 0
    if not report.passed:
        print(f"alsatian: {len(report.failed)} of {len(report.checks)} steps do not agree", file=sys.stderr)
    return 0 if report.passed else 1


def _refuse_narrow_output(form: str) -> None:
    """Refuse to write Unicode where standard output cannot take it."""
    encoding = getattr(sys.stdout, "encoding", None)
    if form == "latex" or encoding is None:
        return
    try:
        "∂λᵀⱼ₀∘‖⟨½−∈′✓━".encode(encoding)
    except UnicodeEncodeError:
        raise ValueError(
            f"standard output is {encoding}, which has no letters for these formulas; take --format latex, which is "
            "plain ASCII, or set PYTHONIOENCODING=utf-8"
        ) from None


def _blocks(derivation: Derivation, report: Report | None) -> list[Block]:
    """Lay the derivation out for a terminal."""
    blocks = [Block("title", derivation.title), Block("text", derivation.options.describe().capitalize() + ".")]
    for part, steps in groupby(enumerate(derivation, 1), key=lambda pair: pair[1].part):
        blocks.append(Block("heading", part))
        for number, step in steps:
            blocks += [
                Block("item", f"{number}. {step.title}"),
                Block("formula", step.text),
                Block("text", step.reason),
            ]
            if report is not None:
                check = report[step.key]
                blocks.append(Block("good" if check.passed else "bad", str(check)))
    return blocks
