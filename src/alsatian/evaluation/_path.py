"""`ALSPath`: solutions for a falling ridge, each the start of the next."""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, issparse
from scipy.sparse.linalg import svds
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from alsatian._engine.threads import one_blas_thread
from alsatian.data._frames import make_frame
from alsatian.data.interactions import Interactions
from alsatian.evaluation._parameters import generator_of, inner_share, whole_number
from alsatian.evaluation._starts import resized, start_of
from alsatian.evaluation.metrics import rmse
from alsatian.evaluation.splits import Split, random_cells
from alsatian.evaluation.splits._labels import number_held
from alsatian.models import ALS, NoEntryWarning
from alsatian.models._constraints import pair
from alsatian.models._fit import Factors

Array = NDArray[Any]

_ALIVE = 0.01  # of the largest singular value so far: a component with less is one that the ridge has put out


class SVD(NamedTuple):
    """W Zᵀ = U diag(s) Vᵀ, s falling."""

    U: Array
    s: Array
    Vt: Array


@dataclass(frozen=True, eq=False)
class PathPoint:
    """One solution of a path.

    Attributes
    ----------
    reg : float
        λ; of two different ones the root of their product.
    error : float
        RMSE on the held-out cells.
    train_error : float
        RMSE on the cells that were fitted.
    loss : float
        The objective at the end.
    rank : int
        How many singular values of W Zᵀ are above a thousandth of the largest of the path.
    nuclear_norm : float
        The sum of the singular values.
    singular_values : array of shape (k,)
    n_iter : int
    seconds : float
    model : ALS
        As fitted.
    """

    reg: float
    error: float
    train_error: float
    loss: float
    rank: int
    nuclear_norm: float
    singular_values: Array
    n_iter: int
    seconds: float
    model: ALS


