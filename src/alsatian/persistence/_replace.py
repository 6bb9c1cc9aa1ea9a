"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable
from typing import NoReturn

Path = str | os.PathLike[str]


def write_beside(path: Path, write: Callable[[str], None]) -> None:
    """Write a file through `write`, under a name of its own in the same folder, and rename it once it is on the disk.

    Whoever has the old file open, or mapped, keeps the old one. After a failure the old file is as it was, and nothing
    else is left. A symbolic link stays: what it leads to is replaced. A new file has the permissions of any new file,
    one that takes the place of another has those of the other.

    Parameters
    ----------
    path : str or path-like
    write : callable
        Takes the name beside, where an empty file is, and writes to it or puts another file in its place.

    Raises
    ------
    OSError
        Where the file cannot be written: FileNotFoundError where there is no such folder, PermissionError, and others.
        The message names the path and says what is wrong.
    """
    given = os.fsdecode(path)
    target = os.path.realpath(given)
    folder = os.path.dirname(target)
    mode = _checked(given, target, folder)
    beside = os.path.join(folder, f".alsatian-{secrets.token_hex(8)}.tmp")
    try:
        # Made here, since only a file that is made with open has the permissions that a new file gets in this folder.
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        try:
            with os.fdopen(descriptor, "wb"):
                mode = stat.S_IMODE(os.fstat(descriptor).st_mode) if mode is None else mode
            write(beside)
            with open(beside, "r+b") as file:
                os.fsync(file.fileno())
            os.chmod(beside, mode)
            os.replace(beside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
    except OSError as error:
        _refuse(error.errno or errno.EIO, f"cannot be written: {error.strerror or error}", given)
    _settle(folder)


def _checked(given: str, target: str, folder: str) -> int | None:
    """Return the permissions of the file that is to be replaced, or None where there is none."""
    if not os.path.basename(given) or os.path.isdir(target):
        _refuse(errno.EISDIR, "is a folder: give the path of a file, such as model.alsatian inside it", given)
    if not os.path.isdir(folder):
        _refuse(errno.ENOENT, f"cannot be written: there is no folder {folder}, make it first", given)
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        _refuse(error.errno or errno.EIO, f"cannot be written: {error.strerror}", given)
    if not stat.S_ISREG(mode):
        _refuse(errno.EINVAL, "is there already and no regular file: choose another name", given)
    if not os.access(target, os.W_OK):
        _refuse(errno.EACCES, "is there already and may not be written: choose another name", given)
    return stat.S_IMODE(mode)


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
