"""Arrays and one text in a safetensors file, written and read by the library of that name.

What a whole file is, the library decides: that the table can be read, that types, shapes and places fit each other, and
that the arrays lie end to end and fill the file. Here is what it leaves to us: the types that we accept, large arrays
mapped and not copied, and words that tell a file cut short from one of another kind.
"""

from __future__ import annotations

import math
import mmap
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from alsatian.persistence._errors import ModelFileError

Arrays = dict[str, NDArray[Any]]

KEY = "alsatian"  # of our own header among the metadata
METADATA = "__metadata__"  # what the format calls them, as if they were an array

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
_TABLE_AT = 8  # the byte where the table begins, with a brace

_FOREIGN = "no model file: alsatian.load reads what alsatian.save has written."


class ReplacedError(ModelFileError):
    """Another file took the place of this one while it was opened."""


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
    return {"dtype": _CODES[array.dtype], "shape": list(array.shape)}


def as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the bytes of a C-contiguous array, in order and without a copy."""
    return array.reshape(-1).view(np.uint8)


def write_tensors(path: str, header: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a file: `header` as its one piece of metadata, and storable arrays.

    The library writes straight from the arrays, so a model need not fit into memory twice, and those of wide types
    first, so that all are aligned. It may put a new file in the place of one that is there.
    """
    try:
        save_file(dict(arrays), path, metadata={KEY: header})
    except SafetensorError as error:
        # What the system said comes as text alone.
        if number := re.search(r"\(os error (\d+)\)", str(error)):
            raise OSError(int(number[1]), os.strerror(int(number[1]))) from None
        raise ValueError(f"The file cannot be written: {error}.") from None


class TensorFile:
    """A file that the library has accepted: our header, type and shape of each array, and the arrays.

    The library opens a file by its name, and what is mapped is opened here: `_same` is whether both are one file. It is
    opened here first, because no other can have the same number (st_ino) as long as it is open.

    The library reads with pread, which tells where a file is cut short meanwhile; touching a map would end the process.
    It makes about 30 bytes in memory for each byte of the table, which it reads up to 100 MB: a forged file can take
    that much, but no more than that for its own size.

    Parameters
    ----------
    path : str
    file : binary file
        The same, open.

    Attributes
    ----------
    size : int
        Of the file, in bytes.
    header : str
        As it was given to `write_tensors`.
    signatures : dict of str to dict
        Type and shape of each array in the words of the format, in the order in which they lie.

    Raises
    ------
    ModelFileError
        For a file that is empty, cut short, of another kind, or damaged.
    """

    def __init__(self, path: str, file: BinaryIO) -> None:
        self._file = file
        status = os.fstat(file.fileno())
        self.size = status.st_size
        self._tensors = _accepted(path, file)
        try:
            self._same = _identity(os.stat(path)) == _identity(status)
        except FileNotFoundError:
            self._same = False
        header = (self._tensors.metadata() or {}).get(KEY)
        if header is None:
            raise ModelFileError(
                "it is a safetensors file, but not one of alsatian's: alsatian.load reads what alsatian.save has "
                "written."
            )
        self.header: str = header
        self.signatures = {name: self._signature(name) for name in self._tensors.offset_keys()}

    def read(self, name: str) -> NDArray[Any]:
        """Return an array of its own memory."""
        with _telling(name):
            array: NDArray[Any] = self._tensors.get_tensor(name)
        return array

    def mapped(self, least: int) -> Arrays:
        """Return the arrays of at least so many bytes as views of one map of the file.

        Raises
        ------
        ReplacedError
            Where the library has opened another file than was opened here.
        """
        sizes = {name: _nbytes(told) for name, told in self.signatures.items()}
        arrays: Arrays = {}
        if all(size < least for size in sizes.values()):
            return arrays
        if not self._same:
            raise ReplacedError("it was replaced while it was opened, twice: load it again.")
        table = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        end = self.size - sum(sizes.values())  # the arrays are what a file ends with, one after the other
        for name, told in self.signatures.items():
            start, end = end, end + sizes[name]
            dtype = DTYPES[told["dtype"]]
            if sizes[name] >= least and start % dtype.itemsize == 0:
                # Not np.memmap: joblib would send it to other processes by the file's name, where another model may be
                # by then.
                with _telling(name):
                    array = np.frombuffer(table, dtype, math.prod(told["shape"]), start).reshape(told["shape"])
                arrays[name] = array if sys.byteorder == "little" else array.astype(dtype.newbyteorder("="))
        return arrays

    def _signature(self, name: str) -> dict[str, Any]:
        told = self._tensors.get_slice(name)
        code, shape = told.get_dtype(), told.get_shape()
        if code not in DTYPES:
            raise ModelFileError(f"the array {name!r} has the type {code!r}, which is none of alsatian's.")
        return {"dtype": code, "shape": shape}


def _accepted(path: str, file: BinaryIO) -> Any:
    try:
        return safe_open(path, framework="numpy", backend="pread")
    except SafetensorError as error:
        raise _refusal(file, str(error)) from None


def _nbytes(told: dict[str, Any]) -> int:
    return int(math.prod(told["shape"])) * DTYPES[told["dtype"]].itemsize


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@contextmanager
def _telling(name: str) -> Iterator[None]:
    """Say which array the library or NumPy (too many dimensions) could not make."""
    try:
        yield
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelFileError(
            f"the array {name!r} cannot be read ({error}): copy the file again, or save the model anew."
        ) from None


def _refusal(file: BinaryIO, why: str) -> ModelFileError:
    """Say in words that help what the library does not take."""
    first = file.read(_TABLE_AT + 1)
    if not first:
        return ModelFileError("it is empty: the model was not saved here, or the copy failed.")
    if len(first) > _TABLE_AT and first[_TABLE_AT:] != b"{":
        kinds = (f"{kind}, and " for start, kind in _OTHERS.items() if first.startswith(start))
        return ModelFileError(f"it is {next(kinds, '')}{_FOREIGN}")
    why = why.removeprefix("Error while deserializing header: ")[:200]
    return ModelFileError(
        f"it is cut short, damaged, or no model file ({why}): copy it again from where it came from, or save the model "
        "anew."
    )
