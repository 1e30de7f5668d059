"""Base of Adam and its relatives: two moving averages and their bias corrections."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ayla_torch.rules.base import Mathematics, Number, Numbers, Rule, StepNumber, averaged, capped


def correction(beta: float, t: Number) -> Number:
    """1 - β^t."""
    return 1 - (1.0 * beta) ** t


def _gain(of: Mathematics, t: Number, beta: float) -> Number:
    del of
    return 1 / correction(beta, t)


def _root_gain(of: Mathematics, t: Number, beta: float) -> Number:
    return 1 / of.sqrt(correction(beta, t))


GAIN1 = StepNumber(("beta1",), _gain)
"""1/(1-β1^t)."""

GAIN2 = StepNumber(("beta2",), _root_gain)
"""1/√(1-β2^t)."""


class MomentsRule(Rule):
    """m ← (1-w1) m + w1 u and s ← (1-w2) s + w2 u², with w1 = v(1-β1), w2 = v²(1-β2).

    Bias corrections are v(1-β1^t) and v²(1-β2^t). Rules write them so that v cancels instead of being divided by:
    where |l|^n is far from 1, v² leaves the range of floating-point numbers long before the step does.
    """

    memory: ClassVar[tuple[str, ...]] = ("m", "s")
    constants: ClassVar[tuple[str, ...]] = ("epsilon",)
    per_update: ClassVar[Mapping[str, StepNumber]] = {"gain1": GAIN1, "gain2": GAIN2}

    def rates(self, settings: Any) -> dict[str, float]:
        """1-β1 and 1-β2."""
        return {"rate1": 1 - settings.beta1, "rate2": 1 - settings.beta2}

    def weights(self, v: Number, h: Numbers) -> tuple[Number, ...]:
        """v(1-β1) and v²(1-β2)."""
        return v * h["rate1"], v * v * h["rate2"]

    def moments(self, u: Number, v: Number, memory: Numbers, h: Numbers) -> dict[str, Number]:
        """Both averages after this gradient."""
        first, second = (capped(weight, h) for weight in self.weights(v, h))
        return {"m": averaged(memory["m"], u, first), "s": averaged(memory["s"], u * u, second)}
