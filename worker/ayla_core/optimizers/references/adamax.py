"""Adamax."""

from ayla_spec.optimizers import Adamax
from ayla_torch.rules.adamax import AdamaxRule

from ayla_core.optimizers.implementation import Implementation
from ayla_core.optimizers.reference import Reference, mix


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
