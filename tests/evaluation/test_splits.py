"""Splits: complete, disjoint, seeded, the same whatever the order of the rows, and nothing lost in silence."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsatian import Interactions
from alsatian.evaluation import splits
from alsatian.evaluation.splits import Split

SPLITTERS = {
    "random_cells": lambda data, seed=0: splits.random_cells(data, test=0.3, validation=0.2, seed=seed),
    "random_per_user": lambda data, seed=0: splits.random_per_user(data, test=0.3, validation=1, seed=seed),
    "leave_last_k": lambda data, seed=0: splits.leave_last_k(data, 2, validation=1, seed=seed),
    "by_time": lambda data, seed=0: splits.by_time(data, test=0.3, validation=0.2),
    "strong_generalization": lambda data, seed=0: splits.strong_generalization(
        data, users=0.3, validation_users=2, held_out=0.4, seed=seed
    ),
    "strong_generalization, latest": lambda data, seed=0: splits.strong_generalization(
        data, users=5, held_out=2, latest=True, seed=seed
    ),
    "k_fold": lambda data, seed=0: splits.k_fold(data, 4, seed=seed)[1],
}
SEEDED = [name for name in SPLITTERS if name != "by_time"]


def rows(rng, users=25, items=15, number=150, times=20):
    """Columns of interactions: users of 1 to many cells, few distinct times, each pair once."""
    chosen = rng.choice(users * items, number, replace=False)
    user = (chosen // items * rng.random(number)).astype(int)
    pairs = np.unique(np.column_stack([user, chosen % items]), axis=0)
    rng.shuffle(pairs)
    return pairs[:, 0] * 10, pairs[:, 1] + 100, rng.integers(1, 6, len(pairs)), rng.integers(0, times, len(pairs))


def read(columns):
    user, item, value, time = columns
    return Interactions.from_arrays(user, item, value, timestamp=time)


def parts(split):
    """All parts of a split, by name."""
    found = {"train": split.train, "test": split.test}
    if split.fold_in is not None:
        found["fold_in"] = split.fold_in
    if split.validation is not None:
        found["validation"] = split.validation.test
        if split.validation.fold_in is not None:
            found["validation_fold_in"] = split.validation.fold_in
    return found


def cells(part):
    """(user, item) -> (value, time), by ids."""
    users, items = part.users.values[part.rows], part.items.values[part.columns]
    return dict(zip(zip(users, items, strict=True), zip(part.values, part.timestamps, strict=True), strict=True))


@pytest.fixture
def data():
    return read(rows(np.random.default_rng(0)))


@pytest.mark.parametrize("name", SPLITTERS)
@pytest.mark.parametrize("seed", range(4))
def test_every_cell_is_in_one_part_as_it_was(name, seed):
    data = read(rows(np.random.default_rng(seed)))
    found = parts(SPLITTERS[name](data, seed))
    whole = {}
    for part in found.values():
        assert len(part)
        assert part.users is data.users
        assert part.items is data.items
        whole |= cells(part)
    assert whole == cells(data)
    assert sum(map(len, found.values())) == len(data)


@pytest.mark.parametrize("name", SPLITTERS)
def test_the_order_of_the_rows_does_not_matter(name):
    rng = np.random.default_rng(5)
    columns = rows(rng)
    order = rng.permutation(len(columns[0]))
    first, second = (
        parts(SPLITTERS[name](read(given), 3)) for given in (columns, tuple(column[order] for column in columns))
    )
    assert first == second


@pytest.mark.parametrize("name", SEEDED)
def test_a_seed_is_one_split_and_another_is_another(name, data):
    split = SPLITTERS[name]
    assert parts(split(data, 1)) == parts(split(data, 1)) == parts(split(data, np.random.default_rng(1)))
    assert parts(split(data, 1)) != parts(split(data, 2))


def test_seeds_mean_the_same_on_any_machine():
    data = Interactions.from_matrix(np.arange(12.0).reshape(3, 4))
    assert splits.random_cells(data, test=4, seed=0).test.values.tolist() == [1.0, 2.0, 3.0, 11.0]
    assert splits.random_per_user(data, test=1, seed=0).test.values.tolist() == [3.0, 6.0, 11.0]
    assert splits.strong_generalization(data, users=1, held_out=2, seed=0).test.values.tolist() == [8.0, 10.0]


@pytest.mark.parametrize("size", [1, 7, 0.01, 0.25, 0.5, 0.9])
def test_random_cells_have_the_size_asked_for(size, data):
    split = splits.random_cells(data, test=size)
    assert len(split.test) == (size if isinstance(size, int) else int(size * len(data) + 0.5))
    larger = splits.random_cells(data, test=size, validation=5)
    assert larger.test == split.test, "the validation does not change the test"
    assert len(larger.validation.test) == 5
    assert larger.validation.train is larger.train


@pytest.mark.parametrize("size", [1, 3, 100, 0.1, 0.5, 0.99])
def test_random_per_user_leaves_every_user_something(size, data):
    asked = 1 if size in (1, 3, 0.1, 0.5) else 0
    split = splits.random_per_user(data, test=size, validation=asked)
    train, test = (np.diff(part.csr.indptr) for part in (split.train, split.test))
    count = np.diff(data.csr.indptr)
    assert (train[count > 0] >= 1).all()
    wanted = size if isinstance(size, int) else np.floor(size * count + 0.5)
    np.testing.assert_array_equal(test, np.maximum(np.minimum(wanted, count - 1), 0))
    assert (split.validation is None) == (asked == 0)
    if asked:
        more = np.diff(split.validation.test.csr.indptr)
        np.testing.assert_array_equal(more, np.maximum(np.minimum(1, count - 1 - test), 0))


@pytest.mark.parametrize(("k", "more"), [(1, 2), (2, 1), (3, 2), (50, 0)])
def test_leave_last_k_respects_time(k, more, data):
    split = splits.leave_last_k(data, k, validation=more)
    for row, count in enumerate(np.diff(data.csr.indptr)):
        times = {name: part.timestamps[part.rows == row] for name, part in parts(split).items()}
        assert len(times["test"]) == max(min(k, count - 1), 0)
        assert len(times.get("validation", [])) == max(min(more, count - 1 - k), 0)
        in_order = [times[name] for name in ("train", "validation", "test") if len(times.get(name, []))]
        for before, after in pairwise(in_order):
            assert before.max() <= after.min()


def test_ties_in_time_are_drawn_and_favour_nobody():
    # All at one time: each item has to be the last of about as many users.
    data = Interactions.from_matrix(np.ones((2000, 4)))
    user, item = data.rows, data.columns
    data = Interactions.from_arrays(user, item, timestamp=np.zeros(len(user), dtype=int))
    last = np.bincount(splits.leave_last_k(data).test.columns, minlength=4)
    assert (np.abs(last - 500) < 5 * np.sqrt(2000 * 0.25 * 0.75)).all()


def test_by_time_is_cut_at_one_time(data):
    split = splits.by_time(data, at=15, validation_at=12)
    assert split.train.timestamps.max() < 12
    assert split.validation.test.timestamps.min() >= 12
    assert split.validation.test.timestamps.max() < 15
    assert split.test.timestamps.min() >= 15
    for share in (0.1, 0.5, 17):
        shared = splits.by_time(data, test=share, validation=0.1)
        wanted = share if share == 17 else int(share * len(data) + 0.5)
        first = shared.test.timestamps.min()
        assert len(shared.test) >= wanted > (shared.test.timestamps > first).sum(), "no more than the tie"
        assert shared.train.timestamps.max() < shared.validation.test.timestamps.min()
        assert shared.validation.test.timestamps.max() < first


@pytest.mark.parametrize(
    "at",
    [
        "2024-02-01",
        datetime(2024, 2, 1),
        np.datetime64("2024-02-01"),
        pd.Timestamp("2024-02-01"),
        datetime(2024, 2, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        pd.Timestamp("2024-01-31 23:00", tz="-01:00"),
    ],
)
def test_points_in_time_come_in_many_forms(at):
    when = np.array(["2024-01-31T23:59", "2024-02-01T00:00", "2024-02-02T00:00"], dtype="datetime64[m]")
    data = Interactions.from_arrays([1, 2, 3], [1, 1, 1], timestamp=when)
    assert splits.by_time(data, at=at).test.to_dict() == {2: {1: 1.0}, 3: {1: 1.0}}


def test_strong_generalization_keeps_users_apart(data):
    split = splits.strong_generalization(data, users=0.2, validation_users=3, held_out=0.5)
    having = np.count_nonzero(np.diff(data.csr.indptr))
    groups = [set(part.rows.tolist()) for part in (split.train, split.test, split.validation.test)]
    assert set(split.fold_in.rows.tolist()) == groups[1]
    assert set(split.validation.fold_in.rows.tolist()) == groups[2]
    assert [len(group) for group in groups[1:]] == [int(0.2 * having + 0.5), 3]
    assert sum(map(len, groups)) == len(set().union(*groups)) == having
    for row in groups[1]:
        count = np.count_nonzero(data.rows == row)
        assert np.count_nonzero(split.test.rows == row) == min(max(int(0.5 * count + 0.5), 1), count - 1)
    assert split.report()["cold_users"] == 0
    assert set(split.known.rows.tolist()) == groups[0] | groups[1]


@pytest.mark.parametrize("held_out", [0.01, 0.99, 1, 100])
def test_of_every_held_out_user_something_is_given_and_something_held_out(held_out, data):
    able = int(np.count_nonzero(np.diff(data.csr.indptr) >= 2))
    split = splits.strong_generalization(data, users=able - 1, held_out=held_out)
    given, held = (np.diff(part.csr.indptr) > 0 for part in (split.fold_in, split.test))
    np.testing.assert_array_equal(given, held)
    assert given.sum() == able - 1


def test_strong_generalization_by_time_holds_out_the_latest(data):
    split = splits.strong_generalization(data, users=6, held_out=2, latest=True)
    for row in split.test_users:
        given, held = (part.timestamps[part.rows == row] for part in (split.fold_in, split.test))
        assert given.max() <= held.min()
        assert len(held) == min(2, len(held) + len(given) - 1)


@pytest.mark.parametrize("n_folds", [2, 3, 7])
def test_folds_are_a_partition(n_folds, data):
    folds = splits.k_fold(data, n_folds, seed=4)
    assert len(folds) == n_folds
    tested = [cells(split.test) for split in folds]
    sizes = [len(part) for part in tested]
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) == len(set().union(*tested)) == len(data)
    for split in folds:
        assert cells(split.train) | cells(split.test) == cells(data)
    assert [parts(s) for s in folds[1:]] == [parts(folds[i]) for i in range(1, n_folds)]
    assert parts(folds[-1]) == parts(folds[n_folds - 1])
    with pytest.raises(IndexError, match=f"no fold {n_folds}: the {n_folds} folds are numbered 0 to {n_folds - 1}"):
        folds[n_folds]
    with pytest.raises(TypeError, match="number of a fold, or a slice, is needed, got 'a'"):
        folds["a"]
    assert f"{n_folds} folds" in repr(folds)


def brute_force(split):
    """What is cold, counted cell by cell."""
    known = [split.train] + ([split.fold_in] if split.fold_in is not None else [])
    users = {user for part in known for user, _ in cells(part)}
    items = {item for _, item in cells(split.train)}
    test = list(cells(split.test))
    everyone = {user for part in parts(split).values() for user, _ in cells(part)}
    return {
        "test_users": len({u for u, _ in test}),
        "users_without_test": len(everyone - {u for u, _ in test}),
        "cold_users": len({u for u, _ in test if u not in users}),
        "cold_items": len({i for _, i in test if i not in items}),
        "cold_user_cells": sum(u not in users for u, _ in test),
        "cold_item_cells": sum(i not in items for _, i in test),
        "cold_cells": sum(u not in users or i not in items for u, i in test),
        "repeated_cells": sum(cell in cells(part) for part in known for cell in test),
    }


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(SPLITTERS)), st.integers(0, 2**32), st.integers(100, 200))
def test_the_report_counts_what_is_cold(name, seed, number):
    split = SPLITTERS[name](read(rows(np.random.default_rng(seed), number=number)), seed)
    report = split.report()
    expected = brute_force(split)
    assert {key: report[key] for key in expected} == expected
    for part, interactions in parts(split).items():
        assert report[f"{part}_cells"] == len(interactions)
    warm = split.without_cold()
    assert len(warm.test) == len(split.test) - expected["cold_cells"]
    assert warm.train is split.train
    assert warm.report()["cold_cells"] == 0
    if split.validation is not None:
        assert warm.validation.report()["cold_cells"] == 0
    only_users = split.without_cold(items=False)
    assert len(only_users.test) == len(split.test) - expected["cold_user_cells"]
    only_items = split.without_cold(users=False)
    assert len(only_items.test) == len(split.test) - expected["cold_item_cells"]


def test_what_is_cold_by_hand():
    train = Interactions.from_arrays(["ann", "ann", "bob"], [1, 2, 1])
    test = Interactions.from_arrays(["bob", "cat", "cat", "ann"], [3, 1, 4, 2])
    split = splits.from_parts(train, test)
    report = split.report()
    assert report["users"] == 3
    assert (report["cold_users"], report["cold_items"]) == (1, 2)
    assert (report["cold_user_cells"], report["cold_item_cells"], report["cold_cells"]) == (2, 2, 3)
    assert report["repeated_cells"] == 1
    assert split.train.users[split.cold_users].tolist() == ["cat"]
    assert split.train.items[split.cold_items].tolist() == [3, 4]
    assert "1 cold users and 2 cold items with 3 test cells, 1 repeated" in repr(split)
    given = splits.from_parts(train, test, fold_in=Interactions.from_arrays(["cat"], [9]))
    assert given.report()["cold_users"] == 0
    assert given.report()["fold_in_users"] == 1


def test_parts_keep_the_positions_of_train():
    train = Interactions.from_arrays(["b", "c"], [5, 6])
    split = splits.from_parts(
        train, Interactions.from_arrays(["a", "c"], [5, 1]), validation=Interactions.from_arrays(["d"], [5])
    )
    assert split.train.users.to_list() == ["b", "c", "d", "a"]
    assert split.train.items.to_list() == [5, 6, 1]
    assert split.validation.train is split.train
    assert split.test.to_dict() == {"a": {5: 1.0}, "c": {1: 1.0}}


def test_given_masks(data):
    high, low = data.values == 5, data.values == 1
    split = splits.from_masks(data, high, validation=low)
    assert (split.test.values == 5).all()
    assert (split.validation.test.values == 1).all()
    assert sum(map(len, parts(split).values())) == len(data)
    with pytest.raises(ValueError, match="both masks"):
        splits.from_masks(data, high, validation=high | low)
    with pytest.raises(ValueError, match="bools"):
        splits.from_masks(data, np.flatnonzero(high))
    with pytest.raises(ValueError, match="no cell is left for test"):
        splits.from_masks(data, np.zeros(len(data), dtype=bool))


FRAMES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "arrow": lambda columns: pl.DataFrame(columns).to_arrow(),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_column_says_which_part(kind):
    columns = {
        "user": ["u2", "u1", "u1", "u3", "u2"],
        "item": [7, 8, 7, 9, 8],
        "rating": [1.0, 2.0, 3.0, 4.0, 5.0],
        "part": ["train", "train", "test", "valid", "test"],
    }
    frame = FRAMES[kind](columns)
    split = splits.from_column(frame, "part", validation="valid", dtype=np.float64)
    assert split.train.users.to_list() == ["u1", "u2", "u3"]
    assert split.train.to_dict() == {"u1": {8: 2.0}, "u2": {7: 1.0}}
    assert split.test.to_dict() == {"u1": {7: 3.0}, "u2": {8: 5.0}}
    assert split.validation.test.to_dict() == {"u3": {9: 4.0}}
    assert split.test.dtype == np.float64
    joined = splits.from_column(frame, "part", train=["train", "valid"])
    assert len(joined.train) == 3
    assert len(splits.from_column(frame, "part", leave_out=["valid"]).train) == 2
    for wrong, message in (
        ({}, r"also holds \['valid'\]"),
        ({"validation": "val"}, "no row has 'val'"),
        ({"train": ["train", "valid"], "validation": "valid"}, "named twice"),
        ({"column": "fold"}, "no column 'fold'"),
    ):
        with pytest.raises(ValueError, match=message):
            splits.from_column(frame, **({"column": "part"} | wrong))


def test_a_row_without_a_label_is_refused():
    frame = pd.DataFrame({"user": [1, 2], "item": [1, 2], "split": ["train", None]})
    with pytest.raises(ValueError, match="1 rows have no label"):
        splits.from_column(frame)


def test_a_column_with_ids_that_are_known():
    frame = pd.DataFrame({"user": [2, 1], "item": ["a", "b"], "split": ["train", "test"]})
    split = splits.from_column(frame, users=[3, 2, 1], items=["b", "a", "c"])
    assert split.train.users.to_list() == [3, 2, 1]
    assert split.test.items.to_list() == ["b", "a", "c"]
    with pytest.raises(KeyError, match="user 2"):
        splits.from_column(frame, users=[1])


def test_labels_may_be_numbers_and_repeat_cells():
    frame = pd.DataFrame({"user": [1, 1, 2], "item": [5, 5, 6], "split": [0, 1, 0]})
    split = splits.from_column(frame, train=0, test=1)
    assert split.report()["repeated_cells"] == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: splits.random_cells(d, test=1.5), "test must be a share"),
        (lambda d: splits.random_cells(d, test=0), "test must be"),
        (lambda d: splits.random_cells(d, test=True), "test must be"),
        (lambda d: splits.random_cells(d, test=-1), "test must be"),
        (lambda d: splits.random_cells(d, test=10_000), "only"),
        (lambda d: splits.random_cells(d, test=0.6, validation=0.5), "nothing is left"),
        (lambda d: splits.random_cells(d, test=1e-9), "no cell is left for test"),
        (lambda d: splits.random_per_user(d, test=1e-9), "no cell is left for test"),
        (lambda d: splits.random_per_user(d, test=0.99, validation=1), "no cell is left for validation"),
        (lambda d: splits.leave_last_k(d, 0), "k must be"),
        (lambda d: splits.leave_last_k(d, 50, validation=1), "no cell is left for validation"),
        (splits.by_time, "either at="),
        (lambda d: splits.by_time(d, at=1, test=0.2), "either at="),
        (lambda d: splits.by_time(d, at="2024-01-01"), "must be a number"),
        (lambda d: splits.by_time(d, at=1e9), "no cell is left for test"),
        (lambda d: splits.by_time(d, at=-1), "no cell is left for train"),
        (lambda d: splits.by_time(d, at=5, validation_at=5), "before the test"),
        (lambda d: splits.by_time(d, at=5, validation_at=2, validation=1), "not both"),
        (lambda d: splits.strong_generalization(d, users=1000), "only"),
        (lambda d: splits.strong_generalization(d, users=0.95, validation_users=0.04), "two cells or more"),
        (lambda d: splits.strong_generalization(d, held_out=1.0), "held_out must be"),
        (lambda d: splits.k_fold(d, 1), "n_folds must be"),
        (lambda d: splits.k_fold(d, 10_000), "only"),
        (lambda d: splits.random_per_user(d, test=0.9, validation=0.9), "1.8 of it together: nothing is left"),
        (lambda d: splits.random_per_user(d, test=0.5, validation=0.5), "sum has to be less than 1"),
        (lambda d: splits.random_cells(d, test=0.9, validation=0.9), "test = 0.9 and validation = 0.9 are shares"),
        (lambda d: splits.by_time(d, test=0.5, validation=0.5), "nothing is left"),
        (
            lambda d: splits.strong_generalization(d, users=0.5, validation_users=0.5),
            "users = 0.5 and validation_users",
        ),
        (lambda d: splits.random_cells(d, seed=-1), "seed must be a whole number of at least 0.*got -1"),
        (lambda d: splits.random_per_user(d, seed=1.5), "seed must be a whole number.*got 1.5"),
        (lambda d: splits.leave_last_k(d, seed="a"), "seed must be"),
        (lambda d: splits.strong_generalization(d, seed=-1), "seed must be"),
        (lambda d: splits.k_fold(d, seed=1.5), "seed must be"),
    ],
)
def test_what_cannot_be_split_is_refused(call, message, data):
    with pytest.raises(ValueError, match=message):
        call(data)


def test_times_are_needed_where_time_splits():
    data = Interactions.from_arrays([1, 1], [1, 2])
    for call in (splits.leave_last_k, lambda d: splits.by_time(d, test=1)):
        with pytest.raises(ValueError, match="timestamp="):
            call(data)
    when = np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[D]")
    dated = Interactions.from_arrays([1, 1], [1, 2], timestamp=when)
    for at in (5, "yesterday or so", np.datetime64("NaT")):
        with pytest.raises(ValueError, match="at must be a point in time"):
            splits.by_time(dated, at=at)


def test_parts_of_a_split_must_fit_together(data):
    other = Interactions.from_arrays([1], [1])
    with pytest.raises(ValueError, match="from_parts"):
        Split(data, other)
    with pytest.raises(TypeError, match="DataFrame"):
        Split(data, pd.DataFrame())
    with pytest.raises(TypeError, match="Interactions are needed"):
        splits.random_cells(np.ones((2, 2)))
