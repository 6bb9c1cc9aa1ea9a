"""Draw what run.py kept: loss above the best against seconds, a line a contestant.

python benchmarks/versus/plot.py courses.json versus.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib.pyplot as plt

# One colour a library, one dash a solver.
COLOURS = {"alsatian": "C3", "cmfrec": "C0", "irspack": "C1", "implicit": "C2", "spark": "C4", "libmf": "C5"}
DASHES = {"exact": "-", "cg": "--", "subspace": ":", "auto": "-.", "sgd": "-"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("courses", type=Path, nargs="+", help="files of run.py --out")
    parser.add_argument("picture", type=Path)
    args = parser.parse_args()
    courses = [course for path in args.courses for course in json.loads(path.read_text(encoding="utf-8"))]
    problems = sorted({(course["problem"], course["rank"]) for course in courses})
    across = min(2, len(problems))
    down = -(-len(problems) // across)
    figure, axes = plt.subplots(down, across, figsize=(6 * across, 4.5 * down), squeeze=False, layout="constrained")
    for axis, (problem, rank) in zip(axes.flat, problems, strict=False):
        here = [course for course in courses if (course["problem"], course["rank"]) == (problem, rank)]
        best = min(min(course["losses"]) for course in here)
        for course in here:
            library, solver = course["who"].split(":")
            above = [max(value / best - 1, 1e-7) for value in course["losses"]]
            axis.plot(
                course["seconds"], above, DASHES[solver], color=COLOURS[library], label=f"{library}, {solver}",
                marker=".", linewidth=1.5,
            )  # fmt: skip
        axis.axhline(1e-3, color="0.6", linewidth=1)
        axis.set(
            xscale="log", yscale="log", xlabel="seconds", ylabel="loss above the best, relative", ylim=(1e-5, None)
        )
        axis.set_title(f"{problem}, k = {rank}")
        axis.legend(fontsize="small")
    figure.savefig(args.picture, dpi=150)


if __name__ == "__main__":
    main()
