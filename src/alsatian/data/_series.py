"""What is in a series of pandas, polars or pyarrow, as NumPy arrays, read through narwhals."""

from __future__ import annotations

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
from numpy.typing import NDArray


class Parts(NamedTuple):
    """The values of a series: one a row that is not missing, or (with codes) distinct ones, and which a row has."""

    values: NDArray[Any]
    missing: NDArray[np.bool_] | None
    codes: NDArray[Any] | None = None


def series_parts(series: Any) -> Parts | None:
    """Take a series apart; None where it is none.

    Texts and categories are encoded by the library that holds them: a Python dict of a million texts takes many times
    as long. Where rows are missing, `values` has the others only.

    Raises
    ------
    TypeError
        Where the elements are lists or structs.
    """
    wrapped = nw.from_native(series, series_only=True, pass_through=True)
    if not isinstance(wrapped, nw.Series):
        return None
    if wrapped.dtype.is_nested():
        raise TypeError(f"a column of {wrapped.dtype} cannot be used: it must have one plain value a row.")
    if wrapped.dtype in (nw.String, nw.Categorical, nw.Enum):
        return _encoded(wrapped)
    if wrapped.dtype in (nw.Int128, nw.UInt128):
        return _listed(wrapped)
    null = wrapped.is_null().to_numpy()
    if not null.any():
        return Parts(np.asarray(wrapped.to_numpy()), None)
    return Parts(np.asarray(wrapped.filter((~wrapped.is_null()).to_list()).to_numpy()), null)


def _encoded(series: nw.Series[Any]) -> Parts:
    native = series.to_native()
    if series.implementation.is_pandas():
        codes, uniques = native.factorize()
        texts = uniques.tolist()
        if native.dtype == object and set(map(type, texts)) != {str}:  # narwhals looks at the first ones only
            return _listed(series)
        return _coded(texts, codes)
    if series.implementation.is_pyarrow():
        return _encoded_by_pyarrow(native)
    if series.implementation.is_polars():
        return _encoded_by_polars(native)
    return _listed(series)


def _encoded_by_pyarrow(array: Any) -> Parts:
    if hasattr(array.type, "value_type"):  # a dictionary may have entries that no row uses
        array = array.cast(array.type.value_type)
    chunks = array.dictionary_encode().unify_dictionaries().chunks
    codes = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in chunks]
    return _coded(chunks[0].dictionary.to_pylist() if chunks else [], np.concatenate([np.zeros(0, np.int32), *codes]))


def _encoded_by_polars(series: Any) -> Parts:
    import polars as pl

    encoded = series.cast(pl.Categorical) if series.dtype == pl.String else series
    uniques = encoded.drop_nulls().unique()
    if uniques.is_empty():
        return _coded([], np.full(len(series), -1))
    numbers = uniques.to_physical().to_numpy().astype(np.int64)  # which may be any: other series have categories too
    codes = np.full(int(numbers.max()) + 2, -1)
    codes[numbers] = np.arange(numbers.size)
    rows = encoded.to_physical().cast(pl.Int64).fill_null(codes.size - 1).to_numpy()  # 8 bits of an Enum are too few
    return _coded(uniques.cast(pl.String).to_list(), codes[rows])


def _coded(uniques: list[Any], codes: NDArray[Any]) -> Parts:
    values = np.empty(len(uniques), dtype=object)
    values[:] = uniques
    return Parts(values, None, np.asarray(codes))


def _listed(series: nw.Series[Any]) -> Parts:
    values = series.to_list()
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return Parts(array, None)
