"""What the library says to who programs, in words of the command."""

from __future__ import annotations

_WORDS = {
    "Pass download=True, or point data_home or": "Leave out --no-download, or point --data-home or",
    "or without resume to begin anew": "or without --resume to begin anew",
    "give another study_name": "give another --study",
    "Read the frame with weight=False, or use ALS": "Give --no-weight, or --model ratings",
    "Fit without resume to begin anew": "Fit without --resume to begin anew",
}


def of_command(said: object) -> str:
    """Return an error or a warning in words of the command.

    Examples
    --------
    >>> of_command("Fit without resume to begin anew.")
    'Fit without --resume to begin anew.'
    """
    text = str(said)
    for library, command in _WORDS.items():
        text = text.replace(library, command)
    return text
