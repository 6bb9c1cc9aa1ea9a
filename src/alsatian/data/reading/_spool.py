"""What can be read only once, a pipe or standard input, kept in a temporary file: a table is looked at, then read."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

STANDARD_INPUT = ("-", "/dev/stdin")


class Spool:
    """A temporary file with what a stream gave; it goes with this object.

    Parameters
    ----------
    stream : binary stream
        Read to its end.
    ending : str
        Of the name of the file, which says how it is compressed.

    Attributes
    ----------
    path : Path
    """

    def __init__(self, stream: Any, ending: str = "") -> None:
        descriptor, name = tempfile.mkstemp(prefix="alsatian-", suffix=ending)
        self.path = Path(name)
        self._end = weakref.finalize(self, self.path.unlink, missing_ok=True)
        try:
            with os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(stream, file)
        except BaseException:
            self._end()
            raise


def standard_input() -> Spool:
    """Keep what comes on standard input.

    Raises
    ------
    ValueError
        Where there is none.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise ValueError("standard input is closed: there is nothing to read.")
    return Spool(sys.stdin.buffer)


def of_stream(path: Path) -> Spool | None:
    """Keep what a pipe or a device gives; None for a file, which can be read again."""
    if path.is_file():
        return None
    with path.open("rb") as stream:
        return Spool(stream, path.suffix)
