"""Followed jobs: what the last poll has read of each, how fast it is, and its trials with their newest results."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from ayla_service.db.models import ChunkRow, JobRow, MetricChunkRow, TrialRow
from ayla_service.jobs.repository import StateCounts, progress_of, trial_totals
from ayla_service.jobs.schemas import JobSummary
from ayla_service.states import UNFINISHED_JOB, JobState
from ayla_service.streams.events import (
    MOST_TRIALS,
    EndData,
    EndReason,
    JobSnapshotData,
    ProgressData,
    StateData,
    StreamedTrial,
)
from ayla_service.trials.encoding import decode

MOST_AT_ONCE = 64
"""Trials whose newest rows are read in one poll."""

_WINDOW_SECONDS = 30.0
_TRIALS_PER_POLL = 500
_LARGEST = 512 * 1024
"""Bytes of a chunk that is read; larger ones come from trials that make very many steps in a second."""

_COLUMNS = (
    TrialRow.id,
    TrialRow.job_id,
    TrialRow.index.label("place"),
    TrialRow.optimizer_index,
    TrialRow.label,
    TrialRow.seed,
    TrialRow.state,
    TrialRow.steps_done,
    TrialRow.final_loss,
    TrialRow.best_loss,
    TrialRow.best_step,
)


class StepRate:
    """Steps per second, a mean over the last half minute of polls."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, at: float, steps: int) -> None:
        """So many steps were done at this time (seconds)."""
        if self._seen and steps < self._seen[-1][1]:
            self._seen.clear()  # an attempt began again from an earlier step
        if not self._seen or steps != self._seen[-1][1]:
            self._seen.append((at, steps))
        while at - self._seen[0][0] > _WINDOW_SECONDS and len(self._seen) > 1:
            self._seen.popleft()

    @property
    def per_second(self) -> float | None:
        """None before two different numbers of steps were noted."""
        if len(self._seen) < 2:
            return None
        (begun, first), (at, last) = self._seen[0], self._seen[-1]
        return (last - first) / (at - begun) if at > begun else None


@dataclass(slots=True)
class FollowedJob:
    """State of a job at the last poll.

    Attributes:
        team_id: the job's team.
        view: the job as lists show it.
        steps_of_trial: that each trial makes unless it diverges.
        has_metrics: whether its trials can have metrics.
        in_full: whether its trials are read too.
        trials: the first ones by id, as far as they are read.
        counts: of its trials when they were counted last.
        shards: a value that changes with the states of its shards; None before they were read.
        skips: polls until its trials are counted again, as many trials take long to count.
        rate: its steps per second.
    """

    team_id: str
    view: JobSummary
    steps_of_trial: int
    has_metrics: bool
    in_full: bool = False
    trials: dict[str, StreamedTrial] = field(default_factory=dict)
    counts: StateCounts | None = None
    shards: tuple[object, ...] | None = None
    skips: int = 0
    rate: StepRate = field(default_factory=StepRate)

    @classmethod
    def of(cls, job: JobRow, view: JobSummary, before: "FollowedJob | None") -> "FollowedJob":
        """A job as it was just read, with what was known of it before."""
        followed = cls(
            team_id=job.team_id,
            view=view,
            steps_of_trial=job.resolved_spec["budget"]["steps"],
            has_metrics=job.resolved_spec["problem"]["type"] == "dataset",
        )
        if before is not None:
            followed.in_full, followed.trials = before.in_full, before.trials
            followed.counts, followed.shards, followed.rate = before.counts, before.shards, before.rate
        return followed

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.view.state not in UNFINISHED_JOB

    @property
    def is_running(self) -> bool:
        """Whether steps are made."""
        return self.view.state == JobState.RUNNING

    def is_due(self) -> bool:
        """Whether its trials are to be counted in this poll; called once in each."""
        self.skips -= 1
        if self.skips > 0:
            return False
        self.skips = 1 + self.view.trials.total // _TRIALS_PER_POLL
        return True

    def differs(self, other: JobSummary) -> bool:
        """Whether more than its progress differs from an earlier view of it."""
        mine, its = (view.model_copy(update={"progress": None, "trials": None}) for view in (self.view, other))
        return mine != its

    def advance(self, counts: StateCounts, at: float) -> bool:
        """Take new counts of its trials; returns whether they have changed.

        Args:
            counts: of its trials.
            at: seconds of a clock that only grows.
        """
        progress = progress_of(self.view.progress.steps_total, self.steps_of_trial, counts)
        self.rate.note(at, progress.steps_done)
        if counts == self.counts:
            return False
        self.counts = counts
        self.view = self.view.model_copy(update={"progress": progress, "trials": trial_totals(counts)})
        return True

    def state_event(self) -> StateData:
        """The event of a change."""
        return StateData(self.view.id, self.view)

    def progress_event(self) -> ProgressData:
        """The event of its progress."""
        progress, rate = self.view.progress, self.rate.per_second
        left = (1.0 - progress.fraction) * progress.steps_total
        return ProgressData(
            job_id=self.view.id,
            steps_done=progress.steps_done,
            steps_total=progress.steps_total,
            fraction=progress.fraction,
            trials=self.view.trials,
            steps_per_second=rate,
            eta_seconds=left / rate if rate else None,
        )

    def snapshot(self) -> JobSnapshotData:
        """Its first event; its trials have to be read."""
        return JobSnapshotData(self.view.id, self.view, *self._first_trials())

    def end_event(self, reason: EndReason = EndReason.FINISHED) -> EndData:
        """Its last event."""
        return EndData(reason, self.view.id, self.view, *self._first_trials())

    def _first_trials(self) -> tuple[list[StreamedTrial], int]:
        """The trials that are read, and how many more there are."""
        trials = list(self.trials.values())
        return trials, self.view.trials.total - len(trials)


