"""What is replaced, and what is written through: only a file is ever replaced."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from alsatian.persistence._replace import checked, write_beside

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")


@posix
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_passed_on_goes_through_a_pipe_and_replaces_nothing(linked, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    given = tmp_path / "link" if linked else pipe
    if linked:
        given.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_beside(given, lambda name: Path(name).write_bytes(b"whole"), through=True)
        assert os.read(reader, 100) == b"whole"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert given.is_symlink() == linked
    assert len(list(tmp_path.iterdir())) == 1 + linked


@posix
def test_a_device_is_never_replaced(tmp_path, monkeypatch):
    path, found = tmp_path / "device", os.stat(tmp_path)
    path.write_text("as it is")
    device = os.stat_result((stat.S_IFCHR | 0o666, *found[1:]))  # no device of the machine's own is put at risk
    real = os.stat
    monkeypatch.setattr(os, "stat", lambda name, **how: device if str(name) == str(path) else real(name, **how))
    assert checked(path, through=True) == (False, None)
    with pytest.raises(OSError, match="no regular file"):
        checked(path)
    write_beside(path, lambda name: Path(name).write_text("gone through"), through=True)
    monkeypatch.undo()
    assert path.read_text() == "gone through"
    assert os.listdir(tmp_path) == ["device"]


@posix
def test_the_standard_output_is_gone_on_with(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom alsatian.persistence._replace import write_beside\n"
        "print('before')\n"
        "write_beside(sys.argv[1], lambda name: Path(name).write_text('whole\\n'), through=True)\n"
        "print('after')"
    )
    path = tmp_path / "out"
    with path.open("w") as out:
        subprocess.run([sys.executable, "-c", code, str(path)], stdout=out, check=True)
    assert path.read_text() == "before\nwhole\nafter\n"
    assert os.listdir(tmp_path) == ["out"]


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write_beside(tmp_path / "file", lambda name: open(tmp_path / "other").close())
    assert caught.value.filename == str(tmp_path / "other")
    assert not list(tmp_path.iterdir())


def test_a_place_that_may_not_be_written_is_told_by_its_own_name(tmp_path, monkeypatch):
    real = os.open

    def refuse(name, flags, *mode):
        if os.path.dirname(str(name)) == str(tmp_path) and flags & os.O_WRONLY:
            raise PermissionError(13, "Permission denied", name)
        return real(name, flags, *mode)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match=r"lists\.csv cannot be written: Permission denied") as caught:
        write_beside(tmp_path / "lists.csv", lambda name: None)
    assert ".tmp" not in str(caught.value)
