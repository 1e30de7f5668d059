"""Lion as rule and as reference."""

from typing import Any, ClassVar

from ayla_spec.optimizers import Lion

from ayla_core.optimizers.base import Implementation, Number, Numbers, Rule, averaged, capped, shrunk
from ayla_core.optimizers.reference import Reference, mix


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


class LionReference(Reference[Lion]):
    """Lion: the sign of one average, another one remembered."""

    def start(self, parameters: int) -> None:
        """The remembered average."""
        self.m = [0.0] * parameters

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: x ← x - lr·(sign(c) + λx)."""
        c = mix(self.m[i], u, self.weight(v * (1 - self.settings.beta1)))
        self.m[i] = mix(self.m[i], u, self.weight(v * (1 - self.settings.beta2)))
        sign = (c > 0) - (c < 0)
        return x - lr * (sign + self.settings.weight_decay * x)


IMPLEMENTATIONS = (Implementation(Lion, LionReference, (LionRule(),)),)
