"""`Translation`: an estimator of ours that stands for another library's, and what it makes of a matrix."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from sklearn.base import clone

from alsatian._tables import refuse_long_table
from alsatian.models import ALS, ImplicitALS

Prepared = tuple[Any, dict[str, Any]]


@dataclass(frozen=True)
class Translation:
    """What another library's estimator is in alsatian.

    Attributes
    ----------
    estimator : ALS or ImplicitALS
        Not fitted. ``set_params`` changes it, for instance ``relaxation="auto"`` to need fewer iterations. It minimises
        the other library's function on what `data` makes of a matrix, and another one on the matrix itself where these
        differ.
    notes : tuple of str
        What differs nevertheless: how rows are solved, where the fit starts, what was left out.

    Raises
    ------
    ValueError
        Where a parameter has a value that the estimator cannot have.

    Notes
    -----
    ``Recommender(translation)`` is the same model under ids: `fit`, `update` and all else go through `data`.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from alsatian.compat import from_implicit
    >>> translation = from_implicit(factors=2, alpha=40.0, random_state=2)
    >>> translation.estimator
    ALS(absent='zero', dtype='float32', max_iter=15, n_components=2, random_state=2,
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
    _peer: str  # the function that made it, and the parameters that say what `data` is
    _of_data: dict[str, Any] = field(default_factory=dict)
    _changes_values: bool = False

    def __post_init__(self) -> None:
        """Refuse at once what `fit` would refuse, and mark an estimator that is wrong on values as they are."""
        try:
            self.estimator._validate_params()
        except (ValueError, TypeError) as error:
            raise ValueError(f"{self._peer}: {_under_their_name(self._peer, str(error))}") from error
        if self._changes_values:
            self.estimator._translated_by = self._peer

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy, and pickle, without functions of functions."""
        return _again, (self._peer, self._of_data, self.estimator, self.notes)

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
            Where X holds what the other library counts in a way that has no counterpart, and where it is a frame that
            is a long table, one interaction a row (as in `ALS.fit`).
        TypeError
            For a keyword that the other library's `fit` does not have.
        """
        if hasattr(X, "csr") and hasattr(X, "users"):
            raise TypeError(
                "Interactions are given: Recommender(translation).fit(interactions) keeps their ids, and "
                "interactions.csr is the matrix without them."
            )
        refuse_long_table(X)
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


# What parameters of ours are called elsewhere, where the one comes from the other.
_CMFREC = {"n_components": "k", "reg": "lambda_", "bias_reg": "lambda_", "max_iter": "niter", "n_jobs": "nthreads"}
_THEIRS = {
    "from_cmfrec": _CMFREC,
    "from_cmfrec_implicit": _CMFREC,
    "from_implicit": {
        "n_components": "factors", "reg": "regularization", "max_iter": "iterations", "n_jobs": "num_threads"
    },
    "from_irspack": {
        "unobserved_weight": "alpha0", "reg_exponent": "nu", "confidence_scale": "epsilon", "max_iter": "train_epochs",
        "n_jobs": "n_threads", "random_state": "random_seed",
    },
    "from_spark": {"n_components": "rank", "reg": "regParam", "max_iter": "maxIter", "random_state": "seed"},
    "from_surprise": {"n_components": "n_factors", "reg": "reg_pu and reg_qi", "bias_reg": "reg_bu and reg_bi"},
}  # fmt: skip


def _under_their_name(peer: str, error: str) -> str:
    """Put the name that the other library has for a parameter before an error that has ours."""
    ours = re.search(r"'(\w+)' parameter", error)
    theirs = _THEIRS.get(peer, {}).get(ours[1]) if ours else None
    return error if theirs is None else f"{theirs} cannot be this value. {error}"


def translation_of_data(told: Any) -> Translation:
    """Return a translation of which `data` is what `description_of_data` told; the rest of it is at its defaults.

    Raises
    ------
    ValueError
        Where nothing can have told that.
    """
    if not isinstance(told, dict) or told.keys() != {"function", "parameters"}:
        raise ValueError("a translation is described wrongly")
    compat: Any = import_module("alsatian.compat")
    if told["function"] not in compat.__all__ or not told["function"].startswith("from_"):
        raise ValueError(f"there is no translation {told['function']!r}")
    try:
        made: Translation = getattr(compat, told["function"])(**told["parameters"])
    except TypeError as error:
        raise ValueError(f"a translation is described wrongly: {error}") from error
    return made


def description_of_data(translation: Translation) -> dict[str, Any]:
    """Return what says how `data` of a translation works, as JSON can hold it."""
    plain = {name: value.item() if hasattr(value, "item") else value for name, value in translation._of_data.items()}
    return {"function": translation._peer, "parameters": plain}


def _again(peer: str, of_data: dict[str, Any], estimator: Any, notes: tuple[str, ...]) -> Translation:
    return replace(translation_of_data({"function": peer, "parameters": of_data}), estimator=estimator, notes=notes)
