"""Answers of the service about jobs. Generated from openapi.json by `make client`."""

from __future__ import annotations

from typing import Any

from ayla.models.base import ResponseModel


class AvailableFigure(ResponseModel):
    """A kind of figure that a job has.

    Attributes:
        href: path of the figure.
        kind: loss, accuracy, effective-lr, x, landscape, curve, heatmap, forest, slopes, strip, performance-
            profile, data-profile, sensitivity, tuning, epochs or ecdf.
        parameters: the query parameters it takes.
        title: what it shows.
    """

    href: str
    kind: str
    parameters: tuple[str, ...]
    title: str


class UnavailableFigure(ResponseModel):
    """A kind of figure that a job does not have.

    Attributes:
        kind: loss, accuracy, effective-lr, x, landscape, curve, heatmap, forest, slopes, strip, performance-
            profile, data-profile, sensitivity, tuning, epochs or ecdf.
        reason: why not.
    """

    kind: str
    reason: str


class FigureList(ResponseModel):
    """The figures of a job."""

    figures: tuple[AvailableFigure, ...]
    job_id: str
    unavailable: tuple[UnavailableFigure, ...]


class AxisPreview(ResponseModel):
    """An axis of an arm.

    Attributes:
        path: where it stands: 'learning_rate', 'ayla.n1', 'problem.batch_size'.
        points: how many points it has; None for all numbers of a range.
    """

    path: str
    points: int | None


class ArmPreview(ResponseModel):
    """An arm of a validated job: an entry of its optimizers.

    Attributes:
        arm: the arm that the entry belongs to.
        axes: its axes, those of the problem first.
        first: the first settings of the first 20 arms, at most 5 of each: a number for each axis, by its path. Of
            random and sobol designs those that are drawn first; settings with the same batch size and widths stand
            together in the job.
        label: label of the entry.
        settings: how many settings it has.
    """

    arm: str
    axes: tuple[AxisPreview, ...]
    first: tuple[dict[str, float], ...]
    label: str
    settings: int


class Validation(ResponseModel):
    """Result of a validation: the job as it would be if it was submitted.

    Attributes:
        arms: the arms with their first settings, in the order of the optimizers.
        estimated_seconds: computing time of all shards on one CPU core, a rough estimate from the spec alone.
        resolved: the spec with every default filled in.
        settings: settings of all arms; one for each optimizer without axes.
        shards: slices of the trials that workers run at once.
        steps_total: updates of all trials together, if none diverges.
        trials: product of settings and seeds.
    """

    arms: tuple[ArmPreview, ...]
    estimated_seconds: float
    resolved: dict[str, Any]
    settings: int
    shards: int
    steps_total: int
    trials: int
