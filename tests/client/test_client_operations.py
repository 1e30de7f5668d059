"""Every operation of the service has a method in both clients: each is called, against a service with a worker."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ayla
import httpx2
import pytest
from ayla_service.db.session import Database

from tests.client.operations import CALLS, SADDLE, Things, settled, settled_later
from tests.keyring import make_key
from tests.system.processes import service
from tests.waiting import PATIENCE_SECONDS

CONTRACT = json.loads((Path(__file__).parents[2] / "openapi.json").read_text())
OPERATIONS = {
    operation["operationId"]: (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)))
    for path, methods in CONTRACT["paths"].items()
    for method, operation in methods.items()
    if path != "/v1/session"
}
"""All but those of sessions, which are for browsers: a client sends its key with each request."""


class Requests(list[tuple[str, str]]):
    """Method and path of every request that was sent."""

    def have(self, operation: str) -> bool:
        method, path = OPERATIONS[operation]
        return any(sent == method and path.fullmatch(where) for sent, where in self)


class Seen(httpx2.HTTPTransport):
    def __init__(self, requests: Requests) -> None:
        super().__init__()
        self.requests = requests

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append((request.method, request.url.path))
        return super().handle_request(request)


class AsyncSeen(httpx2.AsyncHTTPTransport):
    def __init__(self, requests: Requests) -> None:
        super().__init__()
        self.requests = requests

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append((request.method, request.url.path))
        return await super().handle_async_request(request)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where a service with a worker is, and an admin's key."""
    folder = tmp_path_factory.mktemp("service")
    with service(folder, webhook_private_hosts="127.0.0.1", stream_poll_seconds=0.05) as running:
        database = Database(f"sqlite:///{folder / 'data' / 'ayla.db'}")
        key = make_key(database)
        database.dispose()
        yield running.url, key


@pytest.fixture(scope="module")
def things(address: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    with ayla.Client(*address) as client:
        yield Things(client, tmp_path_factory.mktemp("files"))


@pytest.fixture
def requests() -> Requests:
    return Requests()


def test_no_operation_is_forgotten() -> None:
    assert {*CALLS} == {*OPERATIONS}


def test_a_job_is_followed_by_its_events(address: tuple[str, str], requests: Requests) -> None:
    seen: list[str] = []
    with ayla.Client(*address, transport=Seen(requests)) as client:
        client.queue.resume()
        job = client.jobs.submit(problem=SADDLE, optimizers=ayla.adam(0.01), budget=2000)
        ended = job.wait(on_progress=lambda news: seen.append(news.state))
        names = [event.name for event in ended.events()]
        assert [trial.state for trial in ended.trials()] == ["completed"]
        assert len(ended.attempts()) == ended.attempts.total == 1

    assert ended.state == seen[-1] == "succeeded"
    assert requests.have("stream_job_events")
    assert ended.progress.fraction == 1.0
    assert (names[0], names[-1]) == ("snapshot", "end")


def test_a_job_is_followed_by_its_events_beside_other_tasks(address: tuple[str, str], requests: Requests) -> None:
    async def run() -> list[ayla.AsyncJob]:
        async with ayla.AsyncClient(*address, transport=AsyncSeen(requests)) as client:
            await client.queue.pause()
            jobs = [
                await client.jobs.submit(problem=SADDLE, optimizers=ayla.adam(lr=rate), budget=2000)
                for rate in (0.01, 0.02)
            ]
            followed = {job.id: asyncio.Event() for job in jobs}
            waits = asyncio.gather(*(job.wait(on_event=lambda news: followed[str(news.job_id)].set()) for job in jobs))
            async with asyncio.timeout(PATIENCE_SECONDS):
                for event in followed.values():  # a job that ends before its stream is open is not followed
                    await event.wait()
            await client.queue.resume()
            ended = await waits
            assert [len(await job.trials()) for job in ended] == [1, 1]
            return ended

    assert [job.state for job in asyncio.run(run())] == ["succeeded"] * 2
    assert requests.have("stream_job_events")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_a_method(address: tuple[str, str], things: Things, requests: Requests, operation: str) -> None:
    with ayla.Client(*address, transport=Seen(requests)) as client:
        found = settled(CALLS[operation](client, things))
    things.client.queue.pause()

    assert requests.have(operation)
    assert (found is None) == (OPERATIONS[operation][0] == "DELETE")


def test_every_operation_is_a_method_that_is_awaited(address: tuple[str, str], things: Things) -> None:
    async def call(operation: str) -> Any:
        requests = Requests()
        async with ayla.AsyncClient(*address, transport=AsyncSeen(requests)) as client:
            found = await settled_later(CALLS[operation](client, things))
        assert requests.have(operation), operation
        return found

    for operation, (method, _) in OPERATIONS.items():
        assert (asyncio.run(call(operation)) is None) == (method == "DELETE"), operation
        things.client.queue.pause()
