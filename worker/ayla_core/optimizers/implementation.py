"""Entry of an optimizer in the registry.

To add an optimizer: its settings in ``ayla_spec.optimizers.settings``, a module of ``ayla_torch.rules`` with its rule,
and a module of ``references`` with its reference and an entry in ``IMPLEMENTATIONS``. The compiled kernels and the
tests follow from the entry.
"""

from dataclasses import dataclass
from typing import Any

from ayla_spec.optimizers import Optimizer
from ayla_torch.rules import Rule

from ayla_core.optimizers.reference import Reference


@dataclass(frozen=True, slots=True)
class Implementation:
    """An optimizer's entry in the registry.

    Attributes:
        settings: its class in the contract.
        reference: the same in plain Python floats; the rules are tested against it.
        rules: one, or several of which one fits any settings.
    """

    settings: type[Optimizer]
    reference: type[Reference[Any]]
    rules: tuple[Rule, ...]
