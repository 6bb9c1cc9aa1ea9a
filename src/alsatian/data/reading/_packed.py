"""Compressed files, told by their first bytes, whatever they are called."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from alsatian.data.reading._spool import Spool

ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
_MARKS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b\x08": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open,
}  # fmt: skip
_BZIP2 = b"1AY&SY", b"\x17rE8P\x90"  # what follows BZh and a digit: of blocks, and of nothing
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


class Unpacked:
    """A stream of what a compressed file holds; where it is damaged, the error names it."""

    def __init__(self, path: Path, opener: Callable[..., Any], name: str) -> None:
        self._stream, self._name = opener(path, "rb"), name

    def read(self, size: int = -1) -> bytes:
        """Read some bytes, or all."""
        return self._said(self._stream.read, size)

    def readline(self) -> bytes:
        """Read a line."""
        return self._said(self._stream.readline)

    def _said(self, read: Callable[..., bytes], *how: int) -> bytes:
        try:
            return read(*how)
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise ValueError(f"{self._name} is damaged, or was cut off, and cannot be unpacked: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()


def opened(path: Path, name: str) -> IO[bytes] | Unpacked:
    """Open a file, unpacked where it is packed.

    Raises
    ------
    ValueError
        Where it is packed by what is not known here.
    """
    opener = _opener(path, name)
    return path.open("rb") if opener is None else Unpacked(path, opener, name)


def unpacked(path: Path, name: str) -> Spool | None:
    """Return a temporary file with what a packed file holds; None where it is not packed."""
    opener = _opener(path, name)
    if opener is None:
        return None
    ending = Path(path.stem).suffix
    with Unpacked(path, opener, name) as stream:
        return Spool(stream, ending)


def member_of(path: Path) -> tuple[str, Spool]:
    """Return the name of the one file in a .zip, and a temporary file with what it holds.

    Raises
    ------
    ValueError
        Where it holds another number of files, or is damaged or locked.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            names = [one.filename for one in bundle.infolist() if not one.is_dir() and "__MACOSX/" not in one.filename]
            if len(names) != 1:
                told = ", ".join(names[:8]) or "none"
                raise ValueError(f"{path} holds {len(names)} files, {told}, where one is needed: unpack it first.")
            with bundle.open(names[0]) as stream:
                return names[0], Spool(stream, Path(names[0]).suffix)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be unpacked: {error}") from error


def _opener(path: Path, name: str) -> Callable[..., Any] | None:
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(_ZSTANDARD):
        raise ValueError(
            f"{name} is packed by Zstandard, which is not read here: zstd -dc {name} | alsatian … - --format FORMAT."
        )
    for mark, opener in _MARKS.items():
        if start.startswith(mark) and (mark != b"BZh" or start[4:10] in _BZIP2):
            return opener
    return None
