"""Jobs of a reproduction are found again by what they are, so that a run that was cut off submits nothing twice."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from typing import TypeAlias

from ayla import planned_jobs
from ayla._client import Client
from ayla._json import to_json
from ayla._version import __version__
from ayla.planned_jobs import is_usable
from ayla.reproduce.plan import PlannedJob

TAG = "reproduce"

SubmittedJob: TypeAlias = planned_jobs.SubmittedJob[PlannedJob]


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
    usable = next((job for job in earlier if is_usable(job)), None)
    if usable is not None:
        return planned_jobs.SubmittedJob(planned, usable, found=True)
    # Two runs at once, or one that was killed between the request and its answer, agree on this key.
    key = str(uuid.uuid4()) if fresh else f"{tag}-{len(earlier)}"
    job = client.jobs.submit(
        {**planned.spec, "name": planned.name, "tags": [TAG, tag]},
        idempotency_key=key,
    )
    return planned_jobs.SubmittedJob(planned, job, found=False)


def label(planned: PlannedJob) -> str:
    """The tag by which a job is found again: a digest of its spec and of the version that wrote it."""
    text = json.dumps([__version__, planned.name, to_json(planned.spec)], sort_keys=True)
    return f"{TAG}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
