"""Jobs of a plan that a command submits and waits for, and finds again when it is given once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

from ayla._client import Client
from ayla._clock import Clock
from ayla._polling import JobPoller
from ayla.models import Job

_POLL = 0.5
_OVER = frozenset({"failed", "cancelled"})


class Planned(Protocol):
    """A job of a plan.

    Attributes:
        name: its own in the plan.
        cost: estimated seconds of one core, relative to the other jobs.
    """

    @property
    def name(self) -> str:
        """Its own in the plan."""

    @property
    def cost(self) -> float:
        """Estimated seconds of one core, relative to the other jobs."""


P = TypeVar("P", bound=Planned, covariant=True)


@dataclass(frozen=True, slots=True)
class SubmittedJob(Generic[P]):
    """A job of the plan on the service.

    Attributes:
        planned: what it is.
        job: as it was last seen.
        found: whether an earlier run had submitted it.
    """

    planned: P
    job: Job
    found: bool

    @property
    def succeeded(self) -> bool:
        """Whether its results are there."""
        return self.job.state == "succeeded"


def is_usable(job: Job) -> bool:
    """Whether a job has, or will have, results: it neither failed nor was cancelled."""
    return job.state not in _OVER


def wait_for_all(
    client: Client,
    submitted: Sequence[SubmittedJob[P]],
    clock: Clock,
    on_progress: Callable[[SubmittedJob[P]], None],
) -> list[SubmittedJob[P]]:
    """Poll jobs until all have ended; a service that restarts meanwhile is waited for.

    Raises:
        APIError: the service refused, or gave no answer for 60 seconds in a row.
    """
    items = {item.planned.name: item for item in submitted}
    pending, poller = [*items], JobPoller(clock)
    without_retries = client.with_options(max_retries=0)
    while pending:
        for name in pending:
            job = poller.poll(partial(without_retries.jobs.get, items[name].job.id))
            if job is None:
                break
            items[name] = replace(items[name], job=job)
            on_progress(items[name])
        pending = [name for name in pending if not items[name].job.finished]
        if pending:
            clock.sleep(poller.interval(_POLL))
    return [*items.values()]
