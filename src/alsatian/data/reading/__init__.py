"""Tables of interactions in files and databases: CSV and its kin, NDJSON, Parquet, Arrow, matrices, and SQL."""

from __future__ import annotations

from alsatian.data.reading._bad import BadLine, BadLines
from alsatian.data.reading._plan import Plan, Reading, plan
from alsatian.data.reading._readers import Options
from alsatian.data.reading._source import FORMATS, without_password
from alsatian.data.reading._titles import Titles, read_titles

__all__ = [
    "FORMATS",
    "BadLine",
    "BadLines",
    "Options",
    "Plan",
    "Reading",
    "Titles",
    "plan",
    "read_titles",
    "without_password",
]
