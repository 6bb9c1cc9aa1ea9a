"""The benchmark room: how near the solver is to what the machine can do. ``alsatian doctor --bench`` shows it."""
