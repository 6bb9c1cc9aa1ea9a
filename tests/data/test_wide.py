"""Wide tables: what is a number, what is a hole, and that nothing else changes."""

from __future__ import annotations

import codecs

import numpy as np
import pytest

from alsatian.data.reading import Options
from alsatian.data.wide import read_wide
from alsatian.data.wide_writing import write_filled

pl = pytest.importorskip("polars")

SHEET = "name;länge;breite;note\r\nA;1,5;2,5;3\r\nB;2,0;;5\r\nC;3,0;6,1;NA\r\nD;?;1,2;1\r\nE;5;10,25;9\r\n"


def test_a_spreadsheet_comes_back_with_its_holes_filled_and_nothing_else_changed(tmp_path):
    content = codecs.BOM_UTF8 + SHEET.encode()
    (tmp_path / "in.csv").write_bytes(content)
    wide = read_wide(tmp_path / "in.csv")
    assert (wide.used, list(wide.kept)) == ([1, 2, 3], [0])
    assert wide.holes == 3
    np.testing.assert_array_equal(wide.X[:, 0], [1.5, 2, 3, np.nan, 5])
    filled = np.full(wide.X.shape, 7.125)
    write_filled(wide, filled, tmp_path / "out.csv")
    expected = content.replace(b"2,0;;", b"2,0;7,12;").replace(b";NA", b";7,12").replace(b";?", b";7,12")
    assert (tmp_path / "out.csv").read_bytes() == expected
    write_filled(wide, filled, tmp_path / "out.csv", decimals=0)
    assert b"B;2,0;7;5\r\n" in (tmp_path / "out.csv").read_bytes()
    write_filled(wide, np.full(wide.X.shape, np.nan), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == content


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8"])
def test_the_encoding_stays(encoding, tmp_path):
    (tmp_path / "in.csv").write_bytes(SHEET.encode(encoding))
    wide = read_wide(tmp_path / "in.csv")
    write_filled(wide, np.full(wide.X.shape, 1.0), tmp_path / "out.csv")
    assert "B;2,0;1,00;5\r\n" in (tmp_path / "out.csv").read_bytes().decode(encoding)


def test_other_formats(tmp_path):
    table = pl.DataFrame({"id": [1, 2, 3], "a": [1, None, 3], "b": [0.5, float("nan"), 2.5], "c": [1, 2, 3], "d": "x"})
    table.write_parquet(tmp_path / "in.parquet")
    wide = read_wide(tmp_path / "in.parquet")
    assert [wide.names[place] for place in wide.used] == ["a", "b", "c"]
    write_filled(wide, np.full(wide.X.shape, 9.0), tmp_path / "out.parquet")
    out = pl.read_parquet(tmp_path / "out.parquet")
    assert out.rows() == [(1, 1.0, 0.5, 1, "x"), (2, 9.0, 9.0, 2, "x"), (3, 3.0, 2.5, 3, "x")]
    assert out.schema["c"] == pl.Int64
    write_filled(wide, np.full(wide.X.shape, 9.0), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[2] == "2,9.00,9.00,2,x"
    write_filled(wide, np.full(wide.X.shape, 9.0), tmp_path / "out.ndjson")
    assert pl.read_ndjson(tmp_path / "out.ndjson").rows() == out.rows()


@pytest.mark.parametrize(
    ("content", "how", "told"),
    [
        ("a,b\n1,2\n2,x\n3,4\n", {}, r"line 3, column 'b': 'x' is no number, where most are"),
        ("a,b\n1,2\n2\n", {}, r"line 3: 1 field where the header has 2"),
        ("a,b\nx,y\n", {}, "has no column of numbers"),
        ("a;b\n1,5;2\n2;1.5\n", {}, "the mark of decimals was taken to be ','"),
        (
            'a,b\n1,"3,234"\n2,5\n',
            {},
            "as its comma may mark thousands or decimals: write 3234",
        ),
        ("a;b\n1,5;2\n2;1.234,50\n", {}, "cannot be read, as thousands are marked by '.': write 1234,50"),
        ("a,b\n1,2\n2,3'234.5\n", {}, 'as thousands are marked by "\'": write 3234.5'),
        ("a,b\n1,2\n2,60%\n", {}, "as '%' is no part of a number: write 60"),
        ("a,b\n1,2\n", {"keep": ["c"]}, "there is no column 'c' to keep"),
        ("price,b\n1,2\n", {"keep": ["Price"]}, r"no column 'Price' to keep\. Is 'price' meant\?"),
    ],
)
def test_what_cannot_be_read_says_where(content, how, told, tmp_path):
    (tmp_path / "f.csv").write_text(content)
    with pytest.raises(ValueError, match=told):
        read_wide(tmp_path / "f.csv", **how)


def test_marks_of_holes_columns_to_keep_and_ids(tmp_path):
    (tmp_path / "f.csv").write_text("id,a,b,c,empty\n7,1,x,5,\n8,X,3,6,\n9,2,4,7,\n")
    wide = read_wide(tmp_path / "f.csv", missing=["x"], keep=["c"])
    assert [wide.names[place] for place in wide.used] == ["a", "b"]
    assert wide.kept == {3: "it was to be kept", 0: "it looks like an id", 4: "it holds no number"}
    assert wide.holes == 2


def test_columns_of_numbers_for_people_are_left_with_the_reason(tmp_path):
    (tmp_path / "f.csv").write_text('share,price,a,none\n60%,4.50 €,1,\n,"3,50 €",2,\n5 %,$9,,\n')
    wide = read_wide(tmp_path / "f.csv")
    assert wide.kept == {
        0: "its numbers cannot be read, such as '60%', as '%' is no part of a number: write 60",
        1: "its numbers cannot be read, such as '4.50 €', as '€' is no part of a number: write 4.50",
        3: "it holds no number",
    }
    assert wide.open == 4


def test_without_a_header_none_is_written(tmp_path):
    (tmp_path / "f.csv").write_text("1,2\n3,\n5,6\n")
    wide = read_wide(tmp_path / "f.csv", options=Options(header=False))
    write_filled(wide, np.full(wide.X.shape, 4.0), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "1,2\n3,4.00\n5,6\n"


def test_rows_without_a_cell_stay_rows_and_empty_lines_are_counted(tmp_path):
    content = "a,b,c\n1,2,3\n,,\n\n4,,6\n,,\n7,8,9\n"
    (tmp_path / "f.csv").write_text(content)
    for quoted in (False, True):  # the exact reader as well
        (tmp_path / "f.csv").write_text(content.replace("7", '"7"') if quoted else content)
        wide = read_wide(tmp_path / "f.csv")
        assert (wide.X.shape, wide.empty, wide.blank, wide.holes) == ((5, 3), 2, 1, 7)
        write_filled(wide, np.full(wide.X.shape, 5.0), tmp_path / "out.csv", decimals=0)
        assert (tmp_path / "out.csv").read_text() == "a,b,c\n1,2,3\n5,5,5\n4,5,6\n5,5,5\n7,8,9\n"


def test_codes_and_ids_are_no_numbers(tmp_path):
    long = 10**18
    rows = "".join(f"{n % 7},0{n}501,{long + n},{70000 + n},{n}\n" for n in range(1, 9))
    (tmp_path / "f.csv").write_text("a,area,big,zip,b\n" + rows + ",,,,\n")
    wide = read_wide(tmp_path / "f.csv")
    assert [wide.names[place] for place in wide.used] == ["a", "b"]
    assert [wide.kept[place].split(",")[0] for place in (1, 2, 3)] == [
        "it holds codes", "it holds whole numbers beyond 2⁵³", "it looks like an id",
    ]  # fmt: skip
    write_filled(wide, np.full(wide.X.shape, 5.0), tmp_path / "out.csv")
    for line, row in zip((tmp_path / "out.csv").read_text().splitlines()[1:-1], rows.splitlines(), strict=True):
        assert line == row


def test_what_is_no_hole_keeps_its_digits_and_its_type(tmp_path):
    big = [10**18 + n for n in range(4)]
    text = "id,n,x,code\n" + "".join(f"{i},{n},{x},{c}\n" for i, n, x, c in zip(
        big, range(4), ["0.1", "", "0.25", "3"], ["01", "02", "03", "04"], strict=True))  # fmt: skip
    (tmp_path / "f.csv").write_text(text)
    wide = read_wide(tmp_path / "f.csv")
    write_filled(wide, np.full(wide.X.shape, 0.5), tmp_path / "out.parquet")
    out = pl.read_parquet(tmp_path / "out.parquet")
    assert out.schema == {"id": pl.Int64, "n": pl.Int64, "x": pl.Float64, "code": pl.String}
    assert out.rows() == [
        (big[0], 0, 0.1, "01"),
        (big[1], 1, 0.5, "02"),
        (big[2], 2, 0.25, "03"),
        (big[3], 3, 3.0, "04"),
    ]
    table = pl.DataFrame({
        "i": pl.Series([1, None, 3]), "f": pl.Series([0.1, None, 0.3], dtype=pl.Float32),
        "d": pl.Series(["1.10", None, "3.30"]).str.to_decimal(scale=2), "big": pl.Series([big[0], None, big[2]]),
    })  # fmt: skip
    table.write_parquet(tmp_path / "in.parquet")
    wide = read_wide(tmp_path / "in.parquet")
    assert [wide.names[place] for place in wide.used] == ["i", "f", "d"]
    write_filled(wide, np.full(wide.X.shape, 0.5), tmp_path / "out.parquet")
    out = pl.read_parquet(tmp_path / "out.parquet")
    assert out.schema == table.schema | {"i": pl.Float64}
    for name in table.columns:
        kept = table[name].is_not_null()
        assert out[name].filter(kept).to_list() == table[name].filter(kept).to_list()
        assert out[name][1] == (None if name == "big" else pytest.approx(0.5))


@pytest.mark.parametrize(
    ("source", "name", "separator"),
    [
        ("in.csv", "out.tsv", "\t"),
        ("in.csv", "out.csv", ";"),
        ("in.csv", "out.txt", ";"),
        ("in.csv", "out", ";"),
        ("in.tsv", "out.tsv", ";"),  # as it was read
        ("in.txt", "out.tab", "\t"),
    ],
)
def test_a_name_says_what_separates(source, name, separator, tmp_path):
    (tmp_path / source).write_text(SHEET, newline="")
    wide = read_wide(tmp_path / source)
    write_filled(wide, np.full(wide.X.shape, 7.125), tmp_path / name)
    assert (tmp_path / name).read_text().splitlines()[0].split(separator) == ["name", "länge", "breite", "note"]


@pytest.mark.parametrize(("text", "separator"), [("a\tb\n1\t\n2\t3\n", ","), ("a\tb\n1,5\t\n2\t3\n", ";")])
def test_tabs_become_what_a_csv_has(text, separator, tmp_path):
    (tmp_path / "in.tsv").write_text(text)
    wide = read_wide(tmp_path / "in.tsv")
    write_filled(wide, np.full(wide.X.shape, 4.0), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == f"a{separator}b"


def test_arrow_comes_back_as_arrow(tmp_path):
    pl.DataFrame({"a": [1.0, None, 3.0], "b": [1, 2, 3]}).write_ipc(tmp_path / "in.arrow")
    wide = read_wide(tmp_path / "in.arrow")
    write_filled(wide, np.full(wide.X.shape, 9.0), tmp_path / "out.arrow")
    assert pl.read_ipc(tmp_path / "out.arrow").rows() == [(1.0, 1), (9.0, 2), (3.0, 3)]
