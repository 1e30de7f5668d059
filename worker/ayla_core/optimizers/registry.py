"""From the settings of the contract to their update rule, and to their reference in plain Python floats."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from ayla_spec.optimizers import Optimizer
from ayla_torch.rules import Rule

from ayla_core.optimizers import references
from ayla_core.optimizers.implementation import Implementation
from ayla_core.optimizers.reference import Reference


def _collected() -> dict[type[Optimizer], Implementation]:
    modules = (import_module(f"{references.__name__}.{module.name}") for module in iter_modules(references.__path__))
    return {one.settings: one for module in modules for one in module.IMPLEMENTATIONS}


IMPLEMENTATIONS = _collected()
"""By class of the settings; the modules of ``references`` in alphabetical order."""


def rule_of(settings: Optimizer) -> Rule:
    """The rule for these settings; the same name means the same formula."""
    return next(rule for rule in IMPLEMENTATIONS[type(settings)].rules if rule.fits(settings))


def every_rule() -> list[Rule]:
    """Every rule with every variant, once."""
    return [rule for one in IMPLEMENTATIONS.values() for rule in one.rules]


def reference_of(settings: Optimizer, parameters: int, budget: int | None = None) -> Reference[Any]:
    """The reference for these settings, before its first update."""
    return IMPLEMENTATIONS[type(settings)].reference(settings, parameters, budget)
