"""Jobs of a reproduction are found again by what they are, so that a run that was cut off submits nothing twice."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ayla._client import Client
from ayla._clock import Clock
from ayla._json import to_json
from ayla._polling import JobPoller
from ayla._version import __version__
from ayla.models import Job
from ayla.reproduce.plan import PlannedJob

TAG = "reproduce"

_POLL = 0.5
_OVER = frozenset({"failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class SubmittedJob:
    """A job of the plan on the service.

    Attributes:
        planned: what it is.
        job: as it was last seen.
        found: whether an earlier run had submitted it.
    """

    planned: PlannedJob
    job: Job
    found: bool

    @property
    def succeeded(self) -> bool:
        """Whether its results are there."""
        return self.job.state == "succeeded"


def submit_all(client: Client, plan: Sequence[PlannedJob], *, fresh: bool) -> list[SubmittedJob]:
    """Each job of the plan: that of an earlier run where there is one that neither failed nor was cancelled.

    Args:
        client: of the service.
        plan: what to run.
        fresh: whether to run everything anew.
    """
    return [_submit(client, planned, fresh=fresh) for planned in plan]


def _submit(client: Client, planned: PlannedJob, *, fresh: bool) -> SubmittedJob:
    tag = label(planned)
    earlier = [] if fresh else [*client.jobs.list(tag=tag)]
    usable = next((job for job in earlier if job.state not in _OVER), None)
    if usable is not None:
        return SubmittedJob(planned, usable, found=True)
    # Two runs at once, or one that was killed between the request and its answer, agree on this key.
    key = str(uuid.uuid4()) if fresh else f"{tag}-{len(earlier)}"
    job = client.jobs.submit(
        {**planned.spec, "name": planned.name, "tags": [TAG, tag]},
        idempotency_key=key,
    )
    return SubmittedJob(planned, job, found=False)


def label(planned: PlannedJob) -> str:
    """The tag by which a job is found again: a digest of its spec and of the version that wrote it."""
    text = json.dumps([__version__, planned.name, to_json(planned.spec)], sort_keys=True)
    return f"{TAG}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def wait_for_all(
    client: Client, submitted: Sequence[SubmittedJob], clock: Clock, on_progress: Callable[[SubmittedJob], None]
) -> list[SubmittedJob]:
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
