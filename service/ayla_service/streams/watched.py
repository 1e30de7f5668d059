"""A job that somebody watches, as it was when it was last looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ayla_service.db.models import Job
from ayla_service.jobs.rendering import progress_of
from ayla_service.jobs.views import JobView, Progress
from ayla_service.states import UNFINISHED_JOB, JobState, TrialState
from ayla_service.streams.events import Ended, EndReason, JobSnapshot, Progressed, TrialNow
from ayla_service.streams.pace import Pace

TrialCounts = Mapping[TrialState, tuple[int, int]]
"""The number of trials and their steps done, by state."""

_TRIALS_PER_LOOK = 500
_NO_PROGRESS = Progress(0, 0, 0.0)


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
