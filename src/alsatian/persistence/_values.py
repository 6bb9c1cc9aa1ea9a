"""Values of Python as JSON and arrays, and back: what parameters and fitted attributes may be.

JSON has None, truth values, whole numbers, finite floats, strings and lists. Everything else is an object of one entry
that says what it is: ``{"tuple": [...]}``, ``{"float": "nan"}``, ``{"array": "parameters/init"}``. Arrays lie beside
the header, under the name of the value. No value names code that would be run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alsatian.models._history import History, Record
from alsatian.persistence._errors import ModelFileError
from alsatian.persistence._tensors import Arrays, storable

_PRECISIONS = {"float32": np.float32, "float64": np.float64}
_TWISTER_WORDS = 624  # of the state of MT19937, and the largest position in it
_RECORD_TYPES = dict.fromkeys(Record.__dataclass_fields__, float) | {"iteration": int, "step": str, "solver": str}
_LATER_FIELDS = {"solver": "exact"}  # of a record, which files of the first releases lack, and what they mean
_SOLVERS = frozenset({"exact", "cg", "subspace"})
_STEPS = frozenset({"columns", "closing rows"})


def encode(value: Any, name: str, arrays: Arrays) -> Any:
    """Return a value as JSON can hold it; its arrays are added to `arrays`, under `name` or names below it.

    Parameters
    ----------
    value : object
        None, a truth value, number or string, a tuple or list of these, an array of numbers or of strings, a
        floating-point type, a RandomState, or a `History`.
    name : str
        What the value is called, for its arrays and for errors.
    arrays : dict of str to ndarray
        Is added to.

    Raises
    ------
    TypeError
        For a value of any other type.
    ValueError
        For an array of a type that a file cannot hold, or a RandomState of another kind than MT19937.
    """
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    for types, encoder in _ENCODERS:
        if isinstance(value, types):
            return encoder(value, name, arrays)
    raise _unstorable(value, name)


def decode(told: Any, arrays: Arrays) -> Any:
    """Return the value that `encode` was given.

    Raises
    ------
    ModelFileError
        For anything that `encode` does not make.
    """
    if told is None or isinstance(told, bool | int | str):
        return told
    if isinstance(told, float):
        if math.isfinite(told):
            return told
        raise _strange(told)
    if isinstance(told, list):
        return [decode(item, arrays) for item in told]
    if isinstance(told, dict) and len(told) == 1:
        ((kind, content),) = told.items()
        if kind in _DECODERS:
            return _DECODERS[kind](content, arrays)
    raise _strange(told)


def encode_text(strings: Iterable[str], name: str, arrays: Arrays) -> str:
    """Store strings as two arrays, all their bytes in UTF-8 and where each of them ends; return their common name.

    Raises
    ------
    TypeError
        For an entry that is no string.
    """
    pieces = []
    for place, string in enumerate(strings):
        if not isinstance(string, str):
            raise TypeError(f"{name} holds {string!r} at {place}, of type {type(string).__name__}, among strings.")
        pieces.append(string.encode("utf-8", "surrogatepass"))
    arrays[f"{name}/text"] = np.frombuffer(b"".join(pieces), np.uint8)
    arrays[f"{name}/ends"] = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
    return name


def decode_text(name: Any, arrays: Arrays) -> list[str]:
    """Return the strings that `encode_text` stored.

    Raises
    ------
    ModelFileError
        Where the two arrays are missing, do not fit each other, or are no UTF-8.
    """
    text, ends = (_stored(f"{name}/{part}", arrays) for part in ("text", "ends"))
    if text.dtype != np.uint8 or ends.dtype != np.int64 or text.ndim != 1 or ends.ndim != 1:
        raise ModelFileError(f"the arrays of {name!r} are no text.")
    edges = np.concatenate([np.zeros(1, np.int64), ends])
    if edges[-1] != text.size or np.any(np.diff(edges) < 0):
        raise ModelFileError(f"the text {name!r} does not end where it should.")
    whole = text.tobytes()
    try:
        return [whole[start:end].decode("utf-8", "surrogatepass") for start, end in pairwise(edges.tolist())]
    except UnicodeDecodeError as error:
        raise ModelFileError(f"the text {name!r} is no UTF-8: {error}.") from None


def _encode_list(items: list[Any] | tuple[Any, ...], name: str, arrays: Arrays) -> list[Any]:
    return [encode(item, f"{name}/{place}", arrays) for place, item in enumerate(items)]


def _encode_type(kind: type | np.dtype[Any], name: str, arrays: Arrays) -> Any:
    if isinstance(kind, np.dtype):
        if kind.name in _PRECISIONS:
            return {"dtype": kind.name}
    elif kind in _PRECISIONS.values():
        return {"type": kind.__name__}
    raise _unstorable(kind, name)


def _encode_history(history: History, name: str, arrays: Arrays) -> Any:
    return {"history": {column: encode(cells, name, arrays) for column, cells in history.to_dict().items()}}


def _encode_array(array: NDArray[Any], name: str, arrays: Arrays) -> Any:
    if array.dtype == object or array.dtype.kind == "U":
        if array.ndim != 1:
            raise TypeError(f"{name} is an array of {array.dtype} and not of numbers, which a model file cannot hold.")
        return {"strings" if array.dtype == object else "fixed strings": encode_text(array.tolist(), name, arrays)}
    arrays[name] = storable(name, array)
    return {"array": name}


def _encode_random_state(state: np.random.RandomState, name: str, arrays: Arrays) -> Any:
    told = state.get_state(legacy=False)
    if told["bit_generator"] != "MT19937":
        raise ValueError(
            f"{name} is a RandomState over {told['bit_generator']}, which a model file cannot hold: give a seed, or a "
            "RandomState made from one."
        )
    arrays[name] = np.array(told["state"]["key"], dtype=np.uint32)
    return {
        "random_state": {
            "key": name,
            "position": int(told["state"]["pos"]),
            "has_normal": int(told["has_gauss"]),
            "normal": float(told["gauss"]),
        }
    }


def _decode_random_state(told: Any, arrays: Arrays) -> np.random.RandomState:
    if not isinstance(told, dict) or told.keys() != {"key", "position", "has_normal", "normal"}:
        raise _strange(told)
    key, position, normal = _stored(told["key"], arrays), told["position"], told["normal"]
    # NumPy trusts the position, and would read beyond the state.
    fits = key.dtype == np.uint32 and key.shape == (_TWISTER_WORDS,)
    if not fits or type(position) is not int or not 0 <= position <= _TWISTER_WORDS:
        raise ModelFileError("the state of its random generator is none of MT19937.")
    if told["has_normal"] not in (0, 1) or type(normal) is not float:
        raise ModelFileError("the state of its random generator is none of MT19937.")
    state = np.random.RandomState()
    state.set_state(("MT19937", np.array(key), position, int(told["has_normal"]), normal))
    return state


def _decode_history(told: Any, arrays: Arrays) -> History:
    if not isinstance(told, dict) or told.keys() | _LATER_FIELDS.keys() != _RECORD_TYPES.keys():
        raise _strange(told)
    size = len(told["step"]) if isinstance(told["step"], list) else 0
    told = {name: [meaning] * size for name, meaning in _LATER_FIELDS.items()} | told
    columns = {name: decode(told[name], arrays) for name in _RECORD_TYPES}
    for name, column in columns.items():
        if not isinstance(column, list) or any(type(cell) is not _RECORD_TYPES[name] for cell in column):
            raise ModelFileError(f"its history does not say {name!r} as it should.")
    known = _STEPS.issuperset(columns["step"]) and _SOLVERS.issuperset(columns["solver"])
    if len({len(column) for column in columns.values()}) > 1 or not known:
        raise ModelFileError("its history is none of a fit.")
    return History(Record(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True))


def _decode_float(told: Any, arrays: Arrays) -> float:
    if told not in ("nan", "inf", "-inf"):
        raise _strange(told)
    return float(told)


def _decode_tuple(told: Any, arrays: Arrays) -> tuple[Any, ...]:
    if not isinstance(told, list):
        raise _strange(told)
    return tuple(decode(item, arrays) for item in told)


def _decode_type(told: Any, arrays: Arrays) -> Any:
    if not isinstance(told, str) or told not in _PRECISIONS:
        raise _strange(told)
    return _PRECISIONS[told]


def _decode_strings(told: Any, arrays: Arrays) -> NDArray[np.object_]:
    strings = decode_text(told, arrays)
    array = np.empty(len(strings), dtype=object)
    array[:] = strings
    return array


def _stored(name: Any, arrays: Arrays) -> NDArray[Any]:
    if not isinstance(name, str) or name not in arrays:
        raise ModelFileError(f"it lacks the array {name!r}.")
    return arrays[name]


def _strange(told: Any) -> ModelFileError:
    return ModelFileError(f"its header holds {str(told)[:60]!r} where a value should be.")


def _unstorable(value: Any, name: str) -> TypeError:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    return TypeError(
        f"{name} is of type {kind}, which a model file cannot hold: give a number, a string, None, a tuple or list of "
        "these, or an array (numpy.asarray makes one)."
    )


_ENCODERS: tuple[tuple[Any, Callable[[Any, str, Arrays], Any]], ...] = (
    (float, lambda value, name, arrays: value if math.isfinite(value) else {"float": str(value)}),
    (tuple, lambda value, name, arrays: {"tuple": _encode_list(value, name, arrays)}),
    (list, _encode_list),
    (np.ndarray, _encode_array),
    (type | np.dtype, _encode_type),
    (np.random.RandomState, _encode_random_state),
    (History, _encode_history),
)
_DECODERS: dict[str, Callable[[Any, Arrays], Any]] = {
    "array": _stored,
    "dtype": lambda told, arrays: np.dtype(_decode_type(told, arrays)),
    "fixed strings": lambda told, arrays: np.array(decode_text(told, arrays), dtype=np.str_),
    "float": _decode_float,
    "history": _decode_history,
    "random_state": _decode_random_state,
    "strings": _decode_strings,
    "tuple": _decode_tuple,
    "type": _decode_type,
}
