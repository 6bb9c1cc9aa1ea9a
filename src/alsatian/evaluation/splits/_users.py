"""Strong generalization: whole users are held out, and known at the test by part of their history only."""

from __future__ import annotations

import numpy as np

from alsatian.data.interactions import Interactions
from alsatian.evaluation._parameters import generator_of
from alsatian.evaluation.splits._labels import (
    FOLD_IN,
    TEST,
    TRAIN,
    VALIDATION,
    VALIDATION_FOLD_IN,
    Size,
    cells_of_users,
    check_together,
    checked,
    draw,
    number_of,
    ranks,
    ranks_from_last,
    split_of,
    times_of,
)
from alsatian.evaluation.splits._random import per_user
from alsatian.evaluation.splits._split import Split


def strong_generalization(
    data: Interactions,
    *,
    users: Size = 0.1,
    validation_users: Size = 0.0,
    held_out: Size = 0.2,
    latest: bool = False,
    seed: int | np.random.Generator = 0,
) -> Split:
    """Hold out whole users: the model is fitted on others, is given part of their history, and judged by the rest.

    Parameters
    ----------
    data : Interactions
    users : float or int, default=0.1
        How many users are for the test: a share of those who have a cell, or their number. They are drawn from those
        with two cells or more, as one has to be given and one held out; all others are in `train`.
    validation_users : float or int, default=0.0
        Likewise for the validation, drawn from the rest.
    held_out : float or int, default=0.2
        How much of the history of each of these users is held out: a share of the user's cells, rounded to the nearest
        number, halves up, or their number; at least one cell, and at least one is left for `fold_in`.
    latest : bool, default=False
        Hold out the user's latest cells (of the same time: in an order that is drawn), in place of drawn ones.
    seed : int or Generator, default=0
        One number is drawn in float64 for each user, then one for each cell, in the order of the ids; those with the
        least are held out.

    Returns
    -------
    Split
        `train` has no cell of the test users, `fold_in` has what is given of them, `test` what is held out;
        `validation` likewise for its own users. Held-out cells of items that are not in `train` are kept, and counted
        as cold.

    Raises
    ------
    ValueError
        Where there are too few users with two cells.

    References
    ----------
    Marlin 2004, "Collaborative filtering: a machine learning perspective", section 3.3; Liang, Krishnan, Hoffman and
    Jebara 2018, "Variational autoencoders for collaborative filtering", section 4 (80 % given, 20 % held out).

    Examples
    --------
    >>> from alsatian import Interactions
    >>> from alsatian.evaluation.splits import strong_generalization
    >>> plays = Interactions.from_arrays([1, 1, 2, 2, 3, 3], ["a", "b", "a", "b", "a", "b"])
    >>> split = strong_generalization(plays, users=1, held_out=0.5)
    >>> len(split.train), len(split.fold_in), len(split.test)
    (4, 1, 1)
    """
    counts = np.diff(checked(data).csr.indptr)
    able = np.flatnonzero(counts >= 2)
    having = int(np.count_nonzero(counts))
    tested = number_of(users, having, "users")
    validated = number_of(validation_users, having, "validation_users", zero=True)
    check_together(users, validation_users, ("users", "validation_users"))
    if tested + validated > able.size:
        raise ValueError(
            f"{tested} test and {validated} validation users are wanted, but only {able.size} of {having} users have "
            "two cells or more."
        )
    rng = generator_of(seed)
    places = np.full(counts.size, having)
    places[able] = ranks(draw(counts.size, rng)[able])
    own = cells_of_users(data)
    last = ranks_from_last(data, draw(len(data), rng), times_of(data) if latest else None)
    held = last < np.clip(per_user(held_out, own, "held_out"), 1, np.maximum(own - 1, 1))
    labels = np.full(len(data), TRAIN, dtype=np.int8)
    place = places[data.rows]
    groups = ((place < tested, TEST, FOLD_IN), (place < tested + validated, VALIDATION, VALIDATION_FOLD_IN))
    for group, judged, given in reversed(groups):  # the narrower group last
        labels[group] = np.where(held, judged, given)[group]
    return split_of(data, labels, f"strong generalization, users={users}, held_out={held_out}", validated > 0)
