"""A fit that is killed and resumed ends as one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from alsatian import ALS, ImplicitALS, ModelFileError, Recommender
from alsatian.callbacks import Checkpoint
from alsatian.datasets import make_ratings
from listeners import interactions
from problems import small_ratings

R = small_ratings()
MODELS = {
    "plain": ALS(3, max_iter=12, tol=0, random_state=0),
    "biases": ALS(3, bias="both", max_iter=12, tol=0, random_state=0, dtype="float32"),
    "tolerance": ALS(2, reg=0.05, max_iter=200, tol=1e-6, random_state=0),
    "no start of its own": ALS(3, max_iter=12, tol=0, random_state=None),
    "zeros": ALS(3, absent="zero", max_iter=9, tol=0, random_state=0),
}


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


class Kill:
    """Breaks a fit off, as a kill would, after some iterations."""

    def __init__(self, after):
        self.after = after

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "iteration" and context.task_id == self.after:
            raise KeyboardInterrupt

    def on_fit_task_end(self, estimator, context):
        pass


def same(one, two):
    assert one.history_ == two.history_
    assert (one.n_iter_, one.converged_) == (two.n_iter_, two.converged_)
    for name in ("row_factors_", "column_factors_", "row_bias_", "column_bias_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("after", [1, 2, 5])
def test_a_fit_that_goes_on_is_the_fit_that_was_not_stopped(name, after, tmp_path):
    from sklearn.base import clone

    stopped = clone(MODELS[name]).set_callbacks(Checkpoint(tmp_path), Kill(after))
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(R)
    if name == "no start of its own":  # another start is drawn, and what was stored takes its place
        first = clone(MODELS[name]).set_callbacks(Checkpoint(tmp_path, resume=True)).fit(R)
        with pytest.raises(KeyboardInterrupt):
            clone(MODELS[name]).set_callbacks(Checkpoint(tmp_path / "new"), Kill(after)).fit(R)
        assert first.n_iter_ == 12
        assert first.history_[:after] == stopped.history_[:after]
        return
    whole = clone(MODELS[name]).fit(R)
    again = clone(MODELS[name]).set_callbacks(Checkpoint(tmp_path, resume=True)).fit(R)
    same(again, whole)
    assert np.all(np.diff(again.history_.seconds) >= 0)


@pytest.mark.parametrize("name", ["plain", "tolerance"])
def test_resuming_what_had_ended_changes_nothing(name, tmp_path):
    from sklearn.base import clone

    whole = clone(MODELS[name]).set_callbacks(Checkpoint(tmp_path)).fit(R)
    again = clone(MODELS[name]).set_callbacks(Checkpoint(tmp_path, resume=True)).fit(R)
    same(again, whole)


def test_more_iterations_go_on_from_the_end(tmp_path):
    ALS(3, max_iter=4, tol=0, random_state=0).set_callbacks(Checkpoint(tmp_path)).fit(R)
    longer = ALS(3, max_iter=9, tol=0, random_state=0).set_callbacks(Checkpoint(tmp_path, resume=True)).fit(R)
    assert longer.n_iter_ == 9
    assert np.all(np.diff(longer.history_.loss) <= 1e-12)


def test_given_starts_are_compared_and_generators_are_not(tmp_path):
    start = np.random.default_rng(0).normal(size=(R.shape[1], 3))
    for init in (start, (start, np.zeros(R.shape[1]))):
        how = {"init": init, "bias": "both", "random_state": np.random.RandomState(0)}
        ALS(3, max_iter=2, **how).set_callbacks(Checkpoint(tmp_path)).fit(R)
        again = Checkpoint(tmp_path, resume=True)
        ALS(3, max_iter=4, tol=0, **how).set_callbacks(again).fit(R)
        assert again.resumed_ == 2
        with pytest.raises(ValueError, match="init='columns with the checksum"):
            ALS(3, **how | {"init": start + 1}).set_callbacks(Checkpoint(tmp_path, resume=True)).fit(R)


def test_without_resume_it_begins_anew(tmp_path):
    ALS(3, max_iter=4, tol=0, random_state=0).set_callbacks(Checkpoint(tmp_path)).fit(R)
    anew = ALS(3, max_iter=4, tol=0, random_state=1).set_callbacks(Checkpoint(tmp_path)).fit(R)
    same(anew, ALS(3, max_iter=4, tol=0, random_state=1).fit(R))


def test_with_nothing_to_resume_it_begins(tmp_path):
    model = ALS(3, max_iter=4, random_state=0).set_callbacks(Checkpoint(tmp_path / "deep" / "er", resume=True)).fit(R)
    same(model, ALS(3, max_iter=4, random_state=0).fit(R))


@pytest.mark.parametrize(
    ("model", "data", "told"),
    [
        (ALS(3, reg=0.2), R, "with reg=0.1, but the model has reg=0.2"),
        (ALS(4), R, "n_components=3"),
        (ALS(3, bias="both"), R, "bias='none'"),
        (ALS(3, random_state=1), R, "with random_state=None, but the model has random_state=1"),
        (ALS(3, init=np.ones((R.shape[1], 3))), R, "with init='random', but the model has init='columns with the"),
        (ALS(3), np.where(R == 5, 4, R), "other data: their checksum"),
        (ALS(3), R[:, :3], "other data: their shape"),
        (ImplicitALS(3), np.nan_to_num(R), "checkpoint of ALS, but ImplicitALS is fitted"),
    ],
)
def test_another_fit_is_refused(model, data, told, tmp_path):
    ALS(3, max_iter=2).set_callbacks(Checkpoint(tmp_path)).fit(R)
    with pytest.raises(ValueError, match=told):
        model.set_callbacks(Checkpoint(tmp_path, resume=True)).fit(data)
    assert not hasattr(model, "row_factors_")


def test_a_damaged_checkpoint_is_refused(tmp_path):
    kept = Checkpoint(tmp_path, resume=True)
    ALS(3, max_iter=2).set_callbacks(kept).fit(R)
    whole = kept.path.read_bytes()
    kept.path.write_bytes(whole[:-3])
    with pytest.raises(ModelFileError, match=r"checkpoint\.alsatian"):
        ALS(3, max_iter=2).set_callbacks(kept).fit(R)


def test_a_model_file_is_no_checkpoint(tmp_path):
    import alsatian

    kept = Checkpoint(tmp_path, resume=True)
    alsatian.save(ALS(3, max_iter=2).fit(R), kept.path)
    with pytest.raises(ModelFileError, match="not a checkpoint"):
        ALS(3, max_iter=2).set_callbacks(kept).fit(R)


def test_between_two_there_is_time_and_the_last_is_always_written(tmp_path):
    written = []

    class Counting(Checkpoint):
        def on_fit_task_end(self, estimator, context):
            before = self.path.stat().st_mtime_ns if self.path.exists() else None
            super().on_fit_task_end(estimator, context)
            after = self.path.stat().st_mtime_ns if self.path.exists() else None
            if before != after:
                written.append(context.task_id)

    ALS(3, max_iter=6, tol=0, random_state=0).set_callbacks(Counting(tmp_path, every=1000)).fit(R)
    assert written == [5]


def test_a_recommender_resumes(tmp_path):
    known = interactions()
    whole = Recommender(ImplicitALS(4, max_iter=8, tol=0, random_state=0)).fit(known)
    stopped = ImplicitALS(4, max_iter=8, tol=0, random_state=0).set_callbacks(Checkpoint(tmp_path), Kill(3))
    with pytest.raises(KeyboardInterrupt):
        Recommender(stopped).fit(known)
    resumed = ImplicitALS(4, max_iter=8, tol=0, random_state=0).set_callbacks(Checkpoint(tmp_path, resume=True))
    same(Recommender(resumed).fit(known).model_, whole.model_)


_COMMAND = """
import sys, numpy as np
from alsatian import ALS
from alsatian.callbacks import Checkpoint
from alsatian.datasets import make_ratings
X = make_ratings((1500, 1000), n_ratings=60_000, random_state=0).X
model = ALS(24, bias="both", max_iter=40, tol=0, random_state=0, n_jobs=1)
model.set_callbacks(Checkpoint(sys.argv[1], resume=True)).fit(X)
print(model.history_.loss[-1].hex())
"""


def test_a_fit_killed_in_the_middle_ends_with_the_same_loss(tmp_path):
    command = [sys.executable, "-c", _COMMAND, str(tmp_path)]
    file = Path(tmp_path) / "checkpoint.alsatian"
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.02)  # some iterations on, and most likely inside one
    assert running.poll() is None, "it had ended before it could be killed"
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    done = len(_history(file)["loss"])
    assert 1 <= done < 40
    resumed = subprocess.run(command, capture_output=True, text=True, check=True)
    X = make_ratings((1500, 1000), n_ratings=60_000, random_state=0).X
    whole = ALS(24, bias="both", max_iter=40, tol=0, random_state=0).fit(X)
    assert resumed.stdout.strip() == float(whole.history_.loss[-1]).hex()


def _history(file):
    from alsatian.persistence import read_header

    return read_header(file)[0]["history"]
