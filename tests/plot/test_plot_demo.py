from __future__ import annotations

import io

import numpy as np
import pytest

from alsatian.plot.demo import demo_figure, route_order


def test_route_order_ignores_rotation():
    rng = np.random.default_rng(0)
    W, Z = rng.normal(size=(20, 3)), rng.normal(size=(15, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    np.testing.assert_array_equal(route_order(W @ Z.T), route_order((W @ turn) @ (Z @ turn).T))


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_draws_any_shape(kind):
    pytest.importorskip("matplotlib")
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 30, size=(9, 70))
    truth[rng.random(truth.shape) < 0.3] = np.nan
    held_out = ~np.isnan(truth) & (rng.random(truth.shape) < 0.1)
    completed = rng.normal(0, 20, size=truth.shape)
    figure = demo_figure(
        truth=truth,
        held_out=held_out,
        completed=completed,
        interaction=completed,
        dates=np.arange("2013-01-20", "2013-03-31", dtype="datetime64[D]"),
        rmse={"mean": 30.0, "additive": 20.0, "ALS": 10.0},
    )
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "What ALS saw" in texts
    out = io.BytesIO()
    figure.savefig(out, format=kind)
    assert out.tell() > 1000
