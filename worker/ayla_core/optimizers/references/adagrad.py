"""Adagrad and Adadelta."""

import math

from ayla_spec.optimizers import Adadelta, Adagrad
from ayla_torch.rules.adagrad import AdadeltaRule, AdagradRule

from ayla_core.optimizers.implementation import Implementation
from ayla_core.optimizers.reference import Reference, mix


class AdagradReference(Reference[Adagrad]):
    """Adagrad: a sum of G², no average."""

    def start(self, parameters: int) -> None:
        """The sum, where the settings start it."""
        self.a = [self.settings.initial_accumulator] * parameters

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: a ← a + G², x ← x - lr_t·G/(√a + ε)."""
        gradient = v * u
        self.a[i] += gradient**2
        decayed = lr / (1 + (self.t - 1) * self.settings.learning_rate_decay)
        return x - decayed * gradient / (math.sqrt(self.a[i]) + self.settings.epsilon)


class AdadeltaReference(Reference[Adadelta]):
    """Adadelta: averages of u² and of d²."""

    def start(self, parameters: int) -> None:
        """Both averages at 0."""
        self.s = [0.0] * parameters
        self.a = [0.0] * parameters

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: d = √(a+ε)/√(s+ε)·G, x ← x - lr·d."""
        weight, epsilon = self.weight(v**2 * (1 - self.settings.rho)), self.settings.epsilon
        self.s[i] = mix(self.s[i], u**2, weight)
        d = math.sqrt(self.a[i] + epsilon) / math.sqrt(self.s[i] + epsilon) * (v * u)
        self.a[i] = mix(self.a[i], d**2, weight)
        return x - lr * d


IMPLEMENTATIONS = (
    Implementation(Adagrad, AdagradReference, (AdagradRule(),)),
    Implementation(Adadelta, AdadeltaReference, (AdadeltaRule(),)),
)
