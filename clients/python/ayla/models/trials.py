"""Trials and their outcomes."""

from typing import Any

from pydantic import Field

from ayla.models.base import Linked, ResponseModel


class TrialMetric(ResponseModel):
    """One metric of a trial, on a whole part of its data.

    Attributes:
        final: of the model after the last step; None when it is no finite number, or the trial diverged.
        best: best value at the ends of epochs at which it was evaluated; None when there is none.
        best_epoch: the first epoch with the best value.
    """

    final: float | None = None
    best: float | None = None
    best_epoch: int | None = None


class TrialSummary(ResponseModel):
    """The outcome of a trial.

    Attributes:
        final_loss: loss after the last step, with mini-batches that of one batch; None when the trial diverged.
        best_loss: lowest loss on the way; None when no step had a finite one.
        best_step: step of ``best_loss``.
        first_nonfinite_step: where the trial diverged; None when it did not.
        capped_steps: steps on which a bound of AYLA acted.
        losses_below_one: number of losses before an update whose size was below 1, but not 0; one for each update, or
            where AYLA transforms each sample one for each of its samples. None where they were not counted.
        losses_above_one: likewise above 1.
        notes: remarks, such as which exponents had no effect.
        metrics: by name: test_loss, test_accuracy, full_train_loss and full_train_accuracy, as far as evaluated.
        ran_alone: whether nothing else was computed beside it in its process, so that ``wall_seconds`` are its own;
            None where that was not recorded.
        wall_seconds: computing time.
        steps_per_second: speed.
        device: where it ran.
    """

    final_loss: float | None = None
    best_loss: float | None = None
    best_step: int | None = None
    first_nonfinite_step: int | None = None
    capped_steps: int = 0
    losses_below_one: int | None = None
    losses_above_one: int | None = None
    notes: tuple[str, ...] = ()
    metrics: dict[str, TrialMetric] = Field(default_factory=dict)
    ran_alone: bool | None = None
    wall_seconds: float | None = None
    steps_per_second: float | None = None
    device: str | None = None


class TrialData(Linked):
    """What is known of a trial: one optimizer setting with one seed.

    Attributes:
        index: place in the job, from 0.
        optimizer_index: place of the setting in the job's optimizers.
        label: name of the setting.
        optimizer: the setting with every default filled in.
        state: queued, running, completed, diverged, failed or cancelled.
        summary: the outcome; None before the trial ends.
    """

    id: str
    job_id: str
    index: int
    optimizer_index: int
    label: str
    optimizer: dict[str, Any]
    seed: int
    state: str
    steps_done: int = 0
    summary: TrialSummary | None = None

    @property
    def final_loss(self) -> float | None:
        """Loss after the last step; None before the end or when the trial diverged."""
        return self.summary.final_loss if self.summary else None

    def value(self, metric: str) -> float | None:
        """The value of a metric; None before the end, when the trial diverged and where it was not recorded.

        Args:
            metric: test_loss, test_accuracy, full_train_loss, full_train_accuracy, final_loss or best_loss.
        """
        if self.summary is None:
            return None
        if metric in {"final_loss", "best_loss"}:
            value: float | None = getattr(self.summary, metric)
            return value
        found = self.summary.metrics.get(metric)
        return found.final if found else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the outcome; empty before the end."""
        return self.summary.notes if self.summary else ()

    def __str__(self) -> str:
        loss = "" if self.final_loss is None else f", final loss {self.final_loss:.6g}"
        return f"Trial {self.id} ({self.label}, seed {self.seed}): {self.state}{loss}"
