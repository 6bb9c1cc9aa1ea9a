"""Out of the box: every library with nothing but the data, its own rank and settings, on the lists of the protocol.

    python benchmarks/quality/defaults.py
    python benchmarks/quality/defaults.py --sets lastfm

Fitted on training and validation part together, as nothing is chosen, and judged by the test part as in run.py. Counts
are given as they are; what a library does with them is part of its defaults.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scipy import sparse
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))  # for common

from contestants import Factors
from run import judged, line_of_lists, whole

import common
from alsatian import ImplicitALS
from alsatian.console import print_table
from alsatian.models import NoEntryWarning
from problems import RANKINGS


def of_alsatian(x: Any) -> Factors:
    """Fit ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)  # items that only another part has
        model = ImplicitALS(random_state=0).fit(x)
    return model.row_factors_, model.column_factors_


def of_irspack(x: Any) -> Factors:
    """Fit irspack's."""
    import irspack

    model = irspack.IALSRecommender(sparse.csr_matrix(x))
    with contextlib.redirect_stdout(io.StringIO()):  # its progress
        model.learn()
    return model.get_user_embedding(), model.get_item_embedding()


def of_implicit(x: Any) -> Factors:
    """Fit implicit's."""
    import implicit

    model = implicit.als.AlternatingLeastSquares(random_state=0)
    with threadpool_limits(1, "blas"):  # as it asks
        model.fit(sparse.csr_matrix(x, copy=True), show_progress=False)  # it wants to be able to write
    return model.user_factors, model.item_factors


def of_cmfrec(x: Any) -> Factors:
    """Fit cmfrec's."""
    import cmfrec

    model = cmfrec.CMF_implicit(random_state=0, verbose=False, nthreads=2, handle_interrupt=False)
    model.fit(sparse.coo_matrix(x))
    return model.A_, model.B_


LIBRARIES: dict[str, Callable[[Any], Factors]] = {
    "alsatian": of_alsatian, "irspack": of_irspack, "implicit": of_implicit, "cmfrec": of_cmfrec
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=sorted(RANKINGS), default=sorted(RANKINGS))
    args = parser.parse_args()
    print(common.environment("irspack", "implicit", "cmfrec"))
    lines = []
    for name in args.sets:
        problem = RANKINGS[name]()
        split, found = whole(problem.split), []
        for library, fit in LIBRARIES.items():
            if library != "alsatian" and common.peer(library) is None:
                continue
            began = time.perf_counter()
            factors = fit(split.train.csr)
            seconds = time.perf_counter() - began
            one = {"data": problem.name, "k": factors[0].shape[1], "library": library}
            found.append(one | {"values": judged(factors, split), "search s": 0.0, "fit s": seconds})
            lines.append(line_of_lists(found[-1], found[0]))
            print("  ", " ".join(lines[-1]), flush=True)
    head = ["data", "k", "library", "Recall@20", "ours − theirs", "NDCG@20", "ours − theirs", "fit s"]
    print_table(head, [[*line[:-2], line[-1]] for line in lines], title="Out of the box")


if __name__ == "__main__":
    common.free_blas()
    main()
