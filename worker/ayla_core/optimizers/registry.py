"""From a settings class of the contract to its update rule. Adding an optimizer adds one line to ``RULES``."""

from collections.abc import Callable, Sequence
from typing import Any

from ayla_spec.optimizers import Adam, Sgd

from ayla_core.layout import Layout
from ayla_core.optimizers.adam import AdamRule
from ayla_core.optimizers.base import UpdateRule
from ayla_core.optimizers.sgd import SgdRule

RuleFactory = Callable[[Sequence[Any], int, Layout], UpdateRule]
"""Makes a rule from the settings of its trials, the number of parameters of each, and the layout."""

RULES: dict[type[Sgd] | type[Adam], RuleFactory] = {Sgd: SgdRule, Adam: AdamRule}
