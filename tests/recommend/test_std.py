"""Standard deviations by the ids of users and items: of pairs, of lists, after updates and from files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alsatian import ALS, ImplicitALS, Interactions, Recommender, load
from alsatian.datasets import make_ratings
from alsatian.models import NoEntryWarning
from alsatian.recommend import UnknownIdWarning


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    cells = make_ratings((90, 50), n_ratings=1_500, random_state=0).X.tocoo()
    return pd.DataFrame({"user": [f"u{i}" for i in cells.row], "item": cells.col + 100, "rating": cells.data})


@pytest.fixture(scope="module")
def recommender(frame: pd.DataFrame) -> Recommender:
    return Recommender(ALS(3, bias="both", random_state=0, dtype="float32")).fit(frame)


def test_pairs_have_the_std_of_the_model(recommender: Recommender, frame: pd.DataFrame) -> None:
    users, items = frame["user"][:40], frame["item"][5:45]
    scores, std = recommender.predict(users, items, return_std=True)
    assert np.array_equal(scores, recommender.predict(users, items))
    rows, columns = recommender.users_.positions(users), recommender.items_.positions(items)
    known = recommender.interactions_.csr
    expected = recommender.model_.predict_cells(rows, columns, return_std=True, X=known)[1]
    assert np.array_equal(std, expected)
    assert std.dtype == np.float32


def test_lists_have_the_std_of_their_pairs(recommender: Recommender) -> None:
    lists = recommender.recommend(["u3", "u7", "u3"], n=60, return_std=True)
    assert lists.std is not None
    assert lists.std.shape == lists.scores.shape
    assert np.array_equal(np.isnan(lists.std), ~lists.mask)
    for row, user in enumerate(("u3", "u7", "u3")):
        there = lists.mask[row]
        std = recommender.predict(user, lists.ids[row][there].tolist(), return_std=True)[1]
        np.testing.assert_allclose(lists.std[row][there], std, rtol=1e-6)
    made = lists.to_frame()
    assert list(made.columns) == ["user", "rank", "item", "score", "std"]
    assert np.array_equal(made["std"], lists.std[lists.mask])
    plain = recommender.recommend(["u3"], n=5)
    assert plain.std is None
    assert list(plain.to_frame().columns) == ["user", "rank", "item", "score"]
    assert np.array_equal(plain.ids[0], lists.ids[0][:5])


def test_who_is_unknown_has_the_spread_of_those_who_are_known(recommender: Recommender) -> None:
    with pytest.warns(UnknownIdWarning, match="2 are of an unknown user and 2 of an unknown item"):
        scores, std = recommender.predict(["u3", "nobody", "u3", "nobody"], [110, 110, -5, -5], return_std=True)
    model, told = recommender.model_, recommender.model_.uncertainty(recommender.interactions_.csr)
    z = np.append(model.column_factors_[recommender.items_.position(110)], 1.0)
    w = np.append(model.row_factors_[recommender.users_.position("u3")], 1.0)
    users = np.column_stack([model.row_factors_, model.row_bias_])
    items = np.column_stack([model.column_factors_, model.column_bias_])
    noise = told.noise_std**2
    np.testing.assert_allclose(std[1], np.sqrt(noise + np.mean((users @ z) ** 2)), rtol=1e-4)
    np.testing.assert_allclose(std[2], np.sqrt(noise + np.mean((items @ w) ** 2)), rtol=1e-4)
    np.testing.assert_allclose(std[3], np.std(recommender.interactions_.csr.data), rtol=1e-4)
    assert np.isfinite(scores).all()


def test_an_update_has_its_say_and_a_file_gives_the_same(frame: pd.DataFrame, tmp_path: Any) -> None:
    recommender = Recommender(ALS(3, bias="both", random_state=0, dtype="float32")).fit(frame)
    before = recommender.predict("u3", 149, return_std=True)[1]
    known = recommender.interactions_.csr
    unit = recommender.model_.uncertainty(known).noise_std
    new = pd.DataFrame({"user": ["u3"] * 30, "item": np.arange(100, 130), "rating": np.linspace(1, 5, 30)})
    recommender.update(new)
    after = recommender.predict("u3", 149, return_std=True)[1]
    told = recommender.model_.uncertainty(recommender.interactions_.csr)
    place = recommender.users_.position("u3"), recommender.items_.position(149)
    assert after == told.std(*place)
    assert after / told.noise_std < before / unit  # of whom more is known
    recommender.save(tmp_path / "r")
    assert load(tmp_path / "r").predict("u3", 149, return_std=True)[1] == after


def test_weights_have_their_say(frame: pd.DataFrame) -> None:
    weighed = frame.assign(weight=np.where(frame["user"] == "u3", 50.0, 1.0))
    plain, heavy = (
        Recommender(ALS(3, bias="both", random_state=0)).fit(f, weight=w)
        for f, w in ((frame, None), (weighed, "weight"))
    )
    ratios = [
        r.predict("u3", 149, return_std=True)[1] / r.predict("u4", 149, return_std=True)[1] for r in (plain, heavy)
    ]
    assert ratios[1] < ratios[0]


def test_it_is_refused_where_scores_have_no_noise(recommender: Recommender, frame: pd.DataFrame) -> None:
    implicit = Recommender(ImplicitALS(3, random_state=0)).fit(frame)
    for ask in (implicit.predict, implicit.recommend):
        with pytest.raises(ValueError, match=r"ImplicitALS is for putting items in order.*no standard deviation"):
            ask("u3", *([110] if ask == implicit.predict else []), return_std=True)
    with pytest.raises(TypeError, match="return_std must be True or False"):
        recommender.predict("u3", 110, return_std="yes")


def test_who_is_folded_in_has_no_std(recommender: Recommender, frame: pd.DataFrame) -> None:
    for given in ({frame["item"].iloc[0]: 5.0}, frame):
        with pytest.raises(TypeError, match="recommend_for has no return_std"):
            recommender.recommend_for(given, return_std=True)


def test_what_is_popular_is_no_prediction_and_has_no_std(frame: pd.DataFrame) -> None:
    known = Interactions.from_frame(frame)
    with pytest.warns(NoEntryWarning):
        recommender = Recommender(ALS(3, random_state=0)).fit(known.with_ids(users=[*known.users, "new"]))
    lists = recommender.recommend(["new", "u1"], n=3, fallback="popular", return_std=True)
    assert np.isnan(lists.std[0]).all()
    np.testing.assert_array_equal(lists.std[1], recommender.recommend("u1", n=3, return_std=True).std[0])
