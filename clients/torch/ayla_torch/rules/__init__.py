"""The update rules: each formula once, for tensors, for lists of them and for what writes a formula down."""

from ayla_torch.rules.base import CEILING, Mathematics, Number, Numbers, Rule, StepNumber

__all__ = ["CEILING", "Mathematics", "Number", "Numbers", "Rule", "StepNumber"]
