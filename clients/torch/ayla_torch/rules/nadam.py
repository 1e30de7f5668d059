"""NAdam and RAdam."""

from collections.abc import Mapping
from typing import ClassVar

from ayla_torch.rules.base import Mathematics, Number, Numbers, StepNumber, chosen, exceeds, safe
from ayla_torch.rules.moments import GAIN1, GAIN2, MomentsRule


def momentum(beta1: float, decay: float, t: Number) -> Number:
    """μ_t = β1 (1 - 0.96^(ψt)/2)."""
    return beta1 * (1 - 0.5 * 0.96 ** (t * decay))


def _ahead(of: Mathematics, t: Number, beta1: float, decay: float) -> Number:
    """The factor of m."""
    _, after, _, product_after = of.momenta(momentum, beta1, decay, t)
    return after / (1 - product_after)


def _newest(of: Mathematics, t: Number, beta1: float, decay: float) -> Number:
    """The factor of u."""
    now, _, product, _ = of.momenta(momentum, beta1, decay, t)
    return (1 - now) / (1 - product)


class NAdamRule(MomentsRule):
    """x ← x - lr · (μ_{t+1} m / (v (1-M_{t+1})) + (1-μ_t) u / (1-M_t)) / (√ŝ + ε).

    μ_t = β1 (1 - 0.96^(ψt)/2) and M_t their product. The second term is the share of the newest gradient: its weight
    v(1-μ_t) over its correction v(1-M_t).
    """

    per_update: ClassVar[Mapping[str, StepNumber]] = {
        "gain2": GAIN2,
        "ahead": StepNumber(("beta1", "momentum_decay"), _ahead),
        "newest": StepNumber(("beta1", "momentum_decay"), _newest),
    }

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        moments = self.moments(u, v, memory, h)
        # Numerator and denominator are multiplied by v.
        root = moments["s"].sqrt() * h["gain2"] + h["epsilon"] * v
        blend = moments["m"] * h["ahead"] + (v * h["newest"]) * u
        return x - blend * h["lr"] / safe(root), moments


def _rectified(of: Mathematics, t: Number, beta2: float) -> Number:
    """The rectification times √(1-β2^t); 0 where s is left out."""
    power = (1.0 * beta2) ** t
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * power / (1 - power)
    # Up to 5 nothing is rectified; the bounds keep what is not used a number.
    most, reached = of.maximum(longest, 5.0), of.maximum(length, 5.0)
    ratio = (reached - 4) * (reached - 2) * most / ((most - 4) * (most - 2) * reached)
    return of.where(length > 5, of.sqrt(ratio) * of.sqrt(1 - power), 0.0)


class RAdamRule(MomentsRule):
    """x ← x - lr · m̂ · r_t · v √(1-β2^t) / (√s + ε), or x ← x - lr · m̂ while ρ_t <= 5.

    As in torch.optim ε is added to the root before its correction.
    """

    constants: ClassVar[tuple[str, ...]] = ("epsilon",)

    per_update: ClassVar[Mapping[str, StepNumber]] = {
        "gain1": GAIN1,
        "rectified": StepNumber(("beta2",), _rectified),
    }

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        moments = self.moments(u, v, memory, h)
        # m̂ = m / (v (1-β1^t)); in the rectified step its v and that of the root cancel.
        adapted = h["rectified"] / safe(moments["s"].sqrt() + h["epsilon"])
        factor = chosen(exceeds(h["rectified"], 0.0), adapted, 1.0 / safe(v))
        return x - moments["m"] * (h["lr"] * h["gain1"]) * factor, moments
