"""Base of the references of Adam and its relatives: two moving averages and their bias corrections."""

from typing import TypeVar

from ayla_spec.optimizers import Adam, AdamW, AmsGrad, NAdam, RAdam

from ayla_core.optimizers.reference import Reference, mix

M = TypeVar("M", Adam, AdamW, AmsGrad, NAdam, RAdam)


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
