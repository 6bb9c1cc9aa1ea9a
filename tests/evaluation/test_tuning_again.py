"""`tune` with a storage: searches that go on, and studies of something else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from alsatian.evaluation.tuning._archive import FIRST
from alsatian.evaluation.tuning._engine import _difference
from alsatian.evaluation.tuning._space import space_of
from evaluation.judging import als, implicit, plays, ratings
from evaluation.searching import journal, searched

optuna = pytest.importorskip("optuna")


def test_a_search_goes_on_where_it_was(tmp_path):
    kept = {"storage": journal(tmp_path), "folder": tmp_path / "starts"}
    first = searched(n_trials=4, **kept)
    assert (tmp_path / "starts" / "first.safetensors").exists()
    assert (tmp_path / "starts" / "trial-0.safetensors").exists()
    both = searched(n_trials=7, **kept)
    assert [t.parameters for t in both.trials[:4]] == [t.parameters for t in first.trials]
    assert len(both.trials) == 7
    assert len({t.parameters["reg"] for t in both.trials}) == 7
    assert both.first_fit == first.first_fit  # found in the folder, not made again
    again = searched(n_trials=7, **kept)
    assert [t.values for t in again.trials] == [t.values for t in both.trials]
    without = searched(n_trials=8, storage=kept["storage"])
    assert without.trials[-1].start == FIRST
    assert without.first_fit[0] > both.first_fit[0]


def test_a_study_of_something_else_is_refused(tmp_path):
    storage = journal(tmp_path)
    searched(n_trials=1, storage=storage)
    with pytest.raises(ValueError, match="is of another space"):
        searched(n_trials=1, storage=storage, space={"reg": (0.01, 0.1)})
    with pytest.raises(ValueError, match="is of other data or another split and data of another shape:"):
        searched(ratings(users=50), n_trials=1, storage=storage)
    study = optuna.create_study(storage=storage, study_name="other")
    study.tell(study.ask(), 1.0)
    with pytest.raises(ValueError, match="is not one of tune"):
        searched(n_trials=1, storage=storage, study_name="other")


def test_fits_of_other_lengths_are_not_compared(tmp_path):
    storage = journal(tmp_path)
    searched(n_trials=1, storage=storage, max_iter=8)
    with pytest.raises(ValueError, match="is of another max_iter or plateau"):
        searched(n_trials=2, storage=storage, max_iter=3)


@pytest.mark.parametrize(
    ("name", "choices", "columns"),
    [
        ("clip", [None, (1, 5)], ["clip_low", "clip_high"]),
        ("reg", [(0.1, 0.2), "auto", 0.3], ["reg_rows", "reg_columns"]),
        ("n_components", [np.int64(2), np.int64(4)], ["n_components"]),
    ],
)
def test_a_study_of_choices_that_a_database_does_not_keep_goes_on(tmp_path, name, choices, columns):
    kept = {"storage": f"sqlite:///{tmp_path}/search.db", "space": {name: choices}}
    first = searched(n_trials=3, **kept)
    both = searched(n_trials=12, **kept)
    assert [t.parameters for t in both.trials[:3]] == [t.parameters for t in first.trials]
    assert {t.parameters[name] for t in both.trials} == set(choices)
    assert both.trials[-1].start is not None
    assert set(columns) <= set(both.to_frame().columns)


def test_plain_choices_are_kept_as_they_are():
    axes = space_of(als(), ratings(), {"bias": ["rows", "both"], "clip": [None, (1, 5)], "reg": [0.1, 1]}).axes
    assert [axis.labels for axis in axes] == [("rows", "both"), ("None", "(1, 5)"), (0.1, 1)]


def test_a_search_goes_on_with_other_threads(tmp_path):
    storage = journal(tmp_path)
    first = searched(model=als(n_jobs=2, verbose=0), n_trials=2, storage=storage)
    both = searched(model=als(n_jobs=1), n_trials=3, storage=storage)
    assert [t.values for t in both.trials[:2]] == [t.values for t in first.trials]
    assert both.model.n_jobs == 1
    with pytest.raises(ValueError, match="is of another model"):
        searched(model=als(solver="exact"), n_trials=3, storage=storage)


@pytest.mark.parametrize(
    "model", ["ALS(n_jobs=-1, random_state=0)", "ALS(random_state=0,\n    verbose=1)", "ALS(random_state=0)"]
)
def test_threads_that_an_earlier_version_has_kept_have_no_say(model):
    before, now = (json.dumps({"model": told}) for told in (model, "ALS(random_state=0)"))
    assert _difference(before, now) == ""
    assert _difference(before, json.dumps({"model": "ALS(random_state=1)"})) == "another model"


def test_lists_of_other_users_are_not_compared(tmp_path):
    how = {"model": implicit(), "data": plays(users=60), "metric": "ndcg@3", "storage": journal(tmp_path)}
    searched(n_trials=1, n_users=2, **how)
    with pytest.raises(ValueError, match="is of another n_users"):
        searched(n_trials=2, n_users=None, **how)
    assert len(searched(n_trials=2, n_users=2, **how).trials) == 2
    searched(n_trials=1, study_name="all", **how)  # of 60 users, 5000 are all
    assert len(searched(n_trials=2, n_users=None, study_name="all", **how).trials) == 2


def test_for_errors_of_cells_the_number_of_users_has_no_say(tmp_path):
    storage = journal(tmp_path)
    searched(n_trials=1, n_users=2, storage=storage)
    assert len(searched(n_trials=2, n_users=None, storage=storage).trials) == 2


def test_a_study_that_kept_no_number_of_users_goes_on(tmp_path):
    how = {"model": implicit(), "data": plays(users=60), "metric": "ndcg@3", "n_users": 5, "storage": journal(tmp_path)}
    searched(n_trials=1, **how)
    study = optuna.load_study(storage=how["storage"], study_name="alsatian")
    about = json.loads(study.user_attrs["alsatian"])
    del about["users"]
    study.set_user_attr("alsatian", json.dumps(about, sort_keys=True))
    assert len(searched(n_trials=2, **how).trials) == 2
    with pytest.raises(ValueError, match="is of another n_users"):
        searched(n_trials=3, **how | {"n_users": 6})


def test_a_trial_that_was_cut_off_is_made_up_for(tmp_path):
    storage = journal(tmp_path)
    searched(n_trials=2, storage=storage)
    study = optuna.load_study(storage=storage, study_name="alsatian")
    study.ask()  # and then the process ended
    found = searched(n_trials=4, storage=storage)
    assert len(found.trials) == 4
    assert [t.number for t in found.trials] == [0, 1, 3, 4]


def test_ctrl_c_keeps_what_is_done(tmp_path, monkeypatch):
    from alsatian.evaluation.tuning import _tune

    storage = journal(tmp_path)
    plain, done = _tune.run_trial, []

    def interrupted(*args, **how):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(plain(*args, **how))
        return done[-1]

    monkeypatch.setattr(_tune, "run_trial", interrupted)
    with pytest.raises(KeyboardInterrupt):
        searched(storage=storage)
    monkeypatch.setattr(_tune, "run_trial", plain)
    assert len(searched(n_trials=3, storage=storage).trials) == 3


def test_a_damaged_start_is_passed_over(tmp_path):
    storage = journal(tmp_path)
    folder = tmp_path / "starts"
    searched(n_trials=2, folder=folder, storage=storage)
    first = folder / "first.safetensors"
    first.write_bytes(first.read_bytes()[:100])
    with pytest.warns(UserWarning, match="a start of the search is damaged, and is passed over: .*first.safetensors"):
        found = searched(n_trials=4, folder=folder, storage=storage)
    assert len(found.trials) == 4
