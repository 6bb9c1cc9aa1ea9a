from __future__ import annotations

import io

import numpy as np
import pytest

from alsatian.evaluation import compare, splits
from alsatian.plot import ComparisonDisplay
from evaluation.judging import als, ratings

figure = pytest.importorskip("matplotlib.figure")


@pytest.fixture(scope="module")
def comparison():
    models = {"one": als(1), "three": als(3), "seven": als(7, reg=10)}
    return compare(models, splits.random_cells(ratings()), ["rmse", "ndcg@5", "coverage@5"], n_resamples=200)


@pytest.mark.parametrize("metric", [None, "ndcg@5", "coverage@5"])
def test_values_are_drawn_with_the_best_on_top(comparison, metric):
    ax = figure.Figure().add_subplot()
    display = ComparisonDisplay.from_comparison(comparison, metric, ax=ax)
    name = metric or "rmse"
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_xlabel() == f"{name} ({'smaller' if name == 'rmse' else 'greater'} is better)"
    points = next(line for line in ax.lines if line.get_marker() == "o")
    best = comparison.best(name)
    assert points.get_xdata()[0] == comparison.results[best][name].value
    assert points.get_ydata().tolist() == [2, 1, 0]
    assert ax.get_yticklabels()[0].get_text() == best
    told = [text.get_text() for text in ax.texts]
    assert sum("(p " in text for text in told) == (0 if name == "coverage@5" else 2)
    out = io.BytesIO()
    display.figure_.savefig(out)
    assert out.tell() > 1000


def test_a_new_figure_is_made_where_no_axes_are_given(comparison):
    plt = pytest.importorskip("matplotlib.pyplot")
    display = ComparisonDisplay.from_comparison(comparison)
    assert display.figure_.number in plt.get_fignums()
    plt.close(display.figure_)
    with pytest.raises(KeyError, match="was not measured"):
        ComparisonDisplay.from_comparison(comparison, "mae")


def test_intervals_are_those_of_the_comparison(comparison):
    ax = figure.Figure().add_subplot()
    display = ComparisonDisplay.from_comparison(comparison, "rmse", ax=ax)
    wanted = [comparison.interval(model, "rmse") for model in display.models]
    np.testing.assert_allclose(display.intervals, wanted)
    segments = ax.collections[0].get_segments()
    np.testing.assert_allclose([[a[0], b[0]] for a, b in segments], wanted)
