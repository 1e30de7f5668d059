"""Waiting for a job by looking again and again."""

from collections.abc import Callable

from ayla._clock import Clock
from ayla.errors import JobCancelled, JobFailed, WaitTimeout
from ayla.models import Job

FIRST_POLL = 0.1
LONGEST_POLL = 2.0
_GROWTH = 1.5


def wait_for(
    fetch: Callable[[], Job],
    clock: Clock,
    *,
    timeout: float | None,
    poll: float | None,
    on_progress: Callable[[Job], None] | None,
) -> Job:
    """Fetch a job until it has finished. Arguments and errors are those of ``Jobs.wait``."""
    deadline = None if timeout is None else clock.monotonic() + timeout
    pause = FIRST_POLL if poll is None else poll
    while True:
        job = fetch()
        if on_progress is not None:
            on_progress(job)
        if job.finished:
            return succeeded(job)
        left = None if deadline is None else deadline - clock.monotonic()
        if timeout is not None and left is not None and left <= 0:
            raise WaitTimeout(job, timeout)
        clock.sleep(pause if left is None else min(pause, left))
        pause = min(pause * _GROWTH, LONGEST_POLL) if poll is None else poll


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
