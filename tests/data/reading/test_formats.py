"""Equal interactions from every format, titles, and what is no table."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.io import mmwrite
from scipy.sparse import csr_array, save_npz

from alsatian.data import Interactions
from alsatian.data.reading import FORMATS, plan, read_titles
from listeners import frame

pl = pytest.importorskip("polars")

TABLE = pl.from_pandas(frame())
EXPECTED = Interactions.from_frame(TABLE)


def write(path):
    suffix = path.suffix
    if suffix == ".csv":
        TABLE.write_csv(path)
    elif suffix == ".tsv":
        TABLE.write_csv(path, separator="\t")
    elif suffix == ".parquet":
        TABLE.write_parquet(path)
    elif suffix == ".arrow":
        TABLE.write_ipc(path)
    elif suffix == ".feather":
        TABLE.write_ipc_stream(path)
    elif suffix == ".dat":
        path.write_text("\n".join("::".join(map(str, row)) for row in TABLE.rows()))
    else:
        path.write_text("\n".join(json.dumps(row) for row in TABLE.to_dicts()))


@pytest.mark.parametrize("suffix", ["csv", "tsv", "dat", "parquet", "arrow", "feather", "ndjson", "jsonl"])
def test_a_table_in_any_format_is_the_same_interactions(suffix, tmp_path):
    path = tmp_path / f"plays.{suffix}"
    write(path)
    reading = plan(path).read(strict=True)
    assert reading.rows == TABLE.height
    assert reading.interactions() == EXPECTED


def test_the_format_may_be_given(tmp_path):
    TABLE.write_csv(tmp_path / "plays")
    with pytest.raises(ValueError, match="kind of file is not known by its name"):
        plan(tmp_path / "plays")
    assert plan(tmp_path / "plays", form="csv").read().interactions() == EXPECTED


@pytest.mark.parametrize(
    ("column", "ids"),
    [
        (pl.Series([1.0, 2.0, None]), [1, 2]),
        (pl.Series(["a", "b", None]).cast(pl.Categorical), ["a", "b"]),
        (pl.Series([True, False, None]), [False, True]),
    ],
)
def test_typed_columns_and_rows_without_an_id(column, ids, tmp_path):
    pl.DataFrame({"user": column, "item": ["x", "y", "z"], "rating": [1, 2, 3]}).write_parquet(tmp_path / "f.parquet")
    reading = plan(tmp_path / "f.parquet").read()
    assert [str(bad) for bad in reading.bad.first] == ["row 3: there is no user"]
    assert reading.interactions().users.to_list() == ids


def test_a_parquet_column_that_holds_no_numbers(tmp_path):
    table = pl.DataFrame({"user": [1], "item": [1], "rating": [[1]]})
    table.write_parquet(tmp_path / "f.parquet")
    with pytest.raises(ValueError, match="column of values holds List"):
        plan(tmp_path / "f.parquet").read()


def test_ndjson_with_lines_that_are_none(tmp_path):
    text = (
        '{"user":"a","item":1,"rating":3}\n\n{"user":"b","item":"x2","rating":4}\nnope\n'
        '{"user":"b","item":1,"rating":"3.5"}\n{"user":null,"item":1,"rating":1}\n[1]\n'
    )
    (tmp_path / "f.ndjson").write_text(text)
    reading = plan(tmp_path / "f.ndjson").read()
    assert reading.table.rows() == [("a", "1", 3.0), ("b", "x2", 4.0), ("b", "1", 3.5)]
    assert reading.blank == 1
    assert [bad.place for bad in sorted(reading.bad.first)] == ["line 4", "line 6", "line 7"]
    (tmp_path / "g.ndjson").write_text("1\n2\n")
    with pytest.raises(ValueError, match="none of its first lines is an object"):
        plan(tmp_path / "g.ndjson")


X = np.array([[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [0, 0, 5, 4], [0, 1, 5, 4]], dtype=float)


def test_matrices(tmp_path):
    sparse = csr_array(X)
    mmwrite(tmp_path / "x.mtx", sparse)
    save_npz(tmp_path / "sparse.npz", sparse)
    with_holes = np.where(X == 0, np.nan, X)
    np.save(tmp_path / "x.npy", with_holes)
    np.savez(tmp_path / "one.npz", plays=with_holes)
    for name, first in (("x.mtx", 1), ("sparse.npz", 0), ("x.npy", 0), ("one.npz", 0)):
        reading = plan(tmp_path / name).read()
        known = reading.interactions()
        assert reading.rows == known.n_interactions == np.count_nonzero(X)
        assert known.users.to_list() == list(range(first, first + 5))
        np.testing.assert_array_equal(known.csr.toarray(), X)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.npy", np.zeros(3), r"float64 of shape \(3,\)"),
        ("x.npy", np.array([["a"]]), "in real numbers"),
        ("x.npy", b"nothing", "cannot be read as a matrix"),
        ("x.mtx", b"nothing", "cannot be read as a matrix"),
        ("x.npz", b"nothing", "cannot be read as a matrix"),
        ("x.parquet", b"nothing", "cannot be read as Parquet"),
        ("x.arrow", b"nothing", "Arrow"),
    ],
)
def test_what_is_not_what_its_name_says(name, content, told, tmp_path):
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content)
    with pytest.raises(ValueError, match=told):
        plan(path).read()


def test_several_arrays_are_no_matrix(tmp_path):
    np.savez(tmp_path / "x.npz", a=X, b=X)
    with pytest.raises(ValueError, match="it holds 2 arrays, a, b"):
        plan(tmp_path / "x.npz").read()


@pytest.mark.parametrize(
    ("name", "told"),
    [("nothing.csv", "there is no file"), ("http://x/y.csv", "is not a kind of address"), (".", "is a folder")],
)
def test_what_is_not_there(name, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((OSError, ValueError), match=told):
        plan(name)


def test_a_file_of_another_ending_is_pointed_out(tmp_path):
    TABLE.write_csv(tmp_path / "plays.csv")
    with pytest.raises(FileNotFoundError, match=r"There is plays\.csv"):
        plan(tmp_path / "plays.cvs")


@pytest.mark.parametrize(
    ("name", "content", "names"),
    [
        ("movies.dat", "1::Toy Story (1995)::Animation\n2::Amélie (2001)::Comedy\n".encode("latin-1"), ("1", "2")),
        ("movies.csv", 'movieId,title,x\n1,Toy Story (1995),A\n2,"Amélie (2001)",B\n'.encode(), ("movieId", "title")),
        ("names.csv", "id;name\n1;Toy Story (1995)\n2;Amélie (2001)\n".encode("utf-16"), ("id", "name")),
        ("films.csv", "Artikel;Titel\n1;Toy Story (1995)\n2;Amélie (2001)\n".encode(), ("Artikel", "Titel")),
    ],
)  # fmt: skip
def test_titles(name, content, names, tmp_path):
    (tmp_path / name).write_bytes(content)
    read = read_titles(tmp_path / name)
    assert (read.item, read.title) == names
    assert dict(zip(read.ids, read.titles, strict=True)) == {1: "Toy Story (1995)", 2: "Amélie (2001)"}


def test_titles_whose_columns_are_not_clear(tmp_path):
    (tmp_path / "f.csv").write_text("a,b\nx,y\n")
    with pytest.raises(ValueError, match="it is not clear which columns"):
        read_titles(tmp_path / "f.csv")
    assert read_titles(tmp_path / "f.csv", item="a", title="2").titles == ["y"]


def test_the_formats_of_the_command_are_those_of_the_reader():
    from alsatian.cli import source

    assert source.FORMATS == FORMATS
