"""`ImplicitALS`: factorization of clicks, plays and purchases, where what was not seen counts too."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, InvalidParameterError, StrOptions
from sklearn.utils.validation import check_is_fitted

from alsatian import _tables
from alsatian._engine.cells import Moments, transpose
from alsatian._engine.contract import Cells, Floats, hkv, ials
from alsatian._engine.threads import resolve_n_jobs
from alsatian.models._base import FactorModel
from alsatian.models._confidence import check_observed, implicit_cells, implicit_counts, loss_at_zero
from alsatian.models._constraints import COMMON, check_random_state_kind, check_ridge, is_auto, pair
from alsatian.models._fit import Alternation, Factors, Side, smallest_gain
from alsatian.models._fitted import Attribute, Number
from alsatian.models._fitting import run_fit
from alsatian.models._fold import FoldIn
from alsatian.models._init import first_columns
from alsatian.models._inputs import warn_of_empty
from alsatian.models._limits import check_memory
from alsatian.models._overflow import ridge_scale
from alsatian.models._solver import improving_of

NO_STD = (
    "return_std=True is for ratings: a score of ImplicitALS is for putting items in order, no value with noise, and "
    "has no standard deviation. For ratings use ALS, or Recommender(ALS(...))."
)


class ImplicitALS(FactorModel):
    """Matrix factorization of implicit feedback by alternating least squares: what was not seen is a weak no.

    A cell of X that is not zero is observed: with preference P = 1 where x > 0, and P = 0 where x < 0, a dislike. How
    strongly it speaks is g(x), `confidence`. With scores s_ij = w_i·z_j, minimises over W and Z

        "hkv"   f = ½ Σ_all C (P − s)² + ridge,   C = α₀ + αg on the observed cells and α₀ elsewhere, where P = 0  [1]_
        "ials"  f = ½ Σ_observed αg (P − s)² + ½ α₀ Σ_all s² + ridge                                               [2]_
        ridge   ½ Σ_i count_i^ν λ_w |w_i|² + ½ Σ_j count_j^ν λ_z |z_j|²

    Both sums over all m·n cells are computed without visiting them. A half-step solves all rows, or all columns,
    exactly while the other side is held fixed, so f never rises (up to rounding).

    Parameters
    ----------
    n_components : int, default=64
        k, the number of factors. It may exceed both sizes of X.
    objective : {"hkv", "ials"}, default="hkv"
        Which of the two. They differ in the target of an observed cell: "ials" pulls it to P and, with weight α₀, to
        zero as well.
    alpha : float or "auto", default="auto"
        α > 0, the weight of an observed cell for each unit of g. "auto" is one over the mean of g over the observed
        cells of the fit, so that these weigh one on average, in whatever unit X counts.
    unobserved_weight : float, default=0.03
        α₀ >= 0, the weight of each cell that was not observed. With 0 only observed cells count.
    confidence : {"linear", "log"}, default="log"
        g(x) = abs(x), or log(1 + abs(x) / ε), which keeps a few cells of very many plays from outweighing all others.
    confidence_scale : float, default=1.0
        ε > 0, for "log" alone.
    reg : float or pair of float, default=0.005
        λ >= 0, one number or the pair (λ_w, λ_z) for rows and columns.
    reg_exponent : float, default=1.0
        ν >= 0, the power of the count that multiplies λ.
    reg_count : {"all", "observed"}, default="all"
        count_i: n_i + α₀ n, for n_i observed cells in the row and n columns (columns likewise) [2]_, or n_i alone.
    solver : {"auto", "exact", "cg", "subspace"}, default="auto"
        How rows are brought to their solution while the other side is held fixed. "exact" solves each of them. "cg"
        takes a few steps of conjugate gradients from where a row is, "subspace" solves `block_size` factors after the
        other [3]_: both cost less an iteration from about 40 factors on, need a few more iterations, and lead to the
        same minima. "auto" estimates the cost of either, and takes "cg" where that is a matter of seconds. The row
        half-step that ends a fit, and `transform`, are exact whatever it is; `history_` says what was chosen.
    cg_steps : int or "auto", default="auto"
        Largest number of steps of conjugate gradients a row; fewer where the residual has fallen to a tenth.
        "auto" is 2, or 3 with ``unobserved_weight=0``.
    block_size : int or "auto", default="auto"
        Number of factors that "subspace" solves at a time; "auto" is 32.
    relaxation : "auto" or float in (0, 2), default="auto"
        ω: a row moves to w + ω (w* − w), where w* is its solution. f never rises for ω <= 2. "auto" is
        min(1.9, 1 + t / (t + 3)) in iteration t = 0, 1, …, which needs a fraction of the iterations; 1 is plain ALS.
        The first row half-step and the last iteration are exact whatever ω.
    max_iter : int, default=15
        Largest number of iterations (rows, then columns). 0 only solves the rows for the columns at the start.
    tol : float, default=1e-4
        Stop when an iteration lowers f by no more than `tol` times f at zero factors; one exact iteration follows where
        the last was relaxed. 0 does all `max_iter` iterations.
    init : "random" or array of shape (n_columns, n_components), default="random"
        Column factors to start from. Rows need no start: they are solved first. "random" draws normal factors, in
        float64, scaled to the preferences, but for the first: it is one number, which stands for their mean.
    warm_start : bool, default=False
        Start from the column factors of the earlier fit. X may have other rows, but not another width.
    dtype : {None, "float32", "float64"} or NumPy type, default=None
        Working precision. None is float32.
    random_state : int, RandomState instance or None, default=None
        Seed of the random start.
    n_jobs : int or None, default=None
        Number of threads; None and -1 are all that affinity, cgroup quota and ``OMP_NUM_THREADS`` allow. The result
        does not depend on it.
    verbose : int, default=0
        0 is silent, 1 shows a progress bar for anything longer than about two seconds, 2 prints a line an iteration.

    Attributes
    ----------
    row_factors_ : ndarray of shape (n_rows, n_components)
        W; equal to ``transform(X)`` of the training matrix.
    column_factors_ : ndarray of shape (n_columns, n_components)
        Z.
    components_ : ndarray of shape (n_components, n_columns)
        Zᵀ, a view of `column_factors_`.
    row_bias_, column_bias_ : None
        These models have no biases, and `mean_` is 0.
    alpha_ : float
        α as it was used.
    reg_ : float or (float, float)
        λ as it was used; a pair where those of rows and columns differ.
    history_ : History
        Loss and its parts after each iteration, and after the closing row half-step.
    n_iter_ : int
        Number of iterations done.
    converged_ : bool
        Whether `tol` was met. No warning is given where it was not.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_columns,)
        Column names of X, where it was a data frame with names that are all strings.

    Notes
    -----
    Rows and columns without an observed cell get zero factors, and one `NoEntryWarning` counts them. Ctrl-C and errors
    of callbacks during `fit` are as in `ALS`.

    The row systems are (α₀ZᵀZ + Σ αg zzᵀ + Λ_i) w = Σ C P z. Rows of fewer cells than components are solved in their
    dual form, in the eigenbasis of ZᵀZ, at a cost that falls with the square of their length.

    References
    ----------
    .. [1] Y. Hu, Y. Koren, C. Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008, eq. 3.
    .. [2] S. Rendle, W. Krichene, L. Zhang, Y. Koren, "Revisiting the performance of iALS on item recommendation
       benchmarks", RecSys 2022 (arXiv 2110.14037), eqs. 1 to 4.
    .. [3] S. Rendle, W. Krichene, L. Zhang, Y. Koren, "iALS++: speeding up matrix factorization with subspace
       optimization", 2021 (arXiv 2110.14044).

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ImplicitALS
    >>> plays = np.array([[9, 4, 0, 0], [5, 0, 0, 1], [0, 0, 7, 3], [0, 0, 2, 8]])
    >>> model = ImplicitALS(n_components=2, random_state=0).fit(plays)
    >>> scores = model.predict_cells([1, 1], [1, 2])  # what the second listener has not played
    >>> bool(scores[0] > scores[1])
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **COMMON,
        "objective": [StrOptions({"hkv", "ials"})],
        "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "unobserved_weight": [Interval(Real, 0, None, closed="left")],
        "confidence": [StrOptions({"linear", "log"})],
        "confidence_scale": [Interval(Real, 0, None, closed="neither")],
        "reg_count": [StrOptions({"all", "observed"})],
        "init": [StrOptions({"random"}), "array-like"],
    }

    _fitted_attributes: ClassVar[Mapping[str, Attribute]] = {
        **FactorModel._fitted_attributes,
        "alpha_": Number(float),
    }

    clip = None  # scores are no ratings, and have no range
    alpha_: float

    def __init__(
        self,
        n_components: int = 64,
        *,
        objective: str = "hkv",
        alpha: float | str = "auto",
        unobserved_weight: float = 0.03,
        confidence: Literal["linear", "log"] = "log",
        confidence_scale: float = 1.0,
        reg: float | tuple[float, float] = 0.005,
        reg_exponent: float = 1.0,
        reg_count: str = "all",
        solver: str = "auto",
        cg_steps: int | str = "auto",
        block_size: int | str = "auto",
        relaxation: str | float = "auto",
        max_iter: int = 15,
        tol: float = 1e-4,
        init: Any = "random",
        warm_start: bool = False,
        dtype: Any = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.objective = objective
        self.alpha = alpha
        self.unobserved_weight = unobserved_weight
        self.confidence = confidence
        self.confidence_scale = confidence_scale
        self.reg = reg
        self.reg_exponent = reg_exponent
        self.reg_count = reg_count
        self.solver = solver
        self.cg_steps = cg_steps
        self.block_size = block_size
        self.relaxation = relaxation
        self.max_iter = max_iter
        self.tol = tol
        self.init = init
        self.warm_start = warm_start
        self.dtype = dtype
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit the factors to X.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_rows, n_columns)
            Counts or strengths. Zero, stored or not, is unobserved; a negative value is a dislike. X is never changed;
            canonical CSR of the working precision is used without a copy.
        y : None
            Ignored; here for scikit-learn's sake.

        Returns
        -------
        self : ImplicitALS

        Raises
        ------
        ValueError
            For a parameter out of range, a value that is NaN or infinite, a frame that is a long table (as in
            `ALS.fit`), or an X without any cell above zero. The model is then as it was before.
        """
        run_fit(self, {"X": X, "y": y, "metadata": None}, lambda: self._prepared(X))
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Floats:
        """Fit the factors to X and return a copy of the row factors; `fit`, then `transform`, at the cost of `fit`.

        Parameters
        ----------
        X, y
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_components)
        """
        factors: Floats = self.fit(X, y).row_factors_.copy()
        return factors

    def transform(self, X: Any) -> Floats:
        """Solve row factors for X with the column factors as fitted (fold-in).

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n, n_columns)
            Any rows, known or new. A row without an observed cell gets zeros, and one warning counts them.

        Returns
        -------
        ndarray of shape (n, n_components)
            In the precision of the model. Exact, whatever `solver` and `relaxation`.

        Notes
        -----
        The Gram matrix ZᵀZ, which all rows share, is made anew in each call. Give many rows at once; for one at a time
        `Recommender.recommend_for` keeps it.
        """
        check_is_fitted(self)
        self._validate_params()
        cells = self._cells_to_fold(self._checked(X, self.column_factors_.dtype, reset=False))
        warn_of_empty(cells)
        return FoldIn(self)(cells).factors

    def predict_cells(
        self, rows: ArrayLike, columns: ArrayLike, *, return_std: bool = False, X: Any = None, weights: Any = None
    ) -> Floats:
        """Return the scores of chosen cells of the training matrix, s_ij = w_i·z_j: preferences, near 0 or 1.

        Parameters
        ----------
        rows, columns : array-like of int
            Indices of the cells, of equal shapes (or shapes that broadcast).
        return_std, X, weights
            As `ALS` takes them, and here only to be refused: a preference is for putting items in order, no value with
            noise, and has no standard deviation.

        Returns
        -------
        ndarray
            Of that shape, in the precision of the model.

        Raises
        ------
        IndexError
            For an index out of range; a negative one does not count from the end.
        ValueError
            For a masked index, for shapes that do not pair up, and for ``return_std=True`` and what belongs to it.
        TypeError
            For indices that are not integers.

        Examples
        --------
        >>> from alsatian import ImplicitALS
        >>> model = ImplicitALS(2, reg=1e-6, random_state=0).fit([[9, 4, 0, 0], [0, 0, 7, 3]])
        >>> model.predict_cells([0, 0], [1, 2]).round(2) + 0.0
        array([1., 0.], dtype=float32)
        """
        if return_std or X is not None or weights is not None:
            raise ValueError(NO_STD)
        return super().predict_cells(rows, columns)

    def objective_settings(self) -> dict[str, Any]:
        """Return what `alsatian.objective` has to be told of this model, beside X and the factors.

        Returns
        -------
        dict
            Keyword arguments of `alsatian.objective.loss`, `loss_parts` and `gradient`.

        Examples
        --------
        >>> import numpy as np
        >>> from alsatian import ImplicitALS
        >>> from alsatian.objective import loss
        >>> X = np.array([[9, 4, 0, 0], [5, 0, 0, 1], [0, 0, 7, 3], [0, 0, 2, 8]])
        >>> model = ImplicitALS(2, dtype="float64", random_state=0).fit(X)
        >>> f = loss(X, model.row_factors_, model.column_factors_, **model.objective_settings())
        >>> bool(np.isclose(f, model.history_.loss[-1]))
        True
        """
        check_is_fitted(self)
        names = (
            "objective", "unobserved_weight", "confidence", "confidence_scale", "reg", "reg_exponent", "reg_count",
        )  # fmt: skip
        return {"alpha": self.alpha_} | {name: getattr(self, name) for name in names}

    def _validate_params(self) -> None:
        check_random_state_kind(self, self.random_state)
        if is_auto(self.reg):
            raise InvalidParameterError(
                "ImplicitALS has no reg='auto': an observed cell that is left out is no missing cell but one more that "
                "was not seen, and the squared error of its preference says little of the order of a list. Give reg as "
                "a number, and choose it by a metric of ranking on held-out cells (alsatian.evaluation)."
            )
        check_ridge(self, "reg", self.reg)
        super()._validate_params()

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: sparse matrices are welcome, NaN is not, and float32 comes out."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        tags.transformer_tags.preserves_dtype = [np.dtype(self._dtype()).name]
        return tags

    def _dtype(self) -> Any:
        return np.dtype("float32" if self.dtype is None else self.dtype)

    def _cells(self, X: Any, alpha: float | None) -> Cells:
        objective = hkv if self.objective == "hkv" else ials
        unobserved, scale = float(self.unobserved_weight), float(self.confidence_scale)
        return implicit_cells(X, lambda a: objective(a, unobserved), alpha, self.confidence, scale)

    def _cells_to_fold(self, X: Any) -> Cells:
        return self._cells(X, self.alpha_)

    def _side(self, cells: Cells, which: int) -> Side:
        """Return rows (0) or columns (1) with their own ridge, scaled by count^ν."""
        ridge = (pair(self.reg)[which], 0.0)
        counts = implicit_counts(cells, self.reg_count == "observed")
        return Side(cells, ridge, ridge_scale(counts, float(self.reg_exponent), ridge, cells.values.dtype))

    def _prepared(self, X: Any) -> tuple[Alternation, float]:
        """Check the data and return the fit that is to run, and the gain that is too small to go on for."""
        _tables.refuse_long_table(X)
        alpha = None if self.alpha == "auto" else float(self.alpha)
        rows = self._cells(self._checked(X, self._dtype(), reset=True), alpha)
        check_observed(rows)
        check_memory(int(self.n_components), rows.shape, rows.values.dtype)
        columns = transpose(rows)
        warn_of_empty(rows, columns)
        # The preferences as all m·n cells hold them, each observed one with its share of the weight.
        liked = 2 * loss_at_zero(rows)
        spread = Moments(rows.rule.gram_weight * rows.shape[0] * rows.shape[1] + liked, liked, liked)
        factors, _ = first_columns(self, columns, spread)
        start = Factors(np.zeros((rows.shape[0], factors.shape[1]), dtype=factors.dtype), factors, None, None)
        sides, how = (self._side(rows, 0), self._side(columns, 1)), improving_of(self, rows, columns)
        run = Alternation(*sides, start, n_jobs=resolve_n_jobs(self.n_jobs), improving=how)
        return run, smallest_gain(self.tol, liked / 2)
