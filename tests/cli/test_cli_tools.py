"""complete, datasets, doctor and completion, on the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import numpy as np
import pytest

import alsatian
from alsatian import ALSImputer, cli
from alsatian.datasets import load_fleet_routes, load_flight_delays

pl = pytest.importorskip("polars")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    return tmp_path


def run(capsys, *args, status=0):
    assert cli.main([str(arg) for arg in args]) == status
    return capsys.readouterr()


def table_with_holes():
    rng = np.random.default_rng(0)
    X = np.round(rng.normal(size=(30, 2)) @ rng.normal(size=(2, 6)) * [1, 1, 10, 100, 1, 1] + 50, 2)
    X[rng.random(X.shape) < 0.2] = np.nan
    return X


def test_complete_fills_the_holes_and_nothing_else(capsys, folder):
    X = table_with_holes()
    names = [f"f{n}" for n in range(6)]
    lines = [",".join(["name", *names])]
    lines += [",".join([f"row {n}", *("" if np.isnan(x) else f"{x:.2f}" for x in row)]) for n, row in enumerate(X)]
    (folder / "in.csv").write_text("\n".join(lines) + "\n")
    said = run(capsys, "complete", "in.csv", "--components", 2, "--seed", 0)
    assert f"{np.isnan(X).sum()} of {X.size} cells" in said.out
    assert "column 1, 'name', is left as it is: it holds texts" in said.err
    out = (folder / "in-complete.csv").read_text().splitlines()
    filled = ALSImputer(2, random_state=0).fit_transform(X)
    for before, after, row in zip(lines[1:], out[1:], filled, strict=True):
        for was, now, value in zip(before.split(",")[1:], after.split(",")[1:], row, strict=True):
            assert now == (was or f"{value:.2f}")
    assert out[0] == lines[0]
    result = json.loads(run(capsys, "complete", "in.csv", "-o", "out.parquet", "--clip", "50,51", "--json", "-q").out)
    assert result["holes"] == np.isnan(X).sum()
    clipped = pl.read_parquet("out.parquet").drop("name").to_numpy()
    assert clipped[np.isnan(X)].min() >= 50
    assert clipped[np.isnan(X)].max() <= 51
    np.testing.assert_array_equal(clipped[~np.isnan(X)], X[~np.isnan(X)])


def test_complete_of_what_has_no_hole_and_dry_runs(capsys, folder):
    (folder / "in.csv").write_text("a,b\n1,2\n3,4\n")
    run(capsys, "complete", "in.csv", "--dry-run")
    assert not (folder / "in-complete.csv").exists()
    run(capsys, "complete", "in.csv")
    assert (folder / "in-complete.csv").read_text() == "a,b\n1,2\n3,4\n"


def test_complete_keeps_every_row_in_its_place(capsys, folder):
    (folder / "in.csv").write_text("zip,a,b\n01001,1,2\n,,\n\n02139,3,\n02140,4,6\n")
    said = run(capsys, "complete", "in.csv")
    assert "1 row without a number: filled with the means of the columns" in said.err
    assert "1 empty line passed over" in said.err
    out = [line.split(",") for line in (folder / "in-complete.csv").read_text().splitlines()]
    assert [row[0] for row in out] == ["zip", "01001", "", "02139", "02140"]
    assert all(cell for row in out for cell in row[1:])


def test_complete_gives_the_same_each_time_and_says_what_leaves_the_range(capsys, folder):
    rng = np.random.default_rng(3)
    X = np.outer(rng.normal(size=12), [1.0, 2.0, 3.0]) + 0.01 * rng.normal(size=(12, 3))
    X[int(np.argmax(X[:, 0])), 2] = np.nan  # the others say that it is the largest of its column
    lines = ["a,b,c,void", *(",".join(["" if np.isnan(x) else repr(float(x)) for x in row] + [""]) for row in X)]
    (folder / "in.csv").write_text("\n".join(lines) + "\n")
    common = ["complete", "in.csv", "-q", "--components", 1, "--reg", 1e-3]
    said = run(capsys, *common, "-o", "one.csv")
    assert "warning: 1 filled value lies outside what column 'c' holds, from" in said.err
    assert "--clip LOW,HIGH sets limits" in said.err
    assert "warning: 1 column, 'void', holds no number to go by: left as it is" in said.err
    run(capsys, *common, "-o", "two.csv")
    assert (folder / "one.csv").read_text() == (folder / "two.csv").read_text()
    ends = f"{np.nanmin(X[:, 2])},{np.nanmax(X[:, 2])}"
    assert "lies outside" not in run(capsys, *common, f"--clip={ends}", "-o", "three.csv").err


def test_complete_names_what_is_wrong(capsys, folder):
    (folder / "in.csv").write_text("a,b\n1,2\n3,oops\n5,6\n")
    said = run(capsys, "complete", "in.csv", status=1)
    assert "line 3, column 'b': 'oops' is no number" in said.err
    assert [path.name for path in folder.iterdir()] == ["in.csv"]


def test_datasets(capsys, folder):
    said = run(capsys, "datasets").out
    assert all(name in said for name in ("flight-delays", "fleet-routes", "movielens-1m"))
    run(capsys, "datasets", "fleet-routes", "-o", "fleet.csv")
    fleet = load_fleet_routes()
    read = pl.read_csv("fleet.csv")
    assert read.height == fleet.X.nnz
    assert read["flights"].sum() == fleet.X.sum()
    run(capsys, "datasets", "flight-delays", "-o", "delays.csv")
    delays = load_flight_delays()
    np.testing.assert_allclose(pl.read_csv("delays.csv").drop("route").to_numpy(), delays.X, atol=1e-4)
    run(capsys, "datasets", "ratings", "-o", "ratings.parquet")
    assert pl.read_parquet("ratings.parquet").shape == (100_000, 3)
    assert "give a file to write fleet-routes to" in run(capsys, "datasets", "fleet-routes", status=2).err
    nowhere = run(capsys, "datasets", "movielens-1m", "-o", "m.csv", "--no-download", "--data-home", folder, status=1)
    assert "There is no MovieLens 1m in" in nowhere.err
    assert "Leave out --no-download" in nowhere.err


def test_movielens_from_a_local_copy(capsys, shared_data, folder):
    pytest.importorskip("polars")
    run(capsys, "datasets", "movielens-1m", "--data-home", shared_data, "-o", "ratings.csv", "--titles", "films.csv")
    assert pl.read_csv("ratings.csv").height == 1_000_209
    assert pl.read_csv("films.csv")["title"][0] == "Toy Story (1995)"


def test_doctor(capsys):
    result = json.loads(run(capsys, "doctor", "--json").out)
    assert result["isa"] in result["isas"]
    assert result["well"]
    assert result["libraries"]["numpy"] == np.__version__
    assert result["version"] == alsatian.__version__
    said = run(capsys, "doctor").out
    assert "all is well" in said


def test_doctor_says_when_it_is_not_well(capsys, monkeypatch):
    monkeypatch.setattr("alsatian.cli.doctor._slope", lambda: 0.1)
    assert "NOT THE MINIMUM" in run(capsys, "doctor", status=1).out


@pytest.fixture
def small_bench(monkeypatch):
    from alsatian._bench.measure import Effort

    monkeypatch.setattr("alsatian.cli.machine.effort", lambda: Effort(seconds=0.0, copied=4096, gathered=4096))


def test_doctor_measures(capsys, small_bench):
    how = ["doctor", "--bench", "--rank", "8", "3", "8", "--shape", "ml-100k", "--n-jobs", "1"]
    result = json.loads(run(capsys, *how, "--json", "-q").out)
    assert result["isa"] in alsatian.build_config()["isas"]
    assert (result["threads"], result["dtype"]) == (1, "float32")
    assert result["matrix"] == {"rows": 943, "columns": 1682, "cells": 100_000}
    assert [part["rank"] for part in result["ranks"]] == [8, 3]
    assert [(peak["dtype"], peak["threads"]) for peak in result["peaks"]] == [("float32", 1), ("float64", 1)]
    parts = {part["what"]: part for part in result["ranks"][0]["parts"]}
    assert {"Cholesky", "two triangular solves", "half-step, rows", "half-step, columns"} <= set(parts)
    assert all(part["seconds"] > 0 and part["share"] > 0 for part in parts.values())
    said = run(capsys, *how, "--dtype", "float64", "-q").out
    for word in ("instruction set", "943 × 1,682, 100,000 cells", "float64", "copy in memory", "rank 8", "rank 3"):
        assert word in said


def test_doctor_refuses_to_measure_nothing(capsys):
    assert "--n-components says how to measure: add --bench." in run(capsys, "doctor", "--rank", "8", status=2).err
    assert "at most 16,384" in run(capsys, "doctor", "--bench", "--rank", "20000", status=2).err


def complete_in_bash(words):
    script = """
        source ./completions; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _alsatian; echo "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_completion_in_bash(capsys, folder):
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    (folder / "completions").write_text(run(capsys, "completion", "bash").out)
    assert complete_in_bash(["alsatian", "rec"]) == ["recommend"]
    assert complete_in_bash(["alsatian", "fit", "--mod"]) == ["--model"]
    assert complete_in_bash(["alsatian", "fit", "--model", ""]) == ["auto", "ratings", "implicit"]
    assert "zsh" in complete_in_bash(["alsatian", "completion", ""])
    assert {"fit", "complete", "doctor", "--help"} <= set(complete_in_bash(["alsatian", ""]))


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_of_other_shells_names_everything(shell, capsys, folder):
    text = run(capsys, "completion", shell).out
    for word in ("recommend", "n-components", "movielens-1m", "implicit"):
        assert word in text
    if shutil.which(shell) is not None:
        (folder / "completions").write_text(text)
        subprocess.run([shell, "-n", "completions"], check=True)
