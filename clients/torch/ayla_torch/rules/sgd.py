"""Stochastic gradient descent, without and with momentum."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ayla_torch.rules.base import Mathematics, Number, Numbers, Rule, StepNumber


class SgdRule(Rule):
    """x ← x - lr·G, with G = v·u."""

    def fits(self, settings: Any) -> Any:
        """Without momentum."""
        return settings.momentum == 0

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        del memory
        return x - (v * u) * h["lr"], {}


def _intake(of: Mathematics, t: Number, dampening: float) -> Number:
    """Weight of G in the buffer."""
    return of.where(t == 1, 1.0, 1.0 - dampening)


class MomentumRule(Rule):
    """b ← momentum·b + (1 - dampening) G, and x ← x - lr·b; Nesterov: x ← x - lr·(G + momentum·b).

    b is a sum, not an average, so it takes v·∇l. As in torch.optim the first b is G.
    """

    memory: ClassVar[tuple[str, ...]] = ("momentum_buffer",)
    constants: ClassVar[tuple[str, ...]] = ("momentum",)
    per_update: ClassVar[Mapping[str, StepNumber]] = {"intake": StepNumber(("dampening",), _intake)}

    def fits(self, settings: Any) -> Any:
        """With momentum."""
        return settings.momentum != 0

    def rates(self, settings: Any) -> dict[str, float]:
        """Weights of G and of b in the step."""
        own, remembered = (1.0, settings.momentum) if settings.nesterov else (0.0, 1.0)
        return {"own": own, "remembered": remembered}

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        gradient = v * u
        buffer = h["momentum"] * memory["momentum_buffer"] + h["intake"] * gradient
        step = h["own"] * gradient + h["remembered"] * buffer
        return x - step * h["lr"], {"momentum_buffer": buffer}
