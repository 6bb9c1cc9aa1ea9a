"""`Translation`: an estimator of ours that stands for another library's, and what it makes of a matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone

from alsatian.models import ALS, ImplicitALS

Prepared = tuple[Any, dict[str, Any]]


@dataclass(frozen=True)
class Translation:
    """What another library's estimator is in alsatian.

    Attributes
    ----------
    estimator : ALS or ImplicitALS
        Not fitted. ``set_params`` changes it, for instance ``relaxation="auto"`` to need fewer iterations.
    notes : tuple of str
        What differs nevertheless: how rows are solved, where the fit starts, what was left out.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from alsatian.compat import from_implicit
    >>> translation = from_implicit(factors=2, alpha=40.0, random_state=0)
    >>> translation.estimator
    ALS(absent='zero', dtype='float32', max_iter=15, n_components=2, random_state=0,
        reg=0.01, reg_exponent=0.0, relaxation=1.0, tol=0.0)
    >>> plays = csr_array([[9, 4, 0, 0], [5, 0, 0, 1], [0, 0, 7, 3], [0, 0, 2, 8]])
    >>> X, keywords = translation.data(plays)
    >>> X.toarray()[0].tolist(), keywords["weights"].toarray()[0].tolist()
    ([1.0, 1.0, 0.0, 0.0], [360.0, 160.0, 0.0, 0.0])
    >>> model = translation.fit(plays)
    >>> scores = model.predict_cells([1, 1], [1, 2])  # what the second listener has not played
    >>> bool(scores[0] > scores[1])
    True
    """

    estimator: ALS | ImplicitALS
    notes: tuple[str, ...]
    _prepare: Callable[..., Prepared]

    def data(self, X: Any, **peer_keywords: Any) -> Prepared:
        """Return what the estimator has to be given for X: a matrix, and keywords of `fit`, `transform` and `impute`.

        Parameters
        ----------
        X : sparse matrix or array of shape (n_rows, n_columns)
            What the other library would be given. Never changed.
        **peer_keywords
            What the other library's `fit` takes beside it, under its own names (``W`` of cmfrec).

        Returns
        -------
        X : sparse matrix or array
        keywords : dict
            ``{"weights": ...}``, or empty.

        Raises
        ------
        ValueError
            Where X holds what the other library counts in a way that has no counterpart.
        TypeError
            For a keyword that the other library's `fit` does not have.
        """
        return self._prepare(X, **peer_keywords)

    def fit(self, X: Any, **peer_keywords: Any) -> Any:
        """Fit a copy of the estimator to what `data` makes of X, and return the copy.

        Parameters
        ----------
        X, **peer_keywords
            As in `data`.

        Returns
        -------
        ALS or ImplicitALS
            Fitted.
        """
        prepared, keywords = self.data(X, **peer_keywords)
        return clone(self.estimator).fit(prepared, **keywords)

    def __str__(self) -> str:
        return "\n".join([str(self.estimator), *(f"- {note}" for note in self.notes)])
