"""The MovieLens ratings: read from a local copy, or downloaded from GroupLens. They may not be shipped."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from alsatian.data.files import read_parquet
from alsatian.datasets._download import Source, cache_folder, fetch_zip

SOURCES: Mapping[str, Source] = {
    "100k": Source("https://files.grouplens.org/datasets/movielens/ml-100k.zip", "0e33842e24a9c977be4e0107933c0723"),
    "1m": Source("https://files.grouplens.org/datasets/movielens/ml-1m.zip", "c4d9eecfca2ab87c1945afe126590906"),
}

_FOLDS = (1, 2, 3, 4, 5)
_MEMBERS = {
    "100k": ("u.data", "u.item", "README", *(f"u{i}.{part}" for i in _FOLDS for part in ("base", "test"))),
    "1m": ("ratings.dat", "movies.dat", "README"),
}
# A folder counts as a copy where it holds one of these.
_RATINGS = {"100k": ("u.data",), "1m": ("ratings.dat", "ratings.parquet")}

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MovieLens:
    """One MovieLens set: what `fetch_movielens` returns.

    Row i of `X` is the user `users[i]` and column j the film `items[j]`; `rows`, `columns`, `ratings` and
    `timestamps` list the ratings one by one, in the order of the file.

    Attributes
    ----------
    name : {"100k", "1m"}
    folder : Path
        The local copy.
    users : int64 array of shape (m,)
        The ids of the users, ascending.
    items : int64 array of shape (n,)
        The ids of the films that have a rating, ascending.
    titles : str array of shape (n,)
        Their titles.
    rows, columns : int64 arrays of shape (ratings,)
        Indices into `users` and `items`.
    ratings : float32 array of shape (ratings,)
        From 1 to 5.
    timestamps : int64 array of shape (ratings,), or None
        Seconds since 1970; None where the copy has none.
    """

    name: str
    folder: Path
    users: Ints = field(repr=False)
    items: Ints = field(repr=False)
    titles: NDArray[np.str_] = field(repr=False)
    rows: Ints = field(repr=False)
    columns: Ints = field(repr=False)
    ratings: NDArray[np.float32] = field(repr=False)
    timestamps: Ints | None = field(repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of users and films."""
        return self.users.size, self.items.size

    @property
    def X(self) -> csr_array:  # noqa: N802 - the mathematics' own letter
        """The ratings as a float32 csr_array of shape (m, n), canonical, with int32 indices."""
        return self._csr(self.rows, self.columns, self.ratings)

    def fold(self, number: int) -> tuple[csr_array, csr_array]:
        """Give the training and the test ratings of one of the five official folds of MovieLens 100K.

        Parameters
        ----------
        number : {1, 2, 3, 4, 5}
            1 for ``u1.base`` and ``u1.test``, and so on; the five test parts together are the whole set.

        Returns
        -------
        train, test : float32 csr_array of shape (m, n)
            In the index space of the whole set, so an item of the test part may have no rating in the training part.
        """
        if self.name != "100k":
            raise ValueError(f"MovieLens {self.name} has no official folds; only '100k' has (split it yourself).")
        if number not in _FOLDS:
            raise ValueError(f"fold {number!r} does not exist; give one of {', '.join(map(str, _FOLDS))}.")
        return self._part(f"u{number}.base"), self._part(f"u{number}.test")

    def _part(self, member: str) -> csr_array:
        path = self.folder / member
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing; the official ml-100k.zip has it. Copy it there.")
        table = np.loadtxt(path, dtype=np.int64, ndmin=2)
        columns = np.searchsorted(self.items, table[:, 1])
        return self._csr(np.searchsorted(self.users, table[:, 0]), columns, table[:, 2].astype(np.float32))

    def _csr(self, rows: Ints, columns: Ints, values: NDArray[np.float32]) -> csr_array:
        coordinates = (rows.astype(np.int32), columns.astype(np.int32))
        return coo_array((values, coordinates), shape=self.shape).tocsr()


