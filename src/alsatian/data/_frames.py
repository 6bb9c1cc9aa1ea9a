"""Tables of pandas, polars, pyarrow and others: which of their columns mean what, and tables made of arrays."""

from __future__ import annotations

import sys
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from alsatian.data._names import candidates, is_weight

BACKENDS = ("pandas", "polars", "pyarrow")

_GUESSED = ("user", "item", "value")

Choice = str | bool | None


def read_frame(frame: Any, choices: dict[str, Choice]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the series of the columns that are meant, and their names, by role.

    Parameters
    ----------
    frame : frame of pandas, polars (lazy too), pyarrow, or anything that narwhals reads
    choices : dict
        For each of "user", "item", "value", "weight", "timestamp": a name, None to guess (but for weight and
        timestamp), or False for none.

    Raises
    ------
    TypeError
        Where it is no frame.
    ValueError
        Where a name is not there, or a guess is not unique: says what the frame has.
    """
    table = _table(frame)
    present = _column_names(table)
    aside = _index_told(frame)
    if not present:
        raise ValueError(f"the frame has no columns, but one of users and one of items are needed.{aside}")
    found = {role: _name(role, choice, present, aside) for role, choice in choices.items()}
    names = {role: name for role, name in found.items() if name is not None}
    _check_names(names, choices, present)
    chosen = table.select(*dict.fromkeys(names.values()))
    eager = chosen.collect() if isinstance(chosen, nw.LazyFrame) else chosen
    return {role: eager.get_column(name).to_native() for role, name in names.items()}, names


def _table(frame: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    if type(frame).__name__ == "RecordBatch" and hasattr(frame, "to_struct_array"):  # narwhals reads tables alone
        frame = sys.modules["pyarrow"].Table.from_batches([frame])
    try:
        table = nw.from_native(frame, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        raise ValueError(f"the frame has several columns of one name: {error}") from error
    if not isinstance(table, (nw.DataFrame, nw.LazyFrame)):
        more = "series.reset_index() makes a frame of one whose index has the ids. " if hasattr(frame, "index") else ""
        raise TypeError(
            f"a frame of pandas, polars or pyarrow is needed, got {type(frame).__name__}. "
            f"{more}Interactions.from_arrays takes arrays, Interactions.from_matrix a matrix."
        )
    return table


def _column_names(table: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> list[str]:
    present = list(table.collect_schema().names())
    strange = [name for name in present if not isinstance(name, str)]
    if strange:
        raise ValueError(f"columns must have texts for names, got {strange[0]!r}: rename them, or use from_arrays.")
    return present


def _name(role: str, choice: Choice, present: list[str], aside: str) -> str | None:
    if choice is False or (choice is None and role not in _GUESSED):
        return None
    if choice is not None:
        if choice not in present:
            raise ValueError(f"{role}={choice!r}: the frame has no such column. It has {_listed(present)}.{aside}")
        return str(choice)
    found = candidates(role, present)
    if len(found) == 1:
        return found[0]
    if not found and role == "value":
        return None
    what = (
        f"{len(found)} columns may hold the {role}s: {_listed(found)}" if found else f"no column is named like {role}s"
    )
    more = f", or {role}=False to count every row as one" if role == "value" else ""
    raise ValueError(f"{what}. Say {role}=... with one of {_listed(present)}{more}.{aside}")


def _index_told(frame: Any) -> str:
    """Say what the index of a frame of pandas holds, which is no column."""
    names = [name for name in getattr(getattr(frame, "index", None), "names", ()) if name is not None]
    return f" Its index has {_listed(names)}: frame.reset_index() makes columns of it." if names else ""


def _check_names(names: dict[str, str], choices: dict[str, Choice], present: list[str]) -> None:
    if names["user"] == names["item"]:
        raise ValueError(f"user and item are the same column, {names['user']!r}.")
    loose = [name for name in present if is_weight(name) and name not in names.values()]
    if loose and choices["weight"] is None:
        name = loose[0]
        raise ValueError(
            f"the frame has a column {name!r}, and nothing says what it is: value={name!r} where it is what was "
            f"observed, such as a number of plays; weight={name!r} where it says how much a value counts; "
            "weight=False to leave it out."
        )


_LONGEST = 60  # characters of a name in a message


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name if len(name) <= _LONGEST else name[:_LONGEST] + "…") for name in names[:20])
    return f"{shown}, … ({len(names)} in all)" if len(names) > 20 else shown or "no column"


def check_backend(backend: str) -> None:
    """Refuse a library that no frame can be made of."""
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(map(repr, BACKENDS))}, got {backend!r}.")


def make_frame(columns: dict[str, NDArray[Any]], backend: str) -> Any:
    """Return arrays as a frame.

    Raises
    ------
    ImportError
        Where the library is not installed.
    """
    check_backend(backend)
    given = {name: _for_frame(array) for name, array in columns.items()}
    library: Any = backend
    try:
        return nw.DataFrame.from_dict(given, backend=library).to_native()
    except ModuleNotFoundError as error:
        raise ImportError(
            f"backend={backend!r} needs {backend}, which is not installed: pip install {backend}."
        ) from error


def _for_frame(array: NDArray[Any]) -> Any:
    if array.dtype.kind == "O":
        return array.tolist()
    if array.dtype == np.dtype("datetime64[s]"):  # polars has no seconds
        return array.astype("datetime64[ms]")
    return array.copy()
