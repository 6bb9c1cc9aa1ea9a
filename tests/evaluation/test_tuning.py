"""`tune`: warm starts that change nothing but the time, no look at the test, and clear errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from alsatian import ALS, ImplicitALS, Interactions
from alsatian.evaluation import Tuning, evaluate, splits, tune
from alsatian.evaluation.metrics import PerUser
from alsatian.evaluation.tuning import Trial
from alsatian.evaluation.tuning._archive import FIRST, Archive
from alsatian.evaluation.tuning._space import distance, space_of
from alsatian.evaluation.tuning._trial import HeldOut, run_trial, settled
from evaluation.judging import als, implicit, plays, ratings
from evaluation.searching import searched

pytest.importorskip("optuna")


def test_a_search_finds_what_is_good():
    data = ratings(users=80)
    found = searched(data, n_trials=15, space={"reg": (0.003, 30.0)}, confirm=True)
    split = splits.random_cells(data, test=0.1, seed=0)
    values = {reg: evaluate(als(reg=reg), split, "rmse")["rmse"].value for reg in (0.003, 0.03, 0.1, 0.3, 3.0, 30.0)}
    assert found.confirmed <= min(values.values()) * 1.03
    assert found.confirmed == evaluate(found.model, split, "rmse")["rmse"].value
    assert found.best_value == pytest.approx(found.confirmed, rel=0.03)
    assert found.trials[0].start == FIRST
    assert {trial.state for trial in found.trials} <= {"complete", "pruned"}


def test_the_same_seed_is_the_same_search():
    one, two = searched(), searched()
    assert [t.parameters for t in one.trials] == [t.parameters for t in two.trials]
    assert [t.values for t in one.trials] == [t.values for t in two.trials]
    assert [t.parameters for t in searched(seed=1).trials] != [t.parameters for t in one.trials]


def test_warm_starts_save_iterations_and_lose_nothing():
    data = ratings(users=150, items=60)
    cold, warm = (searched(data, warm=warm, prune=False, n_trials=10) for warm in (False, True))
    assert [t.start for t in cold.trials] == [None] * 10
    assert all(t.start is not None for t in warm.trials)
    assert sum(t.iterations for t in warm.trials) < 0.75 * sum(t.iterations for t in cold.trials)
    assert warm.best_value <= cold.best_value * 1.01
    assert warm.first_fit[0] > 0 == cold.first_fit[0]


def test_the_test_cells_have_no_say():
    data = ratings()
    split = splits.random_cells(data, test=0.2, validation=0.2)
    spoilt = splits.Split(
        split.train, split.test.select(split.test.values >= 4), validation=split.validation, name=split.name
    )
    one, two = searched(split), searched(spoilt)
    assert [t.values for t in one.trials] == [t.values for t in two.trials]
    with pytest.raises(ValueError, match="no validation part, and parameters must not be chosen by its test"):
        searched(splits.random_cells(data))


@pytest.mark.parametrize("strong", [False, True])
def test_lists(strong):
    data = plays(users=60)
    split = data
    if strong:
        split = splits.strong_generalization(data, users=10, validation_users=15)
    found = tune(implicit(), split, "ndcg@5", space={"n_components": (2, 5), "reg": (1e-3, 0.3),
                 "objective": ["hkv", "ials"]}, n_trials=6)  # fmt: skip
    best = found.best_parameters
    assert found.greater_is_better
    assert found.best_value == max(t.value for t in found.trials if t.state == "complete")
    assert best["max_iter"] == found.best.iterations + (3 if found.best.start == FIRST else 4)
    assert best["tol"] == 0
    assert 0 < found.confirmed < 1


def test_lists_are_judged_by_some_users_if_there_are_many():
    data = plays(users=60)
    how = {"space": {"n_components": (2, 5)}, "n_trials": 3, "confirm": False}
    some, all_of_them = (tune(implicit(), data, "recall@5", n_users=n, **how) for n in (20, None))
    assert [t.parameters["n_components"] for t in some.trials] == [
        t.parameters["n_components"] for t in all_of_them.trials
    ]
    assert [t.values for t in some.trials] != [t.values for t in all_of_them.trials]


def test_a_trial_is_the_fit_that_it_says():
    """The values after each iteration are those of fits of so many, the rows of the last being a step old."""
    split = splits.random_cells(ratings(), test=0.3)
    from alsatian.evaluation._metric import parse

    model = als(tol=0, relaxation=1.0)
    run = run_trial(model, HeldOut(split, parse("rmse"), {}, None, 0), start=None, max_iter=4, plateau=0.0,
                    rng=np.random.default_rng(0), prune=lambda i, v: False)  # fmt: skip
    assert len(run.values) == 4
    fitted = als(tol=0, relaxation=1.0, max_iter=4).fit(split.train.csr)
    np.testing.assert_allclose(run.factors.columns, fitted.column_factors_, rtol=2e-4, atol=1e-5)
    scores = run.factors.mean + run.factors.row_bias[split.test.rows] + run.factors.column_bias[split.test.columns]
    scores = scores + np.sum(run.factors.rows[split.test.rows] * run.factors.columns[split.test.columns], axis=1)
    # The fit was closed by a row half-step, after the last look.
    assert run.values[-1] == pytest.approx(math.sqrt(np.mean((scores - split.test.values) ** 2)), rel=0.02)


def test_fits_end_when_nothing_changes_or_gets_better():
    assert not settled([0.5], 0.1, True)
    assert settled([0.5, 0.5004], 1e-3, True)
    assert not settled([0.5, 0.51], 1e-3, True)
    assert settled([0.5, 0.49, 0.48, 0.47], 1e-3, True)
    assert not settled([0.5, 0.49, 0.48, 0.47], 1e-3, False)
    assert not settled([0.5, 0.49, 0.51, 0.47], 1e-3, True)


def test_trials_that_fail_are_told_and_passed_over(monkeypatch):
    from alsatian.evaluation.tuning import _tune

    plain = _tune.run_trial

    def failing(model, *args, **how):
        if model.n_components >= 3:
            raise ValueError("too much")
        return plain(model, *args, **how)

    monkeypatch.setattr(_tune, "run_trial", failing)
    found = searched(n_trials=10)
    assert {t.state for t in found.trials if t.parameters["n_components"] >= 3} == {"fail"}
    assert found.best_parameters["n_components"] < 3
    assert any(t.error == "ValueError: too much" for t in found.trials)
    monkeypatch.setattr(_tune, "run_trial", lambda *args, **how: failing(als(9)))
    with pytest.raises(ValueError, match="too much"):
        searched()


def test_a_metric_of_nothing_ends_the_search():
    how = {"metric": lambda outcome: math.nan}
    found = searched(n_trials=3, **how)
    assert [trial.state for trial in found.trials] == ["fail"] * 3
    assert all("the metric is nan" in trial.error for trial in found.trials)
    with pytest.raises(ValueError, match="the metric is nan"):
        searched(n_trials=9, **how)


def test_time_is_a_limit():
    assert len(searched(n_trials=1000, timeout=1e-9, warm=False).trials) == 0
    nothing = searched(n_trials=1000, timeout=1e-9, warm=False, confirm=True)
    assert "no trial has ended well" in repr(nothing)
    assert "Best of 0 trials" in str(nothing)
    with pytest.raises(ValueError, match="no trial has ended well: the timeout was over before the first began"):
        _ = nothing.best


def test_calibration_is_of_cells():
    assert "random cells" in searched(metric="calibration_error", n_trials=2).split_name


def test_two_sides_and_their_pair():
    space = {
        "reg_rows": (0.01, 1.0),
        "reg_columns": (0.01, 1.0),
        "bias_reg_rows": (0.1, 0.2),
        "bias_reg_columns": (0.3, 0.4),
    }
    found = searched(space=space, n_trials=3)
    low, high = found.best_parameters["reg"]
    assert 0.01 <= low <= 1
    assert 0.01 <= high <= 1
    assert 0.1 <= found.best_parameters["bias_reg"][0] <= 0.2
    assert 0.3 <= found.best_parameters["bias_reg"][1] <= 0.4
    assert found.to_frame()["reg_rows"].size == 3
    assert found.model.reg == (low, high)


def test_lambda_keeps_its_size_while_its_exponent_is_searched():
    train = ratings()
    space = space_of(als(), train, {"reg": (0.01, 1.0), "reg_exponent": (0.0, 1.0)})
    for nu in (0.0, 0.3, 1.0):
        reg = space.parameters(als(), {"reg": 0.2, "reg_exponent": nu})["reg"]
        total = sum(reg * np.sum(count[count > 0] ** nu) for count in space.counts)
        assert total == pytest.approx(0.2 * 2 * len(train), rel=1e-5)


def test_default_spaces_search_what_matters():
    space = space_of(als(bias="none"), ratings(), None)
    assert [axis.name for axis in space.axes] == ["n_components", "reg", "reg_exponent"]
    larger = space_of(als(), Interactions.from_matrix(10 * ratings().csr.toarray()), None)
    assert [axis.name for axis in larger.axes][-1] == "bias_reg"
    names = [axis.name for axis in space_of(implicit(), plays(), None).axes]
    assert names == ["n_components", "reg", "reg_exponent", "unobserved_weight", "objective", "confidence"]
    found = tune("ratings", ratings(), n_trials=2, confirm=False)
    assert isinstance(found.model, ALS)
    assert isinstance(tune("implicit", plays(), n_trials=2, confirm=False).model, ImplicitALS)


def test_near_is_what_has_all_that_is_needed():
    space = space_of(als(), ratings(), {"n_components": (2, 20), "reg": (0.01, 1.0)})
    here = {"n_components": 6, "reg": 0.1}
    shrink, grow = ({"n_components": k, "reg": 0.1} for k in (18, 2))
    small, large = ({"n_components": 6, "reg": reg} for reg in (0.03, 0.3))
    assert distance(space, here, shrink) < distance(space, here, grow)
    assert distance(space, here, small) < distance(space, here, large)
    assert distance(space, here, here) == 0
    assert Archive(space).nearest(here) is None


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"rank": (1, 2)}, "'rank', which cannot be searched"),
        ({"n_jobs": (1, 2)}, "'n_jobs', which cannot be searched"),
        ({"rag": (0.1, 1.0)}, "Did you mean 'reg'"),
        ({"reg": 0.1}, r"space\['reg'\] = 0.1: one value is nothing to search; it is set in the model, reg=0.1"),
        ({"reg": (1.0, 0.1)}, r"space\['reg'\] = \(1.0, 0.1\): the lower end of a range comes first, \(0.1, 1.0\)"),
        ({"reg": []}, "must be a pair"),
        ({"reg": (0.1, 1, 2)}, "must be a pair"),
        ({"reg": (0.1, math.inf)}, "finite numbers"),
        ({"reg": (-1.0, 1.0)}, "has -1.0, which the model does not take.*range"),
        ({"reg_rows": (-1.0, 1.0), "reg_columns": (0.1, 1.0)}, "has -1.0, which the model does not take"),
        ({"n_components": (2.5, 4)}, r"space\['n_components'\] = \(2.5, 4\) has 2.5.*must be an int in the range \[1"),
        ({"n_components": [0, 4]}, "has 0, which the model does not take"),
        ({"bias": ("rows", "both")}, r"choices are a list, \['rows', 'both'\]"),
        ({"bias": ["row"]}, "has 'row', which the model does not take"),
        ({"reg_rows": (0.1, 1.0)}, "'reg_rows' and 'reg_columns' together"),
        ({}, "space is empty"),
    ],
)
def test_bad_spaces_are_refused(space, message):
    with pytest.raises(ValueError, match=message):
        searched(space=space)


def test_whole_ends_of_a_range_of_all_numbers():
    space = space_of(als(), ratings(), {"n_components": (2, 8), "reg": (1, 5), "reg_exponent": (0, 1)})
    assert [axis.whole for axis in space.axes] == [True, False, False]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (lambda outcome: "good", "gave str: a PerUser, a Pooled or a number is needed"),
        (lambda outcome: PerUser("x", [1.0]), "gave 1 values for .* test users: one for each"),
    ],
)
def test_a_metric_that_gives_no_result_ends_the_search_at_once(metric, message):
    asked = []

    def counted(outcome):
        asked.append(outcome)
        return metric(outcome)

    with pytest.raises(TypeError, match=message):
        searched(plays(), implicit(), metric=counted, space={"reg": (0.01, 1.0)})
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"storage": "foo"}, ValueError, "storage = 'foo' is no URL .* storage='sqlite:///foo'"),
        ({"storage": "foo://bar"}, ValueError, "storage = 'foo://bar' cannot be opened: .*sqlite:///search.db"),
        ({"storage": "sqlite:///{file}/x.db"}, ValueError, "cannot be opened: .* unable to open database file"),
        ({"storage": 3}, TypeError, "storage = 3 is none"),
        ({"folder": "{file}"}, NotADirectoryError, "folder = '.*file' cannot be made: '.*file' is a file"),
        ({"folder": "{file}/sub"}, NotADirectoryError, "folder = '.*sub' cannot be made: '.*file' is a file"),
        ({"folder": 3}, TypeError, "folder must be a path"),
        ({"seed": -1}, ValueError, "seed must be a whole number of at least 0, got -1"),
        ({"seed": 1.5}, ValueError, "seed must be a whole number of at least 0, got 1.5"),
        ({"seed": 2**32}, ValueError, "seed must be at most 4294967295"),
        ({"validation": 0}, ValueError, "validation must be a share"),
        ({"validation": 1.5, "metric": "ndcg@5"}, ValueError, "validation must be a share"),
        ({"plateau": "a"}, ValueError, "plateau must be a number"),
        ({"plateau": -1}, ValueError, "plateau is a part of the metric, .* at least 0, got -1"),
        ({"timeout": "a"}, ValueError, "timeout must be a number"),
        ({"timeout": 0}, ValueError, "timeout must be a number of seconds above 0, or None for no limit, got 0"),
        ({"warm": "no"}, ValueError, "warm must be True or False, got 'no'"),
        ({"prune": None}, ValueError, "prune must be True or False, got None"),
        (
            {"data": ratings().csr},
            TypeError,
            "Interactions or a Split of them are needed, got csr_array: .*from_matrix",
        ),
        ({"sampler": 3}, TypeError, "sampler must be one of optuna.samplers"),
        ({"metric": "ndcg@5", "relevant_from": "4"}, ValueError, "relevant_from must be a number"),
        ({"metric": "ndcg@5", "relevant_from": 99}, ValueError, "no test cell of random per user.* is relevant"),
        ({"model": als(reg=-1)}, ValueError, "The 'reg' parameter of ALS"),
    ],
)
def test_bad_parameters_are_refused(how, error, message, tmp_path):
    (tmp_path / "file").touch()
    told = {name: v.format(file=tmp_path / "file") if isinstance(v, str) else v for name, v in how.items()}
    with pytest.raises(error, match=message):
        searched(**told)


def test_why_no_trial_ended_well_has_one_full_stop():
    failed = [Trial(0, {"reg": 0.1}, math.nan, "fail", [], math.nan, math.nan, 0, None, "ValueError: too few.")]
    with pytest.raises(ValueError, match=r"no trial has ended well: ValueError: too few\.$"):
        _ = Tuning(ALS(2), None, "rmse", False, failed, "random", None, (0.0, 0.0)).best


def test_the_calls_that_reproduce_the_best():
    found = tune("ratings", ratings(), n_trials=3, confirm=True)
    model = eval(found.expression, {"ALS": ALS})
    assert model.get_params() == found.model.get_params()
    split = splits.random_cells(ratings(), test=0.1, seed=0)
    assert evaluate(model, split, "rmse")["rmse"].value == found.confirmed
    words = found.command("my ratings.csv").split()
    assert found.command("my ratings.csv").startswith("alsatian fit 'my ratings.csv' --model ratings ")
    assert words[words.index("--reg") + 1] == repr(found.best_parameters["reg"])
    other = Tuning(als(solver="exact"), found.space, "rmse", False, found.trials, "", None, (0.0, 0.0))
    with pytest.raises(ValueError, match="no option for solver='exact'"):
        other.command()


def test_results_tell_their_story():
    found = searched(confirm=True)
    text = str(found)
    for part in ("Best of 8 trials", "by rmse on random cells", "n_components", "fitted anew", "ALS("):
        assert part in text
    assert repr(found).startswith("Tuning(8 trials; best rmse ")
    assert found.to_frame().shape[0] == 8
    seconds, best = found.course()
    assert (np.diff(seconds) > 0).all()
    assert (np.diff(best[~np.isnan(best)]) <= 0).all()


def test_files_of_something_else_are_refused(tmp_path):
    import alsatian
    from alsatian import ModelFileError

    alsatian.save(als().fit(ratings().csr), tmp_path / "first.safetensors")
    with pytest.raises(ModelFileError, match="holds no start of this search"):
        searched(folder=tmp_path)


def test_the_table_says_what_a_trial_started_from():
    trials = [
        Trial(n, {"reg": 0.1}, 1.0 + n, "complete", [], 0.5, 0.5, 3, start) for n, start in enumerate((None, -1, 0))
    ]
    found = Tuning(ALS(2), None, "rmse", False, trials, "random", None, (0.0, 0.0))
    _, header, _, *rows = str(found).splitlines()
    assert header.endswith("started from")
    assert [row[len(header) - len("started from") :].strip() for row in rows[:3]] == ["–", "first fit", "0"]
