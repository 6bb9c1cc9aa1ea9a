"""The safetensors format: 8 bytes that say how long the header is, the header in JSON, and the arrays end to end.

The format is Hugging Face's (https://github.com/huggingface/safetensors#format). It is read and written here, and not
by the library of that name, so that a file is opened once (it may be replaced at any time), never copied as a whole,
and told apart from what it is not in words that help. Tests hold what is written, and what is refused, against the
library.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from alsatian.persistence._errors import ModelFileError

Arrays = dict[str, NDArray[Any]]

KEY = "alsatian"  # of our own header among the metadata
METADATA = "__metadata__"
_LENGTH_BYTES = 8
_LONGEST_HEADER = 100_000_000  # the library's own limit
_ALIGNMENT = 64
_MOST_DIMENSIONS = 32  # fewer than NumPy allows
_MOST_ENTRIES = 1 << 58  # of which the bytes still fit into a signed word, also where another size is 0

# The types a file may hold, by their names in the format. What has no entry here is refused.
DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"), "I32": np.dtype("<i4"), "I16": np.dtype("<i2"), "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"), "U32": np.dtype("<u4"), "U16": np.dtype("<u2"), "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}  # fmt: skip
_CODES = {dtype: code for code, dtype in DTYPES.items()}

# How files begin that people mistake for one of ours.
_OTHERS = {
    b"PK\x03\x04": "a zip archive, such as NumPy's npz", b"\x93NUMPY": "an array of NumPy (npy)", b"\x80": "a pickle",
    b"\x1f\x8b": "compressed by gzip", b"\x89HDF": "an HDF5 file", b"PAR1": "a Parquet file", b"SQLite": "a database",
    b"{": "a JSON document",
}  # fmt: skip

_FOREIGN = "no model file: alsatian.load reads what alsatian.save has written."
_DAMAGED = "it is damaged: copy it again from where it came from, or save the model anew"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an array lies: its type, its shape and its place in bytes from the start of the file."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int

    @property
    def count(self) -> int:
        """Number of entries; whole numbers of Python, which no size can overflow."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Length in bytes."""
        return self.count * self.dtype.itemsize

    @property
    def signature(self) -> dict[str, Any]:
        """Type and shape in the words of the format."""
        return _signature(self.dtype, self.shape)


