"""What the library says to who programs, in words of the command."""

from __future__ import annotations

import os
import re

_WORDS = {
    "Pass download=True, or point data_home or": "Leave out --no-download, or point --data-home or",
    "or without resume to begin anew": "or without --resume to begin anew",
    "give another study_name": "give another --study",
    "Read the frame with weight=False, or use ALS": "Give --no-weight, or --model ratings",
    "Fit without resume to begin anew": "Fit without --resume to begin anew",
    "data, model, metric and space": "data, --model, --metric and --search",
    "Give the URL of a database, such as 'sqlite:///search.db', or a storage of Optuna": (
        "Give the URL of a database, such as sqlite:///search.db"
    ),
    "has a relevant item there, see relevant_from": "has a relevant item there, see --relevant-from",
    "another relevant_from or exclude_seen": "another --relevant-from",
}
_PATTERNS = {  # of what has a value in it; each begins where the message does, or is of one message alone
    r"^folder = '(.*)' cannot be made: ": r"--starts \1 cannot be made: ",
    r"^storage = '(.*)' is no URL of a database: one in that file is storage='(.*)'": (
        r"--storage \1 is no URL of a database: one in that file is --storage \2"
    ),
    r"^storage = '(.*)' cannot be opened": r"--storage \1 cannot be opened",
    r"^validation = (\S+) means": r"--validation \1 means",
    r"from relevant_from = (\S+?)(?:\.0)? on": r"from --relevant-from \1 on",
    r"^space has '(.*?)', which cannot": r"--search \1 cannot",
    r"^space must have '(\w+)' and '(\w+)' together, or '(\w+)' alone": (
        r"--search \1 and --search \2 have to be given together, or --search \3 alone"
    ),
}


def of_command(said: object) -> str:
    """Return an error or a warning in words of the command; an error of the system without its number.

    Examples
    --------
    >>> of_command("Fit without resume to begin anew.")
    'Fit without --resume to begin anew.'
    >>> of_command("folder = 'a.csv' cannot be made: 'a.csv' is a file.")
    "--starts a.csv cannot be made: 'a.csv' is a file."
    >>> of_command(FileNotFoundError(2, "No such file or directory", "m.alsatian"))
    'there is no file m.alsatian'
    >>> of_command(OSError(28, "No space left on device"))
    'No space left on device'
    """
    text = _of_system(said) if isinstance(said, OSError) and said.strerror else str(said)
    for library, command in _WORDS.items():
        text = text.replace(library, command)
    for pattern, command in _PATTERNS.items():
        text = re.sub(pattern, command, text)
    return text


def _of_system(error: OSError) -> str:
    name = error.filename
    if isinstance(name, int) or name is None:  # a number of ours, or a message that has the name
        return str(error.strerror)
    if isinstance(error, FileNotFoundError):
        return f"there is no file {os.fsdecode(name)}"
    return f"{os.fsdecode(name)}: {error.strerror}"
