"""RMSProp, plain and centered, without and with momentum."""

import math
from itertools import product

from ayla_spec.optimizers import RmsProp
from ayla_torch.rules.rmsprop import RmsPropRule

from ayla_core.optimizers.implementation import Implementation
from ayla_core.optimizers.reference import Reference, mix


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
