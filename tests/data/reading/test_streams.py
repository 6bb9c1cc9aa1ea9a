"""What can be read only once: standard input and pipes, from their first line to the last."""

from __future__ import annotations

import gc
import io
import os
import sys
import tempfile
import threading

import pytest

from alsatian.data.reading import plan, read_titles
from alsatian.data.wide import read_wide

pl = pytest.importorskip("polars")

LINES = "".join(f"{n % 7}::{n % 5}::{n % 3}\n" for n in range(1000))


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


@pytest.fixture(params=["-", "/dev/stdin", "pipe.dat"])
def stream(request, tmp_path, monkeypatch):
    """A function that sends a text and returns the name of the source."""

    def send(text):
        if request.param != "pipe.dat":
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
            return request.param
        if not hasattr(os, "mkfifo"):
            pytest.skip("no pipes with names")
        path = tmp_path / request.param
        os.mkfifo(path)
        threading.Thread(target=lambda: path.write_text(text), daemon=True).start()
        return path

    return send


def test_a_stream_is_read_from_its_beginning(stream, temporary):
    planned = plan(stream(LINES), form="dat")
    assert len(planned.first_rows()[0]) == 5
    reading = planned.read()
    assert reading.rows == 1000
    assert reading.table.row(0) == (0, 0, 0.0)
    assert len(list(temporary.iterdir())) == 1
    del planned, reading
    gc.collect()
    assert not list(temporary.iterdir())


def test_titles_and_wide_tables_come_in_streams_too(stream):
    read = read_titles(stream("1::Alien\n2::Brazil\n"), form="dat")
    assert dict(zip(read.ids, read.titles, strict=True)) == {1: "Alien", 2: "Brazil"}


def test_a_wide_table_in_a_stream(stream):
    assert read_wide(stream("a,b\n1,2\n3,\n"), form="csv").X.shape == (2, 2)


def test_a_stream_without_a_format_is_not_touched(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1,2\n")))
    with pytest.raises(ValueError, match="standard input: the kind of file is not known by its name"):
        plan("-")
    assert sys.stdin.read() == "1,2\n"
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ValueError, match="standard input is closed"):
        plan("-", form="csv")


def test_a_database_is_no_stream(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe is no file"):
        plan(f"sqlite:///{tmp_path / 'pipe'}")
