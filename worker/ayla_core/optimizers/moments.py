"""Base of Adam and its relatives: two moving averages and their bias corrections, as rule and as reference."""

from typing import Any, ClassVar, TypeVar

import numpy as np
from ayla_spec.optimizers import Adam, AdamW, AmsGrad, NAdam, RAdam

from ayla_core.optimizers.base import Floats, Integers, Number, Numbers, Rule, averaged, capped
from ayla_core.optimizers.reference import Reference, mix

M = TypeVar("M", Adam, AdamW, AmsGrad, NAdam, RAdam)


class MomentsRule(Rule):
    """m ← (1-w1) m + w1 u and s ← (1-w2) s + w2 u², with w1 = v(1-β1), w2 = v²(1-β2).

    Bias corrections are v(1-β1^t) and v²(1-β2^t). Rules write them so that v cancels instead of being divided by:
    where |l|^n is far from 1, v² leaves the range of floating-point numbers long before the step does.
    """

    memory: ClassVar[tuple[str, ...]] = ("m", "s")
    constants: ClassVar[tuple[str, ...]] = ("epsilon",)

    def rates(self, settings: Any) -> dict[str, float]:
        """1-β1 and 1-β2."""
        return {"rate1": 1 - settings.beta1, "rate2": 1 - settings.beta2}

    def step_numbers(self, settings: Any, t: Integers) -> dict[str, Floats]:
        """1/(1-β1^t) and 1/√(1-β2^t)."""
        return {"gain1": 1 / correction(settings.beta1, t), "gain2": 1 / np.sqrt(correction(settings.beta2, t))}

    def weights(self, v: Number, h: Numbers) -> tuple[Number, ...]:
        """v(1-β1) and v²(1-β2)."""
        return v * h["rate1"], v * v * h["rate2"]

    def moments(self, u: Number, v: Number, memory: Numbers, h: Numbers) -> dict[str, Number]:
        """Both averages after this gradient."""
        first, second = (capped(weight, h) for weight in self.weights(v, h))
        return {"m": averaged(memory["m"], u, first), "s": averaged(memory["s"], u * u, second)}


def correction(beta: float, t: Integers) -> Floats:
    """1 - β^t."""
    whole: Floats = 1 - np.power(float(beta), t.astype(np.float64))
    return whole


class MomentsReference(Reference[M]):
    """m and s of eq. 5-6, and their corrected values of eq. 7."""

    def start(self, parameters: int) -> None:
        """Both averages at 0."""
        self.m = [0.0] * parameters
        self.s = [0.0] * parameters

    def average(self, i: int, u: float, v: float) -> None:
        """Take the gradient u into both averages."""
        beta1, beta2 = self.settings.beta1, self.settings.beta2
        # eq. 5: m ← (1 - v(1-β1)) m + v(1-β1) ∇l
        self.m[i] = mix(self.m[i], u, self.weight(v * (1 - beta1)))
        # eq. 6: s ← (1 - v²(1-β2)) s + v²(1-β2) ∇l²
        self.s[i] = mix(self.s[i], u**2, self.weight(v**2 * (1 - beta2)))

    def m_hat(self, i: int, v: float) -> float:
        """The average m over its correction: m / (v (1-β1^t))."""
        return self.m[i] / (v * (1 - self.settings.beta1**self.t))

    def s_hat(self, s: float, v: float) -> float:
        """The average s over its correction: s / (v² (1-β2^t))."""
        correction: float = v**2 * (1 - self.settings.beta2**self.t)
        return s / correction
