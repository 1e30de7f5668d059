"""Adam, and with AYLA the literal eq. 5-7 (AYLA.md section 3); AdamW and AMSGrad."""

import math

from ayla_spec.optimizers import Adam, AdamW, AmsGrad
from ayla_torch.rules.adam import AdamRule, AdamWRule, AmsGradRule

from ayla_core.optimizers.implementation import Implementation
from ayla_core.optimizers.moments import M, MomentsReference


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
