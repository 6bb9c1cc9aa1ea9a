from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from alsatian.models import ALS

SHAPE = (943, 1682)


def ratings(file):
    users, items, values, _ = np.loadtxt(file, dtype=np.int64).T
    return users - 1, items - 1, values.astype(np.float64)


def additive(users, items, values, ridge=5.0):
    """Global mean plus ridge-regularised user and item effects, solved by turns."""
    mean = values.mean()
    b, d = np.zeros(SHAPE[0]), np.zeros(SHAPE[1])
    counts = np.bincount(users, minlength=SHAPE[0]), np.bincount(items, minlength=SHAPE[1])
    for _ in range(50):
        d = np.bincount(items, values - mean - b[users], SHAPE[1]) / (counts[1] + ridge)
        b = np.bincount(users, values - mean - d[items], SHAPE[0]) / (counts[0] + ridge)
    return mean, b, d


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")
@pytest.mark.parametrize("fold", [1, 2, 3, 4, 5])
def test_the_defaults_beat_the_additive_model(shared_data, fold):
    folder = shared_data / "ml-100k"
    if not folder.is_dir():
        pytest.skip(f"no MovieLens 100K in {folder}")
    users, items, values = ratings(folder / f"u{fold}.base")
    test_users, test_items, test_values = ratings(folder / f"u{fold}.test")
    mean, b, d = additive(users, items, values)
    model = ALS(random_state=0).fit(sparse.csr_array((values, (users, items)), shape=SHAPE))
    errors = (
        np.sqrt(np.mean((scores - test_values) ** 2))
        for scores in (model.predict_cells(test_users, test_items), mean + b[test_users] + d[test_items])
    )
    ours, theirs = errors
    assert ours < theirs - 0.003
