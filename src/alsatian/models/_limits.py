"""What a machine cannot do, told by the name of the parameter that asks for it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

MAX_COMPONENTS = 99_999  # the native core takes no more


def check_memory(n_components: int, shape: tuple[int, int], dtype: Any) -> None:
    """Refuse a rank whose factors, and one k × k system, cannot fit into the memory of this machine.

    Raises
    ------
    ValueError
        Says how much is needed, and how much there is.
    """
    needed = np.dtype(dtype).itemsize * n_components * (sum(shape) + n_components)
    there_is = _physical_memory()
    if there_is is not None and needed > there_is:
        raise ValueError(
            f"n_components={n_components} needs at least {_size(needed)} of memory for X of shape {shape}, for the "
            f"factors and one k × k system a thread; this machine has {_size(there_is)}. Choose fewer components."
        )


def out_of_memory(n_components: int, n_jobs: int) -> MemoryError:
    """Return the error for an allocation that failed, in the words of the parameters."""
    return MemoryError(
        f"Out of memory with n_components={n_components} and {n_jobs} threads, each of which needs room for systems of "
        "n_components × n_components numbers: choose fewer components, or a smaller n_jobs."
    )


def _physical_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # a system that does not tell
        return None


def _size(number: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.3g} {unit}"
        number /= 1024
    return f"{number:.4g} TiB"
