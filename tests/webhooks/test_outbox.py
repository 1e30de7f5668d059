"""The ends of jobs become deliveries in the very transaction that ends them, however many jobs end at once."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from ayla_service.db.models import JobRow, MemberRow, ShardRow, WebhookDeliveryRow
from ayla_service.db.session import Database, store_now
from ayla_service.queue import attempts
from ayla_service.queue.lifecycle import end_finished_jobs
from ayla_service.queue.outbox import forget
from ayla_service.queue.reaper import reap
from ayla_service.queue.retries import ErrorType
from ayla_service.teams.principal import LOCAL
from ayla_spec.limits import MAX_NAME_LENGTH, MAX_PROJECT_LENGTH, MAX_TAG_LENGTH, MAX_TAGS
from sqlalchemy import event, insert, select, update

from tests.factories import AT_ONCE, jobs, progress, stranger, submit, submit_as
from tests.queue.queueing import LEASE, claim_one, expire_leases
from tests.webhooks.hooks import add_webhook, deliveries

pytestmark = pytest.mark.every_store


def end(database: Database, job_ids: Sequence[str], state: str = "succeeded") -> None:
    """Let jobs end as a pack of them does: all in one transaction."""
    with database.write() as session:
        session.execute(update(ShardRow).where(ShardRow.job_id.in_(job_ids)).values(state=state))
        session.execute(update(ShardRow).where(ShardRow.job_id.in_(job_ids)).values(completed=ShardRow.trials))
        end_finished_jobs(session, job_ids, store_now(session))


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is sent to the store meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_job_that_succeeds_is_told_with_what_a_receiver_needs(database: Database) -> None:
    webhook = add_webhook(database)
    job = submit(database, name="saddle", project="thesis", tags=["a", "b"])
    claimed = claim_one(database)
    assert deliveries(database) == []
    attempts.record(database, claimed, progress(claimed, 0, 10, finished=True), LEASE)
    (row,) = deliveries(database)
    ended = jobs(database).get(job.id)
    assert ended.finished_at is not None
    assert ended.started_at is not None
    assert (row.webhook_id, row.job_id, row.event) == (webhook, job.id, "job.succeeded")
    assert (row.state, row.attempts, row.next_at, row.created_at) == (
        "pending",
        0,
        ended.finished_at,
        ended.finished_at,
    )

    def written(time: Any) -> str:
        return str(time.isoformat().replace("+00:00", "Z"))

    assert row.payload == {
        "type": "job.succeeded",
        "timestamp": written(ended.finished_at),
        "data": {
            "job_id": job.id,
            "url": f"/v1/jobs/{job.id}",
            "name": "saddle",
            "state": "succeeded",
            "owner": "local",
            "project": "thesis",
            "tags": ["a", "b"],
            "created_at": written(ended.created_at),
            "started_at": written(ended.started_at),
            "finished_at": written(ended.finished_at),
            "error": None,
            "trials": {
                "total": 2,
                "queued": 0,
                "running": 0,
                "completed": 2,
                "diverged": 0,
                "failed": 0,
                "cancelled": 0,
            },
        },
    }


@pytest.mark.parametrize("way", ["fails", "is lost"])
def test_a_job_that_fails_is_told_with_its_error(database: Database, way: str) -> None:
    add_webhook(database)
    submit(database)
    for _ in range(AT_ONCE.max_attempts):
        claimed = claim_one(database)
        if way == "fails":
            attempts.fail(database, claimed, ErrorType.UNEXPECTED, "ValueError: no", AT_ONCE)
        else:
            expire_leases(database)
            reap(database, AT_ONCE)
    (row,) = deliveries(database)
    assert row.event == row.payload["type"] == "job.failed"
    assert row.payload["data"]["error"]["type"] == "attempts-exhausted"
    assert "after 3 attempts" in row.payload["data"]["error"]["detail"]
    assert row.payload["data"]["trials"]["failed"] == 2


@pytest.mark.parametrize("way", ["waiting", "running"])
def test_a_job_that_is_cancelled_is_told_once_it_has_ended(database: Database, way: str) -> None:
    add_webhook(database)
    job = submit(database)
    if way == "running":
        claimed = claim_one(database)
        jobs(database).cancel(job.id)
        assert deliveries(database) == []
        attempts.cancel(database, claimed)
    else:
        jobs(database).cancel(job.id)
    jobs(database).cancel(job.id)
    (row,) = deliveries(database)
    assert row.event == "job.cancelled"
    assert row.payload["data"]["state"] == "cancelled"


def test_a_job_that_is_tried_again_is_told_again(database: Database) -> None:
    add_webhook(database)
    job = submit(database)
    jobs(database).cancel(job.id)
    jobs(database).retry(job.id)
    claimed = claim_one(database)
    attempts.record(database, claimed, progress(claimed, 0, 10, finished=True), LEASE)
    assert sorted(row.event for row in deliveries(database)) == ["job.cancelled", "job.succeeded"]


def test_only_what_a_webhook_asks_for_is_told(database: Database) -> None:
    good, bad = add_webhook(database, ["job.succeeded"]), add_webhook(database, ["job.failed", "job.cancelled"])
    off = add_webhook(database, enabled=False)
    first, second = submit(database).id, submit(database).id
    end(database, [first], "succeeded")
    end(database, [second], "cancelled")
    told = {(row.webhook_id, row.job_id) for row in deliveries(database)}
    assert told == {(good, first), (bad, second)}
    assert off not in {row.webhook_id for row in deliveries(database)}


def test_only_the_jobs_own_team_is_told(database: Database) -> None:
    rival = stranger(database)
    ours, theirs = add_webhook(database), add_webhook(database, caller=rival)
    mine, other = submit(database).id, submit_as(database, rival).id
    end(database, [mine, other])
    assert {(row.webhook_id, row.job_id) for row in deliveries(database)} == {(ours, mine), (theirs, other)}


@pytest.mark.usefixtures("small_shards")
def test_a_job_that_has_not_ended_is_not_told(database: Database) -> None:
    add_webhook(database)
    job = submit(database, seeds=list(range(200)))
    claimed, _ = claim_one(database), claim_one(database)
    attempts.record(database, claimed, progress(claimed, 0, 10, finished=True), LEASE)
    assert jobs(database).get(job.id).state == "running"
    assert deliveries(database) == []


def test_an_end_that_is_undone_is_not_told(database: Database) -> None:
    add_webhook(database)
    job = submit(database).id
    with pytest.raises(RuntimeError), database.write() as session:  # noqa: PT012
        session.execute(update(ShardRow).values(state="succeeded"))
        end_finished_jobs(session, [job], store_now(session))
        raise RuntimeError
    assert deliveries(database) == []


def test_many_jobs_that_end_at_once_take_as_many_statements_as_one(database: Database) -> None:
    for _ in range(3):
        add_webhook(database)
    first, others = submit(database).id, [submit(database).id for _ in range(12)]
    with statements(database) as for_one:
        end(database, [first])
    with statements(database) as for_many:
        end(database, others)
    assert len(for_many) == len(for_one)
    assert len(deliveries(database)) == 3 * 13


def test_a_team_without_webhooks_pays_one_look(database: Database) -> None:
    add_webhook(database, caller=stranger(database))
    add_webhook(database, enabled=False)
    ended = [submit(database).id for _ in range(3)]
    with statements(database) as sent:
        end(database, ended)
    assert deliveries(database) == []
    assert len([statement for statement in sent if "webhook" in statement]) == 1


@pytest.mark.usefixtures("small_shards")
def test_shards_that_do_not_end_their_job_cost_no_look(database: Database) -> None:
    submit(database, seeds=list(range(200)))
    claimed, _ = claim_one(database), claim_one(database)
    with statements(database) as sent:
        attempts.record(database, claimed, progress(claimed, 0, 10, finished=True), LEASE)
    assert not [statement for statement in sent if "webhook" in statement]


def test_the_largest_message_is_small(database: Database) -> None:
    add_webhook(database)
    widest = "\N{GRINNING FACE}"
    tags = [widest * (MAX_TAG_LENGTH - 2) + f"{number:02}" for number in range(MAX_TAGS)]
    submit(database, name=widest * MAX_NAME_LENGTH, project=widest * MAX_PROJECT_LENGTH, tags=tags)
    with database.write() as session:
        session.execute(update(MemberRow).where(MemberRow.id == LOCAL.member_id).values(name=widest * 100))
    attempts.fail(database, claim_one(database), ErrorType.DATASET_UNUSABLE, widest * 100_000, AT_ONCE)
    (row,) = deliveries(database)
    assert len(json.dumps(row.payload, ensure_ascii=False).encode()) < 20_000


def test_old_deliveries_are_forgotten_and_what_is_still_to_be_sent_is_not(database: Database) -> None:
    webhook = add_webhook(database)
    with database.write() as session:
        now = store_now(session)
        common = {"webhook_id": webhook, "event": "job.failed", "payload": {}, "created_at": now - timedelta(days=30)}
        ended = {"state": "delivered", "attempts": 1, "next_at": None}
        rows = [
            {"id": "old", "ended_at": now - timedelta(days=8), **ended, **common},
            {"id": "young", "ended_at": now - timedelta(days=6), **ended, **common},
            {"id": "due", "state": "pending", "attempts": 0, "next_at": now, "ended_at": None, **common},
        ]
        session.execute(insert(WebhookDeliveryRow), rows)
        assert forget(session, now - timedelta(days=7)) == 1
        assert forget(session, now - timedelta(days=7)) == 0
    assert {row.id for row in deliveries(database)} == {"young", "due"}


def test_a_delivery_outlives_its_job(database: Database) -> None:
    add_webhook(database)
    end(database, [submit(database).id])
    with database.write() as session:
        session.delete(session.scalars(select(JobRow)).one())
    (row,) = deliveries(database)
    assert (row.job_id, row.state) == (None, "pending")
