"""Adagrad and Adadelta, each as rule and as reference."""

import math
from typing import Any, ClassVar

from ayla_spec.optimizers import Adadelta, Adagrad

from ayla_core.optimizers.base import Floats, Implementation, Integers, Number, Numbers, Rule, averaged, capped, safe
from ayla_core.optimizers.reference import Reference, mix


class AdagradRule(Rule):
    """a ← a + G² and x ← x - lr_t · G / (√a + ε), with G = v·u and lr_t = lr / (1 + (t-1)·decay).

    a is a sum, not an average, so it takes v·∇l.
    """

    memory: ClassVar[tuple[str, ...]] = ("sum",)
    constants: ClassVar[tuple[str, ...]] = ("epsilon",)

    def step_numbers(self, settings: Any, t: Integers) -> dict[str, Floats]:
        """lr_t / lr."""
        return {"decayed": 1 / (1 + (t - 1) * settings.learning_rate_decay)}

    def initial(self, settings: Any) -> dict[str, float]:
        """The sum that the settings start from."""
        return {"sum": settings.initial_accumulator}

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        gradient = v * u
        total = memory["sum"] + gradient * gradient
        return x - gradient * (h["lr"] * h["decayed"]) / safe(total.sqrt() + h["epsilon"]), {"sum": total}


class AdadeltaRule(Rule):
    """s ← (1-w) s + w u², d = √(a + ε) / √(s + ε) · v u, a ← (1-w) a + w d², x ← x - lr·d, with w = v²(1-ρ)."""

    memory: ClassVar[tuple[str, ...]] = ("s", "a")
    constants: ClassVar[tuple[str, ...]] = ("epsilon",)

    def rates(self, settings: Any) -> dict[str, float]:
        """1-ρ."""
        return {"rate": 1 - settings.rho}

    def weights(self, v: Number, h: Numbers) -> tuple[Number, ...]:
        """v²(1-ρ)."""
        return (v * v * h["rate"],)

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        weight = capped(self.weights(v, h)[0], h)
        s = averaged(memory["s"], u * u, weight)
        step = (memory["a"] + h["epsilon"]).sqrt() / safe((s + h["epsilon"]).sqrt()) * (v * u)
        return x - step * h["lr"], {"s": s, "a": averaged(memory["a"], step * step, weight)}


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
