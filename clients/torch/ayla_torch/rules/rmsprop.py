"""RMSProp, plain and centered, without and with momentum."""

from dataclasses import dataclass
from typing import Any, ClassVar

from ayla_torch.rules.base import Number, Numbers, Rule, averaged, capped, safe


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

    def fits(self, settings: Any) -> Any:
        """As centered, and with momentum or without."""
        return (settings.centered == self.centered) & ((settings.momentum > 0) == self.with_momentum)

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
