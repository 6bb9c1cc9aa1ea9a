"""What tests send to other processes: to be read back there, it has to be in a module that can be imported."""

from __future__ import annotations

import numpy as np

from alsatian import ALS
from alsatian._engine.threads import resolve_n_jobs


class Counting(ALS):
    """Says in its predictions how many threads it would take."""

    def predict_cells(self, rows, columns):
        return np.full(np.shape(rows), float(resolve_n_jobs(self.n_jobs)))


def threads_of(estimator, X, y):
    """A score of scikit-learn's kind: how many threads the model would take."""
    return estimator.predict(X[:1])[0]


def processors(outcome):
    """A metric: how many threads the model would take."""
    return float(resolve_n_jobs(outcome.model.n_jobs))
