"""Whatever a file holds, reading it gives a whole model, or an error that names the file and says what to do."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import re
import tracemalloc
from typing import Any

import joblib
import numpy as np
import pytest
import safetensors
import safetensors.numpy

import alsatian
from alsatian import ALS, ModelFileError
from alsatian.persistence import _container, describe, read, read_header, write
from persistence.stored import MODELS, X, assert_same, changed, data_for, parts, predictions

pytestmark = pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    """A small file with a bit of everything."""
    path = tmp_path_factory.mktemp("whole") / "model"
    model = MODELS["given start and bias"]().set_params(clip=(None, np.inf))
    alsatian.save(model, path)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.alsatian"


def refused(path: Any, content: bytes | None = None, **options: Any) -> str:
    """The message of the error, whose path and kind are right."""
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        alsatian.load(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert caught.value.path == str(path)
    return message.removeprefix(f"{path}: ")


# --- damaged ------------------------------------------------------------------------------------------------------


def test_a_file_cut_short_at_any_byte_is_refused(whole, path):
    path.write_bytes(whole)
    for length in reversed(range(len(whole))):
        os.truncate(path, length)
        message = refused(path, verify=False)
        assert "empty" in message or "cut short" in message


def test_a_file_that_goes_on_is_refused(whole, path):
    assert "file not fully covered" in refused(path, whole + b"\0", verify=False)


@pytest.mark.parametrize("verify", [True, False])
def test_flipped_bits_are_noticed_or_leave_a_usable_model(whole, path, verify):
    rng = np.random.default_rng(0)
    path.write_bytes(whole)
    expected = alsatian.load(path)
    end = 8 + int.from_bytes(whole[:8], "little")
    # every byte of the first header's beginning, some of the rest, and of the arrays
    places = [*range(64), *rng.integers(64, end, size=300).tolist(), *rng.integers(end, len(whole), size=60).tolist()]
    accepted = 0
    for place in places:
        spoilt = bytearray(whole)
        spoilt[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(spoilt)
        try:
            loaded = alsatian.load(path, verify=verify)
        except ModelFileError:
            continue
        accepted += 1
        if verify or place < end:  # a blank of JSON for another, or nothing that counts
            assert_same(loaded, expected)
        else:
            assert loaded.row_factors_.shape == expected.row_factors_.shape
    assert accepted < len(places) / 5


def test_what_safetensors_refuses_is_refused(whole, path):
    """Bytes of the header are changed at random; ours may be stricter, never laxer."""
    rng = np.random.default_rng(1)
    end = 8 + int.from_bytes(whole[:8], "little")
    table_start = whole.index(b'}"},') + 4  # behind the metadata, where the table of arrays begins
    both = 0
    for _ in range(400):
        spoilt = bytearray(whole)
        for _ in range(rng.integers(1, 3)):
            spoilt[rng.integers(table_start, end)] = rng.choice(list(b'0123456789,:"[]{} FI\x00\xff'))
        path.write_bytes(spoilt)
        try:
            safetensors.numpy.load_file(path)
        except Exception:
            refused(path)
            both += 1
    assert both > 200


# --- of another kind ----------------------------------------------------------------------------------------------


def in_memory(save: Any, array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    save(buffer, array)
    return buffer.getvalue()


def other_files() -> dict[str, tuple[Any, str]]:
    array = np.arange(12.0)
    return {
        "empty": (lambda path: path.write_bytes(b""), "it is empty"),
        "seven bytes": (lambda path: path.write_bytes(b"\1\0\0\0\0\0\0"), "cut short"),
        "text": (lambda path: path.write_text("Dear reader, this is a text."), "no model file"),
        "JSON": (lambda path: path.write_text('{"n_components": 3}'), "a JSON document"),
        "pickle": (lambda path: path.write_bytes(pickle.dumps(ALS())), "a pickle"),
        "joblib": (lambda path: joblib.dump(ALS(), path), "a pickle"),
        "npz": (lambda path: path.write_bytes(in_memory(np.savez, array)), "a zip archive"),
        "npy": (lambda path: path.write_bytes(in_memory(np.save, array)), "an array of NumPy"),
        "gzip": (lambda path: joblib.dump(ALS(), path, compress=("gzip", 3)), "gzip"),
        "zeros": (lambda path: path.write_bytes(bytes(1000)), "no model file"),
        "ones": (lambda path: path.write_bytes(b"\xff" * 1000), "no model file"),
        "safetensors": (lambda path: safetensors.numpy.save_file({"a": array}, path), "not one of alsatian's"),
        "safetensors with metadata": (
            lambda path: safetensors.numpy.save_file({"a": array}, path, metadata={"format": "pt"}),
            "not one of alsatian's",
        ),
        "metadata of the same name": (
            lambda path: safetensors.numpy.save_file({"a": array}, path, metadata={"alsatian": "[1]"}),
            "header is not one of alsatian's",
        ),
        "metadata that is no JSON": (
            lambda path: safetensors.numpy.save_file({"a": array}, path, metadata={"alsatian": "{"}),
            "header cannot be read",
        ),
    }


@pytest.mark.parametrize("kind", other_files())
def test_a_file_of_another_kind_is_told(kind, path):
    make, words = other_files()[kind]
    make(path)
    assert words in refused(path)
    with pytest.raises(ModelFileError, match=words):
        describe(path)


def test_a_file_of_ours_that_begins_like_a_pickle_is_told_to_be_cut_short(path):
    pickled = pickle.dumps(ALS(), protocol=4)[:2]
    write(path, {}, {})
    wanted = int.from_bytes(pickled, "little") - int.from_bytes(path.read_bytes()[:8], "little")
    for length in range(wanted - 32, wanted):  # of a text that makes the table so long that its length begins like that
        write(path, {"text": "x" * length}, {})
        if path.read_bytes().startswith(pickled):
            break
    assert path.read_bytes().startswith(pickled)
    os.truncate(path, 500)
    assert "cut short" in refused(path)


def test_no_code_of_a_file_is_run(path, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "run"), "w"))

    assert "a pickle" in refused(path, pickle.dumps(Bomb()))
    for name in (
        "os.system",
        "subprocess.Popen",
        "History",
        "FactorModel",
        "builtins.eval",
        "__doc__",
        "import_module",
    ):
        alsatian.save(MODELS["plain"](), path)
        changed(path, lambda header, arrays, name=name: header["estimator"].update({"class": name}))
        assert f"a model of class {name!r}, which alsatian {alsatian.__version__} does not know" in refused(path)
    assert not (tmp_path / "run").exists()


def raw(path: Any, table: Any, data: bytes = b"") -> bytes:
    text = table if isinstance(table, bytes) else json.dumps(table).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path.read_bytes()


BIG = 1 << 54
NOT_WHOLE = r"cut short, damaged, or no model file \("


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"{" + b"[" * 100_000, NOT_WHOLE),
        (b'{"a":' * 50_000, NOT_WHOLE),
        (b'{"a":' + b"9" * 10_000 + b"}", NOT_WHOLE),
        (b'{"a":1,"a":2}', NOT_WHOLE),
        (b'{"\xff":1}', NOT_WHOLE),
        (b"[1]", "no model file"),
        (b"{}", "not one of alsatian's"),
        ({"__metadata__": {"alsatian": 3}}, NOT_WHOLE),
        ({"__metadata__": []}, NOT_WHOLE),
        ({"__metadata__": {"alsatian": '{"format": "alsatian", "format_version": 1, "x": 1e999}'}}, "cannot be read"),
        ({"__metadata__": {"alsatian": '{"format": "alsatian", "format_version": 1, "x": NaN}'}}, "cannot be read"),
        ({"__metadata__": {"alsatian": '{"format": "alsatian", "format": "alsatian"}'}}, "'format' comes twice"),
        ({"__metadata__": {"alsatian": '{"format": "alsatian", "format_version": 1}'}}, "is not what was written"),
        ({"__metadata__": {"alsatian": '{"x":' * 400}}, "nested too deeply|cannot be read"),
        ({"a": {"dtype": "F64", "shape": [BIG], "data_offsets": [0, 8 * BIG]}}, NOT_WHOLE),
        ({"a": {"dtype": "U8", "shape": [1 << 40], "data_offsets": [0, 1 << 40]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [BIG, 0, 3], "data_offsets": [0, 8]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [0, 1 << 40, 1 << 40], "data_offsets": [0, 0]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [0, 10**4000], "data_offsets": [0, 0]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [10**4000] * 2, "data_offsets": [0, 8]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [-1, -1], "data_offsets": [0, 8]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [True], "data_offsets": [0, 8]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [1.0], "data_offsets": [0, 8]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": 1, "data_offsets": [0, 8]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [1], "data_offsets": [8, 0]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8, 9]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [1], "data_offsets": [-8, 0]}}, NOT_WHOLE),
        ({"a": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}, "'a' has the type 'BF16', which is none of"),
        ({"a": {"dtype": "F4", "shape": [16], "data_offsets": [0, 8]}}, "'a' has the type 'F4', which is none of"),
        ({"a": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}}, "'a' has the type 'C64', which is none of"),
        ({"a": {"dtype": "F65", "shape": [1], "data_offsets": [0, 8]}}, NOT_WHOLE),
        ({"a": {"dtype": ["F64"], "shape": [1], "data_offsets": [0, 8]}}, NOT_WHOLE),
        ({"a": {"dtype": "F64", "shape": [1]}}, NOT_WHOLE),
        ({"a": 3}, NOT_WHOLE),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, NOT_WHOLE),
        (
            {name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} for name in "ab"},
            NOT_WHOLE,
        ),
    ],
)
def test_a_header_that_makes_no_sense_is_told_and_nothing_large_is_allocated(table, words, path):
    data = b""
    if isinstance(table, dict) and "a" in table:
        table, data = {"__metadata__": {"alsatian": "{}"}} | table, bytes(8)
    raw(path, table, data)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match=words) as caught:
            alsatian.load(path)
        assert tracemalloc.get_traced_memory()[1] < 30 << 20
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("mmap", [True, False])
def test_more_dimensions_than_numpy_has_are_told(mmap, path, monkeypatch):
    monkeypatch.setattr(_container, "_MAPPED_FROM", 1)
    write(path, {}, {"a": np.ones(1)})
    header, _ = read_header(path)
    header["arrays"]["a"]["shape"] = [1] * 70
    header["crc32"] = _container._header_checksum(header)
    table = {"__metadata__": {"alsatian": json.dumps(header)}}
    raw(path, table | {"a": {"dtype": "F64", "shape": [1] * 70, "data_offsets": [0, 8]}}, bytes(8))
    with pytest.raises(ModelFileError, match=r"'a' cannot be read .*dimension"):
        read(path, mmap=mmap)


def test_values_nested_too_deeply_are_told(path):
    alsatian.save(MODELS["plain"](), path)
    nested: Any = 1.0
    for _ in range(300):
        nested = {"tuple": [nested]}

    def spoil(header, arrays):
        header["estimator"]["parameters"]["reg"] = nested

    changed(path, spoil)
    assert refused(path)


def test_a_header_is_never_read_if_it_says_to_be_too_long(path):
    with path.open("wb") as file:
        file.write((1 << 27).to_bytes(8, "little") + b"{")
        file.truncate(1 << 28)  # takes no room on the disk
    assert "no model file" in refused(path)


# --- of another release, or forged ----------------------------------------------------------------------------------


def test_a_newer_format_says_who_wrote_it_and_what_to_do(path, monkeypatch):
    with monkeypatch.context() as later:
        later.setattr(_container, "FORMAT_VERSION", 7)
        later.setattr(alsatian, "__version__", "3.1.4")
        alsatian.save(MODELS["plain"](), path)
    message = refused(path)
    assert "written by alsatian 3.1.4 in format 7" in message
    assert f"this is alsatian {alsatian.__version__}, which reads format 1: upgrade" in message
    with pytest.raises(ModelFileError, match="format 7"):
        describe(path)


@pytest.mark.parametrize("version", [0, -1, "1", None, True, 1.0])
def test_a_format_that_is_none_is_told(version, path, monkeypatch):
    monkeypatch.setattr(_container, "FORMAT_VERSION", version)
    write(path, {}, {})
    monkeypatch.undo()
    assert "which version of the format" in refused(path)


def test_a_file_of_another_kind_of_ours_is_told(path):
    write(path, {"kind": "Recommender"}, {})
    assert "it holds a Recommender, and not a model by itself" in refused(path)
    assert describe(path).kind == "Recommender"


def of_model(**entries: Any) -> Any:
    """A change of the model's header: entries "part__name", or of the header itself; ``...`` takes one away."""

    def change(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        for key, value in entries.items():
            part, _, name = key.partition("__")
            place = header["estimator"][part] if name else header["estimator"]
            name = name or part
            place.pop(name, None)
            if value is not ...:
                place[name] = value

    return change


def of_arrays(**entries: Any) -> Any:
    """A change of arrays, by functions of the array; None takes it away."""

    def change(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        for name, function in entries.items():
            if function is None:
                del arrays[name]
            else:
                arrays[name] = function(arrays[name])

    return change


def of_indicator(**entries: Any) -> Any:
    def change(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        header["estimator"]["attributes"]["indicator_"]["missing_indicator"].update(entries)

    return change


def with_entry(value: float) -> Any:
    def spoil(array: np.ndarray) -> np.ndarray:
        array[-1] = value
        return array

    return spoil


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_model(**{"class": "SVD"}), "a model of class 'SVD', which alsatian .* does not know: upgrade"),
        (of_model(**{"class": None}), "a model of class 'None'"),
        (of_model(**{"class": "ALSImputer"}), "parameter 'absent', which alsatian .* does not know: upgrade"),
        (of_model(parameters=[]), "does not say the parameters"),
        (of_model(attributes=None), "does not say what the model has learned"),
        (of_model(attributes=...), "does not describe a model"),
        (of_model(surplus=1), "does not describe a model"),
        (of_model(output="excel"), "the output 'excel', which"),
        (of_model(output=["pandas"]), "the output"),
        (of_model(parameters__reg=-1), "'reg' parameter of ALS must be"),
        (of_model(parameters__reg="x"), "'reg' parameter of ALS must be"),
        (of_model(parameters__reg={"tuple": 3}), "where a value should be"),
        (of_model(parameters__reg={"float": "1e3"}), "where a value should be"),
        (of_model(parameters__reg={"float": "nan"}), "'reg' parameter of ALS must be"),
        (of_model(parameters__reg={"code": "1 + 1"}), "where a value should be"),
        (of_model(parameters__reg={"tuple": [], "float": "inf"}), "where a value should be"),
        (of_model(parameters__dtype={"dtype": "O"}), "where a value should be"),
        (of_model(parameters__dtype={"type": ["float32"]}), "where a value should be"),
        (of_model(parameters__init={"array": "nowhere"}), "lacks the array 'nowhere'"),
        (of_model(parameters__init={"array": 3}), "lacks the array 3"),
        (of_model(parameters__momentum=0.9), "parameter 'momentum', which alsatian .* does not know: upgrade"),
        (of_model(attributes__colour="red"), "colour is no attribute"),
        (of_model(attributes____dict__={}), "where a value should be"),
        (of_model(attributes__transform=3), "transform is no attribute"),
        (of_model(attributes__row_factors_=...), "row_factors_ is missing"),
        (of_model(attributes__row_factors_=None), "row_factors_ should be an array of 2 dimensions, but is None"),
        (
            of_model(attributes__row_factors_={"array": "column_factors_"}),
            "row_bias_ has 12 for rows, but .* 6",
        ),
        (of_model(attributes__row_bias_={"array": "row_factors_"}), "row_bias_ should be an array of 1 dim"),
        (of_model(attributes__n_iter_=-1), "n_iter_ should be 0 or more, but is -1"),
        (of_model(attributes__n_iter_=3.0), "n_iter_ should be of type int, but is a float"),
        (of_model(attributes__n_iter_=True), "n_iter_ should be of type int"),
        (of_model(attributes__converged_=1), "converged_ should be of type bool"),
        (of_model(attributes__mean_=None), "mean_ should be of type float, but is None"),
        (of_model(attributes__mean_={"float": "nan"}), "mean_ should be finite, but is nan"),
        (of_model(attributes__n_features_in_=5), "n_features_in_ has 5 for columns"),
        (of_model(attributes__history_=None), "history_ should be a History, but is None"),
        (of_model(attributes__history_={"history": {}}), "where a value should be"),
        (of_model(attributes__history_={"history": {"loss": [1.0]}}), "where a value should be"),
        (of_model(attributes__feature_names_in_=["a"] * 6), "feature_names_in_ should be an array of strings"),
        (of_model(attributes__feature_names_in_={"strings": "names"}), "lacks the array 'names/text'"),
        (of_model(attributes__model_={"estimator": {}}), "does not describe a model"),
        (of_arrays(row_factors_=None), "lacks the array 'row_factors_'"),
        (of_arrays(row_factors_=lambda a: a.T), "has 2 for components"),
        (of_arrays(row_factors_=lambda a: a[:, :1]), "for components"),
        (of_arrays(row_factors_=np.ravel), "should be an array of 2 dimensions"),
        (of_arrays(row_factors_=lambda a: a[..., None]), "should be an array of 2 dimensions"),
        (of_arrays(row_factors_=np.int64), "row_factors_ should be float32 or float64, but is int64"),
        (of_arrays(column_factors_=np.float32), "for precision"),
        (of_arrays(column_factors_=lambda a: a[:-1]), "for columns"),
        (of_arrays(row_bias_=lambda a: a[:-1]), "for rows"),
        (of_arrays(row_factors_=with_entry(np.nan)), r"row_factors_ should be finite, but holds nan at \(11, 0\)"),
        (of_arrays(column_bias_=with_entry(-np.inf)), r"column_bias_ should be finite, but holds -inf at \(5,\)"),
    ],
)
def test_a_forged_file_is_told(change, words, path):
    alsatian.save(MODELS["both biases, limits"](), path)
    changed(path, change)
    with pytest.raises(ModelFileError, match=words) as caught:
        alsatian.load(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_model(attributes__alpha_=...), "alpha_ is missing"),
        (of_model(attributes__alpha_={"float": "nan"}), "alpha_ should be finite"),
        (of_model(attributes__alpha_=1), "alpha_ should be of type float"),
        (of_model(parameters__objective="bpr"), "'objective' parameter of ImplicitALS must be"),
        (of_model(parameters__alpha=0), "'alpha' parameter of ImplicitALS must be"),
        (of_model(parameters__bias="rows"), "gives ImplicitALS a parameter 'bias', which alsatian"),
        (of_model(**{"class": "ALS"}), "gives ALS a parameter 'alpha', which alsatian"),
        (of_arrays(column_factors_=lambda a: a[:, :1]), "for components"),
    ],
)
def test_a_forged_implicit_model_is_told(change, words, path):
    alsatian.save(MODELS["implicit"](), path)
    changed(path, change)
    assert re.search(words, refused(path))


