from __future__ import annotations

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

import alsatian
from alsatian import ModelFileError, Recommender
from alsatian.persistence import read, write
from listeners import MODELS, fitted


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
