"""Writing a file so that it is there whole or not at all, and that nothing but a file is ever replaced."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import NoReturn

Path = str | os.PathLike[str]

_STREAMS = (1, 2)  # standard output and standard error


def write_beside(path: Path, write: Callable[[str], None], *, through: bool = False) -> None:
    """Write a file through `write`, under a name of its own in the same folder, and rename it once it is on the disk.

    Whoever has the old file open, or mapped, keeps the old one. After a failure the old file is as it was, and nothing
    else is left. A symbolic link stays: what it leads to is replaced. A new file has the permissions of any new file,
    one that takes the place of another has those of the other. A device, a pipe or a socket is never replaced.

    Parameters
    ----------
    path : str or path-like
    write : callable
        Takes the name beside, where an empty file is, and writes to it or puts another file in its place.
    through : bool, default=False
        Whether a path that leads to no regular file, or to the standard output of this process, gets the content
        once it is whole, as a pipe or a terminal does; else it is an error.

    Raises
    ------
    OSError
        Where the file cannot be written: FileNotFoundError where there is no such folder, PermissionError, and others.
        The message names the path and says what is wrong.
    """
    with beside(path, through=through) as name:
        write(name)


@contextlib.contextmanager
def beside(path: Path, *, through: bool = False) -> Iterator[str]:
    """Yield the name of an empty file that takes the place of `path` at the end: `write_beside` for a ``with``."""
    given = os.fsdecode(path)
    replaced, mode = checked(given, through=through)
    if not replaced:
        with _passed_on(given) as name:
            yield name
        return
    target = os.path.realpath(given)
    folder = os.path.dirname(target)
    name = os.path.join(folder, f".alsatian-{secrets.token_hex(8)}.tmp")
    try:
        # Made here, since only a file that is made with open has the permissions that a new file gets in this folder.
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        try:
            with os.fdopen(descriptor, "wb"):
                mode = stat.S_IMODE(os.fstat(descriptor).st_mode) if mode is None else mode
            yield name
            with open(name, "r+b") as file:
                os.fsync(file.fileno())
            os.chmod(name, mode)
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        _blame(error, given, name, target)
    _settle(folder)


def checked(path: Path, *, through: bool = False) -> tuple[bool, int | None]:
    """Return whether a file is made or replaced at a path, not written into, and the permissions of one that is there.

    Raises
    ------
    OSError
        Where it cannot be: as in `write_beside`.
    """
    given = os.fsdecode(path)
    target = os.path.realpath(given)
    if not given:
        _refuse(errno.ENOENT, "is empty: give that of a file, such as model.alsatian", "the path")
    if not os.path.basename(given) or os.path.isdir(target):
        _refuse(errno.EISDIR, "is a folder: give the path of a file, such as model.alsatian inside it", given)
    try:
        # Of the path as it is given: where /dev/stdout is a pipe, the name that it resolves to is that of no file.
        found = os.stat(given)
    except FileNotFoundError:
        folder = os.path.dirname(target)
        if not os.path.isdir(folder):
            _refuse(errno.ENOENT, f"cannot be written: there is no folder {folder}, make it first", given)
        return True, None
    except OSError as error:
        _refuse(error.errno or errno.EIO, f"cannot be written: {error.strerror}", given)
    if through and (not stat.S_ISREG(found.st_mode) or _open_already(found) is not None):
        return False, None
    if not stat.S_ISREG(found.st_mode):
        _refuse(errno.EINVAL, "is there already and no regular file: choose another name", given)
    if not os.access(target, os.W_OK):
        _refuse(errno.EACCES, "is there already and may not be written: choose another name", given)
    return True, stat.S_IMODE(found.st_mode)


@contextlib.contextmanager
def _passed_on(given: str) -> Iterator[str]:
    """Yield the name of a temporary file whose content is written to what `given` leads to, once it is whole."""
    descriptor, name = tempfile.mkstemp(prefix="alsatian-")
    try:
        os.close(descriptor)
        yield name
        with open(name, "rb") as whole, os.fdopen(_opened(given), "wb") as out:
            shutil.copyfileobj(whole, out)
    except OSError as error:
        _blame(error, given, name)
    finally:
        os.unlink(name)


def _opened(given: str) -> int:
    """Open what is there for writing: nothing is made, and a file that is open already is gone on with."""
    stream = _open_already(os.stat(given))
    if stream is None:
        return os.open(given, os.O_WRONLY)
    for file in (sys.stdout, sys.stderr):
        if file is not None:
            file.flush()
    return os.dup(stream)


def _open_already(found: os.stat_result) -> int | None:
    """Return which of our own streams a file is, if it is one."""
    for stream in _STREAMS:
        with contextlib.suppress(OSError):  # a stream that is closed
            if os.path.samestat(found, os.fstat(stream)):
                return stream
    return None


def _blame(error: OSError, given: str, *ours: str) -> NoReturn:
    """Raise what went wrong with our own files under the name that was given; what is of other files stays."""
    if error.filename is not None and error.filename not in ours and os.fspath(error.filename) not in ours:
        raise error
    _refuse(error.errno or errno.EIO, f"cannot be written: {error.strerror or error}", given)


def _refuse(number: int, message: str, path: str) -> NoReturn:
    raise OSError(number, f"{path} {message}")  # Python chooses the class by the number


def _settle(folder: str) -> None:
    """Have the new name on the disk too; what cannot be done here (Windows, some network drives) is not needed."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
