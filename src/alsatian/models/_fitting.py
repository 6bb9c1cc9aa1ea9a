"""How an estimator runs a fit: callbacks, progress, and a consistent state whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from alsatian._engine.threads import resolve_n_jobs
from alsatian.models._base import FactorModel, fitted_attributes, put_back
from alsatian.models._callbacks import FitObserver
from alsatian.models._fit import Alternation, auto_relaxation
from alsatian.models._limits import out_of_memory
from alsatian.models._overflow import NotFiniteError, check_scores
from alsatian.models._progress import Progress

_running: WeakKeyDictionary[Any, Alternation] = WeakKeyDictionary()


def running_fit(model: Any) -> Alternation:
    """Return the fit of an estimator that is under way, for callbacks that store it or go back in it.

    Raises
    ------
    LookupError
        Where none is.
    """
    try:
        return _running[model]
    except (KeyError, TypeError):
        raise LookupError(f"{type(model).__name__} is not being fitted, or not by the loop of alsatian.") from None


def run_fit(model: Any, data: dict[str, Any], prepare: Callable[[], tuple[Alternation, float]]) -> None:
    """Fit an estimator; its fitted attributes are those of the fit, of its last whole iteration, or as before.

    After Ctrl-C, or an error of a callback, the last whole iteration is closed as a whole fit is, by a row half-step.

    Parameters
    ----------
    model : FactorModel
        With the parameters `max_iter`, `relaxation` and `verbose`.
    data : dict
        X, y and metadata, as the hooks of callbacks take them.
    prepare : callable
        Checks the data and returns the fit that is to run, and the gain that is too small to go on for.
    """
    before = dict(vars(model))
    run: Alternation | None = None
    try:
        run, smallest_gain = prepare()
        _running[model] = run
        context = model._init_callback_context(max_subtasks=model.max_iter)
        context.call_on_fit_task_begin(estimator=model, **data)
        relaxation = auto_relaxation if model.relaxation == "auto" else lambda _: float(model.relaxation)
        with Progress(model.verbose, model.max_iter, type(model).__name__) as progress:
            observer = FitObserver(model, context, data, lambda: fitted_attributes(run.as_if_stopped()), progress)
            run.run(model.max_iter, smallest_gain, relaxation, observer)
        check_scores(run.factors, run.rows.cells)
        take(model, run)
    except BaseException as error:  # Ctrl-C, or an error of a callback: what is done is not lost
        if run is not None and run.n_iter > 0 and not isinstance(error, NotFiniteError):
            run.close_after_error()
            take(model, run)
        else:
            put_back(model, before)
        if isinstance(error, MemoryError):
            raise out_of_memory(int(model.n_components), resolve_n_jobs(model.n_jobs)) from error
        raise
    finally:
        _running.pop(model, None)
    context.call_on_fit_task_end(estimator=model, reconstruction_attributes=lambda: fitted_attributes(run), **data)


def take(model: FactorModel, run: Alternation) -> None:
    """Put what a fit has reached on the estimator, in one step, which no signal can divide."""
    model.__dict__.update(fitted_attributes(run))