def fetch_movielens(
    name: str = "100k",
    *,
    data_home: str | PathLike[str] | None = None,
    download: bool = True,
    sources: Mapping[str, Source] | None = None,
) -> MovieLens:
    """Read MovieLens 100K or 1M from a local copy, or download it from GroupLens on first use.

    Parameters
    ----------
    name : {"100k", "1m"}, default="100k"
        943 users × 1,682 films with 100,000 ratings, or 6,040 × 3,706 with 1,000,209.
    data_home : str or path-like, default=None
        The folder that holds, or shall hold, the folder ``ml-100k`` or ``ml-1m``. None: the environment variable
        ``ALSATIAN_DATA`` where it is set, else ``~/.cache/alsatian`` (``$XDG_CACHE_HOME/alsatian``).
    download : bool, default=True
        Whether to download what is not there (5 MB and 6 MB, checked against the published MD5).
    sources : mapping of name to Source, default=None
        Other places and checksums, for mirrors.

    Returns
    -------
    MovieLens
        Ids, titles, ratings one by one and as a sparse `X`, and the official folds of 100K.

    Raises
    ------
    ValueError
        Where the name is unknown.
    FileNotFoundError
        Where there is no local copy and `download` is False.
    OSError
        Where the download fails or its checksum is wrong; nothing is left behind.
    ImportError
        Where the copy is in Parquet and polars is not installed.

    Notes
    -----
    Both the official layout (``u.data``, ``u.item``, ``u1.base``…; ``ratings.dat``, ``movies.dat``) and, for 1M, the
    pair ``ratings.parquet``, ``movies.parquet`` are read. GroupLens lets nobody pass these data on: read the README
    in the folder, and cite F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History and Context", ACM
    Transactions on Interactive Intelligent Systems 5(4), 2015, https://doi.org/10.1145/2827872.

    Examples
    --------
    >>> from alsatian.datasets import fetch_movielens
    >>> films = fetch_movielens("100k")  # doctest: +SKIP
    >>> train, test = films.fold(1)  # doctest: +SKIP
    """
    known = SOURCES if sources is None else sources
    if name not in _MEMBERS:
        raise ValueError(f"name={name!r} is not a set this function knows; give one of {', '.join(_MEMBERS)}.")
    home = Path(data_home or os.environ.get("ALSATIAN_DATA") or cache_folder()).expanduser()
    folder = home / f"ml-{name}"
    if not any((folder / member).is_file() for member in _RATINGS[name]):
        if not download:
            raise FileNotFoundError(
                f"There is no MovieLens {name} in {folder}. Pass download=True, or point data_home or the environment"
                f" variable ALSATIAN_DATA at the folder that holds ml-{name}."
            )
        fetch_zip(known[name], folder, _MEMBERS[name])
    return _read_100k(folder) if name == "100k" else _read_1m(folder)


def _read_100k(folder: Path) -> MovieLens:
    user, item, rating, time = np.loadtxt(folder / "u.data", dtype=np.int64, ndmin=2).T
    lines = (folder / "u.item").read_text(encoding="latin-1").splitlines()
    fields = [line.split("|", 2) for line in lines if line]
    titles = {int(parts[0]): parts[1] for parts in fields}
    return _build("100k", folder, user, item, rating=rating, time=time, titles=titles)


def _read_1m(folder: Path) -> MovieLens:
    if (folder / "ratings.dat").is_file():
        text = (folder / "ratings.dat").read_text(encoding="latin-1").replace("::", "\t")
        user, item, rating, time = np.loadtxt(io.StringIO(text), dtype=np.int64, delimiter="\t", ndmin=2).T
        lines = (folder / "movies.dat").read_text(encoding="latin-1").splitlines()
        fields = [line.split("::", 2) for line in lines if line]
        titles = {int(parts[0]): parts[1] for parts in fields}
        return _build("1m", folder, user, item, rating=rating, time=time, titles=titles)
    table = read_parquet(folder / "ratings.parquet", ["user", "item", "rating"])
    films = read_parquet(folder / "movies.parquet", ["item", "title"])
    titles = dict(zip(films["item"].tolist(), films["title"].tolist(), strict=True))
    return _build("1m", folder, table["user"], table["item"], rating=table["rating"], time=None, titles=titles)


def _build(
    name: str,
    folder: Path,
    user: NDArray[Any],
    item: NDArray[Any],
    *,
    rating: NDArray[Any],
    time: NDArray[Any] | None,
    titles: Mapping[int, str],
) -> MovieLens:
    users, rows = np.unique(user.astype(np.int64), return_inverse=True)
    items, columns = np.unique(item.astype(np.int64), return_inverse=True)
    return MovieLens(
        name=name,
        folder=folder,
        users=users,
        items=items,
        titles=np.array([titles.get(i, "") for i in items.tolist()], dtype=np.str_),
        rows=rows.astype(np.int64),
        columns=columns.astype(np.int64),
        ratings=rating.astype(np.float32),
        timestamps=None if time is None else time.astype(np.int64),
    )
