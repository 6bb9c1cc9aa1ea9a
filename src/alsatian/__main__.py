"""``python -m alsatian``."""

from __future__ import annotations

import sys

from alsatian.cli import main

if __name__ == "__main__":
    sys.exit(main())
