"""The settings of every optimizer a job can name, and of AYLA on top of any of them.

To add an optimizer: a settings class here, added to ``OptimizerSettings``; its update rule goes into
``ayla_core.optimizers``.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ayla_spec.model import SpecModel
from ayla_spec.text import Label

PositiveFloat = Annotated[float, Field(gt=0)]
DecayRate = Annotated[float, Field(ge=0, lt=1)]
Exponent = Annotated[float, Field(gt=0, le=100)]

TransformOn = Literal["loss", "sample"]


class Ayla(SpecModel):
    """The power-law transformation of the loss (eq. 1): L = sgn(l)·|l|^n, and with it gradient and moments."""

    n1: Exponent = Field(1.0, description="Exponent N1, where |loss| < 1. 1 leaves the loss as it is.")
    n2: Exponent = Field(1.0, description="Exponent N2, where |loss| > 1. 1 leaves the loss as it is.")
    transform_on: TransformOn = Field(
        "loss",
        description="What the exponent is applied to: the mean 'loss' of the batch (one scale per step), "
        "or each 'sample' (needs a dataset problem).",
    )
    max_scale: PositiveFloat | None = Field(
        None, description="Upper bound of the scale v = n·|loss|^(n-1). Null: none."
    )
    cap_weights: bool = Field(
        True,
        description="Keep the weights v(1-beta1) and v²(1-beta2) of the moving averages at or below 1. "
        "Above 1 an average overshoots or turns negative. Steps on which it acts are counted as capped_steps.",
    )


class _Settings(SpecModel):
    """What every optimizer has."""

    title: ClassVar[str]

    learning_rate: PositiveFloat = Field(description="Step size.")
    ayla: Ayla | None = Field(None, description="AYLA on top of this optimizer. Null: the plain optimizer.")
    label: Label | None = Field(
        None, description="Name in tables and plots. Default: made from the settings; unique within a job."
    )


class Sgd(_Settings):
    """Stochastic gradient descent: x ← x - lr·v·∇l (AYLA.md section 2; v = 1 without AYLA)."""

    title: ClassVar[str] = "SGD"
    name: Literal["sgd"] = "sgd"


class Adam(_Settings):
    """Adam; with AYLA the literal eq. 5-7, whose moving averages take the weights v(1-β1) and v²(1-β2)."""

    title: ClassVar[str] = "Adam"
    name: Literal["adam"] = "adam"
    beta1: DecayRate = Field(0.9, description="Decay rate of the first moment.")
    beta2: DecayRate = Field(0.999, description="Decay rate of the second moment.")
    epsilon: PositiveFloat = Field(1e-8, description="Added to the root of the second moment.")


OptimizerSettings = Annotated[Sgd | Adam, Field(discriminator="name")]

OPTIMIZERS: tuple[type[Sgd] | type[Adam], ...] = (Sgd, Adam)

_ABBREVIATIONS = {"learning_rate": "lr", "n1": "N1", "n2": "N2"}


def automatic_label(settings: Sgd | Adam) -> str:
    """A label that tells this setting from others: the optimizer, its learning rate and what is not default."""
    title = f"AYLA-{settings.title}" if settings.ayla else settings.title
    shown = {"learning_rate": settings.learning_rate}
    shown |= settings.model_dump(exclude_defaults=True, exclude={"name", "ayla", "label"})
    if settings.ayla:
        shown |= {"n1": settings.ayla.n1, "n2": settings.ayla.n2}
        shown |= settings.ayla.model_dump(exclude_defaults=True)
    return " ".join([title, *(f"{_ABBREVIATIONS.get(key, key)}={_short(value)}" for key, value in shown.items())])


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
