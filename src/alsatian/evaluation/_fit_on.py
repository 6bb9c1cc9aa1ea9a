"""A model fitted on the training part of a split, and where each user is in it."""

from __future__ import annotations

import time
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from alsatian.data.interactions import Interactions
from alsatian.evaluation.splits import Split
from alsatian.models import ALS, CellRegressor, NoEntryWarning
from alsatian.recommend._checks import check_weights, fresh, observed
from alsatian.recommend.recommender import Recommender


class Fitted(NamedTuple):
    """A model, what it was fitted on, and the row of the model that each user has.

    Attributes
    ----------
    model : ALS or ImplicitALS
    trained : Interactions
        Its row p is row p of the model; of implicit feedback without zeros, as a recommender takes it.
    place : int array of shape (n_users,)
        The row of each user of the split; −1 for one who has to be folded in.
    seconds : float
        How long the fit took.
    """

    model: Any
    trained: Interactions
    place: NDArray[np.int64]
    seconds: float


def unfitted(model: Any) -> Any:
    """Return a new factor model of the kind, with the parameters, of what is given.

    Raises
    ------
    TypeError
        For what is no model.
    """
    if isinstance(model, Recommender):
        model = model.model
    if isinstance(model, CellRegressor):
        model = ALS(bias="both") if model.model is None else model.model
    return fresh(model, "an ALS, an ImplicitALS, a Recommender, a CellRegressor, 'implicit' or 'ratings'")


def fit_on(model: Any, split: Split) -> Fitted:
    """Clone a model and fit it on the training part.

    Where there are histories to fold in, only the users who have training cells take part: the others do not exist for
    the model, as rows of zeros (``absent="zero"``) or in the counts of the ridge.
    """
    check_split(split)
    made = unfitted(model)
    part, place = train_part(split)
    check_weights(made, part)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)  # `Split.report` counts what is cold
        made.fit(part.csr, **({} if part.weights is None else {"weights": part.weights}))
    return Fitted(made, observed(made, part), place, time.perf_counter() - began)


def taken_as_it_is(model: Any, split: Split) -> Fitted:
    """Return a model that is fitted already.

    Raises
    ------
    NotFittedError
        Where it is not.
    ValueError
        Where it was fitted on something else than the training part, as far as that can be seen.
    """
    check_split(split)
    if isinstance(model, Recommender):
        unfitted(model)  # refuses what is evaluated in another way
        known = observed(model.model_, split.train)
        if model.interactions_ != known:
            raise ValueError("the recommender was fitted on other interactions than the training part of the split.")
        return Fitted(model.model_, known, _places(split, split.train.n_users, None), 0.0)
    if isinstance(model, str):
        raise TypeError(f"refit=False takes a model that is fitted already, not the name of one. Got {model!r}.")
    from sklearn.utils.validation import check_is_fitted

    estimator = model.model_ if isinstance(model, CellRegressor) and hasattr(model, "model_") else model
    unfitted(estimator)  # refuses what is no model
    check_is_fitted(estimator)
    shape = len(estimator.row_factors_), len(estimator.column_factors_)
    part, place = train_part(split)
    if shape == split.train.shape:
        return Fitted(estimator, observed(estimator, split.train), _places(split, split.train.n_users, None), 0.0)
    if shape == part.shape:
        return Fitted(estimator, observed(estimator, part), place, 0.0)
    raise ValueError(
        f"the model was fitted on a matrix of shape {shape}, but the training part of the split has the shape "
        f"{split.train.shape}: fit it on split.train.csr, or leave out refit=False."
    )


def check_split(split: Any) -> None:
    """Refuse what is no split."""
    if not isinstance(split, Split):
        raise TypeError(
            f"a Split is needed, got {type(split).__name__}: alsatian.evaluation.splits makes them of Interactions."
        )


def with_share_of_worker(model: Any) -> Any:
    """Return an unfitted copy that takes no more processors than its worker has; the result is the same."""
    made = unfitted(model)
    return made if made.n_jobs == 1 else clone(made).set_params(n_jobs=None)


def train_part(split: Split) -> tuple[Interactions, NDArray[np.int64]]:
    """Return what a model is fitted on, and the row that each user has there; −1: is to be folded in."""
    train = split.train
    if split.fold_in is None:
        return train, _places(split, train.n_users, None)
    having = np.flatnonzero(np.diff(train.csr.indptr))
    return train.of_users(train.users[having]), _places(split, train.n_users, having)


def _places(split: Split, n_users: int, having: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the row of each user in the model; users with a history to fold in are solved for it."""
    place = np.arange(n_users, dtype=np.int64)
    if having is not None:
        place[:] = -1
        place[having] = np.arange(having.size)
    if split.fold_in is not None:
        place[np.diff(split.fold_in.csr.indptr) > 0] = -1
    return place
