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


class CurveEnd(ResponseModel):
    """Where a trial diverged.

    Attributes:
        step: step of its last finite value.
    """

    step: int
    value: float


class CurveOfSetting(ResponseModel):
    """Median and quartiles of one setting over its seeds. Null: not a finite number, as where most have diverged.

    Attributes:
        ends: where trials diverged, the first 50.
        epoch: of each step, for metrics; None for trajectories.
        high: upper quartiles.
        low: lower quartiles.
        optimizer_index: place in the job's optimizers; with axes, of the arm it belongs to.
        seeds: trials that have recorded anything.
        setting: running number of the setting; without axes its place in the job's optimizers.
        step: growing.
    """

    ends: tuple[CurveEnd, ...]
    epoch: tuple[int, ...] | None
    high: tuple[float | None, ...]
    label: str
    low: tuple[float | None, ...]
    median: tuple[float | None, ...]
    optimizer_index: int
    seeds: int
    setting: int
    step: tuple[int, ...]


class JobCurves(ResponseModel):
    """The curves of a job, of one column.

    Attributes:
        seeds: seeds that are read, from the first.
        settings: settings of the job. Without axes the best eight of more than twelve have curves, with axes those
            that are named.
        steps_per_epoch: 1 for expressions; None where only the data tell, or batch sizes are an axis.
    """

    column: str
    curves: tuple[CurveOfSetting, ...]
    job_id: str
    seeds: int
    seeds_total: int
    settings: int
    steps_per_epoch: int | None


class JobPreview(ResponseModel):
    """What a list shows of a job's results.

    Attributes:
        diverged: trials that diverged.
        label: its setting.
        metric: the metric of the value: what the job is judged by, that of its comparison; 'best_loss' as long as
            no trial has a value of that, and then the value is the lowest loss recorded so far (test_loss,
            test_accuracy, full_train_loss, full_train_accuracy, final_loss, best_loss, area_under_curve or gap).
        more_is_better: whether larger values of the metric are better.
        optimizer_index: place of that setting in the job's optimizers.
        sparkline: at most 32 losses of that trial, or of the one with the lowest loss so far, in the order of their
            steps, extremes among them; None where not finite. Empty where none are kept.
        title: the problem in a few words, for jobs without a name.
        trial_id: that trial; the first of equal ones.
        value: the best value of any trial so far that has not diverged; None before there is one, or where the jobs
            asked for have more trials than are read for one answer.
    """

    diverged: int
    job_id: str
    label: str | None
    metric: str
    more_is_better: bool
    optimizer_index: int | None
    sparkline: tuple[float | None, ...]
    title: str
    trial_id: str | None
    value: float | None


class JobPreviews(ResponseModel):
    """Previews of the jobs that were asked for, in that order; ids that the team does not have are left out."""

    data: tuple[JobPreview, ...]


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
