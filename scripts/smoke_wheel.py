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


def says_how_it_was_built() -> None:
    """Come first: where the rest crashes, this says what crashed."""
    from alsatian._engine import _core

    config = _core.build_config()
    print(config)
    assert config["build_type"] == "Release", "a wheel is built for release"
    assert not config["sanitize"], "a wheel has no sanitizers"
    assert config["isa"] in config["isas"], "the instruction set in use is one that this machine runs"


def is_installed() -> None:
    """Nothing of the source tree is tried by mistake."""
    import alsatian

    where = Path(alsatian.__file__).resolve()
    assert "site-packages" in where.parts, f"this is not an installed alsatian: {where}"


def completes_a_matrix() -> None:
    """Holes are filled, and the loss never rises."""
    import numpy as np

    from alsatian import ALS
    from alsatian.datasets import load_flight_delays

    delays = load_flight_delays()
    model = ALS(8, reg=5, bias="both", bias_reg=0.1, random_state=0).fit(delays.X, weights=delays.flights)
    assert np.isfinite(model.impute(delays.X)).all()
    assert np.all(np.diff(model.history_.loss) <= 0)


def solves_exactly() -> None:
    """See that the gradient is zero, and that one thread gives the bits of many."""
    import numpy as np

    from alsatian import ALS
    from alsatian.datasets import make_ratings
    from alsatian.objective import gradient

    X = make_ratings((200, 150), n_ratings=6000, random_state=0).X.astype(np.float64)
    model, again = (ALS(8, random_state=0, n_jobs=n).fit(X) for n in (None, 1))
    slope = gradient(X, model.row_factors_, model.column_factors_, **model.objective_settings())
    assert np.abs(slope.W).max() < 1e-9
    assert np.array_equal(model.row_factors_, again.row_factors_)


def recommends_and_keeps() -> None:
    """List the same after it was saved and loaded."""
    import numpy as np
    from scipy.sparse import csr_array

    import alsatian

    x = csr_array((np.random.default_rng(0).random((60, 40)) < 0.2).astype(np.float32))
    model = alsatian.ImplicitALS(4, random_state=0)
    recommender = alsatian.Recommender(model).fit(alsatian.Interactions.from_matrix(x))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.alsatian"
        recommender.save(path)
        loaded = alsatian.load(path, mmap=False)
    assert np.array_equal(recommender.recommend(n=3).ids, loaded.recommend(n=3).ids)


def has_its_command() -> None:
    """Run the command without any extra."""
    for words in (["--version"], ["derive", "--check"]):
        subprocess.run([sys.executable, "-m", "alsatian", *words], check=True, stdout=subprocess.DEVNULL)


CHECKS = (
    says_how_it_was_built, is_installed, completes_a_matrix, solves_exactly, recommends_and_keeps, has_its_command,
)  # fmt: skip

if __name__ == "__main__":
    for check in CHECKS:
        check()
        print(f"{check.__name__.replace('_', ' ')}: yes", flush=True)
