"""What a report says of cells that a model has not seen: errors with their spread, calibration, what stands out."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from alsatian.console import counted
from alsatian.evaluation import metrics, splits
from alsatian.models import NoEntryWarning
from alsatian.recommend._checks import of_ratings
from alsatian.recommend.recommender import Recommender
from alsatian.report._html import column, number, paragraph, section, table, text
from alsatian.report._names import Names
from alsatian.report._svg import Frame

_TITLE = "Error on held-out cells"
_K = 10
_SHOWN = 12


@dataclass(frozen=True)
class HeldOut:
    """A fit of the same model to all but some cells, and those cells."""

    recommender: Recommender
    split: Any
    share: float


def hold_out(recommender: Recommender, share: float, seed: int) -> HeldOut:
    """Fit the model again without a share of each user's cells.

    Callbacks are left out: a checkpoint of the fit is none of this one.

    Raises
    ------
    ValueError
        Where no cell can be held out, or what is left cannot be fitted.
    """
    split = splits.random_per_user(recommender.interactions_, test=share, seed=seed)
    model = clone(recommender.model_).set_callbacks()
    if model.random_state is None:
        model.set_params(random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)  # the report counts what is cold
        return HeldOut(Recommender(model).fit(split.train), split, share)


def held_out_section(recommender: Recommender, share: float, seed: int, names: Names) -> str:
    """Return the section on the held-out cells; where there are too few cells to hold any out, it says so."""
    try:
        held = hold_out(recommender, share, seed)
    except ValueError as error:
        return section("held-out", _TITLE, paragraph(text(_not_held_out(recommender, share, error))))
    report = held.split.report()
    cold = report["cold_cells"]
    how = paragraph(
        f"The same model, fitted again without {held.share:.0%} of each user's cells ({number(report['train_cells'])}"
        f" are left), and asked about those: {counted(report['test_cells'], 'cell')} of"
        f" {counted(report['test_users'], 'user')}. In {counted(cold, 'cell')} of these the item is one that it had"
        " never seen. The spread is that of 1000 samples of"
        " users."
    )
    body = _of_ratings(held, names) if of_ratings(held.recommender.model_) else _of_lists(held)
    return section("held-out", _TITLE, how, body)


def _not_held_out(recommender: Recommender, share: float, error: ValueError) -> str:
    """Say why there is no error on held-out cells: too few cells, or what the second fit said."""
    most = int(np.diff(recommender.interactions_.csr.indptr).max(initial=0))
    needed = max(2, math.ceil(0.5 / share))  # shares are rounded, halves up, and one cell is left to learn from
    if most < needed:
        return (
            f"Nothing could be held out: for a share of {share:.0%} a user needs {needed} cells or more, and none has"
            f" more than {most:,}."
        )
    return f"The model could not be judged on held-out cells: {error}"


def _of_ratings(held: HeldOut, names: Names) -> str:
    test, known, model = held.split.test, held.split.train, held.recommender.model_
    true = test.values.astype(np.float64)
    predicted = model.predict_cells(test.rows, test.columns).astype(np.float64)
    simple = _item_means(known)[test.columns]
    names_of, found = [], []
    for name, guess in (
        ("this model", predicted),
        ("mean of the item", simple),
        ("mean of all", np.full_like(true, known.values.mean(dtype=float))),
    ):
        rmse = metrics.rmse(true, guess, users=test.rows)
        names_of.append(name)
        found.append([rmse.value, *rmse.interval(), float(metrics.mae(true, guess))])
    shown = column(value for row in found for value in row)
    rows = [
        [name, shown[4 * n], f"{shown[4 * n + 1]} to {shown[4 * n + 2]}", shown[4 * n + 3]]
        for n, name in enumerate(names_of)
    ]
    errors = table(
        "Errors, in the units of the values", ["model", "RMSE", "95% of samples", "MAE"], rows, numeric=(1, 2, 3)
    )
    return f'<div class="row">{errors}{_calibration(true, predicted)}</div>{_outliers(held, names, true, predicted)}'


def _calibration(true: NDArray[np.float64], predicted: NDArray[np.float64]) -> str:
    found = metrics.calibration(true, predicted)
    both = np.concatenate([found.predicted, found.seen])
    span = (float(both.min()), float(both.max()))
    frame = Frame(span, span, ("predicted, mean of a tenth", "seen, mean"))
    frame.line(np.array(span), np.array(span), "ideal")
    frame.line(found.predicted, found.seen)
    for p, s in zip(found.predicted.tolist(), found.seen.tolist(), strict=True):
        frame.dot(p, s, f"predicted {p:.3g}, seen {s:.3g}")
    return frame.svg(
        "Calibration", f"On average they are {number(float(found.error))} apart; on the dashed line they agree."
    )


def _outliers(held: HeldOut, names: Names, true: NDArray[np.float64], predicted: NDArray[np.float64]) -> str:
    test = held.split.test
    worst = np.argsort(-np.abs(true - predicted), kind="stable")[:_SHOWN]
    seen, guessed = column(true[worst], 3), column(predicted[worst], 3)
    missed = column((true - predicted)[worst], 3)
    rows = [
        [text(test.users[int(test.rows[p])]), names.of(test.items[int(test.columns[p])]), *values]
        for p, *values in zip(worst.tolist(), seen, guessed, missed, strict=True)
    ]
    header = ["user", "item", "seen", "predicted", "difference"]
    return "<h3>What stands out</h3>" + table("Largest differences", header, rows, numeric=(2, 3, 4))


def _of_lists(held: HeldOut) -> str:
    test, known = held.split.test, held.split.train
    who = held.split.test_users
    listed = held.recommender.recommend(known.users.values[who], n=_K).positions
    popular = _popular(known, who)
    rows = []
    for name, lists in (("this model", listed), ("the best-known items", popular)):
        judged = metrics.judge(lists, test, users=who)
        ndcg, recall, hits = metrics.ndcg(judged, _K), metrics.recall(judged, _K), metrics.hit_rate(judged, _K)
        low, high = ndcg.interval()
        shares = [f"{value:.4f}" for value in (ndcg.mean, low, high, recall.mean, hits.mean)]
        covered = f"{metrics.coverage(lists, known.n_items):.1%}"
        rows.append([name, shares[0], f"{shares[1]} to {shares[2]}", *shares[3:], covered])
    header = ["lists of", f"NDCG@{_K}", "95% of samples", f"recall@{_K}", f"hit rate@{_K}", "items listed"]
    note = paragraph(
        f"Recall@{_K} is the part of all of a user's held-out items that is among the {_K}: it divides by their number,"
        f" so where that is above {_K}, no list reaches 1. Hit rate@{_K} is the part of the users with one at least."
    )
    return table(f"Lists of {_K} unseen items", header, rows, numeric=(1, 2, 3, 4, 5)) + note


def _popular(known: Any, who: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the best-known items that each user has not had."""
    counts = np.bincount(known.columns, minlength=known.n_items)
    order = np.argsort(-counts, kind="stable")
    lists = np.full((who.size, _K), -1, dtype=np.int32)
    for row, user in enumerate(who.tolist()):
        seen = known.csr.indices[known.csr.indptr[user] : known.csr.indptr[user + 1]]
        best = order[: _K + seen.size]
        unseen = best[~np.isin(best, seen)][:_K]
        lists[row, : unseen.size] = unseen
    return lists


def _item_means(known: Any) -> NDArray[np.float64]:
    counts = np.bincount(known.columns, minlength=known.n_items)
    sums = np.bincount(known.columns, weights=known.values, minlength=known.n_items)
    mean = float(known.values.mean(dtype=float))
    return np.divide(sums, counts, out=np.full(known.n_items, mean), where=counts > 0)
