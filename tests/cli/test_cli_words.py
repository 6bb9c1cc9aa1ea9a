"""What the command says: options where the library has parameters, ids where it has positions."""

from __future__ import annotations

import gzip
import json
import os
import zipfile

import numpy as np
import pytest

import alsatian
from alsatian import ALS, ImplicitALS, Interactions, Recommender, cli
from listeners import frame

pl = pytest.importorskip("polars")

TABLE = pl.from_pandas(frame())


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    return tmp_path


def run(capsys, *args, status=0):
    assert cli.main([str(arg) for arg in args]) == status
    return capsys.readouterr()


@pytest.mark.parametrize(
    ("text", "args", "told"),
    [
        ("user,item,rating\na,x,1,2\nb,y,2\n", ["--strict"], "have such lines left out: without --strict"),
        ("user,item,a\nx,y\n", ["--table", "t"], "--table and --query are for SQLite"),
        ("users of mine\nx\ny\n", [], "Say what does: --separator"),
        ("a,b\n1,2\n", [], "say which is, --user-column"),
        ("user,item,weight\n1,2,3\n", [], "or say that there is no weight, --no-weight"),
        ("user,user,item\n1,2,3\n", ["--user-column", "user"], "by its number, --user-column"),
        ("user,item,rating,stars\n1,2,3,4\n", [], "say which is, --value-column, or that there is none, --no-value"),
    ],
)
def test_errors_name_options_and_not_parameters(text, args, told, capsys, folder):
    (folder / "x.csv").write_text(text)
    assert told in run(capsys, "fit", "x.csv", *args, status=1).err


def test_names_that_are_long_are_cut_in_messages(capsys, folder):
    (folder / "x.csv").write_text("a" * 500 + ",b\n1,2\n")
    said = run(capsys, "fit", "x.csv", status=1).err
    assert "'" + "a" * 60 + "…', 'b'" in said


def test_lines_above_the_table_are_skipped(capsys, folder):
    (folder / "x.csv").write_text("u,v,w\n1,2,3\n" + TABLE.write_csv())
    assert "header in line 3" in run(capsys, "fit", "x.csv", "--skip", 2).err


def test_what_has_no_cell_is_called_by_its_id(capsys, folder):
    (folder / "x.csv").write_text("user,item,plays\nann,rain,3\nann,snow,0\nbob,rain,2\n")
    said = run(capsys, "fit", "x.csv", "--n-components", 2, "--model", "implicit")
    assert "1 item (first: item 'snow') without an observed cell" in said.err


@pytest.mark.parametrize("suffix", ["csv", "parquet", "ndjson"])
def test_columns_of_numbers_that_are_not_read_are_named(suffix, capsys, folder):
    table = TABLE.rename({"rating": "liking"}).with_columns(remark=pl.lit("fine"), age=pl.lit(30))
    getattr(table, f"write_{suffix}")(f"x.{suffix}")
    said = run(capsys, "fit", f"x.{suffix}", "-o", "x.alsatian")
    assert "not read: 'liking', 'age', which hold numbers; --value-column says which holds the values" in said.err
    for more in (["--no-value"], ["--value-column", "liking"]):
        assert "not read" not in run(capsys, "fit", f"x.{suffix}", "-o", "x.alsatian", *more).err


def test_a_value_that_the_precision_lacks_is_named_and_the_option_helps(capsys, folder):
    (folder / "huge.csv").write_text("user,item,plays\na,b,1\nc,d,1e39\n")
    said = run(capsys, "fit", "huge.csv", status=1).err
    assert "huge.csv, column 'plays': 1e+39, of user 'c' and item 'd', is too large for float32" in said
    assert "give --dtype float64 to 'alsatian fit'" in said
    run(capsys, "fit", "huge.csv", "--dtype", "float64", "--confidence", "log")


