"""What ``alsatian demo`` computes: three models, compared on cells that none of them has seen."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.cli.additive import additive_model
from alsatian.models.als import ALS

BIAS_REG = 0.1
# The ridge that suits the additive model best, on the validation parts that chose the settings of ALS; it is flat from
# 5 to 20. Weights were tried there too: they take 0.5 minutes off ALS's error and add 0.05 to the additive one's.
ADDITIVE_REG = 10.0
HELD_OUT = 0.1
MODELS = ("mean", "additive", "ALS")


@dataclass(frozen=True)
class Trial:
    """What the demo computed: the matrices (minutes), the held-out mask, and the errors by model."""

    train: NDArray[np.float64]
    held_out: NDArray[np.bool_]
    completed: NDArray[np.float64]
    interaction: NDArray[np.float64]
    rmse: dict[str, float]
    n_iter: int
    seconds: float

    @property
    def n_train(self) -> int:
        """Number of cells that the models were fitted to."""
        return int(np.count_nonzero(~np.isnan(self.train)))


def fit(X: NDArray[np.float64], weights: NDArray[Any], *, n_components: int, reg: float, seed: int) -> Trial:
    """Hold out cells, fit the three models to the others and compare them on the held-out cells.

    Parameters
    ----------
    X : float64 array of shape (m, n)
        NaN is missing.
    weights : array of shape (m, n)
        How much ALS is to trust each cell: the number of flights that its mean is taken over.
    n_components : int
        Rank of ALS.
    reg : float
        Ridge of ALS, a cell: it is multiplied by the number of cells of each row and column.
    seed : int
        Of the held-out cells and of the factors' start.

    Returns
    -------
    Trial
    """
    held_out = hold_out(X, HELD_OUT, seed)
    train = np.where(held_out, np.nan, X)
    start = time.perf_counter()
    model = ALS(n_components, reg=reg, bias="both", bias_reg=BIAS_REG, max_iter=50, random_state=seed)
    with warnings.catch_warnings():
        # A route that flew on a few days only may lose them all to the held-out cells; it then has its mean alone.
        warnings.filterwarnings("ignore", message=".*without an observed cell")
        model.fit(train, weights=weights)
    seconds = time.perf_counter() - start
    rows, columns = np.indices(X.shape).reshape(2, -1)
    completed = np.asarray(model.predict_cells(rows, columns), dtype=np.float64).reshape(X.shape)
    fitted = {
        "mean": np.full(X.shape, np.nanmean(train)),
        "additive": additive_model(train, reg=ADDITIVE_REG),
        "ALS": completed,
    }
    rmse = {name: float(np.sqrt(np.mean((fitted[name] - X)[held_out] ** 2))) for name in MODELS}
    interaction = model.row_factors_ @ model.column_factors_.T
    return Trial(train, held_out, completed, interaction, rmse, int(model.n_iter_), seconds)


def hold_out(X: NDArray[np.float64], share: float, seed: int) -> NDArray[np.bool_]:
    """Mark a random `share` of the cells of X that are not NaN."""
    cells = np.flatnonzero(~np.isnan(X))
    chosen = np.random.default_rng(seed).permutation(cells)[: round(share * cells.size)]
    mask = np.zeros(X.size, dtype=np.bool_)
    mask[chosen] = True
    return mask.reshape(X.shape)
