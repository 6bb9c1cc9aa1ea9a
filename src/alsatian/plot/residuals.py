"""What a model misses: residuals against predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from alsatian.plot._style import ACCENT, BLUE, INK, LINE, axes_or_new, check_fitted, legend, plain, plain_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Kind = Literal["residuals", "distribution"]

_BINS = 10
_FEW = 2000  # points that can be drawn one by one


class ResidualsDisplay:
    """Residuals, value − prediction, of cells.

    Parameters
    ----------
    values : array of shape (q,)
        What was observed.
    predictions : array of shape (q,)

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    """

    ax_: Axes
    figure_: Figure

    def __init__(self, *, values: Floats, predictions: Floats) -> None:
        self.values, self.predictions = values, predictions

    @property
    def residuals(self) -> Floats:
        """Value − prediction."""
        return self.values - self.predictions

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, *, kind: Kind = "residuals", ax: Axes | None = None) -> Self:
        """Draw the residuals of a fitted model on cells.

        Parameters
        ----------
        estimator : ALS
        X : array or sparse matrix of shape (n_rows, n_columns)
            The training matrix, or held-out cells in a matrix of its shape: NaN, or what is not stored, is none.
        kind : {"residuals", "distribution"}, default="residuals"
            Residuals by prediction, with their mean in ten bins of equally many cells; or how often each size comes.
        ax : matplotlib Axes, default=None
            None makes new ones.

        Returns
        -------
        ResidualsDisplay

        Raises
        ------
        ImportError
            Where matplotlib is not installed.
        ValueError
            Where X has another shape than the training matrix, or no cell.
        """
        check_fitted(estimator, "mean_")
        rows, columns, values = cells_of(X)
        shape = (len(estimator.row_factors_), len(estimator.column_factors_))
        if np.shape(X) != shape:
            raise ValueError(f"X is of shape {np.shape(X)}, but the model was fitted to one of shape {shape}.")
        predictions = np.asarray(estimator.predict_cells(rows, columns), dtype=np.float64)
        return cls(values=values, predictions=predictions).plot(kind=kind, ax=ax)

    def plot(self, *, kind: Kind = "residuals", ax: Axes | None = None) -> Self:
        """Draw it; parameters as in `from_estimator`."""
        if kind not in ("residuals", "distribution"):
            raise ValueError(f"kind must be 'residuals' or 'distribution'. Got {kind!r}.")
        ax = axes_or_new(ax)
        misses = self.residuals
        rmse = float(np.sqrt(np.mean(misses**2)))
        told = f"{misses.size:,} cells, RMSE {rmse:.4g}, mean {misses.mean():+.2g}"
        if kind == "distribution":
            self._draw_distribution(ax, rmse)
            plain(ax, title="Residuals", subtitle=told, x="value − prediction", y="cells")
        else:
            self._draw_by_prediction(ax)
            plain(ax, title="Residuals by prediction", subtitle=told, x="prediction", y="value − prediction")
        self.ax_, self.figure_ = ax, ax.figure  # type: ignore[assignment]
        return self

    def _draw_distribution(self, ax: Axes, rmse: float) -> None:
        misses = self.residuals
        ax.hist(misses, bins=60, color=BLUE, alpha=0.9)
        for x in (-rmse, rmse):
            ax.axvline(x, color=ACCENT, linewidth=1, linestyle="--", label="± RMSE" if x > 0 else None)
        ax.axvline(0, color=INK, linewidth=0.8)
        plain_numbers(ax.yaxis)
        legend(ax, loc="upper right")

    def _draw_by_prediction(self, ax: Axes) -> None:
        if self.values.size <= _FEW:
            ax.scatter(self.predictions, self.residuals, s=9, color=BLUE, alpha=0.5, linewidths=0)
        else:
            marks = ax.hexbin(
                self.predictions, self.residuals, gridsize=60, bins="log", mincnt=1, cmap="Blues", linewidths=0
            )
            bar = ax.figure.colorbar(marks, ax=ax, shrink=0.7, pad=0.02)
            bar.set_label("cells", color=INK)
            bar.outline.set_visible(False)
            bar.ax.tick_params(colors=INK, labelsize=8)
        ax.axhline(0, color=LINE, linewidth=1, zorder=0)
        x, y, spread = self.means()
        ax.errorbar(
            x, y, yerr=spread, color=ACCENT, linewidth=1.4, marker="o", markersize=4, capsize=2,
            label="mean of a tenth of the cells, ± its standard error",
        )  # fmt: skip
        legend(ax, loc="upper left")

    def means(self) -> tuple[Floats, Floats, Floats]:
        """Return, for ten bins of equally many cells by prediction: mean prediction, mean residual, its standard error.

        A model that is calibrated has means near zero all the way.
        """
        order = np.argsort(self.predictions, kind="stable")
        parts = [part for part in np.array_split(order, _BINS) if part.size]
        misses = self.residuals
        x = np.array([self.predictions[part].mean() for part in parts])
        y = np.array([misses[part].mean() for part in parts])
        error = np.array([misses[part].std(ddof=1) / np.sqrt(part.size) if part.size > 1 else 0.0 for part in parts])
        return x, y, error


def cells_of(X: Any) -> tuple[NDArray[Any], NDArray[Any], Floats]:
    """Return the rows, columns and values of the cells of an array or sparse matrix that are there.

    Raises
    ------
    ValueError
        Where X is no matrix, or has no cell.
    """
    if hasattr(X, "tocoo"):
        matrix = X.tocoo()
        (rows, columns), values = matrix.coords, np.asarray(matrix.data, dtype=np.float64)
    else:
        array = np.asarray(X, dtype=np.float64)
        if array.ndim != 2:
            raise ValueError(f"X must be a matrix, got an array of shape {array.shape}.")
        rows, columns = np.nonzero(~np.isnan(array))
        values = array[rows, columns]
    if not values.size:
        raise ValueError("X has no cell.")
    return rows, columns, values
