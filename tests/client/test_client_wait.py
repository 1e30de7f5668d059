"""Waiting for a job: how it can end, and how it looks."""

import ayla
import httpx2
import pytest
from ayla._polling import FIRST_INTERVAL, LONGEST_INTERVAL, LONGEST_OUTAGE

from tests.client.fake_service import FakeService, Reply, problem

PROBLEM = ayla.preset("poly-sgd")


@pytest.fixture
def service() -> FakeService:
    return FakeService(outcomes={"failing": "failed", "cancelled": "cancelled"})


def test_the_finished_job_is_returned_and_each_look_reported(service: FakeService) -> None:
    client, seen = service.client(), list[str]()
    job = client.jobs.wait(client.jobs.submit(problem=PROBLEM), on_progress=lambda look: seen.append(look.state))

    assert job.state == "succeeded"
    assert job.finished
    assert seen == ["queued", "running", "succeeded"]


def test_a_failed_job_raises_with_its_reason(service: FakeService) -> None:
    client = service.client()
    with pytest.raises(ayla.JobFailed, match="ran out of memory") as caught:
        client.jobs.wait(client.jobs.submit(problem=PROBLEM, name="failing").id)

    assert caught.value.job.state == "failed"


def test_a_cancelled_job_raises(service: FakeService) -> None:
    client = service.client()
    with pytest.raises(ayla.JobCancelled):
        client.jobs.wait(client.jobs.submit(problem=PROBLEM, name="cancelled"))


def test_a_wait_ends_at_its_timeout_and_leaves_the_job_alone(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.submit(problem=PROBLEM)
    service.jobs[job.id].looks_needed = 9
    with pytest.raises(ayla.WaitTimeout, match=r"still running after 0\.15 s") as caught:
        client.jobs.wait(job, timeout=0.15)

    assert service.time.now == pytest.approx(0.15)
    assert not caught.value.job.finished
    assert not service.jobs[job.id].cancelled


def test_a_timeout_of_zero_looks_once(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.submit(problem=PROBLEM)
    with pytest.raises(ayla.WaitTimeout):
        client.jobs.wait(job, timeout=0)

    assert service.jobs[job.id].looks == 1


def test_looks_grow_rarer_up_to_a_bound(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.submit(problem=PROBLEM)
    service.jobs[job.id].looks_needed = 12
    client.jobs.wait(job)

    pauses = service.time.sleeps
    assert pauses == sorted(pauses)
    assert pauses[0] == FIRST_INTERVAL
    assert pauses[-1] == LONGEST_INTERVAL


def test_the_pause_between_looks_is_an_option(service: FakeService) -> None:
    client = service.client()
    client.jobs.wait(client.jobs.submit(problem=PROBLEM), poll=3.0)

    assert service.time.sleeps == [3.0, 3.0]


def test_a_finished_job_needs_one_look(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.wait(client.jobs.submit(problem=PROBLEM))
    service.time.sleeps.clear()

    assert client.jobs.wait(job).state == "succeeded"
    assert service.time.sleeps == []


PASSING: list[Reply] = [
    httpx2.ConnectError("refused"),
    httpx2.ReadTimeout("slow"),
    problem(503, "not-ready", "Starting."),
    problem(429, "too-many", "Slow down."),
]


@pytest.mark.parametrize("failure", PASSING, ids=str)
def test_a_wait_survives_a_restart_of_the_service(service: FakeService, failure: Reply) -> None:
    client, seen = service.client(), list[str]()
    job = client.jobs.submit(problem=PROBLEM)
    service.replies = [failure] * 8
    finished = client.jobs.wait(job, on_progress=lambda look: seen.append(look.state))

    assert finished.state == "succeeded"
    assert service.time.now > 5
    assert seen == ["queued", "running", "succeeded"]


def test_a_wait_for_an_id_survives_a_restart_after_its_first_look(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.submit(problem=PROBLEM)

    def stop(_: ayla.Job) -> None:
        if len(service.requests) == 2:
            service.replies = [httpx2.ConnectError("refused")] * 8

    assert client.jobs.wait(job.id, on_progress=stop).state == "succeeded"
    assert len(service.requests) == 1 + 3 + 8


def test_a_service_that_was_never_there_is_said_at_once(service: FakeService) -> None:
    service.replies = [httpx2.ConnectError("refused")] * 3
    with pytest.raises(ayla.APIConnectionError):
        service.client().jobs.wait("job-0")

    assert len(service.requests) == 3


def test_a_wait_without_a_timeout_gives_up_after_a_minute_without_an_answer(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.submit(problem=PROBLEM)
    service.replies = [httpx2.ConnectError("refused")] * 1000
    with pytest.raises(ayla.APIConnectionError):
        client.jobs.wait(job)

    assert LONGEST_OUTAGE <= service.time.now <= LONGEST_OUTAGE + LONGEST_INTERVAL


def test_two_outages_with_an_answer_in_between_are_not_one(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.submit(problem=PROBLEM)
    outage: list[Reply] = [httpx2.ConnectError("refused")] * 20
    service.replies = [*outage, httpx2.Response(200, json=service.jobs[job.id].document()), *outage]

    assert client.jobs.wait(job, poll=2.0).state == "succeeded"
    assert service.time.now > LONGEST_OUTAGE


def test_a_timeout_during_an_outage_ends_the_wait_in_time_with_the_job_last_seen(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.submit(problem=PROBLEM)
    service.replies = [httpx2.ConnectError("refused")] * 1000
    with pytest.raises(ayla.WaitTimeout, match="the service does not answer") as caught:
        client.jobs.wait(job, timeout=100.0)

    assert service.time.now == pytest.approx(100.0)
    assert caught.value.job == job
    assert not caught.value.answered


def test_a_service_that_asks_for_a_pause_while_a_job_runs_gets_it(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.submit(problem=PROBLEM)
    service.replies = [problem(503, "not-ready", "Starting.", Retry_After="7")]
    client.jobs.wait(job)

    assert service.time.sleeps[0] == 7.0
    assert max(service.time.sleeps[1:]) < 1.0


def test_a_lasting_refusal_ends_the_wait_at_once(service: FakeService) -> None:
    client = service.client()
    job = client.jobs.submit(problem=PROBLEM)
    service.replies = [problem(403, "forbidden", "Not yours.")]
    with pytest.raises(ayla.PermissionDeniedError):
        client.jobs.wait(job)

    assert service.time.sleeps == []
