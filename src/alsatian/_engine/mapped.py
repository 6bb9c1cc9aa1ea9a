"""Arrays that are files: a matrix larger than memory is read where it lies, its transpose written to the disk."""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 1 << 28  # bytes below which an array goes to memory, mapped or not


def is_mapped(array: NDArray[Any]) -> bool:
    """Whether an array is a view of a file that is mapped into memory."""
    base: Any = array
    while base is not None:
        if isinstance(base, np.memmap | mmap.mmap):
            return True
        base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
    return False


def empty_like_place(size: int, dtype: Any, model: NDArray[Any]) -> NDArray[Any]:
    """Return an array to be filled, which is a file where `model` is one and where it would take much memory.

    The file is in the folder for temporary files (TMPDIR), has no name, and is gone with the array.

    Raises
    ------
    OSError
        Where the disk has no room for it: says how much is wanted, and where.
    """
    kind = np.dtype(dtype)
    wanted = size * kind.itemsize
    if wanted < LEAST or not is_mapped(model):
        return np.empty(size, dtype=kind)
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    no_room = OSError(
        f"an array that a fit needs beside a matrix that is mapped from a file takes {wanted / 1e9:.3g} GB in "
        f"{folder}, where {free / 1e9:.3g} GB are free. Set the environment variable TMPDIR to a folder on a disk that "
        "has room."
    )
    if wanted > free:
        raise no_room
    with tempfile.TemporaryFile(dir=folder) as file:
        try:
            _reserve(file.fileno(), wanted)
        except OSError as error:  # a quota, or a limit on the size of files
            raise no_room from error
        return np.memmap(file, dtype=kind, mode="r+", shape=(size,))


def narrowed(indices: NDArray[Any]) -> NDArray[np.int32]:
    """Return indices in 32 bits: as they are, or else converted, to a file where they come from one."""
    if indices.dtype == np.int32:
        return indices
    out = empty_like_place(indices.size, np.int32, indices)
    out[:] = indices  # NumPy converts as it goes
    return out


def _reserve(descriptor: int, size: int) -> None:
    """Take the room on the disk now: a mapped file for which there is none kills the process once it is written."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)
