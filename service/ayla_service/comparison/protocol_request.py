"""Protocol of a comparison as the API takes it."""

from typing import Annotated, Literal

from ayla_spec.jobspec import Seed
from ayla_spec.limits import MAX_SEEDS
from ayla_spec.model import SpecModel
from pydantic import AfterValidator, Field

from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.query import Metric

Statistic = Literal["median"]


def _distinct(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("must not name a seed twice")
    return seeds


_Seeds = Annotated[
    list[Seed],
    Field(min_length=1, max_length=MAX_SEEDS, fail_fast=True),
    AfterValidator(_distinct),
]


class SelectionRule(SpecModel):
    """By what the best setting of an arm is selected."""

    metric: Metric | None = Field(None, description="Default: the metric of the comparison.")
    statistic: Statistic = Field("median", description="Over the tuning seeds; a diverged trial is the worst.")


class ProtocolRequest(SpecModel):
    """How arms are tuned and compared: selected on some seeds, stated on others."""

    select: SelectionRule = Field(default_factory=SelectionRule)
    tuning_seeds: _Seeds = Field(description="Seeds on which the best setting of each arm is selected; distinct.")
    confirm_seeds: _Seeds = Field(
        description="Seeds on which the selected settings are compared; distinct. Those that are tuning seeds too are "
        "named in every verdict."
    )

    @property
    def protocol(self) -> Protocol:
        """What was asked for."""
        return Protocol(tuple(self.tuning_seeds), tuple(self.confirm_seeds), self.select.metric)
