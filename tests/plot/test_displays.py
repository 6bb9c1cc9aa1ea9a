"""The displays: what is drawn, from what, and what is refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

from alsatian import ALS, ImplicitALS
from alsatian.plot import FactorsDisplay, HistoryDisplay, ResidualsDisplay, SpectrumDisplay
from alsatian.plot._canonical import canonical

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def no_windows():
    from matplotlib import pyplot as plt

    before = matplotlib.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(before)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 40)) + 0.3 * rng.normal(size=(60, 40)) + 5
    X[rng.random(X.shape) < 0.3] = np.nan
    return X


@pytest.fixture(scope="module")
def model(data):
    return ALS(6, bias="both", max_iter=8, tol=0, random_state=0).fit(data)


def texts(ax):
    return [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel(), *(text.get_text() for text in ax.texts)]


def test_history(model):
    display = model.plot_history()
    assert isinstance(display, HistoryDisplay)
    (line,) = display.lines_
    np.testing.assert_array_equal(line.get_ydata(), model.history_.loss)
    assert list(line.get_xdata()) == [*range(1, 9), 8.5]
    history = model.history_
    told = f"8 iterations, {history.seconds[-1]:.2f} s, loss {history.loss[-1]:.6g}"
    assert texts(display.ax_) == ["Fit of ALS", "iteration", "loss", "closing rows", told]
    display.figure_.canvas.draw()


def test_history_in_parts_and_above_the_last(model):
    display = model.plot_history(kind="parts", x="seconds")
    assert len(display.lines_) == 3
    assert texts(display.ax_)[1] == "time, seconds"
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "ridge of columns",
        "ridge of rows",
        "fit",
    ]
    (line,) = model.plot_history(kind="excess").lines_
    loss = model.history_.loss
    np.testing.assert_array_equal(line.get_ydata(), (loss - loss[-1])[loss > loss[-1]])
    assert line.axes.get_yscale() == "log"


def test_displays_draw_on_axes_that_are_given_and_again(model, data):
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots(2, 2).ravel()
    displays = [
        model.plot_history(ax=axes[0]), model.plot_spectrum(ax=axes[1]), model.plot_factors(ax=axes[2]),
        model.plot_residuals(data, ax=axes[3]),
    ]  # fmt: skip
    for display, ax in zip(displays, axes, strict=True):
        assert display.ax_ is ax
        assert display.figure_ is figure
    again = displays[0].plot()
    assert again.ax_ is not axes[0]
    figure.canvas.draw()


def test_the_canonical_basis_does_not_depend_on_the_one_that_was_fitted(model):
    rng = np.random.default_rng(1)
    W, Z = model.row_factors_, model.column_factors_
    turn = rng.normal(size=(6, 6))
    one, two = canonical(W, Z), canonical(W @ turn, Z @ np.linalg.inv(turn).T)
    np.testing.assert_allclose(one.values, np.linalg.svd(W @ Z.T, compute_uv=False)[:6], rtol=1e-10)
    np.testing.assert_allclose(one.rows @ one.columns.T, W @ Z.T, atol=1e-10)
    np.testing.assert_allclose(one.columns, two.columns, atol=1e-8)
    np.testing.assert_allclose(one.rows, two.rows, atol=1e-8)


@pytest.mark.parametrize("shape", [(3, 9), (9, 3)])
def test_more_components_than_rows_or_columns(shape):
    X = np.random.default_rng(0).normal(size=shape)
    wide = ALS(5, random_state=0).fit(X)
    W, Z = wide.row_factors_, wide.column_factors_
    made = canonical(W, Z)
    np.testing.assert_allclose(made.rows @ made.columns.T, W @ Z.T, atol=1e-10)
    wide.plot_spectrum()


def test_spectrum(model):
    display = model.plot_spectrum()
    assert isinstance(display, SpectrumDisplay)
    heights = [bar.get_height() for bar in display.ax_.patches]
    np.testing.assert_allclose(heights, display.values)
    assert np.all(np.diff(display.values) <= 0)
    assert display.shares[-1] == pytest.approx(1)
    (line,) = display.share_ax_.lines
    np.testing.assert_allclose(line.get_ydata(), display.shares)
    assert texts(display.ax_)[:3] == ["Singular values of W Zᵀ", "component", "singular value"]


def test_spectrum_of_nothing():
    display = SpectrumDisplay(values=np.zeros(3)).plot()
    assert display.shares.tolist() == [1, 1, 1]


def test_factors(model):
    names = [f"item {n}" for n in range(40)]
    display = model.plot_factors(names=names, n_names=5)
    assert isinstance(display, FactorsDisplay)
    turned = canonical(model.row_factors_, model.column_factors_)
    np.testing.assert_array_equal(display.points_.get_offsets(), turned.columns[:, :2])
    np.testing.assert_allclose(display.points_.get_array(), np.linalg.norm(turned.columns, axis=1))
    assert 1 <= len(display.texts_) <= 5
    far = np.argmax(np.linalg.norm(turned.columns[:, :2], axis=1))
    assert display.texts_[0].get_text() == f"item {far}"
    boxes = [text.get_window_extent() for text in display.texts_]
    assert not any(one.overlaps(two) for n, one in enumerate(boxes) for two in boxes[:n])
    assert texts(display.ax_)[0] == "Map of the columns"
    assert texts(display.ax_)[1].startswith("direction 1 (")


def test_the_map_has_one_scale(model):
    ax = model.plot_factors().ax_
    ax.figure.canvas.draw()
    (x0, y0), (x1, y1) = ax.transData.transform([(0, 0), (1, 1)])
    assert x1 - x0 == pytest.approx(y1 - y0)


def test_factors_of_rows_other_directions_and_chosen_names(model):
    display = model.plot_factors(side="rows", components=(2, 1), names=range(60), named=[7, 3])
    turned = canonical(model.row_factors_, model.column_factors_)
    np.testing.assert_array_equal(display.coordinates, turned.rows[:, [2, 1]])
    assert display.texts_[0].get_text() == "7"
    assert {text.get_text() for text in display.texts_} <= {"7", "3"}
    assert model.plot_factors(side="rows").texts_ == []


def test_names_come_from_the_frame_that_was_fitted(data):
    import pandas as pd

    model = ALS(3, random_state=0).fit(pd.DataFrame(data, columns=[f"c{n}" for n in range(40)]))
    assert model.plot_factors().texts_[0].get_text().startswith("c")
    assert FactorsDisplay.from_estimator(model, side="rows").names is None


@pytest.mark.parametrize("kind", ["residuals", "distribution"])
def test_residuals(kind, model, data):
    display = model.plot_residuals(data, kind=kind)
    rows, columns = np.nonzero(~np.isnan(data))
    np.testing.assert_array_equal(display.values, data[rows, columns])
    np.testing.assert_array_equal(display.predictions, model.predict_cells(rows, columns))
    rmse = np.sqrt(np.mean(display.residuals**2))
    assert f"{rows.size:,} cells, RMSE {rmse:.4g}" in " ".join(texts(display.ax_))
    display.figure_.canvas.draw()


def test_residuals_of_a_sparse_matrix_and_of_many_cells(model, data):
    cells = csr_array(np.nan_to_num(data))
    display = model.plot_residuals(cells)
    assert display.values.size == cells.nnz
    many = ResidualsDisplay(values=np.tile(display.values, 3), predictions=np.tile(display.predictions, 3)).plot()
    assert many.figure_.axes[1].get_ylabel() == "cells"


def test_means_of_bins():
    predictions = np.arange(100.0)
    display = ResidualsDisplay(values=predictions + np.repeat([1.0, -1.0], 50), predictions=predictions)
    x, y, error = display.means()
    np.testing.assert_allclose(x, np.arange(4.5, 100, 10))
    np.testing.assert_allclose(y, [1] * 5 + [-1] * 5)
    np.testing.assert_allclose(error, 0, atol=1e-15)


def test_implicit_models_have_the_pictures_that_mean_something():
    X = np.random.default_rng(0).poisson(0.4, size=(30, 20))
    model = ImplicitALS(4, random_state=0).fit(X)
    model.plot_history()
    model.plot_factors()
    model.plot_spectrum()
    assert not hasattr(model, "plot_residuals")


@pytest.mark.parametrize(
    ("draw", "error", "told"),
    [
        (lambda m, X: ALS().plot_history(), NotFittedError, "not fitted"),
        (lambda m, X: m.plot_history(x="time"), ValueError, "x must be"),
        (lambda m, X: m.plot_history(kind="x"), ValueError, "^kind must be 'loss', 'parts' or 'excess'. Got 'x'"),
        (lambda m, X: m.plot_factors(side="users"), ValueError, "side must be"),
        (lambda m, X: m.plot_factors(components=(0, 6)), ValueError, r"components must be two of 0 … 5"),
        (lambda m, X: m.plot_factors(components=(0, "1")), ValueError, r"components must be two of 0 … 5"),
        (lambda m, X: m.plot_factors(named=["zz"]), ValueError, "named must hold positions of columns, from 0"),
        (lambda m, X: m.plot_factors(named=[3, 40]), ValueError, "from 0 to 39. Got 40"),
        (lambda m, X: ALS(1).fit(X).plot_factors(), ValueError, "one component, which is a line and no map"),
        (lambda m, X: m.plot_factors(names=["a"]), ValueError, "names has 1 entries, but there are 40 columns"),
        (lambda m, X: m.plot_residuals(X[:5]), ValueError, r"X is of shape \(5, 40\)"),
        (lambda m, X: m.plot_residuals(X * np.nan), ValueError, "X has no cell"),
        (lambda m, X: m.plot_residuals(X[0]), ValueError, "X must be a matrix"),
        (lambda m, X: m.plot_residuals(X, kind="all"), ValueError, "kind must be"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn(draw, error, told, model, data):
    with pytest.raises(error, match=told):
        draw(model, data)


def test_without_matplotlib_the_error_names_the_extra(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[plot\]'"):
        model.plot_history()


def test_history_as_a_frame(model):
    for backend in ("pandas", "polars", "pyarrow"):
        pytest.importorskip(backend)
        frame = model.history_.to_frame(backend)
        assert frame.shape == (9, 10)
    assert list(model.history_.to_frame()["loss"]) == list(model.history_.loss)
