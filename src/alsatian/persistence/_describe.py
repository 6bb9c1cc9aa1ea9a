"""`describe`: what a file holds, by its header alone."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from alsatian.persistence._container import read_header
from alsatian.persistence._errors import ModelFileError, naming
from alsatian.persistence._replace import Path
from alsatian.persistence._tensors import DTYPES
from alsatian.persistence._values import decode


@dataclass(frozen=True, slots=True)
class Description:
    """What a file of alsatian holds, by its header alone.

    Attributes
    ----------
    path : str
    size : int
        Of the file, in bytes.
    kind : str
        "estimator" for a model by itself, "recommender" for one with ids and interactions, "interactions".
    class_name : str or None
        Of the model; None where there is none.
    alsatian : str
        The version that wrote the file.
    format_version : int
    parameters : dict of str to object
        Of the model. An array, and whatever else is stored as one, is told in words.
    arrays : dict of str to (str, tuple of int)
        Type and shape of every array in the file.
    """

    path: str
    size: int
    kind: str
    class_name: str | None
    alsatian: str
    format_version: int
    parameters: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)

    def __str__(self) -> str:
        """Tell it in lines, one for each parameter and array."""
        of = "" if self.kind == "estimator" or self.class_name is None else f"{self.kind} of "
        written = f"written by alsatian {self.alsatian} in format {self.format_version}"
        lines = [f"{self.path}: {of}{self.class_name or self.kind}, {self.size:,} bytes, {written}"]
        lines += [f"  {name} = {value!r}" for name, value in self.parameters.items()]
        lines += [f"  {name}: {dtype} {shape}" for name, (dtype, shape) in self.arrays.items()]
        return "\n".join(lines)


def describe(path: Path) -> Description:
    """Say what a file holds without reading its arrays.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Description

    Raises
    ------
    FileNotFoundError, PermissionError, ModelFileError
        As `load`; but nothing is said of arrays whose values are damaged.

    Examples
    --------
    >>> import tempfile, numpy as np, alsatian
    >>> from alsatian.persistence import describe
    >>> model = alsatian.ALS(2, random_state=0).fit(np.eye(4))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     alsatian.save(model, f"{folder}/model.alsatian")
    ...     told = describe(f"{folder}/model.alsatian")
    >>> told.class_name, told.parameters["n_components"], told.arrays["row_factors_"]
    ('ALS', 2, ('float64', (4, 2)))
    """
    with naming(path):
        header, size = read_header(path)
        told = header.get("estimator", header.get("model"))
        class_name = str(told.get("class")) if isinstance(told, dict) else None
        parameters = told.get("parameters") if isinstance(told, dict) else {}
        if not isinstance(parameters, dict):
            raise ModelFileError("its header does not say the parameters of the model.")
        arrays = {
            name: (DTYPES[entry["dtype"]].name, tuple(entry["shape"])) for name, entry in header["arrays"].items()
        }
        return Description(
            os.fsdecode(path), size, str(header.get("kind")), class_name, str(header["alsatian"]),
            header["format_version"], {name: _in_words(value) for name, value in sorted(parameters.items())}, arrays,
        )  # fmt: skip


def _in_words(told: Any) -> Any:
    """Return a value, or what it is where arrays belong to it."""
    try:
        return decode(told, {})
    except ModelFileError:
        return f"<{next(iter(told), 'nothing') if isinstance(told, dict) else type(told).__name__}, stored as arrays>"
