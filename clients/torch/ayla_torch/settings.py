"""Settings of AYLA."""

import math
from dataclasses import asdict, dataclass
from typing import Any

MOST = 100.0
"""The largest exponent, as in the job spec of the service."""


@dataclass(frozen=True)
class TransformSettings:
    """How the loss is transformed, and how far.

    Attributes:
        n1: exponent where |loss| < 1, above 0 and at most 100.
        n2: exponent where |loss| > 1, likewise.
        max_scale: upper bound of the scale, above 0; None: none.
        cap_weights: keep averaging weights at or below 1.

    Raises:
        TypeError: for what is no number.
        ValueError: for a number outside of its range.
    """

    n1: float = 1.0
    n2: float = 1.0
    max_scale: float | None = None
    cap_weights: bool = True

    def __post_init__(self) -> None:
        for name in ("n1", "n2"):
            object.__setattr__(self, name, _positive(name, getattr(self, name), MOST))
        if self.max_scale is not None:
            object.__setattr__(self, "max_scale", _positive("max_scale", self.max_scale, math.inf))
        if not isinstance(self.cap_weights, bool):
            raise TypeError(f"cap_weights must be True or False, not {self.cap_weights!r}")

    def saved(self) -> dict[str, Any]:
        """As it is stored in a state."""
        return asdict(self)


def _positive(name: str, number: Any, most: float) -> float:
    if isinstance(number, bool) or not hasattr(number, "__float__"):
        raise TypeError(f"{name} must be a number, not {number!r}")
    value = float(number)
    if not (0 < value <= most and value < math.inf):
        bound = "" if math.isinf(most) else f" and at most {most:g}"
        raise ValueError(f"{name} must be above 0{bound}, not {number!r}")
    return value
