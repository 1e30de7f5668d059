"""RMSProp, plain and centered, without and with momentum, as rule and as reference."""

import math
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from ayla_spec.optimizers import RmsProp

from ayla_core.optimizers.base import Implementation, Number, Numbers, Rule, averaged, capped, safe
from ayla_core.optimizers.reference import Reference, mix


@dataclass(frozen=True)
class RmsPropRule(Rule):
    """s ← (1-w2) s + w2 u² with w2 = v²(1-α), and x ← x - lr · v u / (√s + ε).

    RMSProp has no bias correction, so there is none to match, and its numerator is no average, so it takes v·∇l.
    Centered: a ← (1-w1) a + w1 u with w1 = v(1-α), and s - a², at least 0, in place of s. With momentum:
    b ← momentum·b + v u / (√s + ε), and x ← x - lr·b.
    """

    centered: bool
    with_momentum: bool
    constants: ClassVar[tuple[str, ...]] = ("epsilon", "momentum")

    @property
    def name(self) -> str:
        """With what it remembers."""
        return "rmsprop" + "_centered" * self.centered + "_momentum" * self.with_momentum

    @property
    def memory(self) -> tuple[str, ...]:  # type: ignore[override]  # depends on the variant
        """Averages, and the buffer of the momentum."""
        return ("s",) + ("a",) * self.centered + ("momentum_buffer",) * self.with_momentum

    def fits(self, settings: Any) -> bool:
        """As centered, and with momentum or without."""
        return (settings.centered, settings.momentum > 0) == (self.centered, self.with_momentum)

    def rates(self, settings: Any) -> dict[str, float]:
        """1-α."""
        return {"rate": 1 - settings.alpha}

    def weights(self, v: Number, h: Numbers) -> tuple[Number, ...]:
        """v²(1-α), and v(1-α) if centered."""
        return (v * v * h["rate"],) + ((v * h["rate"],) if self.centered else ())

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        weights = [capped(weight, h) for weight in self.weights(v, h)]
        after = {"s": averaged(memory["s"], u * u, weights[0])}
        spread = after["s"]
        if self.centered:
            after["a"] = averaged(memory["a"], u, weights[1])
            # The two averages have other time constants under AYLA, so the difference can fall below 0.
            spread = (spread - after["a"] * after["a"]).maximum(0.0 * spread)
        step = (v * u) / safe(spread.sqrt() + h["epsilon"])
        if self.with_momentum:
            step = after["momentum_buffer"] = h["momentum"] * memory["momentum_buffer"] + step
        return x - step * h["lr"], after


class RmsPropReference(Reference[RmsProp]):
    """RMSProp, plain and centered, without and with momentum."""

    def start(self, parameters: int) -> None:
        """Averages of u² and u, and the momentum's buffer."""
        self.s = [0.0] * parameters
        self.a = [0.0] * parameters
        self.b = [0.0] * parameters

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: x ← x - lr·G/(√s + ε), with momentum x ← x - lr·b."""
        step = v * u / (math.sqrt(self._spread(i, u, v)) + self.settings.epsilon)
        if self.settings.momentum == 0:
            return x - lr * step
        self.b[i] = self.settings.momentum * self.b[i] + step
        return x - lr * self.b[i]

    def _spread(self, i: int, u: float, v: float) -> float:
        """The average s; centered: max(s - a², 0)."""
        self.s[i] = mix(self.s[i], u**2, self.weight(v**2 * (1 - self.settings.alpha)))
        if not self.settings.centered:
            return self.s[i]
        self.a[i] = mix(self.a[i], u, self.weight(v * (1 - self.settings.alpha)))
        return max(self.s[i] - self.a[i] ** 2, 0.0)


IMPLEMENTATIONS = (
    Implementation(
        RmsProp, RmsPropReference, tuple(RmsPropRule(*variant) for variant in product((False, True), repeat=2))
    ),
)