@pytest.mark.parametrize(
    "told",
    [
        None,
        {"key": "parameters/random_state"},
        {"key": "parameters/random_state", "position": 625, "has_normal": 0, "normal": 0.0},
        {"key": "parameters/random_state", "position": -1, "has_normal": 0, "normal": 0.0},
        {"key": "parameters/random_state", "position": True, "has_normal": 0, "normal": 0.0},
        {"key": "parameters/random_state", "position": 1, "has_normal": 2, "normal": 0.0},
        {"key": "parameters/random_state", "position": 1, "has_normal": 0, "normal": None},
        {"key": "row_factors_", "position": 1, "has_normal": 0, "normal": 0.0},
    ],
)
def test_a_forged_generator_is_told(told, path):
    alsatian.save(MODELS["generator"](), path)
    changed(path, of_model(parameters__random_state={"random_state": told}))
    assert "random generator" in (message := refused(path)) or "where a value" in message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_model(attributes__model_=None), "model_ has 0 for used"),
        (of_model(attributes__model_=3.0), "model_ should be of class ALS"),
        (of_arrays(_used=with_entry(False)), "for used"),
        (of_arrays(_used=np.uint8), "_used should be bool, but is uint8"),
        (of_arrays(scale_=with_entry(np.nan)), "scale_ should be finite"),
        (of_arrays(statistics_=with_entry(np.inf)), "statistics_ should be finite"),
        (of_arrays(indicator_=lambda a: a[:-1]), "indicator_ has 5 for columns"),
        (of_arrays(indicator_=np.float32), "indicator of missing values is none"),
        (of_arrays(**{"model_/column_factors_": lambda a: a[:-1]}), "for columns"),
        (of_model(attributes__indicator_={"missing_indicator": {}}), "does not describe the indicator"),
        (of_indicator(missing_values={"float": "inf"}), "indicator of missing values is none"),
        (of_indicator(missing_values=10**400), "indicator of missing values is none"),
        (of_indicator(missing_values="x"), "indicator of missing values is none"),
        (of_indicator(columns="nowhere"), "lacks the array 'nowhere'"),
    ],
)
def test_a_forged_imputer_is_told(change, words, path):
    alsatian.save(MODELS["imputer, indicator"](), path)
    changed(path, change)
    with pytest.raises(ModelFileError, match=words):
        alsatian.load(path)


