"""Metrics: what each is, what it divides by, and how sure it is.

- Errors of values: `rmse`, `mae`, `r2`, `calibration`.
- Ranked lists, judged once by `judge`: `precision`, `recall`, `capped_recall`, `hit_rate`, `average_precision`,
  `capped_average_precision`, `reciprocal_rank`, `ndcg`; all of one signature, (judged, k) → `PerUser`.
- Scores of all items: `auc`.
- The catalogue: `coverage`, `gini`, `novelty`, `popularity_bias`, `exposure`.
"""

from alsatian.evaluation.metrics._auc import auc
from alsatian.evaluation.metrics._catalogue import (
    PopularityBias,
    coverage,
    exposure,
    gini,
    novelty,
    popularity_bias,
)
from alsatian.evaluation.metrics._judged import Judged, judge
from alsatian.evaluation.metrics._ranking import (
    average_precision,
    capped_average_precision,
    capped_recall,
    hit_rate,
    ndcg,
    precision,
    recall,
    reciprocal_rank,
)
from alsatian.evaluation.metrics._rating import Calibration, calibration, mae, r2, rmse
from alsatian.evaluation.metrics._results import PerUser, Pooled

__all__ = [
    "Calibration",
    "Judged",
    "PerUser",
    "Pooled",
    "PopularityBias",
    "auc",
    "average_precision",
    "calibration",
    "capped_average_precision",
    "capped_recall",
    "coverage",
    "exposure",
    "gini",
    "hit_rate",
    "judge",
    "mae",
    "ndcg",
    "novelty",
    "popularity_bias",
    "precision",
    "r2",
    "recall",
    "reciprocal_rank",
    "rmse",
]
