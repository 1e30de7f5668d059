"""A job spec, as submitted and as resolved with every default filled in."""

from typing import Annotated, Literal

from pydantic import Field

from ayla_spec.limits import (
    MAX_EPOCHS,
    MAX_MEMORY_MB,
    MAX_OPTIMIZERS,
    MAX_PREDICTION_STEPS,
    MAX_SECONDS,
    MAX_SEED,
    MAX_SEEDS,
    MAX_STEPS,
    MAX_TAGS,
)
from ayla_spec.metrics import PARTS, Part
from ayla_spec.model import SpecModel, is_none
from ayla_spec.optimizers import OptimizerSettings
from ayla_spec.problems import PresetName, ResolvedProblem, SubmittedProblem
from ayla_spec.search import Search, SubmittedSearch
from ayla_spec.text import Name, Notes, Project, Tag

Device = Literal["auto", "cpu", "cuda"]
Priority = Literal["low", "normal", "high", "urgent"]
Dtype = Literal["float64", "float32"]
Trajectories = Literal["none", "best", "all"]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Step = Annotated[int, Field(ge=0, le=MAX_STEPS)]


class Budget(SpecModel):
    """When a trial ends."""

    steps: int = Field(ge=1, le=MAX_STEPS, description="Updates per trial. Full batch: one step is one epoch.")


class SubmittedBudget(SpecModel):
    """When a trial ends, in steps or, for datasets, in epochs."""

    steps: int | None = Field(
        None, ge=1, le=MAX_STEPS, description="Updates per trial. Full batch: one step is one epoch."
    )
    epochs: int | None = Field(
        None, ge=1, le=MAX_EPOCHS, description="Passes over the dataset per trial, in place of steps."
    )


class Record(SpecModel):
    """The record of each trial. Step 0 and the last step always are."""

    every: int = Field(1, ge=1, le=MAX_STEPS, description="Record every n-th step.")
    predictions_at: list[Step] = Field(
        default_factory=list,
        max_length=MAX_PREDICTION_STEPS,
        description="Steps at which the model's predictions on the dataset are kept (dataset problems only).",
    )
    metrics_every: int = Field(
        1,
        ge=1,
        le=MAX_EPOCHS,
        description="Epochs between two rows of metrics (dataset problems only); the last step always has one.",
    )
    evaluate: list[Part] | None = Field(
        None,
        description="Parts of the data on which the model is evaluated at every row of metrics; on the other one it is "
        "at the last step only. Null for expressions, and in jobs of a version that had no such choice.",
    )
    trajectories: Trajectories = Field(
        "all",
        # Specs of jobs that keep them all are written as they were before there was a choice: their digests hold.
        exclude_if=lambda kept: kept == "all",
        description="Trials of which trajectory, metrics and predictions are kept: 'all', 'none', or those of the "
        "'best' setting of each arm, which are computed again when the job ends. The summary of every trial is kept "
        "in any case.",
    )


class RecordOverride(SpecModel):
    """A record in which what is left out keeps its default, or the preset's value."""

    every: int | None = Field(None, ge=1, le=MAX_STEPS, description="Record every n-th step. Default 1.")
    predictions_at: list[Step] | None = Field(
        None,
        max_length=MAX_PREDICTION_STEPS,
        description="Steps at which the model's predictions on the dataset are kept (dataset problems only). "
        "Default: none, or the preset's.",
    )
    metrics_every: int | None = Field(
        None,
        ge=1,
        le=MAX_EPOCHS,
        description="Epochs between two rows of metrics (dataset problems only); the last step always has one. "
        "Default 1, or the preset's; where every epoch is one step and there are neither classes nor a test part, so "
        "many that there are about 100 rows.",
    )
    evaluate: list[Part] | None = Field(
        None,
        min_length=1,
        max_length=len(PARTS),
        description="Parts of the data on which the model is evaluated at every row of metrics, each as a whole "
        "(dataset problems only): 'test', 'full_train' or both. On the other one it is evaluated at the last step "
        "only. Default ['test'], or ['full_train'] without a test part.",
    )
    trajectories: Trajectories | None = Field(
        None,
        description="Trials of which trajectory, metrics and predictions are kept: 'all', 'none', or those of the "
        "'best' setting of each arm, which are computed again when the job ends. The summary of every trial is kept "
        "in any case. Default: 'none' for jobs with axes, else 'all'.",
    )


class Limits(SpecModel):
    """Limits of a job; one that exceeds a limit fails, and what was recorded until then stays."""

    seconds: float | None = Field(
        None,
        gt=0,
        le=MAX_SECONDS,
        description="Longest computing time of a trial, which it shares with the trials that run beside it, over all "
        "attempts. Default: no limit but the service's.",
    )
    memory_mb: int | None = Field(
        None,
        ge=1,
        le=MAX_MEMORY_MB,
        description="Most memory, in MiB, that the worker may take for the job beyond what it has when idle; on a GPU "
        "that of the GPU. Default: no limit but the service's.",
    )


class JobSpec(SpecModel):
    """A job as a user submits it. Trials are the product of settings and seeds.

    An optimizer is one setting, or as many as its axes make.

    ``project``, ``notes`` and ``priority`` can be changed later, so they are no part of the resolved spec.
    """

    name: Name | None = Field(None, description="For people; need not be unique.")
    tags: list[Tag] = Field(default_factory=list, max_length=MAX_TAGS, description="For filtering lists of jobs.")
    project: Project | None = Field(None, description="What the job belongs to; for filtering lists of jobs.")
    notes: Notes | None = Field(None, description="Anything worth remembering about the job.")
    problem: SubmittedProblem = Field(description="What is minimized.")
    optimizers: list[OptimizerSettings] | None = Field(
        None, min_length=1, max_length=MAX_OPTIMIZERS, description="Required unless the problem is a preset."
    )
    search: SubmittedSearch | None = Field(
        None, description="How the settings of each optimizer are chosen where numbers of the job are axes."
    )
    budget: SubmittedBudget | None = Field(None, description="Required unless the problem is a preset.")
    seeds: list[Seed] | None = Field(
        None,
        min_length=1,
        max_length=MAX_SEEDS,
        fail_fast=True,
        description="Distinct; one trial each. Default [0], or the preset's.",
    )
    record: RecordOverride = Field(default_factory=RecordOverride, description="What is recorded of each trial.")
    device: Device = Field("auto", description="'auto' runs on the GPU of the worker if it has one, else its CPU.")
    dtype: Dtype | None = Field(
        None,
        description="Floating-point type of the whole computation. Default: 'float64'; 'float32' for images, as is "
        "usual there.",
    )
    limits: Limits = Field(default_factory=Limits, description="What the job may use.")
    priority: Priority = Field(
        "normal",
        description="Which place the job takes in the queue: jobs of a higher one go first. 'urgent' is for admins.",
    )
    preset: PresetName | None = Field(
        None,
        description="Where a resolved spec came from, so that it can be submitted again; changes nothing. To run a "
        "preset, name it in the problem.",
    )


class ResolvedJobSpec(SpecModel):
    """A job with nothing left to choose: what the worker runs, and what makes the job reproducible."""

    name: str | None
    tags: list[str]
    preset: PresetName | None
    problem: ResolvedProblem
    optimizers: list[OptimizerSettings]
    search: Search | None = Field(
        None, exclude_if=is_none, description="How settings are chosen from the axes of the job. Null: it has none."
    )
    budget: Budget
    seeds: list[Seed]
    record: Record
    device: Device
    dtype: Dtype
    limits: Limits = Field(default_factory=Limits)
