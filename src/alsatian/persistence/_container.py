"""A header and named arrays in one file: `write`, `read` and `read_header`, on which all that is stored is built."""

from __future__ import annotations

import json
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

import alsatian
from alsatian.persistence._errors import ModelFileError, naming
from alsatian.persistence._replace import Path, write_beside
from alsatian.persistence._tensors import (
    METADATA,
    Arrays,
    ReplacedError,
    TensorFile,
    as_bytes,
    signature,
    storable,
    write_tensors,
)

FORMAT = "alsatian"
FORMAT_VERSION = 1  # one more when an older release could no longer read what is written

Header = dict[str, Any]

_MAPPED_FROM = 1 << 20  # bytes: what is smaller is copied
_BLOCK = 1 << 26  # bytes that are summed at once; Ctrl-C is heard in between
_OURS = frozenset({"format", "format_version", "alsatian", "arrays", "crc32"})


def write(path: Path, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a header and named arrays to a file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file; one that is there is replaced. ``.alsatian`` is the customary extension; any will do.
    header : mapping
        What JSON can hold: mappings with names, lists, strings, finite numbers, truth values, None. The names
        "format", "format_version", "alsatian", "arrays" and "crc32" are added, and may not be in it.
    arrays : mapping of str to ndarray
        Arrays of numbers or truth values, of any memory order and byte order.

    Raises
    ------
    ValueError
        For an array of another type, or a header that JSON cannot hold.
    OSError
        Where the file cannot be written: see `write_beside`.

    Notes
    -----
    The file is a safetensors file [1]_ with one piece of metadata, "alsatian": the header in JSON, with a CRC-32 of
    itself and of each array. Equal input gives equal bytes.

    References
    ----------
    .. [1] https://github.com/huggingface/safetensors#format

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/a.alsatian", {"kind": "ids"}, {"users": np.arange(3)})
    ...     header, arrays = read(f"{folder}/a.alsatian")
    >>> header["kind"], arrays["users"]
    ('ids', array([0, 1, 2]))
    """
    if taken := sorted(_OURS & header.keys()):
        raise ValueError(f"The header may not have an entry {taken[0]!r}: it is added here.")
    if METADATA in arrays:
        raise ValueError(f"An array may not have the name {METADATA!r}: the format has another use for it.")
    stored = {name: storable(name, array) for name, array in arrays.items()}
    table = {name: signature(array) | {"crc32": checksum(as_bytes(array).data)} for name, array in stored.items()}
    whole: Header = json.loads(_canonical(header)) | {
        "format": FORMAT, "format_version": FORMAT_VERSION, "alsatian": alsatian.__version__, "arrays": table,
    }  # fmt: skip
    whole["crc32"] = _header_checksum(whole)
    text = _canonical(whole)
    write_beside(path, lambda beside: write_tensors(beside, text, stored))


def read(path: Path, *, mmap: bool = True, verify: bool = True) -> tuple[Header, Arrays]:
    """Read what `write` wrote.

    Parameters
    ----------
    path : str or path-like
    mmap : bool, default=True
        Whether arrays of a megabyte and more stay in the file and are mapped: they take memory only as they are used,
        share it with other processes, and are read-only. Smaller ones, and all with False, are arrays like any other.
    verify : bool, default=True
        Whether to compare all arrays with their checksums, which reads the whole file once.

    Returns
    -------
    header : dict
    arrays : dict of str to ndarray

    Raises
    ------
    FileNotFoundError, PermissionError
        Where there is no such file, or it may not be read.
    ModelFileError
        For anything that is not a whole file of this kind.
    """
    with naming(path):
        try:
            return _read(path, mmap, verify)
        except ReplacedError:  # by another `write`, which will hardly happen twice
            return _read(path, mmap, verify)


def read_header(path: Path) -> tuple[Header, int]:
    """Read the header alone, and the size of the file in bytes; errors as in `read`."""
    with naming(path), _opened(path) as (tensors, header):
        return header, tensors.size


def checksum(data: memoryview | bytes) -> str:
    """Return the CRC-32 of some bytes as eight hexadecimal digits."""
    view = memoryview(data)
    value = 0
    for start in range(0, len(view), _BLOCK):
        value = zlib.crc32(view[start : start + _BLOCK], value)
    return f"{value:08x}"


def _read(path: Path, mmap: bool, verify: bool) -> tuple[Header, Arrays]:
    with _opened(path) as (tensors, header):
        mapped = tensors.mapped(_MAPPED_FROM) if mmap else {}
        arrays = {}
        for name in tensors.signatures:
            array = mapped[name] if name in mapped else tensors.read(name)
            if verify and checksum(as_bytes(storable(name, array)).data) != header["arrays"][name]["crc32"]:
                raise ModelFileError(
                    f"the array {name!r} is not what was written: copy it again, or save the model anew."
                )
            if array.dtype == np.bool_ and np.any(array.view(np.uint8) > 1):
                raise ModelFileError(f"the array {name!r} holds what is neither true nor false.")
            arrays[name] = array
    return header, arrays


@contextmanager
def _opened(path: Path) -> Iterator[tuple[TensorFile, Header]]:
    """Open a file, and check all but the arrays' values."""
    name = os.fsdecode(path)
    kind = os.stat(name).st_mode
    if stat.S_ISDIR(kind):
        raise ModelFileError("it is a folder: give the path of the file inside it.")
    if not stat.S_ISREG(kind):
        raise ModelFileError("it is no regular file: copy what it gives to a file first.")  # a pipe would hang
    with open(name, "rb") as file:
        tensors = TensorFile(name, file)
        yield tensors, _checked_header(tensors)


def _checked_header(tensors: TensorFile) -> Header:
    try:
        header = json.loads(tensors.header, object_pairs_hook=_unique)
        found = _header_checksum(header) if isinstance(header, dict) else None
    except ValueError as error:
        raise ModelFileError(f"its header cannot be read ({error}): copy it again, or save the model anew.") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ModelFileError("its header is not one of alsatian's.")
    version, writer = header.get("format_version"), header.get("alsatian")
    if type(version) is not int or version < 1:
        raise ModelFileError("its header does not say which version of the format it has.")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"it was written by alsatian {writer} in format {version}; this is alsatian {alsatian.__version__}, which "
            f"reads format {FORMAT_VERSION}: upgrade alsatian, or save the model again with this version."
        )
    if header.get("crc32") != found:
        raise ModelFileError("its header is not what was written: copy it again, or save the model anew.")
    _check_table(header.get("arrays"), tensors.signatures)
    return header


def _check_table(told: Any, found: Mapping[str, dict[str, Any]]) -> None:
    """Compare what our header says of the arrays, which is under its checksum, with what the format's table says."""
    if not isinstance(told, dict) or told.keys() != found.keys():
        raise ModelFileError("it does not hold the arrays that its header names.")
    for name, array in found.items():
        ours = told[name]
        if not isinstance(ours, dict) or ours.keys() != {"dtype", "shape", "crc32"} or ours != {**ours, **array}:
            raise ModelFileError(f"the array {name!r} has another type or shape than its header says.")


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of JSON; a name that comes twice is an error."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"{name!r} comes twice")
        made[name] = value
    return made


def _header_checksum(header: Header) -> str:
    return checksum(_canonical({name: value for name, value in header.items() if name != "crc32"}).encode("ascii"))


def _canonical(header: Mapping[str, Any]) -> str:
    """Write JSON in the one way that equal headers share; floats come back to the bit."""
    try:
        return json.dumps(dict(header), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"The header holds what JSON cannot: {error}.") from None
