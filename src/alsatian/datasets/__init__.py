"""Data sets: shipped (flights), generated (ratings with known factors) and downloaded (MovieLens)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.datasets.flights import FleetRoutes, FlightDelays, load_fleet_routes, load_flight_delays
    from alsatian.datasets.movielens import MovieLens, fetch_movielens
    from alsatian.datasets.ratings import Ratings, make_ratings

# public name -> the module that defines it
_HOMES = {
    "FleetRoutes": "flights",
    "FlightDelays": "flights",
    "MovieLens": "movielens",
    "Ratings": "ratings",
    "fetch_movielens": "movielens",
    "load_fleet_routes": "flights",
    "load_flight_delays": "flights",
    "make_ratings": "ratings",
}

__all__ = [
    "FleetRoutes",
    "FlightDelays",
    "MovieLens",
    "Ratings",
    "fetch_movielens",
    "load_fleet_routes",
    "load_flight_delays",
    "make_ratings",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"alsatian.datasets.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'alsatian.datasets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
