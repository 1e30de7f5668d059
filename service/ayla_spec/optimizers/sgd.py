"""Settings of stochastic gradient descent."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from ayla_spec.optimizers.base import DecayRate, NonNegativeFloat, WithWeightDecay


class Sgd(WithWeightDecay):
    """Stochastic gradient descent: x ← x - lr·v·∇l (AYLA.md section 2; v = 1 without AYLA), with momentum."""

    title: ClassVar[str] = "SGD"
    name: Literal["sgd"] = "sgd"
    momentum: NonNegativeFloat = Field(0.0, description="Weight of the earlier updates: b ← momentum·b + G.")
    dampening: DecayRate = Field(0.0, description="G counts 1 - dampening in the momentum, from the second update on.")
    nesterov: bool = Field(False, description="Look ahead: update by G + momentum·b. Needs momentum, no dampening.")

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Self:
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ValueError("nesterov needs momentum above 0 and dampening 0")
        return self
