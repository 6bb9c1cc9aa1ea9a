"""A model of another library under ids: values go through its translation in fit, update and whatever is asked."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import alsatian
from alsatian import Interactions, ModelFileError, Recommender, compat
from alsatian.evaluation import evaluate
from alsatian.evaluation.splits import random_per_user
from alsatian.models import NoEntryWarning
from alsatian.persistence import read, write
from listeners import frame

TRANSLATIONS: dict[str, Any] = {
    "implicit": lambda: compat.from_implicit(factors=4, alpha=3.0, iterations=4, random_state=0),
    "log": lambda: compat.from_cmfrec_implicit(k=4, alpha=2.0, apply_log_transf=True, niter=4),
    "cmfrec": lambda: compat.from_cmfrec(k=4, lambda_=2.0, niter=4),
    "irspack": lambda: compat.from_irspack(n_components=4, alpha0=0.1, train_epochs=4, random_seed=0),
    "spark": lambda: compat.from_spark(rank=4, implicitPrefs=True, seed=0),
    "surprise": lambda: compat.from_surprise(n_factors=4, random_state=0),
    "svd": lambda: compat.from_truncated_svd(n_components=4, random_state=0),
}


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_recommender_is_what_the_translation_fits(name: str, tmp_path: Path) -> None:
    translation = TRANSLATIONS[name]()
    recommender = Recommender(translation).fit(frame())
    known = recommender.interactions_
    model = translation.fit(known.csr)
    np.testing.assert_array_equal(recommender.model_.row_factors_, model.row_factors_)
    np.testing.assert_array_equal(recommender.model_.column_factors_, model.column_factors_)
    lists = recommender.recommend(["u5", "u2"], n=5)
    visitors = recommender.recommend_for(known.of_users(["u5", "u2"]), n=5)
    np.testing.assert_array_equal(visitors.positions, lists.positions)
    items, values = known.history("u5")
    one = recommender.recommend_for(dict(zip(items.tolist(), values.tolist(), strict=True)), n=5)
    np.testing.assert_array_equal(one.positions[0], lists.positions[0])
    why = recommender.explain("u5", 104)
    assert why.score == pytest.approx(float(recommender.predict("u5", 104)[0]), abs=1e-4)
    assert sorted(why.items.tolist()) == sorted(items.tolist())

    recommender.save(tmp_path / "a")
    new = pd.DataFrame({"user": ["u5", "v", "v"], "item": [100, 101, 999], "rating": [2.0, 4.0, 5.0]})
    again = [alsatian.load(tmp_path / "a"), pickle.loads(pickle.dumps(recommender)), copy.deepcopy(recommender)]
    recommender.update(new)
    X, keywords = translation.data(recommender.interactions_.csr)
    np.testing.assert_array_equal(recommender.model_.transform(X, **keywords), recommender.model_.row_factors_)
    for other in again:
        assert str(other.model) == str(translation)
        other.update(new)
        np.testing.assert_array_equal(other.model_.row_factors_, recommender.model_.row_factors_)
        np.testing.assert_array_equal(clone(other).fit(frame()).model_.row_factors_, model.row_factors_)
    recommender.forget(items=104)
    X, keywords = translation.data(recommender.interactions_.csr)
    np.testing.assert_array_equal(recommender.model_.transform(X, **keywords), recommender.model_.row_factors_)


@pytest.mark.parametrize("name", ["implicit", "log"])
def test_its_estimator_alone_is_not_fitted_to_values_as_they_are(name: str) -> None:
    translation = TRANSLATIONS[name]()
    known = Interactions.from_frame(frame())
    with pytest.raises(ValueError, match=r"another function on values as they are.*Recommender\(translation\)"):
        Recommender(translation.estimator).fit(known)
    split = random_per_user(Interactions.from_frame(frame()))
    with pytest.raises(ValueError, match="another function"):
        evaluate(translation.estimator, split, "ndcg@5")
    for model in (translation, Recommender(translation)):
        with pytest.raises(TypeError, match="A translation is for a Recommender"):
            evaluate(model, split, "ndcg@5")
    X, keywords = translation.data(known.csr)
    mapped = Interactions.from_matrix(X, weights=keywords["weights"], users=known.users, items=known.items)
    by_hand = Recommender(translation.estimator).fit(mapped)  # this is right
    np.testing.assert_array_equal(by_hand.model_.row_factors_, translation.fit(known.csr).row_factors_)
    assert Recommender(TRANSLATIONS["cmfrec"]().estimator).fit(known).recommend("u1").mask.any()


def test_a_fitted_one_is_not_evaluated_either() -> None:
    split = random_per_user(Interactions.from_frame(frame()))
    recommender = Recommender(TRANSLATIONS["implicit"]()).fit(split.train)
    with pytest.raises(TypeError, match="A translation is for a Recommender"):
        evaluate(recommender, split, "ndcg@5", refit=False)


def test_what_a_translation_does_not_take_is_told() -> None:
    translation = TRANSLATIONS["implicit"]()
    with pytest.raises(TypeError, match=r"Recommender\(translation\)\.fit\(interactions\)"):
        translation.fit(Interactions.from_frame(frame()))
    with pytest.raises(ValueError, match="weights, which a translated model does not take"):
        Recommender(translation).fit(frame().assign(importance=1.0), weight="importance")
    with pytest.raises(ValueError, match="X stores -1"):
        Recommender(TRANSLATIONS["irspack"]()).fit(frame().assign(rating=-1.0))
    zeros = frame().assign(rating=lambda table: np.where(table.item == 100, 0.0, table.rating))
    with pytest.raises(ValueError, match="irspack counts a stored zero as observed"):
        Recommender(TRANSLATIONS["irspack"]()).fit(zeros)
    spark = Recommender(TRANSLATIONS["spark"]())  # which has it as we do
    with pytest.warns(NoEntryWarning):
        assert (spark.fit(zeros).interactions_.values > 0).all()


def test_files_that_tell_of_no_translation_are_refused(tmp_path: Path) -> None:
    Recommender(TRANSLATIONS["implicit"]()).fit(frame()).save(tmp_path / "a")
    header, arrays = read(tmp_path / "a")
    parts = {name: header[name] for name in ("kind", "model", "interactions", "frames")}
    told = header["translation"]
    for wrong in (
        None, [], {}, told | {"function": "os.system"}, told | {"function": "Translation"}, told | {"notes": [3]},
        told | {"parameters": {"alpha": -1}}, told | {"parameters": {"beta": 1}}, told | {"parameters": 3},
    ):  # fmt: skip
        write(tmp_path / "b", parts | {"translation": wrong}, arrays)
        with pytest.raises(ModelFileError, match="what the values go through"):
            Recommender.load(tmp_path / "b")
