"""What a recommender knows once it is fitted: a model, its interactions, and what is worked out from them once."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alsatian._engine.contract import Floats
from alsatian._engine.threads import resolve_n_jobs
from alsatian.data import Ids, Interactions
from alsatian.models import ImplicitALS, Uncertainty
from alsatian.models._explain import Explainer
from alsatian.models._fold import Folded, FoldIn


class Space(NamedTuple):
    """One side of a model, in which distances are measured."""

    what: str
    ids: Ids
    known: NDArray[np.bool_]  # which of them have an interaction
    factors: Floats
    unit: Floats  # over their lengths; zeros where there is no length
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
            raise ValueError(
                "return_std=True is for ratings: a score of ImplicitALS is for putting items in order, no value with "
                "noise, and has no standard deviation. Use Recommender(ALS(...)) for ratings."
            )
        found: Uncertainty = self.model._uncertainty_of(cells_of(self.model, self.csr, self.interactions.weights))
        return found

    @cached_property
    def item_space(self) -> Space:
        """The items among each other."""
        factors = self.model.column_factors_
        return Space("item", self.items, self.known_items, factors, _unit(factors), resolve_n_jobs(self.model.n_jobs))

    @cached_property
    def user_space(self) -> Space:
        """The users among each other."""
        factors = self.model.row_factors_
        return Space("user", self.users, self.known_users, factors, _unit(factors), resolve_n_jobs(self.model.n_jobs))

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
    values = values.astype(model.column_factors_.dtype, copy=False)
    if weights is None:
        return model._cells_to_fold(values)
    return model._cells_to_fold(values, weights)


def _unit(factors: Floats) -> Floats:
    wide = factors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    unit: Floats = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0).astype(factors.dtype)
    return unit
