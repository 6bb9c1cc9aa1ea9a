from __future__ import annotations

import json
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from alsatian.cli import demo, main
from alsatian.cli.additive import additive_model
from alsatian.cli.trial import fit, hold_out
from alsatian.datasets import load_flight_delays


@pytest.fixture(scope="module")
def trial():
    delays = load_flight_delays()
    return fit(delays.X, delays.flights, n_components=demo.N_COMPONENTS, reg=demo.REG, seed=0)


@pytest.fixture
def fitted(trial, monkeypatch):
    """The command, with the fit done once for all tests."""
    monkeypatch.setattr("alsatian.cli.trial.fit", lambda *args, **options: trial)


def test_als_beats_the_additive_model_beats_the_mean(trial):
    assert trial.rmse["ALS"] < 0.96 * trial.rmse["additive"]
    assert trial.rmse["additive"] < 0.9 * trial.rmse["mean"]


def test_held_out_cells_are_hidden(trial):
    X = load_flight_delays().X
    assert trial.held_out.sum() == round(0.1 * np.count_nonzero(~np.isnan(X)))
    assert np.isnan(trial.train[trial.held_out]).all()
    assert not np.isnan(X[trial.held_out]).any()
    assert np.isfinite(trial.completed).all()


def test_hold_out_follows_the_seed():
    X = load_flight_delays().X
    a, b, c = (hold_out(X, 0.1, seed) for seed in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


@pytest.mark.usefixtures("fitted")
def test_prints_a_table_and_writes_a_picture(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "a.png"
    assert main(["demo", "--output", str(path)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "\x1b" not in captured.out
    for word in ("mean", "additive", "ALS", "RMSE (minutes)", str(path)):
        assert word in captured.out
    assert path.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.usefixtures("fitted")
def test_json_is_json_and_nothing_else(capsys, trial):
    assert main(["demo", "--no-plot", "--json", "--seed", "0"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["rmse_minutes"] == trial.rmse
    assert result["picture"] is None
    assert result["shape"] == [437, 365]


@pytest.mark.usefixtures("fitted")
def test_without_matplotlib_the_table_still_comes(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    path = tmp_path / "a.png"
    assert main(["demo", "--output", str(path)]) == 0
    captured = capsys.readouterr()
    assert (
        "pip install matplotlib, or alsatian with its extra 'plot' (from a checkout: pip install '.[plot]')"
        in captured.err
    )
    assert "additive" in captured.out
    assert not path.exists()


@pytest.mark.usefixtures("fitted")
@pytest.mark.parametrize(("kind", "begins"), [("pdf", b"%PDF"), ("svg", b"<?xml"), ("PNG", b"\x89PNG")])
def test_pictures_of_every_kind(kind, begins, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"a.{kind}"
    assert main(["demo", "--output", str(path)]) == 0
    assert path.read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("absent/a.png", 1, "a.png: there is no folder .*absent; make it"),
        ("a.xyz", 2, "--output .*a.xyz: the kind of picture is not known; let its name end in .png, .pdf, .svg"),
        ("a", 2, "the kind of picture is not known"),
        ("folder.png", 1, "folder.png is a folder"),
    ],
)
def test_a_picture_that_cannot_be_written_is_an_error_before_the_work(
    name, status, message, *, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("alsatian.cli.trial.fit", lambda *args, **options: pytest.fail("it has begun to work"))
    (tmp_path / "folder.png").mkdir()
    assert main(["demo", "--output", str(tmp_path / name)]) == status
    assert re.search(f"^alsatian: error: .*{message}", capsys.readouterr().err)


@pytest.mark.usefixtures("fitted")
def test_a_closed_pipe_is_no_error(monkeypatch, tmp_path):
    def closed(*args, **options):
        raise BrokenPipeError

    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=closed, flush=closed, fileno=out.fileno))
        assert main(["demo", "--no-plot", "--json"]) == 0


def test_additive_model_is_the_minimum_of_its_loss():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 6)) + rng.normal(size=(8, 1))
    X[rng.random(X.shape) < 0.3] = np.nan
    seen, reg = ~np.isnan(X), 2.0
    fitted = additive_model(X, reg=reg, n_sweeps=500)
    # The same as one ridge regression on dummy variables.
    rows, columns = np.nonzero(seen)
    design = np.zeros((rows.size, 14))
    design[np.arange(rows.size), rows] = 1
    design[np.arange(rows.size), 8 + columns] = 1
    target = X[seen] - X[seen].mean()
    effects = np.linalg.solve(design.T @ design + reg * np.eye(14), design.T @ target)
    expected = X[seen].mean() + effects[:8, None] + effects[None, 8:]
    np.testing.assert_allclose(fitted, expected, atol=1e-10)


def test_additive_model_with_an_empty_row():
    X = np.array([[1.0, 2.0], [np.nan, np.nan]])
    fitted = additive_model(X, reg=0.0)
    np.testing.assert_allclose(fitted, [[1.0, 2.0], [1.0, 2.0]])
