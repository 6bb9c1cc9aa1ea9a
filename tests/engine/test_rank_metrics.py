"""The native judging of lists and counting of pairs against plain NumPy, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from alsatian._engine import rank_metrics, rank_metrics_reference

DTYPES = [np.float32, np.float64]


def item_lists(rng: np.random.Generator, rows: int, items: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    mask = rng.random((rows, items)) < share
    indptr = np.concatenate(([0], np.cumsum(mask.sum(axis=1)))).astype(np.int64)
    return indptr, np.nonzero(mask)[1].astype(np.int32)


def ranked_lists(rng: np.random.Generator, rows: int, n: int, items: int) -> np.ndarray:
    lists = np.full((rows, n), -1, dtype=np.int32)
    for row in lists:
        length = rng.integers(0, min(n, items) + 1)
        row[:length] = rng.choice(items, length, replace=False)
    return lists


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("rows", "n", "items"), [(0, 3, 5), (1, 1, 1), (40, 10, 4), (300, 7, 50), (5, 0, 3), (9000, 3, 6)]
)
def test_judged_lists_equal_the_reference(rows: int, n: int, items: int, dtype: Any) -> None:
    rng = np.random.default_rng(rows)
    relevant = item_lists(rng, rows, items, 0.4)
    values = rng.standard_normal(relevant[1].size).astype(dtype)
    lists = ranked_lists(rng, rows, n, items)
    expected = rank_metrics_reference.judge_lists(lists, items, relevant, values)
    for n_jobs in (1, 3):
        found = rank_metrics.judge_lists(lists, items, relevant, values, n_jobs=n_jobs)
        for got, wanted in zip(found, expected, strict=True):
            assert got.dtype == wanted.dtype
            np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("excluded", [False, True])
@pytest.mark.parametrize(("rows", "items"), [(0, 5), (1, 1), (40, 4), (100, 33), (8, 900)])
def test_pairs_equal_the_reference(rows: int, items: int, excluded: bool, dtype: Any) -> None:
    rng = np.random.default_rng(rows)
    scores = rng.integers(-3, 4, (rows, items)).astype(dtype)
    scores[: rows // 4] = rng.standard_normal((rows // 4, items))
    scores[rows // 2 :: 7, : items // 2] = np.inf
    relevant = item_lists(rng, rows, items, 0.3)
    exclude = item_lists(rng, rows, items, 0.3) if excluded else None
    expected = rank_metrics_reference.pairs_in_order(scores, relevant, exclude)
    for n_jobs in (1, 3):
        found = rank_metrics.pairs_in_order(scores, relevant, exclude, n_jobs=n_jobs)
        np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("lists", "error", "place"),
    [
        ([[0, 1], [2, 4]], IndexError, "item 4 in row 1, place 1 is out of range for 4 items"),
        ([[0, 1], [-2, 3]], IndexError, "item -2 in row 1, place 0"),
        ([[0, 1], [3, 3]], ValueError, "item 3 is in the list twice, again in row 1, place 1"),
        ([[0, 1], [-1, 3]], ValueError, "item 3 in row 1, place 1 comes after the end"),
    ],
)
def test_what_is_no_list_is_refused(lists: list[list[int]], error: type[Exception], place: str) -> None:
    given = np.array(lists, dtype=np.int32)
    nothing = (np.zeros(3, dtype=np.int64), np.empty(0, dtype=np.int32))
    with pytest.raises(error, match=place):
        rank_metrics.judge_lists(given, 4, nothing, np.empty(0))
    with pytest.raises(error):
        rank_metrics_reference.judge_lists(given, 4, nothing, np.empty(0))


def test_nan_is_refused_only_where_it_takes_part() -> None:
    scores = np.array([[1.0, np.nan, 0.0]])
    relevant = (np.array([0, 1]), np.array([0], dtype=np.int32))
    exclude = (np.array([0, 1]), np.array([1], dtype=np.int32))
    for count in (rank_metrics.pairs_in_order, rank_metrics_reference.pairs_in_order):
        np.testing.assert_array_equal(count(scores, relevant, exclude), [1.0])
        with pytest.raises(ValueError, match="row 0"):
            count(scores, relevant)


def test_arrays_that_do_not_fit_are_refused() -> None:
    lists = np.zeros((2, 1), dtype=np.int32)
    good = (np.array([0, 1, 1]), np.array([0], dtype=np.int32))
    with pytest.raises(ValueError, match="one value each"):
        rank_metrics.judge_lists(lists, 1, good, np.empty(0))
    with pytest.raises(ValueError, match="indptr"):
        rank_metrics.judge_lists(lists, 1, (good[0][:2], good[1]), np.ones(1))
    with pytest.raises(IndexError):
        rank_metrics.judge_lists(lists, 1, (good[0], good[1] + 1), np.ones(1))
    with pytest.raises(IndexError):
        rank_metrics.pairs_in_order(np.zeros((2, 1)), (good[0], good[1] + 1))


def test_the_poll_can_stop_it() -> None:
    def stop(done: float) -> None:
        raise KeyboardInterrupt

    scores = np.zeros((400, 20_000), dtype=np.float32)
    relevant = item_lists(np.random.default_rng(0), 400, 20_000, 0.05)
    with pytest.raises(KeyboardInterrupt):
        rank_metrics.pairs_in_order(scores, relevant, poll=stop)
