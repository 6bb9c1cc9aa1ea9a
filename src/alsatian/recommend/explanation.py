"""Why a user is shown an item: what each of the user's interactions adds to the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alsatian.data._columns import to_list
from alsatian.data._frames import make_frame
from alsatian.recommend._state import State, cells_of


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """A score in parts, ``score = base + contributions.sum()``, the largest contribution first.

    Attributes
    ----------
    user, item : object
        Their ids.
    score : float
        The score, before any clipping.
    base : float
        What is not from the user's interactions: the mean and the bias of the item.
    items : ndarray of shape (c,)
        Ids of the items of the user's interactions.
    values : ndarray of shape (c,)
        Values of these interactions.
    contributions : ndarray of shape (c,)
        What each adds to the score; the bias of the user is among it, as it comes from the same interactions.
    """

    user: Any
    item: Any
    score: float
    base: float
    items: NDArray[Any]
    values: NDArray[Any]
    contributions: NDArray[np.float64]

    def to_list(self) -> list[tuple[Any, float]]:
        """Return the pairs (item, contribution)."""
        return list(zip(to_list(self.items), self.contributions.tolist(), strict=True))

    def to_frame(self, backend: Literal["pandas", "polars", "pyarrow"] = "pandas") -> Any:
        """Return a frame with a row for each interaction: ``item``, ``value``, ``contribution``."""
        columns = {"item": self.items, "value": self.values, "contribution": self.contributions}
        return make_frame(columns, backend)

    def __repr__(self) -> str:
        """Return score, base, and the largest contributions."""
        parts = [f"{value:+.4g} for {item!r}" for item, value in self.to_list()[:5]]
        more = f" and {self.items.size - 5} more" if self.items.size > 5 else ""
        told = f"{self.score:.4g} = {self.base:.4g} {' '.join(parts)}{more}"
        return f"Explanation(user {self.user!r}, item {self.item!r}: {told})"


def explained(state: State, user: Any, item: Any) -> Explanation:
    """Take the score of an item for a known user apart.

    Raises
    ------
    UnknownIdError
        Where one of them is not known.
    """
    row, column = state.users.position(user, what="user"), state.items.position(item, what="item")
    values, weights = state.csr[[row]], state.interactions.weights
    cells = cells_of(state.model, values, None if weights is None else weights[[row]])
    shares = state.explainer(cells, column)
    order = np.argsort(-np.abs(shares.contributions), kind="stable")
    stored = np.searchsorted(values.indices, shares.columns[order])
    return Explanation(
        user, item, float(shares.base + shares.contributions.sum()), shares.base,
        state.items[shares.columns[order]], values.data[stored], shares.contributions[order],
    )  # fmt: skip
