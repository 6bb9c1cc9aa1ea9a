"""`Recommender`: a factor model that speaks of users and items by their own ids."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from alsatian.data import Ids, Interactions
from alsatian.models._inputs import calling
from alsatian.recommend import _files
from alsatian.recommend._candidates import candidates, seen_by
from alsatian.recommend._checks import (
    as_interactions,
    check_values,
    check_weights,
    checked_bool,
    is_empty,
    observed,
    of_ratings,
    translated,
    warn_of_other_types,
)
from alsatian.recommend._fallback import positions_of_pairs, scores_of_pairs
from alsatian.recommend._history import check_columns, visitors
from alsatian.recommend._ids import positions_of
from alsatian.recommend._parameters import Parameters
from alsatian.recommend._reading import reading
from alsatian.recommend._search import check_n, listing, ranked, similar_listing, std_of
from alsatian.recommend._state import TRANSLATION, State, given_to, told_of
from alsatian.recommend._update import updated, without
from alsatian.recommend._writing import WritingLock
from alsatian.recommend.explanation import Explanation, explained
from alsatian.recommend.listing import Listing

Metric = Literal["cosine", "dot"]


class Recommender(Parameters):
    """Recommends items to users, and says why, from a frame of who had to do with what.

    Parameters
    ----------
    model : ImplicitALS, ALS, Translation, "implicit" or "ratings", default="implicit"
        The factor model, which is cloned, never changed. "implicit" is ``ImplicitALS()``, for clicks, plays and
        purchases; "ratings" is ``ALS(32, bias="both", dtype="float32")``, for ratings. A translation of
        `alsatian.compat` is another library's model: `model_` is fitted on what it makes of ``interactions_.csr``.

    Attributes
    ----------
    model_ : ALS or ImplicitALS
        The fitted model: row p of its factors belongs to ``users_[p]``, row q of its column factors to ``items_[q]``.
    interactions_ : Interactions
        What it knows. With `ImplicitALS` without zeros, each of which is a pair that was not observed.
    users_, items_ : Ids

    Notes
    -----
    No listing ever holds an item that is excluded, unknown or there twice, one that the user has seen (unless asked),
    or one that nobody has had to do with, of which nothing is known. Where fewer than n items remain, lists are
    shorter. Equal scores are ranked in the order of ``items_``.

    A user without an interaction gets the items of highest bias, where the model has biases of items; else nothing,
    unless ``fallback="popular"``. With `ImplicitALS` a value of zero is no interaction, whatever container it came in:
    the pair is not seen, and who has nothing else has nothing; of ratings zero is a value like others.

    A score is what the model predicts: a rating, or with `ImplicitALS` how much like a known interaction (near 1) and
    unlike an absent one (near 0) the pair is; it may pass both ends.

    Examples
    --------
    >>> import pandas as pd
    >>> from alsatian import ImplicitALS, Recommender
    >>> plays = pd.DataFrame({
    ...     "user": ["ann", "ann", "bob", "bob", "cy", "cy", "dee"],
    ...     "artist": ["Abba", "Bach", "Abba", "Bach", "Cash", "Dylan", "Cash"],
    ...     "plays": [10, 3, 4, 8, 7, 2, 5],
    ... })
    >>> recommender = Recommender(ImplicitALS(4, random_state=0)).fit(plays)
    >>> [artist for artist, score in recommender.recommend("dee", n=1)["dee"]]
    ['Dylan']
    >>> [artist for artist, score in recommender.similar_items("Abba", n=1)["Abba"]]
    ['Bach']
    """

    def __init__(self, model: Any = "implicit") -> None:
        self.model = model
        self._state: State | None = None
        self._read: dict[str, Any] = {}
        self._writing = WritingLock()

    def fit(self, interactions: Any, **columns: Any) -> Self:
        """Fit the model to interactions.

        Parameters
        ----------
        interactions : Interactions, frame of pandas, polars, pyarrow, or sparse matrix of SciPy
            A frame has a row for each interaction. Of a matrix of users × items the ids are positions, from 0 (of an
            array, and with ids of your own: `Interactions.from_matrix`).
        **columns
            How a frame is read: ``user``, ``item``, ``value``, ``weight``, ``timestamp`` (names of its columns; guessed
            where they are usual), ``duplicates``, ``dtype``: see `Interactions.from_frame`. `update` and
            `recommend_for` read their frames likewise, unless told otherwise. ``duplicates`` is "last" for ratings,
            where a later one takes the place of an earlier, and "sum" for all other models.

        Returns
        -------
        self : Recommender

        Raises
        ------
        TypeError, ValueError
            For what is no frame, a value or an id that cannot be used, weights with a model that takes none, and all
            that `fit` of the model refuses.
        """
        model = translated(self.model)
        columns = {"duplicates": "last" if of_ratings(model) else "sum"} | columns
        known, read = as_interactions(interactions, columns, matrix=True), reading(columns)
        check_weights(model, known)
        if "value" not in columns:
            check_values(model, interactions, known)
        known = observed(model, known)
        try:
            X, keywords = given_to(model, known.csr, known.weights)
            with calling(("user", known.users), ("item", known.items)):
                model.fit(X, **keywords)
        except BaseException:  # Ctrl-C: the last whole iteration can be used
            if hasattr(model, "row_factors_"):
                self._state, self._read = State(model, known), read
            raise
        self._state, self._read = State(model, known), read
        return self

    @property
    def model_(self) -> Any:
        """The fitted model."""
        return self._fitted.model

    @property
    def interactions_(self) -> Interactions:
        """The interactions that are known."""
        return self._fitted.interactions

    @property
    def users_(self) -> Ids:
        """The users, by row of the model."""
        return self._fitted.users

    @property
    def items_(self) -> Ids:
        """The items, by column of the model."""
        return self._fitted.items

    def recommend(
        self,
        users: Any = None,
        n: int = 10,
        *,
        exclude_seen: bool = True,
        only: Any = None,
        exclude: Any = None,
        fallback: Literal["popular"] | None = None,
        return_std: bool = False,
    ) -> Listing:
        """List the items of highest score for users.

        Parameters
        ----------
        users : id or ids, default=None
            None is all of them, in the order of `users_`.
        n : int, default=10
            Length of the lists.
        exclude_seen : bool, default=True
            Whether to leave out what the user has had to do with.
        only, exclude : ids of items, or mapping from user to ids, default=None
            What alone may be listed, and what may not: for all users alike, or for some, each its own (entries for
            known users that are not asked for are passed over).
        fallback : "popular" or None, default=None
            What users get of whom nothing is known: the items that most users have, with their number in place of a
            score.
        return_std : bool, default=False
            Whether to find the standard deviations of the scores too, as in `predict`: ``listing.std``, and a column of
            its frame. The order is that of the scores.

        Returns
        -------
        Listing

        Raises
        ------
        UnknownIdError
            A KeyError, for a user or item that is not known: names it.
        ValueError
            Where n is not an integer from 1 up, and for ``return_std=True`` with `ImplicitALS`.
        """
        state = self._fitted
        n, exclude_seen = check_n(n, len(state.items)), checked_bool("exclude_seen", exclude_seen)
        rows = np.arange(len(state.users)) if users is None else positions_of(state.users, users, "user")
        seen = seen_by(state.csr, rows) if exclude_seen else None
        queries = state.users[rows]
        limits = candidates(queries, state.sides, state.known_items, seen, (only, exclude))
        asking = state.rows(None if users is None else rows)
        found = ranked(state, asking, state.known_users[rows], n, limits, fallback=fallback)
        std = std_of(state, found, rows, fallback) if checked_bool("return_std", return_std) else None
        return listing(found, queries, state.users.kind, "user", state.items, "item", std)

    def recommend_for(
        self,
        interactions: Any,
        n: int = 10,
        *,
        exclude_seen: bool = True,
        only: Any = None,
        exclude: Any = None,
        unknown: Literal["error", "ignore"] = "error",
        fallback: Literal["popular"] | None = None,
        **columns: Any,
    ) -> Listing:
        """List items for people by their interactions alone, known users or not; nothing of it is kept.

        Parameters
        ----------
        interactions : frame, Interactions, mapping from item to value, or ids of items
            A frame or Interactions: of one or several users, who are the queries. A mapping, or ids (each of value 1):
            of one visitor, who is the query None. A Series is ids, as everywhere; one of pandas with labels of its own
            is refused, as they may be the items: ``series.to_dict()`` is a mapping.
        n, exclude_seen, only, exclude, fallback
            As in `recommend`; seen is what these interactions hold. ``recommend_for([], fallback="popular")`` is for
            somebody of whom nothing is known.
        unknown : {"error", "ignore"}, default="error"
            What to do with items that are not known.
        **columns
            How a frame is read, as in `fit`.

        Returns
        -------
        Listing

        Raises
        ------
        UnknownIdError
            For an item that is not known, unless they are to be ignored.
        TypeError, ValueError
            For what is none of these, keywords of frames beside what is none, and values that are not finite.
        """
        state = self._fitted
        n, exclude_seen = check_n(n, len(state.items)), checked_bool("exclude_seen", exclude_seen)
        if unknown not in {"error", "ignore"}:
            raise ValueError(f"unknown must be 'error' or 'ignore'. Got {unknown!r}.")
        check_columns(interactions, columns)
        who = visitors(interactions, self._read | columns, state, unknown)
        folded = state.fold(who.values, who.weights)
        seen = seen_by(who.values, np.arange(len(who.ids))) if exclude_seen else None
        limits = candidates(who.ids, state.sides, state.known_items, seen, (only, exclude))
        found = ranked(state, folded, told_of(state.model, who.values, folded.factors), n, limits, fallback=fallback)
        return listing(found, who.ids, who.kind, "user", state.items, "item")

    def similar_items(
        self, items: Any, n: int = 10, *, metric: Metric = "cosine", only: Any = None, exclude: Any = None
    ) -> Listing:
        """List the items nearest to items, which are not in their own lists.

        Parameters
        ----------
        items : id or ids
            ``recommender.items_`` is all of them.
        n : int, default=10
        metric : {"cosine", "dot"}, default="cosine"
            The cosine of the angle between factors, in [−1, 1], or their inner product.
        only, exclude : ids of items, or mapping from item to ids, default=None
            As in `recommend`.

        Returns
        -------
        Listing
            Of an item without an interaction it is empty, with a `NoEntryWarning`.
        """
        return similar_listing(self._fitted.item_space, items, n, metric, (only, exclude))

    def similar_users(
        self, users: Any, n: int = 10, *, metric: Metric = "cosine", only: Any = None, exclude: Any = None
    ) -> Listing:
        """List the users nearest to users, who are not in their own lists.

        Parameters
        ----------
        users : id or ids
            ``recommender.users_`` is everybody; None is nobody here.
        n, metric
            As in `similar_items`.
        only, exclude : ids of users, or mapping from user to ids, default=None

        Returns
        -------
        Listing
            Of a user without an interaction it is empty, with a `NoEntryWarning`.
        """
        return similar_listing(self._fitted.user_space, users, n, metric, (only, exclude))

    def explain(self, user: Any, item: Any) -> Explanation:
        """Say what each interaction of a user adds to the score of an item.

        Parameters
        ----------
        user, item : id

        Returns
        -------
        Explanation
            ``base + contributions.sum()`` is the score that `predict` gives (before clipping, up to rounding).

        Raises
        ------
        UnknownIdError
            Where one of them is not known.
        """
        return explained(self._fitted, user, item)

    def predict(self, users: Any, items: Any, *, return_std: bool = False) -> Any:
        """Return the scores of pairs of users and items.

        Parameters
        ----------
        users, items : id or ids
            They pair up, or one of them is one id. Unknown ones are told by an `UnknownIdWarning` with their number,
            and predicted by what is left: μ + b_i + d_j without the bias of who is unknown, 0 for `ImplicitALS`.
        return_std : bool, default=False
            Whether to return standard deviations of new ratings about their scores too: see `alsatian.ALS.uncertainty`,
            of which the first call makes one, from the interactions. That costs a few iterations of a fit.

        Returns
        -------
        scores : ndarray of shape (q,)
            Within the model's `clip`.
        std : ndarray of shape (q,)
            Only with ``return_std=True``. Of pairs with an unknown user, or item, it is larger by how much known ones
            differ among each other (`alsatian.models.Uncertainty.std`).

        Raises
        ------
        ValueError
            Where users and items do not pair up, and for ``return_std=True`` with `ImplicitALS`.
        """
        state = self._fitted
        rows, columns = positions_of_pairs(state, users, items)
        scores = scores_of_pairs(state.model, rows, columns)
        return (scores, state.uncertainty.of_pairs(rows, columns)) if checked_bool("return_std", return_std) else scores

    def update(self, interactions: Any, mode: Literal["add", "replace"] = "add", **columns: Any) -> Self:
        """Take in new interactions, new users and new items, without fitting again.

        Users and items with a new or changed interaction are solved exactly with all others as they are, and then the
        users of these items; new users of new items alone, and these items, are solved by turns first. The mean stays.
        With `ImplicitALS` and ``absent="zero"`` each item has a say in every user, and all users are solved: an update
        takes about as long as half an iteration of the fit, however little is new. So take in many at once rather than
        one by one, and use `recommend_for` for visitors that need not be kept. The loss is close to that of a new fit
        while little is new.

        Parameters
        ----------
        interactions : Interactions or frame
            A frame without rows changes nothing.
        mode : {"add", "replace"}, default="add"
            Whether they come on top of what is known (of the same pair values are added, or with
            ``duplicates="last"``, the default for ratings, the new one counts), or each user in them has these and no
            others from now on. With ``duplicates="mean"`` it is the mean of what is known and the new value, however
            many rows the former came from.
        **columns
            How a frame is read, where not as in `fit`.

        Returns
        -------
        self : Recommender
            Listings and arrays that were given out before do not change. Others may read meanwhile, and updates from
            several threads wait for one another.

        Warns
        -----
        UserWarning
            Where new ids are of another type than those known: '2' is not 2.
        """
        if mode not in {"add", "replace"}:
            raise ValueError(f"mode must be 'add' or 'replace'. Got {mode!r}.")
        how = self._read | columns
        with self._writing:
            state = self._fitted
            if not isinstance(interactions, Interactions) and is_empty(interactions):
                return self
            new = as_interactions(interactions, how if not isinstance(interactions, Interactions) else columns)
            warn_of_other_types(state, new)
            if mode == "add":
                merged = state.interactions.added(new, duplicates=how.get("duplicates", "sum"))
            else:
                merged = state.interactions.replaced(new)
            check_weights(state.model, merged)
            self._state = updated(state, observed(state.model, merged))
        return self

    def forget(self, *, users: Any = None, items: Any = None) -> Self:
        """Remove users, items, and all interactions with them, without fitting again.

        Items of these users, and users of these items, are solved again for what is left, as in `update` (and all users
        where each item has a say in each of them).

        Parameters
        ----------
        users, items : id or ids, default=None

        Returns
        -------
        self : Recommender

        Raises
        ------
        UnknownIdError
            Where one is not known.
        ValueError
            Where nobody, or nothing, would be left.
        """
        with self._writing:
            self._state = without(self._fitted, users, items)
        return self

    def save(self, path: Any) -> None:
        """Write the model, its parameters, all ids and interactions, and how frames are read; see `alsatian.save`."""
        state = self._fitted
        _files.save(path, state.model, state.interactions, self._read)

    @classmethod
    def load(cls, path: Any, *, mmap: bool = True, verify: bool = True) -> Self:
        """Read what `save` wrote; see `alsatian.load`, which reads it too."""
        stored = _files.load(path, mmap=mmap, verify=verify)
        made = cls(getattr(stored.model, TRANSLATION, None) or clone(stored.model))
        made._state = State(stored.model, stored.interactions)
        made._read = {"duplicates": "last" if of_ratings(stored.model) else "sum"} | stored.read
        return made

    @property
    def _fitted(self) -> State:
        if self._state is None:
            raise NotFittedError("This Recommender is not fitted yet: call fit with a frame of interactions first.")
        return self._state

    def __repr__(self) -> str:
        """Return the model, and what is known."""
        known = "" if self._state is None else f", fitted on {self._state.interactions!r}"
        return f"Recommender({self.model!r}{known})"
