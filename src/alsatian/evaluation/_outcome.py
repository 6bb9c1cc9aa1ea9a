"""What a fitted model makes of the test part of a split: predicted cells, lists and scores, each worked out once."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alsatian.evaluation._fit_on import Fitted
from alsatian.evaluation._parameters import whole_number
from alsatian.evaluation.metrics import Judged, PerUser, auc, judge
from alsatian.evaluation.metrics._inputs import item_lists
from alsatian.evaluation.splits import Split
from alsatian.models import ImplicitALS
from alsatian.models._fit import Factors
from alsatian.models._fold import Folded
from alsatian.models._predict import all_scores, cell_scores
from alsatian.recommend._candidates import Candidates
from alsatian.recommend._checks import observed
from alsatian.recommend._search import ranked
from alsatian.recommend._state import State, told_of

Array = NDArray[Any]

_SCORES = 1 << 22  # scores of all items that are held at a time


class JudgedCells(NamedTuple):
    """Test cells, in the order of ``split.test.csr.data``.

    Attributes
    ----------
    users, items : int array of shape (cells,)
        Positions in ``split.test.users`` and ``split.test.items``.
    true, predicted : array of shape (cells,)
        What was seen, and what the model says.
    weight : array of shape (cells,) or None
        How much each cell counts.
    """

    users: Array
    items: Array
    true: Array
    predicted: Array
    weight: Array | None


class Outcome:
    """What a fitted model makes of the test part of a split; a metric that is a function gets one.

    Everything is worked out when it is first asked for, and once.

    Attributes
    ----------
    model : ALS or ImplicitALS
        As fitted on ``split.train``.
    split : Split
    users : int array of shape (q,)
        Positions of the users who have test cells, ascending.
    """

    def __init__(
        self, fitted: Fitted, split: Split, *, relevant_from: float | None = None, exclude_seen: bool = True
    ) -> None:
        self.model, self.split, self.users = fitted.model, split, split.test_users
        self._fitted, self._relevant_from, self._exclude_seen = fitted, relevant_from, exclude_seen
        self._lists = np.empty((self.users.size, 0), dtype=np.int32)

    def with_model(self, fitted: Fitted) -> Outcome:
        """Return the outcome of another model that was fitted on the same; what no model has a say in is shared."""
        other = copy.copy(self)
        for name in ("rows", "_cells", "_who"):
            vars(other).pop(name, None)
        other.model, other._fitted = fitted.model, fitted
        other._lists = np.empty((self.users.size, 0), dtype=np.int32)
        return other

    @property
    def cells(self) -> JudgedCells:
        """The test cells with their predictions.

        Raises
        ------
        ValueError
            Where the scores of the model are no values.
        """
        if isinstance(self.model, ImplicitALS):
            raise ValueError(
                "rmse, mae, r2 and calibration_error compare predicted values with those seen, but the scores of "
                "ImplicitALS are preferences. Judge its lists: ndcg@10, recall@20, …"
            )
        return self._cells

    def lists(self, k: int) -> NDArray[np.int32]:
        """Return the k best items of each test user: positions, −1 where a list has ended, shape (q, k).

        There are no items of which the model knows nothing, and none that the user has in what is known (unless
        ``exclude_seen=False``).
        """
        k = whole_number(k, "k")
        n = min(k, self.split.train.n_items)
        if self._lists.shape[1] < n:
            state = State(self.model, self._fitted.trained)
            seen = item_lists(self._known_of_users) if self._exclude_seen else None
            self._lists = ranked(state, self.rows, self._who, n, Candidates(state.known_items, seen)).indices
        return np.ascontiguousarray(self._lists[:, :n])

    def judged(self, k: int) -> Judged:
        """Return the k best items of each test user, with what of them is relevant."""
        return judge(self.lists(k), self.relevant)

    def auc(self) -> PerUser:
        """Return the area under the ROC curve over the scores of all unseen items."""
        size = max(1, _SCORES // self.split.train.n_items)
        seen = self._known_of_users if self._exclude_seen else None
        parts = []
        for begin in range(0, self.users.size, size):
            rows = slice(begin, begin + size)
            scores = all_scores(self._factors(rows), None)
            parts.append(auc(scores, self.relevant[rows], seen=None if seen is None else seen[rows]))
        return PerUser.joined(parts)

    @cached_property
    def relevant(self) -> csr_array[Any]:
        """The relevant test items of each test user with their values, shape (q, n_items).

        Those that are seen cannot be listed, and do not count as relevant then.
        """
        test = csr_array(self.split.test.csr[self.users])
        keep = np.ones(test.nnz, dtype=bool) if self._relevant_from is None else test.data >= self._relevant_from
        if self._exclude_seen:
            keep &= ~_in(test, self._known_of_users)
        indptr = np.concatenate([[0], np.cumsum(keep)])[test.indptr]
        return csr_array((test.data[keep], test.indices[keep], indptr), shape=test.shape)

    @cached_property
    def rows(self) -> Folded:
        """The factors and biases of the test users: as fitted, or solved for what is known of those who are new."""
        model, place = self.model, self._fitted.place[self.users]
        old = place >= 0
        size, dtype = place.size, model.row_factors_.dtype
        factors = np.zeros((size, model.row_factors_.shape[1]), dtype=dtype)
        factors[old] = model.row_factors_[place[old]]
        bias = None
        if model.row_bias_ is not None:
            bias = np.zeros(size, dtype=dtype)
            bias[old] = model.row_bias_[place[old]]
        if not old.all():
            new = self.users[~old]
            weights = self._known_parts.weights
            folded = State(model, self._fitted.trained).fold(
                csr_array(self._known[new]), None if weights is None else csr_array(weights[new])
            )
            factors[~old] = folded.factors
            if bias is not None and folded.bias is not None:
                bias[~old] = folded.bias
        return Folded(factors, bias)

    @cached_property
    def _cells(self) -> JudgedCells:
        test = self.split.test
        users, items = test.rows, test.columns
        place = np.searchsorted(self.users, users).astype(np.int64)
        predicted = cell_scores(self._factors(slice(None)), place, items.astype(np.int64), self.model.clip)
        weights = test.weights
        return JudgedCells(users, items, test.values, predicted, None if weights is None else weights.data)

    def _factors(self, rows: slice) -> Factors:
        bias = self.rows.bias
        model = self.model
        part = np.ascontiguousarray(self.rows.factors[rows])
        return Factors(
            part, model.column_factors_, None if bias is None else bias[rows], model.column_bias_, model.mean_
        )

    @cached_property
    def _known_parts(self) -> Any:
        return observed(self.model, self.split.known)

    @cached_property
    def _known(self) -> csr_array[Any]:
        matrix: csr_array[Any] = self._known_parts.csr
        return matrix

    @cached_property
    def _known_of_users(self) -> csr_array[Any]:
        return csr_array(self._known[self.users])

    @cached_property
    def _who(self) -> NDArray[np.bool_]:
        """Of which test users something is known."""
        return told_of(self.model, self._known_of_users, self.rows.factors)


def _in(part: csr_array[Any], other: csr_array[Any]) -> NDArray[np.bool_]:
    """Return which stored cells of one matrix are stored in another of the same shape too."""

    def keys(matrix: csr_array[Any]) -> Array:
        row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
        return row * matrix.shape[1] + matrix.indices

    mine, theirs = keys(part), keys(other)
    if not theirs.size:
        return np.zeros(mine.size, dtype=bool)
    place = np.minimum(np.searchsorted(theirs, mine), theirs.size - 1)  # canonical: sorted by row, then by column
    found: NDArray[np.bool_] = theirs[place] == mine
    return found
