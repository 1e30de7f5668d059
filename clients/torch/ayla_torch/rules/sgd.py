"""Stochastic gradient descent, without and with momentum."""

from typing import Any, ClassVar

from ayla_torch.rules.base import Mathematics, Number, Numbers, Rule


class SgdRule(Rule):
    """x ← x - lr·G, with G = v·u."""

    def fits(self, settings: Any) -> bool:
        """Without momentum."""
        return not settings.momentum

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        del memory
        return x - (v * u) * h["lr"], {}


class MomentumRule(Rule):
    """b ← momentum·b + (1 - dampening) G, and x ← x - lr·b; Nesterov: x ← x - lr·(G + momentum·b).

    b is a sum, not an average, so it takes v·∇l. As in torch.optim the first b is G.
    """

    memory: ClassVar[tuple[str, ...]] = ("momentum_buffer",)
    constants: ClassVar[tuple[str, ...]] = ("momentum",)

    def fits(self, settings: Any) -> bool:
        """With momentum."""
        return bool(settings.momentum)

    def rates(self, settings: Any) -> dict[str, float]:
        """Weights of G and of b in the step."""
        own, remembered = (1.0, settings.momentum) if settings.nesterov else (0.0, 1.0)
        return {"own": own, "remembered": remembered}

    def step_numbers(self, settings: Any, t: Number, of: Mathematics) -> dict[str, Number]:
        """Weight of G in the buffer."""
        return {"intake": of.where(t == 1, 1.0, 1.0 - settings.dampening)}

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        gradient = v * u
        buffer = h["momentum"] * memory["momentum_buffer"] + h["intake"] * gradient
        step = h["own"] * gradient + h["remembered"] * buffer
        return x - step * h["lr"], {"momentum_buffer": buffer}
