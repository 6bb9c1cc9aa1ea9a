"""From the ALS of Spark's machine learning library."""

from __future__ import annotations

from typing import Any

from alsatian.compat._matrices import positive_only, unchanged
from alsatian.compat._parameters import FLAG, PACE, START, Parameter, Peer, as_many_iterations, nothing, seed
from alsatian.compat._translation import Prepared, Translation
from alsatian.models import ALS, ImplicitALS


def _values_of(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator of pyspark, whose attributes are descriptions and not values."""
    if not hasattr(estimator, "extractParamMap"):
        return {}
    return {parameter.name: value for parameter, value in estimator.extractParamMap().items()}


_PLACES = ("DISK_ONLY", "MEMORY_ONLY", "MEMORY_ONLY_SER", "MEMORY_AND_DISK", "MEMORY_AND_DISK_SER")
_LEVELS = (*_PLACES, *(f"{place}_2" for place in _PLACES), "DISK_ONLY_3", "OFF_HEAP")  # of Spark's StorageLevel

PEER = Peer(
    function="from_spark",
    package="pyspark",
    classes=("ALS",),
    needed=("rank", "maxIter", "regParam", "implicitPrefs"),
    values_of=_values_of,
    parameters={
        "rank": Parameter(10),
        "maxIter": Parameter(10),
        "regParam": Parameter(0.1),
        "numUserBlocks": nothing(10),
        "numItemBlocks": nothing(10),
        "implicitPrefs": Parameter(False, choices=FLAG),
        "alpha": Parameter(1.0),
        "userCol": Parameter("user", note="rows and columns of a matrix have no names; Interactions reads frames"),
        "itemCol": Parameter("item", note="rows and columns of a matrix have no names; Interactions reads frames"),
        "seed": Parameter(None),
        "ratingCol": Parameter("rating", note="rows and columns of a matrix have no names; Interactions reads frames"),
        "nonnegative": Parameter(False, refusal="alsatian has no non-negative factors.", choices=FLAG),
        "checkpointInterval": nothing(10),
        "intermediateStorageLevel": nothing("MEMORY_AND_DISK", *_LEVELS),
        "finalStorageLevel": nothing("MEMORY_AND_DISK", "NONE", *_LEVELS),
        "coldStartStrategy": nothing("nan", "nan", "drop"),
        "blockSize": nothing(4096),
        "predictionCol": nothing("prediction"),
    },
)

_COLD = "Rows and columns without a rating have zero factors, and scores, where Spark gives NaN or drops the pair."
_ORDER = "Spark starts with the items, from random users; here rows come first, from random columns."
_TWICE = "Spark keeps two ratings of one pair apart; in a sparse matrix they are summed."


def from_spark(estimator: Any = None, /, **parameters: Any) -> Translation:
    """Translate ``pyspark.ml.recommendation.ALS``.

    λ is multiplied by the number of ratings of a user or item, in the implicit form by the number of *positive* ones:

        explicit   ½ Σ_observed (x − s)² + ½ λ (Σ_i n_i |w_i|² + Σ_j n_j |z_j|²)
        implicit   ½ Σ_all (1 + α|x|) (P − s)² + the same ridge, P = 1 where x > 0, else 0

    The first is ``ALS(reg_exponent=1)``, the second ``ImplicitALS(objective="hkv", reg_exponent=1,
    reg_count="observed")``, whose n_i counts dislikes as well: a matrix with negative values is refused there.

    Parameters
    ----------
    estimator : pyspark.ml.recommendation.ALS, optional
        One of Spark's, of which the parameters are taken.
    **parameters
        Those of ALS in Python, by its names and with its defaults: `rank`, `maxIter`, `regParam`, `implicitPrefs`,
        `alpha` and `seed` are translated; ``nonnegative=True`` is refused; names of columns, numbers of blocks and what
        else is about the cluster have no part in the model.

    Returns
    -------
    Translation

    Raises
    ------
    TypeError
        For an unknown parameter, and for an object that is no such estimator.
    ValueError
        For a value without a counterpart.

    Examples
    --------
    >>> from alsatian.compat import from_spark
    >>> from_spark(rank=8, regParam=0.05, seed=1).estimator
    ALS(dtype='float32', max_iter=10, n_components=8, random_state=1, reg=0.05,
        relaxation=1.0, tol=0.0)
    """
    p, notes = PEER.read(estimator, parameters)
    common = {
        "reg": p["regParam"], "reg_exponent": 1.0, "dtype": "float32", "random_state": seed(p["seed"]),
        **as_many_iterations(p["maxIter"]),
    }  # fmt: skip
    notes += [_COLD, _TWICE, PACE, START, _ORDER]
    if not p["implicitPrefs"]:
        return Translation(ALS(p["rank"], **common), tuple(notes), unchanged, PEER.function)
    model = ImplicitALS(
        p["rank"], objective="hkv", alpha=p["alpha"], unobserved_weight=1.0, confidence="linear", reg_count="observed",
        **common,
    )  # fmt: skip
    return Translation(model, tuple(notes), _prepare, PEER.function, {"implicitPrefs": True})


def _prepare(X: Any) -> Prepared:
    return positive_only(
        X,
        zeros="",
        negatives="Spark multiplies λ by the number of positive ratings, alsatian by that of all that are not zero. "
        "Leave dislikes out, or set up an ImplicitALS of your own.",
    )
