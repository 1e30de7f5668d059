"""Lion."""

from typing import Any, ClassVar

from ayla_torch.rules.base import Number, Numbers, Rule, averaged, capped, shrunk


class LionRule(Rule):
    """x ← x - lr·(sign((1-w1) m + w1 u) + weight_decay·x), m ← (1-w2) m + w2 u, with w = v(1-β)."""

    memory: ClassVar[tuple[str, ...]] = ("m",)
    constants: ClassVar[tuple[str, ...]] = ("weight_decay",)

    def rates(self, settings: Any) -> dict[str, float]:
        """1-β1 and 1-β2."""
        return {"rate1": 1 - settings.beta1, "rate2": 1 - settings.beta2}

    def weights(self, v: Number, h: Numbers) -> tuple[Number, ...]:
        """v(1-β1) and v(1-β2)."""
        return v * h["rate1"], v * h["rate2"]

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        direction, memorised = (capped(weight, h) for weight in self.weights(v, h))
        sign = averaged(memory["m"], u, direction).sign()
        return shrunk(x, h) - sign * h["lr"], {"m": averaged(memory["m"], u, memorised)}
