"""Update rules: how each optimizer moves the parameters, fast and as a slow reference."""

from ayla_core.optimizers.base import Number, Numbers, Rule
from ayla_core.optimizers.registry import RULES, every_rule, rule_of

__all__ = ["RULES", "Number", "Numbers", "Rule", "every_rule", "rule_of"]
