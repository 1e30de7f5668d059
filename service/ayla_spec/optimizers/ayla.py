"""AYLA: the power-law transformation of the loss, which goes on top of any optimizer."""

from typing import Literal

from pydantic import Field

from ayla_spec.axes import ExponentSetting, PositiveSetting
from ayla_spec.model import SpecModel

TransformOn = Literal["loss", "sample"]


class Ayla(SpecModel):
    """The power-law transformation of the loss (eq. 1): L = sgn(l)·|l|^n, and with it gradient and moments."""

    n1: ExponentSetting = Field(1.0, description="Exponent N1, where |loss| < 1. 1 leaves the loss as it is.")
    n2: ExponentSetting = Field(1.0, description="Exponent N2, where |loss| > 1. 1 leaves the loss as it is.")
    transform_on: TransformOn = Field(
        "loss",
        description="What the exponent is applied to: the mean 'loss' of the batch (one scale per step), "
        "or each 'sample' (needs a dataset problem).",
    )
    max_scale: PositiveSetting | None = Field(
        None,
        description="Upper bound of the scale v = n·|loss|^(n-1) at every loss; below 1 also where v is 1, as at "
        "|loss| = 0 or 1 and with exponent 1. Steps on which it acts are counted as capped_steps. Null: none.",
    )
    cap_weights: bool = Field(
        True,
        description="Keep the weights v(1-beta1) and v²(1-beta2) of the moving averages at or below 1. "
        "Above 1 an average overshoots or turns negative. Steps on which it acts are counted as capped_steps.",
    )
