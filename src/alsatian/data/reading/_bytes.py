"""Files of text: which encoding they are in, and their content in blocks of whole lines, as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import NamedTuple, Protocol

_BLOCK = 8 << 20  # bytes that are read at once
_LONGEST = 64 << 20  # bytes of a line
SAMPLE = 1 << 18  # bytes that are looked at first

_MARKS = (  # the longer mark first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes, or all."""


class Encoding(NamedTuple):
    """How bytes are text: the codec, the length of the mark at the start, and whether it is only what fits."""

    codec: str
    mark: int = 0
    guessed: bool = False

    def __str__(self) -> str:
        """Return it in words."""
        name = {"utf-8": "UTF-8", "cp1252": "Windows-1252 (Latin-1)"}.get(self.codec, self.codec.upper())
        return name + (" (byte order mark)" if self.mark else "")


class Block(NamedTuple):
    """Whole lines of a file, in UTF-8, each ending in a line feed; and the number of the first of them."""

    first: int
    text: bytes


def encoding_of(sample: bytes, wanted: str | None = None) -> Encoding:
    """Tell the encoding of a file from its first bytes, or check the one that is wanted.

    Raises
    ------
    ValueError
        Where there is no such encoding, or the bytes are no text.
    """
    mark = next(((mark, codec) for mark, codec in _MARKS if sample.startswith(mark)), None)
    if wanted is not None:
        codec = _codec(wanted)
        skipped = len(mark[0]) if mark is not None and codec.startswith(mark[1][:6].rstrip("-")) else 0
        return Encoding(_with_order(codec, mark), skipped)
    if mark is not None:
        return Encoding(mark[1], len(mark[0]))
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    zeros, fewer = first + second, min(first, second)
    if zeros > len(sample) // 4 and fewer <= zeros // 20:  # in text one byte of two is zero, and always the same one
        return Encoding("utf-16-be" if first > second else "utf-16-le", 0, True)
    if zeros:
        raise ValueError("it holds bytes that no text has: is it a file of another format?")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return Encoding("cp1252", 0, True)
    return Encoding("utf-8")


def blocks(file: Stream, encoding: Encoding, *, mac: bool = False, size: int = _BLOCK) -> Iterator[Block]:
    """Yield the file in blocks of whole lines, in UTF-8; line ends become line feeds.

    With `mac` a carriage return by itself ends a line, as in files that have no line feed at all.

    Raises
    ------
    ValueError
        Where bytes are not of the encoding, or a line is too long for a table: names the line.
    """
    file.read(encoding.mark)
    decoder = codecs.getincrementaldecoder(encoding.codec)(errors=_ERRORS.get(encoding.codec, "strict"))
    first, rest, held = 1, b"", ""
    while True:
        chunk = file.read(size)
        try:
            text = held + decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise ValueError(_undecodable(error, encoding, first + rest.count(b"\n"))) from None
        held = "\r" if chunk and text.endswith("\r") else ""  # its line feed may come with the next chunk
        lines = text[: len(text) - len(held)].replace("\r\n", "\n")
        rest += (lines.replace("\r", "\n") if mac else lines).encode()
        end = len(rest) if not chunk else rest.rfind(b"\n") + 1
        whole, rest = rest[:end], rest[end:]
        if len(rest) > _LONGEST:
            line = first + whole.count(b"\n")
            raise ValueError(f"line {line} is longer than 64 MB: is this a table of text?")
        if whole:
            whole = whole if whole.endswith(b"\n") else whole + b"\n"
            yield Block(first, whole)
            first += whole.count(b"\n")
        if not chunk:
            return


# What Windows-1252 leaves open, Latin-1 has; so all bytes are some text, as a guess should be.
_ERRORS = {"cp1252": "alsatian.latin1"}


def _latin1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("alsatian.latin1", _latin1)


def _codec(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"there is no encoding {name!r}: give utf-8, latin-1, cp1252, utf-16 or the like.") from None


def _with_order(codec: str, mark: tuple[bytes, str] | None) -> str:
    """Return UTF-16 and UTF-32 with the byte order that the mark says."""
    if codec in ("utf-16", "utf-32"):
        return mark[1] if mark is not None and mark[1].startswith(codec) else f"{codec}-le"
    return "utf-8" if codec == "utf-8-sig" else codec


def _undecodable(error: UnicodeDecodeError, encoding: Encoding, line: int) -> str:
    line += error.object[: error.start].count(b"\n")
    byte = error.object[error.start]
    return (
        f"line {line} holds the byte 0x{byte:02x}, which is not {encoding.codec.upper()}. Say which --encoding the "
        "file is in: latin-1 or cp1252 for files of older programs, utf-16 for some of Windows."
    )
