"""Update rules: how each optimizer moves the parameters, fast and as a slow reference."""

from ayla_torch.rules import Number, Numbers, Rule

from ayla_core.optimizers.registry import IMPLEMENTATIONS, every_rule, reference_of, rule_of

__all__ = ["IMPLEMENTATIONS", "Number", "Numbers", "Rule", "every_rule", "reference_of", "rule_of"]
