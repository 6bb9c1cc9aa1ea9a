"""`ALS`: factorization of full and incomplete matrices by alternating least squares."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from alsatian import _tables
from alsatian._engine import Cells
from alsatian._engine.cells import Moments, moments, row_counts, transpose
from alsatian._engine.threads import resolve_n_jobs
from alsatian.models._base import FLOATS
from alsatian.models._constraints import COMMON, check_random_state_kind, check_range, check_ridge, is_auto, pair
from alsatian.models._diagnostics import ExplicitModel
from alsatian.models._fit import Alternation, Factors, Side, smallest_gain
from alsatian.models._fitted import Array, Attribute
from alsatian.models._fitting import run_fit
from alsatian.models._fold import Folded, FoldIn
from alsatian.models._init import first_columns
from alsatian.models._inputs import cells_of, check_some_cell, refuse_weights_as_y, warn_of_empty
from alsatian.models._limits import check_memory
from alsatian.models._overflow import check_moments, check_size_of_values, ridge_scale
from alsatian.models._plots import ResidualPlots
from alsatian.models._predict import array_with_nan, csr_copy, fill
from alsatian.models._reg_path import choose_reg
from alsatian.models._solver import improving_of
from alsatian.models._sparse import with_dtype


class ALS(ResidualPlots, ExplicitModel):
    """Matrix factorization X ≈ W Zᵀ by alternating least squares, for full, incomplete and sparse matrices.

    Minimises, over row factors W, column factors Z and the biases that the model has,

        f = ½ Σ c_ij (x_ij − s_ij)² + ½ Σ_i count_i^ν (λ_w |w_i|² + λ_b b_i²) + ½ Σ_j count_j^ν (λ_z |z_j|² + λ_d d_j²)

    with scores s_ij = μ + b_i + d_j + w_i·z_j. The first sum runs over the observed cells (over all cells under
    ``absent="zero"``), and count is their number in the row or column. A half-step solves all rows, or all columns,
    exactly while the other side is held fixed. ν = 1 is ALS-WR [1]_, ν = 0 plain ridge; the biases are those of [2]_.

    Parameters
    ----------
    n_components : int, default=16
        k, the number of factors. It may exceed both sizes of X.
    reg : float, pair of float or "auto", default=0.1
        λ >= 0, one number or the pair (λ_w, λ_z) for rows and columns. With 0, rows that the data do not determine
        take their minimum-norm solution. "auto" chooses one number for both: a fifth of the rows, drawn by
        `random_state`, is set apart, the others are fitted along a warm path of λ, and the least error of
        `leave_one_out` on the rows apart decides; then all rows are fitted. It costs about as much as three fits.
    reg_exponent : float, default=1.0
        ν >= 0, the power of the number of observed cells that multiplies λ.
    bias : {"none", "mean", "rows", "columns", "both"}, default="none"
        What the scores hold beside w·z: nothing, μ, μ + b_i, μ + d_j, or μ + b_i + d_j. μ is the weighted mean of the
        observed cells and is held fixed; biases are solved together with the factors of their side.
    bias_reg : float, pair of float or None, default=None
        Ridge of the biases, (λ_b, λ_d) or one number for both; None takes the λ of their side.
    absent : {"missing", "zero"}, default="missing"
        What a cell is that a sparse X does not store: unknown, or a zero of weight one. NaN in an array is missing
        either way.
    solver : {"auto", "exact", "cg", "subspace"}, default="auto"
        How rows are brought to their solution while the other side is held fixed. "exact" solves each of them. "cg"
        takes a few steps of conjugate gradients from where a row is, "subspace" solves `block_size` factors after the
        other [3]_: both cost less an iteration from about 40 factors on, need a few more iterations, and lead to the
        same minima. "auto" estimates the cost of either, and takes "cg" where that is a matter of seconds. The row
        half-step that ends a fit, and `transform`, are exact whatever it is; `history_` says what was chosen.
    cg_steps : int or "auto", default="auto"
        Largest number of steps of conjugate gradients a row; fewer where the residual has fallen to a tenth.
        "auto" is 3, or 2 where absent cells count.
    block_size : int or "auto", default="auto"
        Number of factors that "subspace" solves at a time; "auto" is 32.
    relaxation : "auto" or float in (0, 2), default="auto"
        ω: a row moves to w + ω (w* − w), where w* is its solution. f never rises for ω <= 2, rounding aside. "auto" is
        min(1.9, 1 + t / (t + 3)) in iteration t = 0, 1, …, which needs a fraction of the iterations; 1 is plain ALS.
        The first row half-step and the last iteration are exact whatever ω.
    max_iter : int, default=30
        Largest number of iterations (rows, then columns). 0 only solves the rows for the columns at the start.
    tol : float, default=1e-4
        Stop when an iteration lowers f by no more than `tol` times f at zero factors and biases; one exact iteration
        follows where the last was relaxed. 0 does all `max_iter` iterations.
    init : "random", array of shape (n_columns, n_components), or pair, default="random"
        Column factors to start from, or the pair of them and column bias of shape (n_columns,). Rows are solved first.
        "random" draws normal factors, in float64, scaled to the data; where these have a mean the first is one number.
    warm_start : bool, default=False
        Start from the column factors and biases of the earlier fit. X may have other rows, but not another width.
    clip : pair or None, default=None
        (low, high), either may be None: limits of predictions (`predict_cells`, `impute`, `inverse_transform`).
        Fitting takes no notice of it.
    dtype : {None, "float32", "float64"} or NumPy type, default=None
        Working precision. None keeps float32 (a frame with every column float32) and turns all else into float64.
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
    row_bias_ : ndarray of shape (n_rows,) or None
        b; None where the model has no row bias.
    column_bias_ : ndarray of shape (n_columns,) or None
        d; None where the model has no column bias.
    mean_ : float
        μ; 0 with ``bias="none"``.
    reg_ : float or (float, float)
        λ as it was used; a pair where those of rows and columns differ.
    reg_path_, reg_path_errors_ : ndarray of shape (p,) or None
        With ``reg="auto"``, each λ tried, rising, and the weighted RMSE of its leave-one-out on the rows apart (under
        ``absent="zero"`` over all their cells). Else None; empty where X has fewer than 10 rows with two observed cells
        or more, for which a warning says what λ is used.
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
    Rows and columns without an observed cell get zero factors and a zero bias, and one `NoEntryWarning` counts them.

    Ctrl-C during `fit`, or an error raised by a callback, goes on to the caller once the fitted attributes are those of
    the last whole iteration and the row half-step that ends every fit (a second Ctrl-C leaves that out); where there is
    none yet, they stay what they were before. Where both factors together exceed 48 MB no copy of them is kept: then
    some columns may be of the unfinished iteration.

    References
    ----------
    .. [1] Y. Zhou, D. Wilkinson, R. Schreiber, R. Pan, "Large-scale parallel collaborative filtering for the Netflix
       prize", AAIM 2008.
    .. [2] Y. Koren, R. Bell, C. Volinsky, "Matrix factorization techniques for recommender systems", Computer 42(8),
       2009.
    .. [3] S. Rendle, W. Krichene, L. Zhang, Y. Koren, "iALS++: speeding up matrix factorization with subspace
       optimization", 2021 (arXiv 2110.14044).

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS
    >>> X = np.array([[5, 3, np.nan, 1], [4, np.nan, np.nan, 1], [1, 1, np.nan, 5], [np.nan, 1, 5, 4]])
    >>> model = ALS(n_components=2, reg=0.05, random_state=0).fit(X)
    >>> model.row_factors_.shape, model.column_factors_.shape
    ((4, 2), (4, 2))
    >>> bool(np.allclose(model.transform(X), model.row_factors_))
    True
    >>> model.impute(X)[0].round(0)[[0, 1, 3]]
    array([5., 3., 1.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **COMMON,
        "reg": [*COMMON["reg"], StrOptions({"auto"})],
        "bias": [StrOptions({"none", "mean", "rows", "columns", "both"})],
        "bias_reg": [None, Interval(Real, 0, None, closed="left"), tuple, list],
        "absent": [StrOptions({"missing", "zero"})],
        "init": [StrOptions({"random"}), tuple, "array-like"],
        "clip": [None, tuple, list],
    }

    _fitted_attributes: ClassVar[Mapping[str, Attribute]] = {
        **ExplicitModel._fitted_attributes,
        "reg_path_": Array(("points",), dtype="float64", or_none=True, may_be_absent=True),
        "reg_path_errors_": Array(("points",), dtype="float64", or_none=True, may_be_absent=True),
    }

    def __init__(
        self,
        n_components: int = 16,
        *,
        reg: float | tuple[float, float] | str = 0.1,
        reg_exponent: float = 1.0,
        bias: str = "none",
        bias_reg: float | tuple[float, float] | None = None,
        absent: str = "missing",
        solver: str = "auto",
        cg_steps: int | str = "auto",
        block_size: int | str = "auto",
        relaxation: str | float = "auto",
        max_iter: int = 30,
        tol: float = 1e-4,
        init: Any = "random",
        warm_start: bool = False,
        clip: tuple[float | None, float | None] | None = None,
        dtype: Any = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.reg = reg
        self.reg_exponent = reg_exponent
        self.bias = bias
        self.bias_reg = bias_reg
        self.absent = absent
        self.solver = solver
        self.cg_steps = cg_steps
        self.block_size = block_size
        self.relaxation = relaxation
        self.max_iter = max_iter
        self.tol = tol
        self.init = init
        self.warm_start = warm_start
        self.clip = clip
        self.dtype = dtype
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None, *, weights: Any = None) -> Self:
        """Fit the factors to X.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_rows, n_columns)
            NaN is missing, and so is a masked cell of a masked array. A frame (pandas, polars, Arrow) is a table: what
            is null in it is missing, nothing else, also where columns are stored sparse. X is never changed; canonical
            CSR of the working precision is used without a copy.
        y : None
            Ignored; here for scikit-learn's sake. One of the shape of X is refused, as weights are given by name.
        weights : array-like or sparse matrix of shape (n_rows, n_columns), or None, default=None
            Weights c_ij >= 0 of the cells; 0, or a masked weight, is a missing cell. A sparse one stores the same cells
            as X. Where it and X are both frames, columns (and in pandas rows) are matched by their labels.

        Returns
        -------
        self : ALS

        Raises
        ------
        ValueError
            For a parameter out of range, a stored value that is not finite, a weight that is negative or not finite or
            that would be 0 in the working precision, weights that do not fit X, an X without any observed cell, values
            that are no numbers (text and dates among them), a frame that is a long table of ratings, numbers so large
            that the loss, or count^ν λ, is not finite, and an X of which no number reaches 1e-20 (float32) or 1e-140
            (float64), whose squares are lost. The model is then as it was before.
        MemoryError
            Where there is not enough for `n_components` and `n_jobs`.

        Notes
        -----
        A frame is taken for a long table, one (user, item, rating) a row, if it has a column with a name usual for
        users and one with a name usual for items, and either three or four columns, or names that mean ids alone
        ("user_id", "movieId"), or columns that look like ids: text or integers from 0 up, none null, at least half of
        the pairs there only once. Where that is wrong, give ``X.to_numpy()``.
        """
        data = {"X": X, "y": y, "metadata": None if weights is None else {"weights": weights}}
        run_fit(self, data, lambda: self._prepared(X, y, weights))
        return self

    def fit_transform(self, X: Any, y: Any = None, *, weights: Any = None) -> Any:
        """Fit the factors to X and return a copy of the row factors; `fit`, then `transform`, at the cost of `fit`.

        Parameters
        ----------
        X, y, weights
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_components)
        """
        return self.fit(X, y, weights=weights).row_factors_.copy()

    def transform(self, X: Any, *, weights: Any = None, return_bias: bool = False) -> Any:
        """Solve row factors for X with the column factors as fitted (fold-in).

        The parameters `reg`, `reg_exponent`, `bias_reg`, `absent` and `n_jobs` count as they are set now; `dtype` and
        the like are those of the factors. With ``absent="zero"`` ZᵀZ is made in each call: give many rows at once.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n, n_columns)
            Any rows, known or new. A row without an observed cell gets zeros, and one warning counts them.
        weights : array-like or sparse matrix of shape (n, n_columns), or None, default=None
            As in `fit`.
        return_bias : bool, default=False
            Whether to return the row biases too.

        Returns
        -------
        W : ndarray of shape (n, n_components)
            In the precision of the model. Exact, whatever `solver` and `relaxation`.
        row_bias : ndarray of shape (n,) or None
            Only with ``return_bias=True``; None where the model has no row bias.
        """
        folded = self._fold_in(self._cells_of(X, weights))
        return (folded.factors, folded.bias) if return_bias else folded.factors

    def impute(self, X: Any, *, weights: Any = None, dense: bool = False) -> Any:
        """Return a copy of X with every missing cell filled in by its score; observed cells stay as they are.

        Rows are solved as by `transform`; `clip` counts as it is set now.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n, n_columns)
            Any rows, known or new: they are folded in as by `transform`.
        weights : array-like or sparse matrix of shape (n, n_columns), or None, default=None
            As in `fit`. A cell of weight 0 has no say, and is not changed either.
        dense : bool, default=False
            Must be True for a sparse X with ``absent="missing"``: its completion is an array of all n × n_columns
            cells.

        Returns
        -------
        ndarray of shape (n, n_columns), data frame, or csr_array
            float32 or float64 as X (anything else becomes float64). A frame of pandas or polars, or an Arrow table,
            comes back as one of its kind, with its columns (and index), whatever `set_output` says, which is for
            `transform`. Under ``absent="zero"`` nothing is missing from a sparse X: it comes back as a csr_array.

        Examples
        --------
        >>> import numpy as np
        >>> from alsatian import ALS
        >>> X = np.array([[1.0, 1, 1], [1, 1, np.nan], [1, np.nan, np.nan]])
        >>> ALS(1, reg=1e-6, random_state=0).fit(X).impute(X).round(2)
        array([[1., 1., 1.],
               [1., 1., 1.],
               [1., 1., 1.]])
        """
        check_is_fitted(self)
        self._validate_params()
        given, weights = X, _tables.plain_weights(weights, X)
        X = self._checked(X, list(FLOATS), reset=False)
        sparse: bool = issparse(X)
        if sparse and self.absent == "zero":
            return csr_copy(X)
        if sparse and not dense:
            raise ValueError(
                f"impute would turn a sparse X into an array of all {X.shape[0]} x {X.shape[1]} cells: "
                "ask for it with dense=True, or use predict_cells for the cells that you need."
            )
        with np.errstate(over="ignore"):  # what does not fit comes out as inf, and is named
            dtype = self.column_factors_.dtype
            cells = self._cells_to_fold(with_dtype(X, dtype) if sparse else X.astype(dtype, copy=False), weights)
            folded = self._fold_in(cells)
        factors = Factors(folded.factors, self.column_factors_, folded.bias, self.column_bias_, self.mean_)
        filled = fill(array_with_nan(X), factors, self.clip)
        return _tables.like(given, filled) if _tables.is_frame(given) else filled

    def objective_settings(self) -> dict[str, Any]:
        """Return what `alsatian.objective` has to be told of this model, beside X, the weights and the factors.

        Returns
        -------
        dict
            Keyword arguments of `alsatian.objective.loss`, `loss_parts` and `gradient`.

        Examples
        --------
        >>> import numpy as np
        >>> from alsatian import ALS
        >>> from alsatian.objective import loss
        >>> X = np.array([[5, 3, np.nan, 1], [4, np.nan, np.nan, 1], [1, 1, np.nan, 5], [np.nan, 1, 5, 4]])
        >>> model = ALS(2, bias="both", random_state=0).fit(X)
        >>> f = loss(X, model.row_factors_, model.column_factors_, **model.objective_settings())
        >>> bool(np.isclose(f, model.history_.loss[-1]))
        True
        """
        check_is_fitted(self)
        fitted = {"row_bias": self.row_bias_, "column_bias": self.column_bias_, "mean": self.mean_}
        settings = {name: getattr(self, name) for name in ("absent", "reg_exponent", "bias_reg")}
        return fitted | settings | {"reg": self._reg}

    def _validate_params(self) -> None:
        check_random_state_kind(self, self.random_state)
        check_ridge(self, "reg", self.reg, or_auto=True)
        check_ridge(self, "bias_reg", self.bias_reg, or_none=True)
        check_range(self, "clip", self.clip)
        super()._validate_params()

    def _dtypes(self) -> Any:
        return list(FLOATS) if self.dtype is None else np.dtype(self.dtype)

    def _prepared(self, X: Any, y: Any, weights: Any) -> tuple[Alternation, float]:
        """Check the data and return the fit that is to run, and the gain that is too small to go on for."""
        refuse_weights_as_y(X, y)
        _tables.refuse_long_table(X)
        weights = _tables.plain_weights(weights, X)
        rows = cells_of(self._checked(X, self._dtypes(), reset=True), weights, absent_zero=self.absent == "zero")
        check_some_cell(rows)
        check_memory(int(self.n_components), rows.shape, rows.values.dtype)
        columns = transpose(rows)
        with np.errstate(over="ignore", invalid="ignore"):  # told in a moment, in words
            spread = moments(rows)
        mean = 0.0 if self.bias == "none" else spread.mean
        check_size_of_values(rows, lambda: _tables.plain(X, "X"))
        least = smallest_gain(self.tol, 0.5 * check_moments(spread, mean, rows))
        warn_of_empty(rows, columns)
        chosen = choose_reg(self, rows, spread, mean, least) if is_auto(self.reg) else None
        self.reg_path_ = chosen.path if chosen else None
        self.reg_path_errors_ = chosen.errors if chosen else None
        reg = chosen.reg if chosen else self.reg
        sides = self._side(rows, 0, reg), self._side(columns, 1, reg)
        start = (chosen and chosen.start(rows.shape[0])) or self._start(columns, spread, mean)
        how = improving_of(self, rows, columns)
        run = Alternation(*sides, start, n_jobs=resolve_n_jobs(self.n_jobs), improving=how)
        return run, least

    @property
    def _reg(self) -> Any:
        """λ as it is set now, or as it was chosen."""
        if not is_auto(self.reg):
            return self.reg
        if not hasattr(self, "reg_"):
            raise ValueError("reg='auto' has chosen nothing yet, as this model was fitted without: call fit.")
        return self.reg_

    def _side(self, cells: Cells, which: int, reg: Any = None) -> Side:
        """Return rows (0) or columns (1) with their own ridge, scaled by count^ν; None is λ as set, or chosen."""
        ridge = pair(self._reg if reg is None else reg)[which]
        bias_ridge = ridge if self.bias_reg is None else pair(self.bias_reg)[which]
        ridges = (ridge, bias_ridge)
        scale = ridge_scale(row_counts(cells), float(self.reg_exponent), ridges, cells.values.dtype)
        return Side(cells, ridges, scale)

    def _start(self, columns: Cells, spread: Moments, mean: float) -> Factors:
        m, dtype = columns.shape[1], columns.values.dtype
        factors, column_bias = first_columns(self, columns, spread, mean, has_bias=self.bias in {"columns", "both"})
        row_bias = np.zeros(m, dtype=dtype) if self.bias in {"rows", "both"} else None
        return Factors(np.zeros((m, factors.shape[1]), dtype=dtype), factors, row_bias, column_bias, mean)

    def _cells_to_fold(self, X: Any, weights: Any = None) -> Cells:
        return cells_of(
            X, weights, absent_zero=self.absent == "zero", array_zero=self._fitted_array_zero,
            allow_full=self._fitted_full,
        )  # fmt: skip

    def _fold_in(self, cells: Cells) -> Folded:
        warn_of_empty(cells)
        return FoldIn(self)(cells)
