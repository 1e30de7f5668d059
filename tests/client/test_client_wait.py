"""Waiting for a job: how it can end, and how it looks."""

import ayla
import pytest
from ayla._wait import FIRST_POLL, LONGEST_POLL

from tests.client.fake_service import FakeService

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
    assert pauses[0] == FIRST_POLL
    assert pauses[-1] == LONGEST_POLL


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
