"""Files that are no table of text, whatever they are called: told by their first bytes, and what to do with them."""

from __future__ import annotations

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
WORKBOOK = "a workbook, which is not read here: save the sheet as CSV in UTF-8, and give that"

_MODEL = "a model of alsatian: 'alsatian inspect' tells what is in it; a table is needed here"
_STARTS = {
    b"PAR1": "Parquet: give --format parquet",
    b"ARROW1": "a file of Arrow: give --format arrow",
    b"SQLite format 3\0": "a database of SQLite: give --format sqlite",
    b"\x93NUMPY": "an array of NumPy: give --format npy",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": WORKBOOK,
    b"\x7fELF": "a program, and no text",
    b"%PDF-": "a PDF, and no table of text",
    b"\x89PNG": "a picture, and no text",
}  # fmt: skip
_IN_WORKBOOKS = (b"[Content_Types].xml", b"xl/", b"application/vnd.oasis.opendocument.spreadsheet")
_HEADER_AT = 8  # bytes: the length of the header of a model comes before it
_LOOKED_AT = 4096  # bytes


def foreign(sample: bytes) -> str | None:
    """Say what a file is that is no text, by its first bytes; None where that is not known.

    Examples
    --------
    >>> foreign(b"PAR1....")
    'Parquet: give --format parquet'
    >>> foreign(b"user,item") is None
    True
    """
    start = sample[:_LOOKED_AT]
    for mark, told in _STARTS.items():
        if start.startswith(mark):
            return told
    if start.startswith(b"PK\x03\x04"):
        if any(name in start for name in _IN_WORKBOOKS):
            return WORKBOOK
        return "a .zip, and is not called so: unpack it, or let its name end in .zip"
    if start[_HEADER_AT:].startswith(b"{") and b"\0" in start[:_HEADER_AT] and b"alsatian" in start:
        return _MODEL
    return None
