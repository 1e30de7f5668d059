"""Lion."""

from ayla_spec.optimizers import Lion
from ayla_torch.rules.lion import LionRule

from ayla_core.optimizers.implementation import Implementation
from ayla_core.optimizers.reference import Reference, mix


class LionReference(Reference[Lion]):
    """Lion: the sign of one average, another one remembered."""

    def start(self, parameters: int) -> None:
        """The remembered average."""
        self.m = [0.0] * parameters

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: x ← x - lr·(sign(c) + λx)."""
        c = mix(self.m[i], u, self.weight(v * (1 - self.settings.beta1)))
        self.m[i] = mix(self.m[i], u, self.weight(v * (1 - self.settings.beta2)))
        sign = (c > 0) - (c < 0)
        return x - lr * (sign + self.settings.weight_decay * x)


IMPLEMENTATIONS = (Implementation(Lion, LionReference, (LionRule(),)),)
