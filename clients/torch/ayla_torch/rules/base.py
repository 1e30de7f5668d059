"""Base of the update rules: one formula each, whatever it is calculated with.

The general rule of AYLA: a moving average with weight (1-β) of a first-order quantity takes weight v(1-β), of a
second-order quantity v²(1-β), with the matching bias correction; where there is no average, v·∇l. The docstring of each
rule says what follows for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from ayla_torch.foreach import DeviceNumber, ForeachList

Number = Any
"""What a formula is calculated with: a ``torch.Tensor``, a ``ForeachList``, or something that stands for a number while
the formula is written down.

Rules use + - * / with each other and with floats, the methods sqrt, abs, sign, minimum and maximum, and the operations
of this module. None of them depends on the neighbours of an element.
"""

Numbers = Mapping[str, Number]

CEILING = "ceiling"
"""Upper bound of averaging weights: 1 where ``ayla.cap_weights`` is set, else infinity."""


class Mathematics(Protocol):
    """Functions of numbers that depend on the update number: of floats, or of arrays of them."""

    def sqrt(self, number: Number, /) -> Number:
        """Square root."""

    def maximum(self, number: Number, other: float, /) -> Number:
        """The larger one."""

    def where(self, condition: Any, number: Number, other: Number, /) -> Number:
        """The number where the condition holds, else the other."""

    def momenta(
        self, momentum: Callable[[float, float, Number], Number], beta1: float, decay: float, t: Number, /
    ) -> tuple[Number, Number, Number, Number]:
        """μ_t and μ_{t+1}, and the products M_t and M_{t+1} of all up to them; μ_t is ``momentum(beta1, decay, t)``."""


@dataclass(frozen=True, slots=True)
class StepNumber:
    """A number that depends on the update number.

    Attributes:
        settings: names of the settings that it is made of; nothing else changes it.
        formula: its value, given functions of numbers, the update number and those settings.
    """

    settings: tuple[str, ...]
    formula: Callable[..., Number]

    def value(self, settings: Any, t: Number, of: Mathematics) -> Number:
        """Its value in update ``t``, counted from 1; of the shape of ``t``."""
        return self.formula(of, t, *(getattr(settings, name) for name in self.settings))


class Rule:
    """Update rule of one optimizer.

    Settings are any object whose attributes have the names of the job spec: ``beta1``, ``epsilon`` and so on, and
    ``ayla``, None or an object with ``cap_weights``. A number among them may be an array, with an element for each
    trial; then so is what is made of it.

    Class attributes:
        memory: names of the numbers it remembers for each parameter; all 0 at the start unless ``initial`` says
            otherwise.
        constants: the settings that ``update`` finds under their own name in ``h``.
        per_update: the numbers in ``h`` that depend on the update number, by name.
    """

    memory: ClassVar[tuple[str, ...]] = ()
    constants: ClassVar[tuple[str, ...]] = ()
    per_update: ClassVar[Mapping[str, StepNumber]] = {}

    @property
    def name(self) -> str:
        """Identifier, unique among the rules; also a C identifier."""
        return type(self).__name__.removesuffix("Rule").lower()

    def fits(self, settings: Any) -> Any:
        """Whether this is the rule for the settings, of an optimizer that has several; an array for arrays of them."""
        del settings
        return True

    def rates(self, settings: Any) -> dict[str, float]:
        """Numbers of a trial that never change, made from its settings."""
        del settings
        return {}

    def step_numbers(self, settings: Any, t: Number, of: Mathematics) -> dict[str, Number]:
        """Numbers that depend on the update number.

        Args:
            settings: of the trial.
            t: update numbers, from 1: a float or an array of floats.
            of: functions of numbers like ``t``.

        Returns:
            Each of the shape of ``t``.
        """
        return {name: number.value(settings, t, of) for name, number in self.per_update.items()}

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
            h: ``lr`` of this update, ``ceiling``, and what constants, rates and per_update name.

        Returns:
            The next parameters and the next memory.
        """
        raise NotImplementedError

    def numbers(self, settings: Any) -> dict[str, float]:
        """Every number of ``h`` that never changes, but for ``lr``."""
        cap = settings.ayla is not None and settings.ayla.cap_weights
        named = {name: 1.0 * getattr(settings, name) for name in self.constants}
        return {CEILING: 1.0 if cap else float("inf"), **named, **self.rates(settings)}


def capped(weight: Number, h: Numbers) -> Number:
    """An averaging weight as it is used: at most the ceiling."""
    return weight.minimum(h[CEILING])


def averaged(old: Number, new: Number, weight: Number) -> Number:
    """A moving average after one more value: (1 - w) old + w new."""
    if isinstance(old, ForeachList):
        return old.averaged(new, weight)
    return (1.0 - weight) * old + weight * new


def once(number: Number) -> Number:
    """A product that is needed more than once."""
    return number.once() if isinstance(number, ForeachList) else number


def safe(divisor: Number) -> Number:
    """A divisor that is not negative, but 1 where it is 0; what is divided by it is 0 there as well."""
    if isinstance(divisor, ForeachList | DeviceNumber):
        return divisor.safe()
    return divisor.where(divisor.ne(0.0), 1.0)


def exceeds(number: Number, bound: float) -> Any:
    """Whether a number is above a bound; for ``chosen``."""
    return number > bound if isinstance(number, float) else number.gt(bound)


def chosen(condition: Any, number: Number, other: Number) -> Number:
    """The number where a condition holds, else the other."""
    if isinstance(condition, bool):
        return number if condition else other
    return number.where(condition, other)


def shrunk(x: Number, h: Numbers) -> Number:
    """Parameters after decoupled weight decay: x - lr·weight_decay·x."""
    return x * (1.0 - h["lr"] * h["weight_decay"])
