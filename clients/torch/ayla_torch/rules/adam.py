"""Adam, and with AYLA the literal eq. 5-7 of the paper; AdamW and AMSGrad."""

from typing import ClassVar

from ayla_torch.rules.base import Number, Numbers, safe, shrunk
from ayla_torch.rules.moments import MomentsRule


class AdamRule(MomentsRule):
    """x ← x - lr · m̂ / (√ŝ + ε) with m̂ = m / (v (1-β1^t)), ŝ = s / (v² (1-β2^t))."""

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        moments = self.moments(u, v, memory, h)
        return x - _step(moments["m"], moments["s"], v, h), moments


class AdamWRule(AdamRule):
    """Adam after x ← x - lr·weight_decay·x."""

    constants: ClassVar[tuple[str, ...]] = ("epsilon", "weight_decay")

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        return super().update(shrunk(x, h), u, v, memory, h)


class AmsGradRule(MomentsRule):
    """Adam with the largest s so far in place of s."""

    memory: ClassVar[tuple[str, ...]] = ("m", "s", "largest")

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        moments = self.moments(u, v, memory, h)
        largest = memory["largest"].maximum(moments["s"])
        return x - _step(moments["m"], largest, v, h), moments | {"largest": largest}


def _step(m: Number, s: Number, v: Number, h: Numbers) -> Number:
    # lr · m̂ / (√ŝ + ε) with numerator and denominator multiplied by v.
    root = s.sqrt() * h["gain2"] + h["epsilon"] * v
    return m * (h["lr"] * h["gain1"]) / safe(root)
