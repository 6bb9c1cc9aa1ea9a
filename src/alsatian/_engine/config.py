"""How the native core was built, and what it uses here."""

from __future__ import annotations

from typing import Any

import alsatian
from alsatian._engine import _core
from alsatian._engine.threads import allowed_processors


def build_config() -> dict[str, Any]:
    """Say how the native core was built, and what it uses on this machine.

    Returns
    -------
    dict
        ``version``, ``compiler``, ``build_type``, ``sanitize`` (empty where there is none); ``isas``, the instruction
        sets that this build and machine have, best first; ``isa``, the one in use (``ALSATIAN_ISA`` names another);
        ``threads``, how many ``n_jobs=None`` takes.

    Examples
    --------
    >>> import alsatian
    >>> config = alsatian.build_config()
    >>> config["isa"] in config["isas"], config["threads"] >= 1
    (True, True)
    """
    return {"version": alsatian.__version__, **_core.build_config(), "threads": allowed_processors()}
