"""How a learning rate changes, for the ``schedule`` of any optimizer: ``adam(0.01, schedule=schedules.cosine())``.

Each takes ``warmup_steps``: over so many first updates the learning rate grows from almost nothing, and the schedule
proper starts after them; service default 0.
"""

from ayla._json import JSONObject, without_none
from ayla.builders.axes import Number, WholeNumber


def constant(*, warmup_steps: WholeNumber | None = None) -> JSONObject:
    """The learning rate as it is, after the warm-up."""
    return without_none(name="constant", warmup_steps=warmup_steps)


def step(every: WholeNumber, *, factor: Number | None = None, warmup_steps: WholeNumber | None = None) -> JSONObject:
    """The learning rate multiplied by ``factor`` (service default 0.1) every so many updates."""
    return without_none(name="step", every=every, factor=factor, warmup_steps=warmup_steps)


def cosine(
    steps: WholeNumber | None = None, *, final_factor: Number | None = None, warmup_steps: WholeNumber | None = None
) -> JSONObject:
    """Half a cosine down to ``final_factor`` of the learning rate (service default 0).

    Args:
        steps: updates of the half wave; service default what the budget leaves.
        final_factor: fraction of the learning rate at its end.
        warmup_steps: updates of the warm-up.
    """
    return without_none(name="cosine", steps=steps, final_factor=final_factor, warmup_steps=warmup_steps)


def linear(
    steps: WholeNumber | None = None, *, final_factor: Number | None = None, warmup_steps: WholeNumber | None = None
) -> JSONObject:
    """A straight line down to ``final_factor`` of the learning rate (service default 0).

    Args:
        steps: updates of the line; service default what the budget leaves.
        final_factor: fraction of the learning rate at its end.
        warmup_steps: updates of the warm-up.
    """
    return without_none(name="linear", steps=steps, final_factor=final_factor, warmup_steps=warmup_steps)
