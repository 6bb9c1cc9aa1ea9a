"""A small world of listeners, which the tests of the recommender share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from alsatian import ALS, ImplicitALS, Interactions, Recommender

MODELS: dict[str, Any] = {
    "implicit": ImplicitALS(5, random_state=0, max_iter=8),
    "ials": ImplicitALS(5, objective="ials", confidence="linear", random_state=0, max_iter=8),
    "high rank": ImplicitALS(110, random_state=0, max_iter=3),
    "ratings": ALS(5, bias="both", reg=0.05, random_state=0, max_iter=10, dtype="float32"),
    "no bias": ALS(4, reg=0.05, random_state=0, max_iter=10, dtype="float64"),
    "zeros": ALS(4, absent="zero", bias="columns", random_state=0, max_iter=10, dtype="float64"),
}


def frame(users: int = 30, items: int = 20, density: float = 0.25, seed: int = 0) -> pd.DataFrame:
    """Interactions of users u0 … with items 100 …, in any order; everyone has one at least, and every item."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=(users, 2)) @ rng.normal(size=(2, items))
    present = rng.random((users, items)) < density * (1 + (taste > 0))
    longer = max(users, items)
    present[np.arange(longer) % users, np.arange(longer) % items] = True
    rows, columns = np.nonzero(present)
    values = np.clip(np.round(3 + taste[rows, columns] + rng.normal(scale=0.3, size=rows.size)), 1, 5)
    table = pd.DataFrame({"user": [f"u{i}" for i in rows], "item": columns + 100, "rating": values})
    return table.sample(frac=1, random_state=seed, ignore_index=True)


def fitted(name: str = "implicit", **how: Any) -> Recommender:
    return Recommender(MODELS[name]).fit(frame(**how))


def interactions(**how: Any) -> Interactions:
    return Interactions.from_frame(frame(**how))
