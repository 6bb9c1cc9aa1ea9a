"""Names with letters that the locale of a terminal or a pipe lacks."""

from __future__ import annotations

import csv
import io
import json
import sys

import pytest

from alsatian import ALS, Recommender, cli

pl = pytest.importorskip("polars")

NAMES = ["Amélie", "Łódź", "東京", "Zoë"]


@pytest.fixture
def model(tmp_path):
    users = [name for name in NAMES for _ in range(4)]
    table = pl.DataFrame({"user": users, "item": NAMES * 4, "rating": [float(n % 5) for n in range(16)]})
    Recommender(ALS(2, random_state=0, max_iter=2, tol=0)).fit(table).save(tmp_path / "m.alsatian")
    return str(tmp_path / "m.alsatian")


def written(monkeypatch, encoding, *args):
    """What the command writes to a standard output of an encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        assert cli.main(list(args)) == 0
    stream.flush()
    return stream.buffer.getvalue()


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
@pytest.mark.parametrize("form", ["csv", "tsv", "ndjson", "json"])
def test_data_are_utf8_whatever_the_locale(encoding, form, model, monkeypatch, capsys):
    how = ["--include-seen", "--output-format", form]
    text = written(monkeypatch, encoding, "recommend", model, "Amélie", *how).decode("utf-8")
    if form == "json":
        rows = json.loads(text)
    elif form == "ndjson":
        rows = [json.loads(line) for line in text.splitlines()]
    else:
        rows = list(csv.DictReader(io.StringIO(text), delimiter="\t" if form == "tsv" else ","))
    assert {row["item"] for row in rows} == set(NAMES)
    assert not capsys.readouterr().err


def test_a_table_says_that_letters_are_lacking(model, monkeypatch, capsys):
    told = written(monkeypatch, "ascii", "recommend", model, "Amélie", "--include-seen")
    assert b"Amelie" in told
    assert "warning: names have letters that ascii lacks" in capsys.readouterr().err
    assert "Łódź" in written(monkeypatch, "utf-8", "recommend", model, "Amélie", "--include-seen").decode("utf-8")
    assert not capsys.readouterr().err


def test_an_id_in_utf8_is_found_where_the_locale_knows_ascii(model, monkeypatch):
    asked = [name.encode("utf-8").decode("ascii", "surrogateescape") for name in ("Amélie", "Łódź")]
    told = json.loads(written(monkeypatch, "ascii", "explain", model, *asked, "--json").decode("utf-8"))
    assert (told["user"], told["item"]) == ("Amélie", "Łódź")


def test_a_title_and_a_year_wins_over_titles_that_hold_it(capsys, tmp_path):
    titles = dict(zip(NAMES, ["Toy Story (1995)", "Toy Story 2 (1999)", "A Toy Story", "Heat (1995)"], strict=True))
    table = pl.DataFrame({"user": [1, 1, 2, 2], "item": NAMES, "rating": [1.0, 2.0, 3.0, 4.0]})
    Recommender(ALS(2, random_state=0, max_iter=2, tol=0)).fit(table).save(tmp_path / "m.alsatian")
    pl.DataFrame({"item": list(titles), "title": list(titles.values())}).write_csv(tmp_path / "t.csv")
    asked = ["similar", str(tmp_path / "m.alsatian"), "--items", str(tmp_path / "t.csv"), "--json", "-q"]
    assert cli.main([*asked, "toy story"]) == 0
    assert {row["item"] for row in json.loads(capsys.readouterr().out)} == {"Amélie"}
    assert cli.main([*asked, "toy"]) == 3
    assert "3 titles are like 'toy'" in capsys.readouterr().err
