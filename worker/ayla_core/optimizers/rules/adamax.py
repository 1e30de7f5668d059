"""Adamax as rule and as reference."""

from typing import Any, ClassVar

from ayla_spec.optimizers import Adamax

from ayla_core.optimizers.base import Floats, Implementation, Integers, Number, Numbers, Rule, averaged, capped, safe
from ayla_core.optimizers.moments import correction
from ayla_core.optimizers.reference import Reference, mix


class AdamaxRule(Rule):
    """m as in Adam, n ← max((1-w) n, |u| + ε) with w = v(1-β2), and x ← x - lr · m̂ / n̂.

    n is a decaying maximum of a first-order quantity, so its decay follows v as that of m does. Both are corrected by
    v, m̂ = m / (v (1-β1^t)) and n̂ = n / v, which cancels.
    """

    memory: ClassVar[tuple[str, ...]] = ("m", "largest")
    constants: ClassVar[tuple[str, ...]] = ("epsilon",)

    def rates(self, settings: Any) -> dict[str, float]:
        """1-β1 and 1-β2."""
        return {"rate1": 1 - settings.beta1, "rate2": 1 - settings.beta2}

    def step_numbers(self, settings: Any, t: Integers) -> dict[str, Floats]:
        """1/(1-β1^t)."""
        return {"gain1": 1 / correction(settings.beta1, t)}

    def weights(self, v: Number, h: Numbers) -> tuple[Number, ...]:
        """v(1-β1) and v(1-β2)."""
        return v * h["rate1"], v * h["rate2"]

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        first, decay = (capped(weight, h) for weight in self.weights(v, h))
        m = averaged(memory["m"], u, first)
        largest = ((1.0 - decay) * memory["largest"]).maximum(u.abs() + h["epsilon"])
        return x - m * (h["lr"] * h["gain1"]) / safe(largest), {"m": m, "largest": largest}


class AdamaxReference(Reference[Adamax]):
    """Adamax: m of Adam over a decaying maximum of |u|."""

    def start(self, parameters: int) -> None:
        """The average m and the maximum n."""
        self.m = [0.0] * parameters
        self.n = [0.0] * parameters

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: n ← max((1-w)n, |u| + ε), x ← x - lr·m̂/n̂."""
        self.m[i] = mix(self.m[i], u, self.weight(v * (1 - self.settings.beta1)))
        decay = self.weight(v * (1 - self.settings.beta2))
        self.n[i] = max((1 - decay) * self.n[i], abs(u) + self.settings.epsilon)
        m_hat = self.m[i] / (v * (1 - self.settings.beta1**self.t))
        n_hat = self.n[i] / v
        return x - lr * m_hat / n_hat


IMPLEMENTATIONS = (Implementation(Adamax, AdamaxReference, (AdamaxRule(),)),)
