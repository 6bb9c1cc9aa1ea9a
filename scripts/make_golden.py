"""Write the golden files: small stored models that every later release has to read.

    python scripts/make_golden.py [NAME ...]

For each model one file as this release writes it, and beside it a JSON file with calls of its methods and what they
returned; `tests/persistence/test_golden.py` loads the one and repeats the other. A file of an earlier release is never
written again: names begin with the version. To add a model, add a function to `MODELS`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import alsatian
from alsatian import ALS, ALSImputer, ImplicitALS, Interactions, Recommender
from alsatian.recommend import Listing

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "persistence" / "golden"

Call = tuple[str, tuple[Any, ...]]  # a method's name and its arguments


def data() -> NDArray[np.float64]:
    """Eight rows of five columns, a third of the cells missing."""
    rng = np.random.default_rng(0)
    return np.where(rng.random((8, 5)) < 0.3, np.nan, rng.normal(3, 1, size=(8, 5)).round(2))


def als() -> tuple[Any, list[Call]]:
    """ALS with biases on both sides, limits, a pair of ridges and a given start."""
    X = data()
    start = (np.linspace(-1, 1, 10).reshape(5, 2), np.zeros(5))
    model = ALS(2, bias="both", reg=(0.1, 0.2), bias_reg=0.3, clip=(1, None), init=start, max_iter=4).fit(X)
    calls = [("transform", (X[:3],)), ("impute", (X,)), ("predict_cells", ([0, 7], [1, 4])), ("get_params", ())]
    return model, [*calls, ("inverse_transform", ([[0.5, -0.5]], [0.25]))]


def als_zero() -> tuple[Any, list[Call]]:
    """ALS of single precision in which absent cells are zero, from a random generator."""
    X = np.nan_to_num(data())
    model = ALS(2, absent="zero", dtype="float32", max_iter=3, random_state=np.random.RandomState(0)).fit(X)
    return model, [("transform", (X[:3],)), ("predict_cells", ([0, 7], [1, 4]))]


def implicit() -> tuple[Any, list[Call]]:
    """ImplicitALS of plays and a dislike, with settings of its own."""
    X = np.nan_to_num(data()).round()
    X[0, 0] = -2
    model = ImplicitALS(2, objective="ials", unobserved_weight=0.2, reg=(0.01, 0.02), max_iter=3, random_state=0).fit(X)
    calls = [("transform", (X[:3],)), ("predict_cells", ([0, 7], [1, 4])), ("get_params", ())]
    return model, [*calls, ("objective_settings", ())]


def imputer() -> tuple[Any, list[Call]]:
    """ALSImputer with an indicator of missing cells."""
    X = data()
    model = ALSImputer(2, add_indicator=True, max_iter=3, random_state=0).fit(X)
    return model, [("transform", (X,)), ("get_feature_names_out", ())]


def recommender() -> tuple[Any, list[Call]]:
    """Recommend by interactions of texts with numbers."""
    rows, columns = np.nonzero(np.nan_to_num(data()))
    known = Interactions.from_arrays([f"u{row}" for row in rows], columns + 10, data()[rows, columns])
    model = Recommender(ImplicitALS(2, max_iter=3, random_state=0)).fit(known)
    return model, [("predict", ("u3", [10, 12, 14])), ("recommend", (["u0", "u3"], 2)), ("similar_items", (10, 2))]


MODELS: dict[str, Callable[[], tuple[Any, list[Call]]]] = {
    "als": als,
    "als_zero": als_zero,
    "implicit": implicit,
    "imputer": imputer,
    "recommender": recommender,
}


def plain(value: Any) -> Any:
    """Return a value as JSON has it: arrays as lists, NaN as null."""
    if isinstance(value, Listing):
        return plain(value.to_list())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return None if isinstance(value, float) and np.isnan(value) else value


def write(name: str) -> None:
    """Write the two files of a model."""
    model, calls = MODELS[name]()
    path = FOLDER / f"{alsatian.__version__}-{name}.alsatian"
    alsatian.save(model, path)
    told = [
        {"method": method, "arguments": plain(arguments), "returned": plain(getattr(model, method)(*arguments))}
        for method, arguments in calls
    ]
    path.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size:,} bytes")


def main(argv: list[str] | None = None) -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODELS)} (default: all)")
    names = parser.parse_args(argv).names or list(MODELS)
    if unknown := set(names) - MODELS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}: there are {', '.join(MODELS)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        write(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
