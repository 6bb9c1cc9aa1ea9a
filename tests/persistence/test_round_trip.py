"""A model that was saved and loaded is the one that was saved: to the bit, and in all that one can do with it."""

from __future__ import annotations

import copy
import pickle
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

import alsatian
from alsatian import ALS, ALSImputer, ImplicitALS
from alsatian.persistence import _container, describe
from persistence import stored
from persistence.stored import IMPLICIT, MODELS, PLAYS, X, assert_equal, assert_same, data_for, predictions

pytestmark = pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")


@pytest.fixture(params=["copied", "mapped"])
def mapping(request, monkeypatch):
    """Arrays are mapped however small, or are copied."""
    if request.param == "mapped":
        monkeypatch.setattr(_container, "_MAPPED_FROM", 1)
    return request.param == "mapped"


@pytest.mark.parametrize("kind", MODELS)
def test_a_loaded_model_is_the_saved_one(kind, mapping, tmp_path):
    model = MODELS[kind]()
    alsatian.save(model, tmp_path / "model.alsatian")
    loaded = alsatian.load(tmp_path / "model.alsatian")
    # numbers of NumPy come back as Python's; they are equal
    assert_same(loaded, model)
    rows = data_for(model)
    for ours, theirs in zip(predictions(loaded, rows), predictions(model, rows), strict=True):
        assert_equal(ours, theirs, kind)


@pytest.mark.parametrize("kind", MODELS)
def test_the_same_model_gives_the_same_bytes_again_and_after_loading(kind, mapping, tmp_path):
    model = MODELS[kind]()
    for name in ("a", "b"):
        alsatian.save(model, tmp_path / name)
    alsatian.save(alsatian.load(tmp_path / "a"), tmp_path / "c")
    first = (tmp_path / "a").read_bytes()
    assert (tmp_path / "b").read_bytes() == first
    assert (tmp_path / "c").read_bytes() == first


@pytest.mark.parametrize(
    "kind", ["generator", "given start and bias", "warm", "implicit, generator", "imputer, indicator"]
)
def test_a_loaded_model_fits_again_as_the_saved_one_does(kind, mapping, tmp_path):
    model = MODELS[kind]()
    X = PLAYS if isinstance(model, ImplicitALS) else stored.X
    alsatian.save(model, tmp_path / "model")
    loaded = alsatian.load(tmp_path / "model")
    assert_equal(clone(loaded).fit(X).transform(X), clone(model).fit(X).transform(X), kind)
    assert_equal(loaded.fit(X).transform(X), model.fit(X).transform(X), kind)
    assert_equal(loaded.n_iter_, model.n_iter_, kind)


