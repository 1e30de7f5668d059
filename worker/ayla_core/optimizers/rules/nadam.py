"""NAdam and RAdam, each as rule and as reference."""

import functools
import math
from typing import Any, ClassVar

import numpy as np
from ayla_spec.optimizers import NAdam, RAdam

from ayla_core.optimizers.base import Floats, Implementation, Integers, Number, Numbers, safe
from ayla_core.optimizers.moments import MomentsReference, MomentsRule, correction


@functools.lru_cache(maxsize=64)
def _momenta(beta1: float, decay: float, count: int) -> tuple[Floats, Floats]:
    """μ_t and their products M_t for t from 1 to ``count``; kept, as every block of steps needs them again."""
    mu: Floats = beta1 * (1 - 0.5 * np.power(0.96, np.arange(1, count + 1, dtype=np.float64) * decay))
    product: Floats = np.asarray(np.cumprod(mu), dtype=np.float64)
    return mu, product


class NAdamRule(MomentsRule):
    """x ← x - lr · (μ_{t+1} m / (v (1-M_{t+1})) + (1-μ_t) u / (1-M_t)) / (√ŝ + ε).

    μ_t = β1 (1 - 0.96^(ψt)/2) and M_t their product. The second term is the share of the newest gradient: its weight
    v(1-μ_t) over its correction v(1-M_t).
    """

    def step_numbers(self, settings: Any, t: Integers) -> dict[str, Floats]:
        """The factors of m and of u."""
        mu, product = _momenta(settings.beta1, settings.momentum_decay, 1 << int(t.max()).bit_length())
        now, after = t - 1, t
        return {
            "gain2": 1 / np.sqrt(correction(settings.beta2, t)),
            "ahead": mu[after] / (1 - product[after]),
            "newest": (1 - mu[now]) / (1 - product[now]),
        }

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        moments = self.moments(u, v, memory, h)
        # Numerator and denominator are multiplied by v.
        root = moments["s"].sqrt() * h["gain2"] + h["epsilon"] * v
        blend = moments["m"] * h["ahead"] + (v * h["newest"]) * u
        return x - blend * h["lr"] / safe(root), moments


class RAdamRule(MomentsRule):
    """x ← x - lr · m̂ · r_t · v √(1-β2^t) / (√s + ε), or x ← x - lr · m̂ while ρ_t <= 5.

    As in torch.optim ε is added to the root before its correction.
    """

    constants: ClassVar[tuple[str, ...]] = ("epsilon",)

    def step_numbers(self, settings: Any, t: Integers) -> dict[str, Floats]:
        """1/(1-β1^t), and the rectification times √(1-β2^t); 0 where s is left out."""
        power = np.power(float(settings.beta2), t.astype(np.float64))
        longest = 2 / (1 - settings.beta2) - 1
        length = longest - 2 * t * power / (1 - power)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            rectified = np.sqrt(ratio) * np.sqrt(1 - power)
        return {
            "gain1": 1 / correction(settings.beta1, t),
            "rectified": np.where(length > 5, rectified, 0.0),
        }

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update."""
        moments = self.moments(u, v, memory, h)
        # m̂ = m / (v (1-β1^t)); in the rectified step its v and that of the root cancel.
        adapted = h["rectified"] / safe(moments["s"].sqrt() + h["epsilon"])
        factor = adapted.where(h["rectified"].gt(0.0), 1.0 / safe(v))
        return x - moments["m"] * (h["lr"] * h["gain1"]) * factor, moments


class NAdamReference(MomentsReference[NAdam]):
    """NAdam, whose step takes shares of m and of the newest gradient."""

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: x ← x - lr·(μ_{t+1} m/(v(1-M_{t+1})) + (1-μ_t) u/(1-M_t))/(√ŝ + ε)."""
        self.average(i, u, v)
        remembered = self._mu(self.t + 1) * self.m[i] / (v * (1 - self._product(self.t + 1)))
        # The weight of the newest gradient, v(1-μ_t), over its correction, v(1-M_t).
        newest = v * (1 - self._mu(self.t)) * u / (v * (1 - self._product(self.t)))
        return x - lr * (remembered + newest) / (math.sqrt(self.s_hat(self.s[i], v)) + self.settings.epsilon)

    def _mu(self, t: int) -> float:
        return self.settings.beta1 * (1 - 0.5 * math.pow(0.96, t * self.settings.momentum_decay))

    def _product(self, t: int) -> float:
        return math.prod(self._mu(k) for k in range(1, t + 1))


class RAdamReference(MomentsReference[RAdam]):
    """RAdam, which leaves s out while its variance cannot be estimated."""

    def move(self, i: int, x: float, u: float, v: float, lr: float) -> float:
        """Make one update: x ← x - lr·m̂·r_t·v√(1-β2^t)/(√s + ε), or x ← x - lr·m̂ while ρ_t <= 5."""
        self.average(i, u, v)
        power: float = self.settings.beta2**self.t
        longest = 2 / (1 - self.settings.beta2) - 1
        length = longest - 2 * self.t * power / (1 - power)
        if length <= 5:
            return x - lr * self.m_hat(i, v)
        r = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
        adapted = v * math.sqrt(1 - power) / (math.sqrt(self.s[i]) + self.settings.epsilon)
        return x - lr * self.m_hat(i, v) * r * adapted


IMPLEMENTATIONS = (
    Implementation(NAdam, NAdamReference, (NAdamRule(),)),
    Implementation(RAdam, RAdamReference, (RAdamRule(),)),
)
