"""``alsatian tune``: the search of the API, from a file, and calls that work."""

from __future__ import annotations

import argparse
import json
import re
import shlex

import numpy as np
import pytest

import alsatian
from alsatian import ALS, cli
from alsatian.cli.source import words_of
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


OTHERS = {"rating": "n", "user": "who", "item": "what it is"}


@pytest.mark.parametrize(
    ("reading", "separator"),
    [
        (["--no-value"], ","),
        (
            "--user-column who --item-column 'what it is' --value-column n --no-weight --separator ';' --skip 1"
            " --header --encoding utf-8 --strict --format csv",
            ";",
        ),
        ("--user-column who --item-column 'what it is' --value-column=n --separator tab --skip 1", "\t"),
    ],
)
def test_the_command_that_it_prints_reads_what_was_tuned_on(reading, separator, capsys):
    if isinstance(reading, str):
        reading = shlex.split(reading)
        with open("plays.csv", "w", encoding="utf-8") as file:
            file.write("a line above\n" + TABLE.rename(OTHERS).write_csv(separator=separator))
    told = json.loads(run(capsys, *reading, "--trials", "1", "--search", "n_components=2", "--json", "-q").out)
    words = shlex.split(told["command"])
    first, second = (cli.build_parser().parse_args(given) for given in (["tune", "plays.csv", *reading], words[1:]))
    assert words_of(first) == words_of(second) != []
    assert cli.main([*words[1:], "-q"]) == 0
    values = alsatian.load("plays.alsatian").interactions_.values
    assert (values == 1).all() == ("--no-value" in reading)


def test_every_option_on_reading_is_repeated():
    parser = cli.build_parser()
    given = "--header --skip 3 --table t --query q --decimal , --encoding utf-16 --separator=- --format csv --strict"
    given += "".join(f" --{role}-column=-{role}" for role in ("user", "item", "value", "weight", "timestamp"))
    given += " --no-value --no-weight --no-timestamp"
    first = vars(parser.parse_args(["fit", "x", *given.split()]))
    again = parser.parse_args(["fit", "x", *words_of(argparse.Namespace(**first))])
    assert vars(again) == first
    nothing = vars(parser.parse_args(["fit", "x"]))
    groups = subcommand(parser, "fit")._action_groups
    options = [one for group in groups if group.title in ("columns", "reading") for one in group._group_actions]
    names = {option.dest for option in options} - {"dry_run"}
    assert len(names) >= 17
    assert [name for name in names if first[name] == nothing[name]] == []  # so that a new option is not forgotten
    assert words_of(parser.parse_args(["fit", "x", "--no-header"])) == ["--no-header"]
    assert words_of(argparse.Namespace(**nothing)) == []


def subcommand(parser, name):
    return next(action for action in parser._actions if isinstance(action.choices, dict)).choices[name]


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


@pytest.mark.parametrize("second", ["n_components=8..9", "n-components=2..4"])
def test_a_parameter_that_is_searched_twice_is_an_error(second, capsys):
    said = run(capsys, "--search", "n_components=2..4", "--search", "reg=1", "--search", second, status=2).err
    assert f"--search n_components=2..4 and --search {second} are given" in said


@pytest.mark.parametrize("text", ["reg", "reg=", "reg=a..b", "=1..2", "reg=0..inf", "reg=nan..1"])
def test_what_says_nothing_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        axis(text)


def test_dry_run_searches_nothing(capsys):
    assert "Nothing was done" in run(capsys, "--dry-run").out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("n_components=2-4", "a range is written 2..4"),
        ("reg=0.1:1", "a range is written 0.1..1"),
        ("reg=2..1", "the lower end comes first, 1..2"),
    ],
)
def test_a_range_that_is_written_otherwise_is_told_how(text, told):
    with pytest.raises(argparse.ArgumentTypeError, match=re.escape(f"{text!r}: {told}")):
        axis(text)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--starts", "plays.csv"], "--starts plays.csv cannot be made"),
        (["--storage", "foo"], "--storage foo is no URL of a database: one in that file is --storage sqlite:///foo."),
        (["--storage", "sqlite:///no/x.db"], "--storage sqlite:///no/x.db cannot be opened"),
        (["--search", "rank=1..2"], "--search rank cannot be searched"),
        (["--search", "n_components=0..4"], "--search n_components=0..4 has 0, which the model does not take"),
        (["--search", "solver=no,cg"], "--search solver=no,cg has 'no', which the model does not take"),
        (["--search", "reg_rows=0.1..1"], "--search reg_rows and --search reg_columns have to be given together"),
        (["--metric", "ndcg@5", "--relevant-from", "99"], "from --relevant-from 99 on are"),
        (["--validation", "0.00001"], "--validation 1e-05 means 0 of"),
    ],
)
def test_errors_speak_of_options(given, told, capsys):
    said = run(capsys, *given, "--trials", "1", "-q", status=1).err
    assert told in said
    for python in ("space ", "space[", "folder =", "storage =", "storage=", "relevant_from", "storage of Optuna"):
        assert python not in said


def test_another_search_in_the_same_storage_is_told_in_options(capsys):
    kept = ["--storage", "sqlite:///search.db", "--trials", "1", "-q"]
    run(capsys, *kept, "--search", "n_components=2")
    said = run(capsys, *kept, "--search", "n_components=3", status=1).err
    assert "give another --study, or the same data, --model, --metric and --search." in said


def test_what_the_command_cannot_fit_is_not_lost(capsys):
    said = run(capsys, "--search", "solver=cg", "--search", "n_components=2", "--trials", "1")
    assert "solver='cg'" in said.out
    assert "has no option for solver='cg': use the Python" in said.err
    assert "alsatian fit" not in said.out


def test_numbers_with_a_minus_are_no_ranges():
    assert axis("reg=1e-3,1e-2").what == [0.001, 0.01]
