"""From the settings of the contract to their update rule. Adding an optimizer adds one line to ``RULES``."""

from collections.abc import Callable
from typing import Any

from ayla_spec import optimizers as spec

from ayla_core.optimizers.adagrad import AdadeltaRule, AdagradRule
from ayla_core.optimizers.adam import AdamRule, AdamWRule, AmsGradRule
from ayla_core.optimizers.adamax import AdamaxRule
from ayla_core.optimizers.base import Rule
from ayla_core.optimizers.lion import LionRule
from ayla_core.optimizers.nadam import NAdamRule, RAdamRule
from ayla_core.optimizers.rmsprop import RmsPropRule
from ayla_core.optimizers.sgd import MomentumRule, SgdRule

RULES: dict[type[spec.Optimizer], Callable[[Any], Rule]] = {
    spec.Sgd: lambda settings: MomentumRule() if settings.momentum else SgdRule(),
    spec.Adam: lambda _: AdamRule(),
    spec.AdamW: lambda _: AdamWRule(),
    spec.AmsGrad: lambda _: AmsGradRule(),
    spec.NAdam: lambda _: NAdamRule(),
    spec.RAdam: lambda _: RAdamRule(),
    spec.RmsProp: lambda settings: RmsPropRule(settings.centered, settings.momentum > 0),
    spec.Adagrad: lambda _: AdagradRule(),
    spec.Adadelta: lambda _: AdadeltaRule(),
    spec.Adamax: lambda _: AdamaxRule(),
    spec.Lion: lambda _: LionRule(),
}


def rule_of(settings: spec.Optimizer) -> Rule:
    """The rule for these settings; the same name means the same formula."""
    return RULES[type(settings)](settings)


def every_rule() -> list[Rule]:
    """Every rule with every variant, once."""
    variants = [
        SgdRule(),
        *(RmsPropRule(centered, momentum) for centered in (False, True) for momentum in (False, True)),
        *(rule_of(kind.model_validate({"learning_rate": 1.0})) for kind in RULES),
        MomentumRule(),
    ]
    return list({rule.name: rule for rule in variants}.values())
