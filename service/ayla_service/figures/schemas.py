"""Answers of the API about figures."""

from typing import Self

from pydantic import BaseModel, Field

from ayla_service.figures.availability import FigureJob
from ayla_service.figures.options import KINDS, Kind, parameter_of

_COMMON = ("format", "style", "width", "height", "dpi", "title", "optimizers")
"""Query parameters of every kind."""


class AvailableFigure(BaseModel):
    """A kind of figure that a job has."""

    kind: Kind
    title: str = Field(description="What it shows.")
    href: str = Field(description="Path of the figure.", examples=["/v1/jobs/9e6f2f5e/figures/loss"])
    parameters: list[str] = Field(description="The query parameters it takes.")


class UnavailableFigure(BaseModel):
    """A kind of figure that a job does not have."""

    kind: Kind
    reason: str = Field(description="Why not.")


class FigureList(BaseModel):
    """The figures of a job."""

    job_id: str
    figures: list[AvailableFigure]
    unavailable: list[UnavailableFigure]

    @classmethod
    def of(cls, job: FigureJob) -> Self:
        """The answer for one job."""
        kinds = list(job.availability())
        return cls(
            job_id=job.id,
            figures=[_available(job.id, kind) for kind, reason in kinds if reason is None],
            unavailable=[UnavailableFigure(kind=kind, reason=reason) for kind, reason in kinds if reason is not None],
        )


def _available(job_id: str, kind: Kind) -> AvailableFigure:
    parameters = [*_COMMON, *map(parameter_of, KINDS[kind].options)]
    path = f"/v1/jobs/{job_id}/figures/{kind}"
    return AvailableFigure(kind=kind, title=KINDS[kind].title, href=path, parameters=parameters)


class CurveEnd(BaseModel):
    """Where a trial diverged."""

    step: int = Field(description="Step of its last finite value.")
    value: float


class CurveOfSetting(BaseModel):
    """Median and quartiles of one setting over its seeds. Null: not a finite number, as where most have diverged."""

    optimizer_index: int = Field(description="Place in the job's optimizers; with axes, of the arm it belongs to.")
    setting: int = Field(description="Running number of the setting; without axes its place in the job's optimizers.")
    label: str
    seeds: int = Field(description="Trials that have recorded anything.")
    step: list[int] = Field(description="Growing.")
    epoch: list[int] | None = Field(description="Of each step, for metrics; null for trajectories.")
    median: list[float | None]
    low: list[float | None] = Field(description="Lower quartiles.")
    high: list[float | None] = Field(description="Upper quartiles.")
    ends: list[CurveEnd] = Field(description="Where trials diverged, the first 50.")


class JobCurves(BaseModel):
    """The curves of a job, of one column."""

    job_id: str
    column: str
    seeds: int = Field(description="Seeds that are read, from the first.")
    seeds_total: int
    settings: int = Field(
        description="Settings of the job. Without axes the best eight of more than twelve have curves, with axes those "
        "that are named."
    )
    steps_per_epoch: int | None = Field(
        description="1 for expressions; null where only the data tell, or batch sizes are an axis."
    )
    curves: list[CurveOfSetting]
