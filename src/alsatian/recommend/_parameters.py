"""Parameters by name, as scikit-learn asks for them: with these `clone` works, and a grid of models can be set."""

from __future__ import annotations

from typing import Any, Self


class Parameters:
    """What has one parameter, `model`, and that one's below it, as ``model__reg``."""

    model: Any

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name, with ``deep`` those of the model too, as ``model__reg``."""
        below = self.model.get_params() if deep and hasattr(self.model, "get_params") else {}
        return {"model": self.model} | {f"model__{name}": value for name, value in below.items()}

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters, of the model as ``model__reg``; what is fitted stays as it is until `fit`.

        Raises
        ------
        ValueError
            For a parameter that is none.
        """
        known = self.get_params()
        for name in parameters:
            if name != "model" and name not in known and "model" not in parameters:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}, but {', '.join(known)}.")
        self.model = parameters.get("model", self.model)
        below = {name.removeprefix("model__"): value for name, value in parameters.items() if name != "model"}
        if below:
            self.model.set_params(**below)
        return self
