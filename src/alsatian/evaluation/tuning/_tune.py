"""`tune`: a search for the parameters of a model, in which each fit starts from the nearest finished one."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from alsatian.data.interactions import Interactions
from alsatian.evaluation._evaluate import Given, evaluate
from alsatian.evaluation._fit_on import unfitted
from alsatian.evaluation._metric import Metric, check_relevant, parse
from alsatian.evaluation._parameters import judging, real_number, whole_number, yes_or_no
from alsatian.evaluation._starts import start_of
from alsatian.evaluation.splits import Split, random_cells, random_per_user
from alsatian.evaluation.splits._labels import is_share, number_held
from alsatian.evaluation.tuning._archive import FIRST, Archive
from alsatian.evaluation.tuning._engine import Study
from alsatian.evaluation.tuning._result import Tuning
from alsatian.evaluation.tuning._space import Point, Space, space_of
from alsatian.evaluation.tuning._trial import HeldOut, Run, first_fit, run_trial
from alsatian.models import ALS

_LARGEST_SEED = 2**32 - 1
_HEAD_START = 5  # iterations that a warm start is worth: what the pruner compares it with
_FIRST = 5  # iterations of the fit before all trials: most of what there is to find is found
# Lists get worse again after some iterations, before the loss has converged: ending early is a ridge of its own. So
# trials start there from what is young alone, and how old the best is belongs to its parameters.
_FIRST_OF_LISTS, _OLDEST_OF_LISTS = 3, 4


def tune(
    model: Any,
    data: Interactions | Split,
    metric: Given | None = None,
    *,
    space: Mapping[str, Any] | None = None,
    n_trials: int = 40,
    timeout: float | None = None,
    validation: float = 0.1,
    n_users: int | None = 5000,
    relevant_from: float | None = None,
    exclude_seen: bool = True,
    max_iter: int = 30,
    plateau: float | None = None,
    warm: bool = True,
    prune: bool = True,
    sampler: Any = None,
    storage: Any = None,
    study_name: str = "alsatian",
    folder: str | Path | None = None,
    confirm: bool = True,
    seed: int = 0,
) -> Tuning:
    """Search for the parameters of a model that are best on held-out cells.

    Optuna (the extra ``tune``) proposes points. Before them a few iterations are done with the largest rank and a small
    λ. Then each point is fitted from the nearest fit that there is: with the same rank from its column factors, with a
    smaller one from the best part of them (their SVD), with a larger one by doubling the rank step by step. After each
    iteration the held-out cells are looked at, and the fit ends when these stand still,
    or when others were better at that stage.

    Parameters
    ----------
    model : "ratings", "implicit", ALS, ImplicitALS or Recommender
        What is fitted; parameters that are not searched are as they are there. Names are as in `Recommender`.
    data : Interactions or Split
        Interactions are split here: for errors of cells `random_cells`, for lists `random_per_user`. Of a `Split` its
        validation part is used (``random_per_user(data, validation=0.1)``, say), and its test cells are not looked at.
    metric : str or callable, optional
        As in `evaluate`. None: "rmse" for ratings, else "ndcg@20".
    space : mapping of str to pair or list, optional
        What is searched: parameters of the model, each a range (low, high) or a list of choices. Ranges of more than a
        decade, and the rank, are searched by their logarithm; of whole numbers only where the parameter takes no
        other. ``reg_rows`` and ``reg_columns`` are the two sides of a pair, and ``bias_reg_rows`` and
        ``bias_reg_columns`` likewise. While ``reg_exponent`` is searched too, a range of λ is that at exponent 1; the
        same ridge in all is meant at others. None: the rank, λ, ν, the ridge of the biases; for implicit feedback the
        rank, λ, ν, α₀, the objective and the confidence.
    n_trials : int, default=40
        Number of trials in all, those of earlier runs of the same study included.
    timeout : float, optional
        Seconds after which no new trial begins.
    validation : float, default=0.1
        Share of cells to hold out of `data` that are not split yet.
    n_users : int or None, default=5000
        Of how many users, drawn once, the lists are judged: those of all (None) may take longer than an iteration.
        Errors of cells are always of all.
    relevant_from, exclude_seen
        As in `evaluate`.
    max_iter : int, default=30
        Most iterations of a trial.
    plateau : float, optional
        A fit ends once an iteration changes the metric by no more than this part of it, or once three iterations have
        brought nothing better. None: 0.001 for errors of cells, 0.01 for lists, whose metrics jitter.
    warm : bool, default=True
        Whether to start from finished fits. False starts each anew.
    prune : bool, default=True
        Whether to give up fits that are worse than the median of others at the same stage. A warm start counts as
        being 5 iterations on.
    sampler : optuna sampler, optional
        None: ``TPESampler(seed=seed)``.
    storage : str or optuna storage, optional
        Such as ``"sqlite:///tuning.db"``: trials are kept there, and a search of that `study_name` goes on.
    study_name : str, default="alsatian"
    folder : path, optional
        Where the column factors of trials are kept, one safetensors file each, so that a search that goes on has them
        to start from. Without it the fit before all trials is made once more.
    confirm : bool, default=True
        Fit the best parameters once more from a random start, to its own end, and measure that by all users:
        `Tuning.confirmed`.
    seed : int, default=0
        Of the split, of the sampler, and of the random starts of models that have no ``random_state``.

    Returns
    -------
    Tuning

    Raises
    ------
    ImportError
        Where Optuna is not installed.
    ValueError
        For a split without a validation part, an unknown metric or parameter, values in `space` that the model does not
        take, other parameters out of their range, metrics of relevant items where no held-out cell is relevant, a
        `storage` that cannot be opened, and a study of other data.
    TypeError
        For data that are neither interactions nor a split, and for a function as a metric that gives no result: the
        search ends at the first trial.
    NotADirectoryError
        Where `folder` is a file.

    Notes
    -----
    After Ctrl-C the trial under way is lost, and with a `storage` all others are kept.

    The two λ of an ALS model are searched as one: scores stay the same when W is multiplied by a number and Z divided
    by it, so only the product λ_w λ_z has a say (biases have a ridge of their own, `bias_reg`). Of implicit feedback α
    is left out: α, α₀ and λ multiplied by one number are the same problem.

    References
    ----------
    - Akiba, Sano, Yanase, Ohta and Koyama 2019, "Optuna: a next-generation hyperparameter optimization framework".
    - Mazumder, Hastie and Tibshirani 2010, "Spectral regularization algorithms for learning large incomplete matrices":
      warm starts along λ.

    Examples
    --------
    >>> import numpy as np
    >>> from alsatian import ALS, Interactions
    >>> from alsatian.evaluation import tune
    >>> rng = np.random.default_rng(0)
    >>> user, item = np.divmod(rng.permutation(60 * 40)[:1200], 40)
    >>> ratings = Interactions.from_arrays(user, item, 3 + np.sin(user) * np.cos(item))
    >>> found = tune(ALS(2, bias="both"), ratings, space={"reg": (0.001, 1.0)}, n_trials=8)
    >>> found.best_parameters["reg"] < 0.1, found.model
    (True, ALS(...))
    """
    seed = _seed(seed)
    for name, value in {"warm": warm, "prune": prune, "confirm": confirm, "exclude_seen": exclude_seen}.items():
        yes_or_no(value, name)
    template = _template(model, seed)
    measured = parse(metric if metric is not None else "rmse" if _of_values(template) else "ndcg@20")
    split = _validation_of(data, measured, validation, seed)
    how = judging(relevant_from, exclude_seen)
    check_relevant([measured], split, relevant_from)
    lists = not measured.of_cells
    watched = whole_number(n_users, "n_users") if lists and n_users is not None else None
    held_out = HeldOut(split, measured, how, watched, seed)
    some = watched is not None and watched < split.test_users.size
    n_trials = whole_number(n_trials, "n_trials")
    if timeout is not None and real_number(timeout, "timeout", "60") <= 0:
        raise ValueError(f"timeout must be a number of seconds above 0, or None for no limit, got {timeout!r}.")
    searched = space_of(template, held_out.train, space)
    settings: dict[str, Any] = {"max_iter": whole_number(max_iter, "max_iter"), "plateau": _plateau(plateau, lists)}
    archive = Archive(searched, _folder(folder), _OLDEST_OF_LISTS if lists else math.inf)
    study = Study(
        searched, sampler, storage=storage, name=study_name, greater_is_better=measured.greater_is_better, seed=seed,
        about=_fingerprint(
            template, split, measured, searched,
            {"how": how, "fits": settings, "users": [watched, seed] if some else None},
        ), prune=prune,
    )  # fmt: skip
    for number, point in [(FIRST, searched.rich()), *study.finished_points()]:
        archive.restore(number, point, split.train.n_items)

    def made(point: Point) -> Any:
        return clone(template).set_params(**searched.parameters(template, point))

    def fit(point: Point, **how: Any) -> Run:
        return run_trial(made(point), held_out, **settings, **how)

    if warm and not len(archive) and study.n_done < n_trials:
        iterations = _FIRST_OF_LISTS if lists else _FIRST
        run = first_fit(made(searched.rich()), held_out, iterations)
        study.note_first(run.seconds, run.processor)
        archive.add(FIRST, searched.rich(), start_of(run.factors, searched.counts), iterations)
    _search(study, archive if warm else None, fit, n_trials=n_trials, timeout=timeout)
    result = Tuning(
        template,
        searched,
        measured.name,
        measured.greater_is_better,
        study.trials(template, early=lists),
        split.name,
        study.study,
        study.first,
    )
    if confirm and any(trial.state == "complete" for trial in result.trials):
        result.confirmed = evaluate(result.model, split, measured, **how)[measured.name].value  # type: ignore[arg-type]
    return result


def _search(
    study: Study, archive: Archive | None, fit: Callable[..., Run], *, n_trials: int, timeout: float | None
) -> None:
    """Run trials until there are enough."""
    began = time.monotonic()
    while study.n_done < n_trials and (timeout is None or time.monotonic() - began < timeout):
        with study.trial() as trial:
            near = None if archive is None else archive.nearest(trial.point)
            trial.stage = 0 if near is None else _HEAD_START
            run = fit(
                trial.point, start=None if near is None else near.start, prune=trial.report,
                rng=np.random.default_rng(trial.number),
            )  # fmt: skip
            age = len(run.values) + (0 if near is None else near.age)
            trial.note(
                seconds=run.seconds, processor=run.processor, iterations=len(run.values), age=age,
                start=None if near is None else near.number,
            )  # fmt: skip
            trial.end(run.values, pruned=run.pruned)
            if archive is not None:
                archive.add(trial.number, trial.point, start_of(run.factors, study.space.counts), age)


def _seed(seed: Any) -> int:
    """Return a seed that splits, samplers and models all take."""
    if whole_number(seed, "seed", least=0) > _LARGEST_SEED:
        raise ValueError(f"seed must be at most {_LARGEST_SEED}, which is the largest of a model, got {seed}.")
    return int(seed)


def _plateau(plateau: Any, lists: bool) -> float:
    """Return the part of a metric by which an iteration has to change it."""
    if plateau is None:
        return 0.01 if lists else 0.001
    if real_number(plateau, "plateau", "0.001") < 0:
        raise ValueError(f"plateau is a part of the metric, such as 0.001, and at least 0, got {plateau!r}.")
    return float(plateau)


def _folder(folder: Any) -> Path | None:
    if folder is None or isinstance(folder, (str, os.PathLike)):
        return None if folder is None else Path(folder)
    raise TypeError(f"folder must be a path, such as 'starts/', got {folder!r}.")


def _template(model: Any, seed: int) -> Any:
    made = unfitted(model)
    made._validate_params()  # so that what is wrong with the model is no fault of what is searched
    return made if made.random_state is not None else made.set_params(random_state=seed)


def _of_values(model: Any) -> bool:
    return isinstance(model, ALS) and model.absent == "missing"


def _validation_of(data: Any, metric: Metric, validation: float, seed: int) -> Split:
    """Return a split whose test part is what parameters are chosen by."""
    if isinstance(data, Interactions):
        if metric.of_cells:
            return random_cells(data, test=number_held(validation, len(data), "validation"), seed=seed)
        is_share(validation, "validation")
        return random_per_user(data, test=validation, seed=seed)
    if not isinstance(data, Split):
        raise TypeError(
            f"Interactions or a Split of them are needed, got {type(data).__name__}: of a matrix "
            "Interactions.from_matrix makes them, of a table Interactions.from_frame."
        )
    if data.validation is None:
        raise ValueError(
            "the split has no validation part, and parameters must not be chosen by its test cells: split with "
            "validation=0.1, or give interactions."
        )
    chosen: Split = data.validation
    return chosen


def _fingerprint(model: Any, split: Split, metric: Metric, space: Space, more: dict[str, Any]) -> str:
    """Return what must be the same for a search to go on."""
    axes = [[axis.name, axis.low, axis.high, axis.log, [repr(c) for c in axis.labels]] for axis in space.axes]
    train, test = split.train, split.test
    sums = [float(np.sum(part.values.astype(np.float64))) for part in (train, test)]
    alike = clone(model).set_params(n_jobs=None, verbose=0)  # which change no bit of the result
    told = {"model": repr(alike), "metric": metric.name, "space": axes, "shape": train.shape}
    return json.dumps(told | more | {"cells": [len(train), len(test)], "sums": sums}, sort_keys=True)
