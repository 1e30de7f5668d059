"""Profiles of a comparison as the API answers them: how often an optimizer was how fast."""

from typing import Literal

from pydantic import Field

from ayla_service.comparison.query import Cost
from ayla_service.schemas import FrozenModel


class PerformanceCurve(FrozenModel):
    """Share of the instances that were solved within τ times the cost of the fastest; constant between the places."""

    tau: list[float]
    share: list[float]


class DataCurve(FrozenModel):
    """Share of the instances that were solved within so much of the cost; constant between the places."""

    steps: list[int] = Field(description="Empty where the cost is not steps.")
    cost: list[float] = Field(description="In what the profile is measured in.")
    share: list[float]


class EcdfCurve(FrozenModel):
    """Share of all instances and targets that were reached within so much of the cost; constant between the places.

    Of long curves some of the places are told, and where they are left out the curve grows between two that are.
    """

    cost: list[float] = Field(description="In what the profile is measured in, growing.")
    share: list[float]
    reached: float = Field(description="Share of all that were reached at all.")
    area: float = Field(
        description="Area under the curve from 0 to 'end', divided by 'end': 1 if all were reached at once, 0 if none."
    )
    log_area: float = Field(description="Likewise over the logarithm of the cost, from the cost of one step to 'end'.")


class ProfileCurves(FrozenModel):
    """Performance and data profile of an optimizer: how often it was how fast."""

    label: str
    best: float = Field(description="Share of the instances in which it was the fastest, alone or with others.")
    solved: float = Field(description="Share of the instances in which it reached the goal at all.")
    performance: PerformanceCurve
    data: DataCurve
    ecdf: EcdfCurve


class Profiles(FrozenModel):
    """Performance profiles over instances, which are problems with seeds; every problem weighs the same."""

    measure: Literal["steps_to_target", "steps_to_near_best"] = Field(
        description="'steps_to_near_best' where no target is given: first recorded step at which 'tolerance' of the "
        "way from the first value to the best of all optimizers, for this problem and seed, is left. Values are those "
        "of each problem's target_metric."
    )
    tolerance: float | None
    cost: Cost = Field(
        description="What the way is measured in: 'gradient_evaluations' are two in each step with AYLA on each "
        "sample, else one; 'seconds' only where every trial ran alone."
    )
    end: float | None = Field(description="The largest budget of an optimizer in that cost. Null without curves.")
    targets: int = Field(description="How many there are on each instance for the ECDF.")
    targets_from: Literal["request", "first_to_best"] = Field(
        description="'first_to_best': at equal factors from the first value to the best of all optimizers on the "
        "instance, see docs/comparison.md."
    )
    instances: int = Field(description="Pairs of a problem and a seed with a result of all optimizers of the curves.")
    left_out: list[str] = Field(description="Labels without a result on every problem.")
    curves: list[ProfileCurves]
    no_curves: str | None = Field(description="Why there are no curves.")