def storable(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return the array as it goes into a file: C order, little-endian, one of the types of the format.

    Raises
    ------
    ValueError
        For an array of another type.
    """
    dtype = array.dtype.newbyteorder("<")
    if dtype not in _CODES:
        raise ValueError(f"{name} has the type {array.dtype}, which a file cannot hold: convert it to a number type.")
    return np.asarray(array, dtype=dtype, order="C")


def signature(array: NDArray[Any]) -> dict[str, Any]:
    """Return type and shape of a storable array in the words of the format."""
    return _signature(array.dtype, array.shape)


def as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the bytes of a C-contiguous array, in order and without a copy."""
    return array.reshape(-1).view(np.uint8)


def write_layout(file: BinaryIO, header: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a file: `header` as its one piece of metadata, and storable arrays, those of wide types first."""
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))  # so that all are aligned
    table: dict[str, Any] = {METADATA: {KEY: header}}
    end = 0
    for name in order:
        start, end = end, end + arrays[name].nbytes
        table[name] = signature(arrays[name]) | {"data_offsets": [start, end]}
    text = json.dumps(table, separators=(",", ":")).encode("ascii")
    text += b" " * (-(_LENGTH_BYTES + len(text)) % _ALIGNMENT)
    if len(text) > _LONGEST_HEADER:
        raise ValueError(f"The header would take {len(text)} bytes, and {_LONGEST_HEADER} is the limit of the format.")
    file.write(len(text).to_bytes(_LENGTH_BYTES, "little"))
    file.write(text)
    for name in order:
        file.write(as_bytes(arrays[name]).data)


def read_layout(file: BinaryIO, size: int) -> tuple[str, list[Entry]]:
    """Read our header, as it was given to `write_layout`, and where the arrays of a file of `size` bytes lie.

    Nothing is allocated that is larger than the file.

    Raises
    ------
    ModelFileError
        For a file that is empty, cut short, of another kind, or damaged.
    """
    table, start = _table(file, size)
    metadata = table.pop(METADATA, None)
    header = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(header, str):
        raise ModelFileError(
            "it is a safetensors file, but not one of alsatian's: alsatian.load reads what alsatian.save has written."
        )
    entries = list(_entries(table, start))
    end = max((entry.offset + entry.nbytes for entry in entries), default=start)
    if end > size:
        raise ModelFileError(f"it is cut short: {end} bytes were written, and {size} are here. Copy or save it again.")
    if end < size:
        raise ModelFileError(f"it goes on for {size - end} bytes after its end; {_DAMAGED}.")
    return header, entries


def unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of JSON, for ``json.loads(object_pairs_hook=...)``; a name that comes twice is an error."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"{name!r} comes twice")
        made[name] = value
    return made


def _signature(dtype: np.dtype[Any], shape: tuple[int, ...]) -> dict[str, Any]:
    return {"dtype": _CODES[dtype], "shape": list(shape)}


def _table(file: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """Return the header of the format, and where the arrays begin."""
    if size == 0:
        raise ModelFileError("it is empty: the model was not saved here, or the copy failed.")
    first = file.read(_LENGTH_BYTES)
    length = int.from_bytes(first, "little")
    for start, kind in _OTHERS.items():
        if first.startswith(start) and length > size:
            raise ModelFileError(f"it is {kind}, and {_FOREIGN}")
    if len(first) < _LENGTH_BYTES:
        raise ModelFileError(f"it has only {size} bytes: it is cut short, or no model file.")
    if length > _LONGEST_HEADER:
        raise ModelFileError(f"it is {_FOREIGN}")
    if length > size - _LENGTH_BYTES:
        raise ModelFileError(
            f"it is cut short, or no model file: its header would take {length} bytes, and {size} are all there is."
        )
    text = file.read(length)
    if not text.startswith(b"{"):
        raise ModelFileError(f"it is {_FOREIGN}")
    try:
        table = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except ValueError as error:
        raise ModelFileError(f"its header cannot be read ({error}); {_DAMAGED}.") from None
    return table, _LENGTH_BYTES + length


def _entries(table: dict[str, Any], start: int) -> Iterator[Entry]:
    """Give the arrays in the order in which they lie, end to end."""
    places = []
    for name, told in table.items():
        if not isinstance(told, dict) or told.keys() != {"dtype", "shape", "data_offsets"}:
            raise _no_array(name)
        code, shape, offsets = told["dtype"], told["shape"], told["data_offsets"]
        if not isinstance(code, str) or code not in DTYPES or not _are_sizes(shape) or len(shape) > _MOST_DIMENSIONS:
            raise _no_array(name)
        if not _are_sizes(offsets) or len(offsets) != 2 or math.prod(max(n, 1) for n in shape) >= _MOST_ENTRIES:
            raise _no_array(name)
        entry = Entry(name, DTYPES[code], tuple(shape), start + offsets[0])
        if entry.nbytes != offsets[1] - offsets[0]:
            raise _no_array(name)
        places.append(entry)
    places.sort(key=lambda entry: (entry.offset, entry.nbytes))
    end = start
    for entry in places:
        if entry.offset != end:
            raise ModelFileError(f"its arrays overlap or leave a gap before {entry.name!r}; {_DAMAGED}.")
        end += entry.nbytes
        yield entry


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size < _MOST_ENTRIES for size in value)


def _no_array(name: str) -> ModelFileError:
    return ModelFileError(f"its header does not say what the array {name!r} is; {_DAMAGED}.")
