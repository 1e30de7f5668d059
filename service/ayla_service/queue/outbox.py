"""Outbox of webhooks: deliveries are written in the transaction that ends jobs, so that no end is missed or made up.

They are sent by the API's processes (``ayla_service.webhooks``); here only the rows are made, in as many statements for
a pack of jobs as for one.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.orm import Session

from ayla_service.db.models import JobRow, MemberRow, WebhookDeliveryRow, WebhookRow
from ayla_service.states import DeliveryState, TrialState
from ayla_service.trials.counts import StateCounts, trial_counts

KEPT = timedelta(days=7)
"""Time for which the outcome of a delivery is kept."""

_FORGOTTEN_AT_ONCE = 5000
_MOST_DETAIL = 1000


class WebhookEvent(StrEnum):
    """Types of events that webhooks can be sent."""

    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"


def announce(session: Session, ended: Mapping[str, str], now: datetime) -> None:
    """Write a delivery for each webhook that is sent the end of these jobs.

    Args:
        session: the unit of work that has ended them, their rows written.
        ended: the id of each job's team, by the job's id.
        now: when they ended.
    """
    webhooks = _webhooks(session, set(ended.values())) if ended else {}
    jobs = _jobs(session, [job_id for job_id, team_id in ended.items() if team_id in webhooks])
    counts = trial_counts(session, [job.id for job in jobs]) if jobs else {}
    deliveries = []
    for job in jobs:
        event = f"job.{job.state}"
        receivers = [webhook for webhook in webhooks[job.team_id] if event in webhook.events]
        payload = message(event, now, _data(job, counts[job.id])) if receivers else {}
        deliveries += [delivery(webhook.id, event, payload, now, job.id) for webhook in receivers]
    if deliveries:
        session.execute(insert(WebhookDeliveryRow), deliveries)


def message(event: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    """Payload as Standard Webhooks has it: the type of event, when it happened, and its data."""
    return {"type": event, "timestamp": _written(at), "data": data}


def delivery(
    webhook_id: str, event: str, payload: dict[str, Any], now: datetime, job_id: str | None = None
) -> dict[str, Any]:
    """Row of a delivery that is to be sent at once."""
    return {
        "id": str(uuid.uuid4()),
        "webhook_id": webhook_id,
        "job_id": job_id,
        "event": event,
        "payload": payload,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "next_at": now,
        "created_at": now,
    }


def forget(session: Session, before: datetime) -> int:
    """Remove deliveries that were ended before; a number at a time, to be called until it returns 0."""
    old = select(WebhookDeliveryRow.id).where(WebhookDeliveryRow.ended_at < before).limit(_FORGOTTEN_AT_ONCE)
    gone = delete(WebhookDeliveryRow).where(WebhookDeliveryRow.id.in_(old)).returning(WebhookDeliveryRow.id)
    return len(session.scalars(gone).all())


def _webhooks(session: Session, team_ids: Collection[str]) -> dict[str, list[Row[str, str, list[str]]]]:
    """Webhooks of each of these teams that has any; locked so that nobody removes them meanwhile."""
    rows = session.execute(
        select(WebhookRow.id, WebhookRow.team_id, WebhookRow.events)
        .where(WebhookRow.team_id.in_(team_ids), WebhookRow.enabled)
        .order_by(WebhookRow.id)
        .with_for_update(read=True, key_share=True)
    )
    webhooks = defaultdict(list)
    for row in rows:
        webhooks[row.team_id].append(row)
    return dict(webhooks)


def _jobs(session: Session, job_ids: Sequence[str]) -> Sequence[Any]:
    """Data of the jobs."""
    if not job_ids:
        return []
    columns = (JobRow.id, JobRow.team_id, JobRow.name, JobRow.state, JobRow.project, JobRow.tags, JobRow.trials_total)
    times = (JobRow.created_at, JobRow.started_at, JobRow.finished_at)
    query = select(*columns, *times, JobRow.error_type, JobRow.error_detail, MemberRow.name.label("owner"))
    query = query.join(MemberRow, MemberRow.id == JobRow.owner_id)
    return session.execute(query.where(JobRow.id.in_(job_ids)).order_by(JobRow.id)).all()


def _data(job: Any, trials: StateCounts) -> dict[str, Any]:
    error = None
    if job.error_type is not None:
        error = {"type": job.error_type, "detail": (job.error_detail or "")[:_MOST_DETAIL]}
    return {
        "job_id": job.id,
        "url": f"/v1/jobs/{job.id}",
        "name": job.name,
        "state": job.state,
        "owner": job.owner,
        "project": job.project,
        "tags": job.tags,
        "created_at": _written(job.created_at),
        "started_at": _written(job.started_at),
        "finished_at": _written(job.finished_at),
        "error": error,
        "trials": {"total": job.trials_total, **{state.value: trials.get(state, (0, 0))[0] for state in TrialState}},
    }


def _written(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat().replace("+00:00", "Z")
