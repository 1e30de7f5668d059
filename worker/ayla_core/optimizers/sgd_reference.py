"""SGD in plain Python floats: slow, one trial, to check ``sgd`` against."""

from ayla_spec.optimizers import Sgd


class SgdReference:
    """AYLA.md section 2, one trial."""

    def __init__(self, settings: Sgd, parameters: int) -> None:
        del parameters
        self._lr = settings.learning_rate

    def update(self, x: list[float], gradient: list[float], v: float) -> list[float]:
        """The next parameters, given the transformed gradient G = v·∇l."""
        del v
        # x ← x - lr·G
        return [x_i - self._lr * g_i for x_i, g_i in zip(x, gradient, strict=True)]
