"""What a stepper keeps of the steps it makes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recording:
    """What is kept.

    Attributes:
        every: step 0 and its multiples are recorded.
        budget: updates of a whole trial; the step after the last one is recorded in any case.
        parameter_names: ``param.<name>`` columns, in the order of the parameters, by ``ayla_spec.recording``.
    """

    every: int
    budget: int
    parameter_names: tuple[str, ...]
