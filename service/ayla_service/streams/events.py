"""What streams tell; plain values, apart from the store's rows and from how they are written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ayla_service.jobs.schemas import JobSummary, Progress, TrialCounts
from ayla_service.streams.positions import Position

MOST_TRIALS = 500
"""Trials of a job that streams tell of one by one: the first ones. All of them count for its progress.

Many clients take no event above a megabyte.
"""


class EndReason(StrEnum):
    """Why nothing more is told of a job, or at all."""

    FINISHED = "finished"
    DELETED = "deleted"
    ACCESS_ENDED = "access-ended"


class GapReason(StrEnum):
    """Why events are missing."""

    SLOW_CLIENT = "slow-client"
    STORE_UNAVAILABLE = "store-unavailable"
    TOO_MANY_CHANGES = "too-many-changes"


@dataclass(frozen=True, slots=True)
class TrialNow:
    """Where a trial is.

    Attributes:
        step: of ``loss``; None before the first row that was looked at.
        loss: at that step; of a trial that has ended its final loss.
        metrics: the newest row, by column; None where there is none.
    """

    id: str
    index: int
    optimizer_index: int
    label: str
    seed: int
    state: str
    steps_done: int
    step: int | None
    loss: float | None
    best_loss: float | None
    best_step: int | None
    metrics: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """All about a job, from which the events after it go on."""

    job: JobSummary
    trials: Sequence[TrialNow]
    trials_left_out: int


@dataclass(frozen=True, slots=True)
class TeamSnapshot:
    """The unfinished jobs of a team; ``complete`` says whether these are all."""

    jobs: Sequence[JobSummary]
    complete: bool


@dataclass(frozen=True, slots=True)
class StateChanged:
    """A job's state, or what its users have written about it, is another now."""

    job: JobSummary


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a job is.

    Attributes:
        steps_per_second: of all its trials together, lately; None while that cannot be told.
        eta_seconds: until it is done, at this rate.
    """

    job_id: str
    progress: Progress
    trials: TrialCounts
    steps_per_second: float | None
    eta_seconds: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Where those trials of a job are that have gone on since they were told of last."""

    job_id: str
    trials: Sequence[TrialNow]


@dataclass(frozen=True, slots=True)
class Gap:
    """Events were left out; what follows is where things stand now.

    Attributes:
        since: from when on events can be missing.
    """

    reason: GapReason
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more is told of a job; without one, nothing more at all."""

    reason: EndReason
    job_id: str | None = None
    job: JobSummary | None = None
    trials: Sequence[TrialNow] = ()
    trials_left_out: int = 0


Event = JobSnapshot | TeamSnapshot | StateChanged | Progressed | Measured | Gap | Ended

Encode = Callable[[Event, Position | None], bytes]
"""Writes an event, with its position if clients are to come back to it."""
