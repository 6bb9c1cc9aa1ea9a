"""Text of every kind: what a spreadsheet makes of it, and lines that are none."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("polars")

from alsatian.data.reading import Options, plan, read_titles
from alsatian.data.reading import _text as text_module
from alsatian.data.reading._bad import BadLines
from alsatian.data.reading._bytes import Encoding, blocks
from alsatian.data.reading._dialect import Dialect
from alsatian.data.reading._source import Source

SHEET = '''Kunde;Filmtitel;Bewertung;Datum
Anna;"Crouching Tiger, Hidden Dragon";4,5;2013-05-01
Björn;"Die ""Blechtrommel""";3,0;2013-05-02

Anna;Die "Blechtrommel";5;2013-05-03
Clara;Metropolis
;;;
Clara;Metropolis;2,5;2013-05-03
Dora;"Zwei
Zeilen";1;2013-05-04
Emil;Nosferatu;gut;2013-05-04
'''
ROWS = {
    ("Anna", "Crouching Tiger, Hidden Dragon", 4.5),
    ("Björn", 'Die "Blechtrommel"', 3.0),
    ("Anna", 'Die "Blechtrommel"', 5.0),
    ("Clara", "Metropolis", 2.5),
    ("Dora", "Zwei\nZeilen", 1.0),
}
CRLF = SHEET.replace("\n", "\r\n")


def read(path, content, **how):
    path.write_bytes(content)
    return plan(path, **how).read()


def rows_of(reading):
    return set(reading.table.select("user", "item", "value").rows())


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (codecs.BOM_UTF8 + CRLF.encode(), "UTF-8 (byte order mark)"),
        (SHEET.encode(), "UTF-8"),
        (CRLF.encode("cp1252"), "Windows-1252"),
        (CRLF.encode("utf-16"), "UTF-16-LE (byte order mark)"),
        (CRLF.encode("utf-16-le"), "UTF-16-LE"),
        (codecs.BOM_UTF16_BE + CRLF.encode("utf-16-be"), "UTF-16-BE (byte order mark)"),
        (codecs.BOM_UTF32_LE + CRLF.encode("utf-32-le"), "UTF-32-LE (byte order mark)"),
        (SHEET.replace("Zwei\n", "Zwei ").replace("\n", "\r").encode(), "UTF-8"),
    ],
)
def test_a_spreadsheet_is_read_whatever_its_encoding(content, encoding, tmp_path):
    reading = read(tmp_path / "sheet.csv", content)
    assert f"text in {encoding}" in reading.plan.how
    assert "separator ';', decimal comma, header in line 1" in reading.plan.how
    mac = b"\n" not in content
    assert {(user, item.replace(" Z", "\nZ"), value) for user, item, value in rows_of(reading)} == ROWS
    assert reading.plan.names == {"user": "Kunde", "item": "Filmtitel", "value": "Bewertung", "timestamp": "Datum"}
    assert reading.blank == 2
    assert [bad.place for bad in reading.bad.first] == ["line 6", "line 10" if mac else "line 11"]
    assert reading.bad.first[0].reason == "2 fields where the header has 4"
    assert "'gut' is no number" in reading.bad.first[1].reason
    assert reading.interactions(duplicates="last").shape == (4, 4)


def test_strict_stops_at_the_first_bad_line(tmp_path):
    (tmp_path / "sheet.csv").write_text(SHEET)
    with pytest.raises(ValueError, match=r"line 6: 2 fields where the header has 4"):
        plan(tmp_path / "sheet.csv").read(strict=True)


def test_compressed_text(tmp_path):
    reading = read(tmp_path / "sheet.csv.gz", gzip.compress(SHEET.encode()))
    assert rows_of(reading) == ROWS


@pytest.mark.parametrize(
    ("name", "content", "how", "names"),
    [
        ("r.dat", "1::1193::5::978300760\n2::661::3::978302109\n", "separator '::', no header", "1 2 3 4"),
        ("u.data", "196\t242\t3\t881250949\n186\t302\t3\t891717742\n", "separator tab, no header", "1 2 3 4"),
        ("r.csv", "userId,movieId,rating,date\n1,2,3.5,4\n1,3,4,5\n", "separator ','", "userId movieId rating date"),
        ("sep.csv", "sep=;\nuser;item;rating\n1;2;3\n2;3;4\n", "header in line 2", "user item rating"),
        ("top.csv", "\n\nuser,item\n1,2\n2,3\n", "header in line 3", "user item"),
        ("r.txt", 'user item rating\n"1" a b 3\n"2" c d 4\n', "separator blank", "user item rating"),
        ("i.csv", ",userId,movieId,rating\n0,1,2,3\n1,2,2,4\n", "separator ','", "userId movieId rating"),
        ("t.csv", "user|item|plays|\n1|2|3|\n1|3|4|\n", "separator '|'", "user item plays"),
        ("e.csv", "user,item,stars,\n1,2,3,\n1,3,4,\n", "separator ','", "user item stars"),
        ("fr.csv", "id_client;Œuvre;Livre;Étoiles\n1;x;2;3\n", "separator ';'", "id_client Livre Étoiles"),
        ("ja.csv", "ユーザーID,映画,評価\n1,七人の侍,5\n2,生きる,4\n", "header in line 1", "ユーザーID 映画 評価"),
    ],
)  # fmt: skip
def test_dialects(name, content, how, names, tmp_path):
    (tmp_path / name).write_text(content, encoding="utf-8")
    planned = plan(tmp_path / name)
    assert how in planned.how
    assert " ".join(planned.names.values()) == names
    assert planned.read(strict=True).rows == (1 if name == "fr.csv" else 2)


def test_what_is_given_is_not_guessed(tmp_path):
    path = tmp_path / "odd.txt"
    path.write_bytes("a#b#c\nÄ#1#2.5\nÖ#1#3.5\n".encode("latin-1"))
    columns = {"user": "b", "item": "1", "value": "c"}
    planned = plan(path, columns=columns, options=Options(encoding="latin-1", separator="#", header=True))
    assert planned.guessed == ()
    assert planned.read().table.rows() == [(1, "Ä", 2.5), (1, "Ö", 3.5)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no line of a table"),
        (b"\n\n\n", "no line of a table"),
        (bytes(range(256)) * 4, "no text has"),
        (b"user\n1\n2\n", "nothing is seen to separate fields; line 1 is 'user'"),
        (b"foo,bar,baz\n1,2,3\n", "is named like users: say which is, --user-column. There are 'foo', 'bar'"),
        (b"user,uid,item\n1,2,3\n", "2 columns may hold the users, 'user', 'uid'"),
        (b"user,item,rating,stars\n1,2,3,4\n", "2 columns may hold the values, 'rating', 'stars'"),
        (b"user,item,weight\n1,2,3\n", "there is a column 'weight', and nothing says what it is"),
        (b"user,item,rating\n", "holds no row"),
        (b"1,2,3,4,5\n2,3,4,5,6\n", "5 columns and no header: give the user column by its number"),
        (b"user,item,rating\n1,2,a\n1,2,b\n1,2,3\n", "2 of 3 lines cannot be used, the first is line 2: the value 'a'"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(content, told, tmp_path):
    (tmp_path / "f.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"f\.csv") as caught:
        plan(tmp_path / "f.csv").read()
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",2,3", "there is no user"),
        ("1, ,3", "there is no item"),
        ("1,2,", "there is no value"),
        ("1,2,nan", "the value 'nan' is no number that can be used"),
        ("1,2,1e999", "no number that can be used"),
        ("1,2", "2 fields where the header has 3"),
        ("1,2,3,4", "4 fields where the header has 3"),
        ('"1,2,3', "a quote is opened and not closed"),
        ('1,"2"x,3', "a quote closes in the middle of a field"),
        ('1,2,"3,5"', "for a decimal comma say --decimal ,"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named(row, reason, tmp_path):
    content = "user,item,rating\n" + "".join(f"{n},{n + 1},4\n" for n in range(5)) + row + "\n7,8,9\n"
    (tmp_path / "f.csv").write_text(content)
    reading = plan(tmp_path / "f.csv").read()
    assert reading.rows == 6
    assert [bad.place for bad in reading.bad.first] == ["line 7"]
    assert reason in reading.bad.first[0].reason
    assert reading.bad.told(7)[0] == "1 of 7 lines was left out:"


def test_a_byte_of_another_encoding_far_down_names_its_line(tmp_path):
    lines = ["user,item,rating"] + [f"{n},{n},3" for n in range(60_000)]
    content = "\n".join(lines).encode() + b"\n\xe9,1,2\n"
    (tmp_path / "f.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"line 60002 holds the byte 0xe9, which is not UTF-8.*latin-1"):
        plan(tmp_path / "f.csv").read()
    assert plan(tmp_path / "f.csv", options=Options(encoding="latin-1")).read().rows == 60_001


def test_ids_are_numbers_only_where_all_are_spelt_as_numbers(tmp_path):
    (tmp_path / "f.csv").write_text("user,item,rating\n1,007,3\n2,8,4\n")
    assert plan(tmp_path / "f.csv").read().table.rows() == [(1, "007", 3.0), (2, "8", 4.0)]


def test_ids_that_become_texts_in_a_later_block_are_texts_from_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module, "blocks", partial(blocks, size=64))
    (tmp_path / "f.csv").write_text("user,item,rating\n" + "".join(f"{n},1,3\n" for n in range(50)) + "x,1,3\n")
    users = plan(tmp_path / "f.csv").read().table.get_column("user").to_list()
    assert users == [*map(str, range(50)), "x"]


def test_times(tmp_path):
    text = "user,item,rating,date\n1,1,3,2013-05-01 18:30:00\n1,2,4,2013-05-02 00:00:00\n"
    (tmp_path / "f.csv").write_text(text)
    known = plan(tmp_path / "f.csv").read().interactions()
    assert known.timestamps[0] == np.datetime64("2013-05-01T18:30:00")
    (tmp_path / "g.csv").write_text(text.replace("2013-05-0", "May "))
    reading = plan(tmp_path / "g.csv").read()
    assert reading.dropped == ["timestamp"]
    assert reading.interactions().timestamps is None
    with pytest.raises(ValueError, match="column of timestamps holds 'May 1"):
        plan(tmp_path / "g.csv", columns={"timestamp": "date"}).read()


def test_weights_are_not_negative(tmp_path):
    (tmp_path / "f.csv").write_text("user,item,rating,w\n1,1,3,1\n1,2,4,-1\n1,3,4,0\n")
    reading = plan(tmp_path / "f.csv", columns={"weight": "w"}).read()
    assert reading.rows == 2
    assert reading.bad.first[0].place == "line 3"


CELL = st.text(alphabet='ab1," \n;\u00e9', max_size=5)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=8), size=st.integers(1, 40), quoted=st.booleans())
def test_the_quick_way_and_the_exact_way_agree(rows, size, quoted, tmp_path_factory):
    text = io.StringIO()
    if quoted:
        csv.writer(text, lineterminator="\n").writerows(rows)
    else:
        text.writelines(",".join(row) + "\n" for row in rows)
    path = tmp_path_factory.mktemp("agree") / "f.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    dialect = Dialect(Encoding("utf-8"), ",", ".", ("a", "b", "c"), 0, 1)
    found = []
    for exact in (False, True):
        bad = BadLines()
        small = partial(blocks, size=1 << 20 if exact else size)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_module, "blocks", small)
            table, lines = [], []
            for part in text_module.parts(Source("text", path, str(path)), dialect, [0, 2], bad, exact=exact):
                table += [tuple(value or "" for value in row) for row in part.frame.rows()]
                first = part.lines
                lines += list(range(first, first + part.frame.height)) if isinstance(first, int) else first
        found.append((table, lines, bad.count, [str(one) for one in bad.first]))
    assert found[0] == found[1]


def test_a_large_file_is_read_in_the_quick_way(tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError

    monkeypatch.setattr(text_module, "records_of", never)
    content = "user,item,rating\n" + "".join(f'{n},"title {n % 7}, the",{n % 5 + 1}\n' for n in range(20_000))
    (tmp_path / "f.csv").write_text(content)
    known = plan(tmp_path / "f.csv").read().interactions(duplicates="error")
    assert known.shape == (20_000, 7)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("3,234", "write 3234, or say --decimal ,"),
        ("1.234,50", "write 1234,50"),
        ("3'234.5", "write 3234.5"),
        ("1 234 567", "thousands are marked by ' ': write 1234567"),
        ("60%", "'%' is no part of a number: write 60"),
        ("4.50 €", "'€' is no part of a number: write 4.50"),
        ("$1,234.50", "'$' is no part of a number: write 1234.50"),
        ("4,5", "for a decimal comma say --decimal ,"),
        ("a, b", "is no number that can be used"),
        ("1.2.3", "is no number that can be used"),
        ("12 months", "is no number that can be used"),
    ],
)
def test_numbers_that_are_spelt_for_people_are_told(value, told, tmp_path):
    (tmp_path / "f.csv").write_text(f'user,item,price\na,x,1\nb,x,2\na,y,"{value}"\n')
    (bad,) = plan(tmp_path / "f.csv", columns={"value": "price"}).read().bad.first
    assert bad.reason.endswith(told)


def test_carriage_returns_end_lines_though_a_quoted_title_holds_a_line_feed(tmp_path):
    (tmp_path / "f.csv").write_bytes(b'item,title,user\r1,"A\nB",7\r2,C,8\r3,"D, E",9\r')
    reading = plan(tmp_path / "f.csv").read()
    assert reading.table.rows() == [(7, 1), (8, 2), (9, 3)]
    read = read_titles(tmp_path / "f.csv")
    assert dict(zip(read.ids, read.titles, strict=True)) == {1: "A\nB", 2: "C", 3: "D, E"}


def test_a_carriage_return_in_a_line_and_a_very_long_field_are_no_traceback(tmp_path):
    (tmp_path / "f.csv").write_bytes(b"user,item,remark\n1,2,a\rb\n3,4,c\n5,6,d\n")
    assert plan(tmp_path / "f.csv").read().rows == 3
    (tmp_path / "f.csv").write_text("user,item,remark\n1,2," + "x" * 140_000 + "\n3,4,c\n5,6,d\n")
    assert plan(tmp_path / "f.csv").read().rows == 3


@pytest.mark.parametrize(
    "header",
    [
        "ユーザID,作品,評価,日時",
        "利用者,作品ID,評価値,時刻",
        "Nutzer-Nr.;Artikel-Nr.;Bewertung;Zeitpunkt",
        "会員ID,商品ID,点数,日時",
    ],
)
def test_names_in_other_languages(header, tmp_path):
    separator = ";" if ";" in header else ","
    rows = [separator.join((str(n), str(n + 1), "4", "2013-05-01")) for n in range(4)]
    (tmp_path / "f.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    planned = plan(tmp_path / "f.csv")
    assert planned.names == dict(zip(("user", "item", "value", "timestamp"), header.split(separator), strict=True))


@pytest.mark.parametrize(("asked", "near"), [("User", "user"), ("usr", "user"), ("user_name", None)])
def test_a_column_that_may_be_meant_is_suggested(asked, near, tmp_path):
    (tmp_path / "f.csv").write_text("user,item\n1,2\n")
    with pytest.raises(ValueError, match=f"there is no column '{asked}'") as caught:
        plan(tmp_path / "f.csv", columns={"user": asked})
    assert (f"Is {near!r} meant?" in str(caught.value)) == (near is not None)
    assert ("meant" in str(caught.value)) == (near is not None)
