"""Random lists and relevant items, as arrays and as hypothesis strategies."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


def random_problem(rng, users, items, n, *, share=0.3, grades=4):
    """Lists of 0 to n items, padded, and a dense matrix of grades, 0 where an item is not relevant."""
    lists = np.full((users, n), -1, dtype=np.int32)
    for row in lists:
        length = rng.integers(0, min(n, items) + 1)
        row[:length] = rng.choice(items, length, replace=False)
    relevant = np.where(rng.random((users, items)) < share, rng.integers(1, grades + 1, (users, items)), 0)
    return lists, relevant.astype(float)


@st.composite
def problems(draw, *, wide=False):
    """(lists, relevant, k): any sizes, k on both sides of all of them; grades of any size where `wide`."""
    users, items, n = draw(st.integers(1, 5)), draw(st.integers(1, 8)), draw(st.integers(1, 10))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    lists, relevant = random_problem(rng, users, items, n, share=draw(st.sampled_from([0.1, 0.5, 1.0])))
    if wide:
        relevant = np.where(relevant > 0, 10 ** rng.uniform(-320, 308, relevant.shape), 0)
    return lists, relevant, draw(st.integers(1, 12))