@pytest.mark.parametrize("kind", ["both biases, limits", "imputer, indicator"])
@pytest.mark.parametrize(
    "duplicate",
    [
        lambda model, path: pickle.loads(pickle.dumps(model)),
        lambda model, path: pickle.loads(pickle.dumps(model, protocol=2)),
        lambda model, path: copy.copy(model),
        lambda model, path: copy.deepcopy(model),
        lambda model, path: joblib.load(joblib.dump(model, path / "joblib")[0]),
        lambda model, path: joblib.load(joblib.dump(model, path / "joblib")[0], mmap_mode="r"),
    ],
    ids=["pickle", "pickle 2", "copy", "deepcopy", "joblib", "joblib mapped"],
)
def test_fitted_models_can_be_copied_in_every_way_also_after_loading(kind, duplicate, mapping, tmp_path):
    model = MODELS[kind]()
    alsatian.save(model, tmp_path / "model")
    for original in (copy.deepcopy(model), alsatian.load(tmp_path / "model")):
        twin = duplicate(original, tmp_path)
        assert_same(twin, model)
        assert_equal(twin.transform(X), model.transform(X), kind)
        alsatian.save(twin, tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == (tmp_path / "model").read_bytes()
        twin.fit(X)  # whatever of it is read-only


@pytest.mark.parametrize("backend", ["multiprocessing", "threading"])
def test_other_processes_get_the_model_that_was_loaded_whatever_the_file_holds_by_then(backend, tmp_path, monkeypatch):
    monkeypatch.setattr(_container, "_MAPPED_FROM", 1)
    model = MODELS["plain"]()
    expected = model.transform(X)
    alsatian.save(model, tmp_path / "model")
    loaded = alsatian.load(tmp_path / "model")
    alsatian.save(ALS(2, random_state=5, max_iter=1).fit(X), tmp_path / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of any fork beside idle threads
        found = joblib.Parallel(n_jobs=2, backend=backend, max_nbytes=1)(
            joblib.delayed(type(loaded).transform)(loaded, X) for _ in range(2)
        )
    for each in found:
        assert_equal(each, expected, backend)


@pytest.mark.parametrize("names", [["a", "b", "c", "d", "e", "f"], ["", "ü", "日本", "a\0", "a", "a b\n"]])
@pytest.mark.parametrize("estimator", [ALS(2, random_state=0, max_iter=2), ALSImputer(2, add_indicator=True)])
def test_column_names_are_kept(estimator, names, tmp_path):
    frame = pd.DataFrame(X, columns=pd.Index(names, dtype=object))
    model = clone(estimator).fit(frame)
    alsatian.save(model, tmp_path / "model")
    loaded = alsatian.load(tmp_path / "model")
    assert_same(loaded, model)
    assert_equal(loaded.transform(frame), model.transform(frame), "names")
    with pytest.raises(ValueError, match="feature names"):
        loaded.transform(frame[names[::-1]])
    if isinstance(model, ALSImputer):
        assert_equal(loaded.get_feature_names_out(), model.get_feature_names_out(), "names out")


@pytest.mark.parametrize("output", ["pandas", "polars", "default"])
def test_the_output_that_was_asked_for_is_kept(output, tmp_path):
    model = MODELS["plain"]().set_output(transform=output)
    alsatian.save(model, tmp_path / "model")
    assert type(alsatian.load(tmp_path / "model").transform(X)) is type(model.transform(X))
    assert_same(alsatian.load(tmp_path / "model"), model)


def test_what_fit_was_broken_off_from_can_be_saved(tmp_path):
    class Stop:
        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...
        def on_fit_task_end(self, estimator, context):
            if context.task_name == "iteration" and context.task_id == 2:
                raise KeyboardInterrupt

    model = ALS(2, random_state=0, max_iter=9, tol=0).set_callbacks(Stop())
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    alsatian.save(model, tmp_path / "model")
    loaded = alsatian.load(tmp_path / "model")
    assert loaded.n_iter_ == model.n_iter_ == 3
    assert loaded.history_ == model.history_
    assert_equal(loaded.transform(X), model.transform(X), "transform")
    assert not [name for name in vars(loaded) if "callback" in name]  # they are code, and are not in the file


def test_every_parameter_of_a_model_is_tried_with_another_value_than_its_default():
    defaults = ImplicitALS().get_params()
    assert defaults.keys() == IMPLICIT.keys()
    assert not [name for name, value in IMPLICIT.items() if value is defaults[name]]


def test_large_arrays_are_mapped_and_read_only_and_small_ones_are_not(tmp_path):
    model = ALS(64, random_state=0, max_iter=1).fit(np.random.default_rng(0).normal(size=(3000, 5)))
    alsatian.save(model, tmp_path / "model")
    loaded = alsatian.load(tmp_path / "model")
    assert not loaded.row_factors_.flags.writeable
    assert not loaded.row_factors_.flags.owndata
    assert loaded.row_factors_.flags.aligned
    assert type(loaded.row_factors_) is np.ndarray
    assert loaded.column_factors_.flags.writeable
    read = alsatian.load(tmp_path / "model", mmap=False)
    assert read.row_factors_.flags.writeable
    assert_same(read, loaded)
    assert_same(alsatian.load(tmp_path / "model", verify=False), loaded)


def test_parameters_changed_after_the_fit_are_saved_as_they_are_and_bad_ones_refused(tmp_path):
    model = MODELS["plain"]().set_params(n_components=5, clip=(0, 1))
    alsatian.save(model, tmp_path / "model")
    assert_same(alsatian.load(tmp_path / "model"), model)
    with pytest.raises(ValueError, match="'reg' parameter of ALS must be"):
        alsatian.save(model.set_params(reg=-1), tmp_path / "model")
    assert alsatian.load(tmp_path / "model").reg == 0.1


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        (ALS(), NotFittedError, "not fitted"),
        (ALSImputer(), NotFittedError, "not fitted"),
        (ALS, TypeError, "type cannot be saved: ALS, ALSImputer"),
        (None, TypeError, "NoneType cannot be saved"),
        ({}, TypeError, "^dict cannot be saved: .*ImplicitALS, Recommender and Interactions can"),
        (type("ALS", (ALS,), {})(), TypeError, "cannot be saved"),
        (make_pipeline(ALS()), TypeError, "Pipeline cannot be saved.* save that part"),
    ],
)
def test_what_cannot_be_saved_is_told(model, error, words, tmp_path):
    with pytest.raises(error, match=words):
        alsatian.save(model, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_could_not_be_loaded_again_is_not_saved(tmp_path):
    model = MODELS["plain"]()
    model.row_factors_ = model.row_factors_.copy()
    model.row_factors_[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"This ALS cannot be saved.*row_factors_ should .* nan at \(3, 1\)"):
        alsatian.save(model, tmp_path / "model")
    model.row_factors_ = model.row_factors_[:, :1]
    with pytest.raises(ValueError, match="column_factors_ has 2 for components"):
        alsatian.save(model, tmp_path / "model")


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"init": pd.DataFrame(np.ones((6, 2)))}, TypeError, "parameters/init is of type pandas.*asarray"),
        ({"init": np.ones((6, 2), dtype=np.longdouble)}, ValueError, "parameters/init has the type"),
        ({"random_state": np.random.RandomState(np.random.PCG64(1))}, ValueError, "RandomState over PCG64.*seed"),
    ],
)
def test_a_parameter_that_a_file_cannot_hold_is_named(params, error, words, tmp_path):
    model = ALS(2, max_iter=1, **params).fit(X)
    with pytest.raises(error, match=words):
        alsatian.save(model, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_described_by_its_header_alone(tmp_path):
    path = tmp_path / "model.alsatian"
    alsatian.save(MODELS["given start and bias"](), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))  # the arrays' values are not looked at
    told = describe(path)
    assert (told.kind, told.class_name, told.format_version) == ("estimator", "ALS", 1)
    assert (told.path, told.size, told.alsatian) == (str(path), len(whole), alsatian.__version__)
    assert told.arrays["row_factors_"] == ("float64", (12, 2))
    assert told.parameters["bias"] == "both"
    assert told.parameters["init"] == "<tuple, stored as arrays>"
    assert "ALS" in str(told)
    assert "bias = 'both'" in str(told)
    assert "column_bias_: float64 (6,)" in str(told)


def test_paths_of_every_kind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = MODELS["plain"]()
    for path in ("plain", Path("a.path"), b"bytes", "ünï 日本 \n.alsatian", "x" * 255, ".hidden", "-"):
        alsatian.save(model, path)
        assert_same(alsatian.load(path), model)
    assert len(list(tmp_path.iterdir())) == 7