@pytest.fixture
def model(folder):
    Recommender(ALS(2, random_state=0, max_iter=3, tol=0)).fit(TABLE).save("m.alsatian")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["inspect", "none.alsatian"], "there is no file none.alsatian"),
        (["recommend", "m.alsatian", "--users-from", "none.txt"], "there is no file none.txt"),
        (["recommend", "m.alsatian", "--users-from", "picture"], "picture: it holds bytes that no text has"),
        (["fit", "fake.parquet"], "fake.parquet cannot be read as Parquet"),
        (["fit", "m.alsatian/x.csv"], "there is no file m.alsatian/x.csv"),
        (["fit", "cut.csv.gz"], "cut.csv.gz is damaged"),
        (["fit", "empty.csv"], "empty.csv: it holds no line"),
        (["fit", "model.csv"], "model.csv: it is a model of alsatian"),
        (["fit", "program.csv"], "program.csv: it is a program, and no text"),
        (["fit", "zeros.csv"], "zeros.csv: it holds bytes that no text has"),
        (["fit", "book.xlsx"], "book.xlsx: it is a workbook, which is not read here: save the sheet as CSV"),
        (["fit", "book.csv"], "book.csv: it is a workbook"),
        (["fit", "old.csv"], "old.csv: it is a workbook"),
    ],
)
@pytest.mark.usefixtures("model")
def test_an_error_names_the_file_once_and_no_number(args, said, capsys, folder):
    (folder / "picture").write_bytes(b"a\x00bcdefg")
    (folder / "fake.parquet").write_text("user,item")
    (folder / "cut.csv.gz").write_bytes(gzip.compress(TABLE.write_csv().encode())[:-20])
    (folder / "empty.csv").write_text("")
    (folder / "model.csv").write_bytes((folder / "m.alsatian").read_bytes())
    (folder / "program.csv").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(200))
    (folder / "zeros.csv").write_bytes(bytes(100) + b"user,item" + bytes(100))
    for name in ("book.xlsx", "book.csv"):
        with zipfile.ZipFile(folder / name, "w") as book:
            book.writestr("[Content_Types].xml", "<Types/>")
            book.writestr("xl/workbook.xml", "<workbook/>")
    (folder / "old.csv").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    told = run(capsys, *args, status=1).err
    assert told.startswith(f"alsatian: error: {said}")
    assert "Errno" not in told
    assert told.count(args[-1]) == 1


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_users_come_in_any_encoding(encoding, capsys, folder):
    (folder / "who.txt").write_text("u3\r\n\r\nu1\r\n", encoding=encoding, newline="")
    said = run(capsys, "recommend", "m.alsatian", "--users-from", "who.txt", "-n", 1, "--output-format", "csv").out
    assert [line.split(",")[0] for line in said.splitlines()] == ["user", "u3", "u1"]


@pytest.mark.parametrize("unit", ["ns", "s"])
def test_ids_that_are_times_are_written_as_times(unit, capsys, folder):
    users = np.datetime64("2013-05-01T18:30:00.000000001" if unit == "ns" else "2013-05-01T18:30:00", unit)
    users = users + np.arange(3) * np.timedelta64(1, unit)
    known = Interactions.from_arrays(np.repeat(users, 2), ["x", "y", "y", "z", "z", "x"])
    Recommender(ImplicitALS(2, random_state=0)).fit(known).save("times.alsatian")
    how = ["recommend", "times.alsatian", "--all", "-n", 1]
    rows = run(capsys, *how, "--output-format", "csv").out.splitlines()[1:]
    assert all(row.startswith("2013-05-01") for row in rows)
    assert all(row["user"].startswith("2013-05-01") for row in json.loads(run(capsys, *how, "--json").out))
    run(capsys, *how, "-o", "x.parquet")
    assert pl.read_parquet("x.parquet")["user"].cast(pl.String).str.starts_with("2013-05-01").all()
    assert "2013-05-01" in run(capsys, "recommend", "times.alsatian", "nobody", status=3).err


def test_a_file_of_interactions_is_inspected(capsys, folder):
    known = Interactions.from_arrays([1, 1, 2], ["x", "y", "x"], timestamp=[978300760, 978300761, 978300762])
    alsatian.save(known, "i.alsatian")
    said = run(capsys, "inspect", "i.alsatian").out
    assert said.startswith("i.alsatian: interactions, ")
    assert "None" not in said
    assert "parameter" not in said
    assert "2000-12-31 22:12:40 to 2000-12-31 22:12:42" in said
    assert json.loads(run(capsys, "inspect", "i.alsatian", "--json").out)["data"]["users"] == 2
