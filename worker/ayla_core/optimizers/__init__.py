"""Update rules: how each optimizer moves the parameters, fast and as a slow reference."""

from ayla_core.optimizers.base import UpdateRule
from ayla_core.optimizers.registry import RULES

__all__ = ["RULES", "UpdateRule"]
