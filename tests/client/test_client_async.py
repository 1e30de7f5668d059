"""The asynchronous client: the rules are those of the other one, as its text is; here they are seen to wait."""

import asyncio
import pickle
from collections.abc import Callable, Coroutine
from typing import Any

import ayla
import httpx2
import pytest

from tests.client.fake_service import FakeService, problem

PROBLEM = ayla.preset("poly-sgd")


@pytest.fixture
def service() -> FakeService:
    return FakeService(outcomes={"failing": "failed"})


def run(service: FakeService, use: Callable[[ayla.AsyncClient], Coroutine[Any, Any, Any]], **options: Any) -> Any:
    """What a function does with a client, whose clock only sleeping moves."""

    async def sleep(seconds: float) -> None:
        service.time.sleep(seconds)
        await asyncio.sleep(0)

    async def body() -> Any:
        clock = ayla.AsyncClock(monotonic=lambda: service.time.now, sleep=sleep)
        url = "http://service.test"
        async with ayla.AsyncClient(url, transport=service.transport, clock=clock, **options) as client:
            return await use(client)

    return asyncio.run(body())


def test_a_job_is_submitted_awaited_and_looked_at(service: FakeService) -> None:
    async def use(client: ayla.AsyncClient) -> None:
        job = await (await client.jobs.submit(problem=PROBLEM, name="one")).wait()
        assert isinstance(job, ayla.AsyncJob)
        assert (job.state, job.name) == ("succeeded", "one")
        trials = await job.trials()
        assert [trial.label for trial in trials] == [row.label for row in (await job.comparison()).optimizers]
        assert (await trials[0].trajectory())["step"][0] == 0
        assert [one.id async for one in client.jobs.list()] == [job.id]
        assert repr(client) == "<AsyncClient of http://service.test>"

    run(service, use)


def test_how_a_job_ended_is_raised(service: FakeService) -> None:
    async def use(client: ayla.AsyncClient) -> None:
        job = await client.jobs.submit(problem=PROBLEM, name="failing")
        with pytest.raises(ayla.JobFailed, match="ran out of memory"):
            await job.wait()
        with pytest.raises(ayla.WaitTimeout):
            await (await client.jobs.submit(problem=PROBLEM)).wait(timeout=0)

    run(service, use)


def test_a_request_is_sent_again_with_its_key(service: FakeService) -> None:
    service.replies = [httpx2.ConnectError("refused"), problem(503, "not-ready", "Starting.")]
    run(service, lambda client: client.jobs.submit(problem=PROBLEM))

    keys = [request.headers["Idempotency-Key"] for request in service.requests]
    assert len(keys) == 3
    assert len({*keys}) == 1
    assert len(service.time.sleeps) == 2


def test_waits_go_on_beside_each_other(service: FakeService) -> None:
    async def use(client: ayla.AsyncClient) -> list[ayla.AsyncJob]:
        jobs = [await client.jobs.submit(problem=PROBLEM) for _ in range(3)]
        return await asyncio.gather(*(job.wait() for job in jobs))

    assert [job.state for job in run(service, use)] == ["succeeded"] * 3
    asked = [request.url.path for request in service.requests if request.method == "GET"]
    assert asked != sorted(asked)


def test_numbers_that_were_not_awaited_are_not_there(service: FakeService) -> None:
    async def use(client: ayla.AsyncClient) -> None:
        with pytest.raises(ayla.AylaError, match="await it first"):
            client.jobs.heatmap("job-0").numbers  # noqa: B018  # it is a property

    run(service, use)


def test_a_copy_elsewhere_has_no_client(service: FakeService) -> None:
    with service.client() as client:
        job = client.jobs.submit(problem=PROBLEM)
        copy = pickle.loads(pickle.dumps(job))
        assert copy == job
        for act in (copy.refresh, copy.trials, copy.attempts):
            with pytest.raises(ayla.AylaError, match="did not come from a client"):
                act()
        assert job.refresh().id == job.id


def test_a_raw_response_has_what_was_read_from_it(service: FakeService) -> None:
    with service.client() as client:
        job = client.jobs.submit(problem=PROBLEM)
        raw = client.with_raw_response.jobs.get(job.id)
        assert (raw.status, raw.parse().id) == (200, job.id)
        assert raw.headers["content-type"] == "application/json"
        assert [one.id for one in client.with_raw_response.jobs.list().parse()] == [job.id]
        service.replies = [httpx2.Response(200, text="<html>")]
        broken = client.with_raw_response.me.get()
        assert broken.content == b"<html>"
        with pytest.raises(ayla.APIResponseError):
            broken.parse()

    async def use(client: ayla.AsyncClient) -> list[int]:
        calls = [client.with_raw_response.jobs.get(job.id) for _ in range(3)]
        return [raw.status for raw in await asyncio.gather(*calls)]

    assert run(service, use) == [200] * 3


def test_what_is_gone_when_the_deletion_is_sent_again_was_deleted(service: FakeService) -> None:
    service.replies = [httpx2.ReadError("reset"), problem(404, "job-not-found", "No such job.")]
    with service.client() as client:
        client.jobs.delete("job-0")
        service.replies = [problem(404, "job-not-found", "No such job.")]
        with pytest.raises(ayla.NotFoundError):
            client.jobs.delete("job-0")
