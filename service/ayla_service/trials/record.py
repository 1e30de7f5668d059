"""One trial by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ayla_service.states import TrialState


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One optimizer setting with one seed, and its summary so far: the unit of result.

    Attributes:
        id: made of the job's id and the index.
        job_id: its job.
        index: its place in the job.
        optimizer_index: running number of the setting over all arms.
        label: of the setting.
        settings: of the optimizer, as the resolved spec has them.
        seed: what is drawn follows from it.
        state: its state.
        steps_done: updates made.
        final_loss: after the last update; None unless it has completed.
        best_loss: the smallest so far.
        best_step: the first step that had it.
        first_nonfinite_step: the step at which it diverged.
        capped_steps: updates changed by a cap.
        losses_below_one: how many losses that an update followed were below 1 in size (see
            ``ayla_spec.optimizers.effect``); None of trials that ran before this was counted.
        losses_above_one: likewise above 1.
        ran_alone: whether nothing else was computed beside it in its process, so that its seconds are its own; None if
            nobody knows.
        wall_seconds: computing time.
        stored_bytes: size of its trajectory, metrics and predictions.
        device: where it was computed.
        test_loss: of the model after the last step, on the whole part of the data; None where it was not evaluated or
            the trial diverged. Likewise the other metrics of whole parts (see ``ayla_spec.metrics``).
        best_test_loss: the best value at the ends of epochs so far, and ``best_test_loss_epoch`` the first epoch that
            had it; None where it was never evaluated. Likewise the others.
    """

    id: str
    job_id: str
    index: int
    optimizer_index: int
    label: str
    settings: Mapping[str, Any]
    seed: int
    state: TrialState
    steps_done: int
    final_loss: float | None
    best_loss: float | None
    best_step: int | None
    first_nonfinite_step: int | None
    capped_steps: int
    losses_below_one: int | None
    losses_above_one: int | None
    ran_alone: bool | None
    wall_seconds: float
    stored_bytes: int
    device: str | None
    test_loss: float | None
    test_accuracy: float | None
    full_train_loss: float | None
    full_train_accuracy: float | None
    best_test_loss: float | None
    best_test_loss_epoch: int | None
    best_test_accuracy: float | None
    best_test_accuracy_epoch: int | None
    best_full_train_loss: float | None
    best_full_train_loss_epoch: int | None
    best_full_train_accuracy: float | None
    best_full_train_accuracy_epoch: int | None
