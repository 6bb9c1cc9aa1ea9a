"""Metrics of ranked lists: against definitions in plain Python, against scikit-learn, and by what must always hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from alsatian import Interactions
from alsatian.evaluation import metrics
from alsatian.evaluation.metrics import judge
from evaluation import definitions
from evaluation.ranked_lists import problems, random_problem

RANKING = {name: getattr(metrics, name) for name in definitions.RANKING}
GAINS = ["binary", "linear", "exponential"]


def forms(judged, k):
    """Every ranking metric, NDCG with every gain."""
    for name, metric in RANKING.items():
        if name != "ndcg":
            yield name, metric(judged, k)
    for gain in GAINS:
        yield f"ndcg {gain}", metrics.ndcg(judged, k, gain=gain)


def of_lists(lists, relevant):
    """(ranking, {item: grade}) of each user."""
    for row, grades in zip(lists, relevant, strict=True):
        yield [i for i in row if i >= 0], {i: g for i, g in enumerate(grades) if g > 0}


@pytest.mark.parametrize("k", [1, 2, 5, 10, 25])
@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_every_metric_equals_its_definition(k, share):
    lists, relevant = random_problem(np.random.default_rng(k), 200, 12, 10, share=share)
    judged = judge(lists, relevant)
    pairs = list(of_lists(lists, relevant))
    for name, definition in definitions.RANKING.items():
        expected = [definition(r, wanted, k) if wanted else math.nan for r, wanted in pairs]
        np.testing.assert_allclose(RANKING[name](judged, k).per_user, expected, rtol=1e-13, err_msg=name)
    for gain in GAINS:
        expected = [definitions.ndcg(r, wanted, k, gain) if wanted else math.nan for r, wanted in pairs]
        np.testing.assert_allclose(metrics.ndcg(judged, k, gain=gain).per_user, expected, rtol=1e-13, err_msg=gain)


@pytest.mark.parametrize("k", [1, 5, 25])
def test_ten_places_for_four_items(k):
    # A catalogue smaller than K, all of it relevant: the list is perfect, and precision says what it divides by.
    judged = judge([[2, 0, 1, 3, -1, -1, -1, -1, -1, -1]], [[1, 1, 1, 1]])
    for name, found in forms(judged, k):
        expected = {"precision": min(k, 4) / k, "recall": min(k, 4) / 4, "average_precision": min(k, 4) / 4}
        assert found.mean == expected.get(name, 1.0), name


def test_users_without_a_relevant_item_are_left_out_and_counted():
    judged = judge([[0, 1], [2, 3], [-1, -1]], [[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]])
    for name, found in forms(judged, 2):
        assert (found.n_users, found.n_left_out) == (2, 1), name
        assert found.left_out.tolist() == [False, True, False]
        assert found.mean == np.mean([found.per_user[0], 0.0])
    nobody = judge(np.zeros((2, 1), dtype=int), np.zeros((2, 3)))
    for _, found in forms(nobody, 5):
        assert math.isnan(found.mean)
        assert (found.n_users, found.n_left_out) == (0, 2)


def test_no_places_no_users():
    assert metrics.ndcg(judge(np.empty((2, 0)), [[1, 0], [0, 1]]), 3).per_user.tolist() == [0, 0]
    assert len(metrics.precision(judge(np.empty((0, 3), dtype=int), np.empty((0, 4))), 3)) == 0


@pytest.mark.parametrize("k", [3, 10, 40])
def test_ndcg_equals_scikit_learn(k):
    # scikit-learn ranks by scores: here without ties, and the list is all of the ranking.
    rng = np.random.default_rng(k)
    relevant = np.where(rng.random((60, 30)) < 0.4, rng.integers(1, 6, (60, 30)), 0).astype(float)
    relevant[:, 0] = 1  # scikit-learn counts a user without relevant items as 0
    scores = rng.random((60, 30))
    lists = np.argsort(-scores, axis=1)
    judged = judge(lists, relevant)
    for gain, grades in (
        ("linear", relevant),
        ("binary", (relevant > 0).astype(float)),
        ("exponential", 2**relevant - 1),
    ):
        ours = metrics.ndcg(judged, k, gain=gain).mean
        assert ours == pytest.approx(ndcg_score(grades, scores, k=min(k, 30)), rel=1e-12)


def test_average_precision_over_all_items_equals_scikit_learn():
    rng = np.random.default_rng(0)
    relevant, scores = rng.random((40, 25)) < 0.3, rng.random((40, 25))
    relevant[:, 0] = True
    found = metrics.average_precision(judge(np.argsort(-scores, axis=1), relevant), 25).per_user
    expected = [average_precision_score(row, score) for row, score in zip(relevant, scores, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, int])
def test_auc_equals_scikit_learn_and_its_definition(dtype):
    rng = np.random.default_rng(1)
    relevant = rng.random((50, 20)) < 0.3
    scores = (4 * rng.standard_normal((50, 20))).round().astype(dtype)  # ties are many
    seen = rng.random((50, 20)) < 0.2
    found = metrics.auc(scores, relevant).per_user
    np.testing.assert_allclose(found, [roc_auc_score(*row) for row in zip(relevant, scores, strict=True)], rtol=1e-12)
    found = metrics.auc(scores, sparse.csr_array(relevant), seen=seen).per_user
    expected = [
        definitions.auc(s, set(np.flatnonzero(r)), set(np.flatnonzero(o)))
        for s, r, o in zip(scores, relevant, seen, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_auc_leaves_out_who_has_no_pair():
    found = metrics.auc(np.zeros((3, 2)), [[1, 0], [1, 1], [0, 0]])
    assert found.per_user[0] == 0.5
    assert found.n_left_out == 2
    assert metrics.auc([[1.0, 0.0]], [[1, 0]], seen=[[1, 0]]).n_left_out == 1
    rows = metrics.auc([[1.0, 0.0]], [[0, 0], [0, 1]], users=[1])
    assert rows.per_user.tolist() == [0.0]


def test_auc_refuses_what_has_no_order():
    with pytest.raises(ValueError, match="row 0, item 1"):
        metrics.auc([[1.0, math.nan]], [[1, 0]])
    with pytest.raises(ValueError, match="seen has 3"):
        metrics.auc([[1.0, 2.0]], [[1, 0]], seen=[[1, 0, 0]])
    with pytest.raises(TypeError, match="scores"):
        metrics.auc([1.0, 2.0], [[1, 0]])


@settings(max_examples=50, deadline=None)
@given(problems())
def test_in_range_whatever_comes(problem):
    lists, relevant, k = problem
    judged = judge(lists, relevant)
    for name, found in forms(judged, k):
        values = found.per_user[~found.left_out]
        assert ((values >= 0) & (values <= 1)).all(), name
        assert (found.left_out == ~(relevant > 0).any(axis=1)).all(), name
        assert math.isnan(found.mean) or 0 <= found.mean <= 1


@settings(max_examples=50, deadline=None)
@given(problems(wide=True))
def test_grades_of_any_size_stay_in_range(problem):
    lists, relevant, k = problem
    judged = judge(lists, relevant)
    for gain in GAINS:
        values = metrics.ndcg(judged, k, gain=gain).per_user
        assert ((values >= 0) & (values <= 1) | ~(relevant > 0).any(axis=1)).all(), gain


@settings(max_examples=40, deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_users_changes_no_bit(problem, random):
    lists, relevant, k = problem
    order = list(range(len(lists)))
    random.shuffle(order)
    pairs = zip(forms(judge(lists, relevant), k), forms(judge(lists[order], relevant[order]), k), strict=True)
    for (name, found), (_, moved) in pairs:
        np.testing.assert_array_equal(found.per_user[order], moved.per_user, err_msg=name)
        np.testing.assert_array_equal([found.mean, found.stderr], [moved.mean, moved.stderr])
        np.testing.assert_array_equal(found.interval(n_resamples=20), moved.interval(n_resamples=20))


@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(0, 15))
def test_padding_changes_no_bit(problem, more):
    lists, relevant, k = problem
    padded = np.pad(lists, ((0, 0), (0, more)), constant_values=-1)
    longest = max(int((lists >= 0).sum(axis=1).max()), 1)
    results = [list(forms(judge(given, relevant), k)) for given in (lists, padded, lists[:, :longest])]
    for (name, found), (_, other), (_, short) in zip(*results, strict=True):
        np.testing.assert_array_equal(found.per_user, other.per_user, err_msg=name)
        np.testing.assert_array_equal(found.per_user, short.per_user, err_msg=name)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_a_perfect_list_scores_one(problem):
    _, relevant, k = problem
    relevant[:, 0] = 3.0
    order = np.argsort(-relevant, axis=1, kind="stable")
    best = np.where(np.take_along_axis(relevant, order, axis=1) > 0, order, -1)
    judged = judge(best, relevant)
    number = (relevant > 0).sum(axis=1)
    reachable = {
        "precision": np.minimum(k, number) / k,
        "recall": np.minimum(k, number) / number,
        "average_precision": np.minimum(k, number) / number,
    }
    for name, found in forms(judged, k):
        np.testing.assert_array_equal(found.per_user, reachable.get(name, np.ones(len(best))), err_msg=name)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_an_irrelevant_item_at_the_end_raises_nothing(problem):
    lists, relevant, k = problem
    relevant = np.hstack([relevant, np.zeros((len(relevant), 1))])  # one item more, relevant for nobody
    longer = np.hstack([lists, np.full((len(lists), 1), -1)])
    longer[np.arange(len(lists)), (lists >= 0).sum(axis=1)] = relevant.shape[1] - 1
    for (name, before), (_, after) in zip(
        forms(judge(lists, relevant), k), forms(judge(longer, relevant), k), strict=True
    ):
        np.testing.assert_array_equal(after.per_user, before.per_user, err_msg=name)


@settings(max_examples=50, deadline=None)
@given(problems(), st.integers(0, 7), st.integers(0, 7))
def test_a_hit_moved_up_lowers_nothing(problem, a, b):
    lists, relevant, k = problem
    row, wanted = lists[:1], relevant[:1]
    length = int((row >= 0).sum())
    if length < 2:
        return
    high, low = sorted((a % length, b % length))
    if not wanted[0, row[0, low]] > wanted[0, row[0, high]]:
        return
    swapped = row.copy()
    swapped[0, [high, low]] = row[0, [low, high]]
    for (name, before), (_, after) in zip(forms(judge(row, wanted), k), forms(judge(swapped, wanted), k), strict=True):
        assert after.per_user[0] >= before.per_user[0] - 1e-15, name


@settings(max_examples=50, deadline=None)
@given(problems(), st.data())
def test_auc_is_in_range_and_turns_with_the_scores(problem, data):
    _, relevant, _ = problem
    size = relevant.size
    scores = np.array(data.draw(st.lists(st.floats(-2, 2) | st.integers(-1, 1), min_size=size, max_size=size)))
    scores = scores.reshape(relevant.shape).astype(float)
    found, turned = (metrics.auc(s, relevant).per_user for s in (scores, -scores))
    assert ((found >= 0) & (found <= 1) | np.isnan(found)).all()
    np.testing.assert_allclose(found + turned, np.where(np.isnan(found), np.nan, 1.0))
    perfect = metrics.auc(relevant, relevant).per_user
    np.testing.assert_array_equal(perfect, np.where(np.isnan(found), np.nan, 1.0))


@pytest.mark.parametrize(
    ("lists", "error", "message"),
    [
        ([[0, 0]], ValueError, "twice"),
        ([[0, 3]], IndexError, "item 3 in row 0, place 1"),
        ([[-2, 1]], IndexError, "item -2"),
        ([[-1, 1]], ValueError, "after the end"),
        ([[2**40, 1]], IndexError, "row 0, place 0"),
        ([0, 1], ValueError, "shape"),
        ([[0, 1], [2]], ValueError, r"lists\[0\] has 2 entries, and lists\[1\] has 1 .* filled up with -1"),
        ([[0, 1], 2], ValueError, r"lists\[1\] is a single value"),
        ([[0.0, 1.0]], TypeError, "float64"),
        ([["a", "b"]], TypeError, "integers"),
        ([[0, 1], [0, 1]], ValueError, "2 lists, but relevant has 1 rows"),
    ],
)
def test_bad_lists_are_refused(lists, error, message):
    with pytest.raises(error, match=message):
        judge(lists, [[1, 0, 1]])


def test_bad_parameters_are_refused():
    judged = judge([[0]], [[1]])
    for k in (0, -1, 2.0, True, None):
        with pytest.raises(ValueError, match="k must be"):
            metrics.precision(judged, k)
    with pytest.raises(TypeError, match="judge"):
        metrics.ndcg([[0]], 1)
    with pytest.raises(ValueError, match="'binary', 'linear'"):
        metrics.ndcg(judged, 1, gain="graded")
    with pytest.raises(ValueError, match="nan in row 0, column 0"):
        judge([[0]], [[math.nan, 1.0]])
    with pytest.raises(IndexError, match=r"users\[1\] = 7"):
        judge([[0], [0]], [[1, 0]], users=[0, 7])
    with pytest.raises(ValueError, match="users must be"):
        judge([[0], [0]], [[1, 0]], users=[0])


def test_relevant_items_come_in_any_container():
    lists, relevant = random_problem(np.random.default_rng(3), 30, 9, 5)
    relevant[:3] *= -1  # dislikes and zeros are not relevant
    users, items = np.nonzero(relevant)
    columns = items[::-1].copy()
    unsorted = sparse.coo_array((relevant[users, items][::-1], (users[::-1], columns)), shape=relevant.shape)
    named = Interactions.from_matrix(sparse.csr_array(relevant), dtype=np.float64)
    expected = judge(lists, relevant)
    assert (expected.n_relevant[:3] == 0).all()
    halves = sparse.csr_array(
        (np.repeat(relevant[users, items] / 2, 2), np.repeat(items, 2), 2 * sparse.csr_array(relevant).indptr),
        shape=relevant.shape,
    )
    for given_as in (unsorted, sparse.csc_matrix(relevant), named, halves):
        found = judge(lists, given_as)
        np.testing.assert_array_equal(found.gains, expected.gains)
        np.testing.assert_array_equal(found.n_relevant, expected.n_relevant)
    order = [5, 5, 0, 29]
    np.testing.assert_array_equal(judge(lists[order], relevant, users=order).gains, expected.gains[order])
    assert halves.nnz == 2 * users.size, "the input is not changed"


def test_results_do_not_depend_on_blocks_or_threads(monkeypatch):
    lists, relevant = random_problem(np.random.default_rng(4), 500, 20, 10)
    whole = list(forms(judge(lists, relevant, n_jobs=1), 7))
    monkeypatch.setattr("alsatian.evaluation.metrics._judged._BLOCK", 64)
    for (name, found), (_, cut) in zip(whole, forms(judge(lists, relevant, n_jobs=3), 7), strict=True):
        np.testing.assert_array_equal(found.per_user, cut.per_user, err_msg=name)
