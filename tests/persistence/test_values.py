"""Values as JSON and arrays, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from alsatian.models import History, Record
from alsatian.persistence import decode, encode
from persistence.stored import assert_equal

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
number_types = arrays_of.boolean_dtypes() | arrays_of.integer_dtypes() | arrays_of.floating_dtypes(sizes=(16, 32, 64))
number_arrays = arrays_of.arrays(number_types, arrays_of.array_shapes(min_dims=0, min_side=0, max_side=4))
text_arrays = st.lists(st.text()).map(lambda names: np.array([*names, None], dtype=object)[:-1])
values = st.recursive(
    scalars | number_arrays | text_arrays | st.sampled_from([np.float32, np.float64, np.dtype("float32")]),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(values)
def test_any_value_comes_back_with_its_type(value):
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(encode(value, "name", arrays), allow_nan=False)
    assert_equal(decode(json.loads(text), arrays), in_order(value), "value")


def in_order(value):
    """Arrays come back in the byte order of the format, which nearly all machines have too."""
    if isinstance(value, tuple | list):
        return type(value)(map(in_order, value))
    return value.astype(value.dtype.newbyteorder("<")) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.int8(3), 3), (np.bool_(True), True), (np.float32(0.1), float(np.float32(0.1))), (np.str_("a"), "a")],
)
def test_numbers_of_numpy_come_back_as_pythons(value, expected):
    found = decode(encode(value, "name", {}), {})
    assert found == expected
    assert isinstance(found, type(expected))


def test_fixed_strings_keep_their_type():
    arrays: dict[str, np.ndarray] = {}
    names = np.array(["a", "", "日本"])
    assert_equal(decode(encode(names, "names", arrays), arrays), names, "names")


@pytest.mark.parametrize(
    "value", [b"a", 1j, {1: 2}, {1}, print, int, np.dtype(int), np.timedelta64(3), np.longdouble(3)]
)
def test_any_other_value_is_refused_by_its_name(value):
    with pytest.raises(TypeError, match="the name is of type"):
        encode(value, "the name", {})


def test_an_array_of_objects_is_refused():
    with pytest.raises(TypeError, match="names holds 3 at 1, of type int, among strings"):
        encode(np.array(["a", 3], dtype=object), "names", {})
    with pytest.raises(TypeError, match="names is an array of object and not of numbers"):
        encode(np.array([["a"]], dtype=object), "names", {})


def test_a_generator_goes_on_where_it_was():
    generator = np.random.RandomState(3)
    generator.normal(size=3)  # an odd number: the next one is kept ready
    arrays: dict[str, np.ndarray] = {}
    told = encode(generator, "generator", arrays)
    again = decode(json.loads(json.dumps(told)), arrays)
    assert generator.normal(size=700).tolist() == again.normal(size=700).tolist()
    assert generator.randint(1 << 30) == again.randint(1 << 30)


def test_a_history_of_an_early_file_is_of_exact_solvers():
    history = History([Record(1, "columns", *[0.5] * 7)] * 2)
    told = encode(history, "history", {})
    del told["history"]["solver"]
    assert decode(told, {}) == history
    told["history"]["solver"] = ["exact", "by guess"]
    with pytest.raises(ValueError, match="none of a fit"):
        decode(told, {})


def test_a_history_comes_back_with_its_times():
    history = History([Record(1, "columns", 0.1, 0.2, 0.3, 0.4, float("inf"), 1.9, 1e-9)])
    again = decode(json.loads(json.dumps(encode(history, "history", {}))), {})
    assert_equal(again, history, "history")
    assert decode(encode(History(), "history", {}), {}) == History()


@pytest.mark.parametrize(
    "spoil",
    [
        {"loss": [1]},
        {"loss": [True]},
        {"loss": [1.0, 2.0]},
        {"loss": 1.0},
        {"iteration": [1.0]},
        {"step": ["rows"]},
        {"step": [None]},
        {"more": [1.0]},
    ],
)
def test_a_history_that_is_none_is_refused(spoil):
    told = encode(History([Record(1, "columns", *[0.5] * 7)]), "history", {})
    told["history"].update(spoil)
    with pytest.raises(ValueError, match=r"history|where a value should be"):
        decode(told, {})
