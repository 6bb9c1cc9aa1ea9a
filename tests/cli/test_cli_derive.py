"""``alsatian derive``: the derivation in a terminal, in a pipe and as a file."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from alsatian.cli import main
from alsatian.console import is_rich
from alsatian.derivation import derive


def test_text_in_a_pipe_is_the_derivations_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "--by", "rows", "--missing", "--reg-exponent", "1"]) == 0
    assert capsys.readouterr().out == derive("Z", by="rows", missing=True, reg_exponent=1).to_text()


@pytest.mark.parametrize("how", ["markdown", "latex"])
def test_formats(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "--wrt", "W", "--objective", "hkv", "--reg-exponent", "0", "--format", how]) == 0
    derivation = derive("W", objective="hkv", reg_exponent=0)
    assert capsys.readouterr().out == getattr(derivation, f"to_{how}")()


def test_check_writes_the_differences(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "--by", "differential", "--check", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert out.count("In numbers") == len(derive("Z", by="differential"))


def test_a_step_that_fails_gives_status_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from alsatian import derivation

    good = derive("Z", by="rows")
    step = good["gradient"]
    wrong = good.with_step(replace(step, chains=((step.chains[0][0], good["closed"].chains[0][-1]),)))
    monkeypatch.setattr(derivation, "derive", lambda *_, **__: wrong)
    assert main(["derive", "--check"]) == 1
    assert "do not agree" in capsys.readouterr().err


def test_what_means_nothing_is_refused_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "--objective", "ials", "--missing"]) == 1
    assert "ials" in capsys.readouterr().err


def test_a_terminal_gets_a_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert is_rich(terminal)
    assert main(["derive", "--check", "--names", "course"]) == 0
    written = terminal.getvalue()
    assert "╭" in written
    assert "✓" in written
    assert all(step.title.split()[0] in written for step in derive(names="course"))


@pytest.mark.parametrize("options", [[], ["--objective", "ials", "--names", "course", "--reg-exponent", "1"]])
def test_a_formula_is_whole_in_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["derive", *options]) == 0
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in terminal.getvalue().splitlines()]
    assert max(map(len, lines)) <= 80
    inside = [line.strip().strip("│").strip() for line in lines]
    derivation = derive(objective="ials", names="course", reg_exponent=1) if options else derive()
    for step in derivation:
        for line in step.text.splitlines():
            assert line.strip() in inside


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_narrow_output_is_one_clear_line(encoding: str) -> None:
    def told(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "alsatian", "derive", *options]
        settings = os.environ | {"PYTHONIOENCODING": encoding}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=settings)

    for form in ("text", "markdown"):
        done = told("--format", form)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert "--format latex" in done.stderr
        assert "PYTHONIOENCODING=utf-8" in done.stderr
    done = told("--format", "latex", "--check")
    assert done.returncode == 0
    assert done.stdout.endswith("\\end{document}\n")
    assert told("--help").returncode == 0


def test_a_ridge_that_overflows_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "--reg-exponent", "1e6", "--check"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "to the power reg_exponent=1e+06 overflows" in told.err
    assert told.err.count("\n") == 1
