from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from alsatian.models import ALS, ALSImputer, ImplicitALS


# The checks' sparse matrices have rows without an entry, which is worth a warning but no failure; and one check
# reports by a warning that it needs SCIPY_ARRAY_API to be set.
@pytest.mark.filterwarnings("ignore::alsatian.models.NoEntryWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [
        ALS(),
        ALS(3, bias="both", absent="zero", dtype="float32"),
        ALS(3, reg="auto", bias="both"),
        ImplicitALS(),
        ALSImputer(),
        ALSImputer(add_indicator=True),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
