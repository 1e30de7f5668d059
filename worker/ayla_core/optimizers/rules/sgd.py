"""Stochastic gradient descent (AYLA.md section 2), without and with momentum, as rule and as reference."""

from typing import Any, ClassVar

import numpy as np
from ayla_spec.optimizers import Sgd

from ayla_core.optimizers.base import Floats, Implementation, Integers, Number, Numbers, Rule
from ayla_core.optimizers.reference import Reference


class SgdRule(Rule):
    """x ← x - lr·G, with G = v·u."""

    def fits(self, settings: Any) -> bool:
        """Without momentum."""
        return not settings.momentum

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        del memory
        return x - (v * u) * h["lr"], {}


class MomentumRule(Rule):
    """b ← momentum·b + (1 - dampening) G, and x ← x - lr·b; Nesterov: x ← x - lr·(G + momentum·b).

    b is a sum, not an average, so it takes v·∇l. As in torch.optim the first b is G.
    """

    memory: ClassVar[tuple[str, ...]] = ("momentum_buffer",)
    constants: ClassVar[tuple[str, ...]] = ("momentum",)

    def fits(self, settings: Any) -> bool:
        """With momentum."""
        return bool(settings.momentum)

    def rates(self, settings: Any) -> dict[str, float]:
        """Weights of G and of b in the step."""
        own, remembered = (1.0, settings.momentum) if settings.nesterov else (0.0, 1.0)
        return {"own": own, "remembered": remembered}

    def step_numbers(self, settings: Any, t: Integers) -> dict[str, Floats]:
        """Weight of G in the buffer."""
        return {"intake": np.where(t == 1, 1.0, 1.0 - settings.dampening)}

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        gradient = v * u
        buffer = h["momentum"] * memory["momentum_buffer"] + h["intake"] * gradient
        step = h["own"] * gradient + h["remembered"] * buffer
        return x - step * h["lr"], {"momentum_buffer": buffer}


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