class ALSPath(BaseEstimator):  # type: ignore[misc]
    """The whole path of solutions over λ, from a large one to a small one, by warm starts, with held-out errors.

    With a large λ the solution is zero. As λ falls one component after the other comes to life; each fit starts from
    the one before, so that the whole path costs little more than its hardest fits. With ``reg_exponent=0`` and a rank
    that is large enough, the points are those of softImpute: the ridge ½ λ (|W|² + |Z|²) of factors is the nuclear
    norm λ |W Zᵀ|_* of their product.

    Parameters
    ----------
    model : ALS or None, default=None
        What is fitted at each λ; its ``reg`` only says the ratio of the two sides, where it is a pair. None is
        ``ALS(16, bias="mean", reg_exponent=0.0, max_iter=100, tol=1e-5)``.
    regs : array-like of float or None, default=None
        The values of λ, in any order. None: `n_regs` from the least λ that leaves nothing of the factors down to
        `ratio` times that, evenly by the logarithm.
    n_regs : int, default=20
    ratio : float, default=0.005
        In (0, 1).
    held_out : float, default=0.1
        The share of cells that are held out where the data are not split yet.
    refit : bool, default=True
        Whether to fit the best λ on all cells, from where the path has it.
    random_state : int, default=0
        Seed of the split, and of components that come to life.

    Attributes
    ----------
    points_ : list of PathPoint
        By falling λ.
    regs_, errors_ : arrays of shape (n_regs,)
    singular_values_ : array of shape (n_regs, k)
    best_index_ : int
        The point of the least held-out error.
    best_reg_ : float
    model_ : ALS
        The best λ fitted on all cells; without `refit` the model of the best point.

    References
    ----------
    - Mazumder, Hastie and Tibshirani 2010, "Spectral regularization algorithms for learning large incomplete
      matrices", JMLR 11, section 5: the path by warm starts; lemma 6: the nuclear norm as a ridge of factors.
    - Hastie, Mazumder, Lee and Zadeh 2015, "Matrix completion and low-rank SVD via fast alternating least squares",
      JMLR 16: the same by factors.

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALSPath
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(40, 2)) @ rng.normal(size=(2, 30)) + 0.3 * rng.normal(size=(40, 30))
    >>> X[rng.random(X.shape) < 0.4] = np.nan
    >>> path = ALSPath(n_regs=8).fit(X)
    >>> bool(0 < path.best_index_ < 7), path.svd().s.shape
    (True, (16,))
    >>> path.model_.impute(X).shape
    (40, 30)
    """

    def __init__(
        self,
        model: ALS | None = None,
        *,
        regs: Any = None,
        n_regs: int = 20,
        ratio: float = 0.005,
        held_out: float = 0.1,
        refit: bool = True,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.regs = regs
        self.n_regs = n_regs
        self.ratio = ratio
        self.held_out = held_out
        self.refit = refit
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, weights: Any = None) -> Self:
        """Fit the path.

        Parameters
        ----------
        X : Split, Interactions, or array or sparse matrix of shape (m, n)
            Of a `Split` with a validation part that is used, and else its test cells. All else is split at random.
            NaN in an array is missing, and so is what a sparse matrix does not store.
        y : None
            Ignored; here for scikit-learn's sake.
        weights : array or sparse matrix of shape (m, n), optional
            Weights of the cells, for a matrix.

        Returns
        -------
        self : ALSPath

        Raises
        ------
        ValueError
            For a parameter out of range, a model with ``absent="zero"``, and data that cannot be split.
        """
        rng = generator_of(self.random_state, "random_state")
        template = self._template()
        split = self._split(X, weights)
        train = split.train
        sides = (1.0, 1.0) if isinstance(template.reg, str) else pair(template.reg)
        ratio = math.sqrt(sides[0] / sides[1]) if min(sides) > 0 else 1.0
        given = None if self.regs is None else _checked_regs(self.regs)
        regs = self._grid(largest_reg(template, train)) if given is None else given
        points: list[PathPoint] = []
        largest = 0.0
        # Zero factors are the solution at the λ that a grid of ours begins with; a random start converges to them
        # more slowly than anywhere else.
        init: Any = "random" if given is not None else np.zeros((train.n_items, int(template.n_components)))
        counts = np.diff(train.csr.indptr), np.bincount(train.columns, minlength=train.n_items)
        for reg in regs:
            model = clone(template).set_params(reg=_both(float(reg), ratio), init=init)
            point = _point(model, float(reg), split)
            points.append(point)
            factors = Factors(
                model.row_factors_, model.column_factors_, model.row_bias_, model.column_bias_, model.mean_
            )
            start = start_of(factors, counts)
            largest = max(largest, float(start.singular_values[0]))
            alive = int(np.count_nonzero(start.singular_values > _ALIVE * largest)) if largest > 0 else 0
            if alive:
                kept = resized(start.columns, start.turn, alive, rng)
                columns = resized(kept, None, int(template.n_components), rng)
                init = columns if start.bias is None else (columns, start.bias)
            else:
                init = "random"
        top = max(float(point.singular_values[0]) for point in points)
        self.points_ = [_ranked(point, top) for point in points]
        self.regs_ = np.array([point.reg for point in points])
        self.errors_ = np.array([point.error for point in points])
        self.singular_values_ = np.array([point.singular_values for point in points])
        self.best_index_ = int(np.argmin(self.errors_))
        self.best_reg_ = float(self.regs_[self.best_index_])
        self.model_ = self.points_[self.best_index_].model
        if self.refit:
            self.model_ = _refitted(self.model_, split)
        return self

    def svd(self, index: int | None = None) -> SVD:
        """Return the SVD of W Zᵀ at a point; None is the best."""
        check_is_fitted(self, "points_")
        return svd_of(self.points_[self.best_index_ if index is None else index].model)

    def to_frame(self, backend: Literal["pandas", "polars", "pyarrow"] = "pandas") -> Any:
        """Return a frame with a row for each point.

        Raises
        ------
        ImportError
            Where the library is not installed.
        """
        check_is_fitted(self, "points_")
        names = ["reg", "error", "train_error", "loss", "rank", "nuclear_norm", "n_iter", "seconds"]
        return make_frame({name: np.array([getattr(p, name) for p in self.points_]) for name in names}, backend)

    def _template(self) -> ALS:
        if self.model is None:
            return ALS(16, bias="mean", reg_exponent=0.0, max_iter=100, tol=1e-5, random_state=self.random_state)
        if not isinstance(self.model, ALS):
            raise TypeError(f"model must be an ALS or None, got {type(self.model).__name__}.")
        if self.model.absent != "missing":
            raise ValueError(f"model has absent={self.model.absent!r}: held-out cells would be fitted as zeros.")
        template: ALS = clone(self.model)
        return template if template.random_state is not None else template.set_params(random_state=self.random_state)

    def _split(self, X: Any, weights: Any) -> Split:
        if isinstance(X, (Split, Interactions)) and weights is not None:
            raise ValueError("weights are given, but these data have weights of their own.")
        if isinstance(X, Split):
            return X if X.validation is None else X.validation
        if not isinstance(X, Interactions):
            single = getattr(X, "dtype", None) == np.float32
            matrix = X if issparse(X) else np.asarray(X)
            X = Interactions.from_matrix(matrix, weights=weights, dtype=np.float32 if single else np.float64)
        held = number_held(self.held_out, len(X), "held_out")
        return random_cells(X, test=held, seed=self.random_state)

    def _grid(self, largest: float) -> NDArray[np.float64]:
        least = inner_share(self.ratio, "ratio", "0.005") * largest
        grid: NDArray[np.float64] = np.geomspace(largest, least, whole_number(self.n_regs, "n_regs"))
        return grid


