"""What the page on the command shows is what the command says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from alsatian import cli
from pages import agree

pytest.importorskip("polars")

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "command.md"


def examples(text):
    """The commands of the page and what follows each of them, with the place of the latter."""
    for block in re.finditer(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for found in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block[1], re.MULTILINE):
            yield found[1], found[2]


def said(command, capsys):
    words = shlex.split(command)
    if words[0] != "alsatian":
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr
    cli.main(words[1:])
    captured = capsys.readouterr()
    return captured.err + captured.out


def steady(text):
    """Without times, sizes of files and last digits, which differ from one run or machine to another."""
    text = re.sub(r"\d+\.\d{10,}", lambda number: f"{float(number[0]):.9f}", text)
    text = re.sub(r"\d+\.\d kB\b", "0 kB", text)
    return re.sub(r"\d+\.\d+ s\b", "0 s", re.sub(r"(seconds\s+)\S+", r"\1 0", text))


def test_every_command_of_the_page_says_what_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    shown = list(examples(PAGE.read_text(encoding="utf-8")))
    assert len(shown) >= 12
    for command, expected in shown:
        told = said(command, capsys)
        assert agree(steady(expected), steady(told)), f"{command}\nshown\n{expected}\nsaid\n{told}"


def test_the_page_has_every_subcommand_and_every_status():
    text = PAGE.read_text(encoding="utf-8")
    parser = cli.build_parser()
    commands = next(action for action in parser._actions if getattr(action, "choices", None)).choices
    for command in commands:
        assert f"alsatian {command}" in text, command
    for status in (0, 1, 2, 3, 130):
        assert f"| {status} |" in text
