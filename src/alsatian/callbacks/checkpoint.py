"""Checkpoints: a long fit kept on the disk while it runs, and resumed after a kill."""

from __future__ import annotations

import os
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from alsatian.callbacks._base import Callback
from alsatian.models import History, Record
from alsatian.models._fit import Alternation, Factors, FitState
from alsatian.models._fitting import running_fit
from alsatian.persistence import ModelFileError, naming, read, write

KIND = "checkpoint"
NAME = "checkpoint.alsatian"

# May differ between the fit that was killed and the one that goes on: no bit of a factor depends on them, or they only
# say how long to go on. Where a fit begins may not differ, though its start is past: with another seed, a fit is meant
# to be another one.
_FREE = frozenset({"n_jobs", "verbose", "max_iter", "tol", "warm_start", "clip"})
_FACTORS = ("rows", "columns", "row_bias", "column_bias")


class Checkpoint(Callback):
    """Writes a fit to the disk as it goes, so that after a kill nothing is lost but the iteration that was running.

    A fit that was resumed ends with the same factors and history, to the bit, as one that was never stopped; only its
    times differ, which count the seconds of both. ``max_iter`` and ``tol`` may be changed in between: it then goes on
    as far as these say. So may `clip`, `n_jobs`, `verbose` and `warm_start`; the data and all other parameters, the
    seed and `init` among them, must be what they were.

    Parameters
    ----------
    folder : str or path-like
        Where the file ``checkpoint.alsatian`` is kept; made where it is not there. Each is written beside the last one
        and renamed, so there is a whole one at any time.
    resume : bool, default=False
        Whether to go on from a checkpoint in the folder, where there is one. Without it, one that is there is replaced
        after the first iteration.
    every : float, default=0.0
        Seconds between two checkpoints at least; 0 writes one after each iteration. The last iteration is always
        written.

    Attributes
    ----------
    resumed_ : int
        Iterations that the checkpoint had done which the last fit went on from; 0 where there was none.

    Raises
    ------
    ValueError
        From `fit` with `resume`: where the checkpoint is of other data, another model or other parameters; names them.
    ModelFileError
        Where the file is damaged, or no checkpoint.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from alsatian import ALS
    >>> from alsatian.callbacks import Checkpoint
    >>> X, folder = np.eye(6), tempfile.TemporaryDirectory()
    >>> whole = ALS(2, max_iter=8, tol=0, random_state=0).fit(X)
    >>> part = ALS(2, max_iter=9, tol=0, random_state=0).set_callbacks(Checkpoint(folder.name))
    >>> part.max_iter = 8  # as if it had been killed later
    >>> again = part.fit(X).set_callbacks(Checkpoint(folder.name, resume=True)).fit(X)
    >>> again.history_ == whole.history_
    True
    >>> folder.cleanup()
    """

    def __init__(self, folder: str | os.PathLike[str], *, resume: bool = False, every: float = 0.0) -> None:
        self.folder, self.resume, self.every = folder, resume, every
        self._last = -np.inf
        self._told: dict[str, Any] = {}

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.folder) / NAME

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Before the first iteration: go on from the file, where there is one and it is asked for."""
        if context.task_name == "iteration":
            return
        run = running_fit(estimator)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._told = _identity(estimator, run)
        self.resumed_ = 0
        if self.resume and self.path.exists():
            state = _read(self.path, self._told, run.factors)
            run.go_to(state)
            self.resumed_ = len(state.history)
        self._last = time.monotonic()

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool | None:
        """After an iteration: write the file."""
        if context.task_name != "iteration":
            return False
        run = running_fit(estimator)
        now = time.monotonic()
        if run.ending or now - self._last >= self.every:
            _write(self.path, self._told, run.state())
            self._last = time.monotonic()
        return False


def _identity(estimator: Any, run: Alternation) -> dict[str, Any]:
    """Return what a fit that goes on must share with the one that was stopped."""
    parameters = {
        name: _start(value) if name == "init" else _plain(value)
        for name, value in sorted(estimator.get_params(deep=False).items())
        if name not in _FREE
    }
    cells = run.rows.cells
    checksum = 0
    for array in (cells.indptr, cells.indices, cells.values, cells.weights):
        if array is not None:
            checksum = zlib.crc32(np.ascontiguousarray(array).data.cast("B"), checksum)
    data = {
        "shape": list(cells.shape), "cells": int(cells.values.size), "precision": cells.values.dtype.name,
        "checksum": f"{checksum:08x}", "mean": float(run.factors.mean),
    }  # fmt: skip
    return {"class": type(estimator).__name__, "parameters": parameters, "data": data}


def _start(init: Any) -> str:
    """Return `init` as it is compared: of given columns, and their bias, a checksum."""
    if isinstance(init, str):
        return init
    checksum = 0
    for part in init if isinstance(init, tuple) else (init,):
        if part is not None:
            array = np.ascontiguousarray(np.asarray(part, dtype=np.float64))
            checksum = zlib.crc32(array.data.cast("B"), checksum)
    return f"columns with the checksum {checksum:08x}"


def _plain(value: Any) -> Any:
    if isinstance(value, np.random.RandomState):
        return "a generator"  # which has moved on, and cannot be compared
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.item() if isinstance(value, np.generic) else str(np.dtype(value) if _is_type(value) else value)


def _is_type(value: Any) -> bool:
    return isinstance(value, type | np.dtype)


def _write(path: Path, told: dict[str, Any], state: FitState) -> None:
    header = {
        "kind": KIND, "fit": told, "history": state.history.to_dict(), "converged": bool(state.converged),
        "ridges": [state.row_ridge, state.column_ridge],
    }  # fmt: skip
    arrays = {name: getattr(state.factors, name) for name in _FACTORS}
    write(path, header, {name: array for name, array in arrays.items() if array is not None})


def _read(path: Path, told: dict[str, Any], like: Factors) -> FitState:
    with naming(path):
        header, arrays = read(path, mmap=False)
        if header.get("kind") != KIND:
            raise ModelFileError(f"it holds a {header.get('kind')!r}, not a checkpoint.")
        _check_same(header.get("fit"), told)
        try:
            table = header["history"]
            names = list(Record.__dataclass_fields__)
            rows = zip(*(table[name] for name in names), strict=True)
            history = History(Record(**dict(zip(names, row, strict=True))) for row in rows)
            row_ridge, column_ridge = map(float, header["ridges"])
            converged = bool(header["converged"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(f"its header cannot be used: {error}.") from error
        stored: dict[str, Any] = {name: arrays.get(name) for name in _FACTORS}
        factors = Factors(**stored, mean=like.mean)
        for name in _FACTORS:
            ours, theirs = getattr(like, name), getattr(factors, name)
            if (ours is None) != (theirs is None) or (
                ours is not None and (ours.shape != theirs.shape or ours.dtype != theirs.dtype)
            ):
                raise ModelFileError(f"its {name.replace('_', ' ')} do not fit the model.")
        return FitState(factors, history, converged, row_ridge, column_ridge)


def _check_same(stored: Any, told: dict[str, Any]) -> None:
    """Refuse a checkpoint of another fit: say what is different."""
    if not isinstance(stored, dict) or stored.keys() != told.keys():
        raise ModelFileError("its header does not say which fit it is of.")
    if stored["class"] != told["class"]:
        raise ValueError(f"it is a checkpoint of {stored['class']}, but {told['class']} is fitted.")
    ours, theirs = told["parameters"], stored["parameters"]
    for name in ours:
        if name not in theirs or theirs[name] != ours[name]:
            was = theirs.get(name, "nothing")
            raise ValueError(
                f"it is a checkpoint with {name}={was!r}, but the model has {name}={ours[name]!r}. Fit with what it "
                "has, or without resume to begin anew."
            )
    if stored["data"] != told["data"]:
        different = next(name for name in told["data"] if stored["data"].get(name) != told["data"][name])
        raise ValueError(
            f"it is a checkpoint of other data: their {different} was {stored['data'].get(different)}, and is "
            f"{told['data'][different]} now. Fit without resume to begin anew."
        )
