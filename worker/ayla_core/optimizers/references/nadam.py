"""NAdam and RAdam."""

import math

from ayla_spec.optimizers import NAdam, RAdam
from ayla_torch.rules.nadam import NAdamRule, RAdamRule

from ayla_core.optimizers.implementation import Implementation
from ayla_core.optimizers.moments import MomentsReference


class NAdamReference(MomentsReference[NAdam]):
    """NAdam, whose step takes shares of m and of the newest gradient."""

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: x ← x - lr·(μ_{t+1} m/(v(1-M_{t+1})) + (1-μ_t) u/(1-M_t))/(√ŝ + ε)."""
        self.average(i, u, v)
        remembered = self._mu(self.t + 1) * self.m[i] / (v * (1 - self._product(self.t + 1)))
        # The weight of the newest gradient, v(1-μ_t), over its correction, v(1-M_t).
        newest = v * (1 - self._mu(self.t)) * u / (v * (1 - self._product(self.t)))
        return x - lr * (remembered + newest) / (math.sqrt(self.s_hat(self.s[i], v)) + self.settings.epsilon)

    def _mu(self, t: int) -> float:
        return self.settings.beta1 * (1 - 0.5 * math.pow(0.96, t * self.settings.momentum_decay))

    def _product(self, t: int) -> float:
        return math.prod(self._mu(k) for k in range(1, t + 1))


class RAdamReference(MomentsReference[RAdam]):
    """RAdam, which leaves s out while its variance cannot be estimated."""

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: x ← x - lr·m̂·r_t·v√(1-β2^t)/(√s + ε), or x ← x - lr·m̂ while ρ_t <= 5."""
        self.average(i, u, v)
        power: float = self.settings.beta2**self.t
        longest = 2 / (1 - self.settings.beta2) - 1
        length = longest - 2 * self.t * power / (1 - power)
        if length <= 5:
            return x - lr * self.m_hat(i, v)
        r = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
        adapted = v * math.sqrt(1 - power) / (math.sqrt(self.s[i]) + self.settings.epsilon)
        return x - lr * self.m_hat(i, v) * r * adapted


IMPLEMENTATIONS = (
    Implementation(NAdam, NAdamReference, (NAdamRule(),)),
    Implementation(RAdam, RAdamReference, (RAdamRule(),)),
)
