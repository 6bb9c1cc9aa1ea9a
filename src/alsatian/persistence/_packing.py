"""Estimators as JSON and arrays, and back: `pack` and `unpack`."""

from __future__ import annotations

from typing import Any

import numpy as np

import alsatian
from alsatian import models
from alsatian.models._fitted import check_fitted
from alsatian.persistence._errors import ModelFileError
from alsatian.persistence._tensors import Arrays
from alsatian.persistence._values import decode, encode

_OUTPUTS = frozenset({"default", "pandas", "polars"})
_OUTPUT_CONFIG = "_sklearn_output_config"  # where scikit-learn keeps what set_output was told


def pack(model: Any, arrays: Arrays, prefix: str = "") -> dict[str, Any]:
    """Return a fitted model as JSON can hold it; its arrays are added to `arrays`, their names after `prefix`.

    Parameters
    ----------
    model : estimator
        One of alsatian's own, fitted.
    arrays : dict of str to ndarray
        Is added to: "row_factors_" after the prefix, "parameters/init", and so on.
    prefix : str, default=""
        Such as "model/", where the file holds more than this model.

    Returns
    -------
    dict

    Raises
    ------
    NotFittedError, TypeError, ValueError
        As `save`.
    """
    from sklearn.utils.validation import check_is_fitted

    classes = _classes()
    name = type(model).__name__
    if type(model) is not classes.get(name):
        raise TypeError(
            f"{_told(type(model))} cannot be saved: {', '.join(classes)}, Recommender and Interactions can. "
            "Of something that contains one of them save that part, or use pickle."
        )
    check_is_fitted(model)
    model._validate_params()  # what fit refuses, load would refuse too
    parameters = model.get_params(deep=False)
    fitted = {key: getattr(model, key) for key in model._fitted_attributes if hasattr(model, key)}
    try:
        check_fitted(model._fitted_attributes, fitted)
    except ValueError as error:
        raise ValueError(f"This {name} cannot be saved, as it could not be loaded again: {error}.") from None
    return {
        "class": name,
        "parameters": {key: encode(value, f"{prefix}parameters/{key}", arrays) for key, value in parameters.items()},
        "attributes": {key: _encode_attribute(value, prefix + key, arrays) for key, value in fitted.items()},
        "output": getattr(model, _OUTPUT_CONFIG, {}).get("transform"),
    }


def unpack(told: Any, arrays: Arrays, *, verify: bool = True) -> Any:
    """Return the model that `pack` was given.

    Parameters
    ----------
    told : dict
        What `pack` returned, as it came from the file.
    arrays : dict of str to ndarray
        Those of the file.
    verify : bool, default=True
        Whether to see that all entries are finite.

    Returns
    -------
    model : estimator

    Raises
    ------
    ModelFileError
        For a class, a parameter or an attribute that this release does not know, that is missing, or that has a value
        it cannot have.
    """
    if not isinstance(told, dict) or told.keys() != {"class", "parameters", "attributes", "output"}:
        raise ModelFileError("its header does not describe a model.")
    name, output = told["class"], told["output"]
    cls = _classes().get(name) if isinstance(name, str) else None
    if cls is None:
        raise ModelFileError(f"it holds a model of class {str(name)[:60]!r}, which {_this_release()}")
    model = cls(**_decode_parameters(cls, told["parameters"], arrays))
    if not isinstance(told["attributes"], dict):
        raise ModelFileError("its header does not say what the model has learned.")
    fitted = {key: _decode_attribute(value, arrays, verify) for key, value in told["attributes"].items()}
    try:
        model._validate_params()
        check_fitted(cls._fitted_attributes, fitted, values=verify)
    except ValueError as error:
        raise ModelFileError(f"its {name} cannot be used: {error}") from error
    vars(model).update(fitted)
    if output is not None:
        if not isinstance(output, str) or output not in _OUTPUTS:
            raise ModelFileError(f"it asks for the output {str(output)[:60]!r}, which {_this_release()}")
        model.set_output(transform=output)
    return model


def _classes() -> dict[str, Any]:
    """Return the classes that a file may name: the models of alsatian that say what their fit leaves, and no others."""
    public = {name: getattr(models, name) for name in models.__all__}
    return {name: cls for name, cls in public.items() if hasattr(cls, "_fitted_attributes")}


def _decode_parameters(cls: Any, told: Any, arrays: Arrays) -> dict[str, Any]:
    """Return the parameters; one that the file does not name, as an earlier release had none, takes its default."""
    if not isinstance(told, dict):
        raise ModelFileError("its header does not say the parameters of the model.")
    if unknown := sorted(told.keys() - cls().get_params(deep=False).keys()):
        raise ModelFileError(f"it gives {cls.__name__} a parameter {unknown[0][:60]!r}, which {_this_release()}")
    return {name: decode(value, arrays) for name, value in told.items()}


def _encode_attribute(value: Any, name: str, arrays: Arrays) -> Any:
    """Encode an attribute, which may be an estimator itself."""
    if hasattr(value, "_fitted_attributes"):
        return {"estimator": pack(value, arrays, f"{name}/")}
    if type(value).__name__ == "MissingIndicator":
        arrays[name] = np.isin(np.arange(value.n_features_in_), value.features_)
        return {"missing_indicator": {"columns": name, "missing_values": encode(value.missing_values, name, arrays)}}
    return encode(value, name, arrays)


def _decode_attribute(told: Any, arrays: Arrays, verify: bool) -> Any:
    if isinstance(told, dict) and told.keys() == {"estimator"}:
        return unpack(told["estimator"], arrays, verify=verify)
    if isinstance(told, dict) and told.keys() == {"missing_indicator"}:
        return _missing_indicator(told["missing_indicator"], arrays)
    return decode(told, arrays)


def _missing_indicator(told: Any, arrays: Arrays) -> Any:
    """Fit an indicator to one row that lacks what it has to know of: no private state of scikit-learn's is stored."""
    from sklearn.impute import MissingIndicator

    if not isinstance(told, dict) or told.keys() != {"columns", "missing_values"}:
        raise ModelFileError("its header does not describe the indicator of missing values.")
    marker = decode(told["missing_values"], arrays)
    columns = decode({"array": told["columns"]}, arrays)
    if type(marker) not in (int, float) or columns.dtype != np.bool_ or columns.ndim != 1 or columns.size == 0:
        raise ModelFileError("its indicator of missing values is none.")
    try:
        row = np.where(columns, float(marker), 1.0 if marker == 0 else 0.0)[np.newaxis]
        return MissingIndicator(missing_values=marker, error_on_new=False).fit(row)
    except (ValueError, OverflowError) as error:  # an infinite marker, or one that is no float
        raise ModelFileError(f"its indicator of missing values is none: {error}") from None


def _this_release() -> str:
    return f"alsatian {alsatian.__version__} does not know: upgrade alsatian."


def _told(kind: type) -> str:
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
