"""How parameters of other libraries are read, the same for all of them, and that our lists of them are theirs."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.decomposition import TruncatedSVD

from alsatian import compat
from alsatian.compat import cmfrec, implicit, irspack, spark, surprise, truncated_svd
from alsatian.compat._parameters import Peer, same, seed
from alsatian.compat._translation import _THEIRS
from compat.peers import peer, quiet

PEERS = [
    implicit.PEER, irspack.PEER, cmfrec.CMF, cmfrec.CMF_IMPLICIT, spark.PEER, surprise.PEER, truncated_svd.PEER,
]  # fmt: skip
PAGE = Path(__file__).parents[2] / "docs" / "coming-from-elsewhere.md"


def by_name(of: Peer) -> str:
    return of.function


@pytest.mark.parametrize("of", PEERS, ids=by_name)
def test_defaults_alone_make_an_estimator(of: Peer) -> None:
    translation = getattr(compat, of.function)()
    assert translation.notes
    lines = str(translation).splitlines()
    assert lines[-1] == f"- {translation.notes[-1]}"
    assert not hasattr(translation.estimator, "column_factors_")


@pytest.mark.parametrize("of", PEERS, ids=by_name)
def test_an_unknown_parameter_is_named(of: Peer) -> None:
    translate = getattr(compat, of.function)
    first = next(iter(of.parameters))
    with pytest.raises(TypeError, match=rf"{of.function} got '{first}x', .*Did you mean '{first}'\?"):
        translate(**{first + "x": 1})
    with pytest.raises(TypeError, match=r"got 'zzzz', which is no parameter of .* It has: "):
        translate(zzzz=1)


@pytest.mark.parametrize("of", PEERS, ids=by_name)
def test_what_is_no_such_estimator_is_refused(of: Peer) -> None:
    translate = getattr(compat, of.function)
    with pytest.raises(TypeError, match=f"takes an estimator like .*, but a int has no '{of.needed[0]}'"):
        translate(3)
    with pytest.raises(TypeError, match="takes an estimator, not the class TruncatedSVD: call it first"):
        translate(TruncatedSVD)
    other = type("Other", (), {"__module__": f"{of.package}.some.where"})()
    with pytest.raises(TypeError, match=f"{of.function} translates .*, not Other"):
        translate(other)


@pytest.mark.parametrize("of", PEERS, ids=by_name)
def test_the_page_names_every_parameter(of: Peer) -> None:
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = next(s for s in sections if f"`{of.function}`" in s.split("\n```")[0] + s)
    named = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE))))
    assert set(of.parameters) <= named


def signatures() -> list[Any]:
    return [
        pytest.param(implicit.PEER, "implicit.als", "AlternatingLeastSquares", id="implicit"),
        pytest.param(irspack.PEER, "irspack.recommenders.ials", "IALSRecommender", id="irspack"),
        pytest.param(cmfrec.CMF, "cmfrec", "CMF", id="cmfrec"),
        pytest.param(cmfrec.CMF_IMPLICIT, "cmfrec", "CMF_implicit", id="cmfrec-implicit"),
        pytest.param(truncated_svd.PEER, "sklearn.decomposition", "TruncatedSVD", id="scikit-learn"),
    ]


@pytest.mark.parametrize(("of", "module", "name"), signatures())
def test_names_and_defaults_are_theirs(of: Peer, module: str, name: str) -> None:
    with quiet():
        theirs = inspect.signature(getattr(peer(module), name)).parameters
    assert set(of.parameters) == set(theirs)
    for parameter in theirs.values():
        if parameter.name not in ("X_train_all", "use_gpu"):  # it has no default, or that of the machine
            assert same(of.parameters[parameter.name].default, parameter.default), parameter.name


def test_values_that_change_nothing_are_told_not_refused() -> None:
    translation = compat.from_implicit(calculate_training_loss=True, use_native=False)
    assert "calculate_training_loss is left out: history_ has the loss after each iteration." in translation.notes
    assert repr(translation.estimator) == repr(compat.from_implicit().estimator)


def test_seeds_of_every_kind_become_ours() -> None:
    assert seed(3) == 3
    assert seed(-1) == (1 << 32) - 1
    assert seed(None) is None
    state = np.random.RandomState(0)
    assert seed(state) is state
    assert seed(np.random.default_rng(0)) == seed(np.random.default_rng(0))


def test_fit_leaves_the_estimator_as_it_is() -> None:
    translation = compat.from_truncated_svd(n_components=1)
    model = translation.fit(np.outer([1.0, 2], [3.0, 4, 5]))
    assert model is not translation.estimator
    assert not hasattr(translation.estimator, "column_factors_")
    np.testing.assert_allclose(model.row_factors_ @ model.components_, np.outer([1.0, 2], [3.0, 4, 5]))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.array([["a", "b"]]), "X must hold numbers, but is of <U1"),
        (np.arange(3), r"X must have two dimensions, but has the shape \(3,\)"),
    ],
)
def test_what_is_no_matrix_is_refused(X: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compat.from_implicit().fit(X)


@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        ("from_implicit", {"factors": 0}),
        ("from_implicit", {"factors": "x"}),
        ("from_implicit", {"regularization": -1}),
        ("from_implicit", {"alpha": -1}),
        ("from_implicit", {"alpha": 0}),
        ("from_irspack", {"n_components": 0}),
        ("from_irspack", {"alpha0": -1.0}),
        ("from_cmfrec", {"k": 0}),
        ("from_cmfrec_implicit", {"alpha": 0.0}),
        ("from_spark", {"regParam": -0.1}),
        ("from_surprise", {"n_factors": 2.5}),
        ("from_truncated_svd", {"n_components": 0}),
    ],
)
def test_a_value_that_no_estimator_can_have_is_refused_at_once(function: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"parameter of|has no counterpart"):
        getattr(compat, function)(**wrong)


@pytest.mark.parametrize("of", PEERS, ids=by_name)
def test_what_is_none_of_the_choices_is_refused_by_name(of: Peer) -> None:
    translate = getattr(compat, of.function)
    few = {name: parameter for name, parameter in of.parameters.items() if parameter.choices}
    words = {name for name, parameter in of.parameters.items() if isinstance(parameter.default, bool | str)}
    assert few.keys() == words - {"verbose", "userCol", "itemCol", "ratingCol", "predictionCol"}
    for name, parameter in few.items():
        for wrong in ("x", None, 3, np.array(parameter.choices)):
            told = rf"{name}=(?s:.)* is none of the choices of {of.name}: {parameter.choices[0]}"
            with pytest.raises(ValueError, match=told):
                translate(**{name: wrong})
        assert parameter.default in parameter.choices
        translate(**{name: parameter.default})


def test_choices_are_known_in_their_other_forms() -> None:
    member = SimpleNamespace(name="ORIGINAL")
    assert compat.from_irspack(loss_type=member).estimator.objective == "hkv"
    assert compat.from_surprise(biased=np.False_).estimator.bias == "none"
    assert compat.from_surprise(biased=1).estimator.bias == "both"
    assert compat.from_cmfrec(method="lbfgs", parallelize="single").estimator.max_iter == 100
    assert compat.from_spark(finalStorageLevel="NONE", coldStartStrategy="drop").estimator.n_components == 10


@pytest.mark.parametrize("of", PEERS, ids=by_name)
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_a_long_table_is_no_matrix(of: Peer, make: Any) -> None:
    table = make({"user": [1, 2, 3], "item": [4, 5, 6], "plays": [1.0, 2, 3]})
    translation = getattr(compat, of.function)()
    for call in (translation.fit, translation.data):
        with pytest.raises(ValueError, match="looks like a long table, one"):
            call(table)


def test_a_wrong_value_is_told_under_the_name_that_it_was_given() -> None:
    for function, given, told in (
        ("from_implicit", {"factors": -1}, "factors cannot be this value. The 'n_components' parameter"),
        ("from_cmfrec", {"k": 0}, "k cannot be this value. The 'n_components' parameter"),
        ("from_irspack", {"nu": -1.0}, "nu cannot be this value. The 'reg_exponent' parameter"),
        ("from_spark", {"maxIter": -1}, "maxIter cannot be this value. The 'max_iter' parameter"),
        ("from_surprise", {"n_factors": 0}, "n_factors cannot be this value. The 'n_components' parameter"),
        ("from_truncated_svd", {"n_components": 0}, "from_truncated_svd: The 'n_components' parameter"),
    ):
        with pytest.raises(ValueError, match=re.escape(told)):
            getattr(compat, function)(**given)
    for function, theirs in _THEIRS.items():
        peer_of = next(of for of in PEERS if of.function == function)
        assert {name for names in theirs.values() for name in names.split(" and ")} <= set(peer_of.parameters)
