"""Adagrad and Adadelta."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ayla_torch.rules.base import Mathematics, Number, Numbers, Rule, StepNumber, averaged, capped, once, safe


def _decayed(of: Mathematics, t: Number, decay: float) -> Number:
    """lr_t / lr."""
    del of
    return 1 / (1 + (t - 1) * decay)


class AdagradRule(Rule):
    """a ← a + G² and x ← x - lr_t · G / (√a + ε), with G = v·u and lr_t = lr / (1 + (t-1)·decay).

    a is a sum, not an average, so it takes v·∇l.
    """

    memory: ClassVar[tuple[str, ...]] = ("sum",)
    constants: ClassVar[tuple[str, ...]] = ("epsilon",)
    per_update: ClassVar[Mapping[str, StepNumber]] = {"decayed": StepNumber(("learning_rate_decay",), _decayed)}

    def initial(self, settings: Any) -> dict[str, float]:
        """The sum that the settings start from."""
        return {"sum": settings.initial_accumulator}

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        gradient = once(v * u)
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
