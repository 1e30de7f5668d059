"""Adam and AYLA-Adam in plain Python floats: slow, one trial, to check ``adam`` against."""

import math

from ayla_spec.optimizers import Adam


class AdamReference:
    """AYLA.md section 3, eq. 5-7 as they stand there; one trial."""

    def __init__(self, settings: Adam, parameters: int) -> None:
        self._settings = settings
        self._cap = settings.ayla is not None and settings.ayla.cap_weights
        self._m = [0.0] * parameters
        self._s = [0.0] * parameters
        self._t = 0

    def update(self, x: list[float], slope: list[float], v: float) -> list[float]:
        """The next parameters, given ∇l and v."""
        self._t += 1
        return [self._move(i, x_i, u_i, v) for i, (x_i, u_i) in enumerate(zip(x, slope, strict=True))]

    def _move(self, i: int, x: float, slope: float, v: float) -> float:
        beta1, beta2 = self._settings.beta1, self._settings.beta2
        w1, w2 = v * (1 - beta1), v**2 * (1 - beta2)
        if self._cap:
            w1, w2 = min(w1, 1.0), min(w2, 1.0)
        # eq. 5: m ← (1 - v(1-β1)) m + v(1-β1) ∇l
        self._m[i] = (1 - w1) * self._m[i] + w1 * slope
        # eq. 6: s ← (1 - v²(1-β2)) s + v²(1-β2) ∇l²
        self._s[i] = (1 - w2) * self._s[i] + w2 * slope**2
        # eq. 7, with the matching bias corrections
        m_hat = self._m[i] / (v * (1 - beta1**self._t))
        s_hat = self._s[i] / (v**2 * (1 - beta2**self._t))
        return x - self._settings.learning_rate * m_hat / (math.sqrt(s_hat) + self._settings.epsilon)
