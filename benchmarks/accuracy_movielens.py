"""Held-out error on MovieLens against cmfrec, both exact, both with the same choice of ridge.

    python benchmarks/accuracy_movielens.py                      # 100K and 1M, a few minutes
    python benchmarks/accuracy_movielens.py --sets 100k --ranks-100k 40

MovieLens 100K is split as its authors did (u1 to u5). Of MovieLens 1M a tenth of the ratings is held out at random,
once for each seed: the first tenth of ``numpy.random.default_rng(seed).permutation(1000209)``, over the rows of the
file. Both libraries minimise the same objective: centred, with both biases, the ridge of a row times its number of
ratings. For each library, rank and split, λ comes from one grid by the error on a tenth of the training cells; then the
model is fitted again on all of them from a few random starts, and tested: the mean over the starts counts, because at
this precision one start is noise (up to 0.0004 a split). Predictions are clipped to 1…5.

Test cells of a film without training cells are scored by the mean and the bias of the other side, and likewise for a
user. Ours does so by itself; cmfrec 3.5.1 leaves whatever was in memory as the factors and the bias of such a film, so
it is done for it here.

The ratings are read from the folder in ``ALSATIAN_DATA`` (or ``--data-home``), or else downloaded on first use.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_array

from alsatian import ALS
from alsatian.console import print_table
from alsatian.datasets import fetch_movielens
from common import environment, free_blas, peer, spread, verdict

ALLOWANCE = 0.0005
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """Ratings one by one."""

    shape: tuple[int, int]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    ratings: NDArray[np.float32]

    def __getitem__(self, which: NDArray[np.int64]) -> Cells:
        return Cells(self.shape, self.rows[which], self.columns[which], self.ratings[which])

    def matrix(self) -> coo_matrix:
        return coo_matrix((self.ratings, (self.rows.astype(np.int32), self.columns.astype(np.int32))), self.shape)


# Fit on cells with rank k, ridge λ and a seed; predict others.
Contestant = Callable[[Cells, int, float, int, Cells], Floats]


def ours(args: argparse.Namespace) -> Contestant:
    def fit_predict(train: Cells, k: int, ridge: float, start: int, test: Cells) -> Floats:
        model = ALS(
            k, reg=ridge, bias="both", dtype="float32", max_iter=args.max_iter, tol=args.tol,
            random_state=start, n_jobs=args.threads,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # films without a rating in this part
            model.fit(csr_array(train.matrix()))
        return model.predict_cells(test.rows, test.columns)

    return fit_predict


def cmfrec_exact(args: argparse.Namespace, cmfrec: object) -> Contestant:
    def fit_predict(train: Cells, k: int, ridge: float, start: int, test: Cells) -> Floats:
        model = cmfrec.CMF(
            k, lambda_=ridge, method="als", use_cg=False, user_bias=True, item_bias=True, center=True, scale_lam=True,
            niter=args.cmfrec_iterations, nthreads=args.threads, handle_interrupt=False, verbose=False,
            precompute_for_predictions=False, random_state=start,
        )  # fmt: skip
        model.fit(train.matrix())
        scores = np.asarray(model.predict(test.rows, test.columns), dtype=np.float64)
        row_bias = np.where(seen(train.rows, train.shape[0]), model.user_bias_, 0)[test.rows]
        column_bias = np.where(seen(train.columns, train.shape[1]), model.item_bias_, 0)[test.columns]
        known = seen(train.rows, train.shape[0])[test.rows] & seen(train.columns, train.shape[1])[test.columns]
        return np.where(known, scores, model.glob_mean_ + row_bias + column_bias)

    return fit_predict


def seen(indices: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    return np.bincount(indices, minlength=size) > 0


def rmse(predicted: Floats, test: Cells) -> float:
    return float(np.sqrt(np.mean((np.clip(predicted, 1, 5) - test.ratings) ** 2)))


def splits_100k(home: str | None) -> Iterator[tuple[str, Cells, Cells]]:
    films = fetch_movielens("100k", data_home=home)
    for number in range(1, 6):
        train, test = (part.tocoo() for part in films.fold(number))
        yield f"u{number}", *(Cells(films.shape, *part.coords, part.data) for part in (train, test))


def splits_1m(home: str | None, seeds: Sequence[int]) -> Iterator[tuple[str, Cells, Cells]]:
    films = fetch_movielens("1m", data_home=home)
    cells = Cells(films.shape, films.rows, films.columns, films.ratings)
    size = films.ratings.size
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(size)
        yield f"seed {seed}", cells[order[size // 10 :]], cells[order[: size // 10]]


def chosen_ridge(fit: Contestant, train: Cells, k: int, grid: Sequence[float], seed: int) -> tuple[float, list[float]]:
    """Choose λ on a tenth of the training cells."""
    order = np.random.default_rng(1000 + seed).permutation(train.ratings.size)
    held, kept = train[order[: order.size // 10]], train[order[order.size // 10 :]]
    errors = [rmse(fit(kept, k, ridge, 0, held), held) for ridge in grid]
    return grid[int(np.argmin(errors))], errors


def compare(
    name: str,
    splits: Sequence[tuple[str, Cells, Cells]],
    ranks: Sequence[int],
    grid: Sequence[float],
    contestants: dict[str, Contestant],
    *,
    starts: int,
) -> list[list[str]]:
    """Run one data set; give a line of the final table for each rank and library."""
    lines = []
    for k in ranks:
        means: dict[str, float] = {}
        for library, fit in contestants.items():
            began = time.perf_counter()
            errors, ridges = [], []
            for number, (split, train, test) in enumerate(splits):
                ridge, validation = chosen_ridge(fit, train, k, grid, number)
                tested = [rmse(fit(train, k, ridge, start, test), test) for start in range(starts)]
                errors.append(float(np.mean(tested)))
                ridges.append(ridge)
                shown = " ".join(f"{error:.4f}" for error in validation)
                print(f"  {name} k={k:<3} {split:<7} {library:<9} validation {shown}  λ {ridge:<6g} "
                      f"test {errors[-1]:.4f} ({spread(tested, 4)})", flush=True)  # fmt: skip
            means[library] = float(np.mean(errors))
            difference = means["alsatian"] - means[library]
            lines.append([
                f"MovieLens {name}", str(k), library, " ".join(f"{ridge:g}" for ridge in ridges),
                " ".join(f"{error:.4f}" for error in errors), f"{means[library]:.4f}",
                "" if library == "alsatian" else f"{difference:+.4f}",
                "" if library == "alsatian" else verdict(difference <= ALLOWANCE),
                f"{time.perf_counter() - began:.0f} s",
            ])  # fmt: skip
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=["100k", "1m"], default=["100k", "1m"])
    parser.add_argument("--ranks-100k", nargs="+", type=int, default=[10, 40, 80], metavar="K")
    parser.add_argument("--ranks-1m", nargs="+", type=int, default=[20, 40], metavar="K")
    parser.add_argument("--grid-100k", nargs="+", type=float, default=[0.08, 0.1, 0.12, 0.14, 0.16], metavar="λ")
    parser.add_argument("--grid-1m", nargs="+", type=float, default=[0.055, 0.065, 0.075, 0.085], metavar="λ")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="splits of MovieLens 1M")
    parser.add_argument("--max-iter", type=int, default=ALS().max_iter, help="of alsatian; its default")
    parser.add_argument("--tol", type=float, default=ALS().tol, help="of alsatian; its default")
    parser.add_argument("--cmfrec-iterations", type=int, default=20)
    parser.add_argument("--starts", type=int, default=3, help="random starts of the last fit")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data-home", help="folder that holds ml-100k and ml-1m")
    parser.add_argument("--no-cmfrec", action="store_true", help="alsatian alone")
    args = parser.parse_args()

    print(environment("cmfrec"))
    contestants = {"alsatian": ours(args)}
    if not args.no_cmfrec and (cmfrec := peer("cmfrec")) is not None:
        contestants["cmfrec"] = cmfrec_exact(args, cmfrec)
    lines = []
    if "100k" in args.sets:
        splits = list(splits_100k(args.data_home))
        lines += compare("100K", splits, args.ranks_100k, args.grid_100k, contestants, starts=args.starts)
    if "1m" in args.sets:
        splits = list(splits_1m(args.data_home, args.seeds))
        lines += compare("1M", splits, args.ranks_1m, args.grid_1m, contestants, starts=args.starts)
    print()
    print_table(
        ["data", "k", "library", "λ chosen", "test RMSE by split", "mean", "ours − theirs",
         f"at most +{ALLOWANCE}", "time"],
        lines, align=["left", "right", "left", "left", "left", "right", "right", "left", "right"],
        title="Held-out RMSE, both biases, λ from one grid on a tenth of the training cells",
    )  # fmt: skip


if __name__ == "__main__":
    free_blas()
    main()
