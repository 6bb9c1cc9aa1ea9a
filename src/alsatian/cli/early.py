"""``--early-stopping``: how many iterations are best for cells that take no part in the fit."""

from __future__ import annotations

import argparse
import warnings
from typing import Any

from alsatian.cli.output import counted, note

METRICS = {"ratings": "rmse", "implicit": "ndcg@10"}


def share(text: str) -> float:
    """Parse a share of cells.

    Examples
    --------
    >>> share("0.1")
    0.1
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share of the cells, such as 0.1: between 0 and 1")
    return number


def best_iteration(args: argparse.Namespace, model: Any, kind: str, interactions: Any) -> int:
    """Fit without a share of each user's cells until these are judged worse, and return the best iteration.

    Parameters
    ----------
    args : argparse.Namespace
        With `early_stopping`, the share, and `quiet`.
    model : ALS or ImplicitALS
        Unfitted; it is left as it is.
    kind : {"ratings", "implicit"}
        Which metric judges: the root mean square error, or the NDCG of ten items.
    interactions : Interactions
    """
    from sklearn.base import clone

    from alsatian.callbacks import EarlyStopping
    from alsatian.evaluation import evaluate, splits
    from alsatian.models import NoEntryWarning

    metric = METRICS[kind]
    seed = model.random_state if model.random_state is not None else 0
    split = splits.random_per_user(interactions, test=args.early_stopping, seed=seed)
    train = split.train
    stopping = EarlyStopping(
        score=lambda fitted: evaluate(fitted, split, metric, refit=False)[metric].value,
        greater_is_better=kind == "implicit",
    )
    tried = clone(model).set_callbacks(stopping)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)  # of what only the held-out cells know
        tried.fit(train.csr, **({} if train.weights is None else {"weights": train.weights}))
    stopped = "" if stopping.stopped_ else ", the last one: more may be better (--max-iter, --tol)"
    note(
        args,
        f"{metric} {stopping.best_score_:.4g} on {len(split.test):,} cells set apart, best after "
        f"{counted(stopping.best_iteration_, 'iteration')}{stopped}; all cells are fitted with as many",
    )
    return int(stopping.best_iteration_)
