"""Settings of the optimizers that divide each component of the gradient by a measure of its past size."""

from typing import ClassVar, Literal

from pydantic import Field

from ayla_spec.optimizers.base import DecayRate, NonNegativeFloat, PositiveFloat, WithWeightDecay


class RmsProp(WithWeightDecay):
    """Divides by the root of a moving average of squared gradients; optionally centered, with momentum."""

    title: ClassVar[str] = "RMSProp"
    name: Literal["rmsprop"] = "rmsprop"
    alpha: DecayRate = Field(0.99, description="Decay rate of the average of squared gradients.")
    epsilon: PositiveFloat = Field(1e-8, description="Added to the root.")
    momentum: NonNegativeFloat = Field(0.0, description="Weight of the earlier updates.")
    centered: bool = Field(
        False,
        description="Subtract the square of the averaged gradient: a variance. With AYLA the two averages follow the "
        "gradient at different paces and the difference can fall to 0: choose a larger epsilon.",
    )


class Adagrad(WithWeightDecay):
    """Divides by the root of the sum of all squared gradients."""

    title: ClassVar[str] = "Adagrad"
    name: Literal["adagrad"] = "adagrad"
    learning_rate_decay: NonNegativeFloat = Field(
        0.0, description="Update t takes lr / (1 + (t - 1)·learning_rate_decay)."
    )
    initial_accumulator: NonNegativeFloat = Field(0.0, description="The sum of squares before the first update.")
    epsilon: PositiveFloat = Field(1e-10, description="Added to the root.")


class Adadelta(WithWeightDecay):
    """Divides by the root of averaged squared gradients, multiplies by that of averaged squared updates."""

    title: ClassVar[str] = "Adadelta"
    name: Literal["adadelta"] = "adadelta"
    rho: DecayRate = Field(0.9, description="Decay rate of both averages.")
    epsilon: PositiveFloat = Field(1e-6, description="Added to both averages before the root.")


class Adamax(WithWeightDecay):
    """Adam with a decaying maximum of |∇l| in place of the second moment."""

    title: ClassVar[str] = "Adamax"
    name: Literal["adamax"] = "adamax"
    beta1: DecayRate = Field(0.9, description="Decay rate of the first moment.")
    beta2: DecayRate = Field(0.999, description="Decay rate of the maximum.")
    epsilon: PositiveFloat = Field(1e-8, description="Added to |∇l|.")
