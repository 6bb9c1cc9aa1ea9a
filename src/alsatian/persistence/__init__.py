"""Models on the disk: one safetensors file each, without any code, checked as it is read.

`save` and `load` are for models by themselves, and are public as ``alsatian.save`` and ``alsatian.load``; `describe`
says what a file holds. Whoever has more to store beside a model makes a file of a kind of its own: `pack` and `unpack`
turn a model into a header and arrays and back, `encode`, `decode`, `encode_text` and `decode_text` do so with values
and strings, `write` and `read` have the file, and `naming` puts its path before every error.
"""

from __future__ import annotations

from alsatian.persistence._container import FORMAT_VERSION, read, read_header, write
from alsatian.persistence._describe import Description, describe
from alsatian.persistence._errors import ModelFileError, naming
from alsatian.persistence._estimators import load, save
from alsatian.persistence._packing import pack, unpack
from alsatian.persistence._values import decode, decode_text, encode, encode_text

__all__ = [
    "FORMAT_VERSION",
    "Description",
    "ModelFileError",
    "decode",
    "decode_text",
    "describe",
    "encode",
    "encode_text",
    "load",
    "naming",
    "pack",
    "read",
    "read_header",
    "save",
    "unpack",
    "write",
]
