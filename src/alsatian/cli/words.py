"""What the library says to who programs, in words of the command."""

from __future__ import annotations

import os

_WORDS = {
    "Pass download=True, or point data_home or": "Leave out --no-download, or point --data-home or",
    "or without resume to begin anew": "or without --resume to begin anew",
    "give another study_name": "give another --study",
    "Read the frame with weight=False, or use ALS": "Give --no-weight, or --model ratings",
    "Fit without resume to begin anew": "Fit without --resume to begin anew",
}


def of_command(said: object) -> str:
    """Return an error or a warning in words of the command; an error of the system without its number.

    Examples
    --------
    >>> of_command("Fit without resume to begin anew.")
    'Fit without --resume to begin anew.'
    >>> of_command(FileNotFoundError(2, "No such file or directory", "m.alsatian"))
    'there is no file m.alsatian'
    >>> of_command(OSError(28, "No space left on device"))
    'No space left on device'
    """
    text = _of_system(said) if isinstance(said, OSError) and said.strerror else str(said)
    for library, command in _WORDS.items():
        text = text.replace(library, command)
    return text


def _of_system(error: OSError) -> str:
    name = error.filename
    if isinstance(name, int) or name is None:  # a number of ours, or a message that has the name
        return str(error.strerror)
    if isinstance(error, FileNotFoundError):
        return f"there is no file {os.fsdecode(name)}"
    return f"{os.fsdecode(name)}: {error.strerror}"
