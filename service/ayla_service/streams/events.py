"""Events of streams: the data of each as clients get them, and the position from which a client goes on.

The classes of data are plain dataclasses, as a poll makes hundreds of them; the contract is made from them too.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from ayla_service.jobs.schemas import JobSummary, TrialCounts
from ayla_service.states import TrialState

MOST_TRIALS = 100
"""Trials of a job that an event can have, the first ones; all of them count for the job's progress.

Of a job with more an event has the best too.
"""

LONGEST_TRANSACTION = timedelta(seconds=20)
"""A commit comes at most this long after its changes: locks are waited for 10 s, idle transactions end after 15 s."""


class EndReason(StrEnum):
    """Reason why no more events of a job, or of the whole stream, will come."""

    FINISHED = "finished"
    DELETED = "deleted"
    ACCESS_ENDED = "access-ended"


class GapReason(StrEnum):
    """Reason why events are missing."""

    SLOW_CLIENT = "slow-client"
    STORE_UNAVAILABLE = "store-unavailable"
    TOO_MANY_CHANGES = "too-many-changes"


@dataclass(frozen=True, slots=True)
class StreamedTrial:
    """Trial with its newest results."""

    id: str
    index: Annotated[int, Field(description="Place in the job, from 0.")]
    optimizer_index: Annotated[int, Field(description="Place of the setting in the job's optimizers.")]
    label: str
    seed: int
    state: TrialState
    steps_done: int
    step: Annotated[int | None, Field(description="The step of the loss; null before the first one is known.")]
    loss: Annotated[
        float | None,
        Field(
            description="Newest recorded loss, of a trial that has ended its final loss; null where it is not finite, "
            "or where so many steps are recorded in a second that they are not read."
        ),
    ]
    best_loss: Annotated[float | None, Field(description="Lowest finite loss; null if there was none.")]
    best_step: int | None
    metrics: Annotated[
        Mapping[str, float | None] | None,
        Field(description="Newest row of metrics, by column; null where there is none."),
    ]


Best = Annotated[
    StreamedTrial | None,
    Field(
        description="Of a job with more trials the best so far, by its lowest test loss at the ends of epochs, else by "
        "that on the training part, else by its lowest loss; null before there is one, or where every trial is told."
    ),
]


@dataclass(frozen=True, slots=True)
class JobSnapshotData:
    """A job and its trials as they are; the events after it are changes."""

    job_id: str
    job: JobSummary
    trials: Annotated[Sequence[StreamedTrial], Field(description=f"The first {MOST_TRIALS} trials, in order.")]
    trials_left_out: Annotated[int, Field(description="How many more there are.")]
    best: Best = None


@dataclass(frozen=True, slots=True)
class TeamSnapshotData:
    """Unfinished jobs of the team, of those that the stream is about."""

    jobs: Annotated[Sequence[JobSummary], Field(description="Running ones first, of each state the newest first.")]
    complete: Annotated[bool, Field(description="False if there are more of them; GET /v1/jobs lists all.")]


@dataclass(frozen=True, slots=True)
class StateData:
    """A job whose state has changed, or that a user has changed."""

    job_id: str
    job: JobSummary


@dataclass(frozen=True, slots=True)
class ProgressData:
    """Progress of a job, over all its trials."""

    job_id: str
    steps_done: int
    steps_total: int
    fraction: Annotated[float, Field(ge=0, le=1, description="A diverged trial counts as done.")]
    trials: TrialCounts
    steps_per_second: Annotated[
        float | None, Field(description="Mean of the last half minute; null before two values are known.")
    ]
    eta_seconds: Annotated[float | None, Field(description="Time until the job is done, at this rate.")]


@dataclass(frozen=True, slots=True)
class MetricData:
    """Trials of a job that have made steps since their last event: the newest row of each, not every row."""

    job_id: str
    trials: Annotated[
        Sequence[StreamedTrial], Field(description=f"Of the first {MOST_TRIALS}, those that have made steps.")
    ]
    best: Best = None


@dataclass(frozen=True, slots=True)
class GapData:
    """Events are missing; a snapshot, or the changes since, follow as soon as possible."""

    reason: GapReason
    since: Annotated[datetime | None, Field(description="From when on events can be missing; null: from the start.")]


@dataclass(frozen=True, slots=True)
class EndData:
    """End of the events of a job; without a job, end of the stream."""

    reason: EndReason
    job_id: str | None
    job: Annotated[JobSummary | None, Field(description="As it has ended, or was last; null if that is not known.")]
    trials: Annotated[Sequence[StreamedTrial], Field(description=f"The first {MOST_TRIALS} trials as they have ended.")]
    trials_left_out: int
    best: Best = None

    @classmethod
    def without_job(cls, reason: EndReason, job_id: str | None = None) -> Self:
        """The end of a job of which nothing is known any more, or of a stream."""
        return cls(reason, job_id, None, (), 0)


Event = JobSnapshotData | TeamSnapshotData | StateData | ProgressData | MetricData | GapData | EndData
"""Data of any event."""

_FORMAT = 1
_LONGEST_ID = 200
_YEARS = (2000, 9000)


@dataclass(frozen=True, slots=True)
class Position:
    """Position of an event in its stream; its id, which clients send back to go on from there.

    Attributes:
        at: time of the store; every change that was committed ``LONGEST_TRANSACTION`` before it has been sent.
        ended: id of the job whose end the event is; None for any other event.
    """

    at: datetime
    ended: str | None = None

    def encode(self) -> str:
        """The id of the event."""
        parts = [_FORMAT, self.at.isoformat(), *([self.ended] if self.ended else [])]
        return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str | None) -> Self | None:
        """The position that an id stands for; None for an id that this service has not made."""
        match _parts(text or ""):
            case [form, str(time)] if _is_ours(form):
                ended = None
            case [form, str(time), str(ended)] if _is_ours(form):
                pass
            case _:
                return None
        at = _time(time)
        return None if at is None else cls(at, ended)


Encode = Callable[[Event, Position | None], bytes]
"""Encodes an event for the wire, with its position if clients can go on from there."""


def _is_ours(form: object) -> bool:
    """Whether ``form`` is the number of the format; to Python true would be 1 too."""
    return type(form) is int and form == _FORMAT


def _parts(text: str) -> object:
    if len(text) > _LONGEST_ID or not text.isascii():
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None


def _time(text: str) -> datetime | None:
    """A time of a year with which one can compute; ISO 8601 can name others too."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time.tzinfo is None or not _YEARS[0] <= time.year <= _YEARS[1] else time.astimezone(UTC)
