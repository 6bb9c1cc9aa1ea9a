"""Fetch a zip once, check it, and keep the files that are wanted."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """Where a zip lies and the MD5 that its publisher states."""

    url: str
    md5: str


def cache_folder() -> Path:
    """Give the folder that downloads go to where the user names none: ``$XDG_CACHE_HOME/alsatian``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "alsatian"


def fetch_zip(source: Source, folder: Path, members: Sequence[str], *, timeout: float = 60.0) -> None:
    """Download `source`, check it and put the named members into `folder`, all of them or none.

    Everything is written beside `folder` and renamed, so that a reader never sees half of it. Members are found by
    the last part of their name, and only that part is used to write them: nothing can land outside.

    Raises
    ------
    OSError
        Where the network or the disk fails, or the checksum differs; the message says what to do.
    """
    with _made(folder.parent), tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as name:
        scratch = Path(name)
        archive = scratch / "archive.zip"
        _download(source, archive, folder, timeout)
        ready = scratch / folder.name
        ready.mkdir()
        _unpack(archive, ready, members)
        _install(ready, folder)


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder, and those above it that are not there; after an error take those away again that are empty."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):  # someone else's files are in it by now
            for path in new:
                path.rmdir()
        raise


def _download(source: Source, archive: Path, folder: Path, timeout: float) -> None:
    digest = hashlib.md5(usedforsecurity=False)  # what the publisher states; it guards against accidents
    by_hand = f"Or download it by other means and unpack it so that {folder} holds its files."
    try:
        with urlopen(source.url, timeout=timeout) as reply, archive.open("wb") as out:
            while block := reply.read(_BLOCK):
                digest.update(block)
                out.write(block)
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        if isinstance(error, HTTPError):
            error.close()  # it holds the connection
        reason = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
        raise OSError(
            f"Could not download {source.url}: {reason}. Check the network and try again. {by_hand}"
        ) from error
    if digest.hexdigest() != source.md5:
        raise OSError(
            f"{source.url} came with MD5 {digest.hexdigest()}, but {source.md5} is published: the download is damaged"
            f" or the file has changed. Nothing was kept; try again. {by_hand}"
        )


def _unpack(archive: Path, folder: Path, members: Sequence[str]) -> None:
    with zipfile.ZipFile(archive) as bundle:
        found = {PurePosixPath(info.filename).name: info for info in bundle.infolist() if not info.is_dir()}
        for member in members:
            if member not in found:
                raise OSError(f"The archive holds no file {member!r}; it holds {', '.join(sorted(found)[:20])}.")
            with bundle.open(found[member]) as source, (folder / member).open("wb") as out:
                shutil.copyfileobj(source, out)


def _install(ready: Path, folder: Path) -> None:
    """Rename into place; where the folder is there already, file by file."""
    if not folder.exists():
        try:
            ready.rename(folder)
            return
        except OSError:
            if not folder.is_dir():
                raise
    for path in ready.iterdir():
        os.replace(path, folder / path.name)
