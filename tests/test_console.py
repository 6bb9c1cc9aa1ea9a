from __future__ import annotations

import io
import sys

import pytest

from alsatian import console


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


HEADER = ["model", "RMSE"]
ROWS = [["mean", "37.6"], ["[red]ALS", "9.5"]]


def test_plain_table_is_aligned():
    out = io.StringIO()
    console.print_table(HEADER, ROWS, title="Errors", stream=out)
    assert out.getvalue() == "Errors\nmodel     RMSE\n--------  ----\nmean      37.6\n[red]ALS   9.5\n"


def test_plain_table_follows_align():
    out = io.StringIO()
    console.print_table(HEADER, ROWS, align=["right", "left"], stream=out)
    assert out.getvalue().splitlines()[2] == "    mean  37.6"


def test_an_empty_table_has_its_header():
    out = io.StringIO()
    console.print_table(HEADER, [], stream=out)
    assert out.getvalue() == "model  RMSE\n-----  ----\n"


def test_ragged_rows_are_named():
    with pytest.raises(ValueError, match="row 1 has 1 entries, but the header has 2"):
        console.print_table(HEADER, [["a", "b"], ["c"]])
    with pytest.raises(ValueError, match="align has 1 entries"):
        console.print_table(HEADER, ROWS, align=["left"])


def test_rich_table_on_a_terminal(terminal):
    pytest.importorskip("rich")
    assert console.is_rich(terminal)
    console.print_table(HEADER, ROWS, title="Errors", highlight=1, stream=terminal)
    text = terminal.getvalue()
    assert "\x1b[" in text
    assert "[red]ALS" in text  # names are never read as markup


def test_numbers_stay_whole_on_a_narrow_terminal(terminal, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "40")
    row = ["2571", "A title of many words that is far too long", "1234567.25", "0.8556"]
    console.print_table(["item", "title", "plays", "score"], [row], align=["left", "left", "right", "right"],
                        stream=terminal)  # fmt: skip
    text = terminal.getvalue()
    assert all(whole in text for whole in ("2571", "1234567.25", "0.8556"))
    assert row[1] not in text


def test_without_rich_a_terminal_gets_plain_text(terminal, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert not console.is_rich(terminal)
    console.print_table(HEADER, ROWS, stream=terminal)
    assert "\x1b" not in terminal.getvalue()
    with console.progress("Fitting", 3, stream=terminal) as bar:
        bar.update(1)
    assert "\x1b" not in terminal.getvalue()


def test_a_dumb_terminal_gets_plain_text(terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert not console.is_rich(terminal)


def test_a_closed_stream_is_no_terminal():
    stream = io.StringIO()
    stream.close()
    assert not console.is_rich(stream)


def test_plain_progress_is_silent_when_short_and_sparse_when_long():
    out = io.StringIO()
    now = iter([0.0, 1.0, 12.0, 13.0, 23.0])
    with console.progress("Fitting", 4, stream=out, interval=10, clock=lambda: next(now)) as bar:
        for done in (1, 2, 3, 4):
            bar.update(done, f"loss {done}")
    assert out.getvalue() == "Fitting:  50%, 12 s, at most 12 s left, loss 2\nFitting: 100%, 23 s, loss 4\n"


def test_progress_of_nothing():
    out = io.StringIO()
    with console.progress("Fitting", 0, stream=out, interval=0) as bar:
        bar.update(0)
    assert out.getvalue() == "Fitting: 100%, 0 s\n"


def test_rich_progress_on_a_terminal(terminal):
    pytest.importorskip("rich")
    with console.progress("[b]Fitting", 4, stream=terminal) as bar:
        bar.update(2, "loss [1]")
    assert "[b]Fitting" in terminal.getvalue()


def test_an_error_passes_through_the_bar(terminal):
    for stream in (io.StringIO(), terminal):
        with pytest.raises(RuntimeError, match="stop"), console.progress("Fitting", 4, stream=stream):
            raise RuntimeError("stop")


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("ascii", "X ≈ W Zᵀ, é, x², xᵢ, λ ≤ ½, 猫", b"X ~ W Z', e, x^2, xi, lambda <= 1/2, ?"),
        ("latin-1", "é ½ λ", "é ½ lambda".encode("latin-1")),
        ("utf-8", "Zᵀ λ 猫", "Zᵀ λ 猫".encode()),
    ],
)
def test_a_stream_writes_what_its_encoding_has_and_the_nearest_where_it_has_not(encoding, text, written):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console.write_what_can_be(stream)
    stream.write(text)
    stream.flush()
    assert stream.buffer.getvalue() == written


def test_streams_that_are_no_files_are_left_alone():
    for stream in (io.StringIO(), object(), None):
        console.write_what_can_be(stream)


@pytest.mark.parametrize("rich", [False, True])
def test_names_with_line_ends_and_commands_to_the_terminal_stay_in_their_cell(rich, terminal):
    stream = terminal if rich else io.StringIO()
    rows = [["one\ntwo", "x"], ["tab\there", "\x1b[31mred"], ["three\u2028four\r", "y"]]
    console.print_table(["a\n", "b"], rows, title="t\nu", stream=stream)
    lines = stream.getvalue().splitlines()
    for words in ("t u", "one two", "tab here", "\ufffd[31mred", "three four"):
        assert sum(words in line for line in lines) == 1
    assert rich or len(lines) == 1 + 2 + 3
