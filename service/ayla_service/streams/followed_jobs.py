"""Followed jobs: what the last poll has read of each, how fast it is, and its trials with their newest results."""

from collections import deque
from dataclasses import dataclass, field

from ayla_service.db.models import JobRow
from ayla_service.errors import SpecUnreadable
from ayla_service.jobs.repository import progress_of, trial_totals
from ayla_service.jobs.schemas import JobSummary
from ayla_service.states import UNFINISHED_JOB, JobState
from ayla_service.streams.best_trials import BestTrial
from ayla_service.streams.events import (
    MOST_TRIALS,
    EndData,
    EndReason,
    JobSnapshotData,
    ProgressData,
    StateData,
    StreamedTrial,
)
from ayla_service.trials.counts import StateCounts
from ayla_service.trials.layout import TrialLayout
from ayla_service.trials.series import has_data

MOST_AT_ONCE = 64
"""Trials whose newest rows are read in one poll."""

_WINDOW_SECONDS = 30.0
_TRIALS_PER_POLL = 500


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
        best: the best of its trials, where they are more than events carry.
        best_told: the best trial of the last event.
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
    best: BestTrial
    best_told: StreamedTrial | None = None
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
            steps_of_trial=job.steps_total // job.trials_total,
            has_metrics=has_data(job),
            best=BestTrial(_layout_of(job)) if before is None else before.best,
        )
        if before is not None:
            followed.in_full, followed.trials = before.in_full, before.trials
            followed.counts, followed.shards, followed.rate = before.counts, before.shards, before.rate
            followed.best_told = before.best_told
        return followed

    @property
    def has_more_trials(self) -> bool:
        """Whether it has more trials than an event carries."""
        return self.view.trials.total > MOST_TRIALS

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

    def _first_trials(self) -> tuple[list[StreamedTrial], int, StreamedTrial | None]:
        """The trials that are read, how many more there are, and the best of all if there are more."""
        trials = list(self.trials.values())
        return trials, self.view.trials.total - len(trials), self.best.trial


def _layout_of(job: JobRow) -> TrialLayout | None:
    """What the trials of a job are; None where another version of the service wrote that, and this one cannot read it.

    Such a job must not end the streams of all others.
    """
    try:
        return TrialLayout.of(job)
    except SpecUnreadable:
        return None
