"""The metrics against libraries made for them, where these are installed: ``pip install ranx recometrics``."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import sparse

from alsatian.evaluation import metrics
from alsatian.evaluation.metrics import judge
from evaluation.ranked_lists import random_problem


@pytest.mark.slow  # it compiles itself first
def test_means_equal_ranx():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ranx = pytest.importorskip("ranx")
    lists, relevant = random_problem(np.random.default_rng(0), 120, 60, 20, share=0.15)
    lists[lists[:, 0] < 0, 0] = 0  # it knows no empty lists, and no user without a relevant item
    relevant[:, 5] = 2
    grades = {str(u): {str(i): int(g) for i, g in enumerate(row) if g > 0} for u, row in enumerate(relevant)}
    places = {str(u): {str(i): 100.0 - r for r, i in enumerate(row) if i >= 0} for u, row in enumerate(lists)}
    judged = judge(lists, relevant)
    for k in (1, 5, 20):
        ours = {
            "precision": metrics.precision(judged, k),
            "recall": metrics.recall(judged, k),
            "hit_rate": metrics.hit_rate(judged, k),
            "map": metrics.average_precision(judged, k),
            "mrr": metrics.reciprocal_rank(judged, k),
            "ndcg": metrics.ndcg(judged, k, gain="linear"),
            "ndcg_burges": metrics.ndcg(judged, k, gain="exponential"),
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = ranx.evaluate(ranx.Qrels(grades), ranx.Run(places), [f"{name}@{k}" for name in ours])
        for name, found in ours.items():
            assert found.mean == pytest.approx(theirs[f"{name}@{k}"], rel=1e-12), (name, k)


def test_users_equal_recometrics():
    recometrics = pytest.importorskip("recometrics")
    rng = np.random.default_rng(0)
    users, items, k = 150, 80, 5
    w, z = rng.standard_normal((users, 6)), rng.standard_normal((items, 6))
    part = rng.choice(3, (users, items), p=[0.8, 0.1, 0.1])
    seen, relevant = (sparse.csr_matrix((part == p) * rng.random((users, items))) for p in (1, 2))
    theirs = recometrics.calc_reco_metrics(
        *(seen, relevant, w, z),
        k=k,
        precision=True,
        trunc_precision=True,
        recall=True,
        average_precision=True,
        trunc_average_precision=True,
        ndcg=True,
        hit=True,
        rr=True,
        roc_auc=True,
        min_items_pool=2,
        min_pos_test=1,
        break_ties_with_noise=False,
    )
    scores = w @ z.T
    judged = judge(np.argsort(np.where(part == 1, np.inf, -scores), axis=1)[:, :k], relevant)
    ours = {
        "P": metrics.precision(judged, k),
        "TP": metrics.capped_recall(judged, k),
        "R": metrics.recall(judged, k),
        "AP": metrics.average_precision(judged, k),
        "TAP": metrics.capped_average_precision(judged, k),
        "NDCG": metrics.ndcg(judged, k, gain="linear"),
        "Hit": metrics.hit_rate(judged, k),
        "RR": metrics.reciprocal_rank(judged, k),
    }
    for name, found in ours.items():
        np.testing.assert_allclose(found.per_user, theirs[f"{name}@{k}"], rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(metrics.auc(scores, relevant, seen=seen).per_user, theirs["ROC_AUC"], rtol=1e-12)
