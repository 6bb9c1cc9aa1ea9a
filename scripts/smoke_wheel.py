"""Try an installed wheel in an empty environment: what it was built with first, then a little of everything.

    python scripts/smoke_wheel.py

Needs nothing but alsatian and what it depends on, and reads nothing from the source tree. cibuildwheel runs it on every
wheel.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from alsatian._engine import _core

CONFIG = _core.build_config()
print(CONFIG)  # first: where the rest crashes, this says what crashed
assert CONFIG["build_type"] == "Release", "a wheel is built for release"
assert not CONFIG["sanitize"], "a wheel has no sanitizers"
assert CONFIG["isa"] in CONFIG["isas"], "the instruction set in use is one that this machine runs"

import numpy as np
from scipy.sparse import csr_array

import alsatian
from alsatian.datasets import load_flight_delays, make_ratings
from alsatian.objective import gradient

HERE = Path(alsatian.__file__).resolve()
assert "site-packages" in HERE.parts, f"this is not an installed alsatian: {HERE}"


def completes_a_matrix() -> None:
    delays = load_flight_delays()
    model = alsatian.ALS(8, reg=5, bias="both", bias_reg=0.1, random_state=0).fit(delays.X, weights=delays.flights)
    assert np.isfinite(model.impute(delays.X)).all()
    assert np.all(np.diff(model.history_.loss) <= 0)


def solves_exactly() -> None:
    X = make_ratings((200, 150), n_ratings=6000, random_state=0).X.astype(np.float64)
    model = alsatian.ALS(8, random_state=0).fit(X)
    slope = gradient(X, model.row_factors_, model.column_factors_, **model.objective_settings())
    assert np.abs(slope.W).max() < 1e-9
    again = alsatian.ALS(8, random_state=0, n_jobs=1).fit(X)
    assert np.array_equal(model.row_factors_, again.row_factors_)


def recommends_and_keeps() -> None:
    rng = np.random.default_rng(0)
    x = csr_array((rng.random((60, 40)) < 0.2).astype(np.float32))
    recommender = alsatian.Recommender(alsatian.ImplicitALS(4, random_state=0)).fit(
        alsatian.Interactions.from_matrix(x)
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.alsatian"
        recommender.save(path)
        loaded = alsatian.load(path, mmap=False)
    lists = (one.recommend(n=3).ids for one in (recommender, loaded))
    assert np.array_equal(*lists)


def has_its_command() -> None:
    for words in (["--version"], ["derive", "--check"]):
        subprocess.run([sys.executable, "-m", "alsatian", *words], check=True, stdout=subprocess.DEVNULL)


for check in (completes_a_matrix, solves_exactly, recommends_and_keeps, has_its_command):
    check()
    print(f"{check.__name__.replace('_', ' ')}: yes")
