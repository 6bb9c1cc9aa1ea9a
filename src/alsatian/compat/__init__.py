"""Coming from elsewhere: parameters of other libraries, translated into an estimator of alsatian and the data it fits.

Objectives that carry the same names differ in silence, in what an observed cell weighs and in what multiplies λ. Each
function takes the parameters of another library's estimator under their own names, or such an estimator itself, and
gives a `Translation`, whose model minimises the same function. None of these libraries is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alsatian.compat._translation import Translation
    from alsatian.compat.cmfrec import from_cmfrec, from_cmfrec_implicit
    from alsatian.compat.implicit import from_implicit
    from alsatian.compat.irspack import from_irspack
    from alsatian.compat.spark import from_spark
    from alsatian.compat.surprise import from_surprise
    from alsatian.compat.truncated_svd import from_truncated_svd

_HOMES = {
    "Translation": "_translation",
    "from_cmfrec": "cmfrec",
    "from_cmfrec_implicit": "cmfrec",
    "from_implicit": "implicit",
    "from_irspack": "irspack",
    "from_spark": "spark",
    "from_surprise": "surprise",
    "from_truncated_svd": "truncated_svd",
}

__all__ = [
    "Translation",
    "from_cmfrec",
    "from_cmfrec_implicit",
    "from_implicit",
    "from_irspack",
    "from_spark",
    "from_surprise",
    "from_truncated_svd",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"alsatian.compat.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'alsatian.compat' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
