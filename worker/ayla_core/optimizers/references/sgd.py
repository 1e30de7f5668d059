"""Stochastic gradient descent (AYLA.md section 2), without and with momentum."""

from ayla_spec.optimizers import Sgd
from ayla_torch.rules.sgd import MomentumRule, SgdRule

from ayla_core.optimizers.implementation import Implementation
from ayla_core.optimizers.reference import Reference


class SgdReference(Reference[Sgd]):
    """AYLA.md section 2, and with momentum a buffer of v·∇l; one trial."""

    def start(self, parameters: int) -> None:
        """The buffer b."""
        self.b = [0.0] * parameters

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: x ← x - lr·G, lr·b or, Nesterov, lr·(G + μb)."""
        mu, gradient = self.settings.momentum, v * u
        if mu == 0:
            return x - lr * gradient
        if self.t == 1:
            self.b[i] = gradient
        else:
            self.b[i] = mu * self.b[i] + (1 - self.settings.dampening) * gradient
        return x - lr * (gradient + mu * self.b[i] if self.settings.nesterov else self.b[i])


IMPLEMENTATIONS = (Implementation(Sgd, SgdReference, (SgdRule(), MomentumRule())),)
