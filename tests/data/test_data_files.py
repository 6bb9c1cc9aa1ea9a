from __future__ import annotations

import numpy as np
import pytest

from alsatian.data.files import read_parquet

pl = pytest.importorskip("polars")


def test_reads_the_named_columns(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": [1, 2], "title": ["a", "é"], "x": [0.5, None]}).write_parquet(path)
    table = read_parquet(path, ["title", "id", "x"])
    assert list(table) == ["title", "id", "x"]
    assert table["title"].dtype.kind == "U"
    assert table["title"].tolist() == ["a", "é"]
    assert table["id"].dtype == np.int64
    np.testing.assert_array_equal(table["x"], [0.5, np.nan])


def test_an_absent_column_is_named(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": [1]}).write_parquet(path)
    with pytest.raises(ValueError, match="no column 'user'; it has id"):
        read_parquet(path, ["id", "user"])
