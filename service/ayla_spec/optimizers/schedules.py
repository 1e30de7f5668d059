"""Schedules of the learning rate; updates count from 0, as in ``torch.optim.lr_scheduler``."""

from typing import Annotated, Literal

from pydantic import Field

from ayla_spec.axes import OR_AXIS, PositiveSetting
from ayla_spec.errors import SpecIssue
from ayla_spec.limits import MAX_STEPS
from ayla_spec.model import SpecModel

Steps = Annotated[int, Field(ge=1, le=MAX_STEPS), OR_AXIS]
WarmUpSteps = Annotated[int, Field(ge=0, le=MAX_STEPS), OR_AXIS]
Fraction = Annotated[float, Field(ge=0, le=1), OR_AXIS]


class _Schedule(SpecModel):
    """Settings that every schedule has."""

    warmup_steps: WarmUpSteps = Field(
        0,
        description="Linear warm-up: update k of the first warmup_steps takes (k + 1)/warmup_steps of the learning "
        "rate; the schedule proper starts after it.",
    )

    def issue(self, budget: int) -> SpecIssue | None:
        """Why the schedule cannot do within ``budget`` updates what it says, with a pointer such as ``/every``."""
        if self.warmup_steps < budget:
            return None
        detail = f"The warm-up leaves nothing of the budget of {budget} steps for the schedule; shorten it."
        return SpecIssue("/warmup_steps", detail)


class ConstantSchedule(_Schedule):
    """The learning rate as it is, after the warm-up."""

    name: Literal["constant"] = "constant"

    def issue(self, budget: int) -> SpecIssue | None:
        """A warm-up that does not end; nothing need come after it."""
        if self.warmup_steps <= budget:
            return None
        return SpecIssue("/warmup_steps", f"The warm-up is longer than the budget of {budget} steps; shorten it.")


class StepSchedule(_Schedule):
    """Multiplied by ``factor`` every ``every`` updates."""

    name: Literal["step"] = "step"
    every: Steps = Field(description="Updates between two changes.")
    factor: PositiveSetting = Field(0.1, description="What the learning rate is multiplied by.")

    def issue(self, budget: int) -> SpecIssue | None:
        """Also a change that never comes."""
        left = budget - self.warmup_steps
        if left < 1 or self.every < left:
            return super().issue(budget)
        return SpecIssue("/every", f"Never comes within the {left} steps after the warm-up; make it smaller.")


class CosineSchedule(_Schedule):
    """Half a cosine from 1 to ``final_factor`` of the learning rate over ``steps`` updates, then constant."""

    name: Literal["cosine"] = "cosine"
    steps: Steps | None = Field(None, description="Updates of the half wave. Default: what the budget leaves.")
    final_factor: Fraction = Field(0.0, description="Fraction of the learning rate at the end.")


class LinearSchedule(_Schedule):
    """A straight line from 1 to ``final_factor`` of the learning rate over ``steps`` updates, then constant."""

    name: Literal["linear"] = "linear"
    steps: Steps | None = Field(None, description="Updates of the line. Default: what the budget leaves.")
    final_factor: Fraction = Field(0.0, description="Fraction of the learning rate at the end.")


AnySchedule = ConstantSchedule | StepSchedule | CosineSchedule | LinearSchedule
Schedule = Annotated[AnySchedule, Field(discriminator="name")]
