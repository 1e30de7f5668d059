"""Settings of the optimizers that average gradients with decay rates beta1 and beta2."""

from typing import ClassVar, Literal

from pydantic import Field

from ayla_spec.optimizers.base import DecayRate, NonNegativeFloat, Optimizer, PositiveFloat, WithWeightDecay

_BETA1 = "Decay rate of the first moment."
_BETA2 = "Decay rate of the second moment."
_EPSILON = "Added to the root of the second moment."
_DECOUPLED = "Decoupled weight decay: x shrinks by lr·weight_decay·x in each update, apart from the gradient."


class _Moments(Optimizer):
    beta1: DecayRate = Field(0.9, description=_BETA1)
    beta2: DecayRate = Field(0.999, description=_BETA2)
    epsilon: PositiveFloat = Field(1e-8, description=_EPSILON)


class Adam(_Moments, WithWeightDecay):
    """Adam; with AYLA the literal eq. 5-7, whose moving averages take the weights v(1-β1) and v²(1-β2)."""

    title: ClassVar[str] = "Adam"
    name: Literal["adam"] = "adam"


class AdamW(_Moments):
    """Adam with decoupled weight decay."""

    title: ClassVar[str] = "AdamW"
    name: Literal["adamw"] = "adamw"
    weight_decay: NonNegativeFloat = Field(0.01, description=_DECOUPLED)


class AmsGrad(_Moments, WithWeightDecay):
    """Adam that divides by the root of the largest second moment so far."""

    title: ClassVar[str] = "AMSGrad"
    name: Literal["amsgrad"] = "amsgrad"


class NAdam(_Moments, WithWeightDecay):
    """Adam with Nesterov momentum, whose weight grows with the update number."""

    title: ClassVar[str] = "NAdam"
    name: Literal["nadam"] = "nadam"
    momentum_decay: NonNegativeFloat = Field(
        4e-3, description="ψ in μ_t = β1·(1 - 0.96^(ψ·t)/2), the momentum of update t."
    )


class RAdam(_Moments, WithWeightDecay):
    """Adam that corrects for the variance of its early second moments, and leaves them out while they say little."""

    title: ClassVar[str] = "RAdam"
    name: Literal["radam"] = "radam"


class Lion(Optimizer):
    """Moves each parameter by lr in the direction of the sign of an averaged gradient."""

    title: ClassVar[str] = "Lion"
    name: Literal["lion"] = "lion"
    beta1: DecayRate = Field(0.9, description="Decay rate of the average whose sign is taken.")
    beta2: DecayRate = Field(0.99, description="Decay rate of the average that is remembered.")
    weight_decay: NonNegativeFloat = Field(0.0, description=_DECOUPLED)
