from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alsatian
from alsatian import ImplicitALS, Interactions, ModelFileError, Recommender
from alsatian.persistence import describe, read, write
from listeners import MODELS, fitted, frame


@pytest.mark.parametrize("name", MODELS)
def test_a_file_holds_all_of_it(name: str, tmp_path: Path) -> None:
    recommender = fitted(name)
    recommender.recommend_for([100])  # what it works out once must not stand in the way
    recommender.similar_items(100)
    recommender.explain("u1", 100)
    recommender.save(tmp_path / "a.alsatian")
    for again in (
        alsatian.load(tmp_path / "a.alsatian"),
        Recommender.load(tmp_path / "a.alsatian", mmap=False),
        pickle.loads(pickle.dumps(recommender)),
        copy.deepcopy(recommender),
    ):
        assert again.interactions_ == recommender.interactions_
        assert again.model_.get_params() == recommender.model_.get_params()
        lists, expected = again.recommend(n=6), recommender.recommend(n=6)
        np.testing.assert_array_equal(lists.positions, expected.positions)
        np.testing.assert_array_equal(lists.scores, expected.scores)
        assert again.similar_items(100, n=3).to_list() == recommender.similar_items(100, n=3).to_list()
        again.update(recommender.interactions_.of_users(["u1"]), "replace")
    alsatian.save(recommender, tmp_path / "b.alsatian")
    assert (tmp_path / "a.alsatian").read_bytes() == (tmp_path / "b.alsatian").read_bytes()


def test_files_that_are_none_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.alsatian"
    recommender = fitted()
    alsatian.save(recommender.model_, path)
    with pytest.raises(ModelFileError, match=r"a\.alsatian.*not a recommender"):
        Recommender.load(path)
    recommender.save(path)
    header, arrays = read(path)
    other = fitted(users=31).interactions_.to_stored()
    wrong = {**arrays, **{f"interactions/{name}": array for name, array in other[1].items()}}
    write(tmp_path / "b", {"kind": header["kind"], "model": header["model"], "interactions": other[0]}, wrong)
    with pytest.raises(ModelFileError, match="31"):
        alsatian.load(tmp_path / "b")
    arrays["interactions/indices"] = arrays["interactions/indices"][::-1].copy()
    write(tmp_path / "c", {name: header[name] for name in ("kind", "model", "interactions")}, arrays)
    with pytest.raises(ModelFileError, match="interactions cannot be used"):
        alsatian.load(tmp_path / "c")


@pytest.mark.parametrize("duplicates", ["sum", "mean", "last"])
def test_a_loaded_recommender_reads_frames_as_the_first_was_read(duplicates: str, tmp_path: Path) -> None:
    plays = pd.DataFrame({
        "who": ["a", "a", "b", "b", "c"], "what": ["x", "y", "x", "z", "z"], "minutes": [3.0, 2.0, 9.0, 4.0, 1.0],
        "at": [1, 2, 3, 4, 5],
    })  # fmt: skip
    how = {"user": "who", "item": "what", "value": "minutes", "timestamp": "at", "duplicates": duplicates}
    fresh = Recommender(ImplicitALS(2, random_state=0)).fit(plays, **how, dtype=np.float64)
    fresh.save(tmp_path / "a")
    again = [alsatian.load(tmp_path / "a"), pickle.loads(pickle.dumps(fresh)), copy.deepcopy(fresh)]
    new = pd.DataFrame({"who": ["b", "d"], "what": ["x", "y"], "minutes": [7.0, 50.0], "at": [0, 7]})
    visit = fresh.recommend_for(new)
    fresh.update(new)
    assert fresh.interactions_.history("d")[1].tolist() == [50]
    for loaded in again:
        np.testing.assert_array_equal(loaded.recommend_for(new).scores, visit.scores)
        assert loaded.update(new).interactions_ == fresh.interactions_


def test_weights_and_maps_of_ids_of_the_first_frame(tmp_path: Path) -> None:
    table = frame().assign(importance=2.0)
    users = sorted(set(table["user"]))
    fresh = Recommender(MODELS["ratings"]).fit(table, weight="importance", users=users, items=range(100, 120))
    fresh.save(tmp_path / "a")
    for recommender in (fresh, Recommender.load(tmp_path / "a")):
        recommender.update(pd.DataFrame({"user": ["new"], "item": [100], "rating": [4.0], "importance": [3.0]}))
        assert recommender.interactions_.weights[[-1]].data.tolist() == [3]


def test_files_say_how_frames_are_read_or_nothing(tmp_path: Path) -> None:
    fitted().save(tmp_path / "a")
    header, arrays = read(tmp_path / "a")
    parts = {name: header[name] for name in ("kind", "model", "interactions")}
    write(tmp_path / "b", parts, arrays)  # as before it was kept
    assert Recommender.load(tmp_path / "b").update(frame().iloc[:1]).interactions_.n_users == 30
    for wrong in (["user"], {"user": 3}, {"duplicates": "twice"}, {"colour": "red"}, {"dtype": "red"}):
        write(tmp_path / "c", parts | {"frames": wrong}, arrays)
        with pytest.raises(ModelFileError, match="how frames are read"):
            Recommender.load(tmp_path / "c")


@pytest.mark.parametrize("mmap", [True, False])
def test_interactions_by_themselves_can_be_kept(mmap: bool, tmp_path: Path) -> None:
    table = frame().assign(importance=2.0, at=pd.Timestamp("2024-05-01 07:30"))
    known = Interactions.from_frame(table, weight="importance", timestamp="at")
    alsatian.save(known, tmp_path / "a")
    again = alsatian.load(tmp_path / "a", mmap=mmap)
    assert again == known
    assert isinstance(again, Interactions)
    alsatian.save(again, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    told = describe(tmp_path / "a")
    assert (told.kind, told.class_name) == ("interactions", None)
    with pytest.raises(ModelFileError, match="interactions by themselves, not a recommender"):
        Recommender.load(tmp_path / "a")
    header, arrays = read(tmp_path / "a")
    arrays["interactions/indptr"] = arrays["interactions/indptr"][1:].copy()
    write(tmp_path / "c", {"kind": "interactions", "interactions": header["interactions"]}, arrays)
    with pytest.raises(ModelFileError, match="interactions cannot be used"):
        alsatian.load(tmp_path / "c")


def test_what_a_file_holds_instead_is_told(tmp_path: Path) -> None:
    recommender = fitted()
    alsatian.save(recommender.model_, tmp_path / "model")
    alsatian.save(recommender.interactions_, tmp_path / "cells")
    for name, told in (("model", "a model by itself"), ("cells", "interactions by themselves")):
        with pytest.raises(ModelFileError, match=f"it holds {told}, not a recommender: alsatian.load reads it"):
            Recommender.load(tmp_path / name)
