"""``alsatian tune``: the search of the API, from a file, and calls that work."""

from __future__ import annotations

import argparse
import json
import shlex

import numpy as np
import pytest

import alsatian
from alsatian import ALS, cli
from alsatian.cli.tune import axis
from alsatian.evaluation import tune
from listeners import frame

pl = pytest.importorskip("polars")
pytest.importorskip("optuna")

TABLE = pl.from_pandas(frame())
SEARCH = ["--search", "n_components=2..6", "--search", "reg=0.01..1", "--trials", "3", "--validation", "0.2"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    TABLE.write_csv("plays.csv")


def run(capsys, *args, status=0):
    assert cli.main(["tune", "plays.csv", *args]) == status
    return capsys.readouterr()


def test_it_is_the_search_of_the_api(capsys):
    told = json.loads(run(capsys, *SEARCH, "--json", "-q").out)
    interactions = alsatian.Interactions.from_frame(TABLE, duplicates="last")
    space = {"n_components": (2, 6), "reg": (0.01, 1.0)}
    found = tune("ratings", interactions, space=space, n_trials=3, validation=0.2)
    assert told["best"] == found.best_parameters
    assert told["value"] == found.best_value
    assert told["fitted_anew"] == found.confirmed
    assert [trial["values"] for trial in told["trials"]] == [trial.values for trial in found.trials]


def test_the_calls_that_it_prints_fit_the_best(capsys):
    said = run(capsys, *SEARCH, "--plot", "search.png")
    assert "model: ratings, as the value column is called 'rating'" in said.err
    python, _, command = said.out.splitlines()[-3:]
    words = shlex.split(command)
    assert words[:3] == ["alsatian", "fit", "plays.csv"]
    assert cli.main([*words[1:], "-q"]) == 0
    fitted = alsatian.load("plays.alsatian").model_
    ours = eval(python, {"ALS": ALS}).fit(alsatian.load("plays.alsatian").interactions_.csr)
    np.testing.assert_array_equal(fitted.row_factors_, ours.row_factors_)
    with open("search.png", "rb") as picture:
        assert picture.read(4) == b"\x89PNG"


def test_lists_and_choices(capsys):
    said = run(
        capsys, "--model", "implicit", "--metric", "ndcg@5", "--search", "objective=hkv,ials", "--trials", "2", "-q"
    )
    assert "by ndcg@5 on random per user" in said.out
    assert said.err == ""


def test_a_search_goes_on(capsys):
    kept = ["--storage", "sqlite:///search.db", "--starts", "starts", "-q", "--json"]
    first = json.loads(run(capsys, *SEARCH[:4], "--trials", "1", *kept).out)
    both = json.loads(run(capsys, *SEARCH[:4], "--trials", "2", *kept).out)
    assert both["trials"][0] == first["trials"][0]
    assert len(both["trials"]) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--metric", "ndgc@5"], "no metric 'ndgc@5'"),
        (["--search", "rank=1..2"], "cannot be searched"),
        (["--plot", "nowhere/search.png"], "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_searched_is_an_error(capsys, given, message):
    assert message in run(capsys, *given, "--trials", "1", status=1).err


@pytest.mark.parametrize("text", ["reg", "reg=", "reg=a..b", "=1..2"])
def test_what_says_nothing_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        axis(text)


def test_dry_run_searches_nothing(capsys):
    assert "Nothing was done" in run(capsys, "--dry-run").out
