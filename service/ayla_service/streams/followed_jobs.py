"""A job that somebody watches, as it was when it was last looked at."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from ayla_service.db.models import Chunk, Job, MetricChunk, Trial
from ayla_service.jobs.rendering import progress_of
from ayla_service.jobs.views import JobView, Progress
from ayla_service.states import UNFINISHED_JOB, JobState, TrialState
from ayla_service.streams.events import MOST_TRIALS, Ended, EndReason, JobSnapshot, Progressed, TrialNow
from ayla_service.trials.encoding import decode

TrialCounts = Mapping[TrialState, tuple[int, int]]
"""The number of trials and their steps done, by state."""

_TRIALS_PER_LOOK = 500
_NO_PROGRESS = Progress(0, 0, 0.0)


_WINDOW_SECONDS = 30.0


class Pace:
    """Steps per second, over the last half minute of what was seen."""

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
        """None until steps were seen to be made."""
        if len(self._seen) < 2:
            return None
        (begun, first), (at, last) = self._seen[0], self._seen[-1]
        return (last - first) / (at - begun) if at > begun else None


@dataclass(slots=True)
class Watched:
    """What is remembered of a job.

    Attributes:
        team_id: whose it is.
        view: the job, without its specs.
        steps_of_trial: that each trial makes unless it diverges.
        has_metrics: whether its trials can have metrics.
        in_full: whether its trials are read too.
        trials: the first ones by id, as far as they are read.
        counts: of its trials when they were counted last.
        shards: a number that changes when something becomes of its shards; None before it was looked at.
        looks: into its trials that are passed over until the next, as many trials take long to count.
    """

    team_id: str
    view: JobView
    steps_of_trial: int
    has_metrics: bool
    in_full: bool = False
    trials: dict[str, TrialNow] = field(default_factory=dict)
    counts: TrialCounts | None = None
    shards: tuple[object, ...] | None = None
    looks: int = 0
    pace: Pace = field(default_factory=Pace)

    @classmethod
    def of(cls, job: Job, view: JobView, before: "Watched | None") -> "Watched":
        """A job as it was just read, and what was known of it before."""
        # The specs of all watched jobs would be much to remember, and no stream tells them.
        watched = cls(
            team_id=job.team_id,
            view=replace(view, spec={}, resolved={}),
            steps_of_trial=job.resolved_spec["budget"]["steps"],
            has_metrics=job.resolved_spec["problem"]["type"] == "dataset",
        )
        if before is not None:
            watched.in_full, watched.trials = before.in_full, before.trials
            watched.counts, watched.shards, watched.pace = before.counts, before.shards, before.pace
        return watched

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.view.state not in UNFINISHED_JOB

    @property
    def is_running(self) -> bool:
        """Whether steps are made."""
        return self.view.state == JobState.RUNNING

    def is_due(self) -> bool:
        """Whether its trials are to be counted in this look; asked once in each."""
        self.looks -= 1
        if self.looks > 0:
            return False
        self.looks = 1 + sum(self.view.trials.values()) // _TRIALS_PER_LOOK
        return True

    def differs(self, other: JobView) -> bool:
        """Whether there is more to tell about it than progress, compared with how it was."""
        mine, its = (replace(view, progress=_NO_PROGRESS, trials={}) for view in (self.view, other))
        return mine != its

    def advance(self, counts: TrialCounts, at: float) -> bool:
        """Note how its trials stand; returns whether that has changed.

        Args:
            counts: of its trials.
            at: seconds of a clock that only grows.
        """
        progress = progress_of(self.view.progress.steps_total, self.steps_of_trial, counts)
        self.pace.note(at, progress.steps_done)
        if counts == self.counts:
            return False
        self.counts = counts
        trials = {state: counts.get(state, (0, 0))[0] for state in TrialState}
        self.view = replace(self.view, progress=progress, trials=trials)
        return True

    def progressed(self) -> Progressed:
        """How far it is."""
        progress, rate = self.view.progress, self.pace.per_second
        left = (1.0 - progress.fraction) * progress.steps_total
        return Progressed(self.view.id, progress, self.view.trials, rate, left / rate if rate else None)

    def snapshot(self) -> JobSnapshot:
        """All about it; its trials have to be known."""
        return JobSnapshot(self.view, *self._trials())

    def ended(self, reason: EndReason = EndReason.FINISHED) -> Ended:
        """Its end."""
        return Ended(reason, self.view.id, self.view, *self._trials())

    def _trials(self) -> tuple[list[TrialNow], int]:
        trials = list(self.trials.values())
        return trials, sum(self.view.trials.values()) - len(trials)


MOST_AT_ONCE = 64
"""Trials whose newest rows are looked at in one look."""

_LARGEST = 512 * 1024
"""Bytes of a chunk that is looked into; larger ones come from trials that make very many steps in a second."""

_COLUMNS = (
    Trial.id, Trial.job_id, Trial.index.label("place"), Trial.optimizer_index, Trial.label, Trial.seed, Trial.state,
    Trial.steps_done, Trial.final_loss, Trial.best_loss, Trial.best_step,
)  # fmt: skip


def trials_of(
    session: Session, job_ids: Collection[str], known: Mapping[str, Mapping[str, TrialNow]]
) -> dict[str, dict[str, TrialNow]]:
    """The first trials of each job by id, in order.

    Args:
        session: the unit of work.
        job_ids: the jobs.
        known: what was known of their trials before; what their rows do not tell is kept.
    """
    found: dict[str, dict[str, TrialNow]] = {job_id: {} for job_id in job_ids}
    if not found:
        return found
    query = select(*_COLUMNS).where(Trial.job_id.in_(job_ids), Trial.index < MOST_TRIALS)
    for row in session.execute(query.order_by(Trial.job_id, Trial.index)):
        found[row.job_id][row.id] = _trial(row, known.get(row.job_id, {}).get(row.id))
    return found


def _trial(row: Any, before: TrialNow | None) -> TrialNow:
    if before is not None and row.steps_done < before.steps_done:
        before = None  # it began again from an earlier step
    step, loss = (before.step, before.loss) if before else (None, None)
    if row.final_loss is not None:
        step, loss = row.steps_done, row.final_loss
    return TrialNow(
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
    """The last recorded step of each trial and the loss there; None where that would take too long to find."""
    rows = _newest(session, Chunk, trial_ids)
    return {trial_id: (last_step, _last_row(data, ("loss",)).get("loss")) for trial_id, last_step, data in rows}


def newest_metrics(session: Session, trial_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """The last row of metrics of each trial that has any."""
    rows = {trial_id: _last_row(data) for trial_id, _, data in _newest(session, MetricChunk, trial_ids)}
    return {trial_id: row for trial_id, row in rows.items() if row}


def _last_row(data: bytes | None, columns: Collection[str] | None = None) -> dict[str, float]:
    """The last row of a chunk; nothing if it cannot be read: one that is damaged must not silence all streams."""
    if data is None:
        return {}
    try:
        table = decode(data, columns)
        return {name: table.column(name)[-1].as_py() for name in table.column_names}
    except pa.ArrowException:
        return {}


def _newest(
    session: Session, table: type[Chunk] | type[MetricChunk], trial_ids: Sequence[str]
) -> list[tuple[str, int, bytes | None]]:
    """The newest chunk of each trial: its last step, and its data unless they are too large."""
    if not trial_ids:
        return []
    other = aliased(table)
    last = select(func.max(other.first_step)).where(other.trial_id == Trial.id).correlate(Trial).scalar_subquery()
    data = case((func.length(table.data) <= _LARGEST, table.data))
    query = select(table.trial_id, table.last_step, data).select_from(Trial)
    query = query.join(table, (table.trial_id == Trial.id) & (table.first_step == last))
    return [(row[0], row[1], row[2]) for row in session.execute(query.where(Trial.id.in_(trial_ids)))]
