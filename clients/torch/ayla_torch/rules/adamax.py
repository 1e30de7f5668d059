"""Adamax."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ayla_torch.rules.base import Number, Numbers, Rule, StepNumber, averaged, capped, safe
from ayla_torch.rules.moments import GAIN1


class AdamaxRule(Rule):
    """m as in Adam, n ← max((1-w) n, |u| + ε) with w = v(1-β2), and x ← x - lr · m̂ / n̂.

    n is a decaying maximum of a first-order quantity, so its decay follows v as that of m does. Both are corrected by
    v, m̂ = m / (v (1-β1^t)) and n̂ = n / v, which cancels.
    """

    memory: ClassVar[tuple[str, ...]] = ("m", "largest")
    constants: ClassVar[tuple[str, ...]] = ("epsilon",)
    per_update: ClassVar[Mapping[str, StepNumber]] = {"gain1": GAIN1}

    def rates(self, settings: Any) -> dict[str, float]:
        """1-β1 and 1-β2."""
        return {"rate1": 1 - settings.beta1, "rate2": 1 - settings.beta2}

    def weights(self, v: Number, h: Numbers) -> tuple[Number, ...]:
        """v(1-β1) and v(1-β2)."""
        return v * h["rate1"], v * h["rate2"]

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        first, decay = (capped(weight, h) for weight in self.weights(v, h))
        m = averaged(memory["m"], u, first)
        largest = ((1.0 - decay) * memory["largest"]).maximum(u.abs() + h["epsilon"])
        return x - m * (h["lr"] * h["gain1"]) / safe(largest), {"m": m, "largest": largest}
