"""Adam, and with AYLA the literal eq. 5-7 (AYLA.md section 3); AdamW and AMSGrad. Each as rule and as reference."""

import math
from typing import ClassVar

from ayla_spec.optimizers import Adam, AdamW, AmsGrad

from ayla_core.optimizers.base import Implementation, Number, Numbers, safe, shrunk
from ayla_core.optimizers.moments import M, MomentsReference, MomentsRule


class AdamRule(MomentsRule):
    """x ← x - lr · m̂ / (√ŝ + ε) with m̂ = m / (v (1-β1^t)), ŝ = s / (v² (1-β2^t))."""

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        moments = self.moments(u, v, memory, h)
        return x - _step(moments["m"], moments["s"], v, h), moments


class AdamWRule(AdamRule):
    """Adam after x ← x - lr·weight_decay·x."""

    constants: ClassVar[tuple[str, ...]] = ("epsilon", "weight_decay")

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        return super().update(shrunk(x, h), u, v, memory, h)


class AmsGradRule(MomentsRule):
    """Adam with the largest s so far in place of s."""

    memory: ClassVar[tuple[str, ...]] = ("m", "s", "largest")

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        moments = self.moments(u, v, memory, h)
        largest = memory["largest"].maximum(moments["s"])
        return x - _step(moments["m"], largest, v, h), moments | {"largest": largest}


def _step(m: Number, s: Number, v: Number, h: Numbers) -> Number:
    # lr · m̂ / (√ŝ + ε) with numerator and denominator multiplied by v.
    root = s.sqrt() * h["gain2"] + h["epsilon"] * v
    return m * (h["lr"] * h["gain1"]) / safe(root)


class _AdamStep(MomentsReference[M]):
    def step(self, i: int, s: float, v: float) -> float:
        """m̂ / (√ŝ + ε), eq. 7."""
        return self.m_hat(i, v) / (math.sqrt(self.s_hat(s, v)) + self.settings.epsilon)


class AdamReference(_AdamStep[Adam]):
    """AYLA.md section 3, eq. 5-7 as they stand there; one trial."""

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: x ← x - lr · m̂ / (√ŝ + ε)."""
        self.average(i, u, v)
        return x - lr * self.step(i, self.s[i], v)


class AdamWReference(_AdamStep[AdamW]):
    """Adam after x ← x - lr·λ·x."""

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Shrink, then Adam."""
        x = x - lr * self.settings.weight_decay * x
        self.average(i, u, v)
        return x - lr * self.step(i, self.s[i], v)


class AmsGradReference(_AdamStep[AmsGrad]):
    """Adam with the largest s so far."""

    def start(self, parameters: int) -> None:
        """Both averages, and the largest s."""
        super().start(parameters)
        self.largest = [0.0] * parameters

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Adam with ŝ = max(s so far) / (v² (1-β2^t))."""
        self.average(i, u, v)
        self.largest[i] = max(self.largest[i], self.s[i])
        return x - lr * self.step(i, self.largest[i], v)


IMPLEMENTATIONS = (
    Implementation(Adam, AdamReference, (AdamRule(),)),
    Implementation(AdamW, AdamWReference, (AdamWRule(),)),
    Implementation(AmsGrad, AmsGradReference, (AmsGradRule(),)),
)
