"""A job that somebody watches, as it was when it was last looked at."""

from dataclasses import dataclass, field

from ayla_service.db.models import Job
from ayla_service.jobs.repository import StateCounts, progress_of, trial_totals
from ayla_service.jobs.schemas import JobSummary
from ayla_service.states import UNFINISHED_JOB, JobState
from ayla_service.streams.events import Ended, EndReason, JobSnapshot, Progressed, TrialNow
from ayla_service.streams.pace import Pace

_TRIALS_PER_LOOK = 500


@dataclass(slots=True)
class Watched:
    """What is remembered of a job.

    Attributes:
        team_id: whose it is.
        view: the job as lists show it.
        steps_of_trial: that each trial makes unless it diverges.
        has_metrics: whether its trials can have metrics.
        in_full: whether its trials are read too.
        trials: the first ones by id, as far as they are read.
        counts: of its trials when they were counted last.
        shards: a number that changes when something becomes of its shards; None before it was looked at.
        looks: into its trials that are passed over until the next, as many trials take long to count.
    """

    team_id: str
    view: JobSummary
    steps_of_trial: int
    has_metrics: bool
    in_full: bool = False
    trials: dict[str, TrialNow] = field(default_factory=dict)
    counts: StateCounts | None = None
    shards: tuple[object, ...] | None = None
    looks: int = 0
    pace: Pace = field(default_factory=Pace)

    @classmethod
    def of(cls, job: Job, view: JobSummary, before: "Watched | None") -> "Watched":
        """A job as it was just read, and what was known of it before."""
        watched = cls(
            team_id=job.team_id,
            view=view,
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
        self.looks = 1 + self.view.trials.total // _TRIALS_PER_LOOK
        return True

    def differs(self, other: JobSummary) -> bool:
        """Whether there is more to tell about it than progress, compared with how it was."""
        mine, its = (view.model_copy(update={"progress": None, "trials": None}) for view in (self.view, other))
        return mine != its

    def advance(self, counts: StateCounts, at: float) -> bool:
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
        self.view = self.view.model_copy(update={"progress": progress, "trials": trial_totals(counts)})
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
        return trials, self.view.trials.total - len(trials)
