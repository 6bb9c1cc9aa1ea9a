"""A quick search, and a storage for it, that tests of `tune` share."""

from __future__ import annotations

from alsatian.evaluation import tune
from evaluation.judging import als, ratings

SPACE = {"n_components": (1, 6), "reg": (0.005, 1.0)}


def searched(data=None, model=None, **how):
    given = {"space": SPACE, "n_trials": 8, "confirm": False}
    return tune(model or als(), data if data is not None else ratings(), **given | how)


def journal(folder):
    """A storage that is quicker than a database."""
    import optuna

    backend = optuna.storages.journal.JournalFileBackend(str(folder / "search.log"))
    return optuna.storages.JournalStorage(backend)
