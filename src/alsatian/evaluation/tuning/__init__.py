"""Searching for parameters, with each fit as the start of the next."""

from alsatian.evaluation.tuning._result import Trial, Tuning
from alsatian.evaluation.tuning._tune import tune

__all__ = ["Trial", "Tuning", "tune"]
