"""The one error for files that cannot be read as a model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


class ModelFileError(ValueError):
    """A file that is no stored model, is damaged, or was written by a newer release.

    Parameters
    ----------
    message : str
        What is wrong, and what to do.
    path : str or None, default=None
        The file, where it is known; it comes first in the message.

    Attributes
    ----------
    path : str or None
    """

    __module__ = "alsatian"  # where users find it

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message if path is None else f"{path}: {message}")
        self.path = path


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the path before the message of every `ModelFileError` inside that does not say it yet.

    Examples
    --------
    >>> with naming("plays.alsatian"):
    ...     raise ModelFileError("the ids of users and the factors differ in number")
    Traceback (most recent call last):
        ...
    alsatian.ModelFileError: plays.alsatian: the ids of users and the factors differ in number
    """
    try:
        yield
    except ModelFileError as error:
        if error.path is not None:
            raise
        raise ModelFileError(str(error), os.fsdecode(path)) from error.__cause__
    except RecursionError:
        raise ModelFileError(
            "its header is nested too deeply: it was not written by alsatian.", os.fsdecode(path)
        ) from None
