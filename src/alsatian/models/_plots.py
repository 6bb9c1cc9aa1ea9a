"""The pictures of a model as methods of it: the one place where the models know of the room that draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.plot import FactorsDisplay, HistoryDisplay, ResidualsDisplay, SpectrumDisplay


class Plots:
    """Pictures of any factor model; they need matplotlib, the extra ``plot``."""

    def plot_history(self, **how: Any) -> HistoryDisplay:
        """Draw the loss, iteration by iteration.

        Parameters
        ----------
        **how
            ``x``, ``kind``, ``ax``, as in `alsatian.plot.HistoryDisplay.from_estimator`.

        Returns
        -------
        HistoryDisplay
            Its axes are ``ax_``.
        """
        from alsatian.plot import HistoryDisplay

        return HistoryDisplay.from_estimator(self, **how)

    def plot_factors(self, **how: Any) -> FactorsDisplay:
        """Draw a map of the columns, or of the rows, by two singular directions of W Zᵀ.

        Parameters
        ----------
        **how
            ``side``, ``components``, ``names``, ``n_names``, ``named``, ``ax``, as in
            `alsatian.plot.FactorsDisplay.from_estimator`.

        Returns
        -------
        FactorsDisplay
            Its axes are ``ax_``.
        """
        from alsatian.plot import FactorsDisplay

        return FactorsDisplay.from_estimator(self, **how)

    def plot_spectrum(self, **how: Any) -> SpectrumDisplay:
        """Draw the singular values of W Zᵀ.

        Parameters
        ----------
        **how
            ``ax``, as in `alsatian.plot.SpectrumDisplay.from_estimator`.

        Returns
        -------
        SpectrumDisplay
            Its axes are ``ax_``.
        """
        from alsatian.plot import SpectrumDisplay

        return SpectrumDisplay.from_estimator(self, **how)


class ResidualPlots:
    """Pictures of a model whose scores are values of X."""

    def plot_residuals(self, X: Any, **how: Any) -> ResidualsDisplay:
        """Draw what the model misses on the cells of X.

        Parameters
        ----------
        X : array or sparse matrix of shape (n_rows, n_columns)
            The training matrix, or held-out cells in a matrix of its shape.
        **how
            ``kind``, ``ax``, as in `alsatian.plot.ResidualsDisplay.from_estimator`.

        Returns
        -------
        ResidualsDisplay
            Its axes are ``ax_``.
        """
        from alsatian.plot import ResidualsDisplay

        return ResidualsDisplay.from_estimator(self, X, **how)
