"""Fitted models that the tests of persistence share, what must be equal of two of them, and changes to files."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from alsatian import ALS, ALSImputer, ImplicitALS, Recommender
from alsatian.models import History
from alsatian.persistence import read, write

_rng = np.random.default_rng(0)
X = np.where(_rng.random((12, 6)) < 0.3, np.nan, _rng.normal(size=(12, 6)).round(3))
X[:, 5] = np.linspace(-1, 1, 12)  # a column without holes
SPARSE = sparse.csr_array(np.nan_to_num(X))
PLAYS = sparse.csr_array(_rng.poisson(0.8, size=(12, 6)) - (_rng.random((12, 6)) < 0.05))  # a few are dislikes
NEW = np.where(_rng.random((4, 6)) < 0.4, np.nan, _rng.normal(size=(4, 6)))


def _als(**params: Any) -> ALS:
    return ALS(**{"n_components": 2, "max_iter": 3, "random_state": 0} | params)


def _implicit(**params: Any) -> ImplicitALS:
    return ImplicitALS(**{"n_components": 2, "max_iter": 3, "random_state": 0} | params)


# Every parameter of ImplicitALS with another value than its default.
IMPLICIT: dict[str, Any] = {
    "n_components": 2, "objective": "ials", "alpha": 3, "unobserved_weight": 0.5, "confidence": "linear",
    "confidence_scale": 0.5, "reg": (0.01, 0.02), "reg_exponent": 0, "reg_count": "observed", "solver": "cg",
    "cg_steps": 4, "block_size": 8, "relaxation": 1.5, "max_iter": 4, "tol": 0,
    "init": np.arange(12.0).reshape(6, 2), "warm_start": True, "dtype": "float64", "random_state": 1,
    "n_jobs": 1, "verbose": False,
}  # fmt: skip

MODELS = {
    "plain": lambda: _als().fit(X),
    "float32, row bias": lambda: _als(bias="rows", dtype="float32").fit(X),
    "both biases, limits": lambda: _als(bias="both", reg=(0.1, 0.2), bias_reg=[1, 2], clip=(None, 1.5)).fit(X),
    "full": lambda: _als(bias="mean").fit(np.nan_to_num(X)),
    "zero": lambda: _als(absent="zero", bias="columns", dtype=np.float32).fit(SPARSE),
    "given start": lambda: _als(init=np.arange(12.0).reshape(6, 2), relaxation=1.5).fit(X),
    "given start and bias": lambda: _als(init=(np.ones((6, 2), order="F"), np.arange(6)), bias="both").fit(X),
    "start in lists": lambda: _als(init=[[1.0, 2.0]] * 6, clip=(0, np.inf)).fit(X),
    "generator": lambda: _als(random_state=np.random.RandomState(3), dtype=np.dtype("float64")).fit(X),
    "no iteration": lambda: _als(max_iter=0).fit(X),
    "warm": lambda: _als(warm_start=True, n_components=np.int64(2), reg=np.float32(0.1), verbose=False).fit(X),
    "more components than cells": lambda: _als(n_components=20).fit(X),
    "chosen ridge": lambda: _als(reg="auto", bias="both").fit(X),
    "implicit": lambda: _implicit().fit(PLAYS),
    "implicit, every parameter": lambda: ImplicitALS(**IMPLICIT).fit(PLAYS),
    "implicit, generator": lambda: _implicit(random_state=np.random.RandomState(3), warm_start=True).fit(PLAYS),
    "imputer": lambda: ALSImputer(2, max_iter=3, random_state=0).fit(X),
    "imputer, indicator": lambda: imputer_with_generator().fit(X),
    "imputer, marked by a number": lambda: ALSImputer(2, missing_values=-1, add_indicator=True).fit(
        np.nan_to_num(X, nan=-1)
    ),
    "imputer, marked by zero": lambda: ALSImputer(2, missing_values=0, add_indicator=True).fit(marked(0)),
    "imputer, an empty column": lambda: ALSImputer(2, keep_empty_features=True).fit(with_empty_column()),
    "imputer, nothing observed": lambda: ALSImputer(2, keep_empty_features=True).fit(np.full((3, 6), np.nan)),
}


def imputer_with_generator() -> ALSImputer:
    return ALSImputer(2, max_iter=3, add_indicator=True, random_state=np.random.RandomState(1))


def marked(marker: float) -> np.ndarray:
    return np.nan_to_num(X, nan=marker)


def with_empty_column() -> np.ndarray:
    emptied = X.copy()
    emptied[:, 1] = np.nan
    return emptied


def data_for(model: Any) -> np.ndarray:
    """Rows that the model has not seen, as it wants them."""
    if isinstance(model, ImplicitALS):
        return np.nan_to_num(NEW)
    marker = getattr(model, "missing_values", np.nan)
    return NEW if np.isnan(marker) else np.nan_to_num(NEW, nan=marker)


def assert_same(ours: Any, theirs: Any) -> None:
    """Two estimators have the same parameters and attributes, to the bit and the type."""
    assert type(ours) is type(theirs)
    if isinstance(ours, Recommender):
        assert ours.interactions_ == theirs.interactions_
        ours, theirs = ours.model_, theirs.model_
    ours, theirs = vars(ours), vars(theirs)
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert_equal(ours[name], theirs[name], name)


def assert_equal(a: Any, b: Any, name: str) -> None:
    if isinstance(a, np.ndarray):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), name
        np.testing.assert_array_equal(a, b, strict=True, err_msg=name)
    elif isinstance(a, np.random.RandomState):
        for ours, theirs in zip(a.get_state(), b.get_state(), strict=True):
            assert_equal(ours, theirs, name)
    elif isinstance(a, tuple | list):
        assert type(a) is type(b), name
        for ours, theirs in zip(a, b, strict=True):
            assert_equal(ours, theirs, name)
    elif hasattr(a, "get_params"):
        assert_same(a, b)
    elif isinstance(a, History):
        assert a == b, name
        assert a.seconds.tolist() == b.seconds.tolist(), name
    else:
        assert a == b or (isinstance(a, float) and np.isnan(a) and np.isnan(b)), name


def predictions(model: Any, rows: np.ndarray) -> list[np.ndarray]:
    """Everything that a fitted model says of some rows."""
    if isinstance(model, ALSImputer):
        return [model.transform(rows)]
    if isinstance(model, ImplicitALS):
        W = model.transform(rows)
        return [W, model.inverse_transform(W), model.predict_cells([0, 3], [1, 5])]
    W, bias = model.transform(rows, return_bias=True)
    scores = model.inverse_transform(W, bias), model.predict_cells([0, 3], [1, 5])
    return [W, *scores, *([] if bias is None else [bias]), model.impute(rows)]


def parts(path: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What was given to `write`."""
    header, arrays = read(path, mmap=False)
    for added in ("format", "format_version", "alsatian", "arrays", "crc32"):
        del header[added]
    return header, arrays


def changed(path: Any, change: Any) -> None:
    """Write the file again after ``change(header, arrays)``, with checksums that are right."""
    header, arrays = parts(path)
    change(header, arrays)
    write(path, header, arrays)
