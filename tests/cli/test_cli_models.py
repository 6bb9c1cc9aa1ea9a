"""From a file to lists: fit, recommend, similar, explain, predict, update, inspect, on the command line."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import alsatian
from alsatian import ALS, ImplicitALS, Recommender, cli
from alsatian.callbacks import Checkpoint
from listeners import frame

pl = pytest.importorskip("polars")

TABLE = pl.from_pandas(frame())


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    TABLE.write_csv("plays.csv")
    (tmp_path / "titles.csv").write_text("item,title\n" + "".join(f'{n},"Song {n}, the"\n' for n in range(100, 119)))
    return tmp_path


@pytest.fixture
def fitted(folder):
    model = Recommender(ALS(4, bias="both", random_state=0, dtype="float32")).fit(TABLE)
    model.save("m.alsatian")
    return model


def run(capsys, *args, status=0):
    assert cli.main([str(arg) for arg in args]) == status
    return capsys.readouterr()


def told(capsys, *args):
    return json.loads(run(capsys, *args, "--json", "-q").out)


def test_fit_guesses_says_and_saves_what_the_api_fits(capsys, folder):
    said = run(capsys, "fit", "plays.csv", "--seed", "0")
    assert (
        "columns user = 'user', item = 'item', value = 'rating' (user, item, value guessed by their names" in said.err
    )
    assert "model: ratings, as the value column is called 'rating'" in said.err
    assert "30 users × 20 items" in said.out
    assert "plays.alsatian, " in said.out
    loaded = alsatian.load("plays.alsatian")
    ours = Recommender(ALS(32, bias="both", dtype="float32", random_state=0)).fit(TABLE)
    np.testing.assert_array_equal(loaded.model_.row_factors_, ours.model_.row_factors_)
    assert loaded.interactions_ == ours.interactions_


def test_every_parameter_reaches_the_model(capsys):
    run(
        capsys, "fit", "plays.csv", "-o", "a.alsatian", "-q", "--n-components", 3, "--reg", "0.2,0.3",
        "--reg-exponent", 0, "--max-iter", 4, "--tol", 0, "--dtype", "float64", "--random-state", 5,
        "--n-jobs", 1, "--bias", "rows",
        "--bias-reg", 0.4, "--clip", "1,", "--duplicates", "mean",
    )  # fmt: skip
    model = alsatian.load("a.alsatian").model_
    expected = {
        "n_components": 3, "reg": (0.2, 0.3), "reg_exponent": 0.0, "max_iter": 4, "tol": 0.0, "dtype": "float64",
        "random_state": 5, "n_jobs": 1, "bias": "rows", "bias_reg": 0.4, "clip": (1.0, None),
    }  # fmt: skip
    assert {name: getattr(model, name) for name in expected} == expected
    run(
        capsys, "fit", "plays.csv", "-o", "b.alsatian", "-q", "--model", "implicit", "--alpha", 2,
        "--objective", "ials", "--unobserved-weight", 0.1, "--confidence", "linear", "--confidence-scale", 2,
    )  # fmt: skip
    model = alsatian.load("b.alsatian").model_
    assert isinstance(model, ImplicitALS)
    assert (model.alpha, model.objective, model.unobserved_weight) == (2.0, "ials", 0.1)
    assert (model.confidence, model.confidence_scale) == ("linear", 2.0)


def test_what_comes_out_for_scripts(capsys):
    result = told(capsys, "fit", "plays.csv", "--tol", "0", "--max-iter", "3")
    assert result["class"] == "ALS"
    assert (result["users"], result["items"], result["interactions"]) == (30, 20, TABLE.height)
    assert (result["iterations"], result["rows"], result["left_out"]) == (3, TABLE.height, 0)
    assert result["columns"] == {"user": "user", "item": "item", "value": "rating"}
    assert result["loss"] == alsatian.load("plays.alsatian").model_.history_.loss[-1]


@pytest.mark.parametrize(
    ("header", "values", "kind"),
    [
        ("user,item,rating", ["9", "300"], "ALS"),
        ("user,item,plays", ["1", "2"], "ImplicitALS"),
        ("user,item,value", ["1", "5"], "ImplicitALS"),
        ("user,item", None, "ImplicitALS"),
        (None, ["1", "5"], "ALS"),
        (None, ["1", "500"], "ImplicitALS"),
    ],
)
def test_the_kind_of_model_follows_the_values(header, values, kind, capsys, folder):
    rows = [[f"{n % 7}", f"{n % 5}"] + ([values[n % 2]] if values else []) for n in range(40)]
    text = "\n".join([*([header] if header else []), *(",".join(row) for row in rows)])
    (folder / "x.csv").write_text(text)
    assert told(capsys, "fit", "x.csv", "--n-components", 2)["class"] == kind


def test_an_interrupt_before_the_first_checkpoint_promises_nothing(capsys, folder, monkeypatch):
    def stopped(self, *_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("alsatian.recommend.recommender.Recommender.fit", stopped)
        said = run(capsys, "fit", "plays.csv", "--checkpoint", "steps", status=130).err
    assert "--resume" not in said
    common = ["fit", "plays.csv", "--max-iter", 2, "--checkpoint", "steps", "--resume"]
    assert "no checkpoint in steps yet" in run(capsys, *common).err


def test_a_dry_run_does_nothing(capsys, folder):
    said = run(capsys, "fit", "plays.csv", "--dry-run")
    assert "user (guessed)" in said.out
    assert "Nothing was done" in said.out
    assert not list(folder.glob("*.alsatian"))
    result = told(capsys, "fit", "plays.csv", "--dry-run")
    assert len(result["first_rows"]) == 5
    assert result["first_rows"][0] == dict(zip(("user", "item", "value"), TABLE.row(0), strict=True))


def test_a_dry_run_tells_of_bad_lines_and_with_strict_it_reads_all(capsys, folder):
    with (folder / "plays.csv").open("a") as file:
        file.write("u1,101,good\n")
    last = f"line {TABLE.height + 2}: the value 'good' is no number"
    assert "can be used" not in run(capsys, "fit", "plays.csv", "--dry-run").out
    assert last in run(capsys, "fit", "plays.csv", "--dry-run", "--strict", status=1).err
    (folder / "plays.csv").write_text("user,item,rating\na,x,1\nb,y,?\na,y,2\n")
    said = run(capsys, "fit", "plays.csv", "--dry-run")
    assert "1 line cannot be used, of the first ones:" in said.err
    assert "line 3: the value '?' is no number" in said.err
    assert told(capsys, "fit", "plays.csv", "--dry-run")["first_left_out"] == [
        "line 3: the value '?' is no number that can be used"
    ]
    TABLE.write_csv("plays.csv")
    assert f"All {TABLE.height} rows can be used." in run(capsys, "fit", "plays.csv", "--dry-run", "--strict").out


def test_bad_lines_are_counted_and_strict_stops(capsys, folder):
    with (folder / "plays.csv").open("a") as file:
        file.write("u1,100\nu1,101,good\n")
    said = run(capsys, "fit", "plays.csv")
    lines = TABLE.height + 2
    assert f"alsatian: warning: 2 of {TABLE.height + 2} lines were left out:" in said.err
    assert f"line {lines}: 2 fields where the header has 3" in said.err
    assert f"line {lines + 1}: the value 'good' is no number that can be used" in said.err
    said = run(capsys, "fit", "plays.csv", "--strict", status=1)
    assert f"alsatian: error: plays.csv: line {lines}: 2 fields" in said.err
    assert told(capsys, "fit", "plays.csv")["left_out"] == 2


def test_fit_resumes(capsys, folder):
    common = ["fit", "plays.csv", "--max-iter", 8, "--tol", 0, "--seed", 0, "--n-components", 4]
    run(capsys, *common, "-o", "whole.alsatian")

    class Stopped(Checkpoint):
        def on_fit_task_end(self, estimator, context):
            super().on_fit_task_end(estimator, context)
            if context.task_name == "iteration" and context.task_id == 3:
                raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alsatian.callbacks.checkpoint.Checkpoint", Stopped)
        said = run(capsys, *common, "--checkpoint", "steps", status=130).err
        assert "kept in steps: the same command with --resume goes on" in said
        assert said.endswith("interrupted\n")
    said = run(capsys, "inspect", "steps/checkpoint.alsatian", status=1).err
    assert "the checkpoint of a fit that was not over" in said
    assert "--checkpoint steps --resume goes on from there" in said
    said = run(capsys, *common, "-o", "again.alsatian", "--checkpoint", "steps", "--resume")
    assert "resumed from steps/checkpoint.alsatian" in said.err
    assert "8 iterations, 4 of them before" in said.out
    other = [*common[:-3], 1, *common[-2:]]
    assert (
        "with random_state=0, but the model has random_state=1"
        in run(capsys, *other, "-o", "other.alsatian", "--checkpoint", "steps", "--resume", status=1).err
    )
    models = [alsatian.load(f"{name}.alsatian").model_ for name in ("whole", "again")]
    assert models[0].history_ == models[1].history_
    np.testing.assert_array_equal(models[0].row_factors_, models[1].row_factors_)
    assert "needs the folder" in run(capsys, *common, "--resume", status=2).err


def test_recommend_to_the_terminal(capsys, fitted):
    said = run(capsys, "recommend", "m.alsatian", "u3", "u1", "-n", 2, "--items", "titles.csv")
    lines = said.out.splitlines()
    assert lines[0].split() == ["user", "rank", "item", "title", "score"]
    assert len(lines) == 2 + 4
    best = fitted.recommend("u3", n=1)["u3"][0][0]
    assert lines[2].split()[:3] == ["u3", "1", str(best)]
    assert f"Song {best}, the" in lines[2]
    assert "1 item of 20 without a title" in said.err


@pytest.mark.parametrize("suffix", ["csv", "tsv", "ndjson", "parquet"])
def test_recommend_to_a_file(suffix, capsys, fitted, folder):
    said = run(capsys, "recommend", "m.alsatian", "--all", "-n", 3, "-o", f"lists.{suffix}")
    assert said.out == ""
    assert said.err == f"alsatian: 30 lists written to lists.{suffix}\n"
    readers = {"csv": pl.read_csv, "parquet": pl.read_parquet, "ndjson": pl.read_ndjson}
    path = f"lists.{suffix}"
    read = pl.read_csv(path, separator="\t") if suffix == "tsv" else readers[suffix](path)
    expected = fitted.recommend(n=3).to_frame("polars")
    assert read.columns == expected.columns
    assert read["item"].to_list() == expected["item"].to_list()
    np.testing.assert_allclose(read["score"].to_numpy(), expected["score"].to_numpy(), rtol=1e-6)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["plays.csv", "titles.csv", "m.alsatian", f"lists.{suffix}"]
    )


def test_recommend_limits_and_newcomers(capsys, fitted, folder, monkeypatch):
    only = told(capsys, "recommend", "m.alsatian", "u3", "--only", 100, 101, 102, "--include-seen")
    assert {row["item"] for row in only} == {100, 101, 102}
    without = told(capsys, "recommend", "m.alsatian", "u3", "--exclude", 100, "--include-seen", "-n", 30)
    assert {row["item"] for row in without} == set(range(101, 120))
    new = told(capsys, "recommend", "m.alsatian", "--liked", "Song 104, the", "105", "--items", "titles.csv", "-n", 4)
    expected = fitted.recommend_for({104: 5.0, 105: 5.0}, n=4).to_list()[0]
    assert [row["item"] for row in new] == [item for item, _ in expected]
    assert new[0]["user"] is None
    (folder / "who.txt").write_text("u3\n\nu1\n")
    assert {row["user"] for row in told(capsys, "recommend", "m.alsatian", "--users-from", "who.txt")} == {"u1", "u3"}
    monkeypatch.setattr(sys, "stdin", io.StringIO("u2\n"))
    assert {row["user"] for row in told(capsys, "recommend", "m.alsatian", "--users-from", "-")} == {"u2"}


def test_csv_to_standard_output(capsys, fitted):
    said = run(capsys, "recommend", "m.alsatian", "u3", "--output-format", "csv", "--items", "titles.csv", "-q")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert len(rows) == 10
    assert rows[0]["title"].endswith(", the")
    assert said.err == ""


def test_similar(capsys, fitted):
    rows = told(capsys, "similar", "m.alsatian", "104", "-n", 3)
    expected = fitted.similar_items(104, n=3).to_list()[0]
    assert [(row["similar"], row["cosine"]) for row in rows] == [
        (item, pytest.approx(score)) for item, score in expected
    ]
    by_title = told(capsys, "similar", "m.alsatian", "song 104", "-n", 3, "--items", "titles.csv")
    assert [row["similar"] for row in by_title] == [row["similar"] for row in rows]
    users = told(capsys, "similar", "m.alsatian", "u3", "--users", "--metric", "dot", "-n", 2)
    assert [row["similar"] for row in users] == [
        user for user, _ in fitted.similar_users("u3", n=2, metric="dot")["u3"]
    ]


def test_explain(capsys, fitted):
    result = told(capsys, "explain", "m.alsatian", "u3", "104", "-n", 2)
    ours = fitted.explain("u3", 104)
    assert result["score"] == pytest.approx(ours.score)
    shares = sum(row["contribution"] for row in result["contributions"])
    assert result["base"] + shares + result["other_contributions"] == pytest.approx(ours.score)
    said = run(capsys, "explain", "m.alsatian", "u3", "104", "-n", 1, "--items", "titles.csv")
    assert said.out.startswith("Score of Song 104, the (104) for user u3: ")
    assert f"{ours.items.size - 1} other interactions add" in said.out


def test_predict(capsys, fitted, folder):
    rows = told(capsys, "predict", "m.alsatian", "u3", "104", "105")
    np.testing.assert_allclose([row["score"] for row in rows], fitted.predict("u3", [104, 105]))
    (folder / "pairs.csv").write_text("user,item\nu3,104\nu3,999\nnobody,105\n")
    said = run(capsys, "predict", "m.alsatian", "--pairs", "pairs.csv", "-o", "scores.csv")
    assert "warning: Of 3 pairs 1 is of an unknown user and 1 of an unknown item" in said.err
    scores = pl.read_csv("scores.csv")
    assert scores["user"].to_list() == ["u3", "u3", "nobody"]
    np.testing.assert_allclose(scores["score"][0], fitted.predict("u3", 104)[0], rtol=1e-6)


def test_update(capsys, fitted, folder):
    (folder / "new.csv").write_text("user,item,rating\nu3,104,1\nnewcomer,104,5\nnewcomer,555,4\n")
    said = run(capsys, "update", "m.alsatian", "new.csv", "-o", "n.alsatian")
    assert "users             30     31   +1" in said.out
    updated = alsatian.load("n.alsatian")
    ours = fitted.update(pl.read_csv("new.csv"))
    np.testing.assert_array_equal(updated.model_.row_factors_, ours.model_.row_factors_)
    assert updated.interactions_ == ours.interactions_
    (folder / "all.csv").write_text("user,item,rating\nu3,104,2\n")
    result = told(capsys, "update", "n.alsatian", "all.csv", "--mode", "replace")
    assert result["interactions"]["after"] < result["interactions"]["before"]
    assert alsatian.load("n.alsatian").interactions_.to_dict()["u3"] == {104: 2.0}


def test_an_update_knows_the_ids_of_the_model_though_its_column_is_of_texts(capsys, fitted, folder):
    (folder / "new.csv").write_text("user,item,rating\nu3,104,1\nu3,encore,5\n")
    said = run(capsys, "update", "m.alsatian", "new.csv")
    items = alsatian.load("m.alsatian").items_
    assert len(items) == 21
    assert "encore" in items
    assert "104" not in items
    assert "warning: The items so far are of type int" in said.err
    (folder / "texts.csv").write_text("user,item,rating\nann,x1,4\nann,7,5\nbob,x1,3\nbob,8,2\n")
    (folder / "more.csv").write_text("user,item,rating\nann,7,1\nann,9,2\n")
    run(capsys, "fit", "texts.csv", "--n-components", 2)
    run(capsys, "update", "texts.alsatian", "more.csv")
    assert alsatian.load("texts.alsatian").items_.to_list() == ["7", "8", "x1", "9"]


def test_update_and_times(capsys, folder):
    TABLE.with_columns(timestamp=pl.lit(5)).write_csv("timed.csv")
    run(capsys, "fit", "timed.csv", "-o", "t.alsatian")
    said = run(capsys, "update", "t.alsatian", "plays.csv", status=1)
    assert "the model has a time for each interaction, and plays.csv has no column of times" in said.err
    run(capsys, "fit", "plays.csv", "-o", "p.alsatian")
    run(capsys, "update", "p.alsatian", "timed.csv")


def test_times_of_another_kind_are_named(capsys, folder):
    TABLE.with_columns(timestamp=pl.lit(5)).write_csv("timed.csv")
    said = run(capsys, "fit", "timed.csv", "-o", "t.alsatian").err
    assert "updates need a column of times too; --no-timestamp leaves them out" in said
    TABLE.with_columns(timestamp=pl.lit("2013-05-01")).write_csv("dated.csv")
    said = run(capsys, "update", "t.alsatian", "dated.csv", status=1).err
    assert "dated.csv, column 'timestamp': the times are dates, and those of the model are numbers" in said


def test_inspect(capsys, fitted):
    result = told(capsys, "inspect", "m.alsatian")
    assert (result["class"], result["kind"], result["parameters"]["n_components"]) == ("ALS", "recommender", 4)
    assert result["data"]["users"] == 30
    assert result["fit"]["iterations"] == fitted.model_.n_iter_
    said = run(capsys, "inspect", "m.alsatian").out
    assert "m.alsatian: recommender (ALS), " in said
    assert "cells per user" in said
    alsatian.save(ALS(2).fit(np.eye(3)), "bare.alsatian")
    assert "bare.alsatian: estimator (ALS)" in run(capsys, "inspect", "bare.alsatian").out


@pytest.mark.parametrize(
    ("args", "status", "told"),
    [
        (["recommend", "m.alsatian", "nobody"], 3, "there is no user 'nobody' among 30, such as u0"),
        (["similar", "m.alsatian", "999"], 3, "there is no item '999'"),
        (["similar", "m.alsatian", "song 10", "--items", "titles.csv"], 3, "10 titles are like 'song 10': 'Song 100"),
        (["explain", "m.alsatian", "u3", "x"], 3, "there is no item 'x'"),
        (["recommend", "m.alsatian"], 2, "say for whom"),
        (["recommend", "m.alsatian", "u3", "--all"], 2, "give only one of USER"),
        (["recommend", "nothing.alsatian", "u3"], 1, "nothing.alsatian"),
        (["recommend", "plays.csv", "u3"], 1, "plays.csv"),
        (["recommend", "m.alsatian", "u3", "-o", "x.doc"], 2, "kind of file is not known"),
        (["recommend", "m.alsatian", "u3", "-o", "no/x.csv"], 1, "there is no folder no"),
        (["recommend", "m.alsatian", "u3", "--output-format", "parquet"], 2, "Parquet is written to a file"),
        (["predict", "m.alsatian"], 2, "say what to predict"),
        (["fit", "nothing.csv"], 1, "there is no file nothing.csv"),
        (["fit", "plays.csv", "--model", "implicit", "--bias", "both"], 2, "--bias is for --model ratings"),
        (["fit", "plays.csv", "--model", "implicit", "--reg", "auto"], 2, "--reg auto is for --model ratings"),
        (["fit", "plays.csv", "--user-column", "who"], 1, "there is no column 'who' for the users"),
        (["fit", "plays.csv", "-o", "no/m.alsatian"], 1, "there is no folder no"),
        (["fit", "plays.csv", "--table", "x"], 1, "is no database"),
        (["fit", "plays.csv", "--table", "x", "--query", "y"], 2, "--table and --query are given"),
    ],
)  # fmt: skip
def test_errors_are_one_line_with_a_status(args, status, told, capsys, fitted):
    said = run(capsys, *args, status=status)
    assert said.out == ""
    errors = [line for line in said.err.splitlines() if line.startswith("alsatian: error: ")]
    assert len(errors) == 1
    assert told in errors[0]


@pytest.mark.parametrize(
    "args",
    [
        ["fit", "plays.csv", "--reg", "1,2,3"],
        ["fit", "plays.csv", "--clip", "5"],
        *([command, "plays.csv", "--clip", text] for command in ("fit", "complete") for text in ("5,1", ",", "nan,1")),
        ["fit", "plays.csv", "--n-components", "0"],
        ["fit"],
        ["recommend", "m.alsatian", "u1", "-n", "0"],
    ],
)
def test_wrong_arguments_leave_with_2(args, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(args)
    assert caught.value.code == 2


def test_a_bare_model_has_no_lists(capsys):
    alsatian.save(ALS(2).fit(np.eye(3)), "bare.alsatian")
    assert "holds ALS, a model without ids" in run(capsys, "recommend", "bare.alsatian", "1", status=1).err


def test_a_pipe_gets_nothing_but_the_result(folder):
    command = [sys.executable, "-m", "alsatian", "fit", "plays.csv", "--json", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["class"] == "ALS"
    assert done.stderr == ""


def test_sql_on_the_command_line(capsys, folder):
    import sqlite3

    connection = sqlite3.connect("shop.sqlite")
    connection.execute('CREATE TABLE plays ("user" TEXT, item INTEGER, rating REAL)')
    connection.executemany("INSERT INTO plays VALUES (?, ?, ?)", TABLE.rows())
    connection.commit()
    connection.close()
    query = "SELECT user AS u, item AS i, count(*) AS n FROM plays GROUP BY 1, 2"
    columns = ["--user-column", "u", "--item-column", "i", "--value-column", "n"]
    result = told(capsys, "fit", "sqlite:///shop.sqlite", "--query", query, *columns, "-o", "s.alsatian")
    assert (result["class"], result["users"], result["items"]) == ("ImplicitALS", 30, 20)


@pytest.mark.slow
def test_movielens_from_its_original_files_to_titles_and_a_report(capsys, shared_data, folder):
    path = shared_data / "ml-1m" / "ratings.parquet"
    if not path.exists():
        pytest.skip(f"there is no {path}")
    ratings = pl.read_parquet(path).select(pl.col("user", "item", "rating").cast(pl.Int32))
    films = pl.read_parquet(path.with_name("movies.parquet"))
    lines = ratings.select(pl.format("{}::{}::{}::978300760", "user", "item", "rating")).to_series()
    (folder / "ratings.dat").write_text("\n".join(lines) + "\n")
    titles = films.select(pl.format("{}::{}::Drama", "item", "title")).to_series()
    (folder / "movies.dat").write_bytes(("\n".join(titles) + "\n").encode("latin-1", errors="replace"))
    quick = ["--model", "implicit", "--n-components", 8, "--max-iter", 3, "--seed", 0]
    said = run(capsys, "fit", "ratings.dat", "-o", "films.alsatian", *quick)
    assert "6,040 users × 3,706 items, 1,000,209 cells (4.47 %)" in said.out
    rows = told(capsys, "recommend", "films.alsatian", 42, "--items", "movies.dat")
    assert len(rows) == 10
    assert all(re.search(r"\(\d{4}\)$", row["title"]) for row in rows)
    near = told(capsys, "similar", "films.alsatian", "star wars: episode iv", "--items", "movies.dat", "-n", 3)
    assert any("Empire Strikes Back" in row["title"] for row in near)
    run(capsys, "report", "films.alsatian", "--items", "movies.dat", "-o", "films.html")
    assert "Star Wars" in (folder / "films.html").read_text(encoding="utf-8")
