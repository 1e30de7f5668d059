"""Base of the update rules: one formula each, for PyTorch tensors and for the compiled kernels alike.

To add an optimizer: its settings in ``ayla_spec.optimizers.settings``, and a module of ``rules`` with its rule, its
reference and an entry in ``IMPLEMENTATIONS``. The compiled kernels and the tests follow from the entry.

The general rule of AYLA (AYLA.md section 3): a moving average with weight (1-β) of a first-order quantity takes weight
v(1-β), of a second-order quantity v²(1-β), with the matching bias correction; where there is no average, v·∇l.
``docs/decisions/0008`` argues it; the docstring of each rule says what follows for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from ayla_spec.optimizers import Optimizer

from ayla_core.optimizers.reference import Reference

Number = Any
"""A ``torch.Tensor``, or a ``Symbol`` that stands for one while a kernel is compiled.

Rules use + - * / with each other and with floats, and the methods sqrt, abs, sign, minimum, maximum, ne, gt and where,
which both have. None of them depends on the neighbours of an element.
"""

Numbers = Mapping[str, Number]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CEILING = "ceiling"
"""Upper bound of averaging weights: 1 where ``ayla.cap_weights`` is set, else infinity."""


class Rule:
    """Update rule of one optimizer.

    Class attributes:
        memory: names of the numbers it remembers for each parameter; all 0 at the start unless ``initial`` says
            otherwise.
        constants: the settings that ``update`` finds under their own name in ``h``.
    """

    memory: ClassVar[tuple[str, ...]] = ()
    constants: ClassVar[tuple[str, ...]] = ()

    @property
    def name(self) -> str:
        """Identifier, unique among the rules; also a C identifier."""
        return type(self).__name__.removesuffix("Rule").lower()

    def fits(self, settings: Any) -> bool:
        """Whether this is the rule for the settings, of an optimizer that has several."""
        del settings
        return True

    def rates(self, settings: Any) -> dict[str, float]:
        """Numbers of a trial that never change, made from its settings."""
        del settings
        return {}

    def step_numbers(self, settings: Any, t: Integers) -> dict[str, Floats]:
        """Numbers that depend on the update number, from 1; arrays of the shape of ``t``."""
        del settings, t
        return {}

    def initial(self, settings: Any) -> dict[str, float]:
        """The memory before the first update, where it is not 0."""
        del settings
        return {}

    def weights(self, v: Number, h: Numbers) -> tuple[Number, ...]:
        """The averaging weights before they are capped, each of the shape of ``v``."""
        del v, h
        return ()

    def update(self, x: Number, u: Number, v: Number, memory: Numbers, h: Numbers) -> tuple[Number, dict[str, Number]]:
        """One update.

        Args:
            x: parameters.
            u: ∇l, or G/v where each sample is transformed; clipped, weight decay added.
            v: the scale.
            memory: as the last update left it.
            h: ``lr`` of this update, ``ceiling``, and what constants, rates and step_numbers name.

        Returns:
            The next parameters and the next memory.
        """
        raise NotImplementedError

    def numbers(self, settings: Optimizer) -> dict[str, float]:
        """Every number of ``h`` that never changes, but for ``lr``."""
        cap = settings.ayla is not None and settings.ayla.cap_weights
        named = {name: float(getattr(settings, name)) for name in self.constants}
        return {CEILING: 1.0 if cap else float("inf"), **named, **self.rates(settings)}


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


def capped(weight: Number, h: Numbers) -> Number:
    """An averaging weight as it is used: at most the ceiling."""
    return weight.minimum(h[CEILING])


def averaged(old: Number, new: Number, weight: Number) -> Number:
    """A moving average after one more value: (1 - w) old + w new."""
    return (1.0 - weight) * old + weight * new


def safe(divisor: Number) -> Number:
    """A divisor, but 1 where it is 0; what is divided by it is 0 there as well."""
    return divisor.where(divisor.ne(0.0), 1.0)


def shrunk(x: Number, h: Numbers) -> Number:
    """Parameters after decoupled weight decay: x - lr·weight_decay·x."""
    return x * (1.0 - h["lr"] * h["weight_decay"])
