"""The data of the protocol, each split once: what is learned from, what settings are chosen on, what judges at last.

MovieLens, Gowalla and Last.fm may not be redistributed. All are read as Parquet files (MovieLens 100K as its authors
published it) from the folder in ``ALSATIAN_DATA``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alsatian.data import Interactions
from alsatian.data.files import read_parquet
from alsatian.datasets import fetch_movielens
from alsatian.evaluation import splits
from alsatian.evaluation.splits import Split

LIKED = 4  # a rating from here up is a film that was liked


@dataclass(frozen=True)
class Ranking:
    """Interactions that mean "wanted", and whether their values say how much."""

    name: str
    split: Split
    has_counts: bool


@dataclass(frozen=True)
class Rating:
    """Ratings with a scale, in one split or several."""

    name: str
    scale: tuple[float, float]
    splits: tuple[tuple[str, Split], ...]


def folder() -> Path:
    """Return the folder of the data sets."""
    given = os.environ.get("ALSATIAN_DATA")
    if not given:
        raise SystemExit("Set ALSATIAN_DATA to the folder that holds gowalla/, hetrec-lastfm/, ml-100k/ and ml-1m/.")
    return Path(given)


def gowalla() -> Ranking:
    """Check-ins with the split of He et al. 2020 (LightGCN); their training part is our train and valid together."""
    columns = read_parquet(folder() / "gowalla" / "interactions.parquet", ["user", "item", "split"])

    def part(label: str) -> Interactions:
        here = columns["split"] == label
        return Interactions.from_arrays(columns["user"][here], columns["item"][here])

    split = splits.from_parts(part("train"), part("test"), validation=part("train_valid"), name="given")
    return Ranking("Gowalla", split, has_counts=False)


def lastfm() -> Ranking:
    """Play counts; 20 % of each user's artists are the test, and 20 % of the rest the validation part."""
    path = folder() / "hetrec-lastfm" / "user_artists.parquet"
    columns = read_parquet(path, ["userID", "artistID", "weight"])
    plays = Interactions.from_arrays(columns["userID"], columns["artistID"], columns["weight"])
    return Ranking("Last.fm", splits.random_per_user(plays, test=0.2, validation=0.16, seed=0), has_counts=True)


def liked_films() -> Ranking:
    """The films of MovieLens 1M that a user gave 4 or 5 stars, parts as for Last.fm."""
    columns = read_parquet(folder() / "ml-1m" / "ratings.parquet", ["user", "item", "rating"])
    liked = columns["rating"] >= LIKED
    films = Interactions.from_arrays(columns["user"][liked], columns["item"][liked])
    return Ranking("MovieLens 1M", splits.random_per_user(films, test=0.2, validation=0.16, seed=0), has_counts=False)


def ratings_100k() -> Rating:
    """MovieLens 100K with the five splits of its authors; a tenth of each training part is for choosing."""
    films = fetch_movielens("100k", data_home=folder())
    return Rating("MovieLens 100K", (1, 5), tuple(_given_folds(films.fold)))


def ratings_1m() -> Rating:
    """MovieLens 1M, a tenth of the cells held out at random, three times; a tenth of the rest is for choosing."""
    columns = read_parquet(folder() / "ml-1m" / "ratings.parquet", ["user", "item", "rating"])
    films = Interactions.from_arrays(columns["user"], columns["item"], columns["rating"])
    drawn = ((f"seed {seed}", splits.random_cells(films, test=0.1, validation=0.09, seed=seed)) for seed in range(3))
    return Rating("MovieLens 1M", (1, 5), tuple(drawn))


def _given_folds(fold: Callable[[int], tuple[object, object]]) -> Iterator[tuple[str, Split]]:
    for number in range(1, 6):
        train, test = (Interactions.from_matrix(part) for part in fold(number))
        held = np.zeros(len(train), dtype=bool)
        held[np.random.default_rng(number).choice(len(train), len(train) // 10, replace=False)] = True
        validation = train.select(held)
        yield f"u{number}", splits.from_parts(train.select(~held), test, validation=validation, name=f"u{number}")


RANKINGS = {"ml-1m": liked_films, "gowalla": gowalla, "lastfm": lastfm}
RATINGS = {"ml-100k": ratings_100k, "ml-1m": ratings_1m}
