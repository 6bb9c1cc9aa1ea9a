"""Splits: which cells a model learns from and which it is judged by.

- By chance: `random_cells`, `random_per_user`, `k_fold`.
- By time: `leave_last_k`, `by_time`.
- Whole users: `strong_generalization`.
- Given: `from_masks`, `from_parts`, `from_column`.

Each gives a `Split`; `k_fold` a sequence of them.
"""

from alsatian.evaluation.splits._by_time import by_time, leave_last_k
from alsatian.evaluation.splits._given import from_column, from_masks, from_parts
from alsatian.evaluation.splits._random import Folds, k_fold, random_cells, random_per_user
from alsatian.evaluation.splits._split import Split
from alsatian.evaluation.splits._users import strong_generalization

__all__ = [
    "Folds",
    "Split",
    "by_time",
    "from_column",
    "from_masks",
    "from_parts",
    "k_fold",
    "leave_last_k",
    "random_cells",
    "random_per_user",
    "strong_generalization",
]
