"""The README's lines for Last.fm, run on the data, as a reader would."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def test_the_lines_of_the_readme_print_artists(shared_data: Path, monkeypatch, capsys) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    code = re.search(r"<!-- last\.fm -->\n```py\n(.*?)```", readme, re.DOTALL)
    assert code is not None
    lines = [line for line in code[1].splitlines() if line.strip()]
    assert len(lines) <= 8
    folder = shared_data / "hetrec-lastfm"
    if not folder.exists():
        pytest.skip(f"no Last.fm data in {folder}")
    monkeypatch.chdir(folder)
    exec(code[1], {})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 5
    assert all(re.fullmatch(r"\d\.\d\d  \S.*", line) for line in printed)
