"""The fits of a search that others may start from, in memory and, if asked, in a folder."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from alsatian.evaluation._starts import Start
from alsatian.evaluation.tuning._space import Point, Space, distance
from alsatian.persistence import ModelFileError, read, write

FIRST = -1  # the number of the fit before all trials
_KIND = "start of a search"
_BYTES = 1 << 30  # of starts that are kept


class Near(NamedTuple):
    """A fit to start from: of which trial, and how many iterations it is from a random start."""

    number: int
    start: Start
    age: int


class Archive:
    """Keeps finished fits, and finds the nearest to a point.

    Parameters
    ----------
    space : Space
    folder : Path or None
        Where each fit is written to as well, one safetensors file a trial.
    oldest : float
        Most iterations from a random start of a fit that is kept.
    """

    def __init__(self, space: Space, folder: Path | None = None, oldest: float = math.inf) -> None:
        self._space, self._folder, self._oldest = space, folder, oldest
        self._kept: dict[int, tuple[Point, Start, int]] = {}
        if folder is not None:
            made_folder(folder)

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, number: int, point: Point, start: Start, age: int) -> None:
        """Keep a fit, if it is not too old; where all are too much to keep, the first trial goes."""
        if age > self._oldest:
            return
        self._kept[number] = (point, start, age)
        while len(self._kept) > 2 and sum(_size(kept) for _, kept, _ in self._kept.values()) > _BYTES:
            del self._kept[next(number for number in self._kept if number != FIRST)]
        if self._folder is not None:
            arrays = {"columns": start.columns, "singular_values": start.singular_values, "turn": start.turn}
            if start.bias is not None:
                arrays["bias"] = start.bias
            write(self._path(number), {"kind": _KIND, "age": age}, arrays)

    def restore(self, number: int, point: Point, n_columns: int) -> bool:
        """Read a fit of an earlier run; return whether it is there."""
        if self._folder is None or not self._path(number).exists():
            return False
        path = self._path(number)
        try:
            header, arrays = read(path, mmap=False, verify=True)
        except ModelFileError as error:
            warnings.warn(f"a start of the search is damaged, and is passed over: {error}", stacklevel=2)
            return False
        if header.get("kind") != _KIND or "columns" not in arrays or len(arrays["columns"]) != n_columns:
            raise ModelFileError(f"{path}: it holds no start of this search. Give another folder, or an empty one.")
        parts = [np.array(arrays[name]) for name in ("columns", "singular_values", "turn")]
        start = Start(parts[0], parts[1], parts[2], arrays.get("bias"))
        self._kept[number] = (point, start, int(header.get("age", 0)))
        return True

    def _path(self, number: int) -> Path:
        assert self._folder is not None
        return self._folder / ("first.safetensors" if number == FIRST else f"trial-{number}.safetensors")

    def nearest(self, point: Point) -> Near | None:
        """Return the fit that is nearest; of equally near ones the latest."""
        if not self._kept:
            return None
        number = min(self._kept, key=lambda n: (distance(self._space, point, self._kept[n][0]), -n))
        _, start, age = self._kept[number]
        return Near(number, start, age)


def made_folder(folder: Path) -> None:
    """Make a folder, with all that it is in, where it is not there yet.

    Raises
    ------
    NotADirectoryError
        Where a file has its place, or that of a folder that it is in.
    """
    at = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    if at.exists() and not at.is_dir():
        raise NotADirectoryError(
            f"folder = '{folder}' cannot be made: '{at}' is a file. Give a folder for the starts of the search."
        )
    folder.mkdir(parents=True, exist_ok=True)


def _size(start: Start) -> int:
    arrays: list[Any] = [array for array in start if array is not None]
    return sum(array.nbytes for array in arrays)
