"""Compressed files of every kind, and what they are when they are damaged or called something else."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import numpy as np
import pytest
from scipy.io import mmwrite
from scipy.sparse import csr_array

from alsatian.data.reading import plan
from alsatian.data.wide import read_wide

pl = pytest.importorskip("polars")

TABLE = pl.DataFrame({"user": ["a", "b", "b"], "item": [1, 2, 1], "rating": [3.0, 4.0, 5.0]})
PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def written(kind):
    file = io.BytesIO()
    if kind == "mtx":
        mmwrite(file, csr_array(np.eye(3)))
    elif kind == "npy":
        np.save(file, np.eye(3))
    else:
        getattr(TABLE, f"write_{kind}")(file)
    return file.getvalue()


@pytest.mark.parametrize("ending", [*PACKERS, ".zip"])
@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet", "mtx", "npy"])
def test_all_kinds_are_unpacked(ending, kind, tmp_path):
    path = tmp_path / f"f.{kind}{ending}"
    if ending == ".zip":
        path = tmp_path / "f.zip"
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr(f"folder/f.{kind}", written(kind))
            bundle.writestr("__MACOSX/._f.csv", b"")
    else:
        path.write_bytes(PACKERS[ending](written(kind)))
    assert plan(path).read().rows == (9 if kind == "npy" else 3)


def test_the_first_bytes_decide_and_not_the_name(tmp_path):
    (tmp_path / "plain.csv.gz").write_bytes(written("csv"))
    (tmp_path / "packed.csv").write_bytes(gzip.compress(written("csv")))
    (tmp_path / "text.csv").write_bytes(b"BZh;user\n1;2\n3;4\n")
    assert plan(tmp_path / "plain.csv.gz").read().rows == 3
    assert plan(tmp_path / "packed.csv").read().rows == 3
    assert plan(tmp_path / "text.csv", columns={"item": "BZh"}).read().rows == 2


def test_streams_of_arrow(tmp_path):
    TABLE.write_ipc_stream(tmp_path / "f.arrows")
    assert plan(tmp_path / "f.arrows").read().rows == 3


@pytest.mark.parametrize("name", ["f.csv.gz", "f.parquet.gz"])
def test_what_is_cut_off_is_named(name, tmp_path):
    rows = pl.DataFrame({"user": np.arange(200_000) * 7919 % 100_003, "item": np.arange(200_000) % 977})
    file = io.BytesIO()
    getattr(rows, f"write_{name.split('.')[1]}")(file)
    (tmp_path / name).write_bytes(gzip.compress(file.getvalue())[:-1000])
    with pytest.raises(ValueError, match=f"{name} is damaged, or was cut off, and cannot be unpacked"):
        plan(tmp_path / name).read()


def test_what_cannot_be_unpacked_says_what_to_do(tmp_path):
    (tmp_path / "f.csv.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(20))
    with pytest.raises(ValueError, match=r"packed by Zstandard.*zstd -dc .*f\.csv\.zst \| alsatian … - --format"):
        plan(tmp_path / "f.csv.zst")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as bundle:
        bundle.writestr("a.csv", "1,2")
        bundle.writestr("b.csv", "1,2")
    with pytest.raises(ValueError, match=r"two\.zip holds 2 files, a\.csv, b\.csv, where one is needed"):
        plan(tmp_path / "two.zip")
    (tmp_path / "no.zip").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"no\.zip cannot be unpacked"):
        plan(tmp_path / "no.zip")


PADDED = "user      item  rating \nann          7     4.5\n  bob         8  3\ncarla      10     1 \n"


def test_columns_padded_with_blanks(tmp_path):
    (tmp_path / "f.txt").write_text(PADDED)
    reading = plan(tmp_path / "f.txt").read()
    assert reading.table.rows() == [("ann", 7, 4.5), ("bob", 8, 3.0), ("carla", 10, 1.0)]
    assert reading.bad.count == 0
    assert read_wide(tmp_path / "f.txt").X.tolist() == [[7, 4.5], [8, 3], [10, 1]]


@pytest.mark.parametrize(
    ("above", "how"),
    [
        ("My ratings\n\n", {}),
        ("# exported on 2013-05-01, by me, at home, in a hurry\n# and so on\n", {}),
        ("a,b,c\n1,2,x\n", {"skip": 2}),
    ],
)
def test_what_stands_above_a_table_is_passed_over(above, how, tmp_path):
    from alsatian.data.reading import Options

    (tmp_path / "f.csv").write_text(above + "user,item,rating\na,1,3\nb,2,4\nc,1,5\n")
    planned = plan(tmp_path / "f.csv", options=Options(**how))
    assert "header in line 3" in planned.how
    assert planned.read().table.rows() == [("a", 1, 3.0), ("b", 2, 4.0), ("c", 1, 5.0)]


def test_a_first_row_that_is_none_is_not_passed_over_where_it_is_said_to_be_a_row(tmp_path):
    from alsatian.data.reading import Options

    (tmp_path / "f.csv").write_text("oops\n1,2,3\n4,5,6\n7,8,9\n")
    assert "first row in line 2" in plan(tmp_path / "f.csv").how
    assert plan(tmp_path / "f.csv", options=Options(header=False)).read().bad.count == 1
