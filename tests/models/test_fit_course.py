"""History, callbacks, interrupts and what a fit shows."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest

from alsatian.models import ALS, History, _fit, _progress
from alsatian.objective import loss
from problems import small_ratings

R = small_ratings()


class Watcher:
    """A scikit-learn callback that looks and may stop or fail."""

    def __init__(self, stop_after=None, error=None):
        self.stop_after, self.error = stop_after, error
        self.seen, self.calls = [], []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        if context.task_name != "iteration":
            return False
        assert X is R
        self.seen.append((context.task_id, estimator.history_, fitted_estimator))
        if self.error is not None and len(self.seen) == self.stop_after:
            raise self.error
        return len(self.seen) == self.stop_after


def test_equal_fits_have_equal_histories_and_others_do_not():
    one, two = (ALS(2, random_state=0).fit(R).history_ for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert one != ALS(2, random_state=1).fit(R).history_
    assert one != list(one)


def test_history_is_a_sequence_of_records_whose_parts_sum_to_the_loss():
    model = ALS(2, bias="both", max_iter=5, tol=0, random_state=0).fit(R)
    history = model.history_
    assert len(history) == model.n_iter_ + 1 == 6
    assert [r.step for r in history] == ["columns"] * 5 + ["closing rows"]
    for record in history:
        assert record.loss == pytest.approx(record.fit + record.row_ridge + record.column_ridge)
    assert isinstance(history[1:], History)
    assert np.all(np.diff(history.seconds) >= 0)
    table = json.loads(json.dumps(history.to_dict()))
    assert table["loss"] == list(history.loss)
    assert repr(history).startswith("History(5 iterations, loss ")
    assert "no iteration" in repr(History())


def test_a_callback_sees_each_iteration_and_the_model_as_if_it_had_ended_there():
    watcher = Watcher()
    model = ALS(2, bias="both", relaxation=1.0, max_iter=3, tol=0, random_state=0).set_callbacks(watcher).fit(R)
    assert watcher.calls == ["setup", "teardown"]
    assert [task for task, *_ in watcher.seen] == [0, 1, 2]
    assert [len(history) for _, history, _ in watcher.seen] == [1, 2, 3]
    for n, (_, history, then) in enumerate(watcher.seen, start=1):
        stopped = ALS(2, bias="both", relaxation=1.0, max_iter=n, tol=0, random_state=0).fit(R)
        np.testing.assert_array_equal(then.row_factors_, stopped.row_factors_)
        np.testing.assert_array_equal(then.column_factors_, stopped.column_factors_)
        assert then.history_[:-1] == history
        assert then.impute(R).shape == R.shape
    assert watcher.seen[-1][2].history_ == model.history_


def test_a_callback_can_stop_the_fit():
    model = ALS(2, max_iter=50, tol=0, random_state=0).set_callbacks(Watcher(stop_after=4)).fit(R)
    assert model.n_iter_ == 4
    assert not model.converged_
    np.testing.assert_array_equal(model.transform(R), model.row_factors_)


def test_an_interrupt_leaves_the_last_whole_iteration(monkeypatch):
    calls, true_half_step = [], _fit.half_step

    def half_step(*args, **kwargs):
        result = true_half_step(*args, **kwargs)
        calls.append(None)
        if len(calls) == 8:  # the columns of the fourth iteration are all overwritten, then Ctrl-C
            raise KeyboardInterrupt
        return result

    whole = Watcher(stop_after=3)
    ALS(2, bias="both", max_iter=50, tol=0, random_state=0).set_callbacks(whole).fit(R)
    monkeypatch.setattr(_fit, "half_step", half_step)
    model = ALS(2, bias="both", max_iter=50, tol=0, random_state=0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(R)
    monkeypatch.undo()
    assert (model.n_iter_, model.converged_, len(model.history_)) == (3, False, 4)
    assert model.history_[:-1] == whole.seen[-1][1]
    assert model.history_[-1].step == "closing rows"
    np.testing.assert_array_equal(model.transform(R), model.row_factors_)
    np.testing.assert_array_equal(model.column_factors_, whole.seen[-1][2].column_factors_)
    assert np.isfinite(model.impute(R)).all()
    monkeypatch.setattr(_fit, "_ROLLBACK_BYTES", 0)
    calls.clear()
    monkeypatch.setattr(_fit, "half_step", half_step)
    with pytest.raises(KeyboardInterrupt):
        model.fit(R)
    assert model.n_iter_ == 3
    assert np.isfinite(model.column_factors_).all()
    np.testing.assert_array_equal(model.transform(R), model.row_factors_)
    stated = loss(R, model.row_factors_, model.column_factors_, **model.objective_settings())
    assert model.history_.loss[-1] == pytest.approx(stated, rel=1e-12)


@pytest.mark.parametrize("copied", [True, False])
def test_a_second_interrupt_leaves_out_the_closing_half_step(copied, monkeypatch):
    calls, true_half_step = [], _fit.half_step

    def half_step(*args, **kwargs):
        calls.append(None)
        result = true_half_step(*args, **kwargs)
        if len(calls) == 7:  # the rows of the fourth iteration
            raise KeyboardInterrupt("the first")
        if len(calls) == 8:
            raise KeyboardInterrupt("the second")
        return result

    if not copied:
        monkeypatch.setattr(_fit, "_ROLLBACK_BYTES", 0)
    whole = Watcher(stop_after=3)
    ALS(2, bias="both", max_iter=50, tol=0, random_state=0).set_callbacks(whole).fit(R)
    monkeypatch.setattr(_fit, "half_step", half_step)
    model = ALS(2, bias="both", max_iter=50, tol=0, random_state=0)
    with pytest.raises(KeyboardInterrupt, match="the first"):
        model.fit(R)
    assert len(calls) == 8
    assert model.n_iter_ == len(model.history_) == 3
    np.testing.assert_array_equal(model.column_factors_, whole.seen[-1][2].column_factors_)
    assert model.history_ == whole.seen[-1][1]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("the disk is full")])
@pytest.mark.parametrize("fitted_before", [False, True])
def test_an_error_of_a_callback_leaves_the_last_whole_iteration(error, fitted_before):
    model = ALS(2, bias="both", max_iter=50, tol=0, random_state=0)
    if fitted_before:
        model.fit(R[:, :3])
    with pytest.raises(type(error)):
        model.set_callbacks(Watcher(2, error)).fit(R)
    assert model.n_iter_ == len(model.history_) - 1 == 2
    assert not model.converged_
    np.testing.assert_array_equal(model.transform(R), model.row_factors_)
    assert model.predict_cells([0], [3]).shape == (1,)
    assert model.impute(R).shape == R.shape
    stated = loss(R, model.row_factors_, model.column_factors_, **model.objective_settings())
    assert model.history_.loss[-1] == pytest.approx(stated, rel=1e-12)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("call", [1, 2])
def test_before_the_first_iteration_is_done_nothing_changes(error, call, monkeypatch):
    def fails(*args, **kwargs):
        calls.append(None)
        if len(calls) == call:
            raise error
        return true_half_step(*args, **kwargs)

    calls, true_half_step = [], _fit.half_step
    fresh, model = ALS(2), ALS(2, warm_start=True, random_state=0).fit(R)
    before, rows, history = dict(vars(model)), model.row_factors_.copy(), model.history_
    for estimator, X in ((model, R), (fresh, R)):
        calls.clear()
        monkeypatch.setattr(_fit, "half_step", fails)
        with pytest.raises(error):
            estimator.fit(X)
        monkeypatch.undo()
    assert vars(model) == before
    assert model.history_ is history
    np.testing.assert_array_equal(model.row_factors_, rows)
    assert vars(fresh) == vars(ALS(2))


@pytest.mark.parametrize(
    ("X", "weights"), [([[1, np.inf, 2]], None), (np.full((2, 3), np.nan), None), (np.ones((2, 3)), -np.ones((2, 3)))]
)
def test_bad_input_changes_nothing(X, weights):
    model = ALS(2, random_state=0).fit(R)
    before = dict(vars(model))
    with pytest.raises(ValueError, match=r"X holds inf|no observed cell|weights holds"):
        model.fit(X, weights=weights)
    assert vars(model) == before
    np.testing.assert_array_equal(model.transform(R), model.row_factors_)


def test_memory_does_not_grow_with_the_iterations():
    def peak(iterations):
        model = ALS(2, relaxation=0.02, max_iter=iterations, tol=0, random_state=0)
        tracemalloc.start()
        assert model.fit(R).n_iter_ == iterations
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(5)
    assert peak(500) - peak(5) < 500 * 1000  # a record an iteration, no more


def test_verbose_prints_a_line_an_iteration_and_silence_is_silent(capsys):
    ALS(2, max_iter=3, tol=0, random_state=0, verbose=2).fit(R)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "iteration   3 of 3: loss " in lines[2]
    for verbose in (0, 1):  # 1: a bar only for what takes long
        ALS(2, random_state=0, verbose=verbose).fit(R)
        told = capsys.readouterr()
        assert told.out == told.err == ""


def test_a_long_fit_gets_a_bar_with_its_loss(monkeypatch):
    moves = []

    class Bar:
        def __init__(self, *what):
            moves.append(what)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            moves.append("closed")

        def update(self, done, note=""):
            moves.append((done, note))

    monkeypatch.setattr(_progress, "progress", Bar)
    monkeypatch.setattr(_progress, "_PATIENCE", 0.0)
    monkeypatch.setattr(_progress, "_REFRESH", 0.0)
    ALS(2, max_iter=3, tol=0, random_state=0, verbose=1).fit(R)
    assert moves[0] == ("Fitting ALS", 3)
    assert moves[-1] == "closed"
    done = [move[0] for move in moves[1:-1]]
    assert done == sorted(done)
    assert moves[-2][1].startswith("loss ")


def test_with_tol_0_all_iterations_are_done() -> None:
    # In float32 the loss soon moves by rounding only, up and down; that is no reason to stop.
    X = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
    model = ALS(2, tol=0, max_iter=300, random_state=0).fit(X)
    assert model.n_iter_ == 300
    assert not model.converged_
    assert np.diff(model.history_.loss).max() >= 0  # so it would have stopped


def test_writing_into_the_arrays_of_a_history_changes_no_history():
    history = ALS(2, random_state=0).fit(R).history_
    told = str(history), history.loss.copy(), history.to_dict()
    for array in (history.loss, history.half_step_loss, history.seconds):
        array[:] = -1
    history.to_dict()["loss"][:] = []
    assert str(history) == told[0]
    np.testing.assert_array_equal(history.loss, told[1])
    assert history.to_dict() == told[2]
    assert (history.half_step_loss > 0).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reg", [1e-16, 1e-12, 1e-9, 1e-7])
def test_a_ridge_below_rounding_lets_no_loss_jump_back(reg, dtype):
    # Low rank, more components than that: without a ridge that counts, the row systems are singular.
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 3)) @ rng.normal(size=(3, 20))
    model = ALS(5, reg=reg, max_iter=60, tol=0, random_state=4, dtype=dtype).fit(X)
    at_zero = 0.5 * np.sum(X * X)
    limit = 5e-6 if dtype == "float32" else 1e-13
    assert np.diff(model.history_.half_step_loss).max() <= limit * at_zero
    ones = ALS(2, reg=reg, max_iter=100, tol=0, random_state=0, dtype=dtype).fit(np.ones((5, 4)))
    assert np.diff(ones.history_.half_step_loss).max() <= limit * 10


def test_large_ratings_in_float32_are_fitted_as_in_float64():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 30))
    X[rng.random(X.shape) < 0.3] = np.nan
    errors = []
    for scale, dtype in ((1.0, "float64"), (1e8, "float32")):
        model = ALS(bias="both", reg=1e-9 / scale, max_iter=40, random_state=4, dtype=dtype).fit(scale * X)
        scores = model.inverse_transform(*model.transform(scale * X, return_bias=True)) / scale
        errors.append(np.sqrt(np.nanmean((scores - X) ** 2)))
        assert np.diff(model.history_.half_step_loss).max() <= 1e-5 * model.history_.half_step_loss[0]
    assert errors[1] < errors[0] + 0.01


def test_a_look_between_the_half_steps_changes_nothing():
    looked = []
    run, gain = ALS(2, max_iter=3, tol=0, random_state=0)._prepared(R, None, None)
    run.after_rows = lambda iteration: looked.append((iteration, run.factors.rows.copy()))

    class Nobody:
        def begin(self, iteration): ...
        def poll(self, fraction): ...
        def end(self, history): ...

    run.run(3, gain, _fit.auto_relaxation, Nobody())
    fitted = ALS(2, max_iter=3, tol=0, random_state=0).fit(R)
    np.testing.assert_array_equal(run.factors.columns, fitted.column_factors_)
    assert [iteration for iteration, _ in looked] == [0, 1, 2]
    assert not np.array_equal(looked[0][1], looked[2][1])


@pytest.mark.parametrize("bias", ["none", "mean", "both"])
def test_where_nothing_is_left_to_gain_the_tolerance_is_met(bias):
    X = np.full((5, 4), 0.0 if bias == "none" else 3.0)
    X[0, 0] = np.nan
    model = ALS(2, bias=bias, random_state=0).fit(X)
    assert (model.history_.loss[-1], model.converged_) == (0.0, True)
    assert model.n_iter_ <= 3
    assert ALS(2, bias=bias, random_state=0, tol=0, max_iter=5).fit(X).n_iter_ == 5


def test_callbacks_are_taken_away_and_what_is_none_is_told():
    watcher = Watcher()
    model = ALS(2, max_iter=2, random_state=0).set_callbacks(watcher)
    for nothing in ((), (None,)):
        model.set_callbacks(watcher).set_callbacks(*nothing).fit(R)
    assert watcher.calls == []
    for wrong in ("x", [watcher], Watcher):
        with pytest.raises(TypeError, match=r"set_callbacks takes callbacks, one an argument.*Got"):
            model.set_callbacks(wrong)
