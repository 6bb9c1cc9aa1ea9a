"""Spark's ALS in local mode. Needs Java. Its ridge is λ times the count of a row, as in ALS-WR."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyspark
from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession
from scipy.sparse import coo_matrix

from contestants import Tell, one_fit_each


def version() -> str:
    """Return the version."""
    return str(pyspark.__version__)


def fits(x: Any, spec: dict[str, Any], tell: Tell) -> None:
    """Fit the explicit problem; reading the cells into Spark is not timed."""
    spark = (
        SparkSession.builder.master(f"local[{spec['threads']}]")
        .config("spark.driver.memory", spec.get("memory", "8g"))
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", str(2 * spec["threads"]))
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    cells = coo_matrix(x)
    table = spark.createDataFrame(pd.DataFrame({"user": cells.row, "item": cells.col, "rating": cells.data})).cache()
    table.count()

    def fit(iterations: int) -> tuple[Any, Any]:
        model = ALS(
            rank=spec["k"], maxIter=iterations, regParam=spec["problem"]["reg"], userCol="user", itemCol="item",
            ratingCol="rating", seed=0, numUserBlocks=spec["threads"], numItemBlocks=spec["threads"],
        ).fit(table)  # fmt: skip
        return tuple(
            dense(side.toPandas(), size, spec["k"])
            for side, size in zip((model.userFactors, model.itemFactors), x.shape, strict=True)
        )

    one_fit_each(spec, fit, tell)
    spark.stop()


def dense(frame: Any, size: int, k: int) -> np.ndarray:
    """Return a table of factors as an array, a row each; zeros where it has none."""
    out = np.zeros((size, k), np.float32)
    out[frame["id"].to_numpy()] = np.stack(frame["features"].to_numpy())
    return out
