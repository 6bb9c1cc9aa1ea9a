"""``--early-stopping``: how many iterations are best for cells that take no part in the fit."""

from __future__ import annotations

import argparse
from typing import Any

from alsatian.cli.output import counted, note

METRICS = {"ratings": "rmse", "implicit": "ndcg@10"}


def best_iteration(args: argparse.Namespace, model: Any, kind: str, interactions: Any) -> int:
    """Fit without a share of each user's cells until these are judged worse, and return the best iteration.

    Parameters
    ----------
    args : argparse.Namespace
        With `early_stopping`, the share, and `quiet`.
    model : ALS or ImplicitALS
        Unfitted, with a seed; it is left as it is.
    kind : {"ratings", "implicit"}
        Which metric judges: the root mean square error, or the NDCG of ten items.
    interactions : Interactions
    """
    from sklearn.base import clone

    from alsatian.callbacks import EarlyStopping
    from alsatian.evaluation import evaluate, splits
    from alsatian.evaluation._fit_on import fit_on

    metric = METRICS[kind]
    split = splits.random_per_user(interactions, test=args.early_stopping, seed=model.random_state)
    stopping = EarlyStopping(
        score=lambda fitted: evaluate(fitted, split, metric, refit=False)[metric].value,
        greater_is_better=kind == "implicit",
    )
    fit_on(clone(model).set_callbacks(stopping), split)
    stopped = "" if stopping.stopped_ else ", the last one: more may be better (--max-iter, --tol)"
    note(
        args,
        f"{metric} {stopping.best_score_:.4g} on {len(split.test):,} cells set apart, best after "
        f"{counted(stopping.best_iteration_, 'iteration')}{stopped}; all cells are fitted with as many",
    )
    return int(stopping.best_iteration_)
