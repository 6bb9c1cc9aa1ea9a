"""Recommenders on the disk: the model, the ids and the interactions in one file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from sklearn.base import clone

from alsatian.compat import Translation
from alsatian.compat._translation import description_of_data, translation_of_data
from alsatian.data import Interactions
from alsatian.persistence import ModelFileError, naming, pack, read, unpack, write
from alsatian.recommend import _reading
from alsatian.recommend._state import TRANSLATION

KIND = "recommender"
INTERACTIONS = "interactions"  # by themselves


class Loaded(NamedTuple):
    """What a file of a recommender holds."""

    model: Any
    interactions: Interactions
    read: dict[str, Any]  # how frames are read


def save(path: Any, model: Any, interactions: Interactions, read: dict[str, Any]) -> None:
    """Write a fitted model, what its values go through, its interactions, and how frames are read."""
    arrays: dict[str, Any] = {}
    header: dict[str, Any] = {"kind": KIND, "model": pack(model, arrays, "model/"), "frames": read}
    translation = getattr(model, TRANSLATION, None)
    if translation is not None:
        header["translation"] = description_of_data(translation) | {"notes": list(translation.notes)}
    _add(interactions, header, arrays)
    write(path, header, arrays)


def save_interactions(path: Any, interactions: Interactions) -> None:
    """Write interactions by themselves."""
    header: dict[str, Any] = {"kind": INTERACTIONS}
    arrays: dict[str, Any] = {}
    _add(interactions, header, arrays)
    write(path, header, arrays)


def load_interactions(path: Any, *, mmap: bool, verify: bool) -> Interactions:
    """Read what `save_interactions` wrote.

    Raises
    ------
    ModelFileError
        Where the file does not hold that.
    """
    with naming(path):
        return _interactions(*read(path, mmap=mmap, verify=verify))


def load(path: Any, *, mmap: bool, verify: bool) -> Loaded:
    """Read what `save` wrote.

    Raises
    ------
    ModelFileError
        Where the file holds something else, or parts that do not fit together.
    """
    with naming(path):
        header, arrays = read(path, mmap=mmap, verify=verify)
        if header.get("kind") != KIND:
            told = {"estimator": "a model by itself", INTERACTIONS: "interactions by themselves"}
            found = told.get(str(header.get("kind")), f"something else ({header.get('kind')!r})")
            raise ModelFileError(f"it holds {found}, not a recommender: alsatian.load reads it.")
        return restored(header, arrays, verify=verify)


def restored(header: dict[str, Any], arrays: dict[str, Any], *, verify: bool) -> Loaded:
    """Return what is in a file that was read."""
    model = unpack(header.get("model"), arrays, verify=verify)
    interactions = _interactions(header, arrays)
    if interactions.shape != (len(model.row_factors_), len(model.column_factors_)):
        raise ModelFileError(
            f"its interactions are of shape {interactions.shape}, but its model has {len(model.row_factors_)} rows and "
            f"{len(model.column_factors_)} columns."
        )
    if "translation" in header:
        setattr(model, TRANSLATION, _translation(header["translation"], model))
    return Loaded(model, interactions, _reading.restored(header.get("frames")))


def _translation(told: Any, model: Any) -> Translation:
    try:
        notes = told.pop("notes")
        if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
            raise ValueError("its notes are no texts")
        return replace(translation_of_data(told), estimator=clone(model), notes=tuple(notes))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"it does not say what the values go through: {error}.") from error


def _add(interactions: Interactions, header: dict[str, Any], arrays: dict[str, Any]) -> None:
    header["interactions"], parts = interactions.to_stored()
    arrays |= {f"interactions/{name}": array for name, array in parts.items()}


def _interactions(header: dict[str, Any], arrays: dict[str, Any]) -> Interactions:
    prefix = "interactions/"
    parts = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    try:
        return Interactions.from_stored(header["interactions"], parts)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"its interactions cannot be used: {error}") from error
