"""NaN and infinities, which diverging optimizers make and JSON cannot carry, become null."""

import math


def finite_or_none(value: float | None) -> float | None:
    """``value``, or None if it is NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None