def test_a_truth_value_that_is_neither_is_told(path):
    write(path, {}, {"a": np.array([2, 1], dtype=np.uint8).view(np.bool_)})
    with pytest.raises(ModelFileError, match="neither true nor false"):
        read(path)


def test_nan_is_seen_unless_one_says_not_to_look(path):
    alsatian.save(MODELS["plain"](), path)
    changed(path, of_arrays(row_factors_=with_entry(np.nan)))
    refused(path)
    assert np.isnan(alsatian.load(path, verify=False).row_factors_[-1]).all()


def nodes(value: Any, where: tuple[Any, ...] = ()) -> Any:
    """Every place in a header."""
    yield where
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from nodes(item, (*where, key))


@pytest.mark.parametrize("kind", ["given start and bias", "generator", "implicit", "imputer, indicator"])
def test_anything_anywhere_in_a_header_gives_an_error_or_a_model_that_works(kind, path):
    model = MODELS[kind]()
    alsatian.save(model, path)
    header, arrays = parts(path)
    rng = np.random.default_rng(0)
    values = (None, True, -1, 0, 9, 3.5, -0.5, "x", "", [], {}, [[]], {"tuple": []}, {"array": "row_factors_"})
    places = list(nodes(header["estimator"]))[1:]
    for place in rng.permutation(len(places))[:150]:
        where = places[place]
        value = values[rng.integers(len(values))]

        spoilt = copy.deepcopy(header)
        node = spoilt["estimator"]
        for key in where[:-1]:
            node = node[key]
        node[where[-1]] = copy.deepcopy(value)
        write(path, spoilt, arrays)
        try:
            loaded = alsatian.load(path)
        except ModelFileError:
            continue
        said = predictions(loaded, data_for(loaded))
        assert all(np.isfinite(np.asarray(each, dtype=float)).all() for each in said)


def test_the_error_is_an_ordinary_one(path):
    error = pickle.loads(pickle.dumps(ModelFileError("it is empty.", str(path))))
    assert isinstance(error, ValueError)
    assert (str(error), error.path) == (f"{path}: it is empty.", str(path))
    assert type(error) is alsatian.ModelFileError
    with pytest.raises(FileNotFoundError, match="nowhere"):
        alsatian.load("nowhere")
    with pytest.raises(TypeError):
        alsatian.load(None)
    assert X.flags.writeable