def largest_reg(model: ALS, train: Interactions) -> float:
    """Return the least λ at which zero factors are a solution: the largest singular value of the weighted residual.

    That is σ_max(D_w^(−ν/2) (C ∘ (X − o)) D_z^(−ν/2)), D the counts and o what the mean and the biases say: for ν = 0
    that of softImpute. Biases without a ridge of their own are taken to be zero there, as λ puts them out, too.
    """
    k = int(model.n_components)
    zeros = np.zeros((train.n_items, k))
    alone = clone(model).set_params(reg=1.0, init=zeros, clip=None)
    if model.bias_reg is None and model.bias != "none":
        alone.set_params(bias="mean")
    _fit(alone, train)
    residual = csr_array(train.csr, copy=True).astype(np.float64)
    residual.data -= alone.predict_cells(train.rows, train.columns)
    if train.weights is not None:
        residual.data *= train.weights.data
    half = -float(model.reg_exponent) / 2
    rows = np.maximum(np.diff(residual.indptr), 1).astype(np.float64) ** half
    columns = np.maximum(np.bincount(residual.indices, minlength=train.n_items), 1).astype(np.float64) ** half
    scaled = diags_array(rows) @ residual @ diags_array(columns)
    if not residual.data.any() or min(scaled.shape) <= 2:
        found = float(np.linalg.norm(scaled.toarray(), 2))
    else:
        found = float(svds(scaled, k=1, return_singular_vectors=False, random_state=0)[0])
    if found <= 0:
        raise ValueError("the mean and the biases explain every cell: there is nothing left for factors.")
    return found


def svd_of(model: ALS) -> SVD:
    """Return the SVD of W Zᵀ in float64."""
    with one_blas_thread():
        left, upper = np.linalg.qr(model.row_factors_.astype(np.float64))
        right, lower = np.linalg.qr(model.column_factors_.astype(np.float64))
        u, s, vt = np.linalg.svd(upper @ lower.T, full_matrices=False)
        return SVD(left @ u, s, vt @ right.T)


def _point(model: ALS, reg: float, split: Split) -> PathPoint:
    began = time.perf_counter()
    _fit(model, split.train)
    seconds = time.perf_counter() - began
    values = svd_of(model).s
    model.set_params(init="random")  # the start is of no more use
    return PathPoint(
        reg, _error(model, split.test), _error(model, split.train), float(model.history_.loss[-1]), 0,
        float(values.sum()), values, int(model.n_iter_), seconds, model,
    )  # fmt: skip


def _ranked(point: PathPoint, top: float) -> PathPoint:
    """Count the components that are there, beside the largest of the path."""
    rank = int(np.count_nonzero(point.singular_values > 1e-3 * top)) if top > 0 else 0
    return PathPoint(**(vars(point) | {"rank": rank}))


def _fit(model: ALS, part: Interactions) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEntryWarning)
        model.fit(part.csr, weights=part.weights)


def _error(model: ALS, part: Interactions) -> float:
    weight = None if part.weights is None else part.weights.data
    return float(rmse(part.values, model.predict_cells(part.rows, part.columns), weight=weight))


def _refitted(model: ALS, split: Split) -> ALS:
    columns = model.column_factors_ if model.column_bias_ is None else (model.column_factors_, model.column_bias_)
    whole: ALS = clone(model).set_params(init=columns)
    _fit(whole, split.train.added(split.test))
    fitted: ALS = whole.set_params(init="random")
    return fitted


def _both(reg: float, ratio: float) -> float | tuple[float, float]:
    return reg if ratio == 1 else (reg * ratio, reg / ratio)


def _checked_regs(given: Any) -> NDArray[np.float64]:
    try:
        regs = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):  # words, or lists of several lengths
        regs = np.empty(0)
    if regs.ndim != 1 or not regs.size or not np.isfinite(regs).all() or (regs <= 0).any():
        raise ValueError(f"regs must be one or more finite numbers above 0, got {given!r}.")
    falling: NDArray[np.float64] = np.unique(regs)[::-1]
    return falling
