"""What a recommender is given, checked: models, frames, and words that have to be one of a few."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.base import clone

from alsatian.compat import Translation
from alsatian.data import Interactions
from alsatian.models import ALS, ImplicitALS
from alsatian.recommend._state import TRANSLATION, State, given_to

_MARK = "_translated_by"  # on an estimator: the name of the function that made it for values that it changes


def of_ratings(model: Any) -> bool:
    """Return whether values are ratings, of which there is one a pair, and not counts, which add up."""
    return isinstance(model, ALS) and model.absent == "missing"


def is_empty(frame: Any) -> bool:
    """Return whether this is a frame, and has no rows."""
    rows = getattr(frame, "num_rows", None)
    return hasattr(frame, "columns") and (rows == 0 or (hasattr(frame, "__len__") and len(frame) == 0))


def warn_of_other_types(state: State, new: Interactions) -> None:
    """Warn where new ids are of another type than those that are known."""
    for what, known, ids in (("users", state.users, new.users), ("items", state.items, new.items)):
        if known.kind != ids.kind and (known.find(ids) < 0).any():
            first = ids[np.flatnonzero(known.find(ids) < 0)[:1]].tolist()[0]
            warnings.warn(
                f"The {what} so far are of type {known.kind}, and of those that come some are not, such as {first!r}: "
                "they are new ones. Ids are not converted.",
                UserWarning,
                stacklevel=3,
            )


def checked_bool(name: str, value: Any) -> bool:
    """Return a truth value; refuse anything else that Python would take for one."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False. Got {value!r}.")
    return bool(value)


def as_interactions(given: Any, columns: Mapping[str, Any], *, matrix: bool = False) -> Interactions:
    """Return interactions as they are, or those of a frame; with `matrix`, of a sparse one too: ids are positions."""
    sparse: bool = issparse(given)
    if sparse and not matrix:
        refuse_matrix(given)
    if sparse or isinstance(given, Interactions):
        wrong = [name for name in columns if name != "duplicates" and not (sparse and name == "dtype")]
        if wrong:
            what = "a sparse matrix is" if sparse else "Interactions are"
            raise TypeError(f"{wrong[0]} says how a frame is read, but {what} given.")
    if sparse:
        return Interactions.from_matrix(given, dtype=columns.get("dtype", np.float32))
    if isinstance(given, Interactions):
        return given
    return Interactions.from_frame(given, **columns)


def refuse_matrix(given: Any) -> None:
    """Refuse a sparse matrix, of which nobody can say whose its rows are.

    Raises
    ------
    TypeError
        Says how to give it.
    """
    if issparse(given):
        raise TypeError(
            "a sparse matrix says nothing of whose its rows are: give Interactions.from_matrix(X, users=[...], "
            "items=recommender.items_), with an id for each row."
        )


def observed(model: Any, interactions: Interactions) -> Interactions:
    """Return the interactions that a model has anything of: for implicit feedback a zero is none, stored or not.

    Ids keep their positions. A translation whose peer takes a stored zero for something else refuses it.
    """
    cells = without_zeros(model, interactions.csr)
    return interactions if cells.nnz == len(interactions) else interactions.select(interactions.values != 0)


def without_zeros(model: Any, values: csr_array[Any]) -> csr_array[Any]:
    """Return what is observed of a matrix that is given to a model; see `observed`."""
    if not isinstance(model, ImplicitALS) or values.data.all():
        return values
    given_to(model, values, None)
    left = values.copy()
    left.eliminate_zeros()
    return left


def check_weights(model: Any, interactions: Interactions) -> None:
    """Refuse weights where the model takes none, and values as they are where a translation makes weights of them."""
    if interactions.weights is not None and hasattr(model, TRANSLATION):
        raise ValueError("The interactions have weights, which a translated model does not take beside values.")
    if interactions.weights is None and hasattr(model, _MARK):
        raise ValueError(
            f"The estimator that {getattr(model, _MARK)} made minimises another function on values as they are: give "
            "the translation itself, Recommender(translation), which makes of them what it makes of a matrix."
        )
    if interactions.weights is not None and isinstance(model, ImplicitALS):
        raise ValueError(
            "The interactions have weights, which ImplicitALS does not take: its confidence comes from the values. "
            "Read the frame with weight=False, or use ALS."
        )


def check_values(model: Any, given: Any, interactions: Interactions) -> None:
    """Refuse ratings of a frame that are all 1, as no column of it was read."""
    if interactions is not given and not issparse(given) and of_ratings(model) and (interactions.values == 1).all():
        raise ValueError(
            "Ratings are asked for, but every value is 1: the frame has no column that is named as usual for "
            "ratings. Name it: fit(frame, value='…'), or give Interactions."
        )


def translated(model: Any) -> Any:
    """Return a new model of the kind asked for, with the translation that its values go through, if any."""
    if not isinstance(model, Translation):
        return fresh(model)
    made = clone(model.estimator)
    setattr(made, TRANSLATION, model)
    return made


def fresh(model: Any, accepted: str = "an ALS, an ImplicitALS, a Translation, 'implicit' or 'ratings'") -> Any:
    """Return a new model of the kind asked for; an error lists what the caller accepts."""
    if isinstance(model, str) and model == "implicit":
        return ImplicitALS()
    if isinstance(model, str) and model == "ratings":
        return ALS(32, bias="both", dtype="float32")
    if isinstance(model, ALS | ImplicitALS):
        made = clone(model)
        vars(made).update({name: value for name, value in vars(model).items() if name == _MARK})
        return made
    if isinstance(model, Translation):
        raise TypeError(
            "A translation is for a Recommender, and cannot be evaluated: evaluate clone(translation.estimator), on "
            "interactions whose values and weights are what translation.data makes of the matrix."
        )
    if isinstance(model, type):
        raise TypeError(
            f"model must be {accepted}. Got the class {model.__name__} itself: make a model of it, {model.__name__}()."
        )
    raise TypeError(f"model must be {accepted}. Got {model!r}.")
