"""Trials, their summaries and their recorded rows as the API answers with them."""

from ayla_spec.limits import MAX_RECORDED_PARAMETERS
from ayla_spec.metrics import WholePartMetric
from ayla_spec.optimizers import OptimizerSettings
from pydantic import Field

from ayla_service.schemas import Finite, FrozenModel
from ayla_service.states import TrialState


class JobTable(FrozenModel):
    """Rows of many trials of a job, column by column."""

    job_id: str
    rows: int = Field(description="Length of every column.")
    columns: dict[str, list[float | str | None]] = Field(
        description="trial_index, label, optimizer_index and seed, then the columns of a trajectory or of metrics. "
        "Null where a value is not finite, or where a trial does not have the column.",
        examples=[
            {"trial_index": [0, 0], "label": ["SGD", "SGD"], "optimizer_index": [0, 0], "seed": [0, 0], "step": [0, 1]}
        ],
    )


class JobSummaryTable(FrozenModel):
    """One row per trial, column by column."""

    job_id: str
    rows: int = Field(description="Length of every column.")
    columns: dict[str, list[float | str | bool | None]] = Field(
        description="trial_id, trial_index, label, optimizer_index, optimizer and arm; its settings, those of AYLA as "
        "ayla.n1 and so on; seed, state, steps_done and the result so far, each metric of a whole part after the last "
        "step (test_loss), its best value (best_test_loss) and its epoch (best_test_loss_epoch); once it has ended "
        "notes on it. Null where there is none.",
        examples=[{"trial_index": [0], "learning_rate": [0.03], "ayla.n1": [1.0], "best_loss": [-6.5]}],
    )


class TrialMetric(FrozenModel):
    """One metric of a trial, on a whole part of its data."""

    final: Finite = Field(
        description="Of the model after the last step; null if it is no finite number, or the trial diverged."
    )
    best: Finite = Field(
        description="Best value at the ends of epochs at which it was evaluated; null if there is none, or some were "
        "evaluated by a version that kept none."
    )
    best_epoch: int | None = Field(description="The first epoch with the best value.")


class TrialSummary(FrozenModel):
    """The result of a trial in numbers."""

    final_loss: Finite = Field(
        description="Loss after the last step, with mini-batches that of one batch; null if the trial diverged."
    )
    best_loss: Finite = Field(description="Lowest finite loss; null if there was none.")
    best_step: int | None = Field(description="The first step with the best loss.")
    first_nonfinite_step: int | None = Field(
        description="Where the loss or a parameter of a diverged trial stopped being finite."
    )
    capped_steps: int = Field(description="Steps on which AYLA's cap of the weights or of the scale acted.")
    losses_below_one: int | None = Field(
        description="How many losses that an update followed were below 1 in size, but not 0, where N1 is for: one for "
        "each update, or with transform_on 'sample' one for each of its samples. Null of trials that ran before this "
        "was counted."
    )
    losses_above_one: int | None = Field(description="Likewise above 1, where N2 is for.")
    notes: list[str] = Field(
        description="What a reader should know: which exponents had no effect.",
        examples=[["N2 had no effect, as the loss was above 1 in size on no step."]],
    )
    metrics: dict[WholePartMetric, TrialMetric] = Field(
        description="By name: test_loss, test_accuracy, full_train_loss and full_train_accuracy, as far as they were "
        "evaluated. Larger accuracies and smaller losses are better.",
        examples=[{"test_loss": {"final": 0.21, "best": 0.19, "best_epoch": 7}}],
    )
    ran_alone: bool | None = Field(
        description="Whether nothing else was computed beside the trial in its process, in any attempt, so that "
        "wall_seconds are its own. Null of trials that ran before this was recorded."
    )
    wall_seconds: float = Field(description="Computing time until the trial ended; trials run side by side share it.")
    steps_per_second: Finite
    device: str | None = Field(description="Where it ran.")


class Trial(FrozenModel):
    """One optimizer setting with one seed."""

    id: str
    job_id: str
    index: int = Field(description="Place in the job, from 0.")
    optimizer_index: int = Field(description="Place of the setting in the job's optimizers.")
    label: str
    optimizer: OptimizerSettings
    seed: int
    state: TrialState
    steps_done: int
    summary: TrialSummary | None = Field(description="There once the trial has completed or diverged.")


class TrialPage(FrozenModel):
    """One page of a job's trials, in order."""

    data: list[Trial]
    next_cursor: str | None = Field(description="Asks for the next page; null on the last.")


class Trajectory(FrozenModel):
    """The recorded rows of a trial, column by column."""

    trial_id: str
    rows: int = Field(description="Length of every column.")
    columns: dict[str, list[float | None]] = Field(
        description="step, loss, transformed_loss, scale, effective_lr, grad_norm, and param.<name> for expressions of "
        f"at most {MAX_RECORDED_PARAMETERS} parameters. Null where a value is not finite.",
        examples=[{"step": [0, 1], "loss": [6.0, 4.7], "param.x": [-1.0, -0.87]}],
    )


class Metrics(FrozenModel):
    """Metrics of a trial's model on its dataset, as columns; no rows where there is no model."""

    trial_id: str
    rows: int = Field(description="Length of every column.")
    columns: dict[str, list[float | None]] = Field(
        description="step, epoch, train_loss, for classes train_accuracy, with test data test_loss and test_accuracy, "
        "and full_train_loss and full_train_accuracy. train_ columns are means over the batches since the row before, "
        "each before its update; test_ and full_train_ columns are of the model after the step, on the whole test or "
        "training part, null in rows at which the job does not evaluate it (record.evaluate). Accuracies are "
        "fractions. Null where a value is not finite.",
        examples=[{"step": [45, 90], "epoch": [1, 2], "train_loss": [2.1, 1.4], "train_accuracy": [0.41, 0.78]}],
    )


class Predictions(FrozenModel):
    """A model's predictions on its dataset; empty for expressions, and before the first of the steps is reached."""

    trial_id: str
    steps: list[int] = Field(description="Steps whose predictions are there.")
    columns: dict[str, list[Finite]] = Field(
        description="x, then target and truth where they are known, and prediction.<step> for every step."
    )
