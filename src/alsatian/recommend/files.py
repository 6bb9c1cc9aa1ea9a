"""`save` and `load` for models and recommenders alike: what `alsatian.save` and `alsatian.load` are."""

from __future__ import annotations

from typing import Any

from alsatian import persistence
from alsatian.data import Interactions
from alsatian.persistence import naming, read_header
from alsatian.recommend import _files
from alsatian.recommend.recommender import Recommender


def save(model: Any, path: Any) -> None:
    """Write a fitted model, a recommender, or interactions to a file.

    What is said in :func:`alsatian.persistence.save` holds for both: the file has no code, and is replaced as a whole
    or not at all. Of a recommender it holds the ids and the interactions too.

    Parameters
    ----------
    model : ALS, ImplicitALS, ALSImputer, Recommender or Interactions
    path : str or path-like

    Examples
    --------
    >>> import tempfile, numpy as np, alsatian
    >>> model = alsatian.ALS(2, random_state=0).fit(np.eye(4))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     alsatian.save(model, f"{folder}/model.alsatian")
    ...     same = alsatian.load(f"{folder}/model.alsatian")
    >>> np.array_equal(same.row_factors_, model.row_factors_)
    True
    """
    if isinstance(model, Recommender):
        model.save(path)
    elif isinstance(model, Interactions):
        _files.save_interactions(path, model)
    else:
        persistence.save(model, path)


def load(path: Any, *, mmap: bool = True, verify: bool = True) -> Any:
    """Read what `save` wrote: a model, a recommender or interactions, as it was, to the bit. No code in a file is run.

    Parameters, errors and guarantees are those of :func:`alsatian.persistence.load`.

    Returns
    -------
    ALS, ImplicitALS, ALSImputer, Recommender or Interactions
    """
    with naming(path):
        header, _ = read_header(path)
    if header.get("kind") == _files.INTERACTIONS:
        return _files.load_interactions(path, mmap=mmap, verify=verify)
    if header.get("kind") == _files.KIND:
        return Recommender.load(path, mmap=mmap, verify=verify)
    return persistence.load(path, mmap=mmap, verify=verify)
