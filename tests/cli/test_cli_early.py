"""``alsatian fit --early-stopping``: as many iterations as are best for cells set apart, then a fit to all."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

import alsatian
from alsatian import ALS, Interactions, cli
from alsatian.evaluation import evaluate, splits

pl = pytest.importorskip("polars")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    rng = np.random.default_rng(0)
    W, Z = rng.normal(size=(60, 2)), rng.normal(size=(40, 2))
    user, item = np.divmod(rng.permutation(2400)[:1200], 40)
    stars = np.clip(np.round(2 * (3 + (W[user] * Z[item]).sum(1) / 2 + rng.normal(size=1200))) / 2, 0.5, 5)
    pl.DataFrame({"user": user, "item": item, "rating": stars}).write_csv("stars.csv")
    pl.DataFrame({"user": user, "item": item}).write_csv("plays.csv")
    return tmp_path


def run(capsys, *args, status=0):
    assert cli.main([str(arg) for arg in args]) == status
    return capsys.readouterr()


def test_ratings_are_fitted_for_as_long_as_held_out_ones_are_better(capsys, folder):
    how = ["--n-components", 12, "--reg", 0.05, "--max-iter", 40, "--tol", 0, "--seed", 3]
    said = run(capsys, "fit", "stars.csv", "-o", "m.alsatian", *how, "--early-stopping", 0.2).err
    told = re.search(r"rmse ([\d.]+) on (\d+) cells set apart, best after (\d+) iterations?; all", said)
    assert told, said
    best, cells, iterations = float(told[1]), int(told[2]), int(told[3])
    model = alsatian.load("m.alsatian").model_
    assert model.n_iter_ == model.max_iter == iterations < 30
    table = pl.read_csv("stars.csv")
    data = Interactions.from_frame(table)
    split = splits.random_per_user(data, test=0.2, seed=3)
    assert len(split.test) == cells
    fitted = ALS(12, reg=0.05, max_iter=iterations, tol=0, random_state=3)
    overfitted = ALS(12, reg=0.05, max_iter=40, tol=0, random_state=3)
    # Not equal to what was watched: over-relaxation closes a fit of so many iterations with a plain one.
    assert evaluate(fitted, split, "rmse")["rmse"].value == pytest.approx(best, rel=0.2)
    assert best < evaluate(overfitted, split, "rmse")["rmse"].value


def test_lists_are_judged_by_ndcg(capsys, folder):
    how = ["--n-components", 4, "--max-iter", 20, "--solver", "cg"]
    said = run(capsys, "fit", "plays.csv", *how, "--early-stopping", 0.3).err
    assert re.search(r"ndcg@10 0\.\d+ on \d+ cells set apart", said)
    model = alsatian.load("plays.alsatian").model_
    assert model.solver == "cg"
    assert model.n_iter_ == model.max_iter


@pytest.mark.parametrize("share", ["0", "1", "-0.1", "nan", "some"])
def test_what_is_no_share_is_refused(share, capsys, folder):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["fit", "stars.csv", f"--early-stopping={share}"])
    assert stopped.value.code == 2
    assert "is no share of the cells" in capsys.readouterr().err
