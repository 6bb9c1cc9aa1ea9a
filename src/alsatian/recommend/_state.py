"""What a recommender knows once it is fitted: a model, its interactions, and what is worked out from them once."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alsatian._engine.contract import Floats
from alsatian._engine.threads import resolve_n_jobs
from alsatian.compat import Translation
from alsatian.data import Ids, Interactions
from alsatian.models import ImplicitALS, Uncertainty
from alsatian.models._explain import Explainer
from alsatian.models._fold import Folded, FoldIn
from alsatian.models.implicit import NO_STD

TRANSLATION = "_translation"  # where a fitted model keeps what its values go through


class Space(NamedTuple):
    """One side of a model, in which distances are measured."""

    what: str
    ids: Ids
    known: NDArray[np.bool_]  # which of them have an interaction
    factors: Floats
    unit: Floats  # over their lengths; zeros where there is no length
    there: NDArray[np.bool_]  # which of them have a length
    n_jobs: int


class State:
    """A fitted model and the interactions that it knows; neither changes, an update makes a new state.

    Parameters
    ----------
    model : ALS or ImplicitALS, fitted on ``interactions.csr``
    interactions : Interactions
    """

    def __init__(self, model: Any, interactions: Interactions) -> None:
        self.model, self.interactions = model, interactions

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave out what can be worked out again."""
        return State, (self.model, self.interactions)

    @property
    def users(self) -> Ids:
        """The users, by row."""
        return self.interactions.users

    @property
    def items(self) -> Ids:
        """The items, by column."""
        return self.interactions.items

    @property
    def sides(self) -> tuple[tuple[Ids, str], tuple[Ids, str]]:
        """Users and items, with what they are called."""
        return (self.users, "user"), (self.items, "item")

    @cached_property
    def csr(self) -> csr_array[Any]:
        """The values by users; the same object each time."""
        return self.interactions.csr

    @cached_property
    def known_users(self) -> NDArray[np.bool_]:
        """Of which users something is known."""
        return told_of(self.model, self.csr, self.model.row_factors_)

    @cached_property
    def known_items(self) -> NDArray[np.bool_]:
        """Of which items something is known."""
        return told_of(self.model, self.interactions.csc, self.model.column_factors_)

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """How many users have (of implicit feedback: liked) each item, as a factor, shape (n_items, 1)."""
        liked = self.csr.data > 0 if isinstance(self.model, ImplicitALS) else np.ones(self.csr.nnz, dtype=bool)
        counts = np.bincount(self.csr.indices[liked], minlength=len(self.items))
        return counts[:, np.newaxis].astype(np.float64)

    @cached_property
    def fold_in(self) -> FoldIn:
        """Solves users for the items as they are."""
        return FoldIn(self.model, 0)

    @cached_property
    def explainer(self) -> Explainer:
        """Takes scores apart."""
        return Explainer(self.model)

    @cached_property
    def uncertainty(self) -> Uncertainty:
        """Tells how far off scores may be; the model has been fitted to ratings.

        Raises
        ------
        ValueError
            Where the model has no such thing.
        """
        if isinstance(self.model, ImplicitALS):
            raise ValueError(NO_STD)
        found: Uncertainty = self.model._uncertainty_of(cells_of(self.model, self.csr, self.interactions.weights))
        return found

    @cached_property
    def item_space(self) -> Space:
        """The items among each other."""
        return self._space("item", self.items, self.known_items, self.model.column_factors_)

    @cached_property
    def user_space(self) -> Space:
        """The users among each other."""
        return self._space("user", self.users, self.known_users, self.model.row_factors_)

    def _space(self, what: str, ids: Ids, known: NDArray[np.bool_], factors: Floats) -> Space:
        unit = _unit(factors)
        there = np.asarray(unit.any(axis=1))
        return Space(what, ids, known, factors, unit, there, resolve_n_jobs(self.model.n_jobs))

    def rows(self, rows: NDArray[np.int64] | None) -> Folded:
        """Return some rows of the model; None is all of them, without a copy."""
        factors, bias = self.model.row_factors_, self.model.row_bias_
        if rows is None:
            return Folded(factors, bias)
        return Folded(factors[rows], None if bias is None else bias[rows])

    def fold(self, values: csr_array[Any], weights: csr_array[Any] | None) -> Folded:
        """Solve rows of interactions that are not among those known."""
        return self.fold_in(cells_of(self.model, values, weights))


def told_of(model: Any, matrix: Any, factors: Floats) -> NDArray[np.bool_]:
    """Return of which rows (of a CSR matrix) or columns (of a CSC one) something is known.

    They have an interaction; and where nothing was liked (zeros and dislikes alone), implicit factors are zero and say
    nothing.
    """
    some: NDArray[np.bool_] = np.diff(matrix.indptr) > 0
    return some & factors.any(axis=1) if isinstance(model, ImplicitALS) else some


def cells_of(model: Any, values: csr_array[Any], weights: csr_array[Any] | None) -> Any:
    """Return the model's cells of rows of values."""
    X, keywords = given_to(model, values, weights)
    return model._cells_to_fold(X.astype(model.column_factors_.dtype, copy=False), *keywords.values())


def given_to(model: Any, values: csr_array[Any], weights: csr_array[Any] | None) -> tuple[Any, dict[str, Any]]:
    """Return what a model is given: values and weights as they are, or what its translation makes of the values."""
    translation: Translation | None = getattr(model, TRANSLATION, None)
    if translation is not None:
        return translation.data(values)
    return values, {} if weights is None else {"weights": weights}


def _unit(factors: Floats) -> Floats:
    wide = factors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    unit: Floats = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0).astype(factors.dtype)
    return unit
