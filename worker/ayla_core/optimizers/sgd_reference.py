"""SGD in plain Python floats: slow, one trial, to check ``sgd`` against."""

from ayla_spec.optimizers import Sgd


class SgdReference:
    """AYLA.md section 2, one trial."""

    def __init__(self, settings: Sgd, parameters: int) -> None:
        del parameters
        self._lr = settings.learning_rate

    def update(self, x: list[float], slope: list[float], v: float) -> list[float]:
        """The next parameters, given ∇l and v."""
        # x ← x - lr·v·∇l
        return [x_i - self._lr * v * u_i for x_i, u_i in zip(x, slope, strict=True)]
