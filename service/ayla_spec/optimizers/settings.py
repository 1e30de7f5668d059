"""The settings of every optimizer a job can name, in the order of the catalogue.

To add an optimizer: its settings class here, with its name in ``__all__`` and in ``AnyOptimizer`` at the end. The
catalogue, the contract and the page of the job spec follow from them. Its update rule goes into
``ayla_torch.rules``.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ayla_spec.axes import DecaySetting, NonNegativeSetting, PositiveSetting, least, most
from ayla_spec.optimizers.base import Optimizer, WithWeightDecay

__all__ = [
    "OPTIMIZERS",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AmsGrad",
    "AnyOptimizer",
    "Lion",
    "NAdam",
    "OptimizerSettings",
    "RAdam",
    "RmsProp",
    "Sgd",
]


class Sgd(WithWeightDecay):
    """Stochastic gradient descent: x ← x - lr·v·∇l (AYLA.md section 2; v = 1 without AYLA), with momentum."""

    title: ClassVar[str] = "SGD"
    name: Literal["sgd"] = "sgd"
    momentum: NonNegativeSetting = Field(0.0, description="Weight of the earlier updates: b ← momentum·b + G.")
    dampening: DecaySetting = Field(
        0.0, description="G counts 1 - dampening in the momentum, from the second update on."
    )
    nesterov: bool = Field(False, description="Look ahead: update by G + momentum·b. Needs momentum, no dampening.")

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and (least(self.momentum) == 0 or most(self.dampening) != 0):
            raise ValueError("nesterov needs momentum above 0 and dampening 0")
        return self


_BETA1 = "Decay rate of the first moment."
_BETA2 = "Decay rate of the second moment."
_EPSILON = "Added to the root of the second moment."
_DECOUPLED = "Decoupled weight decay: x shrinks by lr·weight_decay·x in each update, apart from the gradient."


class _Moments(Optimizer):
    beta1: DecaySetting = Field(0.9, description=_BETA1)
    beta2: DecaySetting = Field(0.999, description=_BETA2)
    epsilon: PositiveSetting = Field(1e-8, description=_EPSILON)


class Adam(_Moments, WithWeightDecay):
    """Adam; with AYLA the literal eq. 5-7, whose moving averages take the weights v(1-β1) and v²(1-β2)."""

    title: ClassVar[str] = "Adam"
    name: Literal["adam"] = "adam"


class AdamW(_Moments):
    """Adam with decoupled weight decay."""

    title: ClassVar[str] = "AdamW"
    name: Literal["adamw"] = "adamw"
    weight_decay: NonNegativeSetting = Field(0.01, description=_DECOUPLED)


class AmsGrad(_Moments, WithWeightDecay):
    """Adam that divides by the root of the largest second moment so far."""

    title: ClassVar[str] = "AMSGrad"
    name: Literal["amsgrad"] = "amsgrad"


class NAdam(_Moments, WithWeightDecay):
    """Adam with Nesterov momentum, whose weight grows with the update number."""

    title: ClassVar[str] = "NAdam"
    name: Literal["nadam"] = "nadam"
    momentum_decay: NonNegativeSetting = Field(
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
    beta1: DecaySetting = Field(0.9, description="Decay rate of the average whose sign is taken.")
    beta2: DecaySetting = Field(0.99, description="Decay rate of the average that is remembered.")
    weight_decay: NonNegativeSetting = Field(0.0, description=_DECOUPLED)


class RmsProp(WithWeightDecay):
    """Divides by the root of a moving average of squared gradients; optionally centered, with momentum."""

    title: ClassVar[str] = "RMSProp"
    name: Literal["rmsprop"] = "rmsprop"
    alpha: DecaySetting = Field(0.99, description="Decay rate of the average of squared gradients.")
    epsilon: PositiveSetting = Field(1e-8, description="Added to the root.")
    momentum: NonNegativeSetting = Field(0.0, description="Weight of the earlier updates.")
    centered: bool = Field(
        False,
        description="Subtract the square of the averaged gradient: a variance. With AYLA the two averages follow the "
        "gradient at different paces and the difference can fall to 0: choose a larger epsilon.",
    )


class Adagrad(WithWeightDecay):
    """Divides by the root of the sum of all squared gradients."""

    title: ClassVar[str] = "Adagrad"
    name: Literal["adagrad"] = "adagrad"
    learning_rate_decay: NonNegativeSetting = Field(
        0.0, description="Update t takes lr / (1 + (t - 1)·learning_rate_decay)."
    )
    initial_accumulator: NonNegativeSetting = Field(0.0, description="The sum of squares before the first update.")
    epsilon: PositiveSetting = Field(1e-10, description="Added to the root.")


class Adadelta(WithWeightDecay):
    """Divides by the root of averaged squared gradients, multiplies by that of averaged squared updates."""

    title: ClassVar[str] = "Adadelta"
    name: Literal["adadelta"] = "adadelta"
    rho: DecaySetting = Field(0.9, description="Decay rate of both averages.")
    epsilon: PositiveSetting = Field(1e-6, description="Added to both averages before the root.")


class Adamax(WithWeightDecay):
    """Adam with a decaying maximum of |∇l| in place of the second moment."""

    title: ClassVar[str] = "Adamax"
    name: Literal["adamax"] = "adamax"
    beta1: DecaySetting = Field(0.9, description="Decay rate of the first moment.")
    beta2: DecaySetting = Field(0.999, description="Decay rate of the maximum.")
    epsilon: PositiveSetting = Field(1e-8, description="Added to |∇l|.")


AnyOptimizer = Sgd | Adam | AdamW | AmsGrad | NAdam | RAdam | RmsProp | Adagrad | Adadelta | Adamax | Lion
OptimizerSettings = Annotated[AnyOptimizer, Field(discriminator="name")]

OPTIMIZERS: tuple[type[Optimizer], ...] = AnyOptimizer.__args__
