"""Where the command writes to, and what it must not write over."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

import alsatian
from alsatian import ALS, Recommender, cli
from listeners import frame

pl = pytest.importorskip("polars")

TABLE = pl.from_pandas(frame())
posix = pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    TABLE.write_csv("plays.csv")
    Recommender(ALS(2, random_state=0, max_iter=3, tol=0)).fit(TABLE).save("m.alsatian")
    (tmp_path / "holes.csv").write_text("a,b\n1,2\n3,\n5,6\n2,2\n")
    return tmp_path


def run(capsys, *args, status=0):
    assert cli.main([str(arg) for arg in args]) == status
    return capsys.readouterr()


def read_pipe(path):
    """Start to read a pipe; the list has its content at the end."""
    content = []

    def read():
        with open(path, "rb") as file:
            content.append(file.read())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread, content


WRITERS = [
    (["recommend", "m.alsatian", "u3", "--output-format", "csv"], b"user,rank,item,score\nu3,1,"),
    (["recommend", "m.alsatian", "u3", "--output-format", "parquet"], b"PAR1"),
    (["complete", "holes.csv"], b"a,b\n1,2\n3,"),
    (["report", "m.alsatian", "--held-out", "0"], b"<!DOCTYPE html>"),
]


@posix
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize(("args", "start"), WRITERS, ids=lambda value: str(value)[:20])
def test_a_pipe_is_written_to_and_not_replaced(args, start, linked, capsys, folder):
    os.mkfifo("pipe")
    if linked:
        os.symlink("pipe", "link")
    before = sorted(os.listdir())
    thread, content = read_pipe("pipe")
    run(capsys, *args, "-o", "link" if linked else "pipe")
    thread.join(10)
    assert content[0].startswith(start)
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize(("args", "start"), WRITERS, ids=lambda value: str(value)[:20])
def test_a_link_stays_and_its_file_is_written(args, start, capsys, folder):
    (folder / "far").mkdir()
    (folder / "far" / "target").write_text("old")
    (folder / "out").symlink_to(folder / "far" / "target")
    run(capsys, *args, "-o", "out")
    assert (folder / "out").is_symlink()
    assert (folder / "far" / "target").read_bytes().startswith(start)
    assert os.listdir("far") == ["target"]


@posix
@pytest.mark.parametrize("args", [["fit", "plays.csv"], ["update", "m.alsatian", "plays.csv"]])
def test_a_model_is_no_thing_for_a_pipe(args, capsys, folder):
    os.mkfifo("pipe")
    assert "no regular file" in run(capsys, *args, "-o", "pipe", status=1).err


@posix
def test_a_pipe_is_fitted_as_its_file_is(capsys, folder):
    run(capsys, "fit", "plays.csv", "--seed", 0, "-o", "file.alsatian")
    with open("plays.csv", "rb") as file:
        script = [sys.executable, "-m", "alsatian", "fit", "-", "--format", "csv", "--seed", "0"]
        done = subprocess.run(script, input=file.read(), capture_output=True, check=True)
    assert b"standard input: text in UTF-8" in done.stderr
    ours, theirs = alsatian.load("file.alsatian"), alsatian.load("model.alsatian")
    assert ours.interactions_ == theirs.interactions_


def test_complete_from_standard_input(capsys, folder, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((folder / "holes.csv").read_bytes())))
    run(capsys, "complete", "-", "--format", "csv")
    assert (folder / "table-complete.csv").read_text().startswith("a,b\n1,2\n3,")


@pytest.mark.parametrize(
    "args",
    [
        ["fit", "plays.csv", "-o", "plays.csv"],
        ["fit", "plays.csv", "-o", "link.csv"],
        ["fit", "plays.alsatian", "--format", "csv"],  # its own default
        ["fit", "sqlite:///shop.sqlite", "-o", "shop.sqlite"],
        ["update", "m.alsatian", "plays.csv", "-o", "plays.csv"],
        ["recommend", "m.alsatian", "u3", "-o", "m.alsatian", "--output-format", "csv"],
        ["recommend", "m.alsatian", "u3", "--items", "plays.csv", "-o", "plays.csv"],
        ["recommend", "m.alsatian", "--users-from", "plays.csv", "-o", "plays.csv"],
        ["predict", "m.alsatian", "--pairs", "plays.csv", "-o", "plays.csv"],
        ["complete", "holes.csv", "-o", "./holes.csv"],
        ["report", "m.html", "-o", "m.html"],
        ["tune", "plays.png", "--format", "csv", "--plot", "plays.png"],
        ["datasets", "movielens-100k", "-o", "x.csv", "--titles", "x.csv"],
    ],
    ids=" ".join,
)
def test_what_is_read_is_not_written_over(args, capsys, folder):
    (folder / "link.csv").symlink_to("plays.csv")
    TABLE.write_csv("plays.alsatian")
    TABLE.write_csv("plays.png")
    (folder / "m.html").write_bytes((folder / "m.alsatian").read_bytes())
    with contextlib.closing(sqlite3.connect("shop.sqlite")) as connection:
        connection.execute("CREATE TABLE plays (user, item)")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "is read, and would be written over: name another file" in run(capsys, *args, status=2).err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_titles_are_of_movielens(capsys):
    said = run(capsys, "datasets", "fleet-routes", "-o", "x.csv", "--titles", "y.csv", status=2)
    assert "--titles is for MovieLens" in said.err


def test_a_model_is_updated_in_its_place(capsys, folder):
    run(capsys, "update", "m.alsatian", "plays.csv", "-o", "m.alsatian")


@pytest.mark.parametrize(
    "args",
    [
        ["complete", "holes.csv", "-o", "w.xlsx"],
        ["report", "m.alsatian", "-o", "a.pdf"],
        ["tune", "plays.csv", "--plot", "a.doc"],
        ["recommend", "m.alsatian", "u3", "-o", "a.xlsx"],
    ],
    ids=" ".join,
)
def test_an_ending_that_is_not_written_is_refused_at_once(args, capsys, folder):
    before = sorted(os.listdir())
    assert "is not known; let its name end in" in run(capsys, *args, status=2).err
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize(
    ("args", "names"),
    [
        (["recommend", "m.alsatian", "u3"], ["user", "rank", "item", "score"]),
        (["similar", "m.alsatian", "104"], ["item", "rank", "similar", "cosine"]),
        (["predict", "m.alsatian", "u3", "104"], ["user", "item", "score"]),
        (["explain", "m.alsatian", "u3", "104"], ["item", "value", "contribution"]),
    ],
)
def test_json_is_written_by_the_name_of_the_file_and_all_say_what_is_written(args, names, capsys, folder):
    said = run(capsys, *args, "-o", "x.json")
    rows = json.loads((folder / "x.json").read_text())
    rows = rows["contributions"] if args[0] == "explain" else rows
    assert list(rows[0]) == names
    assert said.out == ""
    assert "written to x.json" in said.err
    assert "written to x.csv" in run(capsys, *args, "-o", "x.csv").err
    assert (folder / "x.csv").read_text().startswith(",".join(names))


def test_lists_of_all_go_to_a_pipe_as_a_table(capsys, folder, monkeypatch):
    monkeypatch.setattr("alsatian.cli.recommend._MANY", 10)
    assert len(run(capsys, "recommend", "m.alsatian", "--all", "-n", 2).out.splitlines()) == 2 + 2 * 30
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert "no table for a terminal" in run(capsys, "recommend", "m.alsatian", "--all", status=2).err


def test_pairs_that_are_typed_may_be_unknown(capsys, folder):
    said = run(capsys, "predict", "m.alsatian", "u3", "104", "99999", "--output-format", "csv")
    assert "Of 2 pairs 0 are of an unknown user and 1 of an unknown item" in said.err
    rows = list(csv.reader(io.StringIO(said.out)))
    assert [row[1] for row in rows] == ["item", "104", "99999"]
    said = run(capsys, "predict", "m.alsatian", "nobody", "104", "--output-format", "csv")
    assert "unknown user" in said.err
    (folder / "titles.csv").write_text("item,title\n104,Alien\n")
    run(capsys, "predict", "m.alsatian", "u3", "Alines", "--items", "titles.csv", status=3)


def test_the_ridge_may_be_chosen(capsys, folder):
    said = run(capsys, "fit", "plays.csv", "--reg", "auto", "--seed", 0, "-o", "auto.alsatian")
    model = alsatian.load("auto.alsatian").model_
    assert model.reg == "auto"
    assert f"λ = {model.reg_:.4g} chosen" in said.out
    with pytest.raises(SystemExit):
        cli.main(["complete", "holes.csv", "--reg", "auto"])
