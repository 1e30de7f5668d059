"""Steering jobs in the queue, and seeing who works on them."""

import json
from collections.abc import Callable
from typing import Any

import ayla
import httpx2
import pytest

from tests.client.attempts import attempt, worker
from tests.client.fake_service import FakeService

LOST = ("worker-lost", "Worker here:1 stopped answering.")


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def job(service: FakeService) -> ayla.Job:
    return service.client().jobs.submit(problem=ayla.preset("poly-sgd"))


def test_priority_and_limits_are_fields_of_the_spec(service: FakeService) -> None:
    limits = {"seconds": 60, "memory_mb": 512}
    submit = service.client().jobs.submit
    job = submit(problem=ayla.preset("poly-sgd"), priority="high", limits=limits)

    assert job.spec == {"problem": ayla.preset("poly-sgd"), "priority": "high", "limits": limits}
    assert job.priority == "high"
    assert (job.resolved or {})["limits"] == limits


def test_a_job_is_paused_and_resumed(service: FakeService, job: ayla.Job) -> None:
    client = service.client()
    paused = client.jobs.pause(job)

    assert (paused.state, paused.paused) == ("queued", True)
    assert "queued, paused" in str(paused)
    assert client.jobs.pause(job.id).paused_at == paused.paused_at
    assert client.jobs.resume(job).paused_at is None
    assert not client.jobs.resume(job).paused


def test_a_job_gets_another_priority(service: FakeService, job: ayla.Job) -> None:
    assert job.priority == "normal"
    assert service.client().jobs.prioritise(job, "urgent").priority == "urgent"

    request = service.requests[-1]
    assert (request.method, request.url.path) == ("PATCH", f"/v1/jobs/{job.id}")
    assert json.loads(request.content) == {"priority": "urgent"}
    assert request.headers["If-Match"] == "*"


def test_an_unknown_priority_names_the_field(service: FakeService, job: ayla.Job) -> None:
    with pytest.raises(ayla.UnprocessableEntityError) as caught:
        service.client().jobs.prioritise(job, "highest")

    assert [error.pointer for error in caught.value.errors] == ["/priority"]


CHANGES: list[Callable[[ayla.Client, Any], ayla.Job]] = [
    lambda client, job: client.jobs.pause(job),
    lambda client, job: client.jobs.resume(job),
    lambda client, job: client.jobs.prioritise(job, "low"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_ended_or_is_not_there_cannot_be_changed(
    service: FakeService, job: ayla.Job, change: Callable[[ayla.Client, Any], ayla.Job]
) -> None:
    client = service.client()
    client.jobs.wait(job)
    with pytest.raises(ayla.ConflictError, match="succeeded"):
        change(client, job)
    with pytest.raises(ayla.NotFoundError):
        change(client, "no such job")
    with pytest.raises(ayla.InvalidRequest):
        change(client, "")


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_sent_again_because_twice_is_the_same_as_once(
    service: FakeService, job: ayla.Job, change: Callable[[ayla.Client, Any], ayla.Job]
) -> None:
    service.replies = [httpx2.ReadError("reset")]

    assert change(service.client(), job).id == job.id


def test_attempts_come_over_pages_with_their_errors(service: FakeService, job: ayla.Job) -> None:
    service.page_size = 2
    service.jobs[job.id].attempts = [attempt(1, "lost", LOST), attempt(2, "failed"), attempt(3, "running")]
    client = service.client()
    attempts = client.jobs.attempts(job)

    assert [item.number for item in attempts] == [1, 2, 3]
    assert [item.outcome for item in attempts] == ["lost", "failed", "running"]
    assert attempts[0].error == ayla.AttemptError(type=LOST[0], detail=LOST[1])
    assert attempts[1].error is None
    assert attempts[2].ended_at is None
    counts = client.jobs.get(job).attempts
    assert (counts.total, counts.failed, counts.lost) == (3, 1, 1)


def test_a_job_of_an_older_service_has_no_attempts_and_the_usual_priority(job: ayla.Job) -> None:
    document = job.model_dump(mode="json", exclude={"priority", "paused_at", "attempts"})
    older = ayla.Job.model_validate(document)

    assert (older.priority, older.paused, older.attempts.total) == ("normal", False, 0)


def test_workers_tell_what_they_run(service: FakeService) -> None:
    service.workers = [worker("here:1", "busy", ("job-0", "job-1")), worker("here:2")]
    busy, idle = service.client().workers.list()

    assert (busy.name, busy.state, busy.devices) == ("here:1", "busy", ("auto", "cpu"))
    assert busy.job_ids == ("job-0", "job-1")
    assert len(busy.attempts) == 4
    assert str(busy) == "Worker here:1 (a processor): busy, runs job-0, job-1"
    assert str(idle) == "Worker here:2 (a processor): idle"


def test_attempts_and_workers_show_themselves_in_a_notebook(service: FakeService, job: ayla.Job) -> None:
    service.jobs[job.id].attempts = [attempt(1, "lost", ("worker-lost", "<gone>"))]
    service.workers = [worker("here:1", "busy", ("job-0",))]
    client = service.client()
    shown: Any = client.jobs.attempts(job)[0]
    who: Any = client.workers.list()[0]

    assert str(shown) == "Attempt 1 at shard 0 by here:1: lost (worker-lost: <gone>)"
    assert "worker-lost: &lt;gone&gt;" in shown._repr_html_()
    assert ">Worker here:1</caption>" in who._repr_html_()
    assert "job-0" in who._repr_html_()