def read_trials(
    session: Session, job_ids: Collection[str], known: Mapping[str, Mapping[str, StreamedTrial]]
) -> dict[str, dict[str, StreamedTrial]]:
    """The first trials of each job by id, in order.

    Args:
        session: the unit of work.
        job_ids: the jobs.
        known: their trials as they were; newest losses and metrics, which other rows have, are kept from there.
    """
    found: dict[str, dict[str, StreamedTrial]] = {job_id: {} for job_id in job_ids}
    if not found:
        return found
    query = select(*_COLUMNS).where(TrialRow.job_id.in_(job_ids), TrialRow.index < MOST_TRIALS)
    for row in session.execute(query.order_by(TrialRow.job_id, TrialRow.index)):
        found[row.job_id][row.id] = _streamed_trial(row, known.get(row.job_id, {}).get(row.id))
    return found


def _streamed_trial(row: Any, before: StreamedTrial | None) -> StreamedTrial:
    if before is not None and row.steps_done < before.steps_done:
        before = None  # it began again from an earlier step
    step, loss = (before.step, before.loss) if before else (None, None)
    if row.final_loss is not None:
        step, loss = row.steps_done, row.final_loss
    return StreamedTrial(
        id=row.id,
        index=row.place,
        optimizer_index=row.optimizer_index,
        label=row.label,
        seed=row.seed,
        state=row.state,
        steps_done=row.steps_done,
        step=step,
        loss=loss,
        best_loss=row.best_loss,
        best_step=row.best_step,
        metrics=before.metrics if before else None,
    )


def newest_losses(session: Session, trial_ids: Sequence[str]) -> dict[str, tuple[int, float | None]]:
    """The last recorded step of each trial and the loss there; None where that would take too long to read."""
    rows = _newest_chunks(session, ChunkRow, trial_ids)
    return {trial_id: (last_step, _last_row(data, ("loss",)).get("loss")) for trial_id, last_step, data in rows}


def newest_metrics(session: Session, trial_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """The last row of metrics of each trial that has any."""
    rows = {trial_id: _last_row(data) for trial_id, _, data in _newest_chunks(session, MetricChunkRow, trial_ids)}
    return {trial_id: row for trial_id, row in rows.items() if row}


def _last_row(data: bytes | None, columns: Collection[str] | None = None) -> dict[str, float]:
    """The last row of a chunk; empty if it is damaged, as one chunk must not stop all streams."""
    if data is None:
        return {}
    try:
        table = decode(data, columns)
        return {name: table.column(name)[-1].as_py() for name in table.column_names}
    except pa.ArrowException:
        return {}


def _newest_chunks(
    session: Session, table: type[ChunkRow] | type[MetricChunkRow], trial_ids: Sequence[str]
) -> list[tuple[str, int, bytes | None]]:
    """The newest chunk of each trial: its last step, and its data unless they are too large."""
    if not trial_ids:
        return []
    other = aliased(table)
    last = select(func.max(other.first_step)).where(other.trial_id == TrialRow.id).correlate(TrialRow).scalar_subquery()
    data = case((func.length(table.data) <= _LARGEST, table.data))
    query = select(table.trial_id, table.last_step, data).select_from(TrialRow)
    query = query.join(table, (table.trial_id == TrialRow.id) & (table.first_step == last))
    return [(row[0], row[1], row[2]) for row in session.execute(query.where(TrialRow.id.in_(trial_ids)))]
