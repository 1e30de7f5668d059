"""What streams tell; plain values, apart from the store's rows and from how they are written."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

from ayla_service.jobs.views import JobView, Progress
from ayla_service.states import TrialState

MOST_TRIALS = 500
"""Trials of a job that streams tell of one by one: the first ones. All of them count for its progress.

Many clients take no event above a megabyte.
"""


LONGEST_TRANSACTION = timedelta(seconds=20)
"""Locks are waited for 10 s, and a transaction that stands still is ended after 15 s."""


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

    job: JobView
    trials: Sequence[TrialNow]
    trials_left_out: int


@dataclass(frozen=True, slots=True)
class TeamSnapshot:
    """The unfinished jobs of a team; ``complete`` says whether these are all."""

    jobs: Sequence[JobView]
    complete: bool


@dataclass(frozen=True, slots=True)
class StateChanged:
    """A job's state, or what its users have written about it, is another now."""

    job: JobView


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a job is.

    Attributes:
        steps_per_second: of all its trials together, lately; None while that cannot be told.
        eta_seconds: until it is done, at this rate.
    """

    job_id: str
    progress: Progress
    trials: Mapping[TrialState, int]
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
    job: JobView | None = None
    trials: Sequence[TrialNow] = ()
    trials_left_out: int = 0


_FORMAT = 1
_LONGEST = 200
_YEARS = (2000, 9000)


@dataclass(frozen=True, slots=True)
class Position:
    """A moment of the store's time.

    Attributes:
        at: everything that was stored well before it has been told.
        ended: the job whose end the event told; None for any other event.
    """

    at: datetime
    ended: str | None = None

    def encode(self) -> str:
        """The position as the id of an event."""
        parts = [_FORMAT, self.at.isoformat(), *([self.ended] if self.ended else [])]
        return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str | None) -> Self | None:
        """The position that an id stands for; None if it is none of ours."""
        match _parts(text or ""):
            case [form, str(time)] if _is_ours(form):
                ended = None
            case [form, str(time), str(ended)] if _is_ours(form):
                pass
            case _:
                return None
        at = _time(time)
        return None if at is None else cls(at, ended)


Event = JobSnapshot | TeamSnapshot | StateChanged | Progressed | Measured | Gap | Ended

Encode = Callable[[Event, Position | None], bytes]
"""Writes an event, with its position if clients are to come back to it."""


def _is_ours(form: object) -> bool:
    """Whether it is the number of the format; to Python true would be 1 too."""
    return type(form) is int and form == _FORMAT


def _parts(text: str) -> object:
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None


def _time(text: str) -> datetime | None:
    """A time that one can reckon with: some before or after can be named too."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if time.tzinfo is None or not _YEARS[0] <= time.year <= _YEARS[1] else time.astimezone(UTC)
