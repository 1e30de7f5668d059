"""Schemas of previews."""

from ayla_spec.metrics import ResultMetric
from pydantic import BaseModel, Field

MOST_POINTS = 32
"""Numbers of a sparkline."""


class JobPreview(BaseModel, frozen=True):
    """What a list shows of a job's results."""

    job_id: str
    title: str = Field(description="The problem in a few words, for jobs without a name.")
    metric: ResultMetric = Field(
        description="The metric of the value: what the job is judged by, that of its comparison; 'best_loss' as long "
        "as no trial has a value of that, and then the value is the lowest loss recorded so far."
    )
    more_is_better: bool = Field(description="Whether larger values of the metric are better.")
    value: float | None = Field(
        description="The best value of any trial so far that has not diverged; null before there is one, or where the "
        "jobs asked for have more trials than are read for one answer."
    )
    trial_id: str | None = Field(description="That trial; the first of equal ones.")
    label: str | None = Field(description="Its setting.")
    optimizer_index: int | None = Field(description="Place of that setting in the job's optimizers.")
    diverged: int = Field(description="Trials that diverged.")
    sparkline: list[float | None] = Field(
        description=f"At most {MOST_POINTS} losses of that trial, or of the one with the lowest loss so far, in the "
        "order of their steps, extremes among them; null where not finite. Empty where none are kept."
    )


class JobPreviews(BaseModel, frozen=True):
    """Previews of the jobs that were asked for, in that order; ids that the team does not have are left out."""

    data: list[JobPreview]
