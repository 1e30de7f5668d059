"""Waiting for a job by looking again and again."""

from collections.abc import Callable
from dataclasses import dataclass

from ayla._clock import Clock
from ayla._patience import Patience
from ayla.errors import JobCancelled, JobFailed, WaitTimeout
from ayla.models import Job

FIRST_POLL = 0.1
LONGEST_POLL = 2.0
_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Looks:
    """How a job is fetched.

    Attributes:
        first: while it is not known whether there is such a job, or such a service.
        again: from then on; a failure for a passing reason is borne.
    """

    first: Callable[[], Job]
    again: Callable[[], Job]


def wait_for(
    looks: Looks,
    clock: Clock,
    *,
    seen: Job | None,
    timeout: float | None,
    poll: float | None,
    on_progress: Callable[[Job], None] | None,
) -> Job:
    """Fetch a job until it has finished. Arguments and errors are those of ``Jobs.wait``; ``seen`` is the known job."""
    deadline = None if timeout is None else clock.monotonic() + timeout
    patience = Patience(clock, bounded=deadline is None)
    pause = FIRST_POLL if poll is None else poll
    last = seen
    while True:
        job = looks.first() if last is None else patience.look(looks.again) or last
        if patience.answered and on_progress is not None:
            on_progress(job)
        if patience.answered and job.finished:
            return succeeded(job)
        left = None if deadline is None else deadline - clock.monotonic()
        if timeout is not None and left is not None and left <= 0:
            raise WaitTimeout(job, timeout, answered=patience.answered)
        wanted = patience.pause(pause)
        clock.sleep(wanted if left is None else min(wanted, left))
        pause = min(pause * _GROWTH, LONGEST_POLL) if poll is None else poll
        last = job


def succeeded(job: Job) -> Job:
    """A finished job, if it succeeded.

    Raises:
        JobFailed: it failed.
        JobCancelled: it was cancelled.
    """
    if job.state == "failed":
        raise JobFailed(job)
    if job.state == "cancelled":
        raise JobCancelled(job)
    return job
