"""``alsatian inspect``: what is in a model file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from alsatian.cli.models import add_model
from alsatian.cli.output import add_quiet, number, print_json, size
from alsatian.console import print_table


def register(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "inspect",
        help="say what is in a model file",
        description="Say what is in a model file: the model and its parameters, the course of its fit, and the data"
        " that it knows. No code in a file is run.",
    )
    add_model(parser)
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Describe the file, and the model in it."""
    from alsatian.data import Interactions
    from alsatian.persistence import describe
    from alsatian.recommend.files import load
    from alsatian.recommend.recommender import Recommender

    told = describe(args.model)
    if told.kind == "checkpoint":
        raise ValueError(
            f"{told.path} is the checkpoint of a fit that was not over: the same 'alsatian fit' with --checkpoint"
            f" {Path(told.path).parent} --resume goes on from there, and writes a model."
        )
    loaded = load(args.model)
    known = loaded.interactions_ if isinstance(loaded, Recommender) else None
    known = loaded if isinstance(loaded, Interactions) else known
    model = loaded.model_ if isinstance(loaded, Recommender) else loaded
    parameters = {name: value for name, value in told.parameters.items() if name not in ("verbose", "warm_start")}
    fit = _fit_of(model)
    data = {} if known is None else known.summary()
    if args.json:
        print_json(
            {"file": told.path, "bytes": told.size, "kind": told.kind, "class": told.class_name,
             "alsatian": told.alsatian, "format": told.format_version, "parameters": parameters, "fit": fit,
             "data": data, "arrays": {name: [dtype, list(shape)] for name, (dtype, shape) in told.arrays.items()}}
        )  # fmt: skip
        return 0
    what = told.kind if told.class_name is None else f"{told.kind} ({told.class_name})"
    print(f"{told.path}: {what}, {size(told.size)}, written by alsatian {told.alsatian}")
    if parameters:
        print()
        print_table(
            ["parameter", "value"], [[name, repr(value)] for name, value in parameters.items()], align=["left"] * 2
        )
    if fit:
        print()
        print_table(["fit", ""], [[name, _value(value)] for name, value in fit.items()], align=["left"] * 2)
    if data:
        print()
        print_table(["data", ""], _data_rows(data), align=["left"] * 2)
    return 0


def _fit_of(model: Any) -> dict[str, Any]:
    model = getattr(model, "model_", model)  # an imputer has the model that it fitted
    if not hasattr(model, "row_factors_"):
        return {}
    (m, k), n = model.row_factors_.shape, model.column_factors_.shape[0]
    found: dict[str, Any] = {"rows": m, "columns": n, "components": k, "precision": model.row_factors_.dtype.name}
    found |= {"iterations": model.n_iter_, "tolerance met": model.converged_}
    if len(model.history_):
        found |= {"loss": float(model.history_.loss[-1]), "seconds": float(model.history_.seconds[-1])}
    return found | ({"mean": float(model.mean_)} if model.mean_ else {})


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else number(value) if isinstance(value, float) else str(value)


def _data_rows(data: dict[str, Any]) -> list[list[str]]:
    rows = [[name, f"{data[name]:,}"] for name in ("users", "items", "interactions")]
    rows.append(["density", f"{100 * data['density']:.3g} %"])
    for name, what in (("per_user", "cells per user"), ("per_item", "cells per item")):
        if data.get(name) is not None:
            least, median, most = data[name]
            rows.append([what, f"{least:,} at least, {median:,g} in the middle, {most:,} at most"])
    for name in ("values", "weights"):
        if name in data:
            least, mean, most = data[name]
            rows.append([name, f"{least:g} to {most:g}, {mean:.4g} on average"])
    if "timestamps" in data:
        import numpy as np

        from alsatian.data._times import told_span

        rows.append(["timestamps", " to ".join(told_span(np.array(data["timestamps"])))])
    return rows
