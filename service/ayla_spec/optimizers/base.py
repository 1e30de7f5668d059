"""Settings that every optimizer has."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from ayla_spec.axes import NonNegativeSetting, PositiveSetting
from ayla_spec.model import SpecModel
from ayla_spec.optimizers.ayla import Ayla
from ayla_spec.optimizers.schedules import Schedule
from ayla_spec.text import Label

NAMES = frozenset({"label", "arm"})
"""Settings that name an entry of a job's optimizers; runs that differ in these alone are the same."""


class Optimizer(SpecModel):
    """Settings that every optimizer takes.

    ``name`` is set by each subclass.
    """

    title: ClassVar[str]
    name: str

    learning_rate: PositiveSetting = Field(description="Step size.")
    ayla: Ayla | None = Field(None, description="AYLA on top of this optimizer. Null: the plain optimizer.")
    schedule: Schedule | None = Field(None, description="How the learning rate changes. Null: it does not.")
    clip_norm: PositiveSetting | None = Field(
        None,
        description="Largest Euclidean norm of the gradient, before AYLA's scale; longer ones are scaled down "
        "as by torch.nn.utils.clip_grad_norm_. Null: none.",
    )
    clip_value: PositiveSetting | None = Field(
        None,
        description="Largest size of each component of the gradient, before AYLA's scale and after clip_norm. "
        "Null: none.",
    )
    label: Label | None = Field(
        None, description="Name in tables and plots. Default: made from the settings; unique within a job."
    )
    arm: Label | None = Field(
        None,
        description="Arm that the entry belongs to. Entries of one arm are one optimizer with several settings, of "
        "which a comparison with a protocol selects the best. Null: an arm of its own, named by its label.",
        # Specs without arms are written as they were before there were any: digests and searches of old ones hold.
        exclude_if=lambda arm: arm is None,
    )


def arm_of(settings: Mapping[str, Any]) -> str:
    """The arm of an entry of a job's optimizers, resolved: the one that it names, or its label."""
    return str(settings.get("arm") or settings["label"])


def nameless(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an entry without its names: what decides its runs."""
    return {name: value for name, value in settings.items() if name not in NAMES}


class WithWeightDecay(Optimizer):
    """An optimizer with an L2 penalty."""

    weight_decay: NonNegativeSetting = Field(
        0.0, description="Weight of the L2 penalty: weight_decay·x is added to the gradient, as in torch.optim."
    )
