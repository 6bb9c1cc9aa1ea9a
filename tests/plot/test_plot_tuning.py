from __future__ import annotations

import io

import numpy as np
import pytest

from alsatian import ALSPath
from alsatian.evaluation import splits, tune
from alsatian.plot import PathDisplay, TuningDisplay
from evaluation.judging import als, implicit, plays, ratings

figure = pytest.importorskip("matplotlib.figure")
pytest.importorskip("optuna")


@pytest.fixture(scope="module")
def tuning():
    space = {"n_components": (1, 6), "reg": (0.005, 1.0)}
    return tune(als(), ratings(), space=space, n_trials=9, confirm=False)


def test_a_search_over_time(tuning):
    ax = figure.Figure().add_subplot()
    display = TuningDisplay.from_tuning(tuning, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    seconds, best = tuning.course()
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), seconds)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), best)
    assert sum(len(points.get_offsets()) for points in ax.collections) == 9
    assert ax.get_ylabel() == "rmse (smaller is better)"
    low, high = ax.get_ylim()
    assert low < tuning.best_value < high
    display.figure_.savefig(io.BytesIO())


def test_a_search_over_a_parameter(tuning):
    ax = figure.Figure().add_subplot()
    TuningDisplay.from_tuning(tuning, "reg", ax=ax)
    assert ax.get_xlabel() == "reg"
    assert ax.get_xscale() == "log"
    assert not ax.lines
    with pytest.raises(ValueError, match="'alpha' was not searched; there are: n_components, reg"):
        TuningDisplay.from_tuning(tuning, "alpha", ax=ax)


@pytest.mark.parametrize(("greater", "marker"), [(False, 1), (True, -1)])
def test_trials_beyond_the_axis_are_at_its_edge(greater, marker):
    values = marker * np.array([1.0, 1.1, 1.05, 1.2, 0.9, 40.0, np.nan])
    states = ["complete"] * 5 + ["pruned", "fail"]
    display = TuningDisplay(
        places=range(7), values=values, states=states, best=None, metric="rmse", greater_is_better=greater,
        parameter="reg",
    ).plot(ax=figure.Figure().add_subplot())  # fmt: skip
    ax = display.ax_
    drawn = np.concatenate([points.get_offsets() for points in ax.collections])
    low, high = ax.get_ylim()
    assert sorted(drawn[:, 0]) == [0, 1, 2, 3, 4, 5]
    assert ((low <= drawn[:, 1]) & (drawn[:, 1] <= high)).all()
    np.testing.assert_array_equal(ax.collections[-1].get_offsets(), [[n, low if greater else high] for n in (3, 5)])
    told = [text.get_text() for text in ax.get_legend().get_texts()]
    assert told == ["complete", f"2 beyond the axis, to {values[5]:.4g}"]
    display.figure_.canvas.draw()


def test_choices_are_names():
    found = tune(implicit(), plays(), "ndcg@5", space={"objective": ["hkv", "ials"]}, n_trials=4, confirm=False)
    display = TuningDisplay.from_tuning(found, "objective", ax=figure.Figure().add_subplot())
    display.figure_.canvas.draw()
    assert {label.get_text() for label in display.ax_.get_xticklabels()} <= {"hkv", "ials"}
    assert display.ax_.get_ylabel() == "ndcg@5 (greater is better)"


def test_a_path():
    path = ALSPath(als(4), n_regs=5).fit(splits.random_cells(ratings(), test=0.2))
    display = PathDisplay.from_path(path, ax=figure.Figure().add_subplot())
    curves = {line.get_label(): line for line in display.ax_.lines}
    np.testing.assert_array_equal(curves["held-out cells"].get_ydata(), path.errors_)
    assert display.ax_.xaxis_inverted()
    assert display.rank_ax_.get_ylim()[1] >= path.points_[-1].rank
    display.figure_.savefig(io.BytesIO())


def test_new_figures_are_made_where_no_axes_are_given(tuning):
    plt = pytest.importorskip("matplotlib.pyplot")
    display = TuningDisplay.from_tuning(tuning)
    assert display.figure_.number in plt.get_fignums()
    plt.close(display.figure_)
