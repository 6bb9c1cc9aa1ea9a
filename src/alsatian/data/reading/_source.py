"""What is to be read: the kind of a file by its name, or a database by its URL."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal
from urllib.parse import unquote, urlsplit

from alsatian.data.reading._foreign import WORKBOOK, WORKBOOKS
from alsatian.data.reading._packed import ENDINGS as PACKED
from alsatian.data.reading._packed import Unpacked, member_of, opened, unpacked
from alsatian.data.reading._spool import STANDARD_INPUT, Spool, of_stream, standard_input

Kind = Literal["text", "ndjson", "parquet", "arrow", "matrixmarket", "npy", "npz", "sqlite", "duckdb", "postgresql"]

_KINDS: dict[str, Kind] = {
    ".csv": "text", ".tsv": "text", ".tab": "text", ".txt": "text", ".dat": "text", ".data": "text", ".psv": "text",
    ".base": "text", ".test": "text", ".item": "text",
    ".ndjson": "ndjson", ".jsonl": "ndjson", ".jsonlines": "ndjson",
    ".parquet": "parquet", ".pq": "parquet",
    ".arrow": "arrow", ".arrows": "arrow", ".ipc": "arrow", ".feather": "arrow",
    ".mtx": "matrixmarket", ".npy": "npy", ".npz": "npz",
    ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite", ".duckdb": "duckdb",
}  # fmt: skip
_SCHEMES: dict[str, Kind] = {
    "sqlite": "sqlite", "duckdb": "duckdb", "postgresql": "postgresql", "postgres": "postgresql",
}  # fmt: skip
_TEXT: tuple[Kind, ...] = ("text", "ndjson")
DATABASES: tuple[Kind, ...] = ("sqlite", "duckdb", "postgresql")
MATRICES: tuple[Kind, ...] = ("matrixmarket", "npy", "npz")
FORMATS = ("csv", "tsv", "dat", "ndjson", "parquet", "arrow", "mtx", "npy", "npz", "sqlite", "duckdb", "postgresql")


@dataclass(frozen=True)
class Source:
    """A file or a database, and what kind it is of.

    Attributes
    ----------
    kind : str
    path : Path or None
        Of the file; None for a database server.
    url : str
        As it was given: it may hold a password, and is never shown.
    spool : Spool or None
        Of what can be read only once: keeps the temporary file that `path` then leads to.
    """

    kind: Kind
    path: Path | None
    url: str
    spool: Spool | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """What messages call it: never with a password."""
        return "standard input" if self.url in STANDARD_INPUT else without_password(self.url)

    def open(self) -> IO[bytes] | Unpacked:
        """Open the file, unpacked."""
        assert self.path is not None
        return opened(self.path, self.name)


def source_of(given: str | os.PathLike[str], form: str | None = None) -> Source:
    """Say what is to be read.

    Parameters
    ----------
    given : str or path-like
        A path, or the URL of a database: ``sqlite:///file``, ``duckdb:///file``, ``postgresql://user@host/name``;
        ``-`` is standard input. What can be read only once is read at once, into a temporary file.
    form : str or None
        One of `FORMATS`, where the name does not say it.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        Where the kind of the file is not known.
    """
    text = os.fspath(given)
    scheme, colon, _ = text.partition("://")
    if colon and scheme.lower() in _SCHEMES:
        return _of_url(text, _SCHEMES[scheme.lower()])
    if colon and scheme.isalpha():
        raise ValueError(
            f"{scheme}:// is not a kind of address that can be read: give a file, or the URL of a database, "
            "sqlite:///file, duckdb:///file or postgresql://user@host/name."
        )
    path, streamed = Path(text), text in STANDARD_INPUT
    if not streamed:
        _check_file(path)
    inside, spool = member_of(path) if path.suffix.lower() == ".zip" and path.is_file() else (path.name, None)
    kind = _KINDS.get("." + form) if form in FORMATS else _kind_of(Path(inside))
    if kind is None and form == "postgresql":
        raise ValueError("PostgreSQL is read by a URL, postgresql://user@host/name, not from a file.")
    name = "standard input" if streamed else text
    if kind is None and Path(inside).suffix.lower() in WORKBOOKS:
        raise ValueError(f"{name}: it is {WORKBOOK}.")
    if kind is None:
        raise ValueError(f"{name}: the kind of file is not known by its name. Give its --format: {', '.join(FORMATS)}.")
    if spool is None:
        spool = standard_input() if streamed else of_stream(path)
    place = path if spool is None else spool.path
    if kind not in _TEXT:  # which are unpacked as they are read
        spool = unpacked(place, name) or spool
    return Source(kind, path if spool is None else spool.path, text, spool)


def without_password(url: str) -> str:
    """Return a URL in which dots stand for the password.

    Examples
    --------
    >>> without_password("postgresql://ann:secret@localhost/films?sslpassword=hidden")
    'postgresql://ann:•••@localhost/films?sslpassword=•••'
    """
    head, colon, rest = url.partition("://")
    if not colon:
        return url
    place, slash, tail = rest.partition("/")
    at = place.rfind("@")
    if at >= 0:
        user, given, _ = place[:at].partition(":")
        place = user + (":•••" if given else "") + place[at:]
    front, question, query = (place + slash + tail).partition("?")
    shown = [
        pair.partition("=")[0] + "=•••" if "password" in pair.lower() else pair for pair in query.split("&") if question
    ]
    return f"{head}://{front}{question}{'&'.join(shown)}"


def _of_url(url: str, kind: Kind) -> Source:
    if kind == "postgresql":
        return Source(kind, None, url)
    parts = urlsplit(url)
    # Of sqlite:///file the path is relative, of sqlite:////file absolute, as SQLAlchemy has it.
    path = Path(unquote((parts.netloc + parts.path) if parts.netloc else parts.path.removeprefix("/")))
    _check_file(path)
    if not path.is_file():
        raise ValueError(f"{path} is no file: a database is read from one.")
    return Source(kind, path, url)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the path of a file in it.")
    if not path.exists():
        near = sorted(other.name for other in path.parent.glob(f"{path.stem}.*")) if path.parent.is_dir() else []
        hint = f" There is {near[0]}." if near else ""
        raise FileNotFoundError(f"there is no file {path}.{hint}")


def _kind_of(path: Path) -> Kind | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return _KINDS.get(suffixes[-1]) if suffixes else None
