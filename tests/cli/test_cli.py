from __future__ import annotations

import os
import subprocess
import sys

import pytest

import alsatian
from alsatian import cli
from alsatian.cli import arguments, trial


def run(*args, **options):
    command = [sys.executable, "-m", "alsatian", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_version_and_module_entry():
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout == f"alsatian {alsatian.__version__}\n"


def test_help_loads_no_heavy_library():
    code = (
        "import sys\nfrom alsatian.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('sklearn', 'scipy', 'rich', 'matplotlib', 'polars', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")
    assert "demo" in done.stdout


@pytest.mark.parametrize("args", [[], ["nonsense"], ["demo", "--components", "0"], ["demo", "--reg", "nan"]])
def test_wrong_arguments_leave_with_2(args, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(args)
    assert caught.value.code == 2
    assert "usage: alsatian" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [OSError, ValueError, ImportError])
def test_what_the_user_can_mend_is_one_line(kind, monkeypatch, capsys):
    def fail(*args, **options):
        raise kind("the disk is full")

    monkeypatch.setattr(trial, "fit", fail)
    assert cli.main(["demo"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "alsatian: error: the disk is full\n"
    assert captured.out == ""


def test_bugs_are_not_hidden(monkeypatch):
    def fail(*args, **options):
        raise ZeroDivisionError

    monkeypatch.setattr(trial, "fit", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["demo"])


def test_ctrl_c(monkeypatch, capsys):
    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "fit", stop)
    assert cli.main(["demo"]) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("parse", "good", "bad"),
    [
        (arguments.positive_int, [("3", 3)], ["0", "-1", "1.5", "x"]),
        (arguments.non_negative_int, [("0", 0)], ["-1", "1.5", ""]),
        (arguments.seed, [("0", 0), ("4294967295", 2**32 - 1)], ["-1", "1.5", "x"]),
        (arguments.non_negative_float, [("0", 0.0), ("1e3", 1000.0)], ["-1", "nan", "inf", "x"]),
    ],
)
def test_argument_types(parse, good, bad):
    for text, value in good:
        assert parse(text) == value
    for text in bad:
        with pytest.raises(arguments.argparse.ArgumentTypeError, match="is not a"):
            parse(text)


def test_a_seed_that_no_generator_takes_is_a_wrong_argument(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["demo", "--seed", str(2**32)])
    assert caught.value.code == 2
    assert "--seed: 4294967296 is too large for a seed: at most 4294967295" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "status"), [(["--help"], 0), (["demo", "--help"], 0), (["derive", "--missing"], 1), (["demo", "--λ"], 2)]
)
def test_a_terminal_of_plain_characters_gets_plain_characters(args, status):
    done = run(*args, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    told = done.stdout + done.stderr
    assert told.isascii()
    assert ("take --format latex" if args[0] == "derive" else "usage: alsatian") in told


@pytest.mark.skipif(os.name != "posix", reason="streams are closed with a shell of POSIX")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&-"])
def test_a_closed_stream_takes_nothing_and_breaks_nothing(closed):
    line = f"{sys.executable} -m alsatian datasets {closed}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("name") == (closed == "2>&-")
