"""Base of Adam and its relatives: two moving averages and their bias corrections."""

from typing import Any, ClassVar

from ayla_torch.rules.base import Mathematics, Number, Numbers, Rule, averaged, capped


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

    def step_numbers(self, settings: Any, t: Number, of: Mathematics) -> dict[str, Number]:
        """1/(1-β1^t) and 1/√(1-β2^t)."""
        return {"gain1": 1 / correction(settings.beta1, t), "gain2": 1 / of.sqrt(correction(settings.beta2, t))}

    def weights(self, v: Number, h: Numbers) -> tuple[Number, ...]:
        """v(1-β1) and v²(1-β2)."""
        return v * h["rate1"], v * v * h["rate2"]

    def moments(self, u: Number, v: Number, memory: Numbers, h: Numbers) -> dict[str, Number]:
        """Both averages after this gradient."""
        first, second = (capped(weight, h) for weight in self.weights(v, h))
        return {"m": averaged(memory["m"], u, first), "s": averaged(memory["s"], u * u, second)}


def correction(beta: float, t: Number) -> Number:
    """1 - β^t."""
    return 1 - float(beta) ** t
