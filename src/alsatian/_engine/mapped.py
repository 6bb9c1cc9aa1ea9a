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
    if wanted > free:
        raise OSError(
            f"the transpose of a matrix that is mapped from a file takes {wanted / 1e9:.1f} GB in {folder}, where "
            f"{free / 1e9:.1f} GB are free. Set the environment variable TMPDIR to a folder on a disk that has room."
        )
    with tempfile.TemporaryFile(dir=folder) as file:
        _reserve(file.fileno(), wanted)
        return np.memmap(file, dtype=kind, mode="r+", shape=(size,))


def _reserve(descriptor: int, size: int) -> None:
    """Take the room on the disk now: a mapped file for which there is none kills the process once it is written."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)
