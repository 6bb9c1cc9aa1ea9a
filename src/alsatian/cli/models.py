"""Model files on the command line."""

from __future__ import annotations

import argparse
from typing import Any


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the file of the model."""
    parser.add_argument("model", metavar="MODEL", help="file that 'alsatian fit' or alsatian.save has written")


def add_n_jobs(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add the number of threads."""
    from alsatian.cli.arguments import positive_int

    parser.add_argument(
        "--n-jobs", type=positive_int, metavar="N", help="threads (default: all that the process may use)"
    )


def load_recommender(path: str) -> Any:
    """Load a recommender.

    Raises
    ------
    FileNotFoundError, ModelFileError
        Where there is none.
    ValueError
        Where the file holds a model without ids.
    """
    from alsatian.recommend.files import load
    from alsatian.recommend.recommender import Recommender

    model = load(path)
    if not isinstance(model, Recommender):
        raise ValueError(
            f"{path} holds {type(model).__name__}, a model without ids: lists need a Recommender, as 'alsatian fit' "
            "makes it."
        )
    return model
