"""The README's lines for Last.fm, run on the data, as a reader would."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def code_of(marker: str) -> str:
    code = re.search(rf"<!-- {marker} -->\n```py\n(.*?)```", README, re.DOTALL)
    assert code is not None
    return code[1]


def test_the_lines_are_few() -> None:
    assert len([line for line in code_of(r"last\.fm").splitlines() if line.strip()]) <= 8


def test_the_lines_for_the_files_read_texts_with_tabs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("artists.dat").write_text('id\tname\turl\tpictureURL\n1\t"Weird" Al\thttp\t\n7\tBjörk\t\t\n', encoding="utf-8")
    Path("user_artists.dat").write_text("userID\tartistID\tweight\n2\t1\t13883\n4\t7\t3\n", encoding="utf-8")
    exec(code_of(r"last\.fm files"), {})
    assert pl.read_parquet("artists.parquet")["name"].to_list() == ['"Weird" Al', "Björk"]
    assert pl.read_parquet("user_artists.parquet").rows() == [(2, 1, 13883), (4, 7, 3)]


def test_the_lines_of_the_readme_print_artists(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared_data / "hetrec-lastfm"
    if not folder.exists():
        pytest.skip(f"no Last.fm data in {folder}")
    monkeypatch.chdir(folder)
    for _ in range(2):  # the same each time
        exec(code_of(r"last\.fm"), {})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 10
    assert printed[:5] == printed[5:]
    assert all(re.fullmatch(r"\d\.\d\d  \S.*", line) for line in printed)
